//! What we send.

use serde::{Deserialize, Serialize};

use super::inbound::MessageKind;
use super::template::TemplateMessage;

/// A message on its way to a platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutboundMessage {
    /// Our reference, `crm:` and the message's identifier. Echoes and statuses bring it back where the platform can.
    pub client_id: String,
    /// To whom.
    pub to: Recipient,
    /// Under which permission of the sending window.
    pub send_as: SendAs,
    /// The platform's identifier of the message that it answers.
    pub reply_to: Option<String>,
    /// What it says.
    pub content: OutboundContent,
}

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// How the platform names them.
    pub id: String,
    /// What sort of name it is.
    pub kind: RecipientKind,
}

/// What sort of name a platform knows somebody by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecipientKind {
    /// Given by the platform for our account: a page-scoped or Instagram-scoped identifier.
    Scoped,
    /// A telephone number in the platform's form (`wa_id`), digits only.
    Telephone,
    /// Given by the platform for our business, independent of telephone numbers.
    UserId,
    /// Given by the platform for a group of several people.
    Group,
}

impl RecipientKind {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scoped => "scoped",
            Self::Telephone => "telephone",
            Self::UserId => "user_id",
            Self::Group => "group",
        }
    }
}

/// Under which permission a message is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SendAs {
    /// Inside the window, or a template.
    Response,
    /// After the window, under the platform's tag of this name.
    Tagged(String),
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OutboundContent {
    /// Words.
    Text {
        /// The words.
        text: String,
        /// Whether the first link in it is shown as a picture.
        #[serde(default)]
        preview_url: bool,
        /// Suggested answers.
        #[serde(default)]
        quick_replies: Vec<QuickReply>,
    },
    /// An image, a video, a recording or a file.
    Media {
        /// Which.
        media: OutboundMedia,
        /// The words under it.
        caption: Option<String>,
    },
    /// A place on the map.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// What is there.
        name: Option<String>,
        /// Where it is, in words.
        address: Option<String>,
    },
    /// Words with buttons.
    Buttons {
        /// The words.
        text: String,
        /// The buttons.
        buttons: Vec<Button>,
    },
    /// Words with a list to choose from.
    List {
        /// The words.
        text: String,
        /// The words on the button that opens the list.
        button: String,
        /// The list, in sections.
        sections: Vec<ListSection>,
    },
    /// An approved template with its blanks filled.
    Template(TemplateMessage),
    /// A reaction to a message of theirs.
    Reaction {
        /// The platform's identifier of that message.
        target: String,
        /// The picture; none to take it back.
        emoji: Option<String>,
    },
}

/// A medium to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutboundMedia {
    /// `Image`, `Video`, `Audio`, `File` or `Sticker`.
    pub kind: MessageKind,
    /// Where it is.
    pub source: MediaSource,
    /// The name that the participant sees.
    pub filename: Option<String>,
}

/// Where a medium is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MediaSource {
    /// At an address of ours that the platform can reach.
    Url(String),
    /// With the platform, under the identifier that an upload was given.
    Uploaded(String),
}

/// A suggested answer under a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "each name says it")]
pub struct QuickReply {
    pub title: String,
    pub payload: String,
}

/// A button under a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "each name says it")]
pub struct Button {
    pub id: String,
    pub title: String,
}

/// A section of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "each name says it")]
pub struct ListSection {
    pub title: String,
    pub rows: Vec<ListRow>,
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "each name says it")]
pub struct ListRow {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
}

impl OutboundContent {
    /// Plain words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), preview_url: false, quick_replies: Vec::new() }
    }

    /// What sort of message it makes; none for a reaction, which is no message.
    #[must_use]
    pub fn kind(&self) -> Option<MessageKind> {
        match self {
            Self::Text { .. } => Some(MessageKind::Text),
            Self::Media { media, .. } => Some(media.kind),
            Self::Location { .. } => Some(MessageKind::Location),
            Self::Buttons { .. } | Self::List { .. } => Some(MessageKind::Interactive),
            Self::Template(_) => Some(MessageKind::Template),
            Self::Reaction { .. } => None,
        }
    }

    /// The words in it that people read.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } | Self::Buttons { text, .. } | Self::List { text, .. } => Some(text),
            Self::Media { caption, .. } => caption.as_deref(),
            Self::Location { name, .. } => name.as_deref(),
            Self::Template(_) | Self::Reaction { .. } => None,
        }
    }
}
