//! What members do: look, subscribe, change, cancel.

use super::fixture::{Business, DAY, at, id, january};
use crate::access::StandardRole;
use crate::billing::{
    Cancellation, ChangeWhen, ItemChange, NewCheckout, PlanChange, RevenueFact, RevenueMove, SubscriptionStatus as S,
};
use crate::kernel::{Name, Page, Predicate};
use crate::paywall::{Level, ServiceModule};

fn wish(price: &str, trial: bool) -> NewCheckout {
    NewCheckout { prices: vec![price.to_owned()], trial }
}

fn moves(business: &Business) -> Vec<(RevenueMove, i64, i64)> {
    let all = business.office.store.dump::<RevenueFact>(business.tenant());
    all.iter().map(|fact| (fact.movement, fact.before_minor, fact.after_minor)).collect()
}

#[tokio::test]
async fn from_the_first_checkout_to_the_end_of_the_subscription() {
    let business = Business::open().await;
    let boss = business.office.boss().await;
    let billing = boss.subscriptions(&business.billing);
    assert_eq!(billing.portal().await.unwrap_err().code(), "billing_account.no_customer");
    let page = billing.checkout(&wish("leadgen_monthly", false)).await.unwrap();
    let again = billing.checkout(&wish("leadgen_monthly", false)).await.unwrap();
    assert_eq!(page.id, again.id, "an open page is given again");
    assert_eq!(business.level(ServiceModule::LeadGeneration), Level::None);

    let truth = business.books.complete_checkout(&page.id).unwrap();
    let overview = billing.complete_checkout(&page.id).await.unwrap();
    let leads = overview.services.iter().find(|one| one.service == ServiceModule::LeadGeneration).unwrap();
    assert_eq!(leads.level, Level::Full);
    let refused = billing.checkout(&wish("leadgen_yearly", false)).await.unwrap_err();
    assert_eq!(refused.code(), "checkout.already_granted");
    assert!(billing.portal().await.unwrap().url.contains("portal"));
    assert_eq!(moves(&business), [(RevenueMove::New, 0, 9_900)]);

    let add = PlanChange {
        subscription: truth.id.clone(),
        items: vec![ItemChange::Add { price: id("price_email_yearly"), quantity: 1 }],
        when: ChangeWhen::Now { prorate_from: None },
    };
    assert_eq!(billing.preview(&add).await.unwrap().due.minor(), 49_900);
    billing.change(&add).await.unwrap();
    assert_eq!(business.level(ServiceModule::EmailAutomation), Level::Full);
    assert_eq!(moves(&business)[1], (RevenueMove::Expansion, 9_900, 9_900 + 4_158), "a twelfth of the year");

    billing.cancel(&truth.id, Cancellation::AtPeriodEnd).await.unwrap();
    assert!(business.decision().next_change_at.is_some());
    billing.cancel(&truth.id, Cancellation::Never).await.unwrap();
    billing.cancel(&truth.id, Cancellation::Now).await.unwrap();
    assert_eq!(business.level(ServiceModule::LeadGeneration), Level::None);
    assert_eq!(moves(&business).last().unwrap().0, RevenueMove::Churn);
}

#[tokio::test]
async fn only_owners_and_admins_act_and_everyone_sees() {
    let business = Business::open().await;
    for role in [StandardRole::Manager, StandardRole::SalesRep, StandardRole::Marketing, StandardRole::Viewer] {
        let member = business.office.hire(role.as_str(), role).await;
        let session = business.office.session_of(member).await;
        let billing = session.subscriptions(&business.billing);
        assert_eq!(billing.checkout(&wish("leadgen_monthly", false)).await.unwrap_err().code(), "permission.missing");
        assert_eq!(billing.portal().await.unwrap_err().code(), "permission.missing");
        assert!(
            billing.overview().await.is_ok()
                && billing.invoices(&Predicate::everything(), &Page::first(5)).await.is_ok(),
            "{role:?}"
        );
    }
    let admin = business.office.hire("admin", StandardRole::Admin).await;
    let session = business.office.session_of(admin).await;
    assert!(session.subscriptions(&business.billing).checkout(&wish("leadgen_monthly", false)).await.is_ok());
    assert_eq!(business.books.counts().1, 2);
}

