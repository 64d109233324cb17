//! The small words of activities, and which kind has which fields.

use serde::{Deserialize, Serialize};

/// What an activity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// A telephone call.
    Call,
    /// An e-mail.
    Email,
    /// A meeting, wherever it takes place.
    Meeting,
    /// Something to do.
    Task,
    /// Something written down. Done at once.
    Note,
}

impl ActivityKind {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Call, Self::Email, Self::Meeting, Self::Task, Self::Note];

    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Email => "email",
            Self::Meeting => "meeting",
            Self::Task => "task",
            Self::Note => "note",
        }
    }

    /// Whether it comes in or goes out.
    #[must_use]
    pub const fn has_flow(self) -> bool {
        matches!(self, Self::Call | Self::Email)
    }
    /// Whether it can be due.
    #[must_use]
    pub const fn has_due_date(self) -> bool {
        !matches!(self, Self::Note)
    }
    /// Whether it begins at an agreed time.
    #[must_use]
    pub const fn has_start(self) -> bool {
        matches!(self, Self::Call | Self::Meeting)
    }
    /// Whether it takes time that is worth writing down. No kind must say how long it took.
    #[must_use]
    pub const fn has_duration(self) -> bool {
        matches!(self, Self::Call | Self::Meeting | Self::Task)
    }
}

/// Who turned to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// They to us.
    In,
    /// We to them.
    Out,
}

/// How urgent an activity is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// It can wait.
    Low,
    /// As usual.
    #[default]
    Normal,
    /// Before others.
    High,
}

impl Priority {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// Where an activity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActivityStatus {
    /// Still to be done.
    Open,
    /// Done.
    Done,
    /// Never to be done.
    Cancelled,
}

impl ActivityStatus {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}
