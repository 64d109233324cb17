//! What is known already of the people in a batch.

use std::collections::{BTreeSet, HashMap};

use super::model::{Capture, MatchBy, Submission};
use crate::duplicate::{Candidate, Profile, candidates, holders_of};
use crate::identity::{KeyKind, RecordKind, RecordRef};
use crate::kernel::{Explanation, Field, Line, Predicate, Result, Stored, Test, Value};
use crate::lead::Lead;
use crate::store::UnitOfWork;

/// At most so many values go into one look-up.
const VALUES_AT_ONCE: usize = 400;

/// What earlier submissions led to, by source and external identifier.
pub(super) type Taken = HashMap<(String, String), RecordRef>;

/// What these submissions led to when they came before.
pub(super) async fn earlier_captures(uow: &mut UnitOfWork<'_>, submissions: &[Submission]) -> Result<Taken> {
    let ids: BTreeSet<&str> = submissions.iter().filter_map(|one| one.external_id.as_ref()).map(Line::as_str).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let mut taken = Taken::new();
    for chunk in ids.chunks(VALUES_AT_ONCE) {
        for row in uow.list_all_of_anyone(&Capture::EXTERNAL_ID.is_one_of(chunk.iter().copied())).await? {
            taken.insert((row.source.to_string(), row.external_id.to_string()), row.record());
        }
    }
    Ok(taken)
}

/// The stored records that each submission may be about. A submission without a profile is about none.
pub(super) async fn known_candidates(
    uow: &mut UnitOfWork<'_>,
    submissions: &[Submission],
    profiles: &[Option<Profile>],
    taken: &Taken,
) -> Result<Vec<Vec<Candidate>>> {
    let by_evidence = |submission: &Submission| submission.match_by == MatchBy::Evidence;
    let weighed: Vec<Profile> = submissions
        .iter()
        .zip(profiles)
        .filter(|(submission, _)| by_evidence(submission))
        .filter_map(|(_, profile)| profile.clone())
        .collect();
    let mut weighed = candidates(uow, &weighed).await?.into_iter();
    let asked: Vec<(&Profile, &[KeyKind])> = submissions
        .iter()
        .zip(profiles)
        .filter_map(|(submission, profile)| match &submission.match_by {
            MatchBy::Keys(kinds) => Some((profile.as_ref()?, kinds.as_slice())),
            MatchBy::Evidence => None,
        })
        .collect();
    let mut held = holders_of(uow, &asked).await?.into_iter();
    let mut known = Vec::with_capacity(submissions.len());
    for (submission, profile) in submissions.iter().zip(profiles) {
        known.push(match (profile, &submission.match_by) {
            (None, _) => Vec::new(),
            (Some(_), MatchBy::Evidence) => weighed.next().unwrap_or_default(),
            (Some(_), MatchBy::Keys(kinds)) => {
                let mut found = held.next().unwrap_or_default();
                found.extend(by_external_id(submission, kinds, taken));
                found
            }
        });
    }
    Ok(known)
}

/// The record that the same external identifier led to, where that is a chosen key.
fn by_external_id(submission: &Submission, kinds: &[KeyKind], taken: &Taken) -> Option<Candidate> {
    let id = submission.external_id.as_ref().filter(|_| kinds.contains(&KeyKind::External))?;
    let record = taken.get(&(submission.source.to_string(), id.to_string()))?;
    let evidence = Explanation::new(format!("both are {id} of {}", submission.source));
    Some(Candidate { record: *record, confidence: 1_000, evidence })
}

/// The leads among the candidates, as they are stored.
pub(super) async fn load_leads(
    uow: &mut UnitOfWork<'_>,
    candidates: impl Iterator<Item = &Candidate>,
) -> Result<Vec<Stored<Lead>>> {
    let records = candidates.map(|candidate| candidate.record).filter(|record| record.kind == RecordKind::Lead);
    let ids: BTreeSet<_> = records.map(|record| record.id).collect();
    let ids: Vec<Value> = ids.into_iter().map(Value::Uuid).collect();
    let mut leads = Vec::new();
    for chunk in ids.chunks(VALUES_AT_ONCE) {
        let filter = Predicate::Test(Field::ID, Test::In(chunk.to_vec()));
        leads.extend(uow.list_all_of_anyone(&filter).await?);
    }
    Ok(leads)
}
