//! What the verbs do for any entity, as statements on one connection.

use std::sync::Arc;

use crm_core::kernel::{Direction, Entity, Field, Id, Page, Predicate, Stored, has_terms};
use crm_core::store::{StoreError, StoreResult};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};
use uuid::Uuid;

use crate::fault::{fault, refusal};
use crate::predicate::render;
use crate::schema::{Declarations, index_of};
use crate::sql::{Sql, column};
use crate::{references, terms};

/// How many rows one statement adds; more are slower again.
const ROWS_PER_STATEMENT: usize = 50;

/// The records of one organization in one transaction.
pub(crate) struct OpenRecords {
    pub(crate) transaction: Transaction<'static, Sqlite>,
    pub(crate) organization: Uuid,
    pub(crate) declarations: Arc<Declarations>,
}

impl OpenRecords {
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }

    pub(crate) async fn find<E: Entity>(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        let mut sql = self.select::<E>();
        sql.add(" and id = ");
        sql.bind(id.uuid());
        let row = sql.query().fetch_optional(self.connection()).await.map_err(fault)?;
        row.as_ref().map(decode).transpose()
    }

    pub(crate) async fn list<E: Entity>(
        &mut self,
        filter: &Predicate<E>,
        page: &Page<E>,
    ) -> StoreResult<Vec<Stored<E>>> {
        let along = self.reads_along(filter, page).await?;
        let sql = self.list_statement(filter, page, along);
        let rows = sql.query().fetch_all(self.connection()).await.map_err(fault)?;
        rows.iter().map(decode).collect()
    }

    pub(crate) fn list_statement<E: Entity>(&self, filter: &Predicate<E>, page: &Page<E>, along: bool) -> Sql {
        let order = page.order();
        let place = column(order);
        let (behind, word) = match page.direction() {
            Direction::Ascending => (">", "asc"),
            Direction::Descending => ("<", "desc"),
        };
        let index = if along { format!(" indexed by \"{}\"", index_of::<E>(order.name)) } else { String::new() };
        let mut sql = self.select_by::<E>(&index);
        if let Some(cursor) = page.begin() {
            // Written out, for a comparison of row values does not seek in an index over an expression.
            sql.push(format_args!(" and {place} {behind}= "));
            sql.bind(&cursor.value);
            sql.push(format_args!(" and ({place} {behind} "));
            sql.bind(&cursor.value);
            sql.push(format_args!(" or id {behind} "));
            sql.bind(cursor.id);
            sql.add(")");
        }
        sql.add(" and ");
        render(filter, &mut sql);
        if order == Field::ID {
            sql.push(format_args!(" order by id {word} limit "));
        } else {
            sql.push(format_args!(" order by {place} {word}, id {word} limit "));
        }
        sql.bind(i64::from(page.limit()));
        sql
    }

    pub(crate) async fn insert<E: Entity>(&mut self, rows: &[Stored<E>]) -> StoreResult<()> {
        for rows in rows.chunks(ROWS_PER_STATEMENT) {
            let mut sql = Sql::within(self.organization);
            sql.add("insert into record (organization_id, entity, id, version, created_at, updated_at, value) values ");
            for (place, row) in rows.iter().enumerate() {
                sql.push(format_args!("{}(?1,'{}',", if place == 0 { "" } else { "," }, E::NAME));
                sql.bind(row.id.uuid());
                sql.add(",");
                bind_content(&mut sql, row, ["", ",", ",", ","])?;
                sql.add(")");
            }
            // Statements of these two lengths come again and are kept; those of other lengths are not.
            let recurring = rows.len() == 1 || rows.len() == ROWS_PER_STATEMENT;
            sql.query().persistent(recurring).execute(self.connection()).await.map_err(refusal::<E>)?;
        }
        let organization = self.organization;
        references::check_targets(self.connection(), organization, rows).await?;
        terms::add_all(self.connection(), organization, rows).await
    }

    pub(crate) async fn update<E: Entity>(&mut self, row: &Stored<E>) -> StoreResult<()> {
        let organization = self.organization;
        let before = if has_terms::<E>() { self.find(row.id).await? } else { None };
        let mut sql = Sql::within(organization);
        sql.add("update record set ");
        bind_content(&mut sql, row, ["version = ", ", created_at = ", ", updated_at = ", ", value = "])?;
        sql.push(format_args!(" where organization_id = ?1 and entity = '{}' and id = ", E::NAME));
        sql.bind(row.id.uuid());
        sql.add(" and version = ");
        sql.bind(row.version.saturating_sub(1));
        let done = sql.query().execute(self.connection()).await.map_err(refusal::<E>)?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Conflict { entity: E::NAME });
        }
        references::check_targets(self.connection(), organization, std::slice::from_ref(row)).await?;
        match before {
            Some(before) => terms::change(self.connection(), organization, &before, row).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn delete<E: Entity>(&mut self, id: Id<E>, version: i64) -> StoreResult<()> {
        let organization = self.organization;
        let mut sql = Sql::within(organization);
        sql.push(format_args!("delete from record where organization_id = ?1 and entity = '{}' and id = ", E::NAME));
        sql.bind(id.uuid());
        sql.add(" and version = ");
        sql.bind(version);
        sql.push(format_args!(" returning {COLUMNS}"));
        let gone = sql.query().fetch_optional(self.connection()).await.map_err(fault)?;
        let Some(gone) = gone else { return Err(StoreError::Conflict { entity: E::NAME }) };
        let declarations = Arc::clone(&self.declarations);
        references::check_referrers(self.connection(), organization, &declarations, id).await?;
        if has_terms::<E>() {
            terms::remove_all(self.connection(), organization, &decode::<E>(&gone)?).await?;
        }
        Ok(())
    }

    fn select<E: Entity>(&self) -> Sql {
        self.select_by::<E>("")
    }

    fn select_by<E: Entity>(&self, index: &str) -> Sql {
        let (mut sql, entity) = (Sql::within(self.organization), E::NAME);
        // The entity is written out: a partial index serves only a statement that is known to stay within it.
        sql.push(format_args!(
            "select {COLUMNS} from record{index} where organization_id = ?1 and entity = '{entity}'"
        ));
        sql
    }
}

/// The columns that [`decode`] reads.
const COLUMNS: &str = "id, version, created_at, updated_at, value";

/// Adds version, instants and value as parameters, each behind its own words.
fn bind_content<E: Entity>(sql: &mut Sql, row: &Stored<E>, before: [&str; 4]) -> StoreResult<()> {
    let [version, created_at, updated_at, value] = before;
    sql.add(version);
    sql.bind(row.version);
    sql.add(created_at);
    sql.bind(row.created_at.to_string());
    sql.add(updated_at);
    sql.bind(row.updated_at.to_string());
    sql.add(value);
    sql.bind(serde_json::to_string(&row.value).map_err(|error| StoreError::Fault(error.into()))?);
    Ok(())
}

fn decode<E: Entity>(row: &SqliteRow) -> StoreResult<Stored<E>> {
    let text = |place: usize| row.try_get::<&str, _>(place).map_err(fault);
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Fault(error);
    Ok(Stored {
        id: text(0)?.parse().map_err(|error| broken(Box::new(error)))?,
        version: row.try_get(1).map_err(fault)?,
        created_at: text(2)?.parse().map_err(|error| broken(Box::new(error)))?,
        updated_at: text(3)?.parse().map_err(|error| broken(Box::new(error)))?,
        value: serde_json::from_str(text(4)?).map_err(|error| broken(error.into()))?,
    })
}
