//! An operator's desk and a tenant on some store, with billing through some gateway.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crm_billing_stripe::testing::FakeStripe;
use crm_billing_stripe::{StripeWebhook, WebhookSecrets, signature_header};
use crm_core::access::{Caller, OrganizationId, Permission};
use crm_core::billing::{
    AccessPolicy, Billing, BillingGateway, Decision, Desk, ExternalId, Invoice, Pages, PaymentMethod, ProviderEvent,
    Received, ReceivedEvent, ReceivedState, ServicePriceEvent, Snapshot, Subscription, decide, default_prices,
};
use crm_core::crm::Crm;
use crm_core::kernel::{Clock, Predicate, Stored, Timestamp};
use crm_core::paywall::ServiceModule;
use crm_core::store::{Session, Store};
use crm_core::testing::office::found;
use crm_core::testing::{ManualClock, SequentialIds};

/// The customer of all samples.
pub(crate) const CUSTOMER: &str = "cus_TenantAcme0001";

struct Hands(Arc<ManualClock>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

pub(crate) struct House {
    pub(crate) crm: Crm,
    pub(crate) billing: Billing,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) tenant: OrganizationId,
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

pub(crate) fn customer() -> ExternalId {
    CUSTOMER.parse().unwrap()
}

/// A desk and a tenant.
#[derive(Clone, Copy)]
pub(crate) struct Founded {
    desk: OrganizationId,
    tenant: OrganizationId,
}

impl Founded {
    pub(crate) async fn on(store: impl Store + 'static, name: &str) -> Self {
        let crm = Crm::new(store, Hands(Arc::new(ManualClock::default())), House::ids());
        let (desk, _) = found(&crm, &format!("desk-{name}")).await;
        let (tenant, _) = found(&crm, &format!("acme-{name}")).await;
        let session = crm.session(Caller::system(desk, "test"));
        let mut uow = session.begin(Permission::AgendaRun).await.unwrap();
        for price in default_prices().unwrap() {
            uow.insert(price, ServicePriceEvent::Created).await.unwrap();
        }
        uow.commit().await.unwrap();
        Self { desk, tenant }
    }
}

impl House {
    /// Founds desk and tenant, with the default catalogue. The tenant is nobody's customer yet.
    pub(crate) async fn open(
        store: impl Store + Clone + 'static,
        gateway: Arc<dyn BillingGateway>,
        now: Timestamp,
        name: &str,
    ) -> Self {
        let founded = Founded::on(store.clone(), name).await;
        Self::founded(founded, store, gateway, now)
    }

    /// The same on a store on which both were founded before.
    pub(crate) fn founded(
        founded: Founded,
        store: impl Store + 'static,
        gateway: Arc<dyn BillingGateway>,
        now: Timestamp,
    ) -> Self {
        let Founded { desk, tenant } = founded;
        let clock = Arc::new(ManualClock::new(now));
        let billing = Billing::new(gateway, desk, Pages::default());
        let crm = Crm::new(store, Hands(Arc::clone(&clock)), Self::ids()).with_job_handlers(billing.job_handlers());
        Self { crm, billing, clock, tenant }
    }

    /// Identifiers that no other house in this process has.
    fn ids() -> SequentialIds {
        static HOUSES: AtomicU64 = AtomicU64::new(0);
        SequentialIds::counting_from(HOUSES.fetch_add(1, Ordering::Relaxed) << 24)
    }

    /// The same with the tenant as the customer of all samples.
    pub(crate) async fn linked(self) -> Self {
        self.desk().link(&customer(), self.tenant).await.unwrap();
        self
    }

    pub(crate) fn desk(&self) -> Desk<'_> {
        Desk::new(&self.billing, self.crm.ports())
    }

    pub(crate) fn session(&self, organization: OrganizationId) -> Session {
        self.crm.session(Caller::system(organization, "test"))
    }

    /// A webhook with these bytes arrives, signed now.
    pub(crate) async fn receive(&self, body: &[u8]) -> Received {
        self.desk().receive(self.event(body)).await.unwrap()
    }

    /// The event in these bytes.
    pub(crate) fn event(&self, body: &[u8]) -> ProviderEvent {
        let webhook = StripeWebhook::new(WebhookSecrets::new([FakeStripe::WEBHOOK_SECRET]).unwrap());
        let now = self.clock.now();
        webhook.read(body, Some(&signature_header(FakeStripe::WEBHOOK_SECRET, body, now)), now).unwrap()
    }

    /// Works until nothing is due, even after a while.
    pub(crate) async fn work(&self, worker: &str) {
        let mut idle = 0;
        while idle < 3 {
            let run = self.crm.run_due(worker, 20).await.unwrap();
            assert!(run.troubles.is_empty(), "{:?}", run.troubles);
            if run.tried() == 0 {
                idle += 1;
                self.clock.advance(Duration::from_mins(1));
            } else {
                idle = 0;
            }
        }
    }

    /// The tenant's subscriptions as they are kept.
    pub(crate) async fn subscriptions(&self) -> Vec<Subscription> {
        let session = self.session(self.tenant);
        let mut uow = session.begin(Permission::BillingRead).await.unwrap();
        let rows: Vec<Stored<Subscription>> = uow.list_all(&Predicate::everything()).await.unwrap();
        rows.into_iter().map(|row| row.value).collect()
    }

    /// The tenant's invoices and payment methods.
    pub(crate) async fn papers(&self) -> (Vec<Invoice>, Vec<PaymentMethod>) {
        let session = self.session(self.tenant);
        let mut uow = session.begin(Permission::BillingRead).await.unwrap();
        let invoices: Vec<Stored<Invoice>> = uow.list_all(&Predicate::everything()).await.unwrap();
        let methods: Vec<Stored<PaymentMethod>> = uow.list_all(&Predicate::everything()).await.unwrap();
        (invoices.into_iter().map(|row| row.value).collect(), methods.into_iter().map(|row| row.value).collect())
    }

    /// What the tenant has at an instant.
    pub(crate) async fn decision(&self, at: Timestamp) -> Decision {
        let withholdings = self.desk().withholdings(self.tenant).await.unwrap();
        let snapshot = Snapshot { subscriptions: self.subscriptions().await, withholdings, ..Snapshot::default() };
        decide(&snapshot, &AccessPolicy::default(), at)
    }

    /// What the tenant has of a service now.
    pub(crate) async fn level(&self, service: ServiceModule) -> &'static str {
        self.decision(self.clock.now()).await.level(service).as_str()
    }

    /// The events that were received, by their state.
    pub(crate) async fn received(&self, state: ReceivedState) -> Vec<ReceivedEvent> {
        let session = self.session(self.billing.desk());
        let mut uow = session.begin(Permission::BillingRead).await.unwrap();
        let rows = uow.list_all(&ReceivedEvent::STATE.is(state.as_str())).await.unwrap();
        rows.into_iter().map(|row| row.value).collect()
    }
}

/// A service by the name that the samples give it.
pub(crate) fn service(name: &str) -> ServiceModule {
    match name {
        "LeadGeneration" => ServiceModule::LeadGeneration,
        "EmailAutomation" => ServiceModule::EmailAutomation,
        other => panic!("the samples have no service {other}"),
    }
}
