//! What is known already of the people in a batch.

use std::collections::{BTreeSet, HashMap};

use super::model::{Capture, MatchBy, Submission};
use crate::duplicate::{Candidate, Profile, candidates, existing, holders_of};
use crate::identity::{KeyKind, RecordKind, RecordRef};
use crate::kernel::{Explanation, Field, Line, Predicate, Result, Stored, Test, Value};
use crate::lead::Lead;
use crate::store::UnitOfWork;

/// At most so many values go into one look-up.
pub(super) const VALUES_AT_ONCE: usize = 400;

/// A source and its own identifier.
pub(super) type Place = (String, String);

/// Where a submission stands in its source.
pub(super) fn place(submission: &Submission) -> Option<Place> {
    Some((submission.source.to_string(), submission.external_id.as_ref()?.to_string()))
}

/// Whether the source's identifier is a chosen key of the submission.
pub(super) fn is_chosen(submission: &Submission) -> bool {
    matches!(&submission.match_by, MatchBy::Keys(kinds) if kinds.contains(&KeyKind::External))
}

/// What earlier submissions led to.
#[derive(Default)]
pub(super) struct Earlier {
    pub(super) taken: HashMap<Place, RecordRef>,
    /// Those that led to a record that is gone, where the identifier is to find it: they lead to another one now.
    pub(super) gone: HashMap<Place, Stored<Capture>>,
}

/// What these submissions led to when they came before.
pub(super) async fn earlier_captures(uow: &mut UnitOfWork<'_>, submissions: &[Submission]) -> Result<Earlier> {
    let ids: BTreeSet<&str> = submissions.iter().filter_map(|one| one.external_id.as_ref()).map(Line::as_str).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let chosen: BTreeSet<Place> = submissions.iter().filter(|one| is_chosen(one)).filter_map(place).collect();
    let (mut earlier, mut to_find) = (Earlier::default(), HashMap::new());
    for chunk in ids.chunks(VALUES_AT_ONCE) {
        for row in uow.list_all_of_anyone(&Capture::EXTERNAL_ID.is_one_of(chunk.iter().copied())).await? {
            let place = (row.source.to_string(), row.external_id.to_string());
            earlier.taken.insert(place.clone(), row.record());
            if chosen.contains(&place) {
                to_find.insert(place, row);
            }
        }
    }
    let standing = existing(uow, to_find.values().map(|row| row.record()).collect()).await?;
    to_find.retain(|_, row| !standing.contains(&row.record()));
    earlier.taken.retain(|place, _| !to_find.contains_key(place));
    earlier.gone = to_find;
    Ok(earlier)
}

/// The stored records that each submission may be about. A submission without a profile is about none.
pub(super) async fn known_candidates(
    uow: &mut UnitOfWork<'_>,
    submissions: &[Submission],
    profiles: &[Option<Profile>],
    taken: &HashMap<Place, RecordRef>,
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
            (Some(_), MatchBy::Keys(_)) => {
                let mut found = held.next().unwrap_or_default();
                found.extend(by_external_id(submission, taken));
                found
            }
        });
    }
    Ok(known)
}

/// The record that the same external identifier led to, where that is a chosen key.
fn by_external_id(submission: &Submission, taken: &HashMap<Place, RecordRef>) -> Option<Candidate> {
    let id = submission.external_id.as_ref().filter(|_| is_chosen(submission))?;
    let record = taken.get(&place(submission)?)?;
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
