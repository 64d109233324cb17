//! Values of unique custom fields that another record has: found before they are stored, so that the cell is named.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::reading::{Findings, Reading};
use super::source::SourceRow;
use super::target::Target;
use crate::custom_field::{CustomFieldRefusal, CustomUnique};
use crate::identity::{KeySet, MatchKey};
use crate::intake::OnMatch;
use crate::kernel::{CustomKey, CustomValues, Result, Rule};
use crate::store::UnitOfWork;

/// What a row tells that may be taken, and the keys under which it may be the holder itself.
pub(super) struct Told {
    values: Vec<(CustomKey, String)>,
    keys: BTreeSet<String>,
}

impl Told {
    pub(super) fn new(reading: &Reading, custom: &CustomValues, keys: &KeySet) -> Self {
        Self { values: reading.schema.unique_values(custom), keys: keys.iter().map(str::to_owned).collect() }
    }
}

/// For each row the fields whose value another record has, be it stored or in a row before.
///
/// A holder that shares a key with the row may be the one that the row is about; then the row is left to be judged.
pub(super) async fn taken(
    uow: &mut UnitOfWork<'_>,
    reading: &Reading,
    rows: &[Option<Told>],
) -> Result<Vec<Vec<CustomKey>>> {
    let values = rows.iter().flatten().flat_map(|told| told.values.iter().map(|(_, value)| value.clone()));
    let values: BTreeSet<String> = values.collect();
    if values.is_empty() {
        return Ok(vec![Vec::new(); rows.len()]);
    }
    let stored = uow.list_all(&CustomUnique::VALUE.is_one_of(values)).await?;
    let stored: Vec<_> = stored.iter().filter(|claim| claim.record_kind == reading.kind.record()).collect();
    let filed = MatchKey::RECORD.is_one_of(stored.iter().map(|claim| claim.record_id));
    let mut keys: BTreeMap<Uuid, BTreeSet<String>> = BTreeMap::new();
    for key in if stored.is_empty() { Vec::new() } else { uow.list_all(&filed).await? } {
        keys.entry(key.record_id).or_default().insert(key.value.key);
    }
    let mut holders: BTreeMap<(CustomKey, String), BTreeSet<String>> = stored
        .iter()
        .map(|claim| {
            let value = (claim.key.clone(), claim.value.value.clone());
            (value, keys.get(&claim.record_id).cloned().unwrap_or_default())
        })
        .collect();
    let may_be_known = reading.options.on_match != OnMatch::Create;
    let mut taken = Vec::with_capacity(rows.len());
    for told in rows {
        let mut own = Vec::new();
        for value in told.iter().flat_map(|told| &told.values) {
            let keys = told.as_ref().map(|told| &told.keys);
            match holders.get(value) {
                Some(holder) if may_be_known && keys.is_some_and(|keys| !keys.is_disjoint(holder)) => {}
                Some(_) => own.push(value.0.clone()),
                None => {
                    holders.insert(value.clone(), keys.cloned().unwrap_or_default());
                }
            }
        }
        taken.push(own);
    }
    Ok(taken)
}

/// Names the cells whose values are taken and takes them out.
pub(super) fn name_taken(
    reading: &Reading,
    row: &SourceRow,
    taken: Vec<CustomKey>,
    custom: &mut CustomValues,
    findings: &mut Findings<'_>,
) {
    for key in taken {
        custom.remove(&key);
        let column = reading.columns.iter().find(|column| column.target == Target::Custom(key.clone()));
        let Some(column) = column else { continue };
        let refusal = CustomFieldRefusal::Taken(key);
        let cell = row.cells.get(column.index).map_or("", String::as_str);
        findings.bad(column, cell, refusal.code(), refusal.to_string());
    }
}
