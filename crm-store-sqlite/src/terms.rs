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
    let old: BTreeSet<_> = terms(before).into_iter().collect();
    let new: BTreeSet<_> = terms(after).into_iter().collect();
    remove(connection, organization, after.id, old.difference(&new)).await?;
    let added = new.difference(&old).map(|term| json(after.id, term)).collect();
    add::<E>(connection, organization, added).await
}

/// Removes the terms of a row that is gone.
pub(crate) async fn remove_all<E: Entity>(
    connection: &mut SqliteConnection,
    organization: Uuid,
    row: &Stored<E>,
) -> StoreResult<()> {
    remove(connection, organization, row.id, &terms(row)).await
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
         select ?1, '{}', json_extract(one.value,'$[0]'), json_extract(one.value,'$[1]'), \
         json_extract(one.value,'$[2]'), json_extract(one.value,'$[3]') from json_each(",
        E::NAME
    ));
    sql.bind(Json::Array(terms).to_string());
    sql.add(") one");
    sql.query().execute(connection).await.map_err(fault)?;
    Ok(())
}

/// One by one, for they are few, and a list of rows would not be looked up by the whole key.
async fn remove<'t, E: Entity>(
    connection: &mut SqliteConnection,
    organization: Uuid,
    id: Id<E>,
    terms: impl IntoIterator<Item = &'t Term>,
) -> StoreResult<()> {
    for term in terms {
        let mut sql = Sql::within(organization);
        sql.push(format_args!("delete from term where organization_id = ?1 and entity = '{}' and name = ", E::NAME));
        sql.bind(term.name.as_str());
        sql.push(format_args!(" and kind = '{}' and value = ", kind_name(term.value.kind())));
        sql.bind(&term.value);
        sql.add(" and record_id = ");
        sql.bind(id.uuid());
        sql.query().execute(&mut *connection).await.map_err(fault)?;
    }
    Ok(())
}
