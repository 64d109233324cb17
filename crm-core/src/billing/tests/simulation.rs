//! Another plan, tried out on what really happened.

use super::fixture::{Business, DAY, at, catalogue, id, january};
use crate::billing::simulation::{Plan, simulate};
use crate::billing::{Catalogue, SubscriptionStatus as S};
use crate::event::Event;
use crate::kernel::{Currency, Money};
use crate::paywall::{AccessReason, ServiceModule};
use crate::testing::office::named;

#[tokio::test]
async fn another_plan_says_who_would_have_been_refused_what_and_what_it_would_have_cost() {
    let business = Business::open().await;
    business.books.put_customer(&id("cus_1"));
    business.books.put(january(S::Active));
    business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
    business.work().await;
    let from = business.now();
    let lead = business.office.lead(named("Ada")).await;
    let boss = business.office.boss().await;
    boss.assignment().assign(lead.id, Some(business.office.owner), None).await.unwrap();
    business.office.clock.advance(DAY * 10);
    let until = business.now();
    let history = business.office.store.dump::<Event>(business.tenant());

    let same = Plan { catalogue: catalogue(), ..Plan::default() };
    let simulated = simulate(&history, &[], &same, from, until);
    assert_eq!((simulated.acts, simulated.refused.len()), (1, 0));
    // Ten days of a month of 30.4375 days, at 99 dollars.
    let bill = [(ServiceModule::LeadGeneration, Money::new(3_253, Currency::USD))];
    assert_eq!(simulated.bill, bill);

    // The price buys something else: what was done would have been refused.
    let mut prices = catalogue().prices().to_vec();
    for price in &mut prices {
        price.service = ServiceModule::EmailAutomation;
        price.amount_minor *= 2;
    }
    let other = Plan { catalogue: Catalogue::new(prices), ..Plan::default() };
    let simulated = simulate(&history, &[], &other, from, until);
    let refused = &simulated.refused[0];
    assert_eq!((refused.name.as_str(), refused.member), ("lead.assigned", business.office.owner));
    assert_eq!((refused.service, refused.reason), (ServiceModule::LeadGeneration, AccessReason::NotSubscribed));
    assert_eq!(simulated.bill, [(ServiceModule::EmailAutomation, Money::new(6_505, Currency::USD))]);
    assert_eq!(
        simulate(&history, &[], &other, until, until.plus(DAY)).refused,
        [],
        "outside the time nothing is judged"
    );
    assert!(at("2026-01-01T00:00:00Z") < from);
}
