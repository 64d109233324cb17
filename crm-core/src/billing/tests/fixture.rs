//! A desk, a tenant, and books to play with.

use std::sync::Arc;
use std::time::Duration;

use crate::access::{Caller, OrganizationId, Permission};
use crate::billing::catalogue::{ServicePrice, ServicePriceEvent};
use crate::billing::{
    AccessPolicy, Billing, Catalogue, Decision, Desk, ExternalId, Interval, InvoiceLine, InvoiceStatus, InvoiceTruth,
    ItemTruth, Mode, ObjectRef, Pages, Period, PriceTruth, ProviderEvent, Snapshot, Subscription, SubscriptionPaywall,
    SubscriptionStatus, SubscriptionTruth, decide, default_prices, project,
};
use crate::kernel::{Clock, Money, Timestamp};
use crate::paywall::{Level, ServiceModule};
use crate::testing::books::{FakeBooks, subscription};
use crate::testing::office::{Office, SharedClock};

pub(super) const DAY: Duration = Duration::from_hours(24);
pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) fn id(text: &str) -> ExternalId {
    text.parse().unwrap()
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The provider's price for an entry of the catalogue.
pub(super) fn price_of(entry: &ServicePrice) -> PriceTruth {
    PriceTruth {
        id: id(&format!("price_{}", entry.lookup_key)),
        lookup_key: Some(entry.lookup_key.clone()),
        product: None,
        service: None,
        unit_amount: Some(entry.amount()),
        interval: Some(entry.interval),
        interval_count: 1,
        metered: false,
        active: true,
    }
}

pub(super) fn price(lookup_key: &str) -> PriceTruth {
    let prices = default_prices().unwrap();
    let known = prices.iter().find(|entry| entry.lookup_key == lookup_key).map(price_of);
    known.unwrap_or_else(|| PriceTruth {
        id: id(&format!("price_{lookup_key}")),
        lookup_key: Some(lookup_key.to_owned()),
        product: None,
        service: Some("lead_generation".to_owned()),
        unit_amount: None,
        interval: Some(Interval::Month),
        interval_count: 1,
        metered: false,
        active: true,
    })
}

pub(super) fn catalogue() -> Catalogue {
    Catalogue::new(default_prices().unwrap())
}

/// January: the period that most tests are in.
pub(super) const START: &str = "2026-01-01T00:00:00Z";
pub(super) const END: &str = "2026-02-01T00:00:00Z";

pub(super) fn item(name: &str, lookup_key: &str, start: Timestamp, end: Timestamp) -> ItemTruth {
    ItemTruth { id: id(name), price: price(lookup_key), quantity: 1, period: Some(Period { start, end }) }
}

/// A subscription to lead generation by the month, in January.
pub(super) fn january(status: SubscriptionStatus) -> SubscriptionTruth {
    let items = vec![item("si_1", "leadgen_monthly", at(START), at(END))];
    subscription(id("sub_1"), id("cus_1"), status, items, at(START))
}

/// An open invoice that charges these items.
pub(super) fn open_invoice(items: &[&str], effective_at: Timestamp) -> InvoiceTruth {
    let amount = Money::new(9_900, crate::kernel::Currency::USD);
    let line = |item: &&str| InvoiceLine { item: Some(id(item)), price: None, amount, description: None, period: None };
    InvoiceTruth {
        id: id("in_1"),
        customer: Some(id("cus_1")),
        subscription: Some(id("sub_1")),
        number: None,
        status: InvoiceStatus::Open,
        total: amount,
        amount_due: amount,
        amount_paid: Money::zero(amount.currency()),
        created_at: effective_at.minus(Duration::from_hours(1)),
        effective_at: Some(effective_at),
        due_at: None,
        paid_at: None,
        attempt_count: 1,
        next_payment_attempt: Some(effective_at.plus(DAY * 3)),
        hosted_url: None,
        pdf_url: None,
        lines: items.iter().map(line).collect(),
    }
}

pub(super) fn record(truth: SubscriptionTruth) -> Subscription {
    project(None, truth, &catalogue(), false, at(START)).0
}

pub(super) fn snapshot(truths: impl IntoIterator<Item = SubscriptionTruth>) -> Snapshot {
    Snapshot { version: 1, subscriptions: truths.into_iter().map(record).collect(), ..Snapshot::default() }
}

pub(super) fn decided(truth: SubscriptionTruth, now: Timestamp) -> Decision {
    decide(&snapshot([truth]), &AccessPolicy::default(), now)
}

pub(super) fn level(truth: &SubscriptionTruth, now: Timestamp) -> Level {
    decided(truth.clone(), now).level(ServiceModule::LeadGeneration)
}

/// A desk and a tenant on one store, with books behind the gateway.
pub(super) struct Business {
    pub(super) office: Office,
    pub(super) books: FakeBooks,
    pub(super) billing: Billing,
    pub(super) paywall: Arc<SubscriptionPaywall>,
}

impl Business {
    pub(super) async fn open() -> Self {
        let mut office = Office::open().await;
        let desk = office.neighbour("desk").await.organization;
        let clock: Arc<dyn Clock> = Arc::new(SharedClock(Arc::clone(&office.clock)));
        let books = FakeBooks::new(clock, default_prices().unwrap().iter().map(price_of).collect());
        let paywall = Arc::new(SubscriptionPaywall::new(Arc::new(office.store.clone()), AccessPolicy::default()));
        let pages = Pages {
            checkout_done: "https://host.example/done".to_owned(),
            checkout_left: "https://host.example/left".to_owned(),
            portal_left: "https://host.example/billing".to_owned(),
        };
        let billing = Billing::new(Arc::new(books.clone()), desk, pages).with_paywall(Arc::clone(&paywall));
        office.crm = office.crm.with_paywall(Arc::clone(&paywall)).with_job_handlers(billing.job_handlers());
        office.clock.set(at("2026-01-10T00:00:00Z"));
        let business = Self { office, books, billing, paywall };
        business.fill_catalogue().await;
        business
    }

    async fn fill_catalogue(&self) {
        let session = self.office.crm.session(Caller::system(self.billing.desk(), "test"));
        let mut uow = session.begin(Permission::BillingManage).await.unwrap();
        for price in default_prices().unwrap() {
            uow.insert(price, ServicePriceEvent::Created).await.unwrap();
        }
        uow.commit().await.unwrap();
    }

    pub(super) fn desk(&self) -> Desk<'_> {
        self.office.crm.billing_desk(&self.billing)
    }

    pub(super) fn tenant(&self) -> OrganizationId {
        self.office.organization
    }

    pub(super) fn now(&self) -> Timestamp {
        self.office.clock.now()
    }

    /// Does everything that is due now, some time later at the latest.
    pub(super) async fn work(&self) {
        for _ in 0..20 {
            let run = self.office.crm.run_due("worker", 100).await.unwrap();
            assert!(run.troubles.is_empty(), "{:?}", run.troubles);
            if run.tried() == 0 {
                return;
            }
        }
    }

    /// An event of the books about a customer.
    pub(super) fn event(&self, name: &str, customer: Option<&str>) -> ProviderEvent {
        ProviderEvent {
            provider: "fake".to_owned(),
            account: None,
            mode: Mode::Test,
            id: id(name),
            kind: "customer.subscription.updated".to_owned(),
            occurred_at: self.now(),
            object: Some(ObjectRef { kind: "subscription".to_owned(), id: Some(id("sub_1")) }),
            customer: customer.map(id),
            subscription: None,
            reversal: None,
            body: "{}".to_owned(),
        }
    }

    /// What the store says of a service now.
    pub(super) fn level(&self, service: ServiceModule) -> Level {
        self.decision().level(service)
    }

    /// What is decided from the store, without any cache.
    pub(super) fn decision(&self) -> Decision {
        let rows = self.office.store.dump::<Subscription>(self.tenant());
        let grants = self.office.store.dump::<crate::billing::ServiceGrant>(self.tenant());
        let account = self.office.store.dump::<crate::billing::BillingAccount>(self.tenant()).pop();
        let snapshot = Snapshot {
            version: 0,
            subscriptions: rows.into_iter().map(|row| row.value).collect(),
            grants: grants.into_iter().map(|row| row.value).collect(),
            withholdings: account.map(|row| row.value.withholdings).unwrap_or_default(),
        };
        decide(&snapshot, self.billing.policy(), self.now())
    }
}
