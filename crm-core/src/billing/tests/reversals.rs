//! Payments that are taken back: nothing follows by itself, and what the operator's policy makes of it holds once.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use proptest::prelude::*;

use super::access::{any_instant, any_policy, any_truth};
use super::fixture::{Business, at, id, january, snapshot};
use crate::billing::{
    AccessPolicy, BillingAccount, GatewayError, NewCheckout, PaymentReversal, PlanRefusal, ProviderEvent, Received,
    ReversalEffect, ReversalKind, ReversalPolicy, ReversedPayment, ServiceGrant, Snapshot, SubscriptionPaywall,
    SubscriptionStatus as S, WithheldLevel, Withholding, decide, withheld_for,
};
use crate::event::Event;
use crate::kernel::Timestamp;
use crate::paywall::{AccessReason, Level, Paywall, ServiceModule, UpgradeHint};
use crate::testing::books::Failure;
use crate::testing::office::Office;

use ReversalKind::{DisputeLost, DisputeOpened, DisputeWon, Refund};

const LEADS: ServiceModule = ServiceModule::LeadGeneration;

/// Withholds what is disputed, all of it once the dispute is lost, and gives it back when it is won.
struct Careful;

impl ReversalPolicy for Careful {
    fn effect(&self, reversal: &PaymentReversal) -> ReversalEffect {
        match reversal.kind {
            DisputeOpened => ReversalEffect::Withhold(WithheldLevel::ReadOnly),
            DisputeLost => ReversalEffect::Withhold(WithheldLevel::None),
            DisputeWon => ReversalEffect::Restore,
            Refund | ReversalKind::Other(_) => ReversalEffect::Keep,
        }
    }
}

/// A tenant that pays, and an operator who keeps access as it is.
async fn paying() -> Business {
    let business = Business::open().await;
    business.books.put_customer(&id("cus_1"));
    business.books.put(january(S::Active));
    business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
    business.work().await;
    business
}

/// The same, and an operator who is careful.
async fn careful() -> Business {
    let mut business = paying().await;
    business.billing = business.billing.with_reversal_policy(Careful);
    business.office.crm = business.office.crm.with_job_handlers(business.billing.job_handlers());
    business
}

fn reversal(kind: ReversalKind, charge: &str, occurred_at: Timestamp) -> PaymentReversal {
    PaymentReversal { kind, charge: Some(id(charge)), amount: None, charged: None, reason: None, occurred_at }
}

/// An event that tells of a reversal so many seconds after the new year.
fn told(business: &Business, name: &str, kind: ReversalKind, charge: &str, seconds: u64) -> ProviderEvent {
    let occurred_at = at("2026-01-01T00:00:00Z").plus(Duration::from_secs(seconds));
    let reversal = Some(reversal(kind, charge, occurred_at));
    ProviderEvent { occurred_at, reversal, ..business.event(name, Some("cus_1")) }
}

async fn arrive(business: &Business, events: impl IntoIterator<Item = ProviderEvent>) {
    for event in events {
        business.desk().receive(event).await.unwrap();
        business.work().await;
    }
}

/// What the organization's stream says of its account, without its opening.
fn said(business: &Business) -> Vec<String> {
    let events = business.office.store.dump::<Event>(business.tenant());
    let of_account = events.into_iter().filter(|event| event.entity == "billing_account");
    of_account.map(|event| event.value.name).filter(|name| name != "billing_account.opened").collect()
}

fn account(business: &Business) -> BillingAccount {
    business.office.store.dump::<BillingAccount>(business.tenant()).remove(0).value
}

#[tokio::test]
async fn a_reversal_changes_no_access_by_itself() {
    let business = paying().await;
    let before = account(&business);
    let mut history = Vec::new();
    for (number, kind) in [Refund, DisputeOpened, DisputeLost].into_iter().enumerate() {
        history.push(told(&business, &format!("evt_{number}"), kind, "ch_1", 10));
    }
    arrive(&business, history).await;
    assert_eq!(business.level(LEADS), Level::Full);
    let account = account(&business);
    assert_eq!((account.withholdings.len(), account.entitlement_version), (0, before.entitlement_version));
    assert_eq!(said(&business), ["billing_account.payment_reversed"; 3], "and yet it is told");
    let kept = business.desk().reversals(business.tenant()).await.unwrap();
    assert!(kept.iter().all(|one| one.effect == ReversalEffect::Keep) && kept.len() == 3);
}

