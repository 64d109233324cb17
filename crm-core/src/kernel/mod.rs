//! Values that everything else is made of. No business nouns, no async, no clock and no chance of its own.
//!
//! A value that exists is valid: private fields, `TryFrom`/`parse`, and serde through the same door. Refusals name the
//! value's problem and the remedy ([`Rule`]). What a record declares of itself ([`Entity`]), what may be asked of it
//! ([`Predicate`]) and in which stretches it is read ([`Page`]) stand here too, since every layer speaks of them.

pub mod custom;
pub mod entity;
pub mod error;
pub mod explanation;
pub mod field;
pub mod id;
pub mod page;
pub mod patch;
pub mod predicate;
mod predicate_json;
pub mod time;

pub use custom::{CustomKey, CustomValue, CustomValues, Number};
pub use entity::{Entity, Key, Reference, Stored};
pub use error::{Error, FieldProblem, InvalidInput, Kind, Result, Rule};
pub use explanation::Explanation;
pub use field::{Column, CustomColumn, Field, FieldKind, FieldType, TagsColumn, Term, Value, ValueRef, has_terms, terms};
pub use id::{Id, IdSource};
pub use patch::Patch;
pub use page::{Cursor, Direction, Page};
pub use predicate::{Predicate, Test};
pub use predicate_json::{PredicateError, find_field};
pub use time::{Clock, Date, TimeError, Timestamp};
