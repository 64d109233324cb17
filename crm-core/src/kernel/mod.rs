//! Values that everything else is made of. No business nouns, no async, no clock and no chance of its own.
//!
//! A value that exists is valid: private fields, `TryFrom`/`parse`, and serde through the same door. Refusals name the
//! value's problem and the remedy ([`Rule`]). What a record declares of itself ([`Entity`]), what may be asked of it
//! ([`Predicate`]) and in which stretches it is read ([`Page`]) stand here too, since every layer speaks of them.

mod characters;
pub mod currency;
pub mod custom;
pub mod domain;
pub mod email;
pub mod entity;
pub mod error;
pub mod explanation;
pub mod field;
mod host;
pub mod id;
pub mod money;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod page;
pub mod patch;
pub mod phone;
pub mod predicate;
mod predicate_json;
pub mod region;
mod secret;
pub mod tag;
pub mod text;
pub mod time;
pub mod website;

pub use currency::{Currency, UnknownCurrency};
pub use custom::{CustomKey, CustomValue, CustomValues, Number};
pub use domain::{Domain, DomainError};
pub use email::{EmailAddress, EmailError};
pub use entity::{DomainEvent, Entity, Key, Part, Reference, Stored};
pub use error::{Error, FieldProblem, InvalidInput, Kind, Result, Rule};
pub use explanation::Explanation;
pub use field::{
    Column, CustomColumn, Field, FieldKind, FieldType, TagsColumn, Term, Value, ValueRef, has_terms, terms,
};
pub use id::{Id, IdSource};
pub use money::{Money, MoneyError, Rounding};
pub use page::{Cursor, Direction, Page};
pub use patch::Patch;
#[cfg(feature = "phone-metadata")]
pub use phone::MetadataPhoneNumbers;
pub use phone::{DigitsOnly, PhoneError, PhoneNumber, PhoneNumbers};
pub use predicate::{Predicate, Test};
pub use predicate_json::{PredicateError, find_field};
pub use region::{BadRegion, Region};
pub use secret::Secret;
pub use tag::Tag;
pub use text::{Label, Line, Name, Note, Prose, Text, TextError};
pub use time::{Clock, Date, TimeError, Timestamp};
pub use website::{Website, WebsiteError};

#[cfg(test)]
mod sample_tests;
