//! Walking over all organizations, for what is done in each of them.

use std::collections::VecDeque;

use crm_core::access::{OrganizationId, Slug};
use crm_core::crm::Crm;
use crm_core::kernel::Result;

/// Organizations that are asked for at once.
const BATCH: u32 = 100;

/// All organizations, by their short names.
pub(super) struct Organizations<'c> {
    crm: &'c Crm,
    waiting: VecDeque<(Slug, OrganizationId)>,
    last: Option<Slug>,
    is_over: bool,
}

impl<'c> Organizations<'c> {
    pub(super) fn of(crm: &'c Crm) -> Self {
        Self { crm, waiting: VecDeque::new(), last: None, is_over: false }
    }

    /// The next; nothing when there are no more.
    pub(super) async fn next(&mut self) -> Result<Option<(Slug, OrganizationId)>> {
        if self.waiting.is_empty() && !self.is_over {
            let batch = self.crm.organizations(self.last.as_ref(), BATCH).await?;
            self.is_over = u32::try_from(batch.len()).is_ok_and(|count| count < BATCH);
            self.last = batch.last().map(|(slug, _)| slug.clone());
            self.waiting.extend(batch);
        }
        Ok(self.waiting.pop_front())
    }
}
