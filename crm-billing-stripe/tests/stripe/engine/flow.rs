//! The whole way of a customer, from the pricing page to the end, with webhooks that come late, twice and in disorder.

use std::sync::Arc;
use std::time::Duration;

use crm_billing_stripe::testing::{FakeStripe, Trouble};
use crm_core::billing::{
    BillingGateway, Cancellation, ChangeWhen, CheckoutLine, CheckoutRequest, CheckoutStatus, ExternalId, ItemChange,
    LostCommand, NewCustomer, ReceivedState, SoughtEffect, SubscriptionChange,
};
use crm_core::paywall::ServiceModule;
use crm_core::store::MemoryStore;

use super::gateway::Dice;
use super::house::{House, at};
use crate::fake::gateway;

const START: i64 = 1_767_225_600;
const LEADS: ServiceModule = ServiceModule::LeadGeneration;
const DAY: Duration = Duration::from_hours(24);

/// A customer of a Stripe, in a house.
struct Street {
    stripe: FakeStripe,
    gateway: Arc<dyn BillingGateway>,
    house: House,
    customer: ExternalId,
    price: ExternalId,
}

impl Street {
    async fn open() -> Self {
        let stripe = FakeStripe::start(at(START)).await.unwrap();
        let price = stripe.add_price("leadgen_monthly", "month", 9_900).parse().unwrap();
        let gateway: Arc<dyn BillingGateway> = Arc::new(gateway(stripe.address()).0);
        let house = House::open(MemoryStore::new(), gateway.clone(), at(START), "flow").await;
        let new = NewCustomer { organization: house.tenant, name: "Acme".to_owned(), email: None };
        let customer = gateway.create_customer(&new, &"make-1".parse().unwrap()).await.unwrap().id;
        house.desk().link(&customer, house.tenant).await.unwrap();
        Self { stripe, gateway, house, customer, price }
    }

    async fn checkout(&self, trial_days: Option<u32>) -> ExternalId {
        let request = CheckoutRequest {
            customer: self.customer.clone(),
            lines: vec![CheckoutLine { price: self.price.clone(), quantity: Some(1) }],
            trial_days,
            success_url: "https://crm.example/done".to_owned(),
            cancel_url: "https://crm.example/".to_owned(),
            reference: "acme".to_owned(),
        };
        self.gateway.open_checkout(&request, &"checkout-1".parse().unwrap()).await.unwrap().id
    }

    /// Both clocks go on.
    fn pass(&self, time: Duration) {
        self.house.clock.advance(time);
        self.stripe.advance_to(crm_core::kernel::Clock::now(&*self.house.clock));
    }

    /// What Stripe has to say arrives, some of it twice and in disorder.
    async fn deliver(&self, seed: u64) {
        let mut dice = Dice::new(seed);
        let mut waiting = self.stripe.deliveries();
        let again: Vec<_> = waiting.iter().filter(|_| dice.below(2) == 0).cloned().collect();
        waiting.extend(again);
        dice.shuffle(&mut waiting);
        for delivery in waiting {
            self.house.receive(&delivery.body).await;
            self.stripe.delivered(&delivery.id);
        }
        self.house.work("worker").await;
    }

    async fn level(&self) -> &'static str {
        self.house.level(LEADS).await
    }

    async fn subscription(&self) -> ExternalId {
        self.house.subscriptions().await[0].external_id.clone()
    }
}

#[tokio::test]
async fn a_customer_subscribes_fails_to_pay_recovers_and_leaves() {
    let street = Street::open().await;
    let session = street.checkout(None).await;
    assert_eq!(street.level().await, "none");
    assert_eq!(street.gateway.checkout(&session).await.unwrap().status, CheckoutStatus::Open);

    street.stripe.complete_checkout(session.as_str());
    assert_eq!(street.level().await, "none", "nothing opens before a verified event has led to the truth");
    street.deliver(1).await;
    assert_eq!(street.level().await, "full");
    let done = street.gateway.checkout(&session).await.unwrap();
    assert_eq!((done.status, done.subscription), (CheckoutStatus::Complete, Some(street.subscription().await)));

    street.stripe.set_card(street.customer.as_str(), false);
    street.pass(DAY * 30);
    assert_eq!(street.level().await, "full", "the lease covers what no webhook has told of yet");
    street.deliver(2).await;
    assert_eq!(street.level().await, "grace");
    street.pass(DAY * 8);
    assert_eq!(street.level().await, "read_only", "by time alone");

    street.stripe.set_card(street.customer.as_str(), true);
    street.deliver(3).await;
    assert_eq!(street.level().await, "full", "at once");

    let subscription = street.subscription().await;
    let cancelled = street
        .gateway
        .cancel_subscription(&subscription, Cancellation::AtPeriodEnd, &"cancel-1".parse().unwrap())
        .await
        .unwrap();
    let end = cancelled.ends_at().unwrap();
    street.deliver(4).await;
    assert_eq!(street.level().await, "full", "until the end of what is paid");
    street.house.clock.set(end);
    assert_eq!(street.level().await, "none", "to the second, without any webhook");
    street.stripe.advance_to(end);
    street.deliver(5).await;
    assert_eq!(street.house.subscriptions().await[0].status.as_str(), "canceled");
    assert_eq!(street.level().await, "none");

    let (invoices, methods) = street.house.papers().await;
    assert_eq!((invoices.len(), methods.len()), (2, 1));
    assert_eq!(street.house.received(ReceivedState::Waiting).await, []);
    assert_eq!(street.house.desk().drift().await.unwrap(), 0);
}

