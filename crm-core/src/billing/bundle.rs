//! What the host makes once for billing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::access::{AccessPolicy, SubscriptionPaywall};
use super::gateway::BillingGateway;
use super::reversal::{KeepAccess, ReversalPolicy};
use super::usage::Meter;
use crate::access::{Caller, OrganizationId};
use crate::store::{Ports, Session};

/// How many days a trial lasts, unless the operator says otherwise.
const TRIAL_DAYS: u32 = 14;

/// Everything that billing needs beside the ports of the library, made once by the host. Clones share it.
#[derive(Clone)]
pub struct Billing {
    pub(super) gateway: Arc<dyn BillingGateway>,
    pub(super) desk: OrganizationId,
    pub(super) policy: AccessPolicy,
    pub(super) reversals: Arc<dyn ReversalPolicy>,
    pub(super) pages: Pages,
    pub(super) paywall: Option<Arc<SubscriptionPaywall>>,
    pub(super) meters: BTreeMap<Meter, String>,
    pub(super) trial_days: u32,
}

impl fmt::Debug for Billing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let books = self.gateway.identity();
        f.debug_struct("Billing").field("books", &books).field("desk", &self.desk).finish_non_exhaustive()
    }
}

/// Where the provider's pages send the browser back to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// After a checkout. The page there asks what came of it.
    pub checkout_done: String,
    /// When the customer turned back from a checkout.
    pub checkout_left: String,
    /// From the portal.
    pub portal_left: String,
}

impl Billing {
    /// Billing through this gateway, with the operator's own organization as its desk.
    #[must_use]
    pub fn new(gateway: Arc<dyn BillingGateway>, desk: OrganizationId, pages: Pages) -> Self {
        Self {
            gateway,
            desk,
            policy: AccessPolicy::default(),
            reversals: Arc::new(KeepAccess),
            pages,
            paywall: None,
            meters: BTreeMap::new(),
            trial_days: TRIAL_DAYS,
        }
    }

    /// The same with another policy.
    #[must_use]
    pub fn with_policy(mut self, policy: AccessPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The same, which asks this what follows when a payment is taken back; otherwise nothing does.
    #[must_use]
    pub fn with_reversal_policy(mut self, policy: impl ReversalPolicy + 'static) -> Self {
        self.reversals = Arc::new(policy);
        self
    }

    /// The same, which tells the paywall of this process of every change at once.
    #[must_use]
    pub fn with_paywall(mut self, paywall: Arc<SubscriptionPaywall>) -> Self {
        self.paywall = Some(paywall);
        self
    }

    /// The same, which tells the provider of this meter's use under the provider's name for it.
    #[must_use]
    pub fn with_meter(mut self, meter: Meter, name: impl Into<String>) -> Self {
        self.meters.insert(meter, name.into());
        self
    }

    /// The same with trials of another length than 14 days.
    #[must_use]
    pub fn with_trial_days(mut self, days: u32) -> Self {
        self.trial_days = days;
        self
    }

    /// How many days a trial lasts.
    #[must_use]
    pub fn trial_days(&self) -> u32 {
        self.trial_days
    }

    /// The operator's own organization.
    #[must_use]
    pub fn desk(&self) -> OrganizationId {
        self.desk
    }

    /// What the operator has decided about access.
    #[must_use]
    pub fn policy(&self) -> &AccessPolicy {
        &self.policy
    }

    /// Where the provider's pages send the browser back to.
    #[must_use]
    pub fn pages(&self) -> &Pages {
        &self.pages
    }

    /// Tells the paywall of this process that something has changed.
    pub(super) fn announce(&self, organization: OrganizationId) {
        if let Some(paywall) = &self.paywall {
            paywall.forget(organization);
        }
    }
}

/// A session of billing itself in an organization.
pub(super) fn session_in(ports: &Ports, organization: OrganizationId) -> Session {
    Session::new(ports.clone(), Caller::system(organization, "billing"))
}
