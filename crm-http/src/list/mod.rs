//! Lists: conditions, order and place, from a query or from JSON.
//!
//! A condition on a field is a parameter, `status=new` or `score[at_least]=50`, or the predicate as JSON. A page names
//! the next by a cursor that is opaque, signed, and good for the same list of the same organization only.

mod cursor;
mod filter;
mod query;

pub(crate) use query::limit;
pub use query::{ListQuery, Search};
