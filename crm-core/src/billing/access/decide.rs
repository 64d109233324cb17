//! The decision: what an organization has of each service at an instant, and until when.

use std::collections::BTreeMap;

use super::course::{Course, Standing};
use super::policy::AccessPolicy;
use crate::billing::account::{ServiceGrant, Subscription};
use crate::billing::reversal::Withholding;
use crate::billing::truth::{InvoiceStatus, InvoiceTruth, ItemTruth, PauseReason, SubscriptionStatus};
use crate::kernel::{Explanation, Timestamp};
use crate::paywall::{AccessReason, Entitlements, Level, ServiceModule};

/// Everything about an organization that access depends on, beside policy and time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Raised by everything that may change access.
    pub version: i64,
    /// All its subscriptions, ended ones included.
    pub subscriptions: Vec<Subscription>,
    /// What the operator gives it.
    pub grants: Vec<ServiceGrant>,
    /// For what its paid services are withheld.
    pub withholdings: Vec<Withholding>,
}

/// What an organization has of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// How much.
    pub level: Level,
    /// Why.
    pub reason: AccessReason,
    /// When something about it changes by time alone.
    pub until: Option<Timestamp>,
    /// How many, over all items that are open for use.
    pub quantity: u64,
    /// What was looked at.
    pub why: Explanation,
}

/// What an organization has of each service at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    services: BTreeMap<ServiceModule, Access>,
    /// The instant.
    pub decided_at: Timestamp,
    /// The next instant at which something changes by time alone. Until then the same is decided.
    pub next_change_at: Option<Timestamp>,
    /// See [`Snapshot::version`].
    pub version: i64,
}

impl Decision {
    /// What the organization has of a service, when it has or had anything to do with it.
    #[must_use]
    pub fn access(&self, service: ServiceModule) -> Option<&Access> {
        self.services.get(&service)
    }

    /// All services that it has or had anything to do with.
    pub fn services(&self) -> impl Iterator<Item = (ServiceModule, &Access)> {
        self.services.iter().map(|(service, access)| (*service, access))
    }

    /// How much of a service it has.
    #[must_use]
    pub fn level(&self, service: ServiceModule) -> Level {
        match service {
            ServiceModule::BasicCrm => Level::Full,
            _ => self.access(service).map_or(Level::None, |access| access.level),
        }
    }

    /// The same in the form that the door asks.
    #[must_use]
    pub fn entitlements(&self) -> Entitlements {
        let levels = self.services.iter().map(|(service, access)| (*service, access.level, access.reason));
        Entitlements::new(levels, self.decided_at, self.next_change_at)
    }
}

/// Decides what an organization has of each service. Knows nothing but its arguments.
///
/// A service has the greatest level of all items and grants that are for it. The rules of each state are in
/// `item_course`; they are those that Stripe's documents recommend for the eight states.
///
/// Where something is withheld, what is subscribed to is open up to the strictest level of all withholdings and never more
/// than without them. What the operator gives is not touched: it was never paid for, so no payment of it is taken back,
/// and the operator can take it back itself. Nor are basic services, which belong to everybody.
#[must_use]
pub fn decide(snapshot: &Snapshot, policy: &AccessPolicy, now: Timestamp) -> Decision {
    let included = Access {
        level: Level::Full,
        reason: AccessReason::Included,
        until: None,
        quantity: 1,
        why: Explanation::new(AccessReason::Included.sentence()),
    };
    let mut decision = Decision {
        services: BTreeMap::from([(ServiceModule::BasicCrm, included)]),
        decided_at: now,
        next_change_at: None,
        version: snapshot.version,
    };
    let strictest = snapshot.withholdings.iter().map(|withholding| withholding.level.level()).min();
    let withheld = strictest.map(|level| Course::always(Standing::new(level, AccessReason::Withheld)));
    for subscription in &snapshot.subscriptions {
        for item in &subscription.truth.items {
            if let Some(service) = subscription.service_of(&item.id) {
                let course = item_course(subscription, item, policy);
                let course = match &withheld {
                    Some(limit) => course.least(limit),
                    None => course,
                };
                let name = format!("{} of {}, {}", item.id, subscription.external_id, subscription.status.as_str());
                decision.add(service, &course, u64::from(item.quantity), &name);
            }
        }
    }
    for grant in &snapshot.grants {
        let course = Course::always(Standing::new(Level::Full, AccessReason::Granted))
            .then_if(grant.until, Standing::new(Level::None, AccessReason::Ended));
        decision.add(grant.service, &course, 1, &format!("given: {}", grant.reason.as_str()));
    }
    decision
}