#[tokio::test]
async fn a_dispute_withholds_and_is_given_back_when_it_is_won_and_each_is_told_once() {
    let business = careful().await;
    let opened = told(&business, "evt_1", DisputeOpened, "ch_1", 10);
    assert_eq!(business.desk().receive(opened.clone()).await.unwrap(), Received::Stored);
    assert_eq!(business.level(LEADS), Level::Full, "not before the desk has worked");
    business.work().await;
    assert_eq!(business.level(LEADS), Level::ReadOnly);
    assert_eq!(business.decision().level(ServiceModule::BasicCrm), Level::Full);
    assert_eq!(business.decision().access(LEADS).unwrap().reason, AccessReason::Withheld);
    assert_eq!(AccessReason::Withheld.hint(), UpgradeHint::Contact);
    let withheld = business.desk().withholdings(business.tenant()).await.unwrap();
    assert_eq!((withheld[0].level, withheld[0].since), (WithheldLevel::ReadOnly, opened.occurred_at));
    let refused = business.office.boss().await.begin(crate::access::Permission::LeadImport).await.map(drop);
    assert!(refused.unwrap_err().to_string().contains("contact the operator"), "the door follows at once");

    // Again, by the provider and by a sync that has nothing to do with it.
    assert_eq!(business.desk().receive(opened).await.unwrap(), Received::Repeated);
    business.desk().sync(&id("cus_1")).await.unwrap();
    assert_eq!(said(&business), ["billing_account.payment_reversed", "billing_account.access_withheld"]);
    assert_eq!(business.desk().drift().await.unwrap(), 0);

    arrive(&business, [told(&business, "evt_2", DisputeWon, "ch_1", 20)]).await;
    assert_eq!(business.level(LEADS), Level::Full);
    let after = ["billing_account.payment_reversed", "billing_account.access_restored"];
    assert_eq!(said(&business)[2..], after);
}

#[tokio::test]
async fn a_job_that_fails_after_it_has_kept_a_reversal_keeps_it_once() {
    let business = careful().await;
    business.desk().receive(told(&business, "evt_1", DisputeOpened, "ch_1", 10)).await.unwrap();
    business.books.fail([Failure::Before(GatewayError::Outage), Failure::Before(GatewayError::Outage)]);
    let run = business.office.crm.run_due("worker", 10).await.unwrap();
    assert_eq!((run.failed, business.level(LEADS)), (1, Level::ReadOnly), "the provider is not needed for it");
    for _ in 0..5 {
        business.office.clock.advance(Duration::from_mins(2));
        business.work().await;
    }
    assert_eq!(said(&business), ["billing_account.payment_reversed", "billing_account.access_withheld"]);
}

#[tokio::test]
async fn every_order_repetition_and_number_of_workers_ends_in_the_same() {
    // Two disputes, and a refund that says nothing: the one is won, the other stays open.
    let all = |business: &Business| {
        [
            told(business, "evt_4", DisputeOpened, "ch_1", 10),
            told(business, "evt_3", DisputeWon, "ch_1", 10),
            told(business, "evt_2", DisputeOpened, "ch_2", 5),
            told(business, "evt_1", Refund, "ch_1", 20),
        ]
    };
    let mut ends = Vec::new();
    for order in permutations(4) {
        let business = careful().await;
        let events = all(&business);
        for number in &order {
            business.desk().receive(events[*number].clone()).await.unwrap();
            business.desk().receive(events[0].clone()).await.unwrap();
            let worker = async |name| {
                for _ in 0..4 {
                    business.office.crm.run_due(name, 10).await.unwrap();
                    tokio::task::yield_now().await;
                }
            };
            business.books.answer_late([2, 0, 1, 3]);
            join(worker("one"), worker("two")).await;
        }
        business.work().await;
        let mut names = said(&business);
        names.retain(|name| name.ends_with("payment_reversed"));
        ends.push((order, account(&business).withholdings, business.level(LEADS), names.len()));
    }
    for (order, withheld, level, reversed) in &ends {
        assert_eq!((withheld, level, *reversed), (&ends[0].1, &Level::ReadOnly, 4), "{order:?}");
    }
    let charges: Vec<_> = ends[0].1.iter().map(|one| one.reversal.clone().unwrap().charge.unwrap()).collect();
    assert_eq!(charges, [id("ch_2")], "a dispute that is won gives back its own");
}

