//! The PostgreSQL store against a real server.
//!
//! `bash .ci/test -p crm-store-postgres` brings a private one. Every test has a database of its own, cloned from one that
//! was migrated once, and works as the role `crm_app`, which row security binds.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic here is the report")]

mod agenda;
mod contract;
mod database;
mod declarations;
mod faults;
mod inbox;
mod intake;
mod isolation;
mod lint;
mod predicates;
mod records;
mod setup;
mod specimen;
mod watch;
