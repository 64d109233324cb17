//! Doing what is due: one batch, shared fairly among the organizations, each job by the handler of its kind.

use std::sync::Arc;
use std::time::Duration;

use super::Crm;
use crate::access::{Caller, OrganizationId, Permission};
use crate::agenda::{Claim, Job, JobState, LeaseLost};
use crate::kernel::{Error, Result, Stored};
use crate::store::{Agenda, InStore, JobHandler, Session, StoreError};
use crate::{assignment, people, removal, scoring};

/// How long a worker may take for a batch before another may take it over.
const LEASE: Duration = Duration::from_mins(5);
/// The most jobs of one organization that are claimed at once, so that a slow one keeps few others waiting.
const LARGEST_BATCH: u32 = 10;
/// So many organizations are considered in any case: some may have trouble, or be served by another worker.
const FEWEST_ORGANIZATIONS: u32 = 100;

/// What became of a batch of due work.
#[derive(Debug, Default)]
pub struct DueRun {
    /// Jobs that their handlers finished.
    pub done: u32,
    /// Jobs that failed and wait for another attempt.
    pub failed: u32,
    /// Jobs that failed for the last time, and those whose attempts never came to an end.
    pub died: u32,
    /// Jobs of a kind that has no handler here; they wait, and the attempt does not count.
    pub unknown: u32,
    /// Jobs that another worker has taken over; nothing of them was kept here.
    pub lost: u32,
    /// Organizations whose work could not be claimed or settled, and why. The others were served.
    pub troubles: Vec<(OrganizationId, Error)>,
}

impl DueRun {
    /// How many jobs were tried, whatever came of them. Zero means that a worker may rest.
    #[must_use]
    pub const fn tried(&self) -> u32 {
        self.done + self.failed + self.died + self.unknown + self.lost
    }
}

/// The handlers that every [`Crm`] has: those of the slices that need nothing from outside.
pub(super) fn built_in() -> Vec<Arc<dyn JobHandler>> {
    let handlers: [&[InStore]; 4] =
        [&scoring::job_handlers(), &assignment::job_handlers(), &people::job_handlers(), &removal::job_handlers()];
    handlers.concat().into_iter().map(|handler| -> Arc<dyn JobHandler> { Arc::new(handler) }).collect()
}

impl Crm {
    /// Does up to `limit` due jobs as `worker` (a name for the log, of a process or a thread) and says what came of them.
    ///
    /// The organization that has waited longest comes first, and each gets an equal share before any gets more. A host
    /// calls this in a loop and rests when [`DueRun::tried`] is zero; several workers may do so at once.
    ///
    /// # Errors
    /// Those of the store, when it can't be asked who has due work. Trouble with one organization is in the answer.
    pub async fn run_due(&self, worker: &str, limit: u32) -> Result<DueRun> {
        let now = self.ports.clock.now();
        let wanted = limit.max(FEWEST_ORGANIZATIONS);
        let mut organizations = self.ports.store.organizations_with_due_jobs(now, wanted).await?;
        let (mut run, mut left) = (DueRun::default(), limit);
        while left > 0 && !organizations.is_empty() {
            let share = left / u32::try_from(organizations.len()).unwrap_or(u32::MAX);
            let share = share.clamp(1, LARGEST_BATCH);
            let mut with_more = Vec::new();
            for organization in organizations {
                let wish = share.min(left);
                if wish == 0 {
                    break;
                }
                let taken = self.run_share(organization, worker, wish, &mut run).await;
                left = left.saturating_sub(taken);
                if taken == wish {
                    with_more.push(organization);
                }
            }
            organizations = with_more;
        }
        Ok(run)
    }

