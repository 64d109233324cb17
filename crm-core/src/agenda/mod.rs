//! Due work: what is to be done later, at least once, by whichever worker comes first.
//!
//! A [`Job`] is ready, leased or dead; a finished one is gone (its effect and its event remain). Claiming is in two
//! steps: the store says which organizations have due work, then one of them is opened and [`crate::store::Agenda::claim`] leases its
//! jobs. Every lease raises the job's `token`; finishing or postponing with an older token is refused, so a worker that
//! was presumed dead can't finish what another has taken over. Attempts count at the claim, so a job that kills its
//! worker dies in the end too.
//!
//! Effects inside the store go into the transaction that finishes the job. Effects outside carry the job's identifier
//! as their idempotency key, never the attempt.
//!
//! `Crm::run_due` does all this for one batch: it claims, hands each job to the [`crate::store::JobHandler`] of its kind
//! and settles what comes of it. To leave work for later, a slice
//! 1. names a kind, `pub const DRAIN: &str = "assignment.drain"`, and schedules `Job::at(at, DRAIN, payload)`,
//! 2. writes a handler: a [`crate::store::InStore`] when all effects stay in the store, else a `JobHandler`,
//! 3. offers it from a function `job_handlers`, which `crm/due.rs` lists; one that needs a gateway is handed in by the
//!    host through `Crm::with_job_handlers`.
//!
//! | what happens | what becomes of the job |
//! |---|---|
//! | the handler finishes it | it is gone, with its effect in the store |
//! | the handler fails | it keeps the error and waits ([`Job::fail`]); after its last attempt it is dead |
//! | its worker dies | its lease runs out and it is claimed again; after its last attempt it is dead |
//! | nobody here knows its kind | it waits with the reason, and the attempt does not count ([`Job::set_aside`]) |
//! | another worker has it by now | nothing: the first one's effect is not kept |

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::kernel::{Column, Entity, Field, Id, Key, Kind, Part, Rule, Stored, Timestamp, Value, ValueRef};

/// Identifier of a job.
pub type JobId = Id<Job>;

/// Whether a job waits, is being done, or has failed for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits for its time.
    Ready,
    /// A worker has it until its lease ends.
    Leased,
    /// Failed as often as it may; kept with its errors until a person requeues or drops it.
    Dead,
}

impl JobState {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Leased => "leased",
            Self::Dead => "dead",
        }
    }
}

/// Something to be done at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What is to be done: `noun.verb`.
    pub kind: String,
    /// What the handler needs to know.
    pub payload: Json,
    /// Whether it waits, is being done, or has failed for good.
    pub state: JobState,
    /// When it is due; while leased, when the lease ends.
    pub due_at: Timestamp,
    /// At most one job of an organization has this key.
    pub unique_key: Option<String>,
    /// How often it was claimed.
    pub attempts: i64,
    /// After how many claims a failure is final.
    pub max_attempts: i64,
    /// Raised by every claim.
    pub token: i64,
    /// Who has it.
    pub worker: Option<String>,
    /// What went wrong, the latest last, at most ten.
    pub errors: Vec<String>,
}

impl Job {
    /// Whether it waits, is being done, or has failed for good.
    pub const STATE: Column<Self, String> = Column::required("state", |row| ValueRef::Text(row.state.as_str()));
    /// When it is due; while leased, when the lease ends.
    pub const DUE_AT: Column<Self, Timestamp> = Column::required_indexed("due_at", |row| ValueRef::Time(row.due_at));
    /// What is to be done.
    pub const KIND: Column<Self, String> = Column::required("kind", |row| ValueRef::Text(&row.value.kind));
    /// At most one job has this key.
    pub const UNIQUE_KEY: Column<Self, String> = Column::optional_key("unique_key", |row| {
        row.value.unique_key.as_deref().map_or(ValueRef::Absent, ValueRef::Text)
    });

