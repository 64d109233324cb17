//! Where records went that were merged into others. Whoever still has an old identifier is led on, for good.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::record::{RecordKind, RecordRef};
use crate::kernel::{Column, Entity, Field, Key, Page, Part, Result, Timestamp, Value, ValueRef};
use crate::store::UnitOfWork;

/// That a record lives on in another one of its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Redirect {
    /// Kind of both.
    pub record_kind: RecordKind,
    /// The record that is gone.
    pub record_id: Uuid,
    /// The record that it lives on in: never one that is gone itself by a merge.
    pub survivor_id: Uuid,
    /// When they were merged.
    pub merged_at: Timestamp,
}

impl Redirect {
    /// The record that is gone.
    pub const RECORD: Column<Self, Uuid> = Column::required_key("record_id", |row| ValueRef::Uuid(row.record_id));
    /// The record that it lives on in.
    pub const SURVIVOR: Column<Self, Uuid> =
        Column::required_indexed("survivor_id", |row| ValueRef::Uuid(row.survivor_id));
}

impl Entity for Redirect {
    const NAME: &'static str = "redirect";
    const FIELDS: &'static [Field<Self>] = &[Self::RECORD.field(), Self::SURVIVOR.field()];
    const UNIQUE: &'static [Key<Self>] =
        &[Key { name: "record_id", columns: &["record_id"], read: |row| Some(vec![Value::Uuid(row.record_id)]) }];
}
impl Part for Redirect {}

/// The record in which one that was merged lives on; nothing for one that never was.
///
/// # Errors
/// Those of the store.
pub async fn survivor_of(uow: &mut UnitOfWork<'_>, record: RecordRef) -> Result<Option<RecordRef>> {
    let found = uow.list(&Redirect::RECORD.is(record.id), &Page::first(1)).await?.pop();
    let found = found.filter(|redirect| redirect.record_kind == record.kind);
    Ok(found.map(|redirect| RecordRef { id: redirect.survivor_id, ..record }))
}

/// The records that live on in this one.
///
/// # Errors
/// Those of the store.
pub async fn merged_into(uow: &mut UnitOfWork<'_>, record: RecordRef) -> Result<Vec<RecordRef>> {
    let redirects = uow.list_all(&Redirect::SURVIVOR.is(record.id)).await?;
    Ok(redirects.into_iter().map(|redirect| RecordRef { id: redirect.record_id, ..record }).collect())
}

/// Leads everybody on from a record to the one in which it lives on, those included who are led to it by now.
///
/// # Errors
/// Those of the store.
pub async fn redirect(uow: &mut UnitOfWork<'_>, from: RecordRef, to: RecordRef) -> Result<()> {
    for mut earlier in uow.list_all(&Redirect::SURVIVOR.is(from.id)).await? {
        earlier.value.survivor_id = to.id;
        uow.save_part(earlier).await?;
    }
    let merged_at = uow.now();
    let redirect = Redirect { record_kind: from.kind, record_id: from.id, survivor_id: to.id, merged_at };
    uow.add_parts(vec![redirect]).await?;
    Ok(())
}
