//! Limits that come with what is subscribed to, and changes that they block.

use super::fixture::{Business, id, january};
use crate::billing::usage::LimitDraft;
use crate::billing::{ChangeWhen, ItemChange, Meter, PlanChange, PlanLimit, ServicePrice, SubscriptionStatus as S};
use crate::store::Session;

/// Says what comes with a price, and has it count.
async fn limits(business: &Business, lookup_key: &str, contacts: i64, seats: i64) {
    let offers = business.desk().offers().await.unwrap();
    let price = offers.into_iter().find(|price| price.lookup_key == lookup_key).unwrap();
    let limits =
        vec![PlanLimit { meter: Meter::Contacts, hard: contacts }, PlanLimit { meter: Meter::Seats, hard: seats }];
    business.desk().set_price(ServicePrice { limits, ..price }).await.unwrap();
    business.work().await;
}

/// A tenant with the larger plan.
async fn tenant() -> (Business, Session) {
    let business = Business::open().await;
    business.books.put_customer(&id("cus_1"));
    business.books.put(january(S::Active));
    business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
    business.work().await;
    limits(&business, "leadgen_monthly", 2_000, 10).await;
    let boss = business.office.boss().await;
    (business, boss)
}

fn to(price: &str, when: ChangeWhen) -> PlanChange {
    let items = vec![ItemChange::Replace { item: id("si_1"), price: id(price), quantity: 1 }];
    PlanChange { subscription: id("sub_1"), items, when }
}

#[tokio::test]
async fn a_downgrade_below_what_is_used_lists_everything_that_blocks() {
    let (business, boss) = tenant().await;
    limits(&business, "leadgen_yearly", 1_000, 5).await;
    boss.usage().record(Meter::Contacts, "import", 1_200, business.now()).await.unwrap();
    boss.usage().record(Meter::Seats, "staff", 7, business.now()).await.unwrap();
    let billing = boss.subscriptions(&business.billing);
    let wish = to("price_leadgen_yearly", ChangeWhen::AtPeriodEnd);
    for refused in [billing.change(&wish).await.unwrap_err(), billing.preview(&wish).await.unwrap_err()] {
        let blocking: Vec<_> = refused.fields().iter().map(|one| one.message.clone()).collect();
        let expected = [
            "1200 contacts are used and 1000 are allowed; use 200 less",
            "7 seats are used and 5 are allowed; use 2 less",
        ];
        assert_eq!((refused.code(), blocking), ("subscription.change_blocked", expected.map(str::to_owned).to_vec()));
    }
    limits(&business, "leadgen_yearly", 1_200, 7).await;
    billing.change(&wish).await.unwrap();
    assert!(business.books.subscription(&id("sub_1")).unwrap().schedule.is_some(), "it comes with the next period");
}

#[tokio::test]
async fn what_is_used_beyond_the_plan_blocks_no_larger_one() {
    let (business, boss) = tenant().await;
    boss.usage().record(Meter::Seats, "staff", 10, business.now()).await.unwrap();
    limits(&business, "leadgen_monthly", 2_000, 5).await;
    limits(&business, "leadgen_yearly", 2_000, 8).await;
    let billing = boss.subscriptions(&business.billing);
    billing.change(&to("price_leadgen_yearly", ChangeWhen::Now { prorate_from: None })).await.unwrap();
    assert_eq!(business.books.subscription(&id("sub_1")).unwrap().items[0].price.id, id("price_leadgen_yearly"));
}

#[tokio::test]
async fn the_limits_of_the_plan_hold_unless_the_organization_has_its_own() {
    let (business, boss) = tenant().await;
    let now = business.now();
    boss.usage().record(Meter::Contacts, "import", 1_999, now).await.unwrap();
    let refused = boss.usage().record(Meter::Contacts, "two more", 2, now).await.unwrap_err();
    assert_eq!(refused.code(), "usage.limit_reached");
    let contacts = boss.usage().now().await.unwrap().into_iter().find(|one| one.meter == Meter::Contacts).unwrap();
    assert_eq!((contacts.used, contacts.hard), (1_999, Some(2_000)));
    boss.usage().record(Meter::Emails, "unlimited", i64::MAX, now).await.unwrap();

    boss.usage().set_limit(Meter::Contacts, LimitDraft { soft: None, hard: Some(3_000) }).await.unwrap();
    boss.usage().record(Meter::Contacts, "two more", 2, now).await.unwrap();

    // Two of the plan are twice as much.
    let mut two = january(S::Active);
    two.items[0].quantity = 2;
    business.books.put(two);
    business.desk().sync(&id("cus_1")).await.unwrap();
    boss.usage().record(Meter::Seats, "staff", 20, now).await.unwrap();
    assert!(boss.usage().record(Meter::Seats, "one more", 1, now).await.is_err());

    // What has ended limits nothing, and opens nothing.
    let mut ended = january(S::Canceled);
    ended.ended_at = Some(now);
    business.books.put(ended);
    business.desk().sync(&id("cus_1")).await.unwrap();
    boss.usage().record(Meter::Seats, "one more", 1, now).await.unwrap();
}

#[tokio::test]
async fn only_what_is_on_offer_can_be_had_by_a_change() {
    let (business, boss) = tenant().await;
    let billing = boss.subscriptions(&business.billing);
    let at_once = ChangeWhen::Now { prorate_from: None };
    let unknown = billing.change(&to("price_mystery", at_once)).await.unwrap_err();
    assert_eq!(unknown.code(), "checkout.unknown_price");
    let offers = business.desk().offers().await.unwrap();
    let email = offers.into_iter().find(|price| price.lookup_key == "email_monthly").unwrap();
    business.desk().set_price(ServicePrice { offered: false, ..email }).await.unwrap();
    let withdrawn = billing.change(&to("price_email_monthly", at_once)).await.unwrap_err();
    assert_eq!(withdrawn.code(), "checkout.unknown_price");
    let theirs =
        PlanChange { subscription: id("sub_1"), items: vec![ItemChange::Remove { item: id("si_9") }], when: at_once };
    assert_eq!(billing.change(&theirs).await.unwrap_err().code(), "subscription.not_found");
    assert_eq!(business.books.counts().1, 0, "the provider was asked for nothing");
}
