//! Looking for what is known already: candidates by their keys, and how sure each is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::dedupe::MOST_HOLDERS;
use super::profile::Profile;
use super::score::{REPORT, score};
use crate::identity::{KeyKind, MatchKey, RecordKind, RecordRef};
use crate::kernel::{Domain, Explanation, Id, Page, Result, Stored};
use crate::lead::Lead;
use crate::people::{Account, AccountDomain, AccountId, Contact, ContactPoint};
use crate::store::UnitOfWork;

/// A record that is or may be the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The record.
    pub record: RecordRef,
    /// Thousandths of certainty, 0 to 1000.
    pub confidence: u16,
    /// Why.
    pub evidence: Explanation,
}

/// At most so many keys go into one look-up.
const KEYS_AT_ONCE: usize = 400;

/// Records of whatever kind and owner that may be of the same person or company as each profile, most certain first.
///
/// One look-up of keys serves many profiles; only records that share a key are read. A key with more than
/// [`MOST_HOLDERS`] holders tells nothing and is passed over.
///
/// # Errors
/// Those of the store.
pub async fn candidates(uow: &mut UnitOfWork<'_>, profiles: &[Profile]) -> Result<Vec<Vec<Candidate>>> {
    let keys: Vec<Vec<String>> = profiles.iter().map(Profile::blocking_keys).collect();
    let holders = holders(uow, keys.iter().flatten()).await?;
    let wanted: BTreeSet<RecordRef> = keys.iter().flatten().flat_map(|key| named(&holders, key)).collect();
    let known = profiles_of(uow, &wanted).await?;
    let judged = profiles.iter().zip(&keys).map(|(profile, keys)| {
        let records: BTreeSet<RecordRef> = keys.iter().flat_map(|key| named(&holders, key)).collect();
        judge(profile, records.into_iter().filter_map(|record| Some((record, known.get(&record)?))))
    });
    Ok(judged.collect())
}

/// Records that share a key of one of these kinds with the profile; each is certain, for so it was asked.
///
/// # Errors
/// Those of the store.
pub async fn holders_of(uow: &mut UnitOfWork<'_>, profile: &Profile, kinds: &[KeyKind]) -> Result<Vec<Candidate>> {
    let keys = chosen_keys(profile, kinds);
    let holders = holders(uow, keys.iter()).await?;
    let found = keys.iter().flat_map(|key| named(&holders, key).map(move |record| (record, key.as_str())));
    let found: BTreeMap<RecordRef, &str> = found.collect();
    Ok(found.into_iter().map(|(record, key)| by_key(record, key)).collect())
}

fn chosen_keys(profile: &Profile, kinds: &[KeyKind]) -> Vec<String> {
    let keys = profile.keys();
    keys.iter().filter(|key| KeyKind::of(key).is_some_and(|kind| kinds.contains(&kind))).map(str::to_owned).collect()
}

fn by_key(record: RecordRef, key: &str) -> Candidate {
    Candidate { record, confidence: 1_000, evidence: Explanation::new(format!("both have the key {key}")) }
}

fn judge<'p>(profile: &Profile, known: impl Iterator<Item = (RecordRef, &'p Profile)>) -> Vec<Candidate> {
    let scored = known.map(|(record, other)| (record, score(profile, other)));
    let mut found: Vec<_> = scored
        .filter(|(_, found)| found.confidence >= REPORT)
        .map(|(record, found)| Candidate { record, confidence: found.confidence, evidence: found.evidence })
        .collect();
    found.sort_by(|a, b| b.confidence.cmp(&a.confidence).then(a.record.cmp(&b.record)));
    found
}

type Holders = HashMap<String, Vec<RecordRef>>;

fn named<'h>(holders: &'h Holders, key: &str) -> impl Iterator<Item = RecordRef> + use<'h> {
    holders.get(key).into_iter().flatten().copied()
}

/// Who has these keys. Keys with too many holders are left out.
async fn holders(uow: &mut UnitOfWork<'_>, keys: impl Iterator<Item = &String>) -> Result<Holders> {
    let keys: Vec<&String> = keys.collect::<BTreeSet<_>>().into_iter().collect();
    let mut holders = Holders::new();
    for chunk in keys.chunks(KEYS_AT_ONCE) {
        let filter = MatchKey::KEY.is_one_of(chunk.iter().map(|key| (*key).clone()));
        let mut page = Page::first(crate::kernel::page::LARGEST_PAGE);
        loop {
            let rows = uow.list_of_anyone(&filter, &page).await?;
            let full = u32::try_from(rows.len()).is_ok_and(|count| count >= page.limit());
            let next = rows.last().map(|last| page.following(last));
            for row in rows {
                let record = row.record();
                holders.entry(row.value.key).or_default().push(record);
            }
            match next {
                // Further pages only bring holders of keys that many have; those tell nothing.
                Some(next) if full && holders.values().all(|records| records.len() <= MOST_HOLDERS) => page = next,
                _ => break,
            }
        }
    }
    holders.retain(|_, records| records.len() <= MOST_HOLDERS);
    Ok(holders)
}

