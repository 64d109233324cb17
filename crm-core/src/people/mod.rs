//! People and companies that we do business with.
//!
//! A [`Contact`] is a person. Addresses and numbers are records of their own ([`ContactPoint`]), since opt-out and
//! bounces live on the address; a contact has exactly one primary of each kind as soon as it has any. An [`Account`] is
//! a company: a tree (no cycles), with a set of domains ([`AccountDomain`]) of which each belongs to one account only.
//!
//! A contact is filed under its company's name too: when an account is renamed, a job ([`REFILE`]) files its contacts
//! anew.
//!
//! Refused: a contact without a name, an address twice, an account below itself, a domain that is taken. Said:
//! `contact.…` and `account.…` created, changed, deleted, and what happens to addresses and domains.

mod account;
mod account_service;
mod contact;
mod contact_service;
mod point;
mod refile;

pub use account::{
    Account, AccountDomain, AccountEvent, AccountId, AccountPatch, AccountRefusal, AccountStatus, NewAccount,
};
pub use account_service::{AccountDraft, Accounts, insert_accounts, save_account};
pub use contact::{Contact, ContactEvent, ContactId, ContactPatch, ContactRefusal, NewContact};
pub use contact_service::{ContactDraft, Contacts, insert_contact, save_contact};
pub use point::{ContactPoint, ContactPointId, NewContactPoint, PointKind, PointValue};
pub use refile::{REFILE, job_handlers};

#[cfg(test)]
mod tests;
