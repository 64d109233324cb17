//! Records that may be duplicates of a profile, looked up by their keys.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::dedupe::MOST_HOLDERS;
use super::profile::Profile;
use super::records::{Known, load};
use super::score::{LIKELY, REPORT, score};
use crate::identity::{KeyKind, MatchKey, RecordKind, RecordRef};
use crate::kernel::page::LARGEST_PAGE;
use crate::kernel::{Explanation, Page, Predicate, Result};
use crate::store::UnitOfWork;

/// The most records that are compared with one profile; those with the strongest and the most common keys come first.
pub const MOST_COMPARED: usize = 200;

/// What may be said of a record that the caller may not see.
pub(super) fn hidden(confidence: u16) -> Explanation {
    Explanation::new(format!("a record you cannot see is the same: {confidence} of 1000"))
}

/// How sure it is that a record is of the person or company in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// From [`super::REPORT`] on: worth a look.
    Possible,
    /// From [`super::LIKELY`] on: a person should decide.
    Likely,
    /// From [`super::AUTOMATIC`] on: may be acted on without asking.
    Certain,
}

impl Band {
    /// All of them, the least sure first.
    pub const ALL: &'static [Self] = &[Self::Possible, Self::Likely, Self::Certain];

    /// The band of a confidence in thousandths; none below [`super::REPORT`].
    #[must_use]
    pub const fn of(confidence: u16) -> Option<Self> {
        match confidence {
            super::AUTOMATIC.. => Some(Self::Certain),
            LIKELY.. => Some(Self::Likely),
            REPORT.. => Some(Self::Possible),
            _ => None,
        }
    }

    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// A record that may be of the person or company in question, whoever owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The record.
    pub record: RecordRef,
    /// Thousandths of certainty, at least [`super::REPORT`].
    pub confidence: u16,
    /// Why, with the values that were compared. Not for callers who may not see the record.
    pub evidence: Explanation,
    /// Whether the caller may see the record.
    pub visible: bool,
    /// Whether data can still be written to it; a converted lead is read-only.
    pub writable: bool,
}

/// A candidate as its caller may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The record; nothing when the caller may not see it.
    pub record: Option<RecordRef>,
    /// Thousandths of certainty, at least [`super::REPORT`].
    pub confidence: u16,
    /// Why; without any value of a record that the caller may not see.
    pub evidence: Explanation,
}

impl Candidate {
    /// What the caller may know of it.
    #[must_use]
    pub fn shown(self) -> Hit {
        if self.visible {
            return Hit { record: Some(self.record), confidence: self.confidence, evidence: self.evidence };
        }
        Hit { record: None, confidence: self.confidence, evidence: hidden(self.confidence) }
    }

    /// How sure it is.
    #[must_use]
    pub fn band(&self) -> Band {
        Band::of(self.confidence).unwrap_or(Band::Possible)
    }
}

/// The records that may be duplicates of one profile, the surest first; `exclude` leaves out the record itself.
///
/// # Errors
/// Those of the store.
pub async fn candidates(
    uow: &mut UnitOfWork<'_>,
    profile: &Profile,
    exclude: Option<RecordRef>,
) -> Result<Vec<Candidate>> {
    let mut found = candidates_for(uow, std::slice::from_ref(profile)).await?.pop().unwrap_or_default();
    found.retain(|candidate| Some(candidate.record) != exclude);
    Ok(found)
}

/// The records that may be duplicates of each profile, in the profiles' order: one look-up of keys for all of them.
///
/// Meant for stretches of some hundred profiles. The profiles are not compared with each other; [`super::dedupe`] does
/// that.
///
/// # Errors
/// Those of the store.
pub async fn candidates_for(uow: &mut UnitOfWork<'_>, profiles: &[Profile]) -> Result<Vec<Vec<Candidate>>> {
    let keys: Vec<Vec<String>> = profiles.iter().map(Profile::blocking_keys).collect();
    let of_companies = profiles.iter().all(|profile| profile.is_company);
    let wanted: BTreeSet<&str> = keys.iter().flatten().map(String::as_str).collect();
    let holders = holders(uow, wanted, of_companies).await?;
    let shortlists: Vec<Vec<RecordRef>> = keys.iter().map(|keys| shortlist(keys, &holders)).collect();
    let known = load(uow, shortlists.iter().flatten().copied().collect()).await?;
    let judged = profiles.iter().zip(&shortlists).zip(&keys);
    Ok(judged
        .map(|((profile, shortlist), keys)| judge(profile, shortlist, &known, &passed_over(keys, &holders)))
        .collect())
}

