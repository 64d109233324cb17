//! Due work: which organizations have some, and leasing it inside one of them.
//!
//! No statement can lease across organizations on a distributed cluster, and it would let one tenant's backlog starve
//! the others. So a worker first asks which organizations have due jobs, which only the role `crm_worker` may, seeing
//! nothing else of them; then it opens one of them and leases there. Leasing passes over rows that another transaction
//! holds, finishing names the lease's token, and both take one statement for any number of jobs.

use async_trait::async_trait;
use crm_core::access::OrganizationId;
use crm_core::agenda::{Agenda, Claim, Job, JobId};
use crm_core::kernel::{Id, Stored, Timestamp, Value};
use crm_core::store::StoreResult;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::cell::{Cell, CellError, Kind, ValuesCell};
use crate::fault::refusal;
use crate::row::column;
use crate::statement::{Binds, Statement};
use crate::table::{SYSTEM_COLUMNS, Table};
use crate::tx::{PgTx, query};

/// The transaction in which all organizations' due times may be read, and nothing else.
pub(crate) const OPEN_AS_WORKER: &str = "begin read only; set local role crm_worker";

pub(crate) const DUE_ORGANIZATIONS: &str = "select j.organization_id from crm.job j \
    where j.state <> 'dead' and j.due_at <= $1 group by j.organization_id order by min(j.due_at), j.organization_id limit $2";

pub(crate) const FINISH: &str = "delete from crm.job j using unnest($2::uuid[], $3::int8[]) as done (id, token) \
    where j.organization_id = $1 and j.id = done.id and j.token = done.token";

/// The organizations with due jobs, the longest waiting first, on a connection opened by [`OPEN_AS_WORKER`].
pub(crate) async fn due_organizations(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<PgRow>, sqlx::Error> {
    let mut binds = Binds::default();
    let bound = binds.push(&now, Kind::Timestamptz).and_then(|_| binds.push(&limit, Kind::BigInt));
    bound.map_err(|error| sqlx::Error::Encode(error.into()))?;
    query(Statement::once(DUE_ORGANIZATIONS, binds)).fetch_all(connection).await
}

pub(crate) fn organization(row: &PgRow) -> Result<OrganizationId, CellError> {
    Ok(Id::new(column::<Uuid>(row, 0, Kind::Uuid)?))
}

/// The statement that leases: first the rows that are due and free, then their new lease, then how they are now.
pub(crate) fn claim_text(table: &Table) -> String {
    let columns = SYSTEM_COLUMNS.iter().copied().chain(table.columns.iter().map(|column| column.name));
    let columns = columns.map(|name| format!("j.{name}")).collect::<Vec<_>>().join(", ");
    format!(
        "with due as (select id, due_at from crm.job where organization_id = $1 and due_at <= $2 and state <> 'dead' \
         order by due_at, id limit $3 for update skip locked) \
         update crm.job j set version = j.version + 1, updated_at = $2, state = 'leased', due_at = $4, \
         attempts = j.attempts + 1, token = j.token + 1, worker = $5 \
         from due where j.organization_id = $1 and j.id = due.id returning {columns}, due.due_at"
    )
}

#[async_trait]
impl Agenda for PgTx<'_> {
    async fn claim(&mut self, claim: &Claim) -> StoreResult<Vec<Stored<Job>>> {
        self.check_open()?;
        let table = self.store.tables.of::<Job>()?;
        let mut binds = self.binds()?;
        bind_claim(claim, &mut binds).map_err(|error| self.defect(error))?;
        let statement = Statement::named(self.store.claim.clone(), binds);
        let rows = self.rows(statement).await.map_err(|error| self.refused(refusal(error, &table)))?;
        let mut taken = Vec::with_capacity(rows.len());
        for row in &rows {
            let was_due: Timestamp =
                column(row, table.width(), Kind::Timestamptz).map_err(|error| self.defect(error))?;
            taken.push((was_due, self.read::<Job>(row, &table)?));
        }
        // An update returns its rows in no order.
        taken.sort_by_key(|(was_due, job)| (*was_due, job.id));
        Ok(taken.into_iter().map(|(_, job)| job).collect())
    }

    async fn finish(&mut self, jobs: &[(JobId, i64)]) -> StoreResult<usize> {
        self.check_open()?;
        let table = self.store.tables.of::<Job>()?;
        let mut binds = self.binds()?;
        bind_finished(jobs, &mut binds).map_err(|error| self.defect(error))?;
        let finished = self.execute(Statement::named(FINISH.into(), binds)).await;
        let finished = finished.map_err(|error| self.refused(refusal(error, &table)))?;
        Ok(usize::try_from(finished).unwrap_or(usize::MAX))
    }
}

fn bind_claim(claim: &Claim, binds: &mut Binds) -> Result<(), CellError> {
    binds.push(&claim.now, Kind::Timestamptz)?;
    binds.push(&claim.limit, Kind::BigInt)?;
    binds.push(&claim.now.plus(claim.lease), Kind::Timestamptz)?;
    binds.add(Cell(&claim.worker, Kind::Text))?;
    Ok(())
}

fn bind_finished(jobs: &[(JobId, i64)], binds: &mut Binds) -> Result<(), CellError> {
    let (ids, tokens): (Vec<_>, Vec<_>) =
        jobs.iter().map(|(id, token)| (Value::Uuid(id.uuid()), Value::Integer(*token))).unzip();
    binds.add(ValuesCell { kind: Kind::Uuid, values: ids.iter().collect() })?;
    binds.add(ValuesCell { kind: Kind::BigInt, values: tokens.iter().collect() })?;
    Ok(())
}
