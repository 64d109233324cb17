//! The agreed scenarios, told in Meta's own words and applied by the inbox: in every order that can happen, and twice.

use std::sync::Arc;

use crm_core::inbox::channel::InboundEvent;
use crm_core::store::{MemoryStore, Store};
use crm_core::testing::social::{Scenario, Stage};
use crm_social_meta::parse::parse;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value as Json;

use crate::database;
use crate::server::run;
use crate::shared::document;
use crm_social_meta::testing as wire;

/// The scenarios with each event read back from a delivery of Meta's, where Meta has a way to say it.
fn scenarios() -> Vec<Scenario> {
    let Some(document) = document("scenarios.json") else { return Vec::new() };
    let mut scenarios = Scenario::all(&document);
    for scenario in &mut scenarios {
        for step in &mut scenario.steps {
            if let Some(event) = step.get("event").and_then(through_the_wire) {
                step["event"] = event;
            }
        }
    }
    scenarios
}

/// The event after a trip through a delivery and the parser.
fn through_the_wire(event: &Json) -> Option<Json> {
    let events = parse(wire::delivery(event)?.to_string().as_bytes()).unwrap().events;
    assert_eq!(events.len(), 1, "{event}");
    Some(serde_json::to_value(&events[0].event).unwrap())
}

/// All orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else { return vec![Vec::new()] };
    let insert = |shorter: Vec<usize>| {
        (0..count).map(move |place| {
            let mut order = shorter.clone();
            order.insert(place, last);
            order
        })
    };
    orders(last).into_iter().flat_map(insert).collect()
}

/// The orders to be played: all that can happen up to seven steps, beyond that some by chance.
fn orders_of(scenario: &Scenario) -> Vec<Vec<usize>> {
    let first: Vec<_> = (0..scenario.steps.len()).collect();
    if scenario.is_about_arrival() {
        return vec![first];
    }
    if first.len() <= 7 {
        return orders(first.len()).into_iter().filter(|order| scenario.can_happen(order)).collect();
    }
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::default()));
    let mut drawn = vec![first.clone()];
    for _ in 0..2_000 {
        drawn.push(Just(first.clone()).prop_shuffle().new_tree(&mut runner).unwrap().current());
    }
    drawn.retain(|order| scenario.can_happen(order));
    drawn
}

/// Plays a scenario in all its orders, each under accounts of its own, and says how many were played.
async fn play(stage: &mut Stage, scenario: &Scenario, mark: &str) -> usize {
    let orders = orders_of(scenario);
    for (number, order) in orders.iter().enumerate() {
        // Alternately told once and told twice.
        let times = 1 + number % 2;
        let suffix = format!("{mark}-{number}.");
        stage.connect(&scenario.steps, &suffix).await.unwrap();
        for place in order {
            let step = &scenario.steps[*place];
            for _ in 0..if step.get("event").is_some() { times } else { 1 } {
                stage.play(step, &suffix).await.unwrap();
            }
        }
        stage.finish().await.unwrap();
        let found = scenario.differences(&stage.state(&suffix).await.unwrap());
        assert_eq!(found, None, "{} in the order {order:?}, told {times} times", scenario.name);
    }
    orders.len()
}

#[test]
fn the_scenarios_survive_the_way_through_meta() {
    let Some(document) = document("scenarios.json") else { return };
    let (mut told, mut untold) = (0, 0);
    for scenario in Scenario::all(&document) {
        for event in scenario.steps.iter().filter_map(|step| step.get("event")) {
            match through_the_wire(event) {
                None => untold += 1,
                Some(read) => {
                    let agreed: InboundEvent = serde_json::from_value(event.clone()).unwrap();
                    let read: InboundEvent = serde_json::from_value(read).unwrap();
                    assert_eq!(read, agreed, "{}", scenario.name);
                    told += 1;
                }
            }
        }
    }
    assert!(told > 4 * untold, "only {told} of {} events have a form on the wire", told + untold);
    println!("{told} events told as Meta would, {untold} have no such form");
}

/// Plays every scenario on a stage of its own, an organization, and says how much was played.
async fn play_all<S: Store + 'static>(scenarios: &[Scenario], store: impl Fn() -> S) -> usize {
    let mut played = 0;
    for (number, scenario) in (0_u64..).zip(scenarios) {
        let mut stage = Stage::on(store(), &format!("stage-{number}"), number * 1_000_000).await.unwrap();
        played += play(&mut stage, scenario, &format!("-{number}")).await;
    }
    assert!(scenarios.is_empty() || played > 150, "only {played} orders were played");
    played
}

#[test]
fn every_scenario_ends_as_agreed_in_memory() {
    let scenarios = scenarios();
    run(async {
        let played = play_all(&scenarios, MemoryStore::new).await;
        println!("{} scenarios, {played} orders in memory", scenarios.len());
    });
}

#[test]
fn every_scenario_ends_as_agreed_on_postgresql() {
    let scenarios = scenarios();
    run(async {
        let Some(store) = database::store("scenarios").await.map(Arc::new) else { return };
        let played = play_all(&scenarios, || Arc::clone(&store)).await;
        println!("{} scenarios, {played} orders on PostgreSQL", scenarios.len());
    });
}

#[test]
fn a_wrong_expectation_is_found() {
    let Some(mut wrong) = scenarios().into_iter().next() else { return };
    wrong.expect["conversations"][0]["unread"] = 2.into();
    let found = std::panic::catch_unwind(|| {
        run(async {
            let mut stage = Stage::on(MemoryStore::new(), "stage", 0).await.unwrap();
            play(&mut stage, &wrong, "").await;
        });
    });
    assert!(found.is_err());
}
