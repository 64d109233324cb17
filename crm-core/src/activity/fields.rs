//! What activities may be filtered by.

use super::model::Activity;
use crate::access::{Member, MemberId};
use crate::kernel::{Column, Entity, Field, Id, Reference, Timestamp, ValueRef};

fn time(value: Option<Timestamp>) -> ValueRef<'static> {
    value.map_or(ValueRef::Absent, ValueRef::Time)
}

fn member(value: Option<MemberId>) -> ValueRef<'static> {
    value.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid()))
}

#[expect(missing_docs, reason = "each column is the field of the activity with its name")]
impl Activity {
    pub const KIND: Column<Self, String> = Column::required("kind", |row| ValueRef::Text(row.kind.as_str()));
    pub const SUBJECT: Column<Self, String> = Column::required("subject", |row| ValueRef::Text(row.subject.as_str()));
    pub const DUE_AT: Column<Self, Timestamp> = Column::optional_indexed("due_at", |row| time(row.due_at));
    pub const STARTS_AT: Column<Self, Timestamp> = Column::optional("starts_at", |row| time(row.starts_at));
    pub const DONE_AT: Column<Self, Timestamp> = Column::optional("done_at", |row| time(row.done_at));
    pub const PRIORITY: Column<Self, String> =
        Column::required("priority", |row| ValueRef::Text(row.priority.as_str()));
    pub const STATUS: Column<Self, String> = Column::required("status", |row| ValueRef::Text(row.status.as_str()));
    pub const OWNER_ID: Column<Self, MemberId> = Column::optional_indexed("owner_id", |row| member(row.owner_id));
    pub const CREATED_BY: Column<Self, MemberId> = Column::optional("created_by", |row| member(row.created_by));
}

impl Entity for Activity {
    const NAME: &'static str = "activity";
    const FIELDS: &'static [Field<Self>] = &[
        Self::KIND.field(),
        Self::SUBJECT.field(),
        Self::DUE_AT.field(),
        Self::STARTS_AT.field(),
        Self::DONE_AT.field(),
        Self::PRIORITY.field(),
        Self::STATUS.field(),
        Self::OWNER_ID.field(),
        Self::CREATED_BY.field(),
    ];
    const OWNER: Option<Field<Self>> = Some(Self::OWNER_ID.field());
    const REFERENCES: &'static [Reference<Self>] = &[
        Reference { column: "owner_id", target: Member::NAME, read: |activity| activity.owner_id.map(Id::uuid) },
        Reference { column: "created_by", target: Member::NAME, read: |activity| activity.created_by.map(Id::uuid) },
    ];
}
