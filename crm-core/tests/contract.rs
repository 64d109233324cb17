//! The memory store keeps every promise of the port, and the suite notices stores that do not.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic in a test is its report")]

mod contract {
    pub(crate) mod broken;
}

use std::collections::BTreeSet;

use contract::broken::{BrokenStore, Fault};
use crm_core::store::{MemoryStore, Store};
use crm_core::testing::contract::{BrokenPromises, check_all, checks};
use crm_core::testing::differential::{Outcome, Script, first_difference, script};
use futures_util::FutureExt;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

fn run(make: impl Fn() -> Box<dyn Store>) -> Result<(), BrokenPromises> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(check_all(async || make()))
}

#[test]
fn the_memory_store_keeps_every_promise() {
    if let Err(broken) = run(|| Box::new(MemoryStore::new())) {
        panic!("{broken}");
    }
}

#[test]
fn checks_have_names_of_their_own() {
    let names: Vec<_> = checks().map(|check| check.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    assert!(names.len() > 40, "{names:?}");
}

#[test]
fn a_wrapper_without_a_fault_keeps_every_promise() {
    if let Err(broken) = run(|| Box::new(BrokenStore::new(None))) {
        panic!("{broken}");
    }
}

#[test]
fn the_suite_notices_every_fault() {
    for (fault, check) in Fault::WITH_THE_CHECK_THAT_MUST_FAIL {
        let outcome = run(|| Box::new(BrokenStore::new(Some(*fault))));
        let Err(BrokenPromises(broken)) = outcome else { panic!("nobody noticed {fault:?}") };
        assert!(broken.iter().any(|broken| broken.check == *check), "{fault:?} was noticed by {broken:#?}");
    }
}

/// The same scripts in every run.
fn scripts(number: usize) -> Vec<Script> {
    let (strategy, mut runner) = (script(20), TestRunner::deterministic());
    (0..number).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn play(script: &Script, store: &dyn Store) -> Vec<Outcome> {
    script.play(store).now_or_never().expect("a store in memory never waits")
}

#[test]
fn scripts_come_out_the_same_again() {
    for script in scripts(20) {
        let (one, other) = (play(&script, &MemoryStore::new()), play(&script, &BrokenStore::new(None)));
        assert_eq!(first_difference(&one, &other), None);
    }
}

#[test]
fn scripts_reach_what_they_are_meant_to_reach() {
    let outcomes: Vec<_> = scripts(300).iter().flat_map(|script| play(script, &MemoryStore::new())).collect();
    let share = |of: &dyn Fn(&Outcome) -> bool, among: &dyn Fn(&Outcome) -> bool| {
        let among: Vec<_> = outcomes.iter().filter(|outcome| among(outcome)).collect();
        among.iter().filter(|outcome| of(outcome)).count() * 100 / among.len()
    };
    let inserts = share(&|outcome| outcome.answer.is_ok(), &|outcome| outcome.step.starts_with("Insert"));
    let full = share(&|outcome| outcome.answer != Ok("[]".to_owned()), &|outcome| {
        outcome.step.starts_with("List") && outcome.answer.is_ok()
    });
    let commits = share(&|outcome| outcome.answer.is_ok(), &|outcome| outcome.step == "commit");
    assert!((20..=80).contains(&inserts), "{inserts} % of the inserts were done");
    assert!((20..=80).contains(&full), "{full} % of the lists had something in them");
    assert!((20..=90).contains(&commits), "{commits} % of the commits were done");
    for code in [
        "record.duplicate",
        "record.missing_reference",
        "record.still_referenced",
        "record.changed_meanwhile",
        "organization.slug_taken",
        "store.fault",
    ] {
        let times = outcomes.iter().filter(|outcome| outcome.answer == Err(code)).count();
        assert!(times >= 5, "{code} came {times} times");
    }
}

#[test]
fn the_comparison_notices_faults() {
    let scripts = scripts(400);
    let sound: Vec<_> = scripts.iter().map(|script| play(script, &MemoryStore::new())).collect();
    for fault in [
        Fault::IgnoresVersions,
        Fault::IgnoresVersionsOfRemovals,
        Fault::LeaksTenants,
        Fault::KeepsDroppedTransactions,
        Fault::ForgetsCommits,
        Fault::ForgetsRemovals,
        Fault::SwallowsRefusals,
        Fault::CommitsAfterARefusal,
        Fault::WritesWhileReading,
        Fault::IgnoresFilters,
        Fault::TakesNotForComplement,
        Fault::IgnoresDirections,
        Fault::IgnoresLimits,
        Fault::IgnoresTiesOfCursors,
        Fault::LeasesWhatIsLeased,
        Fault::LeasesInAnyOrder,
        Fault::IgnoresTokens,
        Fault::SharesSlugs,
        Fault::SharesLinks,
        Fault::RoundsInstants,
    ] {
        let noticed = scripts
            .iter()
            .zip(&sound)
            .any(|(script, sound)| first_difference(sound, &play(script, &BrokenStore::new(Some(fault)))).is_some());
        assert!(noticed, "nobody noticed {fault:?}");
    }
}
