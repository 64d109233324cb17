//! Due work: which organizations have some, and leasing it inside one of them.
//!
//! No statement can lease across organizations on a distributed cluster, and it would let one tenant's backlog starve
//! the others. So a worker first asks which organizations have due jobs, which only the role `crm_worker` may, seeing
//! nothing else of them; then it opens one of them and leases there, in one statement that passes over rows which another
//! transaction holds. Finishing names the lease's token.

use std::collections::HashSet;

use async_trait::async_trait;
use crm_core::access::OrganizationId;
use crm_core::agenda::{Claim, Job, JobId};
use crm_core::kernel::{Id, Stored, Timestamp, Value};
use crm_core::store::{Agenda, StoreResult};
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::cell::{CellError, Kind, ValuesCell};
use crate::row::column;
use crate::statement::{Binds, Statement};
use crate::table::{SYSTEM_COLUMNS, Table};
use crate::tx::{PgTx, defect, query};

/// The transaction in which all organizations' due times may be read, and nothing else.
pub(crate) const OPEN_AS_WORKER: &str = "begin read only; set local role crm_worker";

pub(crate) const DUE_ORGANIZATIONS: &str = "select j.organization_id from crm.job j \
    where j.state <> 'dead' and j.due_at <= $1 group by j.organization_id order by min(j.due_at), j.organization_id limit $2";

/// The token is compared by the identifier's place. A join with the pairs would leave the planner free to read all jobs of
/// the organization for each pair, and it does so when it has not yet seen how many there are.
pub(crate) const FINISH: &str = "delete from crm.job where organization_id = $1 and id = any($2) \
    and token = ($3::int8[])[array_position($2::uuid[], id)]";

/// More in one statement makes the planner prefer to read all jobs of the organization.
const JOBS_PER_STATEMENT: usize = 100;

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

/// The statement that leases jobs which are due and that nobody holds, and answers with them and when each was due.
///
/// The number is written out: a plan for any number of jobs would rather read all of them. What is free is found once, held,
/// and then changed by its identifiers, which no plan looks for in any other way.
pub(crate) fn lease_text(table: &Table, limit: u32) -> String {
    format!(
        "with free as materialized (select t.id, t.due_at from crm.job t where t.organization_id = $1 \
            and t.due_at <= $2 and t.state <> 'dead' order by t.due_at, t.id limit {limit} for no key update skip locked) \
        update crm.job t set version = t.version + 1, updated_at = $2, state = 'leased', due_at = $3, \
            attempts = t.attempts + 1, token = t.token + 1, worker = $4 \
        where t.organization_id = $1 and t.id = any(array(select f.id from free f)) \
        returning {}, (select f.due_at from free f where f.id = t.id)",
        table.read
    )
}

#[async_trait]
impl Agenda for PgTx<'_> {
    async fn claim(&mut self, claim: &Claim) -> StoreResult<Vec<Stored<Job>>> {
        self.begin_writing().await?;
        let table = self.store.tables.of::<Job>()?;
        let mut binds = self.binds().map_err(defect)?;
        bind_lease(claim, &mut binds).map_err(defect)?;
        let text = lease_text(&table, claim.limit).into();
        let rows = self.many(Statement::named(text, binds), &table).await?;
        let mut jobs = Vec::with_capacity(rows.len());
        for row in &rows {
            let due: Timestamp =
                column(row, SYSTEM_COLUMNS.len() + table.columns.len(), Kind::Timestamptz).map_err(defect)?;
            jobs.push((due, self.read::<Job>(row, &table)?));
        }
        jobs.sort_by_key(|(due, job)| (*due, job.id));
        self.done();
        Ok(jobs.into_iter().map(|(_, job)| job).collect())
    }

    async fn finish(&mut self, jobs: &[(JobId, i64)]) -> StoreResult<usize> {
        self.begin_writing().await?;
        let table = self.store.tables.of::<Job>()?;
        let mut finished = 0;
        for batch in batches(jobs) {
            let mut binds = self.binds().map_err(defect)?;
            bind_finished(&batch, &mut binds).map_err(defect)?;
            finished += self.change(Statement::named(FINISH.into(), binds), &table).await?;
        }
        self.done();
        Ok(usize::try_from(finished).unwrap_or(usize::MAX))
    }
}

/// The jobs, a statement's worth at a time, none of them twice in one: a token is found by the first place of its job.
fn batches(jobs: &[(JobId, i64)]) -> Vec<Vec<(JobId, i64)>> {
    let (mut batches, mut rest) = (Vec::new(), jobs.to_vec());
    while !rest.is_empty() {
        let mut seen = HashSet::new();
        let (batch, later) = rest.into_iter().partition(|(id, _)| seen.len() < JOBS_PER_STATEMENT && seen.insert(*id));
        batches.push(batch);
        rest = later;
    }
    batches
}

fn bind_lease(claim: &Claim, binds: &mut Binds) -> Result<(), CellError> {
    binds.push(&claim.now, Kind::Timestamptz)?;
    binds.push(&claim.now.plus(claim.lease), Kind::Timestamptz)?;
    binds.push(&claim.worker, Kind::Text)?;
    Ok(())
}

fn bind_finished(jobs: &[(JobId, i64)], binds: &mut Binds) -> Result<(), CellError> {
    let (ids, tokens): (Vec<_>, Vec<_>) =
        jobs.iter().map(|(id, token)| (Value::Uuid(id.uuid()), Value::Integer(*token))).unzip();
    binds.add(ValuesCell { kind: Kind::Uuid, values: ids.iter().collect() })?;
    binds.add(ValuesCell { kind: Kind::BigInt, values: tokens.iter().collect() })?;
    Ok(())
}
