//! The gate that everything we send goes through, whether a person or a program wrote it.
//!
//! A platform lets us write freely for a while after the participant did something (its channel's
//! `SendingWindow`); afterwards some let a person answer under a tag, and some take templates. [`can_send`] says which of
//! these holds now, why, and when it changes. Only what the participant did counts: nothing that we send, no receipt and no import opens or extends it.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::Serialize;

use super::channel::{Capabilities, Feature};
use crate::kernel::{Explanation, Kind, Rule, Timestamp};

/// How far ahead of ours a platform's clock may be.
pub const CLOCK_SKEW: Duration = Duration::from_mins(5);

/// Who wrote what is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// A person.
    Person,
    /// A program.
    Program,
}

/// What is to be sent, as the window sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// Anything that was written for the occasion.
    Words,
    /// The same, but to sell something.
    Promotion,
    /// An approved template.
    Template,
}

/// How a conversation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When the participant last did something that opens the window.
    pub last_action_at: Option<Timestamp>,
    /// When the platform last told us that the window is closed.
    pub closed_at: Option<Timestamp>,
    /// The platform has approved the tag for late answers.
    pub late_tag_approved: bool,
    /// When they last came through an advertisement, and how long the platform leaves the window open after that.
    pub advertised: Option<(Timestamp, Duration)>,
    /// There is an approved template at hand.
    pub template_at_hand: bool,
}

/// What may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may be sent.
    Permitted,
    /// It may be sent under the platform's tag of this name.
    Tagged(&'static str),
    /// It may not; an approved template may.
    TemplateOnly,
    /// Nothing may be sent.
    Closed,
}

/// What may be sent, until when, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CanSend {
    /// What may be sent.
    pub verdict: Verdict,
    /// When that changes, if the participant does nothing; never, without an instant.
    pub until: Option<Timestamp>,
    /// Why.
    pub why: Explanation,
}

/// What is to be sent may not be sent now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.why.text)]
pub struct NotNow(pub CanSend);

impl Rule for NotNow {
    fn code(&self) -> &'static str {
        match self.0.verdict {
            Verdict::TemplateOnly => "window.template_only",
            _ => "window.closed",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
    fn explanation(&self) -> Option<Explanation> {
        Some(self.0.why.clone())
    }
}

impl CanSend {
    /// Whether it may be sent as it is.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.verdict, Verdict::Permitted | Verdict::Tagged(_))
    }
}

/// Judges what may be sent now. Windows are half-open: at `last_action_at + window` they are closed.
#[must_use]
pub fn can_send(now: Timestamp, author: Author, sending: Sending, table: &Capabilities, standing: Standing) -> CanSend {
    if sending == Sending::Template && table.has(Feature::Templates) {
        let why = Explanation::new("an approved template may be sent at any time");
        return CanSend { verdict: Verdict::Permitted, until: None, why };
    }
    let action = standing.last_action_at.map(|at| at.min(now.plus(CLOCK_SKEW)));
    let told_closed = standing.closed_at.is_some_and(|closed| action.is_none_or(|action| action <= closed));
    let mut reasons = Vec::new();
    if let Some(action) = action.filter(|_| !told_closed) {
        let usual = action.plus(table.window.open_for);
        let end = advertised_end(table, standing).map_or(usual, |end| end.max(usual));
        if now < end {
            let why =
                Explanation::new(format!("they last wrote or acted at {action}, so the window is open until {end}"));
            return CanSend { verdict: Verdict::Permitted, until: Some(end), why };
        }
        reasons.push(Explanation::new(format!("they last wrote or acted at {action}; the window closed at {end}")));
    } else if told_closed {
        reasons.push(Explanation::new("the platform says that the window is closed"));
    } else {
        reasons.push(Explanation::new("they have never written"));
    }
    if let (Some(tag), Some(action)) = (table.window.late_tag, action) {
        let end = action.plus(tag.until);
        let obstacle = if author == Author::Program {
            Some("a program may not use the tag for late answers")
        } else if !standing.late_tag_approved {
            Some("the platform has not approved the tag for late answers for this connection")
        } else if sending == Sending::Promotion {
            Some("the tag for late answers is not for promotion")
        } else if now >= end {
            Some("the time for late answers is over too")
        } else {
            None
        };
        match obstacle {
            None => {
                let why = Explanation::new(format!("a person may answer under {} until {end}", tag.name));
                let why = why.because_all(reasons);
                return CanSend { verdict: Verdict::Tagged(tag.name), until: Some(end), why };
            }
            Some(obstacle) => reasons.push(Explanation::new(obstacle)),
        }
    }
    if table.has(Feature::Templates) {
        if standing.template_at_hand {
            let why = Explanation::new("the window is closed; send an approved template").because_all(reasons);
            return CanSend { verdict: Verdict::TemplateOnly, until: None, why };
        }
        reasons.push(Explanation::new("there is no approved template at hand"));
    }
    let why = Explanation::new("the window is closed; wait until they write again").because_all(reasons);
    CanSend { verdict: Verdict::Closed, until: None, why }
}

/// Until when an advertisement leaves the window open: as long as was granted, and no longer than the table says.
fn advertised_end(table: &Capabilities, standing: Standing) -> Option<Timestamp> {
    let (came, granted) = standing.advertised?;
    table.window.after_advertisement.map(|most| came.plus(granted.min(most)))
}

/// What a template costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateCost {
    /// Nothing, since they came through an advertisement and were answered soon.
    FreeEntryPoint,
    /// Nothing for utility templates, since the window is open.
    PaidUnlessUtility,
    /// What the platform asks for it.
    Paid,
}

/// What a template costs now. An advertisement changes the price, never the permission.
#[must_use]
pub fn template_cost(
    now: Timestamp,
    table: &Capabilities,
    last_action_at: Option<Timestamp>,
    entry_point_at: Option<Timestamp>,
    first_reply_at: Option<Timestamp>,
) -> TemplateCost {
    if let (Some(rule), Some(entry), Some(reply)) = (table.window.free_entry, entry_point_at, first_reply_at) {
        let in_time = reply >= entry && reply < entry.plus(rule.answered_within);
        if in_time && now >= reply && now < reply.plus(rule.free_for) {
            return TemplateCost::FreeEntryPoint;
        }
    }
    let open = last_action_at.is_some_and(|action| now < action.min(now.plus(CLOCK_SKEW)).plus(table.window.open_for));
    if open { TemplateCost::PaidUnlessUtility } else { TemplateCost::Paid }
}
