//! How far a message of ours has come.

use serde::{Deserialize, Serialize};

use crate::inbox::channel::DeliveryStatus;

/// How far a message of ours has come, in the order in which one state gives way to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// It waits for its turn.
    Queued,
    /// It is being handed to the platform.
    Sending,
    /// It was handed over and no answer came. It is not sent again unless a person says so.
    Unknown,
    /// The platform took it.
    Sent,
    /// The platform refused it or gave it up.
    Failed,
    /// It reached the participant.
    Delivered,
    /// They have seen it.
    Read,
    /// They have listened to it.
    Played,
}

impl MessageStatus {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
        }
    }
}

impl From<DeliveryStatus> for MessageStatus {
    fn from(status: DeliveryStatus) -> Self {
        match status {
            DeliveryStatus::Sent => Self::Sent,
            DeliveryStatus::Failed => Self::Failed,
            DeliveryStatus::Delivered => Self::Delivered,
            DeliveryStatus::Read => Self::Read,
            DeliveryStatus::Played => Self::Played,
        }
    }
}
