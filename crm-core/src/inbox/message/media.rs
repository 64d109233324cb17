//! What is attached to a message, and how far we have it.

use serde::{Deserialize, Serialize};

use crate::inbox::channel::{MediaItem, MessageKind};

/// A medium of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MediaPart {
    /// What sort.
    pub kind: MessageKind,
    /// The platform's identifier.
    pub external_id: Option<String>,
    /// The platform's address.
    pub url: Option<String>,
    /// Its type.
    pub mime: Option<String>,
    /// Its name.
    pub filename: Option<String>,
    /// How far we have it.
    pub state: MediaState,
    /// Where the host keeps it.
    pub kept_as: Option<String>,
    /// SHA-256 of its bytes, in lower case hexadecimal.
    pub sha256: Option<String>,
}

/// How far we have a medium. The message is there in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MediaState {
    /// It is to be fetched.
    Pending,
    /// The host keeps it.
    Kept,
    /// It is shown from the platform's address, which will not do for ever.
    Linked,
    /// It could not be fetched.
    Failed,
    /// It was taken back.
    Erased,
}

impl MediaPart {
    /// What came in, to be fetched when it has an identifier or an address and may be kept.
    #[must_use]
    pub fn arrived(item: &MediaItem, only_linked: bool) -> Self {
        let reachable = item.id.is_some() || item.url.is_some();
        let state = match (reachable, only_linked) {
            (false, _) => MediaState::Failed,
            (true, true) => MediaState::Linked,
            (true, false) => MediaState::Pending,
        };
        Self {
            kind: item.kind,
            external_id: item.id.clone(),
            url: item.url.clone(),
            mime: item.mime.clone(),
            filename: item.filename.clone(),
            state,
            kept_as: None,
            sha256: None,
        }
    }

    /// The medium as the platform named it.
    #[must_use]
    pub fn item(&self) -> MediaItem {
        MediaItem {
            kind: self.kind,
            id: self.external_id.clone(),
            url: self.url.clone(),
            mime: self.mime.clone(),
            filename: self.filename.clone(),
        }
    }

    /// Forgets what it showed.
    pub(crate) fn erase(&mut self) {
        self.state = MediaState::Erased;
        self.url = None;
        self.filename = None;
        self.external_id = None;
    }
}
