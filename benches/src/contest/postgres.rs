//! On PostgreSQL, the floor is made of the statements themselves.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::runtime::Runtime;

use super::{Contest, Pace, settle};
use crate::server::CONNECTIONS;
use crate::{Database, Fault, Floor, Office, Recorder, Round, Sent, Server, Stock, must, seed};

/// Behind the identifiers that were given out before.
const APART: u64 = 500_000_000;

/// Three copies of a database: ours works on one, is overheard on another, and its statements are sent bare on a third.
pub struct OnPostgres<'r> {
    runtime: &'r Runtime,
    office: Office,
    overheard: Office,
    recorder: Recorder,
    floors: Vec<Floor>,
    databases: Vec<Database>,
    next: u64,
}

impl<'r> OnPostgres<'r> {
    /// Makes the databases, with this stock in each.
    pub fn with(runtime: &'r Runtime, server: &Server, stock: Stock) -> Self {
        must(runtime.block_on(async {
            let first = server.database().await?;
            let store = first.store().await?;
            seed(&Office::found(store.clone()).await?, stock).await?;
            store.close().await;
            first.admin("vacuum analyze").await?;
            let (second, third) = (first.copy().await?, first.copy().await?);
            let office = Office::open(first.store().await?).await?;
            let (store, recorder) = second.recorded(true).await?;
            let overheard = Office::open(store).await?;
            let mut floors = Vec::new();
            for _ in 0..CONNECTIONS {
                floors.push(Floor::connect(&third.app_url()?).await?);
            }
            let databases = vec![first, second, third];
            Ok::<_, Fault>(Self { runtime, office, overheard, recorder, floors, databases, next: 0 })
        }))
    }

    /// Sends statements bare so many times, one after the other.
    pub fn bare(&mut self, statements: &[Sent], count: usize) -> Vec<Duration> {
        let statements = vec![statements.to_vec(); count];
        let one = self.floors.get_mut(..1).unwrap_or_default();
        self.runtime.block_on(sent(one, statements)).0
    }

    /// Overhears from now on what is said when the rows of each table go in a statement of their own.
    pub fn overhear_tables_apart(&mut self) {
        let second = self.databases.get(1);
        (self.overheard, self.recorder) = must(self.runtime.block_on(async {
            let (store, recorder) = second.ok_or("there is no second database")?.recorded(false).await?;
            Ok::<_, Fault>((Office::open_behind(store, APART).await?, recorder))
        }));
    }

    /// The statements of one command, and in how many round trips they go once the connection knows them.
    pub fn statements(&mut self, act: &impl AsyncFn(&Office, u64) -> Result<(), Fault>) -> (Vec<Sent>, usize) {
        let number = self.next;
        self.next += 1;
        must(self.runtime.block_on(async {
            settle().await;
            drop(self.recorder.take());
            act(&self.overheard, number).await?;
            settle().await;
            Ok::<_, Fault>(self.recorder.take())
        }))
    }

    /// Removes the databases.
    pub fn remove(self) {
        let Self { runtime, databases, .. } = self;
        for database in databases {
            must(runtime.block_on(database.remove()));
        }
    }
}

impl Contest for OnPostgres<'_> {
    fn turn(
        &mut self,
        count: u64,
        pace: Pace,
        act: &impl AsyncFn(&Office, u64) -> Result<(), Fault>,
        keep: fn(&Sent) -> bool,
    ) -> Round {
        let first = self.next;
        let mut recorded = Vec::new();
        for _ in 0..count {
            let (mut statements, _) = self.statements(act);
            statements.retain(|one| one.is_envelope() || keep(one));
            recorded.push(statements);
        }
        let lanes = if pace == Pace::OneByOne { 1 } else { self.floors.len() };
        let (ours, ours_wall) = self.runtime.block_on(done(&self.office, first..first + count, lanes, act));
        self.runtime.block_on(settle());
        let floors = self.floors.get_mut(..lanes).unwrap_or_default();
        let (floor, floor_wall) = self.runtime.block_on(sent(floors, recorded));
        let walls = (pace == Pace::AllAtOnce).then_some((ours_wall, floor_wall)).unzip();
        Round { ours, floor, ours_wall: walls.0, floor_wall: walls.1 }
    }

    fn skip_to(&mut self, number: u64) {
        self.next = number;
    }

    fn office(&self) -> &Office {
        &self.office
    }
}

/// Does something for each number, so many at once; answers how long each took, and all.
async fn done(
    office: &Office,
    numbers: std::ops::Range<u64>,
    lanes: usize,
    act: &impl AsyncFn(&Office, u64) -> Result<(), Fault>,
) -> (Vec<Duration>, Duration) {
    let numbers = RefCell::new(numbers);
    let lane = async || {
        let mut times = Vec::new();
        loop {
            let next = numbers.borrow_mut().next();
            let Some(number) = next else { return times };
            let begin = Instant::now();
            must(act(office, number).await);
            times.push(begin.elapsed());
        }
    };
    let begin = Instant::now();
    let times = join_all((0..lanes).map(|_| lane())).await;
    (times.concat(), begin.elapsed())
}

/// Sends each list of statements over the next of the connections that is free; answers how long each took, and all.
async fn sent(floors: &mut [Floor], commands: Vec<Vec<Sent>>) -> (Vec<Duration>, Duration) {
    let commands = RefCell::new(commands.into_iter());
    let lane = async |floor: &mut Floor| {
        let mut times = Vec::new();
        loop {
            let next = commands.borrow_mut().next();
            let Some(statements) = next else { return times };
            let begin = Instant::now();
            must(floor.send(&statements).await);
            times.push(begin.elapsed());
        }
    };
    let begin = Instant::now();
    let times = join_all(floors.iter_mut().map(lane)).await;
    (times.concat(), begin.elapsed())
}
