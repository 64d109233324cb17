//! Under which keys a person or company is known, whatever kind of record keeps them.
//!
//! A [`MatchKey`] says that a record is known by an e-mail address, a telephone number, a domain, or a name. Duplicates,
//! intake and inbox look people up here and nowhere else. The keys of a record follow the record: its service replaces
//! them in the unit of work that changes it ([`replace_keys`]).
//!
//! Names are compared folded ([`folded`], [`PersonName`], [`CompanyName`]): no case, no accents, no legal form, either
//! order. A person is filed under initials with company, domain and town, so that a misspelt name is still found.
//!
//! A record that was merged into another leaves a [`Redirect`], which leads its identifier on.
//!
//! Keys of one kind have one prefix (`email:`, `phone:` …). Blank never makes a key, so blank never matches blank.

mod fold;
mod keys;
mod kind;
mod name;
mod record;
mod redirect;

pub use fold::folded;
pub(crate) use fold::is_initial;
pub use keys::{KeySet, MatchKey, add_keys, replace_keys};
pub use kind::KeyKind;
pub use name::{CompanyName, PersonName, domain_label, everyday};
pub use record::{RecordKind, RecordRef};
pub use redirect::{Redirect, merged_into, redirect, survivor_of};
