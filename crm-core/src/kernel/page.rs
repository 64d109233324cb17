//! Pages by keyset: a page begins after a record, never at a count, so that deep pages cost what the first one does.

use uuid::Uuid;

use super::entity::Stored;
use super::error::{Kind, Rule};
use super::field::{Field, Value};

/// Which way a list runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    Descending,
}

/// Where a page begins: after the record with this value in the ordering field and this identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The ordering field's value in the last record of the page before.
    pub value: Value,
    /// That record's identifier, which breaks ties.
    pub id: Uuid,
}

/// An ordered stretch of a list.
#[derive(Clone, Debug)]
pub struct Page<E> {
    order: Field<E>,
    direction: Direction,
    after: Option<Cursor>,
    limit: u32,
}

/// A page that no store could give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// A field that may be empty has no order that all stores share.
    #[error("a list cannot be ordered by '{0}', which may be empty; order by a field that always has a value")]
    OptionalOrder(&'static str),
    /// Tags and custom values have no single value.
    #[error("a list cannot be ordered by '{0}', which is not a single value")]
    ManyValued(&'static str),
    /// The cursor was made for another order.
    #[error("the cursor does not fit the order by '{0}'; begin again from the first page")]
    ForeignCursor(&'static str),
}

impl Rule for PageError {
    fn code(&self) -> &'static str {
        match self {
            Self::OptionalOrder(_) | Self::ManyValued(_) => "page.unordered_field",
            Self::ForeignCursor(_) => "page.foreign_cursor",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// The most records that one page may hold.
pub const LARGEST_PAGE: u32 = 1_000;

impl<E> Page<E> {
    /// The first `limit` records in the order of their identifiers, which is the order of their making.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { order: Field::ID, direction: Direction::Ascending, after: None, limit: limit.clamp(1, LARGEST_PAGE) }
    }

    /// The first `limit` records in the order of a field, ties in the order of identifiers.
    ///
    /// # Errors
    /// `PageError` when the field may be empty or is not a single value.
    pub fn ordered(order: Field<E>, direction: Direction, limit: u32) -> Result<Self, PageError> {
        use super::field::FieldKind::{Custom, Tags};
        if matches!(order.kind, Tags | Custom) {
            return Err(PageError::ManyValued(order.name));
        }
        if order.optional {
            return Err(PageError::OptionalOrder(order.name));
        }
        Ok(Self { order, direction, after: None, limit: limit.clamp(1, LARGEST_PAGE) })
    }

    /// The same list from a later place on.
    ///
    /// # Errors
    /// `ForeignCursor` when the cursor's value is not of the ordering field's kind, or names another record than the
    /// cursor does in an order by identifier.
    pub fn after(mut self, cursor: Cursor) -> Result<Self, PageError> {
        let elsewhere = self.order.name == Field::<E>::ID.name && cursor.value != Value::Uuid(cursor.id);
        if cursor.value.kind() != self.order.kind || elsewhere {
            return Err(PageError::ForeignCursor(self.order.name));
        }
        self.after = Some(cursor);
        Ok(self)
    }

    /// The page that follows one that ended with this record.
    #[must_use]
    pub fn following(&self, last: &Stored<E>) -> Self
    where
        E: Clone,
    {
        let mut next = self.clone();
        next.after = self.cursor(last);
        next
    }

    /// The place right behind a record in this page's order.
    #[must_use]
    pub fn cursor(&self, row: &Stored<E>) -> Option<Cursor> {
        let value = (self.order.read)(row).to_value()?;
        Some(Cursor { value, id: row.id.uuid() })
    }

    /// The field that orders the list.
    #[must_use]
    pub fn order(&self) -> Field<E> {
        self.order
    }
    /// Which way the list runs; ties run the same way.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.direction
    }
    /// Where the page begins; at the start when there is none.
    #[must_use]
    pub fn begin(&self) -> Option<&Cursor> {
        self.after.as_ref()
    }
    /// The most records that it holds, 1 to [`LARGEST_PAGE`].
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Whether a record lies behind the beginning of the page.
    #[must_use]
    pub fn contains(&self, row: &Stored<E>) -> bool {
        let Some(after) = &self.after else { return true };
        let Some(here) = self.cursor(row) else { return false };
        let place = (&here.value, here.id).cmp(&(&after.value, after.id));
        match self.direction {
            Direction::Ascending => place.is_gt(),
            Direction::Descending => place.is_lt(),
        }
    }
}
