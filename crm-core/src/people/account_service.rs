//! Commands on accounts.

use std::collections::{BTreeMap, BTreeSet};

use super::account::{Account, AccountDomain, AccountEvent, AccountId, AccountPatch, AccountRefusal, NewAccount};
use super::refile::contacts_of;
use crate::access::Permission;
use crate::custom_field::Schema;
use crate::identity::{RecordKind, RecordRef, replace_keys};
use crate::kernel::Domain;
use crate::kernel::{Page, Predicate, Result, Stored};
use crate::store::{RecordNotFound, Session, UnitOfWork};

/// An account that is about to be added.
#[derive(Clone, Debug)]
pub struct AccountDraft {
    /// Its identifier.
    pub id: AccountId,
    /// The account.
    pub account: Account,
    /// Its domains.
    pub domains: Vec<Domain>,
}

/// Adds accounts with their domains, keys and unique custom values, in few statements.
///
/// # Errors
/// `InvalidInput` when custom values do not fit the schema; `StoreError::Duplicate` when a domain is taken.
pub async fn insert_accounts(
    uow: &mut UnitOfWork<'_>,
    schema: &Schema,
    drafts: Vec<AccountDraft>,
) -> Result<Vec<Stored<Account>>> {
    let mut keys = Vec::new();
    let mut domains = Vec::new();
    let mut rows = Vec::with_capacity(drafts.len());
    for draft in drafts {
        schema.check(&draft.account.custom)?;
        let record = RecordRef::new(RecordKind::Account, draft.id);
        keys.extend(draft.account.keys(&draft.domains).into_parts(record));
        domains.extend(draft.domains.into_iter().map(|domain| AccountDomain { account_id: draft.id, domain }));
        rows.push((uow.fresh(draft.id, draft.account), AccountEvent::Created));
    }
    let accounts: Vec<_> = rows.iter().map(|(account, _)| account.clone()).collect();
    uow.insert_all(rows).await?;
    uow.add_parts(domains).await?;
    uow.add_parts(keys).await?;
    let held = accounts.iter().map(|account| (account.id.uuid(), &account.custom));
    schema.claim_new(uow, RecordKind::Account, held).await?;
    Ok(accounts)
}

/// Saves a changed account with its keys and unique custom values. A new website brings its domain.
///
/// # Errors
/// `InvalidInput` when custom values do not fit the schema; `StoreError::Duplicate` when the domain is taken.
pub async fn save_account(
    uow: &mut UnitOfWork<'_>,
    before: &Account,
    row: Stored<Account>,
    event: AccountEvent,
) -> Result<Stored<Account>> {
    let record = RecordRef::new(RecordKind::Account, row.id);
    if before.custom != row.custom {
        let schema = Schema::load(uow, RecordKind::Account).await?;
        schema.check_change(&before.custom, &row.custom)?;
        schema.claim(uow, record, Some(&before.custom), &row.custom).await?;
    }
    let mut domains = domains_of(uow, row.id).await?;
    // Only a new website brings its domain: one that was taken away from the account stays away.
    let fresh = if before.website == row.website { None } else { row.website_domain() };
    if let Some(domain) = fresh.filter(|domain| !domains.contains(domain)) {
        uow.add_parts(vec![AccountDomain { account_id: row.id, domain: domain.clone() }]).await?;
        domains.insert(domain);
    }
    replace_keys(uow, record, row.keys(&domains)).await?;
    if before.name != row.name {
        uow.schedule(contacts_of(row.id, uow.now(), None)).await?;
    }
    uow.save(row, event).await
}

async fn domains_of(uow: &mut UnitOfWork<'_>, id: AccountId) -> Result<BTreeSet<Domain>> {
    let rows = uow.list_all(&AccountDomain::ACCOUNT.is(id)).await?;
    Ok(rows.into_iter().map(|row| row.value.domain).collect())
}

/// Commands on accounts.
#[derive(Clone, Copy, Debug)]
pub struct Accounts<'a>(pub(crate) &'a Session);

