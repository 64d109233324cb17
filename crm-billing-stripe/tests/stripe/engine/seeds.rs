//! Scenarios under chance: any order, any number, any loss followed by one sweep, two workers, late and failing answers.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use crm_billing_stripe::testing::FakeStripe;
use crm_core::billing::ReceivedState;
use crm_core::kernel::Clock;
use crm_core::store::{MemoryStore, Store};
use serde_json::json;

use super::gateway::{AtStripe, Dice, Told, World, dawdle};
use super::house::{CUSTOMER, Founded, House, customer};
use super::scenario::{self, Scenario};
use crate::fake;

/// How many seeds are played in memory: `CRM_TEST_SEEDS`, else 10,000.
fn seeds() -> u64 {
    std::env::var("CRM_TEST_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(10_000)
}

/// Which events arrive, in which order and how often; an event that does not is lost.
fn deliveries(events: usize, dice: &mut Dice) -> (Vec<usize>, Vec<usize>) {
    let loses = dice.below(2) == 0;
    let (mut arriving, mut lost) = (Vec::new(), Vec::new());
    for event in 0..events {
        match dice.below(6) {
            0 if loses => lost.push(event),
            1 => arriving.extend([event, event]),
            2 => arriving.extend([event, event, event]),
            _ => arriving.push(event),
        }
    }
    if dice.below(3) == 0 {
        // Nearly in order: each may be overtaken by its neighbour.
        arriving.sort_unstable();
        for place in 1..arriving.len() {
            if dice.below(2) == 0 {
                arriving.swap(place - 1, place);
            }
        }
    } else {
        dice.shuffle(&mut arriving);
    }
    (arriving, lost)
}

/// What has not come to rest after this time never does.
const GIVEN_UP: Duration = Duration::from_hours(48);

/// Plays a scenario by dice on what Stripe told at each step, and says what is wrong afterwards.
pub(crate) async fn play(
    scenario: &Scenario,
    founded: Founded,
    store: impl Store + 'static,
    seed: u64,
) -> Result<(), String> {
    let told = Arc::new(Told::new(scenario.truths.clone(), Dice::new(!seed)));
    let house = House::founded(founded, store, told.clone(), scenario.evaluate_at());
    play_on(&*told, &house, scenario, seed).await
}

/// The same on a stand-in for Stripe over HTTP.
async fn play_at_stripe(scenario: &Scenario, seed: u64) -> Result<(), String> {
    let stripe = FakeStripe::start(scenario.evaluate_at()).await.unwrap();
    stripe.put(json!({"id": CUSTOMER, "object": "customer", "livemode": false}));
    let gateway = Arc::new(fake::gateway(stripe.address()).0);
    let world = AtStripe::new(stripe, scenario.objects.clone());
    let house = House::open(MemoryStore::new(), gateway, scenario.evaluate_at(), "stripe").await;
    play_on(&world, &house, scenario, seed).await
}

async fn play_on(stripe: &impl World, house: &House, scenario: &Scenario, seed: u64) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let (arriving, lost) = deliveries(scenario.events.len(), &mut dice);
    if dice.below(2) == 0 {
        house.desk().link(&customer(), house.tenant).await.unwrap();
    }
    let (over, given_up) = (Cell::new(false), house.clock.now().plus(GIVEN_UP));
    let pauses: Vec<usize> = arriving.iter().map(|_| dice.below(12)).collect();
    let links_at = dice.below(arriving.len() + 1);
    let world = async {
        for (index, event) in arriving.iter().enumerate() {
            if index == links_at {
                house.desk().link(&customer(), house.tenant).await.unwrap();
            }
            // What is told has happened, and perhaps more.
            stripe.reach(event + 1);
            house.receive(&scenario.events[*event]).await;
            dawdle(pauses[index]).await;
        }
        house.desk().link(&customer(), house.tenant).await.unwrap();
        stripe.reach(scenario.events.len());
        stripe.lose(lost.iter().map(|event| house.event(&scenario.events[*event])).collect());
        if !lost.is_empty() {
            house.desk().sweep().await.unwrap();
        }
        over.set(true);
    };
    let busy = Cell::new(0);
    let worker = async |name: &str| {
        while house.clock.now() < given_up {
            busy.set(busy.get() + 1);
            let run = house.crm.run_due(name, 10).await.unwrap();
            busy.set(busy.get() - 1);
            assert!(run.troubles.is_empty(), "{:?}", run.troubles);
            dawdle(1).await;
            // What failed waits a while. Time passes only while nobody works, or leases would end in no time.
            if run.tried() == 0 && over.get() && busy.get() == 0 {
                if house.desk().backlog(1).await.unwrap().is_empty() {
                    break;
                }
                house.clock.advance(Duration::from_secs(50));
            }
        }
    };
    tokio::join!(world, worker("a"), worker("b"));
    let what = format!("{} seed {seed} arriving {arriving:?} lost {lost:?}", scenario.name);
    let outcome = scenario.outcome(house).await;
    if outcome != *scenario.expected() {
        return Err(format!("{what}: {outcome} instead of {}", scenario.expected()));
    }
    for state in [ReceivedState::Waiting, ReceivedState::Orphaned] {
        let left = house.received(state).await;
        if !left.is_empty() {
            return Err(format!("{what}: {} events are {}", left.len(), state.as_str()));
        }
    }
    let kept = house.received(ReceivedState::Settled).await.len();
    if kept != scenario.events.len() {
        return Err(format!("{what}: {kept} of {} events were kept", scenario.events.len()));
    }
    Ok(())
}

/// Runs a future to its end, on this thread alone: the dice decide who goes first.
fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn any_order_number_and_loss_of_events_ends_with_the_access_that_was_paid_for() {
    let scenarios = run(scenario::all());
    let played = if scenarios.is_empty() { 0 } else { seeds() };
    let store = MemoryStore::new();
    let founded = run(Founded::on(store.clone(), "memory"));
    let threads = u64::try_from(std::thread::available_parallelism().unwrap().get()).unwrap();
    let share = |first: u64| {
        let mut wrong = Vec::new();
        for seed in (first..played).step_by(usize::try_from(threads).unwrap()) {
            let scenario = &scenarios[usize::try_from(seed).unwrap() % scenarios.len()];
            wrong.extend(run(play(scenario, founded, store.fork(), seed)).err());
        }
        wrong
    };
    let share = &share;
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let shares: Vec<_> = (0..threads).map(|first| scope.spawn(move || share(first))).collect();
        shares.into_iter().flat_map(|share| share.join().unwrap()).collect()
    });
    println!("{played} seeds of {} scenarios in memory, {} wrong", scenarios.len(), wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_truth_that_is_missed_is_noticed() {
    let Some(mut scenario) = scenario::all().await.into_iter().find(|it| it.name == "checkout_happy") else { return };
    // As if the last thing that happened were never told.
    let stale = scenario.truths[1].clone();
    *scenario.truths.last_mut().unwrap() = stale;
    let store = MemoryStore::new();
    let founded = Founded::on(store.clone(), "memory").await;
    for seed in 0..10 {
        assert!(play(&scenario, founded, store.fork(), seed).await.is_err(), "seed {seed}");
    }
}

#[tokio::test]
async fn the_same_holds_when_stripe_is_asked_over_http() {
    let mut wrong = Vec::new();
    for (index, scenario) in scenario::all().await.iter().enumerate() {
        for seed in 0..10 {
            wrong.extend(play_at_stripe(scenario, seed * 100 + u64::try_from(index).unwrap()).await.err());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