impl Decision {
    fn add(&mut self, service: ServiceModule, course: &Course, quantity: u64, name: &str) {
        let (standing, next) = course.at(self.decided_at);
        self.next_change_at = sooner(self.next_change_at, next);
        let counted = if standing.level >= Level::Grace { quantity } else { 0 };
        let why = Explanation::new(format!("{name}: {}, {}", standing.level.as_str(), standing.reason.sentence()));
        let access = self.services.entry(service).or_insert_with(|| Access {
            level: standing.level,
            reason: standing.reason,
            until: None,
            quantity: 0,
            why: Explanation::new(service.word()),
        });
        if standing.level > access.level {
            access.level = standing.level;
            access.reason = standing.reason;
        }
        access.until = sooner(access.until, next);
        access.quantity = access.quantity.saturating_add(counted);
        access.why.because.push(why);
    }
}

fn sooner(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The course of access to one item.
fn item_course(subscription: &Subscription, item: &ItemTruth, policy: &AccessPolicy) -> Course {
    match &subscription.status {
        SubscriptionStatus::Other(_) => match &subscription.known_status {
            // Like a failed payment, yet never more than before: a word that we do not know opens nothing.
            Some(known) => course_in(subscription, &SubscriptionStatus::PastDue, item, policy)
                .least(&course_in(subscription, known, item, policy))
                .least(&Course::always(Standing::new(Level::Grace, AccessReason::UnknownState))),
            None => Course::always(Standing::new(Level::None, AccessReason::UnknownState)),
        },
        known => course_in(subscription, known, item, policy),
    }
}

fn course_in(
    subscription: &Subscription,
    status: &SubscriptionStatus,
    item: &ItemTruth,
    policy: &AccessPolicy,
) -> Course {
    use AccessReason as R;
    use SubscriptionStatus as S;
    let truth = &subscription.truth;
    let standing = Standing::new;
    let period_end = item.period.map_or(subscription.observed_at, |period| period.end);
    let open = |reason| {
        let course = Course::always(standing(Level::Full, reason));
        match truth.ends_at() {
            Some(_) => course,
            None => course.then(period_end.plus(policy.lease), standing(Level::ReadOnly, R::RenewalUnconfirmed)),
        }
    };
    let course = match status {
        S::Trialing => open(R::Trial),
        S::Active if policy.collection_pause_closes && truth.collection_pause.is_some() => {
            Course::always(standing(Level::ReadOnly, R::CollectionPaused))
        }
        S::Active => open(R::Paid),
        S::PastDue if is_unpaid(subscription, item) => {
            let since = unpaid_since(subscription);
            Course::always(standing(Level::Grace, R::PaymentFailed))
                .then(since.plus(policy.grace), standing(Level::ReadOnly, R::PaymentFailed))
                .then_if(suspended_at(since, policy), standing(Level::None, R::Suspended))
        }
        S::PastDue => Course::always(standing(Level::Full, R::Paid))
            .then(period_end, standing(Level::ReadOnly, R::PaymentFailed))
            .then_if(
                suspended_at(unpaid_since(subscription), policy).map(|at| at.max(period_end)),
                standing(Level::None, R::Suspended),
            ),
        S::Unpaid => Course::always(standing(Level::ReadOnly, R::Unpaid))
            .then_if(suspended_at(unpaid_since(subscription), policy), standing(Level::None, R::Suspended)),
        S::Paused => Course::always(standing(Level::ReadOnly, reason_of(truth.pause_reason.as_ref()))),
        S::Incomplete => return Course::always(standing(Level::None, R::FirstPaymentPending)),
        S::IncompleteExpired => return Course::always(standing(Level::None, R::FirstPaymentMissing)),
        S::Canceled => {
            return ended(truth.ended_at.or(truth.canceled_at).unwrap_or(subscription.observed_at), policy);
        }
        S::Other(_) => return Course::always(standing(Level::None, R::UnknownState)),
    };
    match truth.ends_at() {
        Some(end) => after_end(course, end, policy),
        None => course,
    }
}

/// What comes after the end: nothing, or a look at what is there for a while, but no longer than there would have been one
/// without the end.
fn after_end(course: Course, end: Timestamp, policy: &AccessPolicy) -> Course {
    let looked_until = end.plus(policy.export_after_end);
    let until = course.closes_at().map_or(looked_until, |closes_at| closes_at.min(looked_until));
    if until <= end {
        return course.then(end, ENDED);
    }
    course.then(end, LOOKING_BACK).then(until, ENDED)
}

/// The course of what has ended, by whichever clock.
fn ended(end: Timestamp, policy: &AccessPolicy) -> Course {
    if policy.export_after_end.is_zero() {
        return Course::always(ENDED);
    }
    Course::always(LOOKING_BACK).then(end.plus(policy.export_after_end), ENDED)
}

const ENDED: Standing = Standing::new(Level::None, AccessReason::Ended);
const LOOKING_BACK: Standing = Standing::new(Level::ReadOnly, AccessReason::Ended);

fn suspended_at(since: Timestamp, policy: &AccessPolicy) -> Option<Timestamp> {
    policy.suspend_after.map(|after| since.plus(after.max(policy.grace)))
}

fn reason_of(pause: Option<&PauseReason>) -> AccessReason {
    match pause {
        Some(PauseReason::TrialEndedWithoutPaymentMethod) => AccessReason::TrialEnded,
        Some(PauseReason::PaymentFailed) => AccessReason::PaymentFailed,
        Some(PauseReason::Requested | PauseReason::Other(_)) | None => AccessReason::Paused,
    }
}

/// The invoice that is open, when the latest one is.
pub(in crate::billing) fn open_invoice(subscription: &Subscription) -> Option<&InvoiceTruth> {
    subscription.truth.latest_invoice.as_ref().filter(|invoice| invoice.status == InvoiceStatus::Open)
}

/// Since when payment is missing, by the invoice's own time and never by the time at which we heard of it.
pub(in crate::billing) fn unpaid_since(subscription: &Subscription) -> Timestamp {
    match open_invoice(subscription) {
        Some(invoice) => invoice.effective_at.unwrap_or(invoice.created_at),
        None => newest_period(subscription).unwrap_or(subscription.truth.created_at),
    }
}

fn newest_period(subscription: &Subscription) -> Option<Timestamp> {
    subscription.truth.items.iter().filter_map(|item| item.period).map(|period| period.start).max()
}

/// Whether an item is one of those that payment is missing for; the others are paid for to their own period's end.
///
/// Those are the items that the open invoice charges. When no open invoice is known, those whose period began last; when
/// its lines name none of the items, all of them.
fn is_unpaid(subscription: &Subscription, item: &ItemTruth) -> bool {
    let Some(invoice) = open_invoice(subscription) else {
        return item.period.is_none_or(|period| Some(period.start) == newest_period(subscription));
    };
    let charges = |item: &ItemTruth| {
        invoice.lines.iter().filter(|line| line.amount.minor() > 0).any(|line| match &line.item {
            Some(named) => *named == item.id,
            None => line.price.as_ref() == Some(&item.price.id),
        })
    };
    charges(item) || !subscription.truth.items.iter().any(charges)
}
