//! The memory store keeps every promise of the port, and the suite notices stores that do not.

mod contract {
    pub(crate) mod broken;
}

use std::collections::BTreeSet;

use contract::broken::{BrokenStore, Fault};
use crm_core::store::{MemoryStore, Store};
use crm_core::testing::contract::{BrokenPromises, check_all, checks};

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
