//! The writing of a fetch into an organization's records: all of it or nothing, and never an older one over a newer.

use std::collections::BTreeMap;

use super::invoice::{Invoice, InvoiceEvent, PaymentMethod, PaymentMethodEvent};
use super::model::{BillingAccount, BillingAccountEvent, ServiceGrant};
use super::project::project;
use super::subscription::{Subscription, SubscriptionEvent};
use crate::billing::access::Snapshot;
use crate::billing::catalogue::{Catalogue, PlanLimit};
use crate::billing::external::ExternalId;
use crate::billing::revenue::RevenueFact;
use crate::billing::truth::{CustomerTruth, InvoiceTruth, PaymentMethodTruth, SubscriptionStatus, SubscriptionTruth};
use crate::kernel::{Predicate, Result, Stored};
use crate::store::UnitOfWork;

/// All that the provider answered about a customer in one fetch.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched {
    /// The number of the fetch, taken before it was begun.
    pub seq: i64,
    /// The customer.
    pub customer: CustomerTruth,
    /// All its subscriptions.
    pub subscriptions: Vec<SubscriptionTruth>,
    /// All its invoices.
    pub invoices: Vec<InvoiceTruth>,
    /// All its payment methods.
    pub payment_methods: Vec<PaymentMethodTruth>,
    /// Whether it is put together from events, since the provider could not be asked.
    pub provisional: bool,
}

/// What the writing of a fetch came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// Whether it was written; an older fetch than the last is not.
    pub written: bool,
    /// How many records were not as fetched.
    pub changed: i64,
    /// Prices that the catalogue does not know.
    pub unknown_prices: Vec<ExternalId>,
    /// States that we do not know.
    pub unknown_statuses: Vec<String>,
}

/// The organization's account, held against others; a new one when there is none.
pub(in crate::billing) async fn account(uow: &mut UnitOfWork<'_>) -> Result<Stored<BillingAccount>> {
    let id = BillingAccount::id_of(uow.organization());
    if let Some(account) = uow.lock_of_anyone(id).await? {
        return Ok(account);
    }
    let account = uow.fresh(id, BillingAccount::default());
    uow.insert_all(vec![(account.clone(), BillingAccountEvent::Opened)]).await?;
    Ok(account)
}

/// Gives what access depends on another version, and has other processes told once that is committed. The caller saves
/// the account.
pub(in crate::billing) async fn raise_version(uow: &mut UnitOfWork<'_>, account: &mut BillingAccount) -> Result<()> {
    account.entitlement_version += 1;
    Ok(uow.tx().announce_access(account.entitlement_version).await?)
}

/// Everything that access depends on.
pub(in crate::billing) async fn snapshot(uow: &mut UnitOfWork<'_>) -> Result<Snapshot> {
    let account = uow.find_of_anyone(BillingAccount::id_of(uow.organization())).await?;
    let subscriptions = uow.list_all(&Predicate::<Subscription>::everything()).await?;
    let grants = uow.list_all(&Predicate::<ServiceGrant>::everything()).await?;
    let account = account.map(|account| account.value).unwrap_or_default();
    Ok(Snapshot {
        version: account.entitlement_version,
        subscriptions: subscriptions.into_iter().map(|row| row.value).collect(),
        grants: grants.into_iter().map(|row| row.value).collect(),
        withholdings: account.withholdings,
    })
}

/// Writes a fetch into the organization that the unit of work is in.
pub(in crate::billing) async fn apply(
    uow: &mut UnitOfWork<'_>,
    fetched: Fetched,
    catalogue: &Catalogue,
) -> Result<Applied> {
    let mut account = account(uow).await?;
    let customer = fetched.customer.id.clone();
    if fetched.seq <= account.applied(&customer) {
        return Ok(Applied::default());
    }
    let mut applied = Applied { written: true, ..Applied::default() };
    let before = account.value.clone();
    let trial = fetched
        .subscriptions
        .iter()
        .filter_map(|truth| truth.trial.map(|trial| trial.start.unwrap_or(truth.created_at)));
    if let (None, Some(begun)) = (account.trial_used_at, trial.min()) {
        account.value.trial_used_at = Some(begun);
        uow.say(&account, &BillingAccountEvent::TrialBegun)?;
    }
    let subscriptions = write_subscriptions(uow, &fetched, catalogue, &mut applied).await?;
    let default = fetched.customer.default_payment_method;
    if !fetched.provisional {
        applied.changed += write_invoices(uow, &customer, fetched.invoices).await?;
        applied.changed += write_payment_methods(uow, &customer, fetched.payment_methods, default.as_ref()).await?;
    }
    applied.changed += subscriptions;
    account.value.plan_limits = plan_limits(uow, catalogue).await?;
    if !fetched.provisional {
        account.value.apply(&customer, fetched.seq);
    }
    if subscriptions > 0 {
        raise_version(uow, &mut account.value).await?;
    }
    if account.value != before {
        uow.save_part(account).await?;
    }
    Ok(applied)
}

