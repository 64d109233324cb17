//! The five verbs and `lock`, once for every entity.

use async_trait::async_trait;
use crm_core::kernel::{Direction, Entity, Field, Id, Page, Predicate, Stored, Value};
use crm_core::store::{Records, StoreError, StoreResult};

use crate::cell::{Cell, CellError, Kind, ValueCell};
use crate::fault::{refusal, refusal_to_remove};
use crate::predicate::render;
use crate::row::bind_value;
use crate::statement::{Binds, Draft, Statement};
use crate::table::{ROWS_PER_INSERT, Table, quoted};
use crate::term;
use crate::tx::PgTx;

#[async_trait]
impl<E: Entity> Records<E> for PgTx<'_> {
    async fn find(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        let table = self.store.tables.of::<E>()?;
        self.one(id, &table, table.find.clone()).await
    }

    async fn lock(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        let table = self.store.tables.of::<E>()?;
        self.one(id, &table, table.lock.clone()).await
    }

    async fn list(&mut self, filter: &Predicate<E>, page: &Page<E>) -> StoreResult<Vec<Stored<E>>> {
        self.check_open()?;
        let table = self.store.tables.of::<E>()?;
        let mut draft = Draft { text: table.select.clone(), binds: self.binds()? };
        draft.say(" and ");
        render(filter, &mut draft)?;
        stretch(page, &mut draft).map_err(|error| StoreError::Fault(error.into()))?;
        let rows = self.rows(draft.once()).await.map_err(|error| self.refused(refusal(error, &table)))?;
        rows.iter().map(|row| self.read(row, &table)).collect()
    }

    async fn insert(&mut self, rows: &[Stored<E>]) -> StoreResult<()> {
        self.check_open()?;
        let table = self.store.tables.of::<E>()?;
        for chunk in rows.chunks(ROWS_PER_INSERT) {
            let mut binds = self.binds()?;
            binds.reserve(chunk.len() * table.width());
            for row in chunk {
                bind_row(row, &table, &mut binds).map_err(|error| self.defect(error))?;
            }
            let statement = Statement { text: table.insert(chunk.len()), binds, named: chunk.len() == 1 };
            self.execute(statement).await.map_err(|error| self.refused(refusal(error, &table)))?;
        }
        if table.has_terms {
            self.add_terms(rows, &table).await?;
        }
        Ok(())
    }

    async fn update(&mut self, row: &Stored<E>) -> StoreResult<()> {
        self.check_open()?;
        let table = self.store.tables.of::<E>()?;
        let mut binds = self.binds()?;
        bind_update(row, &table, &mut binds).map_err(|error| self.defect(error))?;
        let updated = self.execute(Statement::named(table.update.clone(), binds)).await;
        if updated.map_err(|error| self.refused(refusal(error, &table)))? == 0 {
            return Err(StoreError::Conflict { entity: E::NAME });
        }
        if table.has_terms {
            self.replace_terms(row, &table).await?;
        }
        Ok(())
    }

    async fn delete(&mut self, id: Id<E>, version: i64) -> StoreResult<()> {
        self.check_open()?;
        let table = self.store.tables.of::<E>()?;
        let mut binds = self.binds()?;
        binds.push(&id, Kind::Uuid).map_err(|error| self.defect(error))?;
        binds.push(&version, Kind::BigInt).map_err(|error| self.defect(error))?;
        let deleted = self.execute(Statement::named(table.delete.clone(), binds)).await;
        let deleted = deleted.map_err(|error| {
            let error = refusal_to_remove(error, &table, &self.store.tables);
            self.refused(error)
        })?;
        if deleted == 0 {
            return Err(StoreError::Conflict { entity: E::NAME });
        }
        if table.has_terms {
            self.terms.forget::<E>(id.uuid());
            self.delete_terms::<E>(id, &table).await?;
        }
        Ok(())
    }
}

impl PgTx<'_> {
    async fn one<E: Entity>(
        &mut self,
        id: Id<E>,
        table: &Table,
        text: std::sync::Arc<str>,
    ) -> StoreResult<Option<Stored<E>>> {
        self.check_open()?;
        let mut binds = self.binds()?;
        binds.push(&id, Kind::Uuid).map_err(|error| self.defect(error))?;
        let row = self.row(Statement::named(text, binds)).await.map_err(|error| self.refused(refusal(error, table)))?;
        row.map(|row| self.read(&row, table)).transpose()
    }

    async fn replace_terms<E: Entity>(&mut self, row: &Stored<E>, table: &Table) -> StoreResult<()> {
        if self.terms.before(row) == Some(&crm_core::kernel::terms(row)) {
            self.terms.remember(row);
            return Ok(());
        }
        self.delete_terms(row.id, table).await?;
        self.add_terms(std::slice::from_ref(row), table).await
    }

    async fn delete_terms<E: Entity>(&mut self, id: Id<E>, table: &Table) -> StoreResult<()> {
        let statement = term::delete::<E>(self.organization, id.uuid()).map_err(|error| self.defect(error))?;
        self.execute(statement).await.map_err(|error| self.refused(refusal(error, table)))?;
        Ok(())
    }

    async fn add_terms<E: Entity>(&mut self, rows: &[Stored<E>], table: &Table) -> StoreResult<()> {
        for statement in term::insert(self.organization, rows).map_err(|error| self.defect(error))? {
            self.execute(statement).await.map_err(|error| self.refused(refusal(error, table)))?;
        }
        for row in rows {
            self.terms.remember(row);
        }
        Ok(())
    }
}

fn bind_row<E: Entity>(row: &Stored<E>, table: &Table, binds: &mut Binds) -> Result<(), CellError> {
    binds.push(&row.id, Kind::Uuid)?;
    binds.push(&row.version, Kind::BigInt)?;
    binds.push(&row.created_at, Kind::Timestamptz)?;
    binds.push(&row.updated_at, Kind::Timestamptz)?;
    bind_value(&row.value, table, binds)
}

fn bind_update<E: Entity>(row: &Stored<E>, table: &Table, binds: &mut Binds) -> Result<(), CellError> {
    binds.push(&row.id, Kind::Uuid)?;
    binds.push(&(row.version - 1), Kind::BigInt)?;
    binds.push(&row.version, Kind::BigInt)?;
    binds.push(&row.updated_at, Kind::Timestamptz)?;
    bind_value(&row.value, table, binds)
}

/// Where the page begins, its order and its length. Columns are qualified, for a bare name would be looked for among the
/// selected ones first.
fn stretch<E: Entity>(page: &Page<E>, draft: &mut Draft) -> Result<(), CellError> {
    let (direction, behind) = match page.direction() {
        Direction::Ascending => ("asc", ">"),
        Direction::Descending => ("desc", "<"),
    };
    let column = format!("t.{}", quoted(page.order().name));
    let by_id = page.order() == Field::ID;
    if let Some(cursor) = page.begin() {
        if by_id {
            draft.say(&format!(" and t.id {behind} "));
        } else {
            draft.say(&format!(" and ({column}, t.id) {behind} ("));
            draft.bind(ValueCell(&cursor.value))?;
            draft.say(", ");
        }
        draft.bind(ValueCell(&Value::Uuid(cursor.id)))?;
        if !by_id {
            draft.say(")");
        }
    }
    if by_id {
        draft.say(&format!(" order by t.id {direction} limit "));
    } else {
        draft.say(&format!(" order by {column} {direction}, t.id {direction} limit "));
    }
    draft.bind(Cell(&page.limit(), Kind::BigInt))
}
