//! The decision: the eight states, their boundaries, and what holds of all of it.

use proptest::prelude::*;

use super::fixture::{
    DAY, END, SECOND, START, at, catalogue, decided, id, item, january, level, open_invoice, snapshot,
};
use crate::billing::{
    AccessPolicy, CollectionPause, PauseReason, Snapshot, SubscriptionStatus, SubscriptionTruth, decide, project,
};
use crate::kernel::Timestamp;
use crate::paywall::{AccessReason, Level, ServiceModule, module_of};

use Level::{Full, Grace, None as Nothing, ReadOnly};
use SubscriptionStatus as S;

const LEADS: ServiceModule = ServiceModule::LeadGeneration;
const EMAIL: ServiceModule = ServiceModule::EmailAutomation;

/// The levels one microsecond before an instant, and at it.
fn around(truth: &SubscriptionTruth, instant: Timestamp) -> [Level; 2] {
    [level(truth, instant.minus(std::time::Duration::from_micros(1))), level(truth, instant)]
}

#[test]
fn what_is_paid_or_on_trial_is_full_to_the_end_of_its_lease() {
    for status in [S::Active, S::Trialing] {
        let truth = january(status);
        assert_eq!(around(&truth, at(END)), [Full, Full], "the period's end alone closes nothing");
        assert_eq!(around(&truth, at("2026-02-04T00:00:00Z")), [Full, ReadOnly]);
    }
    let decision = decided(january(S::Active), at("2026-01-10T00:00:00Z"));
    assert_eq!(decision.next_change_at, Some(at("2026-02-04T00:00:00Z")));
    assert_eq!(decision.access(LEADS).unwrap().quantity, 1);
}

#[test]
fn a_scheduled_end_closes_at_its_instant_in_both_encodings() {
    let mut flexible = january(S::Active);
    flexible.cancel_at = Some(at(END));
    let mut classic = january(S::Active);
    classic.cancel_at_period_end = true;
    for truth in [flexible, classic] {
        assert_eq!(around(&truth, at(END)), [Full, Nothing]);
        assert!(truth.is_cancel_scheduled());
        assert_eq!(decided(truth, at(START)).next_change_at, Some(at(END)));
    }
}

#[test]
fn a_pause_of_collection_leaves_access_unless_the_policy_says_otherwise() {
    let mut truth = january(S::Active);
    truth.collection_pause = Some(CollectionPause { resumes_at: None });
    assert_eq!(level(&truth, at(START)), Full);
    let closing = AccessPolicy { collection_pause_closes: true, ..AccessPolicy::default() };
    assert_eq!(decide(&snapshot([truth]), &closing, at(START)).level(LEADS), ReadOnly);
}

#[test]
fn a_failed_payment_gives_grace_from_the_invoice_on_and_then_a_look() {
    let mut truth = january(S::PastDue);
    truth.latest_invoice = Some(open_invoice(&["si_1"], at("2026-01-03T12:00:00Z")));
    assert_eq!(around(&truth, at("2026-01-10T12:00:00Z")), [Grace, ReadOnly]);
    let decision = decided(truth.clone(), at("2026-01-05T00:00:00Z"));
    assert_eq!(decision.access(LEADS).unwrap().reason, AccessReason::PaymentFailed);
    assert_eq!(decision.next_change_at, Some(at("2026-01-10T12:00:00Z")));

    truth.cancel_at = Some(at("2026-01-06T00:00:00Z"));
    assert_eq!(around(&truth, at("2026-01-06T00:00:00Z")), [Grace, Nothing], "never beyond its end");

    truth.cancel_at = None;
    truth.latest_invoice = None;
    assert_eq!(around(&truth, at("2026-01-08T00:00:00Z")), [Grace, ReadOnly], "else from the newest period on");
}

#[test]
fn what_the_open_invoice_does_not_charge_is_paid_to_its_own_end() {
    let mut truth = january(S::PastDue);
    truth.items = vec![
        item("si_1", "leadgen_yearly", at(START), at("2027-01-01T00:00:00Z")),
        item("si_2", "email_monthly", at(END), at("2026-03-01T00:00:00Z")),
    ];
    truth.latest_invoice = Some(open_invoice(&["si_2"], at(END)));
    let after_grace = at("2026-02-09T00:00:00Z");
    let decision = decided(truth.clone(), after_grace);
    assert_eq!((decision.level(LEADS), decision.level(EMAIL)), (Full, ReadOnly));
    assert_eq!(around(&truth, at("2027-01-01T00:00:00Z")), [Full, ReadOnly]);

    // Without the invoice, what began last is what is not paid.
    truth.latest_invoice = None;
    let decision = decided(truth.clone(), at("2026-02-02T00:00:00Z"));
    assert_eq!((decision.level(LEADS), decision.level(EMAIL)), (Full, Grace));
    // An invoice whose lines name nothing that we know leaves nothing out.
    truth.latest_invoice = Some(open_invoice(&["si_unknown"], at(END)));
    let decision = decided(truth, after_grace);
    assert_eq!((decision.level(LEADS), decision.level(EMAIL)), (ReadOnly, ReadOnly));
}

