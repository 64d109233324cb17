//! What a platform tells us, in one shape for all platforms.
//!
//! This is an exchange format, as lenient as the platforms are: a parser is total and gives one event for each thing that
//! it was told, with what it found and nothing where it found nothing. The inbox judges later what an event is good for.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use crate::kernel::Timestamp;

/// An event with the element of the delivery that it was read from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inbound {
    /// What it says.
    pub event: InboundEvent,
    /// The element as it came, for another reading some day.
    pub raw: Json,
}

/// Something that a platform told us.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InboundEvent {
    /// What sort of thing.
    pub kind: EventKind,
    /// The platform's identifier of the message; of an edit, deletion or reaction its own, where it has one.
    pub external_message_id: Option<String>,
    /// Who acted; nobody, when it is about the account or to be ignored.
    pub direction: Option<Direction>,
    /// Who acted, by identifier: the participant or our account.
    pub sender_id: Option<String>,
    /// The person at the other end, as the platform names them to this account.
    pub participant_id: Option<String>,
    /// Our account, as the platform names it.
    pub connection_id: Option<String>,
    /// What sort of message; that of the first attachment, where there is one.
    pub message_type: Option<MessageKind>,
    /// The words, untouched; none when they are empty.
    pub text: Option<String>,
    /// What our own button or quick reply carried.
    pub payload: Option<String>,
    /// Attachments, in their order.
    pub media: Vec<MediaItem>,
    /// When it happened, by the platform's clock.
    #[serde(with = "milliseconds")]
    pub timestamp: Option<Timestamp>,
    /// The message that it answers.
    pub reply_to: Option<String>,
    /// The message that is edited, deleted or reacted to.
    pub target_message_id: Option<String>,
    /// What became of a message of ours.
    pub status: Option<DeliveryStatus>,
    /// The platform's number for what went wrong.
    pub error_code: Option<i64>,
    /// What only some events have.
    pub extra: Extra,
}

/// What sort of thing a platform told us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The participant wrote.
    Message,
    /// A message of ours went through one of its stages.
    Status,
    /// Somebody reacted to a message, or took the reaction back.
    Reaction,
    /// The participant pressed a button, or came through a link.
    Postback,
    /// Our side wrote, from here or from elsewhere.
    Echo,
    /// A message has other words now.
    Edited,
    /// A message was taken back.
    Deleted,
    /// Something about our account, its templates or its quality.
    Account,
    /// Nothing for an inbox.
    #[default]
    Ignored,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the participant to us.
    Inbound,
    /// From us to the participant.
    Outbound,
}

impl Direction {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// What sort of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it")]
pub enum MessageKind {
    Text,
    Image,
    Video,
    Audio,
    File,
    Sticker,
    Location,
    Contacts,
    Share,
    StoryMention,
    Interactive,
    Order,
    /// A note of the platform itself, such as a change of number.
    System,
    Template,
    Postback,
    Referral,
    /// Something that the platform did not tell us.
    Unsupported,
}

impl MessageKind {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::File => "file",
            Self::Sticker => "sticker",
            Self::Location => "location",
            Self::Contacts => "contacts",
            Self::Share => "share",
            Self::StoryMention => "story_mention",
            Self::Interactive => "interactive",
            Self::Order => "order",
            Self::System => "system",
            Self::Template => "template",
            Self::Postback => "postback",
            Self::Referral => "referral",
            Self::Unsupported => "unsupported",
        }
    }
}

/// An attachment. One that has an identifier is fetched by it, another by its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaItem {
    /// What sort.
    #[serde(rename = "type")]
    pub kind: MessageKind,
    /// The platform's identifier.
    pub id: Option<String>,
    /// The platform's address, often for a short time only.
    pub url: Option<String>,
    /// Its type, such as `image/jpeg`.
    pub mime: Option<String>,
    /// Its name at the sender's.
    pub filename: Option<String>,
}

/// What a platform says became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// The platform took it.
    Sent,
    /// The platform gave it up.
    Failed,
    /// It reached the participant.
    Delivered,
    /// They have seen it.
    Read,
    /// They have listened to it.
    Played,
}

/// What only some events have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "named as in the platforms' documents, explained where they differ")]
pub struct Extra {
    /// What the participant calls themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_name: Option<String>,
    /// The participant's identifier that does not depend on a telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Our reference, as an echo carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// Our reference, as a status carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_data: Option<String>,
    /// The program that sent what is echoed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// It was told as part of an import of the past.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub historical: Option<bool>,
    /// Another program has the thread at the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standby: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<bool>,
    /// Everything of ours up to this instant has the event's status.
    #[serde(with = "milliseconds", skip_serializing_if = "Option::is_none")]
    pub watermark: Option<Timestamp>,
    #[serde(flatten)]
    pub reaction: Option<Reaction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_edit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Json>,
    /// What a note of the platform is about, such as `user_changed_number`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_type: Option<String>,
    /// The participant's new identifier after such a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_wa_id: Option<String>,
    /// Of an event about the account: the field of the delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Of an event about the account: what happened, in the platform's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Of an event about the account: the business account above our account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waba_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateNotice>,
    /// In which group it happened; the event's participant is the group then, and its sender the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<InGroup>,
    /// Why an event is to be ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A group of several people, and who acted in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InGroup {
    /// How the platform names the group.
    pub id: String,
    /// What its members call it, where the platform says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who acted, as the platform names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
}

/// A reaction, or that it was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// `react` or `unreact`.
    pub action: String,
    /// The picture; none, when it was taken back.
    pub emoji: Option<String>,
}

/// How a participant found us.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "named as in the platforms' documents")]
pub struct Referral {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctwa_clid: Option<String>,
}

/// What a platform says of a template; the event's `event` is the new state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each name says it")]
pub struct TemplateNotice {
    pub id: Option<String>,
    pub name: Option<String>,
    pub language: Option<String>,
    pub reason: Option<String>,
}

/// Instants with exactly three decimals: `2026-09-10T12:00:00.123Z`.
mod milliseconds {
    use super::{Deserialize, Deserializer, Serializer, Timestamp};

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.collect_str(&time.to_chrono().format("%Y-%m-%dT%H:%M:%S%.3fZ")),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Option::deserialize(deserializer)
    }
}
