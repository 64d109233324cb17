//! A host that keeps its records in memory, with billing through Stripe.

use std::sync::Arc;

use crm_billing_stripe::{StripeBilling, StripeConfig};
use crm_core::access::{MemberId, NewMember, NewOrganization, OrganizationId};
use crm_core::billing::{AccessPolicy, Billing, BillingGateway, Desk, Pages, SubscriptionPaywall};
use crm_core::crm::Crm;
use crm_core::paywall::ServiceModule;
use crm_core::store::{MemoryStore, Session};
use crm_system::{RandomIds, SystemClock};
use serde_json::json;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What a host puts together once.
pub(crate) struct Host {
    crm: Crm,
    pub(crate) billing: Billing,
    gateway: Arc<StripeBilling>,
    tenant: OrganizationId,
    owner: MemberId,
}

async fn found(crm: &Crm, slug: &str) -> Result<(OrganizationId, MemberId)> {
    let new: NewOrganization = serde_json::from_value(json!({
        "slug": slug, "name": slug, "default_currency": "USD", "time_zone": "UTC", "region": "US"
    }))?;
    let owner: NewMember = serde_json::from_value(json!({"name": "Ada", "email": "ada@example.com", "role": "owner"}))?;
    let (organization, owner) = crm.found(new, owner).await?;
    Ok((organization.id, owner.id))
}

impl Host {
    pub(crate) async fn open(stripe: StripeConfig) -> Result<Self> {
        let gateway = Arc::new(StripeBilling::new(stripe)?);
        let store = MemoryStore::new();
        let paywall = Arc::new(SubscriptionPaywall::new(Arc::new(store.clone()), AccessPolicy::default()));
        let crm = Crm::new(store, SystemClock, RandomIds::new());
        let ((desk, _), (tenant, owner)) = (found(&crm, "operator").await?, found(&crm, "acme").await?);
        let pages = Pages {
            checkout_done: "https://example.com/billing/done?session_id={CHECKOUT_SESSION_ID}".to_owned(),
            checkout_left: "https://example.com/billing".to_owned(),
            portal_left: "https://example.com/billing".to_owned(),
        };
        let billing = Billing::new(gateway.clone(), desk, pages).with_paywall(Arc::clone(&paywall));
        let crm = crm.with_paywall(paywall).with_job_handlers(billing.job_handlers());
        crm.billing_desk(&billing).fill_catalogue().await?;
        Ok(Self { crm, billing, gateway, tenant, owner })
    }

    pub(crate) fn desk(&self) -> Desk<'_> {
        self.crm.billing_desk(&self.billing)
    }

    pub(crate) fn gateway(&self) -> &dyn BillingGateway {
        &*self.gateway
    }

    pub(crate) async fn owner(&self) -> Result<Session> {
        Ok(self.crm.session(self.crm.caller(self.tenant, self.owner).await?))
    }

    /// What the organization has of everything that is sold, in words.
    pub(crate) async fn access(&self) -> String {
        let overview = match self.owner().await {
            Ok(owner) => owner.subscriptions(&self.billing).overview().await.map_err(Into::into),
            Err(error) => Err(error),
        };
        let overview = match overview {
            Ok(overview) => overview,
            Err(error) => return error.to_string(),
        };
        let had = overview.services.iter().filter(|view| view.service != ServiceModule::BasicCrm);
        let had = had.filter(|view| view.level.as_str() != "none").map(|view| {
            let until = view.until.map(|until| format!(" until {}", until.date())).unwrap_or_default();
            format!("{}: {}{until}, since {}", view.service, view.level.as_str(), view.reason.sentence())
        });
        let had: Vec<_> = had.collect();
        if had.is_empty() { "nothing beyond the basics".to_owned() } else { had.join("; ") }
    }
}
