//! The paywall: which service each permission belongs to, and whether an organization has it.
//!
//! The unit of work asks the [`Paywall`] for every transaction, after the role and before the store, so that a paid
//! action can't be reached without its subscription from anywhere. [`ServiceModule::BasicCrm`] is always on and is never
//! asked for. What stays open when payment fails is decided by [`Level`]: in [`Level::ReadOnly`] what is there may be
//! seen, and nothing that is paid for may be done.
//!
//! [`AllModules`] grants everything; it serves hosts that sell nothing by the piece. What follows from subscriptions is
//! decided in [`crate::billing`], which implements the port.

mod entitlements;
mod service;

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;

pub use entitlements::{AccessReason, Entitlements, Level, SubscriptionRequired, UpgradeHint};
pub use service::{Need, ServiceModule, ServiceSet, module_of};

use crate::access::OrganizationId;
use crate::kernel::Timestamp;

/// Knows which services an organization has.
#[async_trait]
pub trait Paywall: Send + Sync {
    /// What is known without waiting; nothing when it has to be looked up.
    fn known(&self, organization: OrganizationId, now: Timestamp) -> Option<Arc<Entitlements>>;

    /// What the organization has. Whoever can't find out answers [`Entitlements::closed`].
    async fn entitlements(&self, organization: OrganizationId, now: Timestamp) -> Arc<Entitlements>;
}

/// A paywall that grants every service.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllModules;

static EVERYTHING: LazyLock<Arc<Entitlements>> = LazyLock::new(|| Arc::new(Entitlements::everything()));

#[async_trait]
impl Paywall for AllModules {
    fn known(&self, _: OrganizationId, _: Timestamp) -> Option<Arc<Entitlements>> {
        Some(Arc::clone(&EVERYTHING))
    }
    async fn entitlements(&self, _: OrganizationId, _: Timestamp) -> Arc<Entitlements> {
        Arc::clone(&EVERYTHING)
    }
}

#[async_trait]
impl<P: Paywall + ?Sized> Paywall for Arc<P> {
    fn known(&self, organization: OrganizationId, now: Timestamp) -> Option<Arc<Entitlements>> {
        (**self).known(organization, now)
    }
    async fn entitlements(&self, organization: OrganizationId, now: Timestamp) -> Arc<Entitlements> {
        (**self).entitlements(organization, now).await
    }
}
