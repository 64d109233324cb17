//! Which course a submission takes, given whom it may be about.

use super::combine::Precedence;
use super::model::{OnMatch, Submission};
use crate::duplicate::{AUTOMATIC, Action, Candidate, Policies};
use crate::identity::RecordKind;

/// What is to be done with a submission.
pub(super) enum Course {
    /// A person should look first.
    Warn(Vec<Candidate>),
    /// No second record is wanted.
    Block(Vec<Candidate>),
    /// Make a lead, and flag these.
    Create(Vec<Candidate>),
    /// Leave this record as it is.
    Skip(Candidate),
    /// Add the contact to this record.
    Link(Candidate),
    /// Let this record take over what is told.
    Combine(Candidate, Precedence),
}

/// Decides by what the submission asks for, else by the organization's policy. Candidates come most certain first.
pub(super) fn course(policies: &Policies, submission: &Submission, candidates: Vec<Candidate>) -> Course {
    let certain = || {
        let mut certain = candidates.iter().filter(|candidate| candidate.confidence >= AUTOMATIC);
        let first = certain.clone().next();
        // A lead can take something over, other records can't.
        certain.find(|candidate| candidate.record.kind == RecordKind::Lead).or(first).cloned()
    };
    match (submission.on_match, certain()) {
        (OnMatch::Policy, _) => by_policy(policies, submission, candidates),
        (OnMatch::Skip, Some(known)) => Course::Skip(known),
        (OnMatch::FillEmpty, Some(known)) => Course::Combine(known, Precedence::Known),
        (OnMatch::Overwrite, Some(known)) => Course::Combine(known, Precedence::Submitted),
        (OnMatch::Create, _) | (_, None) => Course::Create(candidates),
    }
}

fn by_policy(policies: &Policies, submission: &Submission, candidates: Vec<Candidate>) -> Course {
    let decision = policies.decide(Some(&submission.source), &candidates);
    match (decision.action, decision.target) {
        (Action::Block, _) => Course::Block(candidates),
        (Action::Warn, _) if !submission.confirmed => Course::Warn(candidates),
        (Action::Link, Some(known)) => Course::Link(known),
        (Action::Merge, Some(known)) => Course::Combine(known, Precedence::Known),
        _ => Course::Create(candidates),
    }
}
