//! Templates that a platform has approved, and what fills their blanks.
//!
//! The platform decides about a template; we keep a copy of its list, kept fresh by what the platform tells. Refused: a
//! template that is not approved, a blank that is not filled, a value for no blank.

mod check;
mod model;
#[cfg(test)]
mod tests;

pub use check::{TemplateRefusal, blanks};
pub(crate) use check::{check, filled};
pub use model::{MessageTemplate, MessageTemplateId, TemplateEvent};
