//! Endpoints, declared once: routing, document, entity tags, idempotency keys and problems follow from the declaration.
//!
//! ```text
//! api.add(get("/leads/{id}").tag("leads").says("Reads a lead").needs(Permission::LeadRead),
//!     |session: Session, call: Call<LeadId>| async move { session.leads().get(call.path).await.map(Record) });
//! ```
//!
//! A handler gets the session of whoever asks and what the request carries, read and checked, and makes one call.

mod answer;
mod call;
mod document;
mod endpoint;
mod example;
mod input;
mod repeat;
mod serve;

pub use answer::{Answer, Answered, Created, File, Listed, Many, Nothing, Plain, Record, Versioned, Words};
pub use call::{Call, Seen};
pub use document::Document;
pub use endpoint::{Api, Endpoint, Route, delete, get, patch, post, put};
pub use input::{Body, Csv, Json, MaybeJson, Path, Query, Raw, check_no_nul};
pub(crate) use input::{parameter as query_parameter, unknown_parameter};