/// All orders of the first `count` numbers.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else { return vec![Vec::new()] };
    let places = |shorter: Vec<usize>| {
        (0..=last).map(move |place| {
            let mut longer = shorter.clone();
            longer.insert(place, last);
            longer
        })
    };
    permutations(last).into_iter().flat_map(places).collect()
}

#[tokio::test]
async fn what_is_withheld_of_one_organization_leaves_another_as_it_was() {
    let business = careful().await;
    let neighbour: Office = business.office.neighbour("neighbour").await;
    business.books.put_customer(&id("cus_2"));
    let mut theirs = january(S::Active);
    (theirs.id, theirs.customer) = (id("sub_2"), id("cus_2"));
    business.books.put(theirs);
    business.desk().link(&id("cus_2"), neighbour.organization).await.unwrap();
    business.work().await;
    let records = || {
        let (store, organization) = (&business.office.store, neighbour.organization);
        (store.dump::<BillingAccount>(organization), store.dump::<Event>(organization))
    };
    let before = records();
    arrive(&business, [told(&business, "evt_1", DisputeLost, "ch_1", 10)]).await;
    business.desk().withhold(business.tenant(), WithheldLevel::None, "fraud".parse().unwrap()).await.unwrap();
    assert_eq!((records(), business.level(LEADS)), (before, Level::None));
    assert!(neighbour.store.dump::<ReversedPayment>(neighbour.organization).is_empty());
}

#[tokio::test]
async fn what_is_kept_at_hand_follows_what_is_withheld_and_given_back() {
    let business = careful().await;
    let untold = SubscriptionPaywall::new(Arc::new(business.office.store.clone()), AccessPolicy::default());
    let (tenant, desk) = (business.tenant(), business.desk());
    let mut versions = vec![account(&business).entitlement_version];
    for step in 0..4 {
        match step {
            0 => arrive(&business, [told(&business, "evt_1", DisputeOpened, "ch_1", 10)]).await,
            1 => desk.withhold(tenant, WithheldLevel::None, "asked twice".parse().unwrap()).await.unwrap(),
            _ => desk.restore(tenant).await.unwrap(),
        }
        // One is told at once, the other compares versions.
        business.office.clock.advance(crate::billing::STALENESS);
        let (now, decided) = (business.now(), business.decision().entitlements());
        for paywall in [&untold, &business.paywall] {
            let answer = paywall.entitlements(tenant, now).await;
            for (service, viewing) in ServiceModule::ALL.iter().flat_map(|one| [(*one, false), (*one, true)]) {
                let need = crate::paywall::Need { service, viewing };
                assert_eq!(answer.check(need), decided.check(need), "step {step}, {need:?}");
            }
        }
        versions.push(account(&business).entitlement_version);
    }
    assert_eq!(business.level(LEADS), Level::Full);
    let raised: Vec<_> = versions.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(raised, [1, 1, 1, 0], "the last gave back nothing");
}

