//! Rows that wait until something else is asked, and then go in one statement.
//!
//! A command writes few rows to many tables, and on a server its time is the number of its round trips. So what is added
//! waits in the transaction; the next question, change or the commit sends all of it first. Several tables' rows are one
//! statement whose parts are each an ordinary insert: references are checked when the whole statement ends, so that rows
//! may refer to each other in whatever order the parts run.

use std::fmt::Write as _;
use std::sync::Arc;

use uuid::Uuid;

use crate::cell::{CellError, Kind};
use crate::record::{Record, bind_insert};
use crate::statement::{Binds, Draft, Statement};
use crate::table::Table;

/// As many rows of one table as one command usually adds. For each number of rows the server keeps a statement.
pub(crate) const MOST_ROWS: usize = 8;
/// As many inserts as one command usually consists of.
const MOST_PARTS: usize = 12;

/// What was added and not yet sent.
#[derive(Default)]
pub(crate) struct Waiting {
    parts: Vec<Part>,
    binds: Binds,
}

struct Part {
    table: Arc<Table>,
    text: String,
}

impl Waiting {
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether what waits should be sent before more is added.
    pub(crate) fn is_full(&self) -> bool {
        self.parts.len() >= MOST_PARTS
    }

    /// Adds rows of one table.
    pub(crate) fn add(
        &mut self,
        organization: Uuid,
        rows: &[&dyn Record],
        table: &Arc<Table>,
    ) -> Result<(), CellError> {
        self.open(organization)?;
        let text = table.insert_behind(self.binds.len(), rows.len());
        self.binds.reserve(rows.len() * table.width());
        for row in rows {
            bind_insert(*row, &table.columns, &mut self.binds)?;
        }
        self.parts.push(Part { table: table.clone(), text });
        Ok(())
    }

    /// Adds an insert that is written by hand; the organization is its first value.
    pub(crate) fn draft(
        &mut self,
        organization: Uuid,
        table: &Arc<Table>,
        write: impl FnOnce(&mut Draft) -> Result<(), CellError>,
    ) -> Result<(), CellError> {
        self.open(organization)?;
        let mut draft = Draft { text: String::new(), binds: std::mem::take(&mut self.binds) };
        write(&mut draft)?;
        self.binds = draft.binds;
        self.parts.push(Part { table: table.clone(), text: draft.text });
        Ok(())
    }

    /// The one statement that adds everything, and the tables that it writes to.
    pub(crate) fn take(&mut self) -> (Statement, Vec<Arc<Table>>) {
        let Self { parts, binds } = std::mem::take(self);
        let (mut text, mut tables) = (String::new(), Vec::with_capacity(parts.len()));
        let last = parts.len().saturating_sub(1);
        for (place, part) in parts.into_iter().enumerate() {
            let opening = if place == 0 { "with" } else { "," };
            // Writing to a string never fails.
            let _ = match place {
                0 if last == 0 => write!(text, "{}", part.text),
                _ if place == last => write!(text, " {}", part.text),
                _ => write!(text, "{opening} part_{place} as ({})", part.text),
            };
            tables.push(part.table);
        }
        (Statement::named(text.into(), binds), tables)
    }

    /// The organization is the first value of the whole statement.
    fn open(&mut self, organization: Uuid) -> Result<(), CellError> {
        if self.binds.is_empty() {
            self.binds.push(&organization, Kind::Uuid)?;
        }
        Ok(())
    }
}
