//! On PostgreSQL, the floor is made of the statements themselves.

use tokio::runtime::Runtime;

use super::{Contest, settle, timed};
use crate::{Database, Fault, Floor, Office, Recorder, Round, Sent, Server, Stock, must, seed};

/// Three copies of a database: ours works on one, is overheard on another, and its statements are sent bare on a third.
pub struct OnPostgres<'r> {
    runtime: &'r Runtime,
    office: Office,
    overheard: Office,
    recorder: Recorder,
    floor: Floor,
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
            let (store, recorder) = second.recorded().await?;
            let overheard = Office::open(store).await?;
            let floor = Floor::connect(&third.app_url()?).await?;
            let databases = vec![first, second, third];
            Ok::<_, Fault>(Self { runtime, office, overheard, recorder, floor, databases, next: 0 })
        }))
    }

    /// The bare connection.
    pub fn floor(&mut self) -> &mut Floor {
        &mut self.floor
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
        let mut round = Round::default();
        for number in first..first + count {
            round.ours.push(timed(self.runtime, act(&self.office, number)));
        }
        self.runtime.block_on(settle());
        for statements in recorded {
            round.floor.push(timed(self.runtime, self.floor.send(&statements)));
        }
        round
    }

    fn skip_to(&mut self, number: u64) {
        self.next = number;
    }

    fn office(&self) -> &Office {
        &self.office
    }
}