#[tokio::test]
async fn an_operator_withholds_by_hand_and_gives_everything_back() {
    let business = careful().await;
    let (tenant, desk) = (business.tenant(), business.desk());
    desk.withhold(tenant, WithheldLevel::None, "charge back expected".parse().unwrap()).await.unwrap();
    arrive(&business, [told(&business, "evt_1", DisputeOpened, "ch_1", 10)]).await;
    arrive(&business, [told(&business, "evt_2", DisputeWon, "ch_1", 20)]).await;
    assert_eq!(business.level(LEADS), Level::None, "what was done by hand is given back by hand");
    let withheld = desk.withholdings(tenant).await.unwrap();
    assert_eq!(withheld[0].note.as_ref().unwrap().as_str(), "charge back expected");

    let boss = business.office.boss().await;
    let wish = NewCheckout { prices: vec!["leadgen_monthly".to_owned()], trial: false };
    let refused = boss.subscriptions(&business.billing).checkout(&wish).await.unwrap_err();
    assert_eq!(refused.downcast_ref(), Some(&PlanRefusal::Withheld), "nobody pays for what would be withheld");

    desk.restore(tenant).await.unwrap();
    assert_eq!((business.level(LEADS), desk.withholdings(tenant).await.unwrap()), (Level::Full, vec![]));
    arrive(&business, [told(&business, "evt_3", DisputeOpened, "ch_1", 15)]).await;
    assert_eq!(business.level(LEADS), Level::Full, "a late word of what was settled withholds nothing");
    let long_after = 60 * 60 * 24 * 20;
    arrive(&business, [told(&business, "evt_4", DisputeOpened, "ch_2", long_after)]).await;
    assert_eq!(business.level(LEADS), Level::ReadOnly, "a new dispute does");
    desk.restore(tenant).await.unwrap();
    assert_eq!(business.level(LEADS), Level::Full);
    arrive(&business, [told(&business, "evt_5", Refund, "ch_2", long_after - 1)]).await;
    assert_eq!(business.level(LEADS), Level::Full, "also where the provider's clock is ahead of ours");
}

#[test]
fn what_the_operator_gives_is_not_withheld() {
    let grant = ServiceGrant { service: LEADS, until: None, reason: "a present".parse().unwrap() };
    let all =
        Snapshot { grants: vec![grant], withholdings: by_hand(WithheldLevel::None), ..snapshot([january(S::Active)]) };
    let now = at("2026-01-10T00:00:00Z");
    let access = decide(&all, &AccessPolicy::default(), now);
    let access = access.access(LEADS).unwrap();
    assert_eq!((access.level, access.reason, access.quantity), (Level::Full, AccessReason::Granted, 1));
    let bought = Snapshot { grants: Vec::new(), ..all };
    assert_eq!(decide(&bought, &AccessPolicy::default(), now).level(LEADS), Level::None);
}

#[test]
fn words_of_a_later_version_are_read_and_open_nothing() {
    let kept: ReversedPayment = serde_json::from_value(serde_json::json!({
        "provider": "fake", "event_id": "evt_1", "customer_id": "cus_1", "effect": "withhold_at_night",
        "reversal": { "kind": "dispute_escalated", "charge": "ch_1", "occurred_at": at("2026-01-01T00:00:00Z"), "x": 1 },
    }))
    .unwrap();
    assert_eq!(kept.effect, ReversalEffect::Withhold(WithheldLevel::None));
    assert_eq!(kept.reversal.kind, ReversalKind::Other("dispute_escalated".to_owned()));
    let before =
        serde_json::json!({ "customers": [], "entitlement_version": 3, "trial_used_at": null, "plan_limits": [] });
    let account: BillingAccount = serde_json::from_value(before).unwrap();
    assert_eq!((account.withholdings.len(), account.access_restored_at), (0, None), "as kept before there were any");
    for effect in [ReversalEffect::Keep, ReversalEffect::Restore, ReversalEffect::Withhold(WithheldLevel::ReadOnly)] {
        assert_eq!(ReversalEffect::from(String::from(effect)), effect);
    }
    for kind in [Refund, DisputeOpened, DisputeWon, DisputeLost] {
        assert_eq!(ReversalKind::from(String::from(kind.clone())), kind);
    }
}

#[tokio::test]
async fn a_plan_is_tried_out_on_a_history_with_reversals() {
    let business = careful().await;
    let (from, boss) = (business.now(), business.office.boss().await);
    arrive(&business, [told(&business, "evt_1", DisputeOpened, "ch_1", 10)]).await;
    business.office.clock.advance(super::fixture::DAY);
    let plan = crate::billing::simulation::Plan { catalogue: super::fixture::catalogue(), ..Default::default() };
    let simulated = boss.subscriptions(&business.billing).simulate(&plan, from, business.now()).await.unwrap();
    assert_eq!((simulated.refused.len(), simulated.bill.len()), (0, 1));
}

