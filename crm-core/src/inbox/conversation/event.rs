//! What happens to conversations.

use serde::Serialize;

use super::model::ConversationState;
use crate::access::MemberId;
use crate::inbox::channel::{MessageKind, Platform};
use crate::inbox::message::MessageId;
use crate::inbox::participant::ParticipantId;
use crate::kernel::{DomainEvent, Explanation, Tag, Timestamp};

/// Why a conversation was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// A member closed it.
    ByHand,
    /// It was joined with another one.
    Joined,
}

/// What happens to conversations.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it")]
pub enum ConversationEvent {
    /// The first word between us and a participant.
    Started {
        platform: Platform,
        participant_id: ParticipantId,
    },
    /// They wrote.
    Received {
        message_id: MessageId,
        kind: MessageKind,
        reopened: bool,
    },
    /// We wrote, here or elsewhere.
    Answered {
        message_id: MessageId,
        elsewhere: bool,
    },
    /// Somebody looked at what was unread.
    Read {
        unread: i64,
    },
    Closed {
        why: CloseReason,
    },
    Reopened {
        from: ConversationState,
    },
    Snoozed {
        until: Option<Timestamp>,
    },
    Assigned {
        from: Option<MemberId>,
        to: Option<MemberId>,
        why: Explanation,
    },
    Tagged {
        tags: Vec<Tag>,
    },
    Noted {
        mentions: Vec<MemberId>,
    },
    /// A target passed without its answer, at that instant.
    TargetMissed {
        target: &'static str,
        due_at: Timestamp,
    },
    /// The answer for closed hours was sent.
    AnsweredAway {
        message_id: MessageId,
    },
    /// Two threads of one participant became one.
    Joined {
        with: super::ConversationId,
    },
}

impl DomainEvent for ConversationEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "conversation.started",
            Self::Received { .. } => "conversation.received",
            Self::Answered { .. } => "conversation.answered",
            Self::Read { .. } => "conversation.read",
            Self::Closed { .. } => "conversation.closed",
            Self::Reopened { .. } => "conversation.reopened",
            Self::Snoozed { .. } => "conversation.snoozed",
            Self::Assigned { .. } => "conversation.assigned",
            Self::Tagged { .. } => "conversation.tagged",
            Self::Noted { .. } => "conversation.noted",
            Self::TargetMissed { .. } => "conversation.target_missed",
            Self::AnsweredAway { .. } => "conversation.answered_away",
            Self::Joined { .. } => "conversation.joined",
        }
    }
}
