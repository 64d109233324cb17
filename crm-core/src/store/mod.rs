//! The port to whatever remembers, and the one door that leads through it.
//!
//! [`Records`] is seven verbs for any entity; [`Tx`] lists the entities and the specific reads; [`Store`]
//! opens transactions of one organization. Slices never touch these: a [`Session`] checks permission and paywall and
//! opens a [`UnitOfWork`], which adds time, identifiers, visibility and events. [`MemoryStore`] is the real thing
//! without a disk: for tests, sandboxes and simulation.
//!
//! [`JobHandler`] is who does due work of one kind; see [`crate::agenda`]. [`Watch`] hears of what other processes commit.
//!
//! What an organization has set up is kept between transactions ([`SetupMemory`], [`UnitOfWork::setup`]), under the version
//! of its own record.
//!
//! A transaction that is not committed leaves nothing. A save names the version it has seen.

mod commands;
#[cfg(test)]
mod commands_tests;
mod contents;
mod handler;
mod memory;
mod port;
mod schedule;
mod session;
mod setup;
#[cfg(test)]
mod setup_tests;
mod unit_of_work;
mod watch;

pub use contents::{Tx, Visitor, visit_entities};
pub use handler::{InStore, JobHandler, Work};
pub use memory::MemoryStore;
pub use port::{Agenda, BoxTx, Count, Records, Store, StoreError, StoreResult, count_by_reading};
pub use session::{Ports, Session};
pub use setup::SetupMemory;
pub use unit_of_work::{RecordNotFound, StaleVersion, UnitOfWork};
pub use watch::{BoxWatch, Sighting, Watch};
