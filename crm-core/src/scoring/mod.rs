//! Scoring: how promising a lead is, as a sum that anyone can check.
//!
//! A [`ScoringRule`] is a sheet of [`Criterion`]s: what a lead is (demographic, firmographic: a condition on the lead)
//! and what it did (behavioural: recorded [`Engagement`]s, which fade). The score of a lead is the sum of its active
//! rules. Nothing is stored as truth: [`Scorer`] computes the score at any instant from the lead, its engagements and
//! the rules; the lead carries a copy for lists. A score *is* its contributions: caps and bounds are contributions of
//! their own, so that the total is their sum at every instant.
//!
//! Fading is a closed form of the time that has passed, so nothing is rewritten nightly. When a total will cross the
//! rule's [`Threshold`] by fading alone is known in advance, and a job looks again at that instant.
//!
//! Refused: rules with doubled names, points out of range, unknown, unfilterable or derived fields; a source key of another
//! lead's engagement. Said: `scoring_rule.created`,
//! `….changed`; of the lead `lead.engaged`, `lead.scored`, `lead.score_threshold_reached`, `lead.score_threshold_left`.

mod check;
mod engagement;
mod fading;
mod history;
mod jobs;
mod model;
mod score;
mod scorer;
mod seed;
mod service;
mod settle;
mod state;
#[cfg(test)]
mod tests;

pub use engagement::{
    Engagement, EngagementId, EngagementKind, EngagementRefusal, MalformedEngagementKind, NewEngagement,
};
pub use jobs::{RECHECK, RESCORE, job_handlers};
pub use model::{
    Basis, Behaviour, Counting, Criterion, Decay, DecayStart, Group, GroupCaps, NewScoringRule, ScoringRule,
    ScoringRuleEvent, ScoringRuleId, Threshold,
};
pub use score::{Contribution, RuleScore, Score};
pub use scorer::Scorer;
pub use seed::{default_rule, seed_default};
pub use service::Scoring;
pub use settle::{adopt_engagements, forget, rescore, rescore_page, score_draft, settle_new};
pub use state::{ScoreState, ScoringEvent};
