//! What the benchmarks share: an office to work in, rows to begin with, and floors to be measured against.
//!
//! `README.md` beside this crate says how to run them and what came out.

mod bare;
mod contest;
mod floor;
mod inbox;
mod list;
mod load;
mod office;
mod people;
mod race;
mod seed;
mod server;
mod wire;

pub use bare::bare_router;
pub use contest::{Contest, InMemory, OnPostgres, OnSqlite, Pace, timed};
pub use floor::{Floor, Sent, everything};
pub use inbox::delivery;
pub use list::{List, import};
pub use load::{Load, Processes, Requests, ask, drive};
pub use office::Office;
pub use people::{id_of, lead, stored_lead};
pub use race::{Goal, Report, Round, measured};
pub use seed::{Stock, seed, stored_deal_id};
pub use server::{Database, Server};
pub use wire::Recorder;

/// What can go wrong in a benchmark, which ends it.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The value, or the end of the benchmark with the reason why there is none.
///
/// # Panics
/// When there is none.
pub fn must<T, E: std::fmt::Display>(outcome: Result<T, E>) -> T {
    outcome.unwrap_or_else(|error| panic!("the benchmark cannot go on: {error}"))
}
