//! Under which keys a person or company is known, whatever kind of record keeps them.
//!
//! A [`MatchKey`] says that a record is known by an e-mail address, a telephone number, a domain, or a name. Duplicates,
//! intake and inbox look people up here and nowhere else. The keys of a record follow the record: its service replaces
//! them in the unit of work that changes it ([`replace_keys`]).
//!
//! Keys of one kind have one prefix (`email:`, `phone:` …). Blank never makes a key, so blank never matches blank.

mod keys;
mod record;

pub use keys::{KeyKind, KeySet, MatchKey, add_keys, replace_keys};
pub use record::{RecordKind, RecordRef};
