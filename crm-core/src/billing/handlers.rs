//! The handlers of what organizations leave for later.

use std::sync::Arc;

use async_trait::async_trait;

use super::bundle::Billing;
use super::dunning::{NOTICES, run_notices};
use super::service::{QUANTITY, run_quantity};
use super::usage::{REPORT, run_report};
use crate::access::Permission;
use crate::agenda::Job;
use crate::kernel::{Result, Stored};
use crate::store::{JobHandler, Session};

/// Gives the notices that are due, by the operator's policy.
struct Notices(Billing);

/// Tells the provider of use that is billed.
struct Reporting(Billing);

/// Tells the provider how many seats there are.
struct Counting(Billing);

impl Billing {
    pub(super) fn account_handlers(&self) -> [Arc<dyn JobHandler>; 3] {
        [Arc::new(Notices(self.clone())), Arc::new(Reporting(self.clone())), Arc::new(Counting(self.clone()))]
    }
}

#[async_trait]
impl JobHandler for Notices {
    fn kind(&self) -> &str {
        NOTICES
    }
    async fn run(&self, session: &Session, job: &Stored<Job>) -> Result<()> {
        let mut uow = session.begin(Permission::AgendaRun).await?;
        uow.finish(job).await?;
        run_notices(&mut uow, self.0.policy()).await?;
        uow.commit().await
    }
}

#[async_trait]
impl JobHandler for Counting {
    fn kind(&self) -> &str {
        QUANTITY
    }
    async fn run(&self, session: &Session, job: &Stored<Job>) -> Result<()> {
        run_quantity(session, job, &self.0).await
    }
}

#[async_trait]
impl JobHandler for Reporting {
    fn kind(&self) -> &str {
        REPORT
    }
    async fn run(&self, session: &Session, job: &Stored<Job>) -> Result<()> {
        run_report(session, job, &*self.0.gateway, &self.0.meters).await
    }
}
