//! Records read for comparison, whoever owns them, in few reads.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::profile::Profile;
use crate::access::Permission;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::page::LARGEST_PAGE;
use crate::kernel::{Entity, Field, Id, Predicate, Result, Stored, Test, Value};
use crate::lead::Lead;
use crate::people::{Account, AccountDomain, AccountId, Contact, ContactId, ContactPoint};
use crate::store::{Records, Tx, UnitOfWork};

/// A record as it is compared.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) profile: Profile,
    /// Whether the caller may see it.
    pub(super) visible: bool,
}

/// The profiles of records; those that are gone are left out. Opportunities have none.
pub(super) async fn load(uow: &mut UnitOfWork<'_>, records: BTreeSet<RecordRef>) -> Result<BTreeMap<RecordRef, Known>> {
    let of_kind = |kind| records.iter().filter(move |record| record.kind == kind).map(|record| record.id).collect();
    let mut known = BTreeMap::new();
    leads(uow, of_kind(RecordKind::Lead), &mut known).await?;
    contacts(uow, of_kind(RecordKind::Contact), &mut known).await?;
    accounts(uow, of_kind(RecordKind::Account), &mut known).await?;
    Ok(known)
}

/// Those of the records that are still there, whoever owns them. Opportunities are not looked for.
///
/// # Errors
/// Those of the store.
pub async fn existing(uow: &mut UnitOfWork<'_>, records: BTreeSet<RecordRef>) -> Result<BTreeSet<RecordRef>> {
    Ok(load(uow, records).await?.into_keys().collect())
}

async fn leads(uow: &mut UnitOfWork<'_>, ids: Vec<Uuid>, known: &mut BTreeMap<RecordRef, Known>) -> Result<()> {
    for row in by_id::<Lead>(uow, &ids).await? {
        let profile = Profile::of_lead(&row);
        let visible = sees(uow, Permission::LeadRead, &row);
        known.insert(RecordRef::new(RecordKind::Lead, row.id), Known { profile, visible });
    }
    Ok(())
}

async fn contacts(uow: &mut UnitOfWork<'_>, ids: Vec<Uuid>, known: &mut BTreeMap<RecordRef, Known>) -> Result<()> {
    let contacts = by_id::<Contact>(uow, &ids).await?;
    if contacts.is_empty() {
        return Ok(());
    }
    let of_them = ContactPoint::CONTACT.is_one_of(contacts.iter().map(|contact| contact.id));
    let mut points: BTreeMap<ContactId, Vec<ContactPoint>> = BTreeMap::new();
    for point in uow.list_all_of_anyone(&of_them).await? {
        points.entry(point.contact_id).or_default().push(point.value);
    }
    let employers: BTreeSet<Uuid> = contacts.iter().filter_map(|contact| contact.account_id).map(Id::uuid).collect();
    let employers = by_id::<Account>(uow, &Vec::from_iter(employers)).await?;
    let names: BTreeMap<AccountId, &str> =
        employers.iter().map(|account| (account.id, account.name.as_str())).collect();
    for row in contacts {
        let company = row.account_id.and_then(|id| names.get(&id).copied());
        let profile = Profile::of_contact(&row, points.get(&row.id).into_iter().flatten(), company);
        let visible = sees(uow, Permission::ContactRead, &row);
        known.insert(RecordRef::new(RecordKind::Contact, row.id), Known { profile, visible });
    }
    Ok(())
}

async fn accounts(uow: &mut UnitOfWork<'_>, ids: Vec<Uuid>, known: &mut BTreeMap<RecordRef, Known>) -> Result<()> {
    let accounts = by_id::<Account>(uow, &ids).await?;
    if accounts.is_empty() {
        return Ok(());
    }
    let of_them = AccountDomain::ACCOUNT.is_one_of(accounts.iter().map(|account| account.id));
    let domains = uow.list_all_of_anyone(&of_them).await?;
    for row in accounts {
        let own = domains.iter().filter(|domain| domain.account_id == row.id).map(|domain| &domain.domain);
        let profile = Profile::of_account(&row, own);
        let visible = sees(uow, Permission::AccountRead, &row);
        known.insert(RecordRef::new(RecordKind::Account, row.id), Known { profile, visible });
    }
    Ok(())
}

fn sees<E: Entity>(uow: &UnitOfWork<'_>, permission: Permission, row: &Stored<E>) -> bool {
    uow.caller().check(permission).is_ok() && uow.caller().sees().matches(row)
}

/// Reads records by identifier, a page's worth at a time.
#[expect(clippy::elidable_lifetime_names, reason = "the bound names the lifetime")]
async fn by_id<'a, E: Entity>(uow: &mut UnitOfWork<'a>, ids: &[Uuid]) -> Result<Vec<Stored<E>>>
where
    dyn Tx + 'a: Records<E>,
{
    let mut rows = Vec::with_capacity(ids.len());
    for some in ids.chunks(usize::try_from(LARGEST_PAGE).unwrap_or(1)) {
        let these = Test::In(some.iter().copied().map(Value::Uuid).collect());
        rows.extend(uow.list_all_of_anyone(&Predicate::Test(Field::ID, these)).await?);
    }
    Ok(rows)
}
