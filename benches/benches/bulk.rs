//! Much at once: imports and their memory, and the agenda.
//!
//! `CRM_BENCH_LARGE=1` imports a list of 1 GB instead of one of 40 MB.

use std::io::Write as _;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crm_benches::{
    Contest, Database, Fault, Goal, List, Office, OnPostgres, OnSqlite, Pace, Report, Server, Stock, everything,
    import, must,
};
use crm_core::access::Intent;
use crm_core::agenda::{Claim, Job, JobId};
use crm_core::kernel::{Id, Stored};
use crm_core::store::{Records, Store};
use crm_core::testing::SequentialIds;
use crm_store_postgres::PgStore;
use crm_store_sqlite::SqliteStore;
use tokio::runtime::Runtime;

const NOTHING: Stock = Stock { leads: 0, deals: 0, conversations: 0 };
const ROWS: u64 = 10_000;
const TURNS: u64 = 3;

/// Bytes of a row in the lists that are imported for their size.
const PADDING: usize = 4_000;
/// Set in the process that does nothing but import so many rows.
const ROWS_TO_WEIGH: &str = "CRM_BENCH_WEIGHED_ROWS";
/// Where that process imports them to.
const ADDRESS: &str = "CRM_BENCH_WEIGHED_ADDRESS";

async fn import_some(office: &Office, number: u64) -> Result<(), Fault> {
    let counts = import(office, &format!("list {number}"), List::new(number * ROWS, ROWS, 0)).await?;
    if counts.created >= 8_000 && counts.refused == 0 {
        Ok(())
    } else {
        Err(format!("not what the list says: {counts:?}").into())
    }
}

fn imports<C: Contest>(report: &mut Report, contest: &mut C, name: &str, floor: &str, goal: Goal) {
    let (mut ours, mut bare) = (Duration::MAX, Duration::MAX);
    for _ in 0..TURNS {
        let round = contest.turn(1, Pace::OneByOne, &import_some, everything);
        ours = ours.min(round.ours.iter().sum());
        bare = bare.min(round.floor.iter().sum());
    }
    report.add_rate(&format!("import of 10 k rows, {name}"), ROWS, ours, Some((floor, bare)), goal);
}

