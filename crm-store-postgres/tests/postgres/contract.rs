//! The suite that every store must pass, and the same scripts on all three stores.

use crm_core::store::{MemoryStore, Store};
use crm_core::testing::contract::{BrokenPromises, check_all};
use crm_core::testing::differential::{Script, first_difference, script};
use crm_store_sqlite::SqliteStore;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::runtime::Runtime;

use crate::database::Database;

/// Every check on a database of its own, after `planted` was done to it.
async fn check(planted: &str) -> Result<(), BrokenPromises> {
    check_all(async || {
        let database = Database::fresh().await;
        if !planted.is_empty() {
            database.admin(planted).await;
        }
        let store: Box<dyn Store> = Box::new(database.store().await);
        store
    })
    .await
}

#[tokio::test]
async fn the_store_keeps_every_promise() {
    if let Err(broken) = check("").await {
        panic!("{broken}");
    }
}

#[tokio::test]
async fn a_store_with_planted_defects_breaks_the_promises_that_it_should() {
    let planted = "alter table crm.team drop constraint team_name; \
        alter table crm.lead drop constraint lead_owner_id_fkey; \
        create rule deaf as on delete to crm.job do instead nothing";
    let BrokenPromises(broken) = check(planted).await.expect_err("nobody noticed the defects");
    for wanted in [
        "a_taken_key_is_refused",
        "racing_for_a_key_has_one_winner",
        "a_missing_reference_is_refused",
        "a_record_that_is_referred_to_stays",
        "a_job_is_finished_by_its_last_token_only",
    ] {
        assert!(broken.iter().any(|broken| broken.check == wanted), "{wanted} was kept: {broken:#?}");
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Plays the script on a fresh database, to which `planted` was done, and on the two other stores.
async fn differs(script: &Script, planted: &str) -> Option<String> {
    let database = Database::fresh().await;
    if !planted.is_empty() {
        database.admin(planted).await;
    }
    let (postgres, sqlite) = (database.store().await, SqliteStore::in_memory().await.unwrap());
    let ours = script.play(&postgres).await;
    postgres.close().await;
    let in_memory = script.play(&MemoryStore::new()).await;
    let in_sqlite = script.play(&sqlite).await;
    sqlite.close().await;
    first_difference(&ours, &in_memory).or_else(|| first_difference(&ours, &in_sqlite))
}

#[test]
fn any_script_comes_out_as_on_the_other_stores() {
    let runtime = runtime();
    // Every step of shrinking is a script on a fresh database.
    let config = Config { cases: 25, max_shrink_iters: 20, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&script(20), |script| match runtime.block_on(differs(&script, "")) {
        Some(difference) => Err(TestCaseError::fail(difference)),
        None => Ok(()),
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn the_comparison_notices_a_planted_defect() {
    let runtime = runtime();
    let (strategy, mut runner) = (script(20), TestRunner::deterministic());
    let noticed = (0..20).any(|_| {
        let script = strategy.new_tree(&mut runner).unwrap().current();
        let planted = "create rule deaf as on delete to crm.job do instead nothing";
        runtime.block_on(differs(&script, planted)).is_some()
    });
    assert!(noticed);
}
