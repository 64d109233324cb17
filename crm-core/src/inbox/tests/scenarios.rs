//! The agreed scenarios, in every order that can happen, and told twice.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::shared;
use crate::store::MemoryStore;
use crate::testing::office::run;
use crate::testing::social::{Scenario, Stage};

/// Plays the steps in this order and compares. Each event is told `times` times.
fn differences(scenario: &Scenario, order: &[usize], times: usize) -> Option<String> {
    run(async {
        let mut stage = Stage::on(MemoryStore::new(), "stage", 0).await.unwrap();
        stage.connect(&scenario.steps, "").await.unwrap();
        for place in order {
            let step = &scenario.steps[*place];
            for _ in 0..if step.get("event").is_some() { times } else { 1 } {
                stage.play(step, "").await.unwrap();
            }
        }
        stage.finish().await.unwrap();
        scenario.differences(&stage.state("").await.unwrap())
    })
}

/// All orders of so many things.
pub(super) fn orders(count: usize) -> Vec<Vec<usize>> {
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

fn scenarios() -> Option<Vec<Scenario>> {
    let scenarios = Scenario::all(&shared("meta/scenarios.json")?);
    assert_eq!(scenarios.len(), 30);
    Some(scenarios)
}

#[test]
fn every_scenario_ends_as_agreed_in_every_order_that_can_happen() {
    let Some(scenarios) = scenarios() else { return };
    let mut played = 0;
    for scenario in &scenarios {
        let count = scenario.steps.len();
        assert!(count <= 7, "{} has {count} steps: draw its orders by chance", scenario.name);
        let first: Vec<_> = (0..count).collect();
        for order in orders(count) {
            let told_once = order == first;
            if told_once || (scenario.can_happen(&order) && !scenario.is_about_arrival()) {
                let found = differences(scenario, &order, 1);
                assert_eq!(found, None, "{} in the order {order:?}", scenario.name);
                played += 1;
            }
        }
    }
    assert!(played > 150, "only {played} orders were played");
}

#[test]
fn events_that_are_told_twice_change_nothing() {
    let Some(scenarios) = scenarios() else { return };
    for scenario in &scenarios {
        let order: Vec<_> = (0..scenario.steps.len()).collect();
        assert_eq!(differences(scenario, &order, 2), None, "{}", scenario.name);
    }
}

#[test]
fn all_scenarios_at_once_and_in_any_order_do_not_touch_each_other() {
    let Some(scenarios) = scenarios() else { return };
    let quiet: Vec<_> = scenarios.iter().filter(|one| !one.is_about_arrival()).collect();
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::default()));
    let steps: Vec<(usize, usize)> =
        quiet.iter().enumerate().flat_map(|(which, one)| (0..one.steps.len()).map(move |step| (which, step))).collect();
    for _ in 0..8 {
        let shuffled = Just(steps.clone()).prop_shuffle().new_tree(&mut runner).unwrap();
        let mut drawn = proptest::strategy::ValueTree::current(&shuffled);
        // Within one scenario only what can happen: else its own order.
        for (which, scenario) in quiet.iter().enumerate() {
            let places: Vec<_> = (0..drawn.len()).filter(|place| drawn[*place].0 == which).collect();
            let order: Vec<_> = places.iter().map(|place| drawn[*place].1).collect();
            if !scenario.can_happen(&order) {
                for (step, place) in places.into_iter().enumerate() {
                    drawn[place].1 = step;
                }
            }
        }
        run(async {
            let mut scene = Stage::on(MemoryStore::new(), "stage", 0).await.unwrap();
            for (which, scenario) in quiet.iter().enumerate() {
                scene.connect(&scenario.steps, &format!("-{which}.")).await.unwrap();
            }
            for (which, step) in drawn {
                let scenario = &quiet[which];
                if scenario.steps[step].get("media_fetch").is_none() {
                    scene.play(&renamed(&scenario.steps[step], which), &format!("-{which}.")).await.unwrap();
                }
            }
            scene.finish().await.unwrap();
            for (which, scenario) in quiet.iter().enumerate() {
                if scenario.name != "media_failure_keeps_message" {
                    let state = scene.state(&format!("-{which}.")).await.unwrap();
                    assert_eq!(scenario.differences(&state), None, "{}", scenario.name);
                }
            }
        });
    }
}

/// The step with references of its own scenario: `c1` of the third one is `c1-2`.
fn renamed(step: &serde_json::Value, which: usize) -> serde_json::Value {
    let text = step.to_string();
    let text = text.replace("\"c1\"", &format!("\"c1-{which}\"")).replace("\"c2\"", &format!("\"c2-{which}\""));
    serde_json::from_str(&text.replace("\"crm:c1\"", &format!("\"crm:c1-{which}\""))).unwrap()
}

#[test]
fn a_wrong_expectation_is_found() {
    let Some(scenarios) = scenarios() else { return };
    let mut wrong = scenarios[0].clone();
    wrong.expect["conversations"][0]["unread"] = 2.into();
    let order: Vec<_> = (0..wrong.steps.len()).collect();
    let found = differences(&wrong, &order, 1).unwrap();
    assert!(found.contains("unread"), "{found}");
}