/// Imports to the address and says in bytes the most memory that this process ever had.
async fn weigh(rows: u64, address: &str) -> Result<(), Fault> {
    let store: Arc<dyn Store> = match address.strip_prefix("sqlite:") {
        Some(path) => Arc::new(SqliteStore::open(path).await?),
        None => Arc::new(PgStore::connect(address).await?),
    };
    let office = Office::found(store).await?;
    let counts = import(&office, "much", List::new(0, rows, PADDING)).await?;
    if counts.read != rows {
        return Err(format!("{counts:?}").into());
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("this system tells no peak")?;
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse()?;
    writeln!(std::io::stdout(), "{}", kilobytes * 1024)?;
    Ok(())
}

/// The most memory of a process of its own that imports a list of so many rows.
fn peak(rows: u64, address: &str) -> Result<u64, Fault> {
    let output = Command::new(std::env::current_exe()?)
        .env(ROWS_TO_WEIGH, rows.to_string())
        .env(ADDRESS, address)
        .stderr(std::process::Stdio::inherit())
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn memory(report: &mut Report, runtime: &Runtime, server: Option<&Server>) -> Result<(), Fault> {
    let large = if std::env::var_os("CRM_BENCH_LARGE").is_some() { 250_000 } else { 10_000 };
    let (few, many) = (1_000, large);
    let peak_of = |rows: u64| {
        if let Some(server) = server {
            let database: Database = runtime.block_on(server.database())?;
            let peak = peak(rows, &database.app_url()?);
            runtime.block_on(database.remove())?;
            return peak;
        }
        let path = std::env::temp_dir().join(format!("crm-bench-weighed-{}-{rows}.db", std::process::id()));
        let peak = peak(rows, &format!("sqlite:{}", path.display()));
        for ending in ["", "-wal", "-shm"] {
            // The companions may be gone already.
            let _ = std::fs::remove_file(format!("{}{ending}", path.display()));
        }
        peak
    };
    let (small, large) = (peak_of(few)?, peak_of(many)?);
    let megabytes = |rows: u64| rows * 4_100 / 1_000_000;
    let where_to = if server.is_some() { "PostgreSQL" } else { "SQLite, its caches included" };
    report.say(
        &format!("peak memory of importing {} MB against {} MB, {where_to}", megabytes(many), megabytes(few)),
        &format!("{} MB against {} MB", large >> 20, small >> 20),
        "less than 32 MB more",
        large < small + (32 << 20),
    );
    Ok(())
}

/// Puts jobs on the agenda that are due.
async fn fill(office: &Office, count: u64, ids: &SequentialIds) -> Result<(), Fault> {
    use crm_core::kernel::IdSource;
    let now = office.now();
    let mut tx = office.crm.ports().store.begin(office.organization, Intent::Write).await?;
    let jobs: Vec<_> = (0..count)
        .map(|_| Stored {
            id: Id::new(ids.next(now)),
            version: 1,
            created_at: now,
            updated_at: now,
            value: Job::at(now, "bench.nothing", serde_json::Value::Null),
        })
        .collect();
    Records::<Job>::insert(&mut *tx, &jobs).await?;
    Ok(tx.commit().await?)
}

/// Does jobs until there are no more: each transaction finishes those of the one before and leases the next `limit`.
async fn work(office: Arc<Office>, worker: String, limit: u32) -> Result<usize, Fault> {
    let (mut held, mut done): (Vec<(JobId, i64)>, usize) = (Vec::new(), 0);
    loop {
        let mut tx = office.crm.ports().store.begin(office.organization, Intent::Write).await?;
        if !held.is_empty() {
            done += tx.finish(&held).await?;
        }
        let (now, lease) = (office.now(), Duration::from_mins(1));
        let claimed = tx.claim(&Claim { worker: worker.clone(), now, lease, limit }).await?;
        tx.commit().await?;
        held = claimed.iter().map(|job| (job.id, job.token)).collect();
        if held.is_empty() {
            return Ok(done);
        }
    }
}

async fn agenda(
    report: &mut Report,
    office: &Arc<Office>,
    name: &str,
    (count, workers, limit): (u64, usize, u32),
    goal: Goal,
) -> Result<(), Fault> {
    let ids = SequentialIds::counting_from(u64::from(limit) << 40);
    let mut best = Duration::MAX;
    for _ in 0..TURNS {
        fill(office, count, &ids).await?;
        let begin = Instant::now();
        let tasks: Vec<_> = (0..workers)
            .map(|number| tokio::spawn(work(Arc::clone(office), format!("worker {number}"), limit)))
            .collect();
        let mut done = 0;
        for task in tasks {
            done += u64::try_from(task.await??)?;
        }
        best = best.min(begin.elapsed());
        if done != count {
            return Err(format!("{done} of {count} jobs were finished").into());
        }
    }
    report.add_rate(&format!("agenda, {name}, {workers} workers, PostgreSQL"), count, best, None, goal);
    Ok(())
}

fn on_postgres(report: &mut Report, server: &Server) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let database = server.database().await?;
        let office = Arc::new(Office::found(database.store().await?).await?);
        agenda(report, &office, "one by one", (10_000, 8, 1), Goal::Rate(5_000.0)).await?;
        agenda(report, &office, "100 at once", (40_000, 4, 100), Goal::Rate(20_000.0)).await?;
        drop(office);
        database.remove().await
    })
}

fn main() {
    let runtime = must(tokio::runtime::Builder::new_current_thread().enable_all().build());
    if let (Ok(rows), Ok(address)) = (std::env::var(ROWS_TO_WEIGH), std::env::var(ADDRESS)) {
        must(runtime.block_on(weigh(must(rows.parse()), &address)));
        return;
    }
    let (begin, mut report) = (Instant::now(), Report::default());
    let mut contest = OnSqlite::with(&runtime, NOTHING);
    imports(&mut report, &mut contest, "SQLite", "the same rows, bare", Goal::None);
    contest.remove();
    let server = Server::from_environment("imports and the agenda");
    if let Some(server) = &server {
        eprintln!("PostgreSQL: {}", must(runtime.block_on(server.described())));
        let mut contest = OnPostgres::with(&runtime, server, NOTHING);
        imports(&mut report, &mut contest, "PostgreSQL", "the same statements, bare", Goal::Rate(5_000.0));
        contest.remove();
        must(on_postgres(&mut report, server));
    }
    must(memory(&mut report, &runtime, server.as_ref()));
    report.print();
    eprintln!("done in {} s", begin.elapsed().as_secs());
}
