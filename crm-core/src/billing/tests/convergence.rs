//! Whatever becomes of events on their way, the records say what the books say in the end.

use std::time::Duration;

use futures_util::future::join;
use rand_like::Dice;

use super::fixture::{Business, DAY, at, id, january, open_invoice};
use crate::billing::desk::ReceivedEvent;
use crate::billing::{GatewayError, ReceivedState, Subscription, SubscriptionStatus as S, SubscriptionTruth};
use crate::kernel::Timestamp;
use crate::paywall::ServiceModule;
use crate::testing::books::Failure;
use crate::testing::office::run;

/// Dice that fall the same way for the same seed.
mod rand_like {
    pub(super) struct Dice(pub(super) u64);

    impl Dice {
        pub(super) fn roll(&mut self, sides: u32) -> u32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from(self.0 >> 33).unwrap() % sides
        }
        pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
            for place in (1..items.len()).rev() {
                let other = self.roll(u32::try_from(place).unwrap() + 1);
                items.swap(place, usize::try_from(other).unwrap());
            }
        }
    }
}

/// How many histories are played. `CRM_SEEDS` asks for more.
fn seeds() -> u64 {
    std::env::var("CRM_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(300)
}

/// A life of a subscription: the states that the books go through.
fn life(dice: &mut Dice, now: Timestamp) -> Vec<SubscriptionTruth> {
    let mut truth = january(S::Incomplete);
    let mut states = vec![truth.clone()];
    for _ in 0..dice.roll(6) {
        match dice.roll(8) {
            0 | 1 => truth.status = S::Active,
            2 => {
                truth.status = S::PastDue;
                truth.latest_invoice = Some(open_invoice(&["si_1"], now.minus(DAY * 2)));
            }
            3 => truth.status = S::Unpaid,
            4 => truth.cancel_at = Some(now.plus(DAY * 9)),
            5 => truth.cancel_at_period_end = !truth.cancel_at_period_end,
            6 => truth.status = S::Paused,
            _ => {
                truth.status = S::Canceled;
                truth.ended_at = Some(now);
                states.push(truth);
                return states;
            }
        }
        states.push(truth.clone());
    }
    states
}

async fn worker(business: &Business, name: &str) {
    for _ in 0..12 {
        business.office.crm.run_due(name, 10).await.unwrap();
        tokio::task::yield_now().await;
    }
}

/// Plays one history: every event is delivered in any order, twice or not at all, while two workers work and the provider
/// answers late and fails; then, when events were lost, one sweep.
async fn play(seed: u64) -> Result<(), String> {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9).wrapping_add(1));
    let business = Business::open().await;
    business.books.put_customer(&id("cus_1"));
    business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
    let states = life(&mut dice, business.now());
    let mut deliveries: Vec<usize> = (0..states.len()).collect();
    let mut lost = false;
    for number in 0..states.len() {
        match dice.roll(5) {
            0 => deliveries.push(number),
            1 => {
                deliveries.retain(|kept| *kept != number);
                lost = true;
            }
            _ => {}
        }
    }
    dice.shuffle(&mut deliveries);
    let pauses: Vec<u32> = (0..400).map(|_| dice.roll(6)).collect();
    business.books.answer_late(pauses);
    if dice.roll(3) == 0 {
        business.books.fail([Failure::Before(GatewayError::Outage), Failure::After]);
    }
    // The books move on while events arrive; an event arrives before, while or after what it tells of is fetched.
    let mut coming = states.iter();
    let provider = async {
        let mut deliveries = deliveries.iter();
        loop {
            let (state, delivery) = (coming.next(), deliveries.next());
            if let Some(state) = state {
                business.books.put(state.clone());
            }
            if let Some(number) = delivery {
                let name = format!("evt_{number}");
                business.desk().receive(business.event(&name, Some("cus_1"))).await.unwrap();
            }
            for _ in 0..dice.roll(4) {
                tokio::task::yield_now().await;
            }
            if state.is_none() && delivery.is_none() {
                return;
            }
        }
    };
    join(provider, join(worker(&business, "one"), worker(&business, "two"))).await;
    if lost {
        business.desk().begin_sweeping().await.unwrap();
    }
    for _ in 0..8 {
        business.office.clock.advance(Duration::from_mins(3));
        business.work().await;
    }
    compare(&business, &states)
}

fn compare(business: &Business, states: &[SubscriptionTruth]) -> Result<(), String> {
    let expected = states.last().unwrap();
    let kept = business.office.store.dump::<Subscription>(business.tenant());
    if kept.len() != 1 || kept[0].truth != *expected {
        return Err(format!("kept {kept:?}\nbooks {expected:?}"));
    }
    let waiting = business.office.store.dump::<ReceivedEvent>(business.billing.desk());
    if let Some(event) = waiting.iter().find(|event| event.state != ReceivedState::Settled) {
        return Err(format!("{event:?} is not settled"));
    }
    let level = super::fixture::level(expected, business.now());
    if business.level(ServiceModule::LeadGeneration) != level {
        return Err(format!("the level is not {level:?}"));
    }
    Ok(())
}

#[test]
fn invariants_1_and_2_every_order_loss_and_repetition_of_events_ends_in_the_truth() {
    for seed in 0..seeds() {
        if let Err(difference) = run(play(seed)) {
            panic!("seed {seed}: {difference}");
        }
    }
}

#[test]
fn a_desk_that_believed_events_would_be_caught() {
    // The negative control: taking each event's own words in the order of arrival ends elsewhere for many histories.
    let mut wrong = 0;
    for seed in 0..100 {
        let mut dice = Dice(seed);
        let states = life(&mut dice, at("2026-01-10T00:00:00Z"));
        let mut order: Vec<usize> = (0..states.len()).collect();
        dice.shuffle(&mut order);
        let last = order.last().map(|last| &states[*last]);
        wrong += u32::from(last != states.last());
    }
    assert!(wrong > 20, "only {wrong} of 100 histories would have gone wrong");
}

#[test]
fn invariant_10_a_command_that_fails_after_its_effect_has_it_once() {
    run(async {
        let business = Business::open().await;
        business.books.fail([Failure::After, Failure::Before(GatewayError::Outage), Failure::After, Failure::After]);
        let boss = business.office.boss().await;
        let wish = crate::billing::NewCheckout { prices: vec!["leadgen_monthly".to_owned()], trial: false };
        let mut answers = 0;
        for _ in 0..10 {
            answers += u32::from(boss.subscriptions(&business.billing).checkout(&wish).await.is_ok());
        }
        assert!(answers > 0);
        let (_, effects) = business.books.counts();
        assert_eq!(effects, 2, "one customer and one checkout, however often they were asked for");
    });
}
