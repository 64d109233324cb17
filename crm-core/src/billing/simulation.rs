//! Trying out another catalogue or policy on what an organization really did.
//!
//! The organization's events say which subscriptions it had when, and what its members did. Both are played again under
//! the plan: who would have been refused what, and what it would have cost. Nothing is changed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::access::{AccessPolicy, Snapshot, decide};
use super::account::{ServiceGrant, Subscription};
use super::catalogue::Catalogue;
use super::external::ExternalId;
use super::truth::{Interval, SubscriptionStatus};
use crate::access::{Actor, MemberId};
use crate::event::{Event, EventId};
use crate::kernel::{Currency, Entity, Money, Stored, Timestamp};
use crate::paywall::{AccessReason, Level, ServiceModule};

/// What is tried out.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Which price buys which service, and what it costs.
    pub catalogue: Catalogue,
    /// What is open when.
    pub policy: AccessPolicy,
}

/// Something that a member did and would not have been let do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedAct {
    /// The event of it.
    pub event_id: EventId,
    /// What was done.
    pub name: String,
    /// Who did it.
    pub member: MemberId,
    /// When.
    pub at: Timestamp,
    /// The service that would have been missing.
    pub service: ServiceModule,
    /// Why.
    pub reason: AccessReason,
}

/// What would have come of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulated {
    /// How many acts of members belong to a service that is sold.
    pub acts: u64,
    /// Those that would have been refused, the earliest first.
    pub refused: Vec<RefusedAct>,
    /// What each service would have cost in the time that was looked at, by currency, exact to the minor unit.
    pub bill: Vec<(ServiceModule, Money)>,
}

/// Kinds of records that only permissions of lead generation touch.
const OF_LEAD_GENERATION: &[&str] = &[
    "assignment_rule",
    "availability",
    "duplicate_flag",
    "duplicate_policy",
    "engagement",
    "import",
    "import_issue",
    "import_mapping",
    "import_row",
    "rotation",
    "score_state",
    "scoring_rule",
    "waiting_lead",
];
/// Kinds of records that only permissions of the inbox touch.
const OF_THE_INBOX: &[&str] = &[
    "bulk_recipient",
    "bulk_send",
    "business_calendar",
    "canned_reply",
    "connection",
    "conversation",
    "conversation_note",
    "inbox_delivery",
    "message",
    "message_template",
    "parked_event",
    "participant",
    "participant_alias",
    "sending_rate",
];

/// The service that an event belongs to.
///
/// By the kind of record, as [`crate::paywall::module_of`] has it for the permissions that change it; what is done to a
/// lead itself is basic but for its assignment and its engagement.
#[must_use]
pub fn service_of_event(event: &Event) -> ServiceModule {
    match (event.entity.as_str(), event.name.as_str()) {
        (_, "lead.assigned" | "lead.engaged") => ServiceModule::LeadGeneration,
        (entity, _) if OF_LEAD_GENERATION.contains(&entity) => ServiceModule::LeadGeneration,
        (entity, _) if OF_THE_INBOX.contains(&entity) => ServiceModule::SocialInbox,
        _ => ServiceModule::BasicCrm,
    }
}

/// Plays what happened from `from` up to `until` again under a plan. `history` holds all events of the organization, in
/// the order of their happening, those before `from` included: they say which subscriptions it had. What was withheld is no
/// part of a plan and is not played.
#[must_use]
pub fn simulate(
    history: &[Stored<Event>],
    grants: &[ServiceGrant],
    plan: &Plan,
    from: Timestamp,
    until: Timestamp,
) -> Simulated {
    let mut subscriptions: BTreeMap<ExternalId, Subscription> = BTreeMap::new();
    let mut simulated = Simulated::default();
    let mut bill = Bill::default();
    let mut reached = from;
    for event in history.iter().filter(|event| event.occurred_at < until) {
        let at = event.occurred_at;
        if let Some(subscription) = subscription_in(event, plan) {
            bill.run(&subscriptions, plan, reached, at);
            reached = reached.max(at);
            subscriptions.insert(subscription.external_id.clone(), subscription);
            continue;
        }
        let Actor::Member(member) = event.actor else { continue };
        let service = service_of_event(event);
        if service == ServiceModule::BasicCrm || at < from {
            continue;
        }
        simulated.acts += 1;
        let all = subscriptions.values().cloned().collect();
        let snapshot = Snapshot { version: 0, subscriptions: all, grants: grants.to_vec(), ..Snapshot::default() };
        let decision = decide(&snapshot, &plan.policy, at);
        if decision.level(service) < Level::Grace {
            let reason = decision.access(service).map_or(AccessReason::NotSubscribed, |access| access.reason);
            let name = event.name.clone();
            simulated.refused.push(RefusedAct { event_id: event.id, name, member, at, service, reason });
        }
    }
    bill.run(&subscriptions, plan, reached, until);
    simulated.bill = bill.lines();
    simulated
}

/// The subscription that an event tells of, with the services that the plan gives it.
fn subscription_in(event: &Event, plan: &Plan) -> Option<Subscription> {
    if event.entity != Subscription::NAME {
        return None;
    }
    let told = event.data.as_object()?.values().next()?.get("now")?;
    let mut subscription: Subscription = serde_json::from_value(told.clone()).ok()?;
    subscription.services = plan.catalogue.resolve(&subscription.truth.items).0;
    Some(subscription)
}

/// What services cost, in minor units times microseconds of their intervals, so that nothing is rounded before the end.
#[derive(Default)]
struct Bill(BTreeMap<(ServiceModule, Currency), i128>);

/// A bill is reckoned in this many parts of a minor unit.
const PARTS: i128 = 1_000_000_000;

impl Bill {
    fn run(
        &mut self,
        subscriptions: &BTreeMap<ExternalId, Subscription>,
        plan: &Plan,
        from: Timestamp,
        until: Timestamp,
    ) {
        let micros = i128::try_from(until.since(from).as_micros()).unwrap_or(0);
        let paying =
            |one: &&Subscription| matches!(one.status, SubscriptionStatus::Active | SubscriptionStatus::PastDue);
        for subscription in subscriptions.values().filter(paying) {
            for item in &subscription.truth.items {
                let Some(price) = plan.catalogue.find(&item.price) else { continue };
                let interval = i128::try_from(length(price.interval).as_micros()).unwrap_or(1);
                let amount = i128::from(price.amount_minor) * i128::from(item.quantity);
                let parts = amount.saturating_mul(micros).saturating_mul(PARTS) / interval;
                *self.0.entry((price.service, price.currency)).or_default() += parts;
            }
        }
    }

    fn lines(self) -> Vec<(ServiceModule, Money)> {
        let rounded = self.0.into_iter().map(|((service, currency), parts)| {
            let minor = i64::try_from((parts + PARTS / 2).div_euclid(PARTS)).unwrap_or(i64::MAX);
            (service, Money::new(minor, currency))
        });
        rounded.collect()
    }
}

/// How long an interval is on the average: a year has 365.25 days, and a month is a twelfth of it.
const fn length(interval: Interval) -> Duration {
    match interval {
        Interval::Day => Duration::from_hours(24),
        Interval::Week => Duration::from_hours(24 * 7),
        Interval::Month => Duration::from_mins(43_830),
        Interval::Year => Duration::from_hours(8_766),
    }
}
