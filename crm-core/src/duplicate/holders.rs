//! Who is filed under which keys, in bounded reads.

use std::collections::{BTreeSet, HashMap};

use super::dedupe::MOST_HOLDERS;
use crate::identity::{KeyKind, MatchKey, RecordKind, RecordRef};
use crate::kernel::page::LARGEST_PAGE;
use crate::kernel::{Page, Predicate, Result};
use crate::store::UnitOfWork;

/// At most so many keys go into one question.
const KEYS_AT_ONCE: usize = 2_000;

/// The records under each key; nobody in particular under a key that too many have.
#[derive(Debug, Default)]
pub(super) struct Holders(HashMap<String, Option<Vec<RecordRef>>>);

impl Holders {
    /// The records under a key.
    pub(super) fn of(&self, key: &str) -> impl Iterator<Item = RecordRef> + use<'_> {
        self.0.get(key).into_iter().flatten().flatten().copied()
    }

    /// Whether more than [`MOST_HOLDERS`] records have the key.
    pub(super) fn is_common(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(Option::is_none)
    }

    fn add(&mut self, key: &str, record: RecordRef) {
        let held = self.0.entry(key.to_owned()).or_insert_with(|| Some(Vec::new()));
        if let Some(records) = held {
            records.push(record);
            if records.len() > MOST_HOLDERS {
                *held = None;
            }
        }
    }
}

/// Looks keys up, all in one question as long as there are no more than [`KEYS_AT_ONCE`].
///
/// Answers come a page at a time. A key that too many have is left out of the next question, so that no more than one
/// page beyond [`MOST_HOLDERS`] is ever read for it, and the other keys are answered in full.
pub(super) async fn holders(uow: &mut UnitOfWork<'_>, keys: impl Iterator<Item = &String>) -> Result<Holders> {
    let keys: BTreeSet<&str> = keys.map(String::as_str).collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    let mut holders = Holders::default();
    for some in keys.chunks(KEYS_AT_ONCE) {
        let mut page = Page::first(LARGEST_PAGE);
        loop {
            let open: Vec<&str> = some.iter().copied().filter(|key| !holders.is_common(key)).collect();
            if open.is_empty() {
                break;
            }
            let rows = uow.list_of_anyone(&filed_under(&open), &page).await?;
            for row in &rows {
                holders.add(&row.key, row.record());
            }
            match rows.last() {
                Some(last) if u32::try_from(rows.len()).is_ok_and(|count| count >= page.limit()) => {
                    page = page.following(last);
                }
                _ => break,
            }
        }
    }
    Ok(holders)
}

/// A domain leads to the account that owns it, and not to the hundreds of people who may have addresses there.
fn filed_under(keys: &[&str]) -> Predicate<MatchKey> {
    let domain = KeyKind::Domain.prefix();
    let these = MatchKey::KEY.is_one_of(keys.iter().copied());
    if !keys.iter().any(|key| key.starts_with(domain)) {
        return these;
    }
    let owner = MatchKey::RECORD_KIND.is(RecordKind::Account.as_str());
    these.and(owner.or(MatchKey::KEY.starts_with(domain).negated()))
}
