//! Ours against a floor, on copies of one database: what ours does is watched on one copy, then done bare on another.

mod postgres;
mod sqlite;

use std::time::{Duration, Instant};

pub use postgres::OnPostgres;
pub use sqlite::OnSqlite;
use tokio::runtime::Runtime;

use crate::{Fault, Office, Round, Sent, Stock, must, seed};

/// How many are under way at once, where the store is a server; elsewhere one always waits for the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Each waits for the one before: how long one takes.
    OneByOne,
    /// As many as there are connections: how many a busy server gets done.
    AllAtOnce,
}

/// An office on a store, to be told the same things again and again.
pub trait Contest {
    /// Lets ours do something for each of the next `count` numbers, and the floor that of it which `keep` keeps.
    fn turn(
        &mut self,
        count: u64,
        pace: Pace,
        act: &impl AsyncFn(&Office, u64) -> Result<(), Fault>,
        keep: fn(&Sent) -> bool,
    ) -> Round;

    /// Goes on with this number.
    fn skip_to(&mut self, number: u64);

    /// The office in which ours works.
    fn office(&self) -> &Office;
}

/// A contest without a floor.
pub struct InMemory<'r> {
    runtime: &'r Runtime,
    office: Office,
    next: u64,
}

impl<'r> InMemory<'r> {
    /// An office in memory with this stock.
    pub fn with(runtime: &'r Runtime, stock: Stock) -> Self {
        let office = must(runtime.block_on(Office::found(crm_core::store::MemoryStore::new())));
        must(runtime.block_on(seed(&office, stock)));
        Self { runtime, office, next: 0 }
    }
}

impl Contest for InMemory<'_> {
    fn turn(
        &mut self,
        count: u64,
        _: Pace,
        act: &impl AsyncFn(&Office, u64) -> Result<(), Fault>,
        _: fn(&Sent) -> bool,
    ) -> Round {
        let numbers = self.next..self.next + count;
        self.next += count;
        Round::without_floor(numbers.map(|number| timed(self.runtime, act(&self.office, number))).collect())
    }

    fn skip_to(&mut self, number: u64) {
        self.next = number;
    }

    fn office(&self) -> &Office {
        &self.office
    }
}

/// How long it takes.
pub fn timed<T>(runtime: &Runtime, work: impl Future<Output = Result<T, Fault>>) -> Duration {
    runtime.block_on(async {
        let begin = Instant::now();
        let outcome = work.await;
        let time = begin.elapsed();
        must(outcome);
        time
    })
}

/// Lets what a command leaves behind come to its end: connections that go back to their pool.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(2)).await;
}
