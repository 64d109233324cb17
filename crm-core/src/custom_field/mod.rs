//! Fields that a tenant adds to leads, contacts, accounts and opportunities.
//!
//! A [`CustomField`] has a type, and may be required, unique and filterable. Values carry their type themselves
//! ([`crate::kernel::CustomValue`]); a [`Schema`] says whether they fit, and is asked by every service that saves such a
//! record. Unique values are claimed as records of their own, so that every store holds them unique.
//!
//! Refused: a value of another type, an unknown key, a choice that is not offered, an empty required field, a value that
//! another record has, a condition on a field that is not filterable, the removal of a field that something uses. Said:
//! `custom_field.created`, `….changed`, `….deleted`. Removing is in `removal`.

mod jobs;
mod model;
mod schema;
mod service;

pub use jobs::{PURGE, purge};
pub use model::{CustomField, CustomFieldEvent, CustomFieldId, CustomFieldRefusal, CustomType, NewCustomField};
pub use schema::{CustomUnique, Schema};
pub use service::CustomFields;

#[cfg(test)]
mod tests;
