//! What an organization has of each service, for a stretch of time in which nothing changes by itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::service::{Need, ServiceModule, ServiceSet};
use crate::kernel::{Kind, Rule, Timestamp};

/// How much of a service an organization has. Each level contains those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing.
    None,
    /// What is there may be seen and taken out. Nothing that is paid for may be done.
    ReadOnly,
    /// Everything, for a while: payment has failed.
    Grace,
    /// Everything.
    Full,
}

impl Level {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ReadOnly => "read_only",
            Self::Grace => "grace",
            Self::Full => "full",
        }
    }
}

/// Why an organization has as much of a service as it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccessReason {
    /// It belongs to every organization.
    Included,
    /// It is paid for.
    Paid,
    /// It is on trial.
    Trial,
    /// The operator gives it.
    Granted,
    /// Payment failed, and the time to put it right is running.
    PaymentFailed,
    /// Payment failed and is not tried again.
    Unpaid,
    /// Payment failed so long ago that nothing is open any more.
    Suspended,
    /// The subscription rests.
    Paused,
    /// The trial ended without a card.
    TrialEnded,
    /// Invoices are not collected for now.
    CollectionPaused,
    /// The period is over and nobody has told us that it was renewed.
    RenewalUnconfirmed,
    /// The first payment has not arrived yet.
    FirstPaymentPending,
    /// The first payment never arrived.
    FirstPaymentMissing,
    /// The subscription has ended.
    Ended,
    /// The subscription is in a state that we do not know.
    UnknownState,
    /// The operator withholds what is paid for, as when a payment was taken back.
    Withheld,
    /// There is no subscription for it.
    NotSubscribed,
    /// It cannot be found out now.
    Unavailable,
}

impl AccessReason {
    /// What has happened, as part of a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Included => "it belongs to every organization",
            Self::Paid => "it is paid for",
            Self::Trial => "it is on trial",
            Self::Granted => "it is given by the operator",
            Self::PaymentFailed => "a payment has failed",
            Self::Unpaid => "an invoice is unpaid",
            Self::Suspended => "an invoice has been unpaid for too long",
            Self::Paused => "the subscription is paused",
            Self::TrialEnded => "the trial has ended without a payment method",
            Self::CollectionPaused => "the collection of invoices is paused",
            Self::RenewalUnconfirmed => "the paid period is over and its renewal is not confirmed",
            Self::FirstPaymentPending => "the first payment has not arrived yet",
            Self::FirstPaymentMissing => "the first payment never arrived",
            Self::Ended => "the subscription has ended",
            Self::UnknownState => "the state of the subscription is not known to this version",
            Self::Withheld => "access is withheld, as after a payment that was refunded or is disputed",
            Self::NotSubscribed => "there is no subscription for it",
            Self::Unavailable => "the subscription cannot be looked up now",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn hint(self) -> UpgradeHint {
        match self {
            Self::NotSubscribed | Self::Ended | Self::FirstPaymentMissing => UpgradeHint::Checkout,
            Self::PaymentFailed
            | Self::Unpaid
            | Self::Suspended
            | Self::Paused
            | Self::TrialEnded
            | Self::CollectionPaused => UpgradeHint::Portal,
            Self::Withheld => UpgradeHint::Contact,
            Self::Included | Self::Paid | Self::Trial | Self::Granted => UpgradeHint::Nothing,
            Self::RenewalUnconfirmed | Self::FirstPaymentPending | Self::UnknownState | Self::Unavailable => {
                UpgradeHint::Wait
            }
        }
    }
}

/// What an organization can do to get a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UpgradeHint {
    /// Subscribe.
    Checkout,
    /// Put the payment method in order.
    Portal,
    /// Try again shortly.
    Wait,
    /// Speak with the operator.
    Contact,
    /// Nothing is amiss.
    Nothing,
}

impl fmt::Display for UpgradeHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checkout => "subscribe to it at the checkout",
            Self::Portal => "put the payment method in order in the billing portal",
            Self::Wait => "try again shortly",
            Self::Contact => "contact the operator of this service to settle it",
            Self::Nothing => "nothing needs to be done",
        })
    }
}

/// The organization has not, or no longer, what it needs of a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the service {service}: {}; {hint}", .reason.sentence())]
pub struct SubscriptionRequired {
    /// The service that is missing.
    pub service: ServiceModule,
    /// Why it is missing.
    pub reason: AccessReason,
    /// What to do about it.
    pub hint: UpgradeHint,
}

impl SubscriptionRequired {
    /// The refusal of a service for a reason, with what to do about it.
    #[must_use]
    pub const fn new(service: ServiceModule, reason: AccessReason) -> Self {
        Self { service, reason, hint: reason.hint() }
    }
}

impl Rule for SubscriptionRequired {
    fn code(&self) -> &'static str {
        "subscription.required"
    }
    fn kind(&self) -> Kind {
        Kind::SubscriptionRequired
    }
}

/// What an organization has of each service from one instant up to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlements {
    acting: ServiceSet,
    viewing: ServiceSet,
    reasons: Vec<(ServiceModule, AccessReason)>,
    from: Timestamp,
    until: Timestamp,
}

impl Entitlements {
    /// What follows from the level of each service; a service that is not named is not subscribed to.
    ///
    /// Holds from `from` up to, not including, `until`; for good when there is no `until`.
    #[must_use]
    pub fn new(
        levels: impl IntoIterator<Item = (ServiceModule, Level, AccessReason)>,
        from: Timestamp,
        until: Option<Timestamp>,
    ) -> Self {
        let levels: Vec<_> = levels.into_iter().collect();
        let at_least = |least: Level| {
            let named = levels.iter().filter(move |(_, level, _)| *level >= least).map(|(service, ..)| *service);
            named.chain([ServiceModule::BasicCrm]).collect()
        };
        Self {
            acting: at_least(Level::Grace),
            viewing: at_least(Level::ReadOnly),
            reasons: levels.iter().map(|(service, _, reason)| (*service, *reason)).collect(),
            from,
            until: until.unwrap_or(Timestamp::MAX),
        }
    }

    /// Every service, for good.
    #[must_use]
    pub fn everything() -> Self {
        let levels = ServiceModule::ALL.iter().map(|service| (*service, Level::Full, AccessReason::Included));
        Self::new(levels, Timestamp::MIN, None)
    }

    /// Nothing but what is always on, for the reason given.
    #[must_use]
    pub fn closed(reason: AccessReason, now: Timestamp) -> Self {
        Self::new(ServiceModule::ALL.iter().map(|service| (*service, Level::None, reason)), now, Some(now))
    }

    /// The same, to be asked for anew from `limit` on at the latest.
    #[must_use]
    pub fn at_most_until(mut self, limit: Timestamp) -> Self {
        self.until = self.until.min(limit);
        self
    }

    /// Whether it says what is so at this instant.
    #[must_use]
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.from <= now && (now < self.until || self.until == Timestamp::MAX)
    }

    /// Checks what is needed.
    ///
    /// # Errors
    /// `SubscriptionRequired` when there is less.
    pub fn check(&self, need: Need) -> Result<(), SubscriptionRequired> {
        let open = if need.viewing { self.viewing } else { self.acting };
        if open.contains(need.service) {
            return Ok(());
        }
        let known = self.reasons.iter().find(|(service, _)| *service == need.service);
        let reason = known.map_or(AccessReason::NotSubscribed, |(_, reason)| *reason);
        Err(SubscriptionRequired::new(need.service, reason))
    }
}
