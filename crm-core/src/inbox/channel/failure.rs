//! What became of something that we asked of a platform.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kernel::{Kind, Rule, Timestamp};

/// What became of a message that was handed to a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The platform took it.
    Accepted(Accepted),
    /// The platform answered that it did not, or was not reached at all; it is certain that nothing was sent.
    Refused(ChannelFailure),
    /// It may have been sent: no answer came after it was written. It must not be sent again unseen.
    Unknown {
        /// What happened, without secrets.
        reason: String,
    },
}

/// That a platform took a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The platform's identifier of the message.
    pub external_message_id: String,
    /// When, by the platform's clock, where it says so.
    pub at: Option<Timestamp>,
    /// How the platform names the recipient, where that differs from the name they were given (`wa_id`).
    pub participant_id: Option<String>,
}

/// A platform's refusal, judged by its numbers and never by its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the platform refused it ({}): {message}", class.as_str())]
pub struct ChannelFailure {
    /// What is to be done about it.
    pub class: FailureClass,
    /// What else it concerns.
    pub scope: FailureScope,
    /// The platform's number for it.
    pub code: Option<i64>,
    /// The platform's second number for it.
    pub subcode: Option<i64>,
    /// When the platform wants to be asked again at the earliest.
    pub retry_after: Option<Duration>,
    /// What happened, for people; without secrets.
    pub message: String,
    /// What the platform's support asks for.
    pub trace: Option<String>,
}

/// What is to be done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Try again, later and later.
    RetryBackoff,
    /// Stop sending and let somebody connect the account again.
    Reauth,
    /// The sending window is closed: offer a template or a tag.
    WindowClosed,
    /// It will never work.
    Permanent,
    /// This participant can't be reached.
    RecipientUnavailable,
}

impl FailureClass {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RetryBackoff => "retry_backoff",
            Self::Reauth => "reauth",
            Self::WindowClosed => "window_closed",
            Self::Permanent => "permanent",
            Self::RecipientUnavailable => "recipient_unavailable",
        }
    }
}

/// What a refusal concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureScope {
    /// This message only.
    Message,
    /// Everything that goes through the same connection.
    Connection,
    /// Everything that goes through the same app on the platform.
    App,
}

impl ChannelFailure {
    /// A refusal of this class and scope, with nothing else known.
    pub fn new(class: FailureClass, scope: FailureScope, message: impl Into<String>) -> Self {
        Self { class, scope, code: None, subcode: None, retry_after: None, message: message.into(), trace: None }
    }
}

impl Rule for ChannelFailure {
    fn code(&self) -> &'static str {
        match self.class {
            FailureClass::RetryBackoff => "channel.unavailable",
            FailureClass::Reauth => "channel.not_authorised",
            FailureClass::WindowClosed => "channel.window_closed",
            FailureClass::Permanent => "channel.refused",
            FailureClass::RecipientUnavailable => "channel.recipient_unavailable",
        }
    }
    fn kind(&self) -> Kind {
        match self.class {
            FailureClass::RetryBackoff => Kind::Unavailable,
            _ => Kind::Conflict,
        }
    }
}
