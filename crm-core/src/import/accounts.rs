//! Judging rows as accounts: matched by domain, else by exact name.
//!
//! A row whose name is known is another company all the same when both have domains and these differ. Rows are judged
//! in waves: a row that shares its domain or name with one before it waits until that one is stored.

use std::collections::{BTreeMap, BTreeSet};

use super::account_row::{AccountRow, read_account};
use super::judged::{Entry, Judged, UNSEEN};
use super::ledger::{IssueKind, RowOutcome};
use super::model::Import;
use super::reading::{Findings, Reading};
use super::unique::{Told, name_taken, taken};
use crate::identity::{KeyKind, KeySet, RecordKind, RecordRef};
use crate::intake::{MatchBy, OnMatch};
use crate::kernel::{Domain, Field, Patch, Predicate, Result, Stored, Test, Value, Website};
use crate::people::{
    Account, AccountDomain, AccountDraft, AccountId, AccountPatch, NewAccount, insert_accounts, save_account,
};
use crate::store::UnitOfWork;

/// A row that was read, on its way to be judged.
struct Reader<'a> {
    entry: &'a Entry,
    findings: Findings<'a>,
    account: Option<AccountRow>,
}

/// The accounts that rows of a wave may be about.
struct Known {
    accounts: BTreeMap<AccountId, Stored<Account>>,
    domains: BTreeMap<Domain, AccountId>,
}

/// Judges rows in their order, in one unit of work.
pub(super) async fn judge_accounts(
    uow: &mut UnitOfWork<'_>,
    import: &Stored<Import>,
    reading: &Reading,
    entries: &[Entry],
) -> Result<Vec<Judged>> {
    let mut rest = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut findings = entry.findings(reading);
        let account = match entry {
            Entry::Readable(row) => {
                Some(read_account(reading, uow, row, &mut findings)).filter(|_| !findings.keep_out())
            }
            Entry::Unreadable(_) => None,
        };
        rest.push(Reader { entry, findings, account });
    }
    let mut judged = Vec::with_capacity(entries.len());
    while !rest.is_empty() {
        let later = rest.split_off(wave(&rest));
        judged.extend(judge_wave(uow, import, reading, rest).await?);
        rest = later;
    }
    Ok(judged)
}

/// How many rows from the first on share neither domain nor name.
fn wave(rows: &[Reader<'_>]) -> usize {
    let (mut domains, mut names) = (BTreeSet::new(), BTreeSet::new());
    let is_known = |row: &Reader<'_>| {
        let Some(account) = &row.account else { return false };
        let domain = domain(account).is_some_and(|domain| !domains.insert(domain));
        let name = account.name.as_ref().is_some_and(|name| !names.insert(name.clone()));
        domain || name
    };
    rows.iter().position(is_known).unwrap_or(rows.len())
}

fn domain(account: &AccountRow) -> Option<Domain> {
    account.website.as_ref().and_then(Website::registrable_domain).filter(|domain| !domain.is_free_mail())
}

fn claims(reading: &Reading, account: &AccountRow) -> Told {
    let name = account.name.as_ref().map_or_else(String::new, |name| name.to_lowercase());
    let keys = KeySet::default().with(KeyKind::Company, &name);
    let keys = domain(account).iter().fold(keys, KeySet::domain);
    Told::new(reading, &account.custom, &keys)
}

async fn judge_wave(
    uow: &mut UnitOfWork<'_>,
    import: &Stored<Import>,
    reading: &Reading,
    rows: Vec<Reader<'_>>,
) -> Result<Vec<Judged>> {
    let mut known = Known::load(uow, &rows).await?;
    let told: Vec<_> = rows.iter().map(|row| row.account.as_ref().map(|account| claims(reading, account))).collect();
    let taken = taken(uow, reading, &told).await?;
    let (mut judged, mut drafts) = (Vec::with_capacity(rows.len()), Vec::new());
    for (Reader { entry, mut findings, mut account }, taken) in rows.into_iter().zip(taken) {
        if let (Entry::Readable(row), Some(account)) = (entry, &mut account) {
            name_taken(reading, row, taken, &mut account.custom, &mut findings);
        }
        let Some(account) = account.filter(|_| !findings.keep_out()) else {
            judged.push(entry.judged(reading, RowOutcome::Refused, None, findings));
            continue;
        };
        let id = known.find(&account, &reading.options.match_by);
        let create = id.is_none() || reading.options.on_match == OnMatch::Create;
        let (outcome, record) = match id {
            Some(id) if !create => {
                let outcome = update(uow, reading, &mut known, id, account, &mut findings).await?;
                (outcome, Some(id).filter(|_| outcome != RowOutcome::Refused))
            }
            same => match account.into_new(&import.source).map(|new| draft(uow, reading, &known, new)) {
                Some(Ok(draft)) => {
                    let id = draft.id;
                    drafts.push(draft);
                    if let Some(same) = same {
                        let seen = known.accounts.get(&same).is_some_and(|row| uow.caller().sees().matches(row));
                        let which = if seen { format!("account {same}") } else { UNSEEN.to_owned() };
                        let message = format!("made, though {which} may be the same");
                        findings.add(IssueKind::Note, None, "import.possible_duplicate", None, message);
                    }
                    (if same.is_some() { RowOutcome::Flagged } else { RowOutcome::Created }, Some(id))
                }
                Some(Err(error)) => {
                    findings.refuse(&error);
                    (RowOutcome::Refused, None)
                }
                None => (RowOutcome::Refused, None),
            },
        };
        let record = record.map(|id| RecordRef::new(RecordKind::Account, id));
        judged.push(entry.judged(reading, outcome, record, findings));
    }
    if !drafts.is_empty() {
        insert_accounts(uow, &reading.schema, drafts).await?;
    }
    Ok(judged)
}

