//! What writes records, whatever their entity: the record's own row, then its terms.

use crm_core::store::{StoreError, StoreResult};
use uuid::Uuid;

use crate::cell::Kind;
use crate::fault::{refusal, refusal_to_remove};
use crate::record::{Record, bind_insert, bind_update};
use crate::statement::Statement;
use crate::table::{ROWS_PER_INSERT, Table};
use crate::term;
use crate::tx::{PgTx, defect};

/// As many events or keys as one command usually adds. For each number of rows the server keeps a statement.
const ROWS_PER_NAMED_INSERT: usize = 8;

impl PgTx<'_> {
    /// Adds records.
    pub(crate) async fn insert_records(&mut self, rows: &[&dyn Record], table: &Table) -> StoreResult<()> {
        self.begin_writing()?;
        for chunk in rows.chunks(ROWS_PER_INSERT) {
            let mut binds = self.binds().map_err(defect)?;
            binds.reserve(chunk.len() * table.width());
            for row in chunk {
                bind_insert(*row, &table.columns, &mut binds).map_err(defect)?;
            }
            let named = chunk.len() <= ROWS_PER_NAMED_INSERT || chunk.len() == ROWS_PER_INSERT;
            let statement = Statement { text: table.insert(chunk.len()), binds, named };
            self.change(statement, table).await?;
        }
        if table.has_terms {
            self.add_terms(rows, table).await?;
        }
        self.done();
        Ok(())
    }

    /// Replaces a record.
    pub(crate) async fn update_record(&mut self, row: &dyn Record, table: &Table) -> StoreResult<()> {
        self.begin_writing()?;
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
        self.begin_writing()?;
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

    async fn replace_terms(&mut self, row: &dyn Record, table: &Table) -> StoreResult<()> {
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

    async fn add_terms(&mut self, rows: &[&dyn Record], table: &Table) -> StoreResult<()> {
        let all: Vec<_> = rows.iter().map(|row| (row.system(), row.terms())).collect();
        for statement in term::insert(self.organization, table.entity, &all).map_err(defect)? {
            self.change(statement, table).await?;
        }
        for (system, terms) in all {
            self.terms.remember(table.entity, system, terms);
        }
        Ok(())
    }
}
