//! What a kind of record declares of itself, once, for every store.

use std::fmt::Debug;
use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::field::{Field, Value};
use super::id::Id;
use super::time::Timestamp;

/// A kind of record that stores can keep.
///
/// Its fields become columns in `PostgreSQL`: no `serde(flatten)`, no `skip_serializing_if`, no field named like a system
/// column (`id`, `organization_id`, `version`, `created_at`, `updated_at`).
pub trait Entity: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The noun: table, prefix of its events, name in errors. Singular snake case.
    const NAME: &'static str;
    /// What may be filtered and sorted by.
    const FIELDS: &'static [Field<Self>];
    /// The field that holds the member who owns the record. A caller of limited reach sees only records of owners within
    /// it; records without this field are seen by everyone who may read their kind.
    const OWNER: Option<Field<Self>> = None;
    /// What must be unique within the organization.
    const UNIQUE: &'static [Key<Self>] = &[];
    /// Whether it is part of how the organization is set up: few rows that nearly every command reads and that seldom
    /// change. A unit of work keeps them in memory (`UnitOfWork::setup`), and raises the version of the organization's
    /// own record whenever it writes one. They are seen by all members.
    const SETUP: bool = false;
    /// Which other records of the organization must exist while this one does.
    const REFERENCES: &'static [Reference<Self>] = &[];
}

/// A record as it is stored: the entity's own value and what every record has.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<E> {
    /// Identifier, given by the unit of work.
    pub id: Id<E>,
    /// Counts the saves, from 1. A save must name the version it has seen.
    pub version: i64,
    /// When it was first saved.
    pub created_at: Timestamp,
    /// When it was last saved.
    pub updated_at: Timestamp,
    /// The value.
    pub value: E,
}

impl<E> Deref for Stored<E> {
    type Target = E;
    fn deref(&self) -> &E {
        &self.value
    }
}

/// A combination of values that no two records of an organization may share.
///
/// The index that enforces it in a database is named `{entity}_{name}`.
pub struct Key<E> {
    /// Name of the key, snake case.
    pub name: &'static str,
    /// The columns that make the key, in order.
    pub columns: &'static [&'static str],
    /// The values of the key; nothing when one of them is absent, for an absent value collides with nothing.
    pub read: fn(&E) -> Option<Vec<Value>>,
}

/// A record of the same organization that must exist while this one does.
///
/// The foreign key that enforces it is named `{entity}_{column}_fkey`.
pub struct Reference<E> {
    /// The column that holds the identifier.
    pub column: &'static str,
    /// [`Entity::NAME`] of the record that is referred to.
    pub target: &'static str,
    /// The identifier; nothing when the column is empty.
    pub read: fn(&E) -> Option<Uuid>,
}

/// A record that belongs to another one's history: written beside it, without an event of its own.
pub trait Part: Entity {}

/// What a slice says happened. Its serialized form is the event's data.
pub trait DomainEvent: Serialize {
    /// Noun and past participle: `lead.qualified`.
    fn name(&self) -> &'static str;
}
