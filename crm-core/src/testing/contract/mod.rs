//! The suite that every store must pass: each promise of the port is a check with a name.
//!
//! A check gets an empty store and answers what was broken, so that a suite can also be run on stores that are broken
//! on purpose. A test of a store reads:
//!
//! ```ignore
//! contract::check_all(async || Box::new(MyStore::fresh().await) as Box<dyn Store>).await.unwrap();
//! ```

mod agenda;
mod bench;
mod keys;
mod lists;
mod races;
mod records;
mod references;
mod reports;
mod tenants;
mod together;
mod transactions;

use std::fmt;
use std::pin::Pin;

use crate::store::Store;

use self::bench::Checked;

/// A promise of the port.
pub struct Check {
    /// The promise, in words joined by underscores.
    pub name: &'static str,
    run: Run,
}

type Run = for<'s> fn(&'s dyn Store) -> Pin<Box<dyn Future<Output = Checked> + Send + 's>>;

impl Check {
    const fn new(name: &'static str, run: Run) -> Self {
        Self { name, run }
    }

    /// Runs it on an empty store.
    ///
    /// # Errors
    /// `BrokenPromise`.
    pub async fn run(&self, store: &dyn Store) -> Result<(), BrokenPromise> {
        let outcome = (self.run)(store).await;
        outcome.map_err(|broken| BrokenPromise { check: self.name, reason: broken.to_string() })
    }
}

/// A promise that a store does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenPromise {
    /// [`Check::name`].
    pub check: &'static str,
    /// What was expected and what came.
    pub reason: String,
}

/// All promises that a store does not keep; at least one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BrokenPromises(pub Vec<BrokenPromise>);

impl fmt::Display for BrokenPromises {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} promises of the store's port are broken:", self.0.len())?;
        self.0.iter().try_for_each(|broken| writeln!(f, "  {}: {}", broken.check, broken.reason))
    }
}

/// Every promise of the port.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    let rooms = [
        records::CHECKS,
        keys::CHECKS,
        references::CHECKS,
        tenants::CHECKS,
        transactions::CHECKS,
        lists::CHECKS,
        agenda::CHECKS,
        races::CHECKS,
        reports::CHECKS,
    ];
    rooms.into_iter().flatten()
}

/// Runs every check, each on an empty store of its own.
///
/// # Errors
/// `BrokenPromises` that name each check that failed.
pub async fn check_all(make: impl AsyncFn() -> Box<dyn Store>) -> Result<(), BrokenPromises> {
    let mut broken = Vec::new();
    for check in checks() {
        let store = make().await;
        broken.extend(check.run(&*store).await.err());
    }
    if broken.is_empty() { Ok(()) } else { Err(BrokenPromises(broken)) }
}
