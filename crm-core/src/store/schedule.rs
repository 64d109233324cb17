//! Putting work on the agenda, under a key at most once, and taking it off when it is done.

use super::port::Agenda;
use super::unit_of_work::UnitOfWork;
use crate::agenda::{Job, JobState, LeaseLost};
use crate::kernel::{Page, Result, Stored};

impl UnitOfWork<'_> {
    /// Puts a job on the agenda. One that waits under the same key is replaced; one that a worker has just leased is
    /// replaced too, and its worker will find the lease lost, so that its work is done anew.
    ///
    /// # Errors
    /// `StoreError::Conflict` when someone else changed the job first.
    pub async fn schedule(&mut self, job: Job) -> Result<()> {
        let waiting = match &job.unique_key {
            Some(key) => self.scheduled(key).await?,
            None => None,
        };
        // Held until the end: whoever took it before what it is for is kept would find nothing to do, and finish it.
        let held = match waiting {
            Some(row) => self.lock_of_anyone(row.id).await?,
            None => None,
        };
        let Some(mut row) = held else {
            self.add_parts(vec![job]).await?;
            return Ok(());
        };
        if row.state == JobState::Ready && row.due_at == job.due_at && row.payload == job.payload {
            return Ok(());
        }
        row.value = Job { token: row.token + 1, ..job };
        self.save_part(row).await?;
        Ok(())
    }

    /// Takes the job with this key off the agenda, when there is one.
    ///
    /// # Errors
    /// `StoreError::Conflict` when someone else changed the job first.
    pub async fn unschedule(&mut self, key: &str) -> Result<()> {
        if let Some(row) = self.scheduled(key).await? {
            self.remove_part(&row).await?;
        }
        Ok(())
    }

    /// Finishes a job that was claimed, in this unit of work: what the job does and its end are kept together.
    ///
    /// # Errors
    /// `LeaseLost` when another worker has it by now, or it is gone; then this unit of work must not be committed.
    pub async fn finish(&mut self, job: &Stored<Job>) -> Result<()> {
        match Agenda::finish(self.tx(), &[(job.id, job.token)]).await? {
            1 => Ok(()),
            _ => Err(LeaseLost { lost: 1 }.into()),
        }
    }

    /// The job with this key, when there is one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn scheduled(&mut self, key: &str) -> Result<Option<Stored<Job>>> {
        Ok(self.list(&Job::UNIQUE_KEY.is(key), &Page::first(1)).await?.pop())
    }
}
