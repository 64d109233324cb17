//! Values that everything else is made of. No business nouns, no async, no clock and no chance of its own.
//!
//! A value that exists is valid: private fields, `TryFrom`/`parse`, and serde through the same door. Refusals name the
//! value's problem and the remedy ([`error::Rule`]).

mod characters;
pub mod currency;
pub mod domain;
pub mod email;
pub mod error;
pub mod explanation;
mod host;
pub mod money;
pub mod phone;
pub mod region;
pub mod tag;
pub mod text;
pub mod website;

pub use currency::{Currency, UnknownCurrency};
pub use domain::{Domain, DomainError};
pub use email::{EmailAddress, EmailError};
pub use error::{Error, FieldProblem, InvalidInput, Kind, Result, Rule};
pub use explanation::Explanation;
pub use money::{Money, MoneyError, Rounding};
#[cfg(feature = "phone-metadata")]
pub use phone::MetadataPhoneNumbers;
pub use phone::{DigitsOnly, PhoneError, PhoneNumber, PhoneNumbers};
pub use region::{BadRegion, Region};
pub use tag::Tag;
pub use text::{Label, Line, Name, Note, Prose, Text, TextError};
pub use website::{Website, WebsiteError};

#[cfg(test)]
mod sample_tests;
