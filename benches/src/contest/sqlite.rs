//! On SQLite, the floor is made of the rows that are written: triggers note them on one copy of the file.

use std::path::{Path, PathBuf};

use crm_store_sqlite::SqliteStore;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Row};
use tokio::runtime::Runtime;

use super::{Contest, Pace, timed};
use crate::{Fault, Office, Round, Sent, Stock, must, seed};

const NOTE: &str = "
    create table noted (place integer primary key, is_new integer, organization_id, entity, id, version, created_at,
        updated_at, value);
    create trigger note_insert after insert on record begin
        insert into noted select null, 1, new.organization_id, new.entity, new.id, new.version, new.created_at,
            new.updated_at, new.value;
    end;
    create trigger note_update after update on record begin
        insert into noted select null, 0, new.organization_id, new.entity, new.id, new.version, new.created_at,
            new.updated_at, new.value;
    end;";

const INSERT: &str = "insert into record (organization_id, entity, id, version, created_at, updated_at, value) \
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const UPDATE: &str = "update record set version = ?4, created_at = ?5, updated_at = ?6, value = ?7 \
    where organization_id = ?1 and entity = ?2 and id = ?3";

/// A row that was written.
struct Written {
    is_new: bool,
    texts: [String; 6],
    version: i64,
}

/// Three copies of a file: ours works on one, is watched on another, and the same rows are written bare on a third.
pub struct OnSqlite<'r> {
    runtime: &'r Runtime,
    folder: PathBuf,
    office: Office,
    watched: Office,
    notes: SqliteConnection,
    floor: SqliteConnection,
    next: u64,
}

impl<'r> OnSqlite<'r> {
    /// Makes the files, with this stock in each.
    pub fn with(runtime: &'r Runtime, stock: Stock) -> Self {
        must(runtime.block_on(async {
            let folder = std::env::temp_dir().join(format!("crm-bench-{}", std::process::id()));
            std::fs::create_dir_all(&folder)?;
            let [first, second, third] = ["ours.db", "watched.db", "floor.db"].map(|name| folder.join(name));
            let store = SqliteStore::open(&first).await?;
            seed(&Office::found(store.clone()).await?, stock).await?;
            store.close().await;
            std::fs::copy(&first, &second)?;
            std::fs::copy(&first, &third)?;
            let mut notes = bare(&second).await?;
            sqlx::raw_sql(NOTE).execute(&mut notes).await?;
            let office = Office::open(SqliteStore::open(&first).await?).await?;
            let watched = Office::open(SqliteStore::open(&second).await?).await?;
            let floor = bare(&third).await?;
            Ok::<_, Fault>(Self { runtime, folder, office, watched, notes, floor, next: 0 })
        }))
    }

    /// The bare connection.
    pub fn floor(&mut self) -> &mut SqliteConnection {
        &mut self.floor
    }

    /// Removes the files.
    pub fn remove(self) {
        must(std::fs::remove_dir_all(&self.folder));
    }
}

impl Contest for OnSqlite<'_> {
    fn turn(
        &mut self,
        count: u64,
        _: Pace,
        act: &impl AsyncFn(&Office, u64) -> Result<(), Fault>,
        _: fn(&Sent) -> bool,
    ) -> Round {
        let numbers = self.next..self.next + count;
        self.next += count;
        let mut noted = Vec::new();
        for number in numbers.clone() {
            must(self.runtime.block_on(act(&self.watched, number)));
            noted.push(must(self.runtime.block_on(take(&mut self.notes))));
        }
        let mut round = Round::default();
        for number in numbers {
            round.ours.push(timed(self.runtime, act(&self.office, number)));
        }
        for rows in noted.into_iter().filter(|rows| !rows.is_empty()) {
            round.floor.push(timed(self.runtime, write(&mut self.floor, rows)));
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

/// A connection with the settings of the store's own.
async fn bare(path: &Path) -> Result<SqliteConnection, Fault> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .pragma("wal_autocheckpoint", "16000")
        .pragma("mmap_size", "268435456")
        .pragma("cache_size", "-65536")
        .statement_cache_capacity(1_000)
        .row_buffer_size(1_024)
        .disable_statement_logging();
    Ok(options.connect().await?)
}

/// The rows that were noted since the last time.
async fn take(notes: &mut SqliteConnection) -> Result<Vec<Written>, Fault> {
    let names = "is_new, version, organization_id, entity, id, created_at, updated_at, value";
    let sql = sqlx::AssertSqlSafe(format!("select {names} from noted order by place"));
    let rows = sqlx::query(sql).fetch_all(&mut *notes).await?;
    sqlx::raw_sql("delete from noted").execute(&mut *notes).await?;
    let written = rows.iter().map(|row| {
        let text = |place: usize| row.try_get::<String, _>(place);
        let texts = [text(2)?, text(3)?, text(4)?, text(5)?, text(6)?, text(7)?];
        Ok(Written { is_new: row.try_get::<i64, _>(0)? == 1, texts, version: row.try_get(1)? })
    });
    written.collect()
}

async fn write(floor: &mut SqliteConnection, rows: Vec<Written>) -> Result<(), Fault> {
    sqlx::raw_sql("begin immediate").execute(&mut *floor).await?;
    for Written { is_new, texts: [organization, entity, id, created, updated, value], version } in rows {
        let query = sqlx::query(if is_new { INSERT } else { UPDATE });
        let query = query.bind(organization).bind(entity).bind(id).bind(version);
        query.bind(created).bind(updated).bind(value).execute(&mut *floor).await?;
    }
    sqlx::raw_sql("commit").execute(&mut *floor).await?;
    Ok(())
}