    /// Claims and does jobs of one organization; answers how many it claimed.
    async fn run_share(&self, organization: OrganizationId, worker: &str, limit: u32, run: &mut DueRun) -> u32 {
        let session = self.session(Caller::system(organization, "agenda"));
        let jobs = match claim(&session, worker, limit).await {
            Ok(jobs) => jobs,
            // Another worker is claiming here at this moment; what it leaves comes with the next batch.
            Err(error) if is_conflict(&error) => return 0,
            Err(error) => {
                run.troubles.push((organization, error));
                return 0;
            }
        };
        let taken = u32::try_from(jobs.len()).unwrap_or(limit);
        for job in jobs {
            match self.run_job(&session, &job).await {
                Ok(Outcome::Done) => run.done += 1,
                Ok(Outcome::Failed) => run.failed += 1,
                Ok(Outcome::Died) => run.died += 1,
                Ok(Outcome::Unknown) => run.unknown += 1,
                Ok(Outcome::Lost) => run.lost += 1,
                // The job stays leased and comes again when the lease ends.
                Err(error) => run.troubles.push((organization, error)),
            }
        }
        taken
    }

    async fn run_job(&self, session: &Session, job: &Stored<Job>) -> Result<Outcome> {
        let now = self.ports.clock.now();
        if now >= job.due_at {
            // Those before it took the whole lease.
            return Ok(Outcome::Lost);
        }
        if job.is_worn_out() {
            let why = format!("it was begun {} times and none came to an end", job.max_attempts);
            return settle(session, job, |job, _| job.fail(why, now, 0)).await;
        }
        let Some(handler) = self.handlers.iter().find(|handler| handler.kind() == job.kind) else {
            let why = format!("no handler for '{}' here; give one to Crm::with_job_handlers", job.kind);
            return settle(session, job, |job, _| job.set_aside(why, now)).await.map(Outcome::of_unknown);
        };
        match handler.run(session, job).await {
            Ok(()) => Ok(Outcome::Done),
            Err(error) if error.downcast_ref::<LeaseLost>().is_some() => Ok(Outcome::Lost),
            Err(error) => {
                let (why, now) = (format!("{}: {error}", error.code()), self.ports.clock.now());
                settle(session, job, |job, chance| job.fail(why, now, chance)).await
            }
        }
    }
}

/// What became of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    Failed,
    Died,
    Unknown,
    Lost,
}

impl Outcome {
    const fn of_unknown(self) -> Self {
        match self {
            Self::Failed => Self::Unknown,
            other => other,
        }
    }
}

pub(super) async fn claim(session: &Session, worker: &str, limit: u32) -> Result<Vec<Stored<Job>>> {
    let mut uow = session.begin(Permission::AgendaRun).await?;
    let claim = Claim { worker: worker.to_owned(), now: uow.now(), lease: LEASE, limit };
    let jobs = Agenda::claim(uow.tx(), &claim).await?;
    uow.commit().await?;
    Ok(jobs)
}

/// Puts a job that was not finished back as `put_back` says, unless another worker has it by now.
async fn settle(session: &Session, job: &Stored<Job>, put_back: impl FnOnce(&mut Job, u32)) -> Result<Outcome> {
    let mut uow = session.begin(Permission::AgendaRun).await?;
    let Some(mut row) = uow.lock_of_anyone(job.id).await?.filter(|row| row.token == job.token) else {
        return Ok(Outcome::Lost);
    };
    put_back(&mut row.value, chance(job));
    let outcome = if row.state == JobState::Dead { Outcome::Died } else { Outcome::Failed };
    uow.save_part(row).await?;
    match uow.commit().await {
        Err(error) if is_conflict(&error) => Ok(Outcome::Lost),
        committed => committed.map(|()| outcome),
    }
}

/// From 1 to 1000, another for each job and attempt: jobs that failed together do not return together, nor at once.
fn chance(job: &Stored<Job>) -> u32 {
    let seed = job.id.uuid().as_u128().wrapping_add(u128::from(job.token.unsigned_abs()));
    let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835) >> 64;
    u32::try_from(mixed % 1_000).unwrap_or(0) + 1
}

fn is_conflict(error: &Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Conflict { .. }))
}