    /// A job that waits for `due_at`.
    pub fn at(due_at: Timestamp, kind: impl Into<String>, payload: Json) -> Self {
        Self {
            kind: kind.into(),
            payload,
            state: JobState::Ready,
            due_at,
            unique_key: None,
            attempts: 0,
            max_attempts: 25,
            token: 0,
            worker: None,
            errors: Vec::new(),
        }
    }

    /// The same job under a key that no other waiting job of the organization may have.
    #[must_use]
    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique_key = Some(key.into());
        self
    }

    /// Puts the job back after a failure: due after a pause that doubles with each attempt, dead after the last one.
    ///
    /// `chance` in 0..=1000 spreads the pause over its full length, so that failures do not return in step.
    pub fn fail(&mut self, error: impl Into<String>, now: Timestamp, chance: u32) {
        self.keep(error.into());
        self.worker = None;
        if self.attempts >= self.max_attempts {
            self.state = JobState::Dead;
            return;
        }
        let doublings = u32::try_from(self.attempts.clamp(1, 16)).unwrap_or(16) - 1;
        let longest = (FIRST_PAUSE * 2_u32.saturating_pow(doublings)).min(LONGEST_PAUSE);
        self.state = JobState::Ready;
        self.due_at = now.plus(longest * chance.min(1_000) / 1_000);
    }

    /// Puts a claimed job back that could not even be tried here: another worker may know how. The attempt does not count.
    pub fn set_aside(&mut self, reason: impl Into<String>, now: Timestamp) {
        let reason = reason.into();
        if self.errors.last() != Some(&reason) {
            self.keep(reason);
        }
        self.worker = None;
        self.attempts = self.attempts.saturating_sub(1);
        self.state = JobState::Ready;
        self.due_at = now.plus(PAUSE_OF_THE_UNKNOWN);
    }

    /// Whether more attempts were begun than it may have: none of them came to an end.
    #[must_use]
    pub fn is_worn_out(&self) -> bool {
        self.attempts > self.max_attempts
    }

    fn keep(&mut self, error: String) {
        self.errors.push(error);
        if self.errors.len() > MOST_ERRORS {
            self.errors.remove(0);
        }
    }

    /// Makes a dead job wait again, with all its attempts before it.
    pub fn requeue(&mut self, now: Timestamp) {
        self.state = JobState::Ready;
        self.attempts = 0;
        self.due_at = now;
    }
}

const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_hours(6);
/// How long a job of an unknown kind waits: about as long as it takes to bring out a new version everywhere.
const PAUSE_OF_THE_UNKNOWN: Duration = Duration::from_mins(10);
const MOST_ERRORS: usize = 10;

impl Entity for Job {
    const NAME: &'static str = "job";
    const FIELDS: &'static [Field<Self>] =
        &[Self::STATE.field(), Self::DUE_AT.field(), Self::KIND.field(), Self::UNIQUE_KEY.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "unique_key",
        columns: &["unique_key"],
        read: |job| job.unique_key.clone().map(|key| vec![Value::Text(key)]),
    }];
}
impl Part for Job {}

/// A wish for due jobs.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Who will do them.
    pub worker: String,
    /// The present.
    pub now: Timestamp,
    /// How long the worker may take before another may take over.
    pub lease: Duration,
    /// The most jobs to take.
    pub limit: u32,
}

/// A job's lease was taken over, or the job is gone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lease on {lost} of the jobs has passed to another worker; nothing was finished")]
pub struct LeaseLost {
    /// How many of the jobs.
    pub lost: usize,
}

impl Rule for LeaseLost {
    fn code(&self) -> &'static str {
        "job.lease_lost"
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
}

/// The job as a claim leaves it, for stores that claim row by row.
#[must_use]
pub fn leased(mut job: Stored<Job>, claim: &Claim) -> Stored<Job> {
    job.version += 1;
    job.updated_at = claim.now;
    job.value.state = JobState::Leased;
    job.value.due_at = claim.now.plus(claim.lease);
    job.value.attempts += 1;
    job.value.token += 1;
    job.value.worker = Some(claim.worker.clone());
    job
}
