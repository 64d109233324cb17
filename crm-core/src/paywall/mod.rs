//! The paywall: which service each permission belongs to, and whether an organization has it.
//!
//! The unit of work asks the [`Paywall`] once for every transaction, after the role and before the store, so that a paid
//! action can't be reached without its subscription from anywhere. [`ServiceModule::BasicCrm`] is always on.
//! [`AllModules`] grants everything; it serves hosts that sell nothing by the piece.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::access::{OrganizationId, Permission};
use crate::kernel::{Kind, Rule, Timestamp};

/// A service that an organization may subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceModule {
    /// Records, activities and pipelines. Always on.
    BasicCrm,
    /// Import, scoring, assignment and duplicate policies.
    LeadGeneration,
    /// Sequences and campaigns.
    EmailAutomation,
    /// Messenger, Instagram and `WhatsApp` in one inbox.
    SocialInbox,
    /// Reports beyond board and forecast.
    AdvancedAnalytics,
    /// Webhooks and connections to other systems.
    Integrations,
    /// Custom roles, audit, sandboxes.
    EnterpriseFeatures,
}

/// The service that a permission belongs to.
#[must_use]
pub const fn module_of(permission: Permission) -> ServiceModule {
    use Permission as P;
    match permission {
        P::LeadImport
        | P::LeadAssign
        | P::ScoringRead
        | P::ScoringConfigure
        | P::EngagementRecord
        | P::AssignmentRead
        | P::AssignmentConfigure
        | P::DuplicateRead
        | P::DuplicateConfigure => ServiceModule::LeadGeneration,
        _ => ServiceModule::BasicCrm,
    }
}

/// The organization has not subscribed to a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the service {service:?}: {reason}; {hint}")]
pub struct SubscriptionRequired {
    /// The service that is missing.
    pub service: ServiceModule,
    /// Why it is missing.
    pub reason: String,
    /// What to do about it.
    pub hint: String,
}

impl Rule for SubscriptionRequired {
    fn code(&self) -> &'static str {
        "subscription.required"
    }
    fn kind(&self) -> Kind {
        Kind::SubscriptionRequired
    }
}

/// Knows which services an organization has.
#[async_trait]
pub trait Paywall: Send + Sync {
    /// Checks that the organization has the service now.
    ///
    /// # Errors
    /// `SubscriptionRequired` when it has not, or when that cannot be found out.
    async fn check(
        &self,
        organization: OrganizationId,
        service: ServiceModule,
        now: Timestamp,
    ) -> Result<(), SubscriptionRequired>;
}

/// A paywall that grants every service.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllModules;

#[async_trait]
impl Paywall for AllModules {
    async fn check(&self, _: OrganizationId, _: ServiceModule, _: Timestamp) -> Result<(), SubscriptionRequired> {
        Ok(())
    }
}
