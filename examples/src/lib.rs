//! What the example programs share: opening a database by its address, and an organization to work in.

mod database;
mod office;

pub use database::{OpenError, open};
pub use office::{Office, office};
