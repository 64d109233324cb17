//! What a host puts together once, and what it does when a webhook comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crm_billing_stripe::testing::FakeStripe;
use crm_billing_stripe::{SecretKey, StripeBilling, StripeConfig, StripeWebhook, WebhookSecrets};
use crm_core::access::{Caller, NewMember, NewOrganization, OrganizationId, Permission};
use crm_core::billing::{
    AccessPolicy, Billing, BillingGateway, Desk, ExternalId, Pages, ServicePriceEvent, SubscriptionPaywall,
    default_prices,
};
use crm_core::crm::Crm;
use crm_core::kernel::{Clock, Timestamp};
use crm_core::store::MemoryStore;
use crm_system::RandomIds;
use serde_json::json;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A clock that is turned by hand.
#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

pub(crate) struct Host {
    pub(crate) stripe: FakeStripe,
    pub(crate) gateway: Arc<StripeBilling>,
    pub(crate) tenant: OrganizationId,
    crm: Crm,
    billing: Billing,
    webhook: StripeWebhook,
    hands: Hands,
}

async fn found(crm: &Crm, slug: &str) -> Result<OrganizationId> {
    let new: NewOrganization = serde_json::from_value(json!({
        "slug": slug, "name": slug, "default_currency": "USD", "time_zone": "UTC", "region": "US"
    }))?;
    let owner: NewMember = serde_json::from_value(json!({"name": "Ada", "email": "ada@example.com", "role": "owner"}))?;
    Ok(crm.found(new, owner).await?.0.id)
}

impl Host {
    pub(crate) async fn open() -> Result<Self> {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse()?;
        let stripe = FakeStripe::start(start).await?;
        let config = StripeConfig::at(stripe.address(), SecretKey::parse(FakeStripe::KEY)?)?;
        let gateway = Arc::new(StripeBilling::new(config)?);
        let webhook = StripeWebhook::new(WebhookSecrets::new([FakeStripe::WEBHOOK_SECRET])?);

        let (store, hands) = (MemoryStore::new(), Hands(Arc::new(AtomicI64::new(start.micros()))));
        let paywall = Arc::new(SubscriptionPaywall::new(Arc::new(store.clone()), AccessPolicy::default()));
        let crm = Crm::new(store, hands.clone(), RandomIds::new());
        let (desk, tenant) = (found(&crm, "operator").await?, found(&crm, "acme").await?);
        let billing = Billing::new(gateway.clone(), desk, Pages::default()).with_paywall(Arc::clone(&paywall));
        let crm = crm.with_paywall(paywall).with_job_handlers(billing.job_handlers());

        let session = crm.session(Caller::system(desk, "set-up"));
        let mut uow = session.begin(Permission::AgendaRun).await?;
        for price in default_prices()? {
            uow.insert(price, ServicePriceEvent::Created).await?;
        }
        uow.commit().await?;
        Ok(Self { stripe, gateway, tenant, crm, billing, webhook, hands })
    }

    pub(crate) fn desk(&self) -> Desk<'_> {
        Desk::new(&self.billing, self.crm.ports())
    }

    /// What the endpoint for webhooks does: checks, stores, and answers 200. The work is done later.
    async fn receive(&self, body: &[u8], signature: &str) -> Result<()> {
        let event = self.webhook.read(body, Some(signature), self.hands.now())?;
        self.desk().receive(event).await?;
        Ok(())
    }

    /// Stripe delivers what it has to say, and the work that follows is done.
    pub(crate) async fn webhooks(&self) -> Result<()> {
        for delivery in self.stripe.deliveries() {
            self.receive(&delivery.body, &delivery.signature).await?;
            self.stripe.delivered(&delivery.id);
        }
        while self.crm.run_due("tour", 100).await?.tried() > 0 {}
        Ok(())
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.pass_to(self.hands.now().plus(time));
    }

    pub(crate) fn pass_to(&self, instant: Timestamp) {
        self.hands.0.store(instant.micros(), Ordering::SeqCst);
        self.stripe.advance_to(instant);
    }

    pub(crate) async fn subscription(&self, customer: &ExternalId) -> Result<ExternalId> {
        let found = self.gateway.subscriptions(customer).await?.into_iter().next();
        Ok(found.ok_or("the customer has no subscription")?.id)
    }

    /// What the organization may do, in a line: reading what is there, and something that is paid for.
    pub(crate) async fn show(&self, what: &str) -> String {
        let session = self.crm.session(Caller::system(self.tenant, "tour"));
        let reads = session.begin(Permission::ScoringRead).await.map(drop);
        let works = session.begin(Permission::ScoringConfigure).await.map(drop);
        let level = match (reads, works) {
            (Ok(()), Ok(())) => "open".to_owned(),
            (Ok(()), Err(refused)) => format!("may look, not work: {refused}"),
            (Err(refused), _) => format!("closed: {refused}"),
        };
        format!("{:<11} {what:<58} {level}", self.hands.now().date().to_string())
    }
}
