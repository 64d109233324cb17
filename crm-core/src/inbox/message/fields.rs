//! What can be asked of messages.

use super::model::Message;
use crate::access::{Member, MemberId};
use crate::inbox::connection::{Connection, ConnectionId};
use crate::inbox::conversation::{Conversation, ConversationId};
use crate::kernel::{Column, Entity, Field, Id, Key, Part, Reference, Timestamp, Value, ValueRef};

/// The fields of a message.
#[expect(missing_docs, reason = "each is the field of the same name")]
impl Message {
    pub const CONVERSATION: Column<Self, ConversationId> =
        Column::required_indexed("conversation_id", |row| ValueRef::Uuid(row.conversation_id.uuid()));
    pub const CONNECTION: Column<Self, ConnectionId> =
        Column::required("connection_id", |row| ValueRef::Uuid(row.connection_id.uuid()));
    pub const EXTERNAL_ID: Column<Self, String> = Column::optional_key("external_id", |row| {
        row.value.external_id.as_deref().map_or(ValueRef::Absent, ValueRef::Text)
    });
    pub const DIRECTION: Column<Self, String> =
        Column::required("direction", |row| ValueRef::Text(row.direction.as_str()));
    pub const ORIGIN: Column<Self, String> = Column::required("origin", |row| ValueRef::Text(row.origin.as_str()));
    pub const KIND: Column<Self, String> = Column::required("kind", |row| ValueRef::Text(row.kind.as_str()));
    pub const AT: Column<Self, Timestamp> = Column::required_indexed("at", |row| ValueRef::Time(row.at));
    pub const AUTHOR: Column<Self, MemberId> =
        Column::optional("author_id", |row| row.author_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid())));
    pub const STATUS: Column<Self, String> =
        Column::optional("status", |row| row.status.map_or(ValueRef::Absent, |status| ValueRef::Text(status.as_str())));
}

impl Entity for Message {
    const NAME: &'static str = "message";
    const FIELDS: &'static [Field<Self>] = &[
        Self::CONVERSATION.field(),
        Self::CONNECTION.field(),
        Self::EXTERNAL_ID.field(),
        Self::DIRECTION.field(),
        Self::ORIGIN.field(),
        Self::KIND.field(),
        Self::AT.field(),
        Self::AUTHOR.field(),
        Self::STATUS.field(),
    ];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "external_id",
        columns: &["connection_id", "external_id"],
        read: |row| {
            let external_id = row.external_id.clone()?;
            Some(vec![Value::Uuid(row.connection_id.uuid()), Value::Text(external_id)])
        },
    }];
    const REFERENCES: &'static [Reference<Self>] = &[
        Reference {
            column: "conversation_id",
            target: Conversation::NAME,
            read: |row| Some(row.conversation_id.uuid()),
        },
        Reference { column: "connection_id", target: Connection::NAME, read: |row| Some(row.connection_id.uuid()) },
        Reference { column: "author_id", target: Member::NAME, read: |row| row.author_id.map(Id::uuid) },
    ];
}
/// A message that passes to another thread is no change that anyone made.
impl Part for Message {}
