//! What happened: one record for each change, written in the same commit as the change itself.
//!
//! The table of events is audit trail, timeline, outbox, webhook source and workflow trigger in one. A slice says what
//! happened with an enum that implements [`crate::kernel::DomainEvent`]; the unit of work adds when, who, to which record and why, and
//! there is no save without one. Events are never changed and never deleted by a slice.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::access::Actor;
use crate::kernel::{Column, Entity, Field, Id, Timestamp, ValueRef};

/// Identifier of an event.
pub type EventId = Id<Event>;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Noun and past participle: `lead.qualified`.
    pub name: String,
    /// [`Entity::NAME`] of the record that it happened to.
    pub entity: String,
    /// The record that it happened to.
    pub record_id: Uuid,
    /// The record's version after it.
    pub record_version: i64,
    /// When.
    pub occurred_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// The event that led to it, when it is a reaction.
    pub cause_id: Option<Uuid>,
    /// Shared by everything that one command led to.
    pub correlation_id: Uuid,
    /// What the slice says of it.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub data: Json,
}

impl Event {
    /// Noun and past participle.
    pub const NAME_FIELD: Column<Self, String> = Column::required("name", |row| ValueRef::Text(&row.value.name));
    /// Kind of the record that it happened to.
    pub const ENTITY: Column<Self, String> = Column::required("entity", |row| ValueRef::Text(&row.value.entity));
    /// The record that it happened to.
    pub const RECORD: Column<Self, Uuid> = Column::required_indexed("record_id", |row| ValueRef::Uuid(row.record_id));
    /// When.
    pub const OCCURRED_AT: Column<Self, Timestamp> =
        Column::required("occurred_at", |row| ValueRef::Time(row.occurred_at));
}

impl Entity for Event {
    const NAME: &'static str = "event";
    const FIELDS: &'static [Field<Self>] =
        &[Self::NAME_FIELD.field(), Self::ENTITY.field(), Self::RECORD.field(), Self::OCCURRED_AT.field()];
}

/// A field whose value a command changed, for the data of `….changed` events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Name of the field.
    pub field: String,
    /// The value before.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub before: Json,
    /// The value after.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub after: Json,
}

/// The top-level fields in which two values of one type differ.
pub fn changes<T: Serialize>(before: &T, after: &T) -> Vec<Change> {
    let (Ok(Json::Object(before)), Ok(Json::Object(after))) =
        (serde_json::to_value(before), serde_json::to_value(after))
    else {
        return Vec::new();
    };
    let changed = after.into_iter().filter(|(field, value)| before.get(field) != Some(value));
    changed
        .map(|(field, after)| Change { before: before.get(&field).cloned().unwrap_or(Json::Null), field, after })
        .collect()
}