#[test]
fn the_other_states_are_as_closed_as_they_should_be() {
    let far = at("2026-06-01T00:00:00Z");
    for (status, expected) in [
        (S::Unpaid, ReadOnly),
        (S::Paused, ReadOnly),
        (S::Incomplete, Nothing),
        (S::IncompleteExpired, Nothing),
        (S::Canceled, Nothing),
        (S::Other("rejuvenated".to_owned()), Nothing),
    ] {
        let truth = january(status.clone());
        assert_eq!(level(&truth, at(START)), expected, "{status:?}");
        assert_eq!(level(&truth, far), expected, "{status:?}");
        assert_eq!(decided(truth, far).level(ServiceModule::BasicCrm), Full);
    }
    let mut paused = january(S::Paused);
    paused.pause_reason = Some(PauseReason::TrialEndedWithoutPaymentMethod);
    assert_eq!(decided(paused, far).access(LEADS).unwrap().reason, AccessReason::TrialEnded);
}

#[test]
fn an_unknown_state_opens_no_more_than_the_last_known_one() {
    let unknown = S::Other("rejuvenated".to_owned());
    for (known, expected) in [(S::Active, Grace), (S::Unpaid, ReadOnly), (S::Incomplete, Nothing)] {
        let (before, _) = project(None, january(known.clone()), &catalogue(), false, at(START));
        let (after, _) = project(Some(&before), january(unknown.clone()), &catalogue(), false, at(START));
        let snapshot = Snapshot { subscriptions: vec![after], ..Snapshot::default() };
        let decision = decide(&snapshot, &AccessPolicy::default(), at("2026-01-02T00:00:00Z"));
        assert_eq!(decision.level(LEADS), expected, "{known:?}");
    }
}

#[test]
fn the_policy_can_leave_a_look_after_the_end_and_suspend_what_stays_unpaid() {
    let policy = AccessPolicy { export_after_end: DAY * 30, suspend_after: Some(DAY * 60), ..AccessPolicy::default() };
    let mut ended = january(S::Canceled);
    ended.ended_at = Some(at(END));
    let level = |truth: &SubscriptionTruth, now| decide(&snapshot([truth.clone()]), &policy, now).level(LEADS);
    assert_eq!(level(&ended, at(END).plus(DAY * 30).minus(SECOND)), ReadOnly);
    assert_eq!(level(&ended, at(END).plus(DAY * 30)), Nothing);
    let mut unpaid = january(S::Unpaid);
    unpaid.latest_invoice = Some(open_invoice(&["si_1"], at(START)));
    assert_eq!(level(&unpaid, at(START).plus(DAY * 60).minus(SECOND)), ReadOnly);
    assert_eq!(level(&unpaid, at(START).plus(DAY * 60)), Nothing);
}

#[test]
fn an_end_opens_nothing_for_who_was_suspended_before_or_would_have_been() {
    let policy = AccessPolicy { suspend_after: Some(DAY * 10), export_after_end: DAY * 30, ..AccessPolicy::default() };
    let level = |cancel_at: Timestamp, now: Timestamp| {
        let mut truth = january(S::Unpaid);
        truth.latest_invoice = Some(open_invoice(&["si_1"], at(START)));
        truth.cancel_at = Some(cancel_at);
        decide(&snapshot([truth]), &policy, now).level(LEADS)
    };
    let suspended = at(START).plus(DAY * 10);
    // The end comes after the suspension, and before it.
    for end in [suspended.plus(DAY), suspended.minus(DAY)] {
        assert_eq!(level(end, suspended.minus(SECOND)), ReadOnly, "{end}");
        for now in [suspended, end.max(suspended), end.plus(DAY * 5)] {
            assert_eq!(level(end, now), Nothing, "{end} {now}");
        }
    }
}

