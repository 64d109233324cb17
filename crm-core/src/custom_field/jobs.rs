//! What a removed field leaves behind for a while: its values, which are taken out of the records page by page.

use serde_json::json;
use uuid::Uuid;

use crate::agenda::Job;
use crate::identity::RecordKind;
use crate::kernel::{CustomKey, Result, Timestamp};
use crate::store::UnitOfWork;

/// The kind of job that takes the values of a removed field out of the records: its payload names `record_kind`, `key`
/// and the record behind which it goes on, `after`. The removal slice does it.
pub const PURGE: &str = "custom_field.purge";

/// The job that takes the values of a field out of the records, from behind `after` on.
#[must_use]
pub fn purge(kind: RecordKind, key: &CustomKey, at: Timestamp, after: Option<Uuid>) -> Job {
    let payload = json!({ "record_kind": kind, "key": key, "after": after });
    Job::at(at, PURGE, payload).unique(unique_key(kind, key))
}

/// Whether values of a removed field with this key are still in records.
pub(super) async fn is_going(uow: &mut UnitOfWork<'_>, kind: RecordKind, key: &CustomKey) -> Result<bool> {
    Ok(uow.scheduled(&unique_key(kind, key)).await?.is_some())
}

fn unique_key(kind: RecordKind, key: &CustomKey) -> String {
    format!("{PURGE}:{}:{key}", kind.as_str())
}