/// The profiles of stored records; those of opportunities do not exist.
async fn profiles_of(uow: &mut UnitOfWork<'_>, records: &BTreeSet<RecordRef>) -> Result<BTreeMap<RecordRef, Profile>> {
    let ids =
        |kind| records.iter().filter(move |record| record.kind == kind).map(|record| record.id).collect::<Vec<_>>();
    let mut profiles = BTreeMap::new();
    for lead in read::<Lead>(uow, ids(RecordKind::Lead)).await? {
        profiles.insert(RecordRef::new(RecordKind::Lead, lead.id), Profile::of_lead(&lead.value));
    }
    let contacts = read::<Contact>(uow, ids(RecordKind::Contact)).await?;
    let employers: BTreeSet<AccountId> = contacts.iter().filter_map(|contact| contact.account_id).collect();
    let employers = read::<Account>(uow, employers.into_iter().map(Id::uuid).collect()).await?;
    let mut points: BTreeMap<_, Vec<ContactPoint>> = BTreeMap::new();
    if !contacts.is_empty() {
        let of = ContactPoint::CONTACT.is_one_of(contacts.iter().map(|contact| contact.id));
        for point in uow.list_all_of_anyone(&of).await? {
            points.entry(point.contact_id).or_default().push(point.value);
        }
    }
    for contact in contacts {
        let employer = employers.iter().find(|account| Some(account.id) == contact.account_id);
        let own = points.remove(&contact.id).unwrap_or_default();
        let name = employer.map(|account| account.name.as_str());
        profiles
            .insert(RecordRef::new(RecordKind::Contact, contact.id), Profile::of_contact(&contact.value, &own, name));
    }
    let accounts = read::<Account>(uow, ids(RecordKind::Account)).await?;
    let mut domains: BTreeMap<AccountId, Vec<Domain>> = BTreeMap::new();
    if !accounts.is_empty() {
        let of = AccountDomain::ACCOUNT.is_one_of(accounts.iter().map(|account| account.id));
        for row in uow.list_all_of_anyone(&of).await? {
            domains.entry(row.account_id).or_default().push(row.value.domain);
        }
    }
    for account in accounts {
        let own = domains.remove(&account.id).unwrap_or_default();
        profiles.insert(RecordRef::new(RecordKind::Account, account.id), Profile::of_account(&account.value, &own));
    }
    Ok(profiles)
}

async fn read<E: crate::kernel::Entity>(uow: &mut UnitOfWork<'_>, ids: Vec<uuid::Uuid>) -> Result<Vec<Stored<E>>>
where
    for<'a> dyn crate::store::Tx + 'a: crate::store::Records<E>,
{
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(KEYS_AT_ONCE) {
        let ids = chunk.iter().map(|id| crate::kernel::Value::Uuid(*id)).collect();
        let filter = crate::kernel::Predicate::Test(crate::kernel::Field::ID, crate::kernel::Test::In(ids));
        rows.extend(uow.list_all_of_anyone(&filter).await?);
    }
    Ok(rows)
}

/// What a batch has made and not yet written, to be compared with what comes after it in the same batch.
#[derive(Clone, Debug, Default)]
pub struct Unwritten {
    profiles: Vec<(RecordRef, Profile)>,
    by_key: HashMap<String, Vec<usize>>,
}

impl Unwritten {
    /// Adds a record that will be written.
    pub fn add(&mut self, record: RecordRef, profile: &Profile) {
        let place = self.profiles.len();
        let keys: BTreeSet<String> =
            profile.blocking_keys().into_iter().chain(profile.keys().iter().map(str::to_owned)).collect();
        for key in keys {
            self.by_key.entry(key).or_default().push(place);
        }
        self.profiles.push((record, profile.clone()));
    }

    /// Those that may be the same as the profile, most certain first.
    #[must_use]
    pub fn candidates(&self, profile: &Profile) -> Vec<Candidate> {
        let keys = profile.blocking_keys();
        let holders = keys.iter().filter_map(|key| self.by_key.get(key)).filter(|all| all.len() <= MOST_HOLDERS);
        let places: BTreeSet<usize> = holders.flatten().copied().collect();
        judge(
            profile,
            places.into_iter().filter_map(|place| self.profiles.get(place)).map(|(record, own)| (*record, own)),
        )
    }

    /// Those that share a key of one of these kinds with the profile.
    #[must_use]
    pub fn holders_of(&self, profile: &Profile, kinds: &[KeyKind]) -> Vec<Candidate> {
        let keys = chosen_keys(profile, kinds);
        let found = keys.iter().flat_map(|key| {
            let places = self.by_key.get(key).into_iter().flatten();
            places.filter_map(|place| self.profiles.get(*place)).map(move |(record, _)| (*record, key.as_str()))
        });
        let found: BTreeMap<RecordRef, &str> = found.collect();
        found.into_iter().map(|(record, key)| by_key(record, key)).collect()
    }
}
