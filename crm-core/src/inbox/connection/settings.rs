//! How an organization wants a connection to behave.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::assignment::AssignmentRuleId;
use crate::inbox::hours::CalendarId;
use crate::kernel::{FieldProblem, InvalidInput, Note};

/// How a connection behaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionSettings {
    /// Whether those who write become leads.
    pub leads: LeadPolicy,
    /// Whether a closed conversation opens again when they write.
    pub reopen: ReopenPolicy,
    /// The rule whose members take turns with conversations that nobody has.
    pub assignment_rule_id: Option<AssignmentRuleId>,
    /// The business calendar; none for always open.
    pub calendar_id: Option<CalendarId>,
    /// What is answered once in each closed period; nothing without a text.
    pub away_reply: Option<Note>,
    /// How soon they are to be answered, in business time.
    pub targets: ResponseTargets,
    /// The platform has approved the tag for answers by people after the window.
    pub late_tag_approved: bool,
    /// How many seconds the window stays open after they came through an advertisement, where the platform grants the
    /// account more than its usual time: at most what the platform's table says.
    pub ad_window_s: Option<u32>,
    /// The most messages in a minute, 1 to 10,000.
    pub messages_per_minute: u32,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self {
            leads: LeadPolicy::Suggest,
            reopen: ReopenPolicy::Always,
            assignment_rule_id: None,
            calendar_id: None,
            away_reply: None,
            targets: ResponseTargets::default(),
            late_tag_approved: false,
            ad_window_s: None,
            messages_per_minute: 60,
        }
    }
}

/// Whether those who write become leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LeadPolicy {
    /// Who they may be is suggested; a person decides.
    #[default]
    Suggest,
    /// Who is known by a telephone number is linked, everybody else becomes a lead with their first message.
    Create,
}

/// Whether a closed conversation opens again when they write. There is one thread for each participant in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReopenPolicy {
    /// It opens, and whoever had it keeps it while they are available.
    #[default]
    Always,
    /// It opens, and is given away anew.
    Anew,
    /// It stays closed; the message counts as unread.
    Never,
}

/// How soon they are to be answered, in seconds of business time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ResponseTargets {
    /// The first answer.
    pub first_response_s: Option<u32>,
    /// Every further answer.
    pub next_response_s: Option<u32>,
    /// The closing.
    pub resolution_s: Option<u32>,
}

impl ResponseTargets {
    /// A target as a span.
    #[must_use]
    pub fn span(seconds: Option<u32>) -> Option<Duration> {
        seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }
}

impl ConnectionSettings {
    /// Checks what serde can't.
    ///
    /// # Errors
    /// `InvalidInput` when the rate is not 1 to 10,000.
    pub fn checked(self) -> Result<Self, InvalidInput> {
        if !(1..=10_000).contains(&self.messages_per_minute) {
            let message = format!("{} messages a minute; give 1 to 10,000", self.messages_per_minute);
            let problem = FieldProblem::new("messages_per_minute", "connection.rate_out_of_range", message);
            return Err(InvalidInput(vec![problem]));
        }
        Ok(self)
    }
}
