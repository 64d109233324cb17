//! Assignment: who gets a lead, fairly, and why.
//!
//! [`AssignmentRule`]s are an ordered list of which the first that matches wins; the last active one matches every lead,
//! so that none falls through. Within a rule the turns go round by weight: whoever is furthest behind their share is
//! next ([`Rotation`]). Whoever is inactive, away or full is passed over, and the decision says so; an absence banks no
//! turns. When nobody can take a lead it waits ([`WaitingLead`]) and the oldest is served first. Assigning by hand never
//! moves the rotation.
//!
//! [`decide`] is pure. [`assign`] holds the rotations of the rules that match until the transaction ends, so that two
//! captures at once never get the same turn.
//!
//! Refused: a list whose last active rule is not a catch-all, doubled names or members, weights out of 1 to 1000. Said:
//! `assignment_rule.created`, `….changed`, `….deleted`, `availability.changed`; of the lead `lead.assigned` and
//! `lead.assignment_waiting`.

mod assign;
mod availability;
mod decide;
mod jobs;
mod model;
mod rotation;
mod rule_list;
mod service;
mod staff;
#[cfg(test)]
mod tests;
mod turn;
mod waiting;

pub use assign::{announce, assign, assign_automatically, assign_drafts};
pub use availability::{Availability, AvailabilityChange, AvailabilityEvent, AvailabilityId};
pub use decide::{Assignment, decide};
pub use jobs::{DRAIN, REMATCH, job_handlers};
pub use model::{
    AssignmentEvent, AssignmentRefusal, AssignmentRule, AssignmentRuleEvent, AssignmentRuleId, RuleDraft, RuleMember,
    RuleVersion, first_match,
};
pub use rotation::{Rotation, Turn};
pub use rule_list::{RuleWarning, check_rules, warnings};
pub use service::{Assignments, SavedRules};
pub use staff::{Obstacle, Skipped, Staff, Standing};
pub use turn::{absence, take_turn};
pub use waiting::{WaitingLead, WaitingLeadId, drain_waiting, stop_waiting};
