//! Counters, limits and warnings.

use proptest::prelude::*;

use super::fixture::{Business, at, id};
use crate::billing::usage::{Counted, LimitDraft, UsagePeriod, thresholds_reached};
use crate::billing::{Meter, Usage, UsageRecord, UsageWarning};
use crate::store::Session;

async fn use_some(boss: &Session, key: &str, quantity: i64) -> crate::kernel::Result<Counted> {
    let now = boss.ports().clock.now();
    boss.usage().record(Meter::Emails, key, quantity, now).await
}

fn warnings(business: &Business) -> Vec<(i64, i64)> {
    let all = business.office.store.dump::<UsageWarning>(business.tenant());
    let mut all: Vec<_> = all.iter().map(|one| (one.limit_value, one.threshold)).collect();
    all.sort_unstable();
    all
}

fn limit(soft: Option<i64>, hard: Option<i64>) -> LimitDraft {
    LimitDraft { soft, hard }
}

#[tokio::test]
async fn a_use_is_counted_once_and_the_month_begins_anew() {
    let business = Business::open().await;
    let boss = business.office.boss().await;
    assert_eq!(use_some(&boss, "mail-1", 3).await.unwrap(), Counted::Now(3));
    assert_eq!(use_some(&boss, "mail-1", 3).await.unwrap(), Counted::Before(3));
    assert_eq!(use_some(&boss, "mail-2", 4).await.unwrap(), Counted::Now(7));
    assert_eq!(use_some(&boss, "", 1).await.unwrap_err().code(), "usage.malformed_key");
    business.office.clock.set(at("2026-02-01T00:00:00Z"));
    assert_eq!(use_some(&boss, "mail-3", 1).await.unwrap(), Counted::Now(1));
    let standing = Usage(&boss).record(Meter::Seats, "ada", 1, at("2020-01-01T00:00:00Z")).await.unwrap();
    assert_eq!(standing, Counted::Now(1));
    assert_eq!(Usage(&boss).record(Meter::Seats, "ada left", -1, business.now()).await.unwrap(), Counted::Now(0));
    assert_eq!(UsagePeriod::Month.start(at("2026-02-28T23:59:59Z")), at("2026-02-01T00:00:00Z"));
}

#[tokio::test]
async fn invariant_12_each_threshold_warns_once_and_a_raised_limit_warns_anew() {
    let business = Business::open().await;
    let boss = business.office.boss().await;
    boss.usage().set_limit(Meter::Emails, limit(None, Some(10))).await.unwrap();
    use_some(&boss, "a", 7).await.unwrap();
    assert_eq!(warnings(&business), []);
    use_some(&boss, "b", 1).await.unwrap();
    assert_eq!(warnings(&business), [(10, 80)]);
    use_some(&boss, "c", 2).await.unwrap();
    assert_eq!(warnings(&business), [(10, 80), (10, 90), (10, 100)], "100 implies 90, which was jumped over");
    let refused = use_some(&boss, "d", 1).await.unwrap_err();
    assert_eq!(refused.code(), "usage.limit_reached");
    assert_eq!(use_some(&boss, "c", 2).await.unwrap(), Counted::Before(10), "what was counted is never refused");

    boss.usage().set_limit(Meter::Emails, limit(Some(12), Some(20))).await.unwrap();
    assert_eq!(warnings(&business)[3..], [(12, 80)]);
    use_some(&boss, "d", 10).await.unwrap();
    assert_eq!(warnings(&business)[3..], [(12, 80), (12, 90), (12, 100)]);
    business.office.clock.set(at("2026-02-01T00:00:00Z"));
    use_some(&boss, "e", 11).await.unwrap();
    assert_eq!(warnings(&business).len(), 8, "a new month warns anew");

    let wrong = boss.usage().set_limit(Meter::Emails, limit(Some(-1), Some(-2))).await.unwrap_err();
    assert_eq!(wrong.fields().len(), 3);
}

#[tokio::test]
async fn two_who_count_at_once_lose_nothing() {
    let business = Business::open().await;
    let boss = business.office.boss().await;
    let counts = (0..20).map(|number| {
        let boss = boss.clone();
        async move { use_some(&boss, &format!("mail-{}", number % 10), 1).await.unwrap() }
    });
    futures_util::future::join_all(counts).await;
    assert_eq!(use_some(&boss, "last", 1).await.unwrap(), Counted::Now(11));
}

#[tokio::test]
async fn metered_use_reaches_the_provider_once() {
    let mut business = Business::open().await;
    business.billing = business.billing.with_meter(Meter::Emails, "emails_sent");
    business.office.crm = business.office.crm.clone().with_job_handlers(business.billing.job_handlers());
    business.books.put_customer(&id("cus_1"));
    business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
    business.work().await;
    let boss = business.office.boss().await;
    use_some(&boss, "a", 2).await.unwrap();
    boss.usage().record(Meter::Seats, "ada", 1, business.now()).await.unwrap();
    business.books.fail([crate::testing::books::Failure::After]);
    for _ in 0..6 {
        business.work().await;
        business.office.clock.advance(std::time::Duration::from_mins(1));
    }
    let usage = business.books.usage();
    assert_eq!(usage.iter().map(|one| (one.meter.as_str(), one.value)).collect::<Vec<_>>(), [("emails_sent", 2)]);
    assert!(business.office.store.dump::<UsageRecord>(business.tenant()).iter().all(|record| record.reported));
}

#[tokio::test]
async fn what_the_provider_does_not_take_is_said_and_holds_nothing_up() {
    let mut business = Business::open().await;
    business.billing = business.billing.with_meter(Meter::Emails, "emails_sent");
    business.office.crm = business.office.crm.clone().with_job_handlers(business.billing.job_handlers());
    business.books.put_customer(&id("cus_1"));
    business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
    business.work().await;
    let boss = business.office.boss().await;
    boss.usage().record(Meter::Emails, "last year", 9, at("2025-06-01T00:00:00Z")).await.unwrap();
    use_some(&boss, "refused", 1).await.unwrap();
    use_some(&boss, "taken", 2).await.unwrap();
    let refused = crate::billing::GatewayError::Refused { code: "value".to_owned(), reason: "no".to_owned() };
    business.books.fail([crate::testing::books::Failure::Before(refused)]);
    business.work().await;
    let taken: Vec<_> = business.books.usage().iter().map(|one| one.value).collect();
    assert_eq!(taken, [2]);
    let told = business.office.store.dump::<crate::event::Event>(business.tenant());
    assert_eq!(told.iter().filter(|event| event.name == "usage_record.not_taken").count(), 2);
    assert!(business.office.store.dump::<UsageRecord>(business.tenant()).iter().all(|record| record.reported));
}

proptest! {
    #[test]
    fn thresholds_are_exact_and_never_skip_a_lesser_one(used in any::<i64>(), limit in any::<i64>()) {
        let reached: Vec<_> = thresholds_reached(used, limit).collect();
        prop_assert!([80, 90, 100].starts_with(&reached));
        let full = limit > 0 && used >= limit;
        prop_assert_eq!(reached.contains(&100), full);
    }
}