/// A new account. Domains that another account has stay there.
fn draft(uow: &UnitOfWork<'_>, reading: &Reading, known: &Known, new: NewAccount) -> Result<AccountDraft> {
    let (account, mut domains) = Account::new(new)?;
    reading.schema.check(&account.custom)?;
    domains.retain(|domain| !known.domains.contains_key(domain));
    Ok(AccountDraft { id: uow.new_id(), account, domains })
}

/// Fills or overwrites a known account, as was chosen.
async fn update(
    uow: &mut UnitOfWork<'_>,
    reading: &Reading,
    known: &mut Known,
    id: AccountId,
    told: AccountRow,
    findings: &mut Findings<'_>,
) -> Result<RowOutcome> {
    let Some(row) = known.accounts.get(&id) else { return Ok(RowOutcome::Skipped) };
    if reading.options.on_match == OnMatch::Skip || !uow.caller().sees().matches(row) {
        return Ok(RowOutcome::Skipped);
    }
    let mut row = row.clone();
    let before = row.value.clone();
    let patch = patch(told, &before, reading.options.on_match == OnMatch::Overwrite);
    let changed = row.value.change(patch).map_err(Into::into).and_then(|event| {
        if row.custom != before.custom {
            reading.schema.check_change(&before.custom, &row.custom)?;
        }
        Ok(event)
    });
    match changed {
        Err(error) => {
            findings.refuse(&error);
            Ok(RowOutcome::Refused)
        }
        Ok(None) => Ok(RowOutcome::Linked),
        Ok(Some(event)) => {
            let row = save_account(uow, &before, row, event).await?;
            known.accounts.insert(id, row);
            Ok(RowOutcome::Updated)
        }
    }
}

fn patch(told: AccountRow, known: &Account, overwrite: bool) -> AccountPatch {
    fn one<T>(told: Option<T>, known: Option<&T>, overwrite: bool) -> Patch<T> {
        told.filter(|_| overwrite || known.is_none()).map_or(Patch::Keep, Patch::Set)
    }
    let mut custom = known.custom.clone();
    for (key, value) in told.custom.iter().filter(|(key, _)| overwrite || known.custom.get(key).is_none()) {
        custom.set(key.clone(), value.clone());
    }
    AccountPatch {
        name: told.name.filter(|_| overwrite),
        website: one(told.website, known.website.as_ref(), overwrite),
        phone: one(told.phone, known.phone.as_ref(), overwrite),
        industry: one(told.industry, known.industry.as_ref(), overwrite),
        employee_count: one(told.employee_count, known.employee_count.as_ref(), overwrite),
        annual_revenue: one(told.annual_revenue, known.annual_revenue().as_ref(), overwrite),
        city: one(told.city, known.city.as_ref(), overwrite),
        country: one(told.country, known.country.as_ref(), overwrite),
        status: told.status.filter(|_| overwrite),
        source: one(told.source, known.source.as_ref(), overwrite),
        owner_id: one(told.owner_id, known.owner_id.as_ref(), overwrite),
        // Tags are never taken away by a file.
        tags: (!told.tags.is_empty()).then(|| known.tags.iter().cloned().chain(told.tags).collect()),
        custom: Some(custom),
        note: one(told.note, known.note.as_ref(), overwrite),
    }
}

impl Known {
    async fn load(uow: &mut UnitOfWork<'_>, rows: &[Reader<'_>]) -> Result<Self> {
        let told = || rows.iter().filter_map(|row| row.account.as_ref());
        let wanted: Vec<String> = told().filter_map(domain).map(|domain| domain.as_str().to_owned()).collect();
        let names: Vec<String> = told().filter_map(|row| Some(row.name.as_ref()?.as_str().to_owned())).collect();
        let by_domain = uow.list_all(&AccountDomain::DOMAIN.is_one_of(wanted)).await?;
        let by_name = uow.list_all_of_anyone(&Account::NAME_FIELD.is_one_of(names)).await?;
        let of_names = AccountDomain::ACCOUNT.is_one_of(by_name.iter().map(|account| account.id));
        let domains: BTreeMap<Domain, AccountId> = by_domain
            .into_iter()
            .chain(uow.list_all(&of_names).await?)
            .map(|row| (row.value.domain, row.value.account_id))
            .collect();
        let ids = domains.values().map(|id| Value::Uuid(id.uuid())).collect();
        let of_domains = uow.list_all_of_anyone(&Predicate::<Account>::Test(Field::ID, Test::In(ids))).await?;
        let accounts = by_name.into_iter().chain(of_domains).map(|account| (account.id, account)).collect();
        Ok(Self { accounts, domains })
    }

    /// The account that the row is about; the oldest, when several have its name.
    fn find(&self, told: &AccountRow, match_by: &MatchBy) -> Option<AccountId> {
        let counts = |kind| match match_by {
            MatchBy::Evidence => true,
            MatchBy::Keys(kinds) => kinds.contains(&kind),
        };
        let own = domain(told);
        if counts(KeyKind::Domain)
            && let Some(id) = own.as_ref().and_then(|domain| self.domains.get(domain))
        {
            return Some(*id);
        }
        let has_domain = |id: AccountId| self.domains.values().any(|owner| *owner == id);
        let is_same = |account: &&Stored<Account>| {
            Some(&account.value.name) == told.name.as_ref()
                && (matches!(match_by, MatchBy::Keys(_)) || own.is_none() || !has_domain(account.id))
        };
        self.accounts.values().filter(|_| counts(KeyKind::Company)).find(is_same).map(|account| account.id)
    }
}
