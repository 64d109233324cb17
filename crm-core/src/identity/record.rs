//! Which record of which kind, where several kinds are possible.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kernel::{Entity, Id, Stored};

/// The kinds of records that share keys, activities, tags and custom fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A prospect.
    Lead,
    /// A person.
    Contact,
    /// A company.
    Account,
    /// A deal.
    Opportunity,
}

impl RecordKind {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Lead, Self::Contact, Self::Account, Self::Opportunity];

    /// The name in JSON and in stores; the same as [`Entity::NAME`] of the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Contact => "contact",
            Self::Account => "account",
            Self::Opportunity => "opportunity",
        }
    }
}

/// A record of one of several kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordRef {
    /// Its kind.
    pub kind: RecordKind,
    /// Its identifier.
    pub id: Uuid,
}

impl RecordRef {
    /// Names a record.
    #[must_use]
    pub fn new<E>(kind: RecordKind, id: Id<E>) -> Self {
        Self { kind, id: id.uuid() }
    }

    /// Names a stored record; nothing when its entity is not one of the kinds.
    #[must_use]
    pub fn of<E: Entity>(row: &Stored<E>) -> Option<Self> {
        let kind = RecordKind::ALL.iter().copied().find(|kind| kind.as_str() == E::NAME)?;
        Some(Self { kind, id: row.id.uuid() })
    }
}
