//! A statement: its text, and its values in binary form.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments, Encode, Postgres, Type};

use crate::cell::{Cell, CellError, Kind};

/// The values of a statement.
#[derive(Default)]
pub(crate) struct Binds(PgArguments);

impl Binds {
    /// Adds a value for a column of this kind; answers the number of its place.
    pub(crate) fn push<T: Serialize + ?Sized>(&mut self, value: &T, kind: Kind) -> Result<usize, CellError> {
        self.add(Cell(&value, kind))
    }

    /// Adds a value that knows its own type; answers the number of its place.
    pub(crate) fn add<'t, T: Encode<'t, Postgres> + Type<Postgres>>(&mut self, value: T) -> Result<usize, CellError> {
        self.0.add(value).map_err(|error: BoxDynError| CellError(error.to_string()))?;
        Ok(self.0.len())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.len() == 0
    }

    /// Makes room for this many values.
    pub(crate) fn reserve(&mut self, values: usize) {
        self.0.reserve(values, values * 24);
    }

    pub(crate) fn into_arguments(self) -> PgArguments {
        self.0
    }
}

/// A statement ready to be sent. Its text is made of our own words and of names from the catalog, never of values.
pub(crate) struct Statement {
    pub(crate) text: Arc<str>,
    pub(crate) binds: Binds,
    /// Whether the server keeps the parsed statement under a name for the next time.
    pub(crate) named: bool,
}

impl Statement {
    /// A statement that the connection prepares once and then reuses.
    pub(crate) fn named(text: Arc<str>, binds: Binds) -> Self {
        Self { text, binds, named: true }
    }

    /// A statement that is planned anew, for just these values.
    pub(crate) fn once(text: impl Into<Arc<str>>, binds: Binds) -> Self {
        Self { text: text.into(), binds, named: false }
    }
}

/// A statement's text while it grows, together with its values.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) text: String,
    pub(crate) binds: Binds,
}

impl Draft {
    /// Appends words of our own.
    pub(crate) fn say(&mut self, words: &str) {
        self.text.push_str(words);
    }

    /// Appends the place of a value.
    pub(crate) fn bind<'t, T: Encode<'t, Postgres> + Type<Postgres>>(&mut self, value: T) -> Result<(), CellError> {
        let place = self.binds.add(value)?;
        write!(self.text, "${place}").map_err(|error| CellError(error.to_string()))
    }

    /// Appends the place of a value for a column of this kind.
    pub(crate) fn value<T: Serialize + ?Sized>(&mut self, value: &T, kind: Kind) -> Result<(), CellError> {
        self.bind(Cell(&value, kind))
    }

    pub(crate) fn named(self) -> Statement {
        Statement::named(self.text.into(), self.binds)
    }

    pub(crate) fn once(self) -> Statement {
        Statement::once(self.text, self.binds)
    }
}
