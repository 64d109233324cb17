//! The handlers of what the desk leaves for later.

use std::sync::Arc;

use async_trait::async_trait;

use super::jobs;
use super::office::Desk;
use crate::agenda::Job;
use crate::billing::bundle::Billing;
use crate::kernel::{Result, Stored};
use crate::store::{JobHandler, Session};

/// The kinds of jobs that stand on the desk's agenda.
#[derive(Clone, Copy, Debug)]
enum DeskWork {
    Sync,
    Identify,
    Sweep,
    Reconcile,
}

/// Does the desk's jobs of one kind. They speak with the provider, so each opens transactions of its own.
struct DeskHandler {
    billing: Billing,
    work: DeskWork,
}

impl Billing {
    /// The handlers of billing's jobs, for [`crate::crm::Crm::with_job_handlers`].
    #[must_use]
    pub fn job_handlers(&self) -> Vec<Arc<dyn JobHandler>> {
        let works = [DeskWork::Sync, DeskWork::Identify, DeskWork::Sweep, DeskWork::Reconcile];
        let handler = |work| -> Arc<dyn JobHandler> { Arc::new(DeskHandler { billing: self.clone(), work }) };
        works.into_iter().map(handler).chain(self.account_handlers()).collect()
    }
}

#[async_trait]
impl JobHandler for DeskHandler {
    fn kind(&self) -> &str {
        match self.work {
            DeskWork::Sync => jobs::SYNC,
            DeskWork::Identify => jobs::IDENTIFY,
            DeskWork::Sweep => jobs::SWEEP,
            DeskWork::Reconcile => jobs::RECONCILE,
        }
    }

    async fn run(&self, session: &Session, job: &Stored<Job>) -> Result<()> {
        let desk = Desk::new(&self.billing, session.ports());
        match self.work {
            DeskWork::Sync => desk.run_sync(job).await,
            DeskWork::Identify => desk.run_identify(job).await,
            DeskWork::Sweep => desk.run_sweep(job).await,
            DeskWork::Reconcile => desk.run_reconcile(job).await,
        }
    }
}
