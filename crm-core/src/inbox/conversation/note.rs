//! What members write to each other beside a conversation. The participant never sees it.

use serde::{Deserialize, Serialize};

use super::model::{Conversation, ConversationId};
use crate::access::MemberId;
use crate::kernel::{Column, Entity, Field, Id, Note, Part, Reference, ValueRef};

/// Identifier of a note.
pub type ConversationNoteId = Id<ConversationNote>;

/// A note beside a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationNote {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Who wrote it; nobody, when it was a program.
    pub author_id: Option<MemberId>,
    /// What it says.
    pub text: Note,
    /// Who should read it.
    pub mentions: Vec<MemberId>,
}

impl ConversationNote {
    /// The conversation.
    pub const CONVERSATION: Column<Self, ConversationId> =
        Column::required_indexed("conversation_id", |row| ValueRef::Uuid(row.conversation_id.uuid()));
}

impl Entity for ConversationNote {
    const NAME: &'static str = "conversation_note";
    const FIELDS: &'static [Field<Self>] = &[Self::CONVERSATION.field()];
    const REFERENCES: &'static [Reference<Self>] = &[Reference {
        column: "conversation_id",
        target: Conversation::NAME,
        read: |row| Some(row.conversation_id.uuid()),
    }];
}
/// The conversation's own event tells of it.
impl Part for ConversationNote {}
