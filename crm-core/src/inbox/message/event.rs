//! What happens to messages.

use serde::Serialize;

use super::model::MessageId;
use super::status::MessageStatus;
use crate::inbox::channel::FailureClass;
use crate::inbox::conversation::ConversationId;
use crate::kernel::DomainEvent;

/// What happens to messages.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it")]
pub enum MessageEvent {
    Received {
        conversation_id: ConversationId,
    },
    /// One of ours waits to be sent.
    Queued {
        conversation_id: ConversationId,
    },
    /// One of ours was written elsewhere.
    Echoed {
        conversation_id: ConversationId,
    },
    /// One of ours came further.
    Progressed {
        from: Option<MessageStatus>,
        to: MessageStatus,
    },
    /// The platform refused one of ours.
    Refused {
        class: FailureClass,
        code: Option<i64>,
        message: String,
    },
    /// No answer came; a person should look.
    Lost {
        reason: String,
    },
    Edited,
    Deleted,
    Reacted {
        by: String,
        emoji: Option<String>,
    },
    /// An echo of ours was stored first; this message takes its place.
    Merged {
        with: MessageId,
    },
    /// A medium was fetched, or could not be.
    MediaSettled,
}

impl DomainEvent for MessageEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Received { .. } => "message.received",
            Self::Queued { .. } => "message.queued",
            Self::Echoed { .. } => "message.echoed",
            Self::Progressed { .. } => "message.progressed",
            Self::Refused { .. } => "message.refused",
            Self::Lost { .. } => "message.lost",
            Self::Edited => "message.edited",
            Self::Deleted => "message.deleted",
            Self::Reacted { .. } => "message.reacted",
            Self::Merged { .. } => "message.merged",
            Self::MediaSettled => "message.media_settled",
        }
    }
}
