//! Tags and custom values as rows of their own, so that a rare one is found without reading every record.

use std::collections::BTreeSet;

use crm_core::kernel::{Entity, Id, Stored, Term, terms};
use crm_core::store::StoreResult;
use serde_json::{Value as Json, json};
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::fault::fault;
use crate::predicate::kind_name;
use crate::sql::{Bind, Sql};

/// Adds the terms of rows that had none.
pub(crate) async fn add_all<E: Entity>(
    connection: &mut SqliteConnection,
    organization: Uuid,
    rows: &[Stored<E>],
) -> StoreResult<()> {
    let added = rows.iter().flat_map(|row| terms(row).into_iter().map(|term| json(row.id, &term)));
    add::<E>(connection, organization, added.collect()).await
}

/// Replaces the terms of a row where they differ.
pub(crate) async fn change<E: Entity>(
    connection: &mut SqliteConnection,
    organization: Uuid,
    before: &Stored<E>,
    after: &Stored<E>,
) -> StoreResult<()> {
    let (before, now): (BTreeSet<_>, BTreeSet<_>) =
        (terms(before).into_iter().collect(), terms(after).into_iter().collect());
    let gone = before.difference(&now).map(|term| json(after.id, term)).collect();
    remove::<E>(connection, organization, gone).await?;
    let added = now.difference(&before).map(|term| json(after.id, term)).collect();
    add::<E>(connection, organization, added).await
}

/// Removes the terms of a row that is gone.
pub(crate) async fn remove_all<E: Entity>(
    connection: &mut SqliteConnection,
    organization: Uuid,
    row: &Stored<E>,
) -> StoreResult<()> {
    remove::<E>(connection, organization, terms(row).iter().map(|term| json(row.id, term)).collect()).await
}

fn json<E>(id: Id<E>, term: &Term) -> Json {
    json!([term.name, kind_name(term.value.kind()), Json::from(Bind::from(&term.value)), id])
}

async fn add<E: Entity>(connection: &mut SqliteConnection, organization: Uuid, terms: Vec<Json>) -> StoreResult<()> {
    if terms.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::within(organization);
    sql.push(format_args!(
        "insert into term (organization_id, entity, name, kind, value, record_id) \
         select ?1, '{}', {COLUMNS} from json_each(",
        E::NAME
    ));
    sql.bind(Json::Array(terms).to_string());
    sql.add(") one");
    sql.query().execute(connection).await.map_err(fault)?;
    Ok(())
}

async fn remove<E: Entity>(connection: &mut SqliteConnection, organization: Uuid, terms: Vec<Json>) -> StoreResult<()> {
    if terms.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::within(organization);
    sql.push(format_args!(
        "delete from term where organization_id = ?1 and entity = '{}' \
         and (name, kind, value, record_id) in (select {COLUMNS} from json_each(",
        E::NAME
    ));
    sql.bind(Json::Array(terms).to_string());
    sql.add(") one)");
    sql.query().execute(connection).await.map_err(fault)?;
    Ok(())
}

/// The parts of a term as [`json`] writes it.
const COLUMNS: &str = "json_extract(one.value,'$[0]'), json_extract(one.value,'$[1]'), \
                       json_extract(one.value,'$[2]'), json_extract(one.value,'$[3]')";