impl Accounts<'_> {
    /// Makes an account.
    ///
    /// ```
    /// # use crm_core::people::{NewAccount};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let account = session.accounts().create(NewAccount::named("Engines".parse()?)).await?;
    /// assert_eq!(account.name.as_str(), "Engines");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `AccountRefusal`, `InvalidInput` (custom values), `StoreError::Duplicate` when a domain is taken.
    pub async fn create(&self, new: NewAccount) -> Result<Stored<Account>> {
        let mut uow = self.0.begin(Permission::AccountCreate).await?;
        let (account, domains) = Account::new(new)?;
        let schema = Schema::load(&mut uow, RecordKind::Account).await?;
        let id = uow.new_id();
        let mut created = insert_accounts(&mut uow, &schema, vec![AccountDraft { id, account, domains }]).await?;
        uow.commit().await?;
        created.pop().ok_or_else(|| RecordNotFound { entity: "account", id: id.uuid() }.into())
    }

    /// The account.
    ///
    /// ```
    /// # use crm_core::people::{NewAccount};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let account = session.accounts().create(NewAccount::named("Engines".parse()?)).await?;
    /// assert_eq!(session.accounts().get(account.id).await?, account);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when there is none that the caller may see.
    pub async fn get(&self, id: AccountId) -> Result<Stored<Account>> {
        self.0.begin(Permission::AccountRead).await?.get(id).await
    }

    /// The accounts that match, in the page's order.
    ///
    /// ```
    /// # use crm_core::kernel::{Page};
    /// # use crm_core::people::{Account, NewAccount};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let account = session.accounts().create(NewAccount::named("Engines".parse()?)).await?;
    /// let engines = Account::NAME_FIELD.starts_with("Eng");
    /// assert_eq!(session.accounts().list(&engines, &Page::first(50)).await?.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn list(&self, filter: &Predicate<Account>, page: &Page<Account>) -> Result<Vec<Stored<Account>>> {
        self.0.begin(Permission::AccountRead).await?.list(filter, page).await
    }

    /// The account's domains.
    ///
    /// ```
    /// # use crm_core::people::{NewAccount};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let account = session.accounts().create(NewAccount::named("Engines".parse()?)).await?;
    /// session.accounts().add_domain(account.id, "engine.example".parse()?).await?;
    /// assert_eq!(session.accounts().domains(account.id).await?.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn domains(&self, id: AccountId) -> Result<BTreeSet<Domain>> {
        let mut uow = self.0.begin(Permission::AccountRead).await?;
        uow.get(id).await?;
        domains_of(&mut uow, id).await
    }

    /// Changes fields of an account in the version that the caller has seen.
    ///
    /// ```
    /// # use crm_core::kernel::{Patch};
    /// # use crm_core::people::{AccountPatch, NewAccount};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let account = session.accounts().create(NewAccount::named("Engines".parse()?)).await?;
    /// let patch = AccountPatch { city: Patch::Set("Bern".parse()?), ..AccountPatch::default() };
    /// let account = session.accounts().change(account.id, account.version, patch).await?;
    /// assert_eq!(account.city.as_deref(), Some("Bern"));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `AccountRefusal`, `InvalidInput`, `StoreError::Duplicate` (domain).
    pub async fn change(&self, id: AccountId, version: i64, patch: AccountPatch) -> Result<Stored<Account>> {
        let mut uow = self.0.begin(Permission::AccountUpdate).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        let before = row.value.clone();
        let Some(event) = row.value.change(patch)? else { return Ok(row) };
        let row = save_account(&mut uow, &before, row, event).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// Adds a domain.
    ///
    /// ```
    /// # use crm_core::people::{NewAccount};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let account = session.accounts().create(NewAccount::named("Engines".parse()?)).await?;
    /// session.accounts().add_domain(account.id, "engine.example".parse()?).await?;
    /// let domains = vec!["engine.example".parse()?];
    /// let rival = NewAccount { domains, ..NewAccount::named("Rival".parse()?) };
    /// let refused = session.accounts().create(rival).await.unwrap_err();
    /// assert_eq!(refused.code(), "record.duplicate");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `AccountRefusal::FreeMailDomain`; `StoreError::Duplicate` when an account has it.
    pub async fn add_domain(&self, id: AccountId, domain: Domain) -> Result<()> {
        let mut uow = self.0.begin(Permission::AccountUpdate).await?;
        let row = uow.get(id).await?;
        if domain.is_free_mail() {
            return Err(AccountRefusal::FreeMailDomain(domain).into());
        }
        uow.add_parts(vec![AccountDomain { account_id: id, domain: domain.clone() }]).await?;
        let domains = domains_of(&mut uow, id).await?;
        replace_keys(&mut uow, RecordRef::new(RecordKind::Account, id), row.keys(&domains)).await?;
        uow.say(&row, &AccountEvent::DomainAdded(domain))?;
        uow.commit().await
    }

    /// Removes a domain.
    ///
    /// ```
    /// # use crm_core::people::{NewAccount};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let account = session.accounts().create(NewAccount::named("Engines".parse()?)).await?;
    /// session.accounts().add_domain(account.id, "engine.example".parse()?).await?;
    /// session.accounts().remove_domain(account.id, "engine.example".parse()?).await?;
    /// assert!(session.accounts().domains(account.id).await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when the account has it not.
    pub async fn remove_domain(&self, id: AccountId, domain: Domain) -> Result<()> {
        let mut uow = self.0.begin(Permission::AccountUpdate).await?;
        let row = uow.get(id).await?;
        let filter = AccountDomain::ACCOUNT.is(id).and(AccountDomain::DOMAIN.is(domain.as_str()));
        let part = uow.list(&filter, &Page::first(1)).await?.pop();
        uow.remove_part(&part.ok_or(RecordNotFound { entity: "account_domain", id: id.uuid() })?).await?;
        let domains = domains_of(&mut uow, id).await?;
        replace_keys(&mut uow, RecordRef::new(RecordKind::Account, id), row.keys(&domains)).await?;
        uow.say(&row, &AccountEvent::DomainRemoved(domain))?;
        uow.commit().await
    }

    /// Lets the account belong to another, or to none.
    ///
    /// ```
    /// # use crm_core::people::{NewAccount};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let account = session.accounts().create(NewAccount::named("Engines".parse()?)).await?;
    /// let group = session.accounts().create(NewAccount::named("Group".parse()?)).await?;
    /// let account = session.accounts().place(account.id, Some(group.id)).await?;
    /// assert_eq!(account.parent_id, Some(group.id));
    /// assert!(session.accounts().place(group.id, Some(account.id)).await.is_err(), "no circles");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`; `AccountRefusal::Cycle` when it would belong to itself.
    pub async fn place(&self, id: AccountId, parent_id: Option<AccountId>) -> Result<Stored<Account>> {
        let mut uow = self.0.begin(Permission::AccountUpdate).await?;
        // Two moves at once could close a circle that neither sees.
        let organization = uow.organization();
        uow.lock(organization).await?;
        let mut row = uow.get(id).await?;
        let mut above = BTreeMap::new();
        let mut next = parent_id;
        while let Some(parent) = next {
            if parent == id || above.contains_key(&parent) {
                return Err(AccountRefusal::Cycle { child: id, parent: parent_id.unwrap_or(parent) }.into());
            }
            let account = uow.find_of_anyone(parent).await?;
            let account = account.ok_or(RecordNotFound { entity: "account", id: parent.uuid() })?;
            next = account.parent_id;
            above.insert(parent, account);
        }
        let from = std::mem::replace(&mut row.value.parent_id, parent_id);
        let row = uow.save(row, AccountEvent::Moved { from, to: parent_id }).await?;
        uow.commit().await?;
        Ok(row)
    }
}
