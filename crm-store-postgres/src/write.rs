//! What writes records, whatever their entity: the record's own row, then its terms.

use std::sync::Arc;

use crm_core::store::{StoreError, StoreResult};
use uuid::Uuid;

use crate::cell::Kind;
use crate::fault::{refusal, refusal_of_one, refusal_to_remove};
use crate::record::{Record, bind_insert, bind_update};
use crate::statement::{Draft, Statement};
use crate::table::{ROWS_PER_INSERT, Table};
use crate::term;
use crate::tx::{PgTx, defect};
use crate::waiting::MOST_ROWS;

impl PgTx<'_> {
    /// Adds records: few of them wait for what comes next, see [`crate::waiting`].
    pub(crate) async fn insert_records(&mut self, rows: &[&dyn Record], table: &Arc<Table>) -> StoreResult<()> {
        self.begin_adding()?;
        if rows.len() <= MOST_ROWS && self.store.joins_inserts {
            if self.waiting.is_full() {
                self.send_waiting().await?;
            }
            if !rows.is_empty() {
                self.waiting.add(self.organization, rows, table).map_err(defect)?;
            }
        } else {
            self.send_waiting().await?;
            self.insert_now(rows, table).await?;
        }
        if table.has_terms {
            self.add_terms(rows, table).await?;
        }
        self.done();
        Ok(())
    }

    async fn insert_now(&mut self, rows: &[&dyn Record], table: &Table) -> StoreResult<()> {
        for chunk in rows.chunks(ROWS_PER_INSERT) {
            let mut binds = self.binds().map_err(defect)?;
            binds.reserve(chunk.len() * table.width());
            for row in chunk {
                bind_insert(*row, &table.columns, &mut binds).map_err(defect)?;
            }
            let named = chunk.len() <= MOST_ROWS || chunk.len() == ROWS_PER_INSERT;
            let statement = Statement { text: table.insert(chunk.len()), binds, named };
            self.change(statement, table).await?;
        }
        Ok(())
    }

    /// Sends what waits.
    pub(crate) async fn send_waiting(&mut self) -> StoreResult<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let (statement, tables) = self.waiting.take();
        self.execute(statement).await.map_err(|error| refusal_of_one(error, &tables))?;
        Ok(())
    }

    /// Replaces a record.
    pub(crate) async fn update_record(&mut self, row: &dyn Record, table: &Arc<Table>) -> StoreResult<()> {
        self.begin_writing().await?;
        let mut binds = self.binds().map_err(defect)?;
        bind_update(row, &table.columns, &mut binds).map_err(defect)?;
        if self.change(Statement::named(table.update.clone(), binds), table).await? == 0 {
            return Err(StoreError::Conflict { entity: table.entity });
        }
        if table.has_terms {
            self.replace_terms(row, table).await?;
        }
        self.done();
        Ok(())
    }

    /// Removes a record.
    pub(crate) async fn delete_record(&mut self, id: Uuid, version: i64, table: &Table) -> StoreResult<()> {
        self.begin_writing().await?;
        let mut binds = self.binds().map_err(defect)?;
        binds.push(&id, Kind::Uuid).map_err(defect)?;
        binds.push(&version, Kind::BigInt).map_err(defect)?;
        let deleted = self.execute(Statement::named(table.delete.clone(), binds)).await;
        if deleted.map_err(|error| refusal_to_remove(error, table, &self.store.tables))? == 0 {
            return Err(StoreError::Conflict { entity: table.entity });
        }
        if table.has_terms {
            self.terms.forget(table.entity, id);
            self.delete_terms(id, table).await?;
        }
        self.done();
        Ok(())
    }

    /// Executes a statement on the table; answers how many rows it touched.
    pub(crate) async fn change(&mut self, statement: Statement, table: &Table) -> StoreResult<u64> {
        self.execute(statement).await.map_err(|error| refusal(error, table))
    }

    async fn replace_terms(&mut self, row: &dyn Record, table: &Arc<Table>) -> StoreResult<()> {
        let system = row.system();
        let terms = row.terms();
        if self.terms.before(table.entity, system) == Some(&terms) {
            self.terms.remember(table.entity, system, terms);
            return Ok(());
        }
        self.delete_terms(system.id, table).await?;
        self.add_terms(&[row], table).await
    }

    async fn delete_terms(&mut self, id: Uuid, table: &Table) -> StoreResult<()> {
        let statement = term::delete(self.organization, table.entity, id).map_err(defect)?;
        self.change(statement, table).await?;
        Ok(())
    }

    async fn add_terms(&mut self, rows: &[&dyn Record], table: &Arc<Table>) -> StoreResult<()> {
        let all: Vec<_> = rows.iter().map(|row| (row.system(), row.terms())).collect();
        let terms = term::flat(&all);
        for chunk in terms.chunks(term::TERMS_PER_INSERT) {
            if !self.store.joins_inserts || terms.len() > MOST_ROWS {
                self.send_waiting().await?;
                let statement = term::insert(self.organization, table.entity, chunk).map_err(defect)?;
                self.change(statement, table).await?;
            } else {
                let write = |draft: &mut Draft| term::write(draft, table.entity, chunk);
                self.waiting.draft(self.organization, table, write).map_err(defect)?;
            }
        }
        for (system, terms) in all {
            self.terms.remember(table.entity, system, terms);
        }
        Ok(())
    }
}