#[tokio::test]
async fn a_trial_without_a_card_pauses_and_nothing_more_is_open() {
    let street = Street::open().await;
    let session = street.checkout(Some(14)).await;
    street.stripe.complete_checkout(session.as_str());
    street.deliver(6).await;
    assert_eq!(street.level().await, "full");
    street.pass(DAY * 14);
    street.deliver(7).await;
    assert_eq!(street.level().await, "read_only");
    assert_eq!(street.house.subscriptions().await[0].status.as_str(), "paused");
}

#[tokio::test]
async fn lost_webhooks_are_made_up_for_by_one_sweep() {
    let street = Street::open().await;
    let session = street.checkout(None).await;
    street.stripe.complete_checkout(session.as_str());
    street.house.work("worker").await;
    let before = street.house.received(ReceivedState::Settled).await.len();
    let missed = street.house.desk().sweep().await.unwrap().missed;
    assert!(missed >= 4, "{missed} of what Stripe could not deliver");
    street.house.work("worker").await;
    assert_eq!(street.house.received(ReceivedState::Settled).await.len() - before, usize::try_from(missed).unwrap());
    assert_eq!(street.level().await, "full");
}

#[tokio::test]
async fn an_upgrade_that_is_not_paid_is_not_granted() {
    let street = Street::open().await;
    let session = street.checkout(None).await;
    street.stripe.complete_checkout(session.as_str());
    street.deliver(8).await;
    let email = street.stripe.add_price("email_monthly", "month", 4_900).parse().unwrap();
    let change = SubscriptionChange {
        customer: street.customer.clone(),
        subscription: street.subscription().await,
        items: vec![ItemChange::Add { price: email, quantity: 1 }],
        when: ChangeWhen::Now { prorate_from: None },
    };
    street.stripe.set_card(street.customer.as_str(), false);
    let pending = street.gateway.change_subscription(&change, &"add-1".parse().unwrap()).await.unwrap();
    assert!(pending.pending_update && pending.items.len() == 1);
    street.deliver(9).await;
    assert_eq!(street.house.level(ServiceModule::EmailAutomation).await, "none");

    street.stripe.set_card(street.customer.as_str(), true);
    let paid = street.gateway.change_subscription(&change, &"add-2".parse().unwrap()).await.unwrap();
    assert!(!paid.pending_update && paid.items.len() == 2);
    street.deliver(10).await;
    assert_eq!(street.house.level(ServiceModule::EmailAutomation).await, "full");
}

#[tokio::test]
async fn a_stripe_that_fails_after_it_has_done_it_does_it_once() {
    let street = Street::open().await;
    street.stripe.trouble(Trouble::FailsAfterCommit, 1);
    let new = NewCustomer { organization: street.house.tenant, name: "Acme again".to_owned(), email: None };
    let key = "make-2".parse().unwrap();
    let made = street.gateway.create_customer(&new, &key).await.unwrap();
    let again = street.gateway.create_customer(&new, &key).await.unwrap();
    assert_eq!(made, again);
    let other = NewCustomer { name: "Somebody else".to_owned(), ..new };
    assert!(street.gateway.create_customer(&other, &key).await.is_err(), "one key is one effect");
}

#[tokio::test]
async fn what_a_command_made_is_found_by_its_key_long_afterwards() {
    let street = Street::open().await;
    street.stripe.trouble(Trouble::FailsAfterCommit, u32::MAX);
    let new = NewCustomer { organization: street.house.tenant, name: "Acme again".to_owned(), email: None };
    assert!(street.gateway.create_customer(&new, &"make-3".parse().unwrap()).await.is_err());
    street.stripe.trouble(Trouble::None, 0);
    let page = street.checkout(None).await;
    let find = async |key: &str, sent_at, effect| {
        let lost = LostCommand { key: key.parse().unwrap(), sent_at, effect };
        street.gateway.effect_of(&lost).await.unwrap().map(String::from)
    };
    let checkout = || SoughtEffect::Checkout { customer: street.customer.clone() };
    let made = find("make-3", at(START), SoughtEffect::Customer).await.unwrap();
    assert_eq!(street.stripe.object(&made).unwrap()["name"], "Acme again");
    assert_eq!(find("checkout-1", at(START), checkout()).await.as_deref(), Some(page.as_str()));
    assert_eq!(find("make-4", at(START), SoughtEffect::Customer).await, None);
    assert_eq!(find("make-3", at(START).plus(DAY * 3), SoughtEffect::Customer).await, None, "it was made before");
    let other = SoughtEffect::Checkout { customer: "cus_other".parse().unwrap() };
    assert_eq!(find("checkout-1", at(START), other).await, None);
}
