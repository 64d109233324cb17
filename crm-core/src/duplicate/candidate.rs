//! Records that are or may be the same as a profile, looked up by their keys.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::dedupe::MOST_HOLDERS;
use super::holders::{Holders, holders};
use super::profile::Profile;
use super::records::load;
use super::score::{REPORT, score};
use crate::access::{Permission, Reach};
use crate::identity::{KeyKind, RecordRef};
use crate::kernel::{Explanation, Result};
use crate::store::UnitOfWork;

/// The most records that are compared with one profile; those with the strongest and the most common keys come first.
pub const MOST_COMPARED: usize = 200;

/// A record that is or may be the same, whoever owns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Candidate {
    /// The record.
    pub record: RecordRef,
    /// Thousandths of certainty, 0 to 1000.
    pub confidence: u16,
    /// Why, with the values that were compared: not for callers who may not see the record, see [`shown`].
    pub evidence: Explanation,
}

/// A candidate as the caller may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hit {
    /// The record; nothing when the caller may not see it.
    pub record: Option<RecordRef>,
    /// Thousandths of certainty, 0 to 1000.
    pub confidence: u16,
    /// Why; without any value of a record that the caller may not see.
    pub evidence: Explanation,
}

/// Records of whatever kind, state and owner that may be the same as each profile, most certain first.
///
/// One look-up of keys serves many profiles; meant for some hundred at once. Only records that share a key are read, at
/// most [`MOST_COMPARED`] for each profile. A key with more than [`MOST_HOLDERS`] holders tells nothing and is passed
/// over; the evidence says so. Profiles are not compared with each other, see [`super::Unwritten`] and
/// [`super::dedupe`].
///
/// # Errors
/// Those of the store.
pub async fn candidates(uow: &mut UnitOfWork<'_>, profiles: &[Profile]) -> Result<Vec<Vec<Candidate>>> {
    let keys: Vec<Vec<String>> = profiles.iter().map(Profile::blocking_keys).collect();
    let holders = holders(uow, keys.iter().flatten()).await?;
    let shortlists: Vec<Vec<RecordRef>> = keys.iter().map(|keys| shortlist(keys, &holders)).collect();
    let known = load(uow, shortlists.iter().flatten().copied().collect()).await?;
    let mut all = Vec::with_capacity(profiles.len());
    for ((profile, shortlist), keys) in profiles.iter().zip(&shortlists).zip(&keys) {
        let others = shortlist.iter().filter_map(|record| Some((*record, &known.get(record)?.profile)));
        let mut found = judge(profile, others);
        for candidate in &mut found {
            candidate.evidence.because.extend(passed_over(keys, &holders));
        }
        all.push(found);
    }
    Ok(all)
}

/// For each profile, the records that share a key of one of the kinds beside it; each is certain, for so it was asked.
///
/// One look-up of keys serves many profiles, as in [`candidates`].
///
/// # Errors
/// Those of the store.
pub async fn holders_of(uow: &mut UnitOfWork<'_>, asked: &[(&Profile, &[KeyKind])]) -> Result<Vec<Vec<Candidate>>> {
    let keys: Vec<BTreeSet<String>> = asked.iter().map(|(profile, kinds)| chosen_keys(profile, kinds)).collect();
    let holders = holders(uow, keys.iter().flatten()).await?;
    let found = keys.iter().map(|keys| {
        let found = keys.iter().flat_map(|key| holders.of(key).map(move |record| (record, key.as_str())));
        let found: BTreeMap<RecordRef, &str> = found.collect();
        found.into_iter().map(|(record, key)| by_key(record, key)).collect()
    });
    Ok(found.collect())
}

/// Those of the records that the caller may not see; records that are gone are among them.
///
/// # Errors
/// Those of the store.
pub async fn unseen(uow: &mut UnitOfWork<'_>, mut records: BTreeSet<RecordRef>) -> Result<BTreeSet<RecordRef>> {
    let readable = [Permission::LeadRead, Permission::ContactRead, Permission::AccountRead];
    let everything = readable.iter().all(|permission| uow.caller().check(*permission).is_ok());
    if records.is_empty() || (everything && *uow.caller().reach() == Reach::All) {
        return Ok(BTreeSet::new());
    }
    let known = load(uow, records.clone()).await?;
    records.retain(|record| !known.get(record).is_some_and(|known| known.visible));
    Ok(records)
}

impl From<Candidate> for Hit {
    /// For callers who may see the record, or of whom that is found out later by [`unseen`].
    fn from(candidate: Candidate) -> Self {
        let Candidate { record, confidence, evidence } = candidate;
        Self { record: Some(record), confidence, evidence }
    }
}

/// What the caller may know of these candidates: that there is one, and no more, where they may not see the record.
///
/// # Errors
/// Those of the store.
pub async fn shown(uow: &mut UnitOfWork<'_>, candidates: Vec<Candidate>) -> Result<Vec<Hit>> {
    let known = load(uow, candidates.iter().map(|candidate| candidate.record).collect()).await?;
    let hits = candidates.into_iter().map(|candidate| {
        if known.get(&candidate.record).is_some_and(|known| known.visible) {
            candidate.into()
        } else {
            Hit { record: None, confidence: candidate.confidence, evidence: hidden(candidate.confidence) }
        }
    });
    Ok(hits.collect())
}

/// What may be said of a record that the caller may not see.
#[must_use]
pub fn hidden(confidence: u16) -> Explanation {
    Explanation::new(format!("a record you cannot see may be the same: {confidence} of 1000"))
}

/// The records that share keys with a profile, those with the strongest key first, then those with the most.
fn shortlist(keys: &[String], holders: &Holders) -> Vec<RecordRef> {
    let mut shared: BTreeMap<RecordRef, (Option<KeyKind>, usize)> = BTreeMap::new();
    for key in keys {
        let kind = KeyKind::of(key);
        for record in holders.of(key) {
            let (strongest, count) = shared.entry(record).or_insert((kind, 0));
            *strongest = (*strongest).min(kind);
            *count += 1;
        }
    }
    let mut records: Vec<_> = shared.into_iter().collect();
    records.sort_by_key(|(record, (strongest, count))| (*strongest, Reverse(*count), *record));
    records.into_iter().take(MOST_COMPARED).map(|(record, _)| record).collect()
}

fn passed_over(keys: &[String], holders: &Holders) -> impl Iterator<Item = Explanation> {
    let common = keys.iter().filter(|key| holders.is_common(key));
    common.map(|key| Explanation::new(format!("more than {MOST_HOLDERS} records share '{key}'; it was passed over")))
}

/// Those that are worth a look, the most certain first, then in the order of kind and identifier.
pub(super) fn judge<'p>(profile: &Profile, others: impl Iterator<Item = (RecordRef, &'p Profile)>) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (record, other) in others {
        let judged = score(profile, other);
        if judged.confidence >= REPORT {
            found.push(Candidate { record, confidence: judged.confidence, evidence: judged.evidence });
        }
    }
    found.sort_by_key(|candidate| (Reverse(candidate.confidence), candidate.record));
    found
}

/// The profile's keys of these kinds.
pub(super) fn chosen_keys(profile: &Profile, kinds: &[KeyKind]) -> BTreeSet<String> {
    let keys = profile.keys();
    keys.iter().filter(|key| KeyKind::of(key).is_some_and(|kind| kinds.contains(&kind))).map(str::to_owned).collect()
}

pub(super) fn by_key(record: RecordRef, key: &str) -> Candidate {
    Candidate { record, confidence: 1_000, evidence: Explanation::new(format!("both have the key {key}")) }
}
