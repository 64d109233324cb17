//! Services, and which permission belongs to which.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::access::{Intent, Permission};

/// A service that an organization may subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

impl ServiceModule {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::BasicCrm,
        Self::LeadGeneration,
        Self::EmailAutomation,
        Self::SocialInbox,
        Self::AdvancedAnalytics,
        Self::Integrations,
        Self::EnterpriseFeatures,
    ];

    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BasicCrm => "basic_crm",
            Self::LeadGeneration => "lead_generation",
            Self::EmailAutomation => "email_automation",
            Self::SocialInbox => "social_inbox",
            Self::AdvancedAnalytics => "advanced_analytics",
            Self::Integrations => "integrations",
            Self::EnterpriseFeatures => "enterprise_features",
        }
    }

    /// The name as one word with capitals, as it stands in answers to people's programs: `LeadGeneration`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BasicCrm => "BasicCRM",
            Self::LeadGeneration => "LeadGeneration",
            Self::EmailAutomation => "EmailAutomation",
            Self::SocialInbox => "SocialInbox",
            Self::AdvancedAnalytics => "AdvancedAnalytics",
            Self::Integrations => "Integrations",
            Self::EnterpriseFeatures => "EnterpriseFeatures",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::BasicCrm => 1,
            Self::LeadGeneration => 1 << 1,
            Self::EmailAutomation => 1 << 2,
            Self::SocialInbox => 1 << 3,
            Self::AdvancedAnalytics => 1 << 4,
            Self::Integrations => 1 << 5,
            Self::EnterpriseFeatures => 1 << 6,
        }
    }
}

impl fmt::Display for ServiceModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A set of services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceSet(u8);

impl ServiceSet {
    /// Whether it contains the service.
    #[must_use]
    pub const fn contains(self, service: ServiceModule) -> bool {
        self.0 & service.bit() != 0
    }
}

impl FromIterator<ServiceModule> for ServiceSet {
    fn from_iter<I: IntoIterator<Item = ServiceModule>>(services: I) -> Self {
        Self(services.into_iter().fold(0, |bits, service| bits | service.bit()))
    }
}

/// The service that a permission belongs to. Every permission names one, so that a new one cannot slip past the paywall.
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
        P::InboxRead | P::InboxReply | P::InboxSendBulk | P::InboxConfigure => ServiceModule::SocialInbox,
        P::AnalyticsRead => ServiceModule::AdvancedAnalytics,
        // Whoever has not paid must be able to see what is due and to pay it. What comes into the inbox is kept whether
        // or not it is paid for: reading and answering it is what is sold.
        P::InboxReceive
        | P::BillingRead
        | P::BillingManage
        | P::OrganizationRead
        | P::OrganizationConfigure
        | P::MemberRead
        | P::MemberConfigure
        | P::LeadRead
        | P::LeadCreate
        | P::LeadUpdate
        | P::LeadDelete
        | P::LeadConvert
        | P::LeadExport
        | P::ContactRead
        | P::ContactCreate
        | P::ContactUpdate
        | P::ContactDelete
        | P::AccountRead
        | P::AccountCreate
        | P::AccountUpdate
        | P::AccountDelete
        | P::OpportunityRead
        | P::OpportunityCreate
        | P::OpportunityUpdate
        | P::OpportunityDelete
        | P::ActivityRead
        | P::ActivityCreate
        | P::ActivityUpdate
        | P::ActivityDelete
        | P::PipelineRead
        | P::PipelineConfigure
        | P::ForecastRead
        | P::ForecastOverride
        | P::CustomFieldRead
        | P::CustomFieldConfigure
        | P::EventRead
        | P::AgendaRun => ServiceModule::BasicCrm,
    }
}

/// What somebody wants of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The service.
    pub service: ServiceModule,
    /// Whether only to look at what is there. That stays open when payment fails.
    pub viewing: bool,
}

impl Need {
    /// What a permission needs.
    #[must_use]
    pub fn of(permission: Permission) -> Self {
        Self { service: module_of(permission), viewing: permission.intent() == Intent::Read }
    }
}