#[test]
fn the_best_of_several_subscriptions_counts_and_unknown_prices_grant_nothing() {
    let mut other = january(S::Active);
    other.id = id("sub_2");
    let both = snapshot([january(S::Canceled), other]);
    let decision = decide(&both, &AccessPolicy::default(), at(START));
    assert_eq!(decision.level(LEADS), Full);
    assert_eq!(decision.access(LEADS).unwrap().why.because.len(), 2);

    // The product claims to be lead generation; the catalogue does not know the price.
    let mut unknown = january(S::Active);
    unknown.items = vec![item("si_1", "mystery", at(START), at(END))];
    let (record, prices) = project(None, unknown.clone(), &catalogue(), false, at(START));
    assert_eq!((record.services.len(), prices), (0, vec![id("price_mystery")]));
    assert_eq!(level_of(&unknown), Nothing);
}

fn level_of(truth: &SubscriptionTruth) -> Level {
    level(truth, at(START))
}

#[test]
fn every_permission_names_a_service_and_the_basics_are_never_sold() {
    use crate::access::Permission as P;
    for free in [P::LeadRead, P::LeadCreate, P::LeadExport, P::BillingRead, P::BillingManage, P::MemberConfigure] {
        assert_eq!(module_of(free), ServiceModule::BasicCrm, "{free:?}");
    }
    for sold in [P::LeadImport, P::ScoringRead, P::AssignmentConfigure, P::DuplicateRead] {
        assert_eq!(module_of(sold), LEADS, "{sold:?}");
    }
}

/// Any subscription: every state, two items with periods of their own, ends, pauses and open invoices.
pub(super) fn any_truth() -> impl Strategy<Value = SubscriptionTruth> {
    let status = prop_oneof![
        Just(S::Trialing),
        Just(S::Active),
        Just(S::PastDue),
        Just(S::Unpaid),
        Just(S::Paused),
        Just(S::Incomplete),
        Just(S::IncompleteExpired),
        Just(S::Canceled),
        Just(S::Other("new".to_owned())),
    ];
    let day = || 0..90_u32;
    let parts = (status, day(), day(), 1..60_u32, 1..400_u32, proptest::option::of(day()), any::<bool>());
    let invoice = (proptest::option::of((day(), 0..4_u8)), any::<bool>());
    (parts, invoice).prop_map(|((status, first, second, short, long, cancel, at_end), (invoice, paused))| {
        let from = |days: u32| at(START).plus(DAY * days);
        let mut truth = january(status);
        truth.items = vec![
            item("si_1", "leadgen_monthly", from(first), from(first + short)),
            item("si_2", "email_yearly", from(second), from(second + long)),
        ];
        truth.cancel_at = cancel.map(from);
        truth.cancel_at_period_end = at_end;
        if truth.status == S::Canceled {
            truth.ended_at = Some(from(first));
        }
        truth.collection_pause = paused.then_some(CollectionPause { resumes_at: None });
        truth.latest_invoice = invoice.map(|(day, which)| {
            let items: &[&str] = match which {
                0 => &["si_1"],
                1 => &["si_2"],
                2 => &["si_1", "si_2"],
                _ => &["si_9"],
            };
            open_invoice(items, from(day))
        });
        truth
    })
}

pub(super) fn any_policy() -> impl Strategy<Value = AccessPolicy> {
    (0..10_u32, 0..5_u32, 0..40_u32, proptest::option::of(0..90_u32), any::<bool>()).prop_map(
        |(grace, lease, export, suspend, closes)| AccessPolicy {
            grace: DAY * grace,
            lease: DAY * lease,
            export_after_end: DAY * export,
            suspend_after: suspend.map(|days| DAY * days),
            collection_pause_closes: closes,
        },
    )
}

pub(super) fn any_instant() -> impl Strategy<Value = Timestamp> {
    (0..200_u32, 0..3_usize).prop_map(|(day, side)| {
        let instant = at(START).plus(DAY * day);
        [instant.minus(SECOND), instant, instant.plus(SECOND)][side]
    })
}

