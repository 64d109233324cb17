//! What is said while payment is missing, and when.

use std::time::Duration;

use super::fixture::{Business, DAY, SECOND, at, id, january, open_invoice, record, snapshot};
use crate::billing::dunning::{next_notice_at, notices_due};
use crate::billing::{
    AccessPolicy, BillingNotice, DunningStage as Stage, NoticeKind as Kind, PauseReason, SubscriptionStatus as S,
    TrialPeriod, dunning::dunning,
};
use crate::kernel::Timestamp;
use crate::paywall::{Level, ServiceModule};

const FAILED: &str = "2026-01-10T00:00:00Z";

fn past_due() -> crate::billing::SubscriptionTruth {
    let mut truth = january(S::PastDue);
    truth.latest_invoice = Some(open_invoice(&["si_1"], at(FAILED)));
    truth
}

#[test]
fn the_stages_follow_the_clock_and_recovery_is_at_once() {
    let policy = AccessPolicy { suspend_after: Some(DAY * 60), ..AccessPolicy::default() };
    let missing = record(past_due());
    let stage = |now: Timestamp| dunning(&missing, &policy, now).map(|one| (one.stage, one.next_at));
    let (read_only, suspended) = (at(FAILED).plus(DAY * 7), at(FAILED).plus(DAY * 60));
    assert_eq!(stage(at(FAILED)), Some((Stage::Grace, Some(read_only))));
    assert_eq!(stage(read_only.minus(SECOND)), Some((Stage::Grace, Some(read_only))));
    assert_eq!(stage(read_only), Some((Stage::ReadOnly, Some(suspended))));
    assert_eq!(stage(suspended), Some((Stage::Suspended, None)));
    assert_eq!(dunning(&record(january(S::Active)), &policy, suspended), None);
    let mut given_up = past_due();
    given_up.status = S::Unpaid;
    assert_eq!(dunning(&record(given_up), &policy, at(FAILED)).unwrap().stage, Stage::ReadOnly);
}

#[test]
fn a_notice_is_due_from_its_instant_on_and_the_next_one_is_named() {
    let (all, policy) = (snapshot([past_due()]), AccessPolicy::default());
    let due = |now| notices_due(&all, &policy, now).into_iter().map(|one| one.kind).collect::<Vec<_>>();
    assert_eq!(due(at(FAILED).minus(SECOND)), []);
    assert_eq!(due(at(FAILED)), [Kind::PaymentFailed]);
    let mut now = at(FAILED);
    let mut steps = Vec::new();
    while let Some(next) = next_notice_at(&all, &policy, now) {
        let before = due(next.minus(Duration::from_micros(1)));
        steps.extend(due(next).into_iter().filter(|kind| !before.contains(kind)));
        now = next;
    }
    assert_eq!(steps, [Kind::GraceEnding, Kind::ReadOnly]);
    assert_eq!(now, at(FAILED).plus(DAY * 7));

    let mut trial = january(S::Trialing);
    trial.trial = Some(TrialPeriod { start: None, end: at("2026-01-15T00:00:00Z") });
    assert_eq!(
        next_notice_at(&snapshot([trial.clone()]), &policy, at("2026-01-02T00:00:00Z")),
        Some(at("2026-01-12T00:00:00Z"))
    );
    trial.status = S::Paused;
    trial.pause_reason = Some(PauseReason::TrialEndedWithoutPaymentMethod);
    let told = notices_due(&snapshot([trial]), &policy, at("2026-01-15T00:00:00Z"));
    assert_eq!(told[0].kind, Kind::TrialEnded);
}

#[test]
fn a_first_payment_that_waits_for_the_customer_is_spoken_of_with_the_way_to_pay() {
    let mut truth = january(S::Incomplete);
    assert_eq!(notices_due(&snapshot([truth.clone()]), &AccessPolicy::default(), at(FAILED)), []);
    let mut invoice = open_invoice(&["si_1"], at(FAILED));
    invoice.hosted_url = Some("https://pay.example/in_1".to_owned());
    truth.latest_invoice = Some(invoice);
    let told = notices_due(&snapshot([truth]), &AccessPolicy::default(), at(FAILED));
    let told: Vec<_> = told.into_iter().map(|notice| (notice.kind, notice.pay_at)).collect();
    assert_eq!(told, [(Kind::ActionRequired, Some("https://pay.example/in_1".to_owned()))]);
}

fn given(business: &Business) -> Vec<(Kind, i64)> {
    let mut all: Vec<_> = business.office.store.dump::<BillingNotice>(business.tenant());
    all.sort_by_key(|notice| (notice.created_at, notice.id));
    all.iter().map(|notice| (notice.kind, notice.attempt)).collect()
}

#[tokio::test]
async fn from_a_failed_payment_to_recovery_each_notice_is_given_once() {
    let business = Business::open().await;
    business.books.put_customer(&id("cus_1"));
    business.books.put(past_due());
    business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
    business.work().await;
    assert_eq!(given(&business), [(Kind::PaymentFailed, 1)]);
    let level = |business: &Business| business.level(ServiceModule::LeadGeneration);
    assert_eq!(level(&business), Level::Grace);

    let mut again = past_due();
    again.latest_invoice.as_mut().unwrap().attempt_count = 2;
    business.books.put(again);
    for _ in 0..3 {
        business.desk().sync(&id("cus_1")).await.unwrap();
        business.work().await;
    }
    assert_eq!(given(&business), [(Kind::PaymentFailed, 1), (Kind::PaymentFailed, 2)]);
    for day in 1..=10 {
        business.office.clock.set(at(FAILED).plus(DAY * day));
        business.work().await;
    }
    assert_eq!(given(&business)[2..], [(Kind::GraceEnding, 0), (Kind::ReadOnly, 0)]);
    assert_eq!(level(&business), Level::ReadOnly);

    business.books.put(january(S::Active));
    business.desk().sync(&id("cus_1")).await.unwrap();
    assert_eq!(level(&business), Level::Full, "at once, before any notice is given");
    business.work().await;
    assert_eq!(given(&business)[4..], [(Kind::Recovered, 0)]);
    business.desk().sync(&id("cus_1")).await.unwrap();
    business.work().await;
    assert_eq!(given(&business).len(), 5);
}