fn by_hand(level: WithheldLevel) -> Vec<Withholding> {
    vec![Withholding { level, since: at("2026-01-01T00:00:00Z"), reversal: None, note: None }]
}

fn any_kept() -> impl Strategy<Value = ReversedPayment> {
    let kind = prop_oneof![Just(Refund), Just(DisputeOpened), Just(DisputeWon), Just(DisputeLost)];
    let effect = prop_oneof![
        Just(ReversalEffect::Keep),
        Just(ReversalEffect::Restore),
        Just(ReversalEffect::Withhold(WithheldLevel::ReadOnly)),
        Just(ReversalEffect::Withhold(WithheldLevel::None)),
    ];
    (kind, effect, 0..3_u8, 0..4_u64, 0..1_000_u32).prop_map(|(kind, effect, charge, second, event)| {
        let occurred_at = at("2026-01-01T00:00:00Z").plus(Duration::from_secs(second));
        ReversedPayment {
            provider: "fake".to_owned(),
            event_id: id(&format!("evt_{event}")),
            customer_id: id("cus_1"),
            reversal: reversal(kind, &format!("ch_{charge}"), occurred_at),
            effect,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_withholding_never_raises_access(truths in proptest::collection::vec(any_truth(), 0..3), policy in any_policy(),
                                         now in any_instant(), closed in any::<bool>()) {
        let level = if closed { WithheldLevel::None } else { WithheldLevel::ReadOnly };
        let open = snapshot(truths);
        let withheld = Snapshot { withholdings: by_hand(level), ..open.clone() };
        let (before, after) = (decide(&open, &policy, now), decide(&withheld, &policy, now));
        for service in ServiceModule::ALL.iter().copied().filter(|service| *service != ServiceModule::BasicCrm) {
            // Exactly the lesser of both, and nothing else changes by it.
            prop_assert_eq!(after.level(service), before.level(service).min(level.level()));
        }
        prop_assert_eq!(after.level(ServiceModule::BasicCrm), Level::Full);
        // Two reasons at once are as strict as the stricter.
        let both = [by_hand(WithheldLevel::ReadOnly), by_hand(level)].concat();
        let both = decide(&Snapshot { withholdings: both, ..open }, &policy, now);
        prop_assert_eq!(both.level(LEADS), after.level(LEADS));
    }

    #[test]
    fn what_is_withheld_does_not_depend_on_the_order_of_its_telling(
        kept in proptest::collection::vec(any_kept(), 0..12), turn in 0..12_usize, restored in proptest::option::of(0..4_u64)
    ) {
        // Each event once, as it is kept.
        let kept: std::collections::BTreeMap<_, _> = kept.into_iter().map(|one| (one.event_id.clone(), one)).collect();
        let restored = restored.map(|second| at("2026-01-01T00:00:00Z").plus(Duration::from_secs(second)));
        let mut other: Vec<_> = kept.values().rev().collect();
        other.rotate_left(turn.min(kept.len()));
        let withheld = withheld_for(kept.values(), restored);
        prop_assert_eq!(&withheld, &withheld_for(other, restored));
        prop_assert!(withheld.iter().all(|one| restored.is_none_or(|at| one.since > at)));
    }
}

#[test]
fn a_desk_that_took_them_as_they_come_would_be_caught() {
    // The negative control: the closing arrives first and the opening has the last word.
    let kept = |kind, effect, second| ReversedPayment {
        provider: "fake".to_owned(),
        event_id: id(&format!("evt_{second}")),
        customer_id: id("cus_1"),
        reversal: reversal(kind, "ch_1", at("2026-01-01T00:00:00Z").plus(Duration::from_secs(second))),
        effect,
    };
    let arrived = [
        kept(DisputeWon, ReversalEffect::Restore, 2),
        kept(DisputeOpened, ReversalEffect::Withhold(WithheldLevel::None), 1),
    ];
    let mut naive = None;
    for one in &arrived {
        naive = match one.effect {
            ReversalEffect::Withhold(level) => Some(level),
            ReversalEffect::Restore => None,
            ReversalEffect::Keep => naive,
        };
    }
    assert_eq!((naive, withheld_for(&arrived, None).len()), (Some(WithheldLevel::None), 0));
}
