//! What can be asked of conversations.

use super::model::Conversation;
use crate::access::{Member, MemberId};
use crate::inbox::connection::{Connection, ConnectionId};
use crate::inbox::participant::{Participant, ParticipantId};
use crate::kernel::{Column, Entity, Field, Id, Key, Part, Reference, Stored, TagsColumn, Timestamp, Value, ValueRef};

/// The fields of a conversation.
#[expect(missing_docs, reason = "each is the field of the same name")]
impl Conversation {
    pub const CONNECTION: Column<Self, ConnectionId> =
        Column::required_indexed("connection_id", |row| ValueRef::Uuid(row.connection_id.uuid()));
    pub const PLATFORM: Column<Self, String> =
        Column::required("platform", |row| ValueRef::Text(row.value.platform.as_str()));
    pub const PARTICIPANT: Column<Self, ParticipantId> =
        Column::required_key("participant_id", |row| ValueRef::Uuid(row.participant_id.uuid()));
    pub const STATE: Column<Self, String> = Column::required_indexed("state", |row| ValueRef::Text(row.state.as_str()));
    pub const OWNER_ID: Column<Self, MemberId> = Column::optional_indexed("owner_id", |row| {
        row.owner_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid()))
    });
    pub const TAGS: TagsColumn<Self> = TagsColumn::new(|row: &Stored<Self>| ValueRef::Tags(&row.value.tags));
    pub const UNREAD: Column<Self, i64> = Column::required("unread", |row| ValueRef::Integer(row.unread));
    pub const LAST_MESSAGE_AT: Column<Self, Timestamp> =
        Column::required_indexed("last_message_at", |row| ValueRef::Time(row.last_message_at));
    pub const SNOOZED_UNTIL: Column<Self, Timestamp> =
        Column::optional("snoozed_until", |row| row.snoozed_until.map_or(ValueRef::Absent, ValueRef::Time));
}

impl Entity for Conversation {
    const NAME: &'static str = "conversation";
    const FIELDS: &'static [Field<Self>] = &[
        Self::CONNECTION.field(),
        Self::PLATFORM.field(),
        Self::PARTICIPANT.field(),
        Self::STATE.field(),
        Self::OWNER_ID.field(),
        Self::TAGS.field(),
        Self::UNREAD.field(),
        Self::LAST_MESSAGE_AT.field(),
        Self::SNOOZED_UNTIL.field(),
    ];
    const OWNER: Option<Field<Self>> = Some(Self::OWNER_ID.field());
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "participant",
        columns: &["connection_id", "participant_id"],
        read: |row| Some(vec![Value::Uuid(row.connection_id.uuid()), Value::Uuid(row.participant_id.uuid())]),
    }];
    const REFERENCES: &'static [Reference<Self>] = &[
        Reference { column: "connection_id", target: Connection::NAME, read: |row| Some(row.connection_id.uuid()) },
        Reference { column: "participant_id", target: Participant::NAME, read: |row| Some(row.participant_id.uuid()) },
        Reference { column: "owner_id", target: Member::NAME, read: |row| row.owner_id.map(Id::uuid) },
    ];
}
/// Receipts move watermarks; that is no change that anyone made.
impl Part for Conversation {}
