//! Another plan, tried out on what really happened.

use super::fixture::{Business, DAY, at, catalogue, id, january};
use crate::billing::simulation::{Plan, service_of_event, simulate};
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

/// Collects entities by the folder that their type is from.
#[derive(Default)]
struct Named(Vec<(&'static str, &'static str)>);

impl crate::store::Visitor for Named {
    fn visit<E: crate::kernel::Entity>(&mut self) {
        let folder = std::any::type_name::<E>().split("::").nth(1).unwrap();
        self.0.push((folder, E::NAME));
    }
}

#[test]
fn every_kind_of_record_belongs_to_the_service_whose_permissions_change_it() {
    let mut named = Named::default();
    crate::store::visit_entities(&mut named);
    let mut sold = 0;
    for (folder, entity) in named.0 {
        let expected = match folder {
            "inbox" => ServiceModule::SocialInbox,
            "scoring" | "assignment" | "duplicate" | "import" => ServiceModule::LeadGeneration,
            _ => ServiceModule::BasicCrm,
        };
        let event = serde_json::from_value::<Event>(serde_json::json!({
            "name": format!("{entity}.changed"), "entity": entity, "record_id": uuid::Uuid::nil(), "record_version": 1,
            "occurred_at": at("2026-01-01T00:00:00Z"), "actor": crate::access::Actor::System("test".to_owned()),
            "cause_id": null, "correlation_id": uuid::Uuid::nil(), "data": {},
        }));
        assert_eq!(service_of_event(&event.unwrap()), expected, "{entity} of {folder}");
        sold += u32::from(expected != ServiceModule::BasicCrm);
    }
    assert_eq!(sold, 27, "a new kind of record gets its line in the simulation");
}