/// The limits that come with everything that the organization subscribes to.
async fn plan_limits(uow: &mut UnitOfWork<'_>, catalogue: &Catalogue) -> Result<Vec<PlanLimit>> {
    let all = uow.list_all(&Predicate::<Subscription>::everything()).await?;
    let items = all.into_iter().filter(|row| row.counts()).flat_map(|row| row.value.truth.items);
    let subscribed: Vec<_> = items.map(|item| (item.price, item.quantity)).collect();
    Ok(catalogue.limits(&subscribed))
}

async fn write_subscriptions(
    uow: &mut UnitOfWork<'_>,
    fetched: &Fetched,
    catalogue: &Catalogue,
    applied: &mut Applied,
) -> Result<i64> {
    let known = uow.list_all(&Predicate::<Subscription>::everything()).await?;
    let mut known: BTreeMap<ExternalId, Stored<Subscription>> =
        known.into_iter().map(|row| (row.external_id.clone(), row)).collect();
    let mut truths = fetched.subscriptions.clone();
    if fetched.customer.deleted {
        // The provider ends the subscriptions of a customer that it deletes, and no longer lists them.
        let gone = known.values().filter(|row| row.customer_id == fetched.customer.id && !row.status.is_final());
        for row in gone {
            if truths.iter().all(|truth| truth.id != row.external_id) {
                truths.push(row.truth.clone());
            }
        }
        for truth in truths.iter_mut().filter(|truth| !truth.status.is_final()) {
            truth.status = SubscriptionStatus::Canceled;
            truth.ended_at = Some(truth.ended_at.unwrap_or(uow.now()));
        }
    }
    let mut changed = 0;
    for truth in truths {
        // A subscription of another customer is none of this fetch.
        if truth.customer != fetched.customer.id {
            continue;
        }
        if let SubscriptionStatus::Other(word) = &truth.status {
            applied.unknown_statuses.push(word.clone());
        }
        let before = known.remove(&truth.id);
        let earlier = before.as_ref().map(|row| &row.value);
        let (after, unknown) = project(earlier, truth, catalogue, fetched.provisional, uow.now());
        applied.unknown_prices.extend(unknown);
        changed += write_subscription(uow, before, after).await?;
    }
    Ok(changed)
}

async fn write_subscription(
    uow: &mut UnitOfWork<'_>,
    before: Option<Stored<Subscription>>,
    after: Subscription,
) -> Result<i64> {
    if before.as_ref().is_none_or(|before| before.value != after)
        && let Some(fact) = RevenueFact::of(before.as_ref().map(|row| &row.value), &after, uow.now())
    {
        uow.add_parts(vec![fact]).await?;
    }
    let Some(mut row) = before else {
        let now = Box::new(after.clone());
        uow.insert(after, SubscriptionEvent::Appeared { now }).await?;
        return Ok(1);
    };
    if row.value == after {
        return Ok(0);
    }
    let from = row.status.clone();
    let now = Box::new(after.clone());
    let event = if after.status.is_final() && !from.is_final() {
        SubscriptionEvent::Ended { from, now }
    } else {
        SubscriptionEvent::Changed { from, now }
    };
    row.value = after;
    uow.save(row, event).await?;
    Ok(1)
}

async fn write_invoices(uow: &mut UnitOfWork<'_>, customer: &ExternalId, truths: Vec<InvoiceTruth>) -> Result<i64> {
    let known = uow.list_all(&Invoice::EXTERNAL_ID.is_one_of(truths.iter().map(|truth| truth.id.as_str()))).await?;
    let mut known: BTreeMap<ExternalId, Stored<Invoice>> =
        known.into_iter().map(|row| (row.external_id.clone(), row)).collect();
    let mut changed = 0;
    for after in truths.into_iter().filter_map(Invoice::of).filter(|invoice| invoice.customer_id == *customer) {
        let (status, total, paid) = (after.status.clone(), after.total(), after.paid());
        match known.remove(&after.external_id) {
            None => {
                uow.insert(after, InvoiceEvent::Appeared { status, total, paid }).await?;
            }
            Some(row) if row.value == after => continue,
            Some(mut row) => {
                let from = std::mem::replace(&mut row.value, after).status;
                uow.save(row, InvoiceEvent::Changed { from, status, paid }).await?;
            }
        }
        changed += 1;
    }
    Ok(changed)
}

async fn write_payment_methods(
    uow: &mut UnitOfWork<'_>,
    customer: &ExternalId,
    truths: Vec<PaymentMethodTruth>,
    default: Option<&ExternalId>,
) -> Result<i64> {
    let known = uow.list_all(&Predicate::<PaymentMethod>::everything()).await?;
    let mut known: BTreeMap<ExternalId, Stored<PaymentMethod>> =
        known.into_iter().map(|row| (row.external_id.clone(), row)).collect();
    let mut changed = 0;
    for truth in truths {
        let after = PaymentMethod::of(truth, customer.clone(), default);
        match known.remove(&after.external_id) {
            None => {
                uow.insert(after, PaymentMethodEvent::Added).await?;
            }
            Some(row) if row.value == after => continue,
            Some(mut row) => {
                row.value = after;
                uow.save(row, PaymentMethodEvent::Changed).await?;
            }
        }
        changed += 1;
    }
    for gone in known.into_values().filter(|row| row.customer_id == *customer) {
        uow.delete(gone, PaymentMethodEvent::Removed).await?;
        changed += 1;
    }
    Ok(changed)
}