/// The levels of all services.
fn levels(snapshot: &Snapshot, policy: &AccessPolicy, now: Timestamp) -> Vec<Level> {
    let decision = decide(snapshot, policy, now);
    ServiceModule::ALL.iter().map(|service| decision.level(*service)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_changes_before_the_next_change(truths in proptest::collection::vec(any_truth(), 0..3),
                                              policy in any_policy(), now in any_instant(), part in 0..=1000_u32) {
        let snapshot = snapshot(truths);
        let decision = decide(&snapshot, &policy, now);
        let end = decision.next_change_at.unwrap_or(Timestamp::MAX);
        prop_assert!(end > now);
        let between = now.plus(end.since(now) * part / 1000).min(end.minus(std::time::Duration::from_micros(1)));
        let later = decide(&snapshot, &policy, between);
        prop_assert_eq!(levels(&snapshot, &policy, now), levels(&snapshot, &policy, between));
        prop_assert_eq!(later.next_change_at, decision.next_change_at);
        let (one, other) = (decision.entitlements(), later.entitlements());
        prop_assert!(one.holds_at(between) && other.holds_at(between));
        prop_assert!(decision.next_change_at.is_none_or(|end| !one.holds_at(end)));
    }

    #[test]
    fn invariant_8_access_ends_with_the_subscription_and_never_grows_by_taking_away(
        truth in any_truth(), policy in any_policy(), now in any_instant()
    ) {
        let all = snapshot([truth.clone()]);
        if truth.ends_at().is_some_and(|end| end <= now) {
            for service in [LEADS, EMAIL] {
                prop_assert!(decide(&all, &policy, now).level(service) <= ReadOnly);
            }
        }
        // Without the invoice it would be guessed which items are unpaid; with it, an item stands for itself.
        if truth.latest_invoice.is_some() && truth.status != S::PastDue {
            let mut fewer = truth.clone();
            fewer.items.pop();
            let fewer_levels = levels(&snapshot([fewer]), &policy, now);
            prop_assert!(fewer_levels.iter().zip(levels(&all, &policy, now)).all(|(less, more)| *less <= more));
        }
    }

    #[test]
    fn invariant_8_a_worse_state_never_raises_a_level(truth in any_truth(), policy in any_policy(), now in any_instant()) {
        // Within the period of every item; behind its lease, what is said to be paid is not believed any more.
        let mut truth = truth;
        truth.collection_pause = None;
        for period in truth.items.iter_mut().filter_map(|item| item.period.as_mut()) {
            period.end = period.end.max(now.plus(SECOND));
        }
        let order = [S::Active, S::PastDue, S::Unpaid, S::Incomplete];
        let levels: Vec<_> = order.iter().map(|status| {
            let truth = SubscriptionTruth { status: status.clone(), ..truth.clone() };
            levels(&snapshot([truth]), &policy, now)
        }).collect();
        for pair in levels.windows(2) {
            prop_assert!(pair[0].iter().zip(&pair[1]).all(|(better, worse)| worse <= better), "{levels:?}");
        }
    }

    #[test]
    fn invariant_6_words_that_we_do_not_know_never_raise_access(
        before in any_truth(), after in any_truth(), policy in any_policy(), now in any_instant()
    ) {
        let unknown = S::Other("unheard_of".to_owned());
        let plain = project(None, before.clone(), &catalogue(), false, at(START)).0;
        // The same truth under a word that we do not know.
        let renamed = SubscriptionTruth { status: unknown.clone(), ..before.clone() };
        let after_word = project(Some(&plain), renamed, &catalogue(), false, at(START)).0;
        let of = |record| Snapshot { subscriptions: vec![record], ..Snapshot::default() };
        let (known, strange) = (levels(&of(plain), &policy, now), levels(&of(after_word), &policy, now));
        prop_assert!(strange.iter().zip(&known).all(|(strange, known)| strange <= known), "{strange:?} {known:?}");
        // Seen for the first time, it opens nothing at all.
        let first = SubscriptionTruth { status: unknown, ..after };
        let first = levels(&snapshot([first]), &policy, now);
        prop_assert_eq!(&first[1..], &[Nothing; 6][..]);
    }

    #[test]
    fn invariant_5_both_encodings_of_an_end_are_the_same_decision(status in 0..3_usize, now in any_instant()) {
        let status = [S::Active, S::Trialing, S::PastDue][status].clone();
        let mut flexible = january(status.clone());
        flexible.cancel_at = Some(at(END));
        let mut classic = january(status);
        classic.cancel_at_period_end = true;
        prop_assert_eq!(decided(flexible, now), decided(classic, now));
    }

    #[test]
    fn invariant_4_what_has_ended_stays_ended(before in any_truth(), after in any_truth()) {
        let (before, _) = project(None, before, &catalogue(), false, at(START));
        let (after, _) = project(Some(&before), after, &catalogue(), false, at(START));
        prop_assert!(!before.status.is_final() || after.status.is_final());
    }
}
