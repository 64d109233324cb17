//! What is asked of the provider: once, whatever becomes of the answers, and no more often than need be.

use std::time::Duration;

use super::fixture::{Business, DAY, id, january};
use crate::billing::{
    BillingCommand, ChangeWhen, CheckoutStatus, CommandState, GatewayError, ItemChange, NewCheckout, PlanChange,
    SubscriptionStatus as S,
};
use crate::paywall::{Level, ServiceModule};
use crate::store::Session;
use crate::testing::books::Failure;

fn wish(price: &str) -> NewCheckout {
    NewCheckout { prices: vec![price.to_owned()], trial: false }
}

/// A tenant that pays for lead generation.
async fn paying() -> (Business, Session) {
    let business = Business::open().await;
    business.books.put_customer(&id("cus_1"));
    business.books.put(january(S::Active));
    business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
    business.work().await;
    let boss = business.office.boss().await;
    (business, boss)
}

fn effects(business: &Business) -> u64 {
    business.books.counts().1
}

#[tokio::test]
async fn seats_that_change_often_are_told_once_with_the_last_number() {
    let (business, boss) = paying().await;
    let billing = boss.subscriptions(&business.billing);
    let (subscription, seats) = (id("sub_1"), id("si_1"));
    for quantity in [2, 3, 7, 5] {
        billing.set_quantity(&subscription, &seats, quantity).await.unwrap();
        business.office.clock.advance(Duration::from_secs(5));
        business.work().await;
    }
    assert_eq!(effects(&business), 0, "still gathering");
    business.office.clock.advance(Duration::from_secs(10));
    business.work().await;
    let kept = business.books.subscription(&subscription).unwrap().items[0].quantity;
    assert_eq!((kept, effects(&business)), (5, 1), "30 s after the first of them");
    assert_eq!(business.decision().access(ServiceModule::LeadGeneration).unwrap().quantity, 5);

    billing.set_quantity(&subscription, &seats, 5).await.unwrap();
    business.office.clock.advance(Duration::from_mins(1));
    business.work().await;
    assert_eq!(effects(&business), 1, "what is so already is not told");
    let none = billing.set_quantity(&subscription, &seats, 0).await.unwrap_err();
    assert_eq!(none.code(), "checkout.nothing_chosen");
    let theirs = billing.set_quantity(&subscription, &id("si_9"), 2).await.unwrap_err();
    assert_eq!(theirs.code(), "subscription.not_found");
}

#[tokio::test]
async fn an_outage_keeps_the_last_number_of_seats() {
    let (business, boss) = paying().await;
    let billing = boss.subscriptions(&business.billing);
    billing.set_quantity(&id("sub_1"), &id("si_1"), 4).await.unwrap();
    business.office.clock.advance(Duration::from_secs(30));
    business.books.fail([Failure::Before(GatewayError::Outage), Failure::After]);
    for _ in 0..8 {
        business.office.crm.run_due("worker", 10).await.unwrap();
        business.office.clock.advance(Duration::from_mins(3));
    }
    assert_eq!(business.books.subscription(&id("sub_1")).unwrap().items[0].quantity, 4);
    assert_eq!(effects(&business), 1);

    billing.set_quantity(&id("sub_1"), &id("si_1"), 6).await.unwrap();
    let refused = GatewayError::Refused { code: "rate".to_owned(), reason: "no".to_owned() };
    business.books.fail([Failure::Before(refused)]);
    business.office.clock.advance(Duration::from_mins(1));
    business.work().await;
    let commands = business.office.store.dump::<BillingCommand>(business.tenant());
    assert!(commands.iter().any(|command| command.state == CommandState::Refused));
}

#[tokio::test]
async fn a_command_whose_key_is_forgotten_is_looked_for_before_it_is_sent_again() {
    let business = Business::open().await;
    let boss = business.office.boss().await;
    let billing = boss.subscriptions(&business.billing);
    // The prices are asked for first; then the customer is made, and the answer is lost.
    business.books.fail([Failure::Not, Failure::After]);
    assert!(billing.checkout(&wish("leadgen_monthly")).await.is_err());
    assert_eq!(effects(&business), 1);
    business.books.forget_keys();
    business.office.clock.advance(DAY);
    // The customer is found; then the page is opened, and the answer is lost.
    business.books.fail([Failure::Not, Failure::Not, Failure::After]);
    assert!(billing.checkout(&wish("leadgen_monthly")).await.is_err());
    assert_eq!(effects(&business), 2, "one customer and one page");
    business.books.forget_keys();
    business.office.clock.advance(DAY);
    let page = billing.checkout(&wish("leadgen_monthly")).await.unwrap();
    assert_eq!((page.status, effects(&business)), (CheckoutStatus::Open, 2), "the page is found");
}

#[tokio::test]
async fn a_command_that_had_no_effect_is_sent_again_when_its_key_is_forgotten() {
    let business = Business::open().await;
    let boss = business.office.boss().await;
    let billing = boss.subscriptions(&business.billing);
    business.books.fail([Failure::Not, Failure::Before(GatewayError::Outage)]);
    assert!(billing.checkout(&wish("leadgen_monthly")).await.is_err());
    assert_eq!(effects(&business), 0);
    business.office.clock.advance(DAY);
    assert!(billing.checkout(&wish("leadgen_monthly")).await.is_ok());
    assert_eq!(effects(&business), 2);
}

#[tokio::test]
async fn a_change_whose_key_is_forgotten_is_not_made_twice() {
    let (business, boss) = paying().await;
    let billing = boss.subscriptions(&business.billing);
    let add = PlanChange {
        subscription: id("sub_1"),
        items: vec![ItemChange::Add { price: id("price_email_monthly"), quantity: 1 }],
        when: ChangeWhen::Now { prorate_from: None },
    };
    business.books.fail([Failure::Not, Failure::After]);
    assert!(billing.change(&add).await.is_err());
    business.books.forget_keys();
    business.office.clock.advance(DAY);
    billing.change(&add).await.unwrap();
    assert_eq!(business.books.subscription(&id("sub_1")).unwrap().items.len(), 2, "not three");
    assert_eq!(business.level(ServiceModule::EmailAutomation), Level::Full);
    let commands = business.office.store.dump::<BillingCommand>(business.tenant());
    assert!(commands.iter().all(|command| command.state == CommandState::Done), "{commands:?}");
}

#[tokio::test]
async fn nobody_pays_for_a_service_on_two_pages() {
    let business = Business::open().await;
    let boss = business.office.boss().await;
    let billing = boss.subscriptions(&business.billing);
    let monthly = billing.checkout(&wish("leadgen_monthly")).await.unwrap();
    let email = billing.checkout(&wish("email_monthly")).await.unwrap();
    let yearly = billing.checkout(&wish("leadgen_yearly")).await.unwrap();
    assert!(business.books.complete_checkout(&monthly.id).is_err(), "closed by the other for the same service");
    assert_eq!(billing.checkout(&wish("email_monthly")).await.unwrap().id, email.id, "that is for something else");

    // Paid, and no webhook has come yet.
    business.books.complete_checkout(&yearly.id).unwrap();
    assert_eq!(business.level(ServiceModule::LeadGeneration), Level::None);
    let twice = billing.checkout(&wish("leadgen_monthly")).await.unwrap_err();
    assert_eq!(twice.code(), "checkout.already_granted");
    assert_eq!(business.level(ServiceModule::LeadGeneration), Level::Full);
}
