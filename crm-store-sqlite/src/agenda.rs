//! Leasing and finishing of due work.

use crm_core::access::OrganizationId;
use crm_core::agenda::{Claim, Job, JobId, JobState, leased};
use crm_core::kernel::{Direction, Entity, Id, Page, Stored, Timestamp};
use crm_core::store::{StoreError, StoreResult};
use sqlx::{AssertSqlSafe, Row, SqlitePool};

use crate::fault::fault;
use crate::records::OpenRecords;
use crate::sql::{Sql, member};

/// Leases due jobs. The writer is alone, so there is nobody to pass over.
pub(crate) async fn claim(records: &mut OpenRecords, claim: &Claim) -> StoreResult<Vec<Stored<Job>>> {
    let due = Job::DUE_AT.at_most(claim.now).and(Job::STATE.is(JobState::Dead.as_str()).negated());
    let page = Page::ordered(Job::DUE_AT.field(), Direction::Ascending, claim.limit)
        .map_err(|error| StoreError::Fault(error.into()))?;
    let mut taken = Vec::new();
    for job in records.list(&due, &page).await? {
        let job = leased(job, claim);
        records.update(&job).await?;
        taken.push(job);
    }
    Ok(taken)
}

/// Removes jobs whose token is still the given one; answers how many.
pub(crate) async fn finish(records: &mut OpenRecords, jobs: &[(JobId, i64)]) -> StoreResult<usize> {
    let mut finished = 0;
    for (id, token) in jobs {
        let mut sql = Sql::within(records.organization);
        sql.push(format_args!("delete from record where organization_id = ?1 and entity = '{}' and id = ", Job::NAME));
        sql.bind(id.uuid());
        sql.push(format_args!(" and {} = ", member("token")));
        sql.bind(*token);
        let done = sql.query().execute(records.connection()).await.map_err(fault)?;
        finished += usize::try_from(done.rows_affected()).unwrap_or(0);
    }
    Ok(finished)
}

/// Organizations with jobs due at `now`, the longest waiting first.
pub(crate) async fn organizations_with_due_jobs(
    readers: &SqlitePool,
    now: Timestamp,
    limit: u32,
) -> StoreResult<Vec<OrganizationId>> {
    let (due, state) = (member("due_at"), member("state"));
    let sql = format!(
        "select organization_id from record where entity = '{}' and {state} <> 'dead' and {due} <= ?1 \
         group by organization_id order by min({due}), organization_id limit ?2",
        Job::NAME
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(now.to_string()).bind(i64::from(limit)).fetch_all(readers).await;
    rows.map_err(fault)?.iter().map(|row| organization(row.try_get(0).map_err(fault)?)).collect()
}

/// Reads an organization's identifier.
pub(crate) fn organization(id: &str) -> StoreResult<OrganizationId> {
    id.parse().map_err(|error: <Id<()> as std::str::FromStr>::Err| StoreError::Fault(error.into()))
}