#[tokio::test]
async fn there_is_one_trial_for_an_organization() {
    let business = Business::open().await;
    let boss = business.office.boss().await;
    let billing = boss.subscriptions(&business.billing);
    let page = billing.checkout(&wish("leadgen_monthly", true)).await.unwrap();
    let truth = business.books.complete_checkout(&page.id).unwrap();
    let overview = billing.complete_checkout(&page.id).await.unwrap();
    assert_eq!((truth.status, overview.trial_available), (S::Trialing, false));
    assert_eq!(business.level(ServiceModule::LeadGeneration), Level::Full);
    assert_eq!(moves(&business), [], "a trial brings nothing yet");
    let refused = billing.checkout(&wish("email_monthly", true)).await.unwrap_err();
    assert_eq!(refused.code(), "checkout.trial_used");
    assert!(billing.checkout(&wish("email_monthly", false)).await.is_ok());
}

#[tokio::test]
async fn what_is_not_on_offer_or_not_ones_own_is_refused() {
    let business = Business::open().await;
    let boss = business.office.boss().await;
    let billing = boss.subscriptions(&business.billing);
    assert_eq!(billing.checkout(&wish("mystery", false)).await.unwrap_err().code(), "checkout.unknown_price");
    let nothing = NewCheckout { prices: Vec::new(), trial: false };
    assert_eq!(billing.checkout(&nothing).await.unwrap_err().code(), "checkout.nothing_chosen");
    let theirs = billing.cancel(&id("sub_1"), Cancellation::Now).await.unwrap_err();
    assert_eq!(theirs.code(), "subscription.not_found");

    let neighbour = business.office.neighbour("neighbour").await;
    let their_boss = neighbour.boss().await;
    let page = billing.checkout(&wish("leadgen_monthly", false)).await.unwrap();
    let stolen = their_boss.subscriptions(&business.billing).complete_checkout(&page.id).await.unwrap_err();
    assert_eq!(stolen.code(), "subscription.not_found");
}

#[tokio::test]
async fn what_the_operator_gives_is_open_until_it_is_taken_back() {
    let business = Business::open().await;
    let (desk, now) = (business.desk(), business.now());
    let reason: Name = "pilot".parse().unwrap();
    let grant =
        crate::billing::ServiceGrant { service: ServiceModule::Integrations, until: Some(now.plus(DAY)), reason };
    let grant = desk.grant(business.tenant(), grant).await.unwrap();
    assert_eq!(business.level(ServiceModule::Integrations), Level::Full);
    assert_eq!(business.decision().next_change_at, Some(now.plus(DAY)));
    desk.withdraw(business.tenant(), grant.id).await.unwrap();
    assert_eq!(business.level(ServiceModule::Integrations), Level::None);
}

#[tokio::test]
async fn the_catalogue_is_filled_once_and_a_new_price_counts_for_those_who_have_it() {
    let business = Business::open().await;
    assert_eq!(business.desk().fill_catalogue().await.unwrap(), 0, "the test has filled it");
    let offers = business.desk().offers().await.unwrap();
    assert_eq!(offers.len(), 12);
    let cents: i64 = offers.iter().map(|price| price.amount_minor).sum();
    assert_eq!(cents, (99 + 49 + 79 + 29 + 49 + 199 + 999 + 499 + 799 + 299 + 499 + 1999) * 100);

    business.books.put_customer(&id("cus_1"));
    let mut truth = january(S::Active);
    truth.items = vec![super::fixture::item("si_1", "mystery", at(super::fixture::START), at(super::fixture::END))];
    business.books.put(truth);
    business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
    business.work().await;
    assert_eq!(business.level(ServiceModule::LeadGeneration), Level::None);
    let alarms = business.office.store.dump::<crate::event::Event>(business.billing.desk());
    assert!(alarms.iter().any(|event| event.name == "billing_customer.unknown_price"));
    let mystery = crate::billing::ServicePrice { lookup_key: "mystery".to_owned(), ..offers[0].clone() };
    business.desk().set_price(mystery).await.unwrap();
    business.work().await;
    assert_eq!(business.level(ServiceModule::LeadGeneration), Level::Full);
}
