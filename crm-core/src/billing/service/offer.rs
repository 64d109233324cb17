//! What is asked for and answered, and what is refused.

use serde::{Deserialize, Serialize};

use crate::billing::account::Subscription;
use crate::billing::dunning::Dunning;
use crate::billing::external::ExternalId;
use crate::billing::request::{ChangeWhen, ItemChange};
use crate::kernel::{FieldProblem, Kind, Rule, Timestamp};
use crate::paywall::{AccessReason, Level, ServiceModule};

/// A wish to subscribe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCheckout {
    /// The catalogue's names of the prices: `leadgen_monthly`.
    pub prices: Vec<String>,
    /// Whether to begin with the organization's one trial.
    #[serde(default)]
    pub trial: bool,
}

/// A wish to change a subscription. The limits that come with it are those of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanChange {
    /// The provider's identifier of the subscription.
    pub subscription: ExternalId,
    /// What changes.
    pub items: Vec<ItemChange>,
    /// When.
    pub when: ChangeWhen,
}

/// How an organization stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// Each service.
    pub services: Vec<ServiceView>,
    /// All subscriptions, ended ones included.
    pub subscriptions: Vec<Subscription>,
    /// Payments that are missing.
    pub dunning: Vec<Dunning>,
    /// Whether its one trial is still to be had.
    pub trial_available: bool,
}

/// How an organization stands with one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceView {
    /// The service.
    pub service: ServiceModule,
    /// How much of it.
    pub level: Level,
    /// Why.
    pub reason: AccessReason,
    /// When something about it changes by time alone.
    pub until: Option<Timestamp>,
}

/// What is refused before the provider is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanRefusal {
    /// There is no such price on offer.
    #[error("there is no price '{0}' on offer; look at the list of services")]
    UnknownPrice(String),
    /// Nothing was asked for.
    #[error("no price was named; name at least one")]
    NothingChosen,
    /// The service is there already.
    #[error("the organization has {0} already; change its subscription instead")]
    AlreadyGranted(ServiceModule),
    /// The one trial is over.
    #[error("the organization has had its one trial; subscribe without it")]
    TrialUsed,
    /// What is paid for is withheld, and would be of another subscription too.
    #[error("access to paid services is withheld; contact the operator of this service before subscribing again")]
    Withheld,
    /// It has never paid for anything.
    #[error("the organization is no customer yet; subscribe to something first")]
    NoCustomer,
    /// The subscription or checkout is not the organization's.
    #[error("the organization has no such {0}")]
    NotYours(&'static str),
    /// More is used than the wished plan allows.
    #[error("more is used than this plan allows: {}", .0.iter().map(|one| one.message.as_str()).collect::<Vec<_>>().join("; "))]
    Blocked(Vec<FieldProblem>),
}

impl Rule for PlanRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownPrice(_) => "checkout.unknown_price",
            Self::NothingChosen => "checkout.nothing_chosen",
            Self::AlreadyGranted(_) => "checkout.already_granted",
            Self::TrialUsed => "checkout.trial_used",
            Self::Withheld => "billing_account.access_withheld",
            Self::NoCustomer => "billing_account.no_customer",
            Self::NotYours(_) => "subscription.not_found",
            Self::Blocked(_) => "subscription.change_blocked",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownPrice(_) | Self::NothingChosen => Kind::Invalid,
            Self::NotYours(_) => Kind::NotFound,
            Self::AlreadyGranted(_) | Self::TrialUsed | Self::Withheld | Self::NoCustomer | Self::Blocked(_) => {
                Kind::Conflict
            }
        }
    }
    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Blocked(problems) => problems.clone(),
            _ => Vec::new(),
        }
    }
}
