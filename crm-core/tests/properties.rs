//! Properties of the whole, through the sessions that a host uses. Those of one slice stand beside it:
//!
//! | property | where |
//! |---|---|
//! | nothing is lost in a conversion | `properties/conservation.rs` |
//! | nothing is lost in a merge | `properties/merging.rs` |
//! | every refusal leaves the store unchanged | `properties/refusals.rs` |
//! | the same command again changes nothing | `properties/repetition.rs` |
//! | a tenant is alone in its store | `src/testing/contract/tenants.rs`, for every store |
//! | states never leave their tables | `src/lead/tests.rs`, `src/pipeline/tests/states.rs`, `src/activity/tests/states.rs`, `src/import/tests/states.rs` |
//! | a score is the sum of its contributions | `src/scoring/tests/properties.rs` |
//! | a rotation stays within its bound | `src/assignment/tests/fairness.rs` |
//! | an allocation of money conserves the amount | `src/kernel/money/tests.rs` |
//! | two workers do no job twice | `src/crm/tests.rs` |

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a test is its report")]

mod properties {
    pub(crate) mod conservation;
    pub(crate) mod merging;
    pub(crate) mod refusals;
    pub(crate) mod repetition;
}

use std::fmt::Write as _;

use crm_core::access::OrganizationId;
use crm_core::kernel::Entity;
use crm_core::store::{MemoryStore, Visitor, visit_entities};

/// Everything that the store holds of an organization, as text.
fn everything(store: &MemoryStore, organization: OrganizationId) -> String {
    struct Dump<'s>(&'s MemoryStore, OrganizationId, String);
    impl Visitor for Dump<'_> {
        fn visit<E: Entity>(&mut self) {
            for row in self.0.dump::<E>(self.1) {
                writeln!(self.2, "{} {row:?}", E::NAME).unwrap();
            }
        }
    }
    let mut dump = Dump(store, organization, String::new());
    visit_entities(&mut dump);
    dump.2
}

/// Runs a future to its end, for properties, which are not async themselves.
fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn every_test_that_is_named_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = include_str!("properties.rs").lines().take_while(|line| line.starts_with("//!"));
    let named: Vec<_> = table
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .map(|file| if file.starts_with("src/") { root.join(file) } else { root.join("tests").join(file) })
        .collect();
    assert!(named.len() >= 12, "{named:?}");
    for file in named {
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(text.contains("#[test]") || text.contains("Check::new"), "{} tests nothing", file.display());
    }
}
