//! References between records: what is named must exist, and what is named must not go.
//!
//! Both are looked up in `record` itself, the second through the index that every referring column has.

use std::collections::BTreeSet;

use crm_core::kernel::{Entity, Id, Stored};
use crm_core::store::{StoreError, StoreResult};
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use crate::fault::fault;
use crate::schema::Declarations;
use crate::sql::{Sql, member};

/// Checks that everything exists that the rows refer to; the rows themselves are stored already.
pub(crate) async fn check_targets<E: Entity>(
    connection: &mut SqliteConnection,
    organization: Uuid,
    rows: &[Stored<E>],
) -> StoreResult<()> {
    let mut sql = Sql::within(organization);
    let mut first = true;
    for (place, reference) in E::REFERENCES.iter().enumerate() {
        let named: BTreeSet<Uuid> = rows.iter().filter_map(|row| (reference.read)(&row.value)).collect();
        if named.is_empty() {
            continue;
        }
        let named: serde_json::Value = named.into_iter().map(|id| id.hyphenated().to_string()).collect();
        sql.push(format_args!("{} select {place} from json_each(", if first { "" } else { " union all" }));
        sql.bind(named.to_string());
        sql.push(format_args!(
            ") named where not exists (select 1 from record where organization_id = ?1 and entity = '{}' \
             and id = named.value)",
            reference.target
        ));
        first = false;
    }
    if first {
        return Ok(());
    }
    sql.add(" limit 1");
    let missing = sql.query().fetch_optional(connection).await.map_err(fault)?;
    match answer(missing, E::REFERENCES)? {
        Some(reference) => {
            Err(StoreError::MissingReference { entity: E::NAME, column: reference.column, target: reference.target })
        }
        None => Ok(()),
    }
}

/// Checks that nothing refers to a record that was just removed.
pub(crate) async fn check_referrers<E: Entity>(
    connection: &mut SqliteConnection,
    organization: Uuid,
    declarations: &Declarations,
    id: Id<E>,
) -> StoreResult<()> {
    let referrers = declarations.referrers(E::NAME);
    if referrers.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::within(organization);
    for (place, referrer) in referrers.iter().enumerate() {
        let union = if place == 0 { "" } else { " union all" };
        let (entity, column) = (referrer.entity, member(referrer.column));
        sql.push(format_args!(
            "{union} select {place} where exists (select 1 from record where organization_id = ?1 \
             and entity = '{entity}' and {column} = "
        ));
        sql.bind(id.uuid());
        sql.add(")");
    }
    sql.add(" limit 1");
    let found = sql.query().fetch_optional(connection).await.map_err(fault)?;
    match answer(found, referrers)? {
        Some(referrer) => Err(StoreError::StillReferenced { entity: E::NAME, by: referrer.entity }),
        None => Ok(()),
    }
}

/// The declaration whose place the database answered.
fn answer<T>(row: Option<sqlx::sqlite::SqliteRow>, declared: &[T]) -> StoreResult<Option<&T>> {
    let Some(row) = row else { return Ok(None) };
    let place: i64 = row.try_get(0).map_err(fault)?;
    Ok(usize::try_from(place).ok().and_then(|place| declared.get(place)))
}