/// Who is filed under each key; nobody in particular when too many are.
type Holders = BTreeMap<String, Option<Vec<RecordRef>>>;

/// Looks the keys up. A key drops out of the question as soon as more than [`MOST_HOLDERS`] have it, so that no more
/// than that many rows of it, and one page, are ever read.
async fn holders(uow: &mut UnitOfWork<'_>, mut wanted: BTreeSet<&str>, of_companies: bool) -> Result<Holders> {
    let mut holders = Holders::new();
    let mut page = Page::first(LARGEST_PAGE);
    while !wanted.is_empty() {
        let mut filter = MatchKey::KEY.is_one_of(wanted.iter().copied());
        if of_companies {
            filter = filter.and(companies_domains());
        }
        let rows = uow.list_of_anyone(&filter, &page).await?;
        let full = u32::try_from(rows.len()).is_ok_and(|count| count >= page.limit());
        for row in &rows {
            let held = holders.entry(row.key.clone()).or_insert_with(|| Some(Vec::new()));
            if let Some(records) = held {
                records.push(row.record());
            }
            if held.as_ref().is_some_and(|records| records.len() > MOST_HOLDERS) {
                *held = None;
                wanted.remove(row.key.as_str());
            }
        }
        match rows.last() {
            Some(last) if full => page = page.following(last),
            _ => break,
        }
    }
    Ok(holders)
}

/// A company's domain leads to accounts only: hundreds of people may have addresses there.
fn companies_domains() -> Predicate<MatchKey> {
    let domains = MatchKey::KEY.starts_with(KeyKind::Domain.prefix());
    MatchKey::RECORD_KIND.is(RecordKind::Account.as_str()).or(domains.negated())
}

/// The records that share keys with a profile, those with the strongest key first, then those with the most.
fn shortlist(keys: &[String], holders: &Holders) -> Vec<RecordRef> {
    let mut shared: BTreeMap<RecordRef, (Option<KeyKind>, usize)> = BTreeMap::new();
    for key in keys {
        let kind = KeyKind::of(key);
        for record in holders.get(key).into_iter().flatten().flatten() {
            let (strongest, count) = shared.entry(*record).or_insert((kind, 0));
            *strongest = (*strongest).min(kind);
            *count += 1;
        }
    }
    let mut records: Vec<_> = shared.into_iter().collect();
    records.sort_by_key(|(record, (strongest, count))| (*strongest, Reverse(*count), *record));
    records.into_iter().take(MOST_COMPARED).map(|(record, _)| record).collect()
}

fn passed_over(keys: &[String], holders: &Holders) -> Vec<Explanation> {
    let common = keys.iter().filter(|key| holders.get(*key).is_some_and(Option::is_none));
    common
        .map(|key| Explanation::new(format!("more than {MOST_HOLDERS} records share '{key}'; it was passed over")))
        .collect()
}

fn judge(
    profile: &Profile,
    shortlist: &[RecordRef],
    known: &BTreeMap<RecordRef, Known>,
    passed_over: &[Explanation],
) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for record in shortlist {
        let Some(other) = known.get(record) else { continue };
        let judged = score(profile, &other.profile);
        if judged.confidence >= REPORT {
            candidates.push(Candidate {
                record: *record,
                confidence: judged.confidence,
                evidence: judged.evidence.because_all(passed_over.iter().cloned()),
                visible: other.visible,
                writable: other.writable,
            });
        }
    }
    candidates.sort_by_key(|candidate| (Reverse(candidate.confidence), candidate.record));
    candidates
}
