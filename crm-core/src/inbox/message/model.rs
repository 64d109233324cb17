//! The message itself, and how what the platform tells changes it.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::event::MessageEvent;
use super::media::MediaPart;
use super::status::MessageStatus;
use crate::access::MemberId;
use crate::inbox::channel::{DeliveryStatus, Direction, MessageKind, OutboundContent, SendAs};
use crate::inbox::connection::ConnectionId;
use crate::inbox::conversation::ConversationId;
use crate::kernel::{Id, Timestamp};

/// Identifier of a message.
pub type MessageId = Id<Message>;

/// Where a message was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// By the participant.
    Participant,
    /// Here.
    Crm,
    /// By our side, but elsewhere: in the platform's own app.
    NativeApp,
}

impl Origin {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Participant => "participant",
            Self::Crm => "crm",
            Self::NativeApp => "native_app",
        }
    }
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The connection that carried it.
    pub connection_id: ConnectionId,
    /// The platform's identifier, unique within the connection.
    pub external_id: Option<String>,
    /// Which way.
    pub direction: Direction,
    /// Where it was written.
    pub origin: Origin,
    /// What sort.
    pub kind: MessageKind,
    /// Its place in the thread: the platform's instant of what came in, our own of what we sent.
    pub at: Timestamp,
    /// Its words; none after a deletion.
    pub text: Option<String>,
    /// What our own button or quick reply carried.
    pub payload: Option<String>,
    /// What is attached.
    pub media: Vec<MediaPart>,
    /// The platform's identifier of the message that it answers.
    pub reply_to: Option<String>,
    /// The rest of what the platform told, as it told it.
    pub details: Option<Json>,
    /// It came with an import of the past.
    pub historical: bool,
    /// Who wrote it here.
    pub author_id: Option<MemberId>,
    /// A program wrote it here.
    pub automatic: bool,
    /// What is to be sent.
    pub content: Option<OutboundContent>,
    /// Under which permission of the window.
    pub send_as: Option<SendAs>,
    /// How far it has come, when it is ours.
    pub status: Option<MessageStatus>,
    /// How often it was handed to the platform.
    pub attempts: i64,
    /// When the platform took it, by its clock.
    pub sent_at: Option<Timestamp>,
    /// When it reached the participant.
    pub delivered_at: Option<Timestamp>,
    /// When they saw it.
    pub read_at: Option<Timestamp>,
    /// When the platform gave it up.
    pub failed_at: Option<Timestamp>,
    /// The platform's number for why.
    pub error_code: Option<i64>,
    /// Why, for people.
    pub error: Option<String>,
    /// When it got its present words.
    pub edited_at: Option<Timestamp>,
    /// When it was taken back.
    pub deleted_at: Option<Timestamp>,
    /// Who reacted how. Reactions that were taken back stay, without a picture.
    pub reactions: Vec<MessageReaction>,
}

/// How somebody reacted to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageReaction {
    /// Who, as the platform names them.
    pub by: String,
    /// The picture; none, when it was taken back.
    pub emoji: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Message {
    /// The reference that echoes and statuses bring back.
    #[must_use]
    pub fn client_id(id: MessageId) -> String {
        format!("crm:{id}")
    }

    /// The message that a reference names, when it is one of ours.
    #[must_use]
    pub fn of_client_id(reference: &str) -> Option<MessageId> {
        reference.strip_prefix("crm:")?.parse().ok()
    }

    /// It came further, by the platform's word. Answers what changed; late receipts fill their instants and lower
    /// nothing.
    pub(crate) fn progress(
        &mut self,
        status: DeliveryStatus,
        at: Option<Timestamp>,
        error_code: Option<i64>,
    ) -> Option<MessageEvent> {
        let before = self.clone();
        let from = self.status;
        self.status = self.status.max(Some(status.into()));
        if let Some(at) = at {
            match status {
                DeliveryStatus::Sent => earliest(&mut self.sent_at, at),
                DeliveryStatus::Delivered => earliest(&mut self.delivered_at, at),
                DeliveryStatus::Read | DeliveryStatus::Played => earliest(&mut self.read_at, at),
                DeliveryStatus::Failed => {}
            }
            // Platforms may skip a stage; and a stage can't be later than the one that follows it.
            if let Some(read) = self.read_at {
                earliest(&mut self.delivered_at, read);
            }
            if let (Some(delivered), Some(_)) = (self.delivered_at, self.sent_at) {
                earliest(&mut self.sent_at, delivered);
            }
        }
        if status == DeliveryStatus::Failed {
            // Of several reasons the first one counts, whichever came first.
            let known = self.failed_at.map(|at| (at, self.error_code));
            let told = at.unwrap_or(self.at);
            if known.is_none_or(|known| (told, error_code) < known) {
                self.failed_at = Some(told);
                self.error_code = error_code;
            }
        }
        let to = self.status?;
        (*self != before).then_some(MessageEvent::Progressed { from, to })
    }

    /// It has other words, unless it has later ones or was taken back.
    pub(crate) fn edit(&mut self, text: Option<&str>, at: Timestamp) -> Option<MessageEvent> {
        let later = match self.edited_at {
            None => true,
            Some(known) => (at, text) > (known, self.text.as_deref()),
        };
        if self.deleted_at.is_some() || !later {
            return None;
        }
        self.text = text.map(str::to_owned);
        self.edited_at = Some(at);
        Some(MessageEvent::Edited)
    }

    /// It was taken back: words and media go, the place stays.
    pub(crate) fn delete(&mut self, at: Timestamp) -> Option<MessageEvent> {
        let known = self.deleted_at;
        earliest(&mut self.deleted_at, at);
        self.text = None;
        self.payload = None;
        self.details = None;
        self.content = None;
        self.edited_at = None;
        self.media.iter_mut().for_each(MediaPart::erase);
        (self.deleted_at != known).then_some(MessageEvent::Deleted)
    }

    /// Somebody reacted, or took their reaction back.
    pub(crate) fn react(&mut self, by: &str, emoji: Option<&str>, at: Timestamp) -> Option<MessageEvent> {
        let next = MessageReaction { by: by.to_owned(), emoji: emoji.map(str::to_owned), at };
        match self.reactions.iter_mut().find(|reaction| reaction.by == by) {
            Some(known) if (at, &next.emoji) <= (known.at, &known.emoji) => return None,
            Some(known) => *known = next.clone(),
            None => {
                self.reactions.push(next.clone());
                self.reactions.sort_by(|a, b| a.by.cmp(&b.by));
            }
        }
        Some(MessageEvent::Reacted { by: next.by, emoji: next.emoji })
    }
}

fn earliest(known: &mut Option<Timestamp>, told: Timestamp) {
    *known = Some(known.map_or(told, |known| known.min(told)));
}
