//! What others ask of a store about leads beyond lists.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::model::Lead;
use super::status::LeadStatus;
use crate::access::MemberId;
use crate::kernel::page::LARGEST_PAGE;
use crate::kernel::{Page, Predicate};
use crate::store::{Records, StoreResult};

/// Counts of leads.
///
/// The method here reads page after page and is the reference: a store that can group may answer with one statement, and
/// must answer the same.
#[async_trait]
pub trait LeadReport: Records<Lead> {
    /// How many open leads each of these members owns. Whoever owns none is left out.
    async fn open_leads(&mut self, owners: &[MemberId]) -> StoreResult<BTreeMap<MemberId, i64>> {
        let (filter, mut page) = (open_leads_of(owners), Page::first(LARGEST_PAGE));
        let mut counts = BTreeMap::new();
        loop {
            let rows = self.list(&filter, &page).await?;
            for owner in rows.iter().filter_map(|lead| lead.owner_id) {
                *counts.entry(owner).or_default() += 1;
            }
            let full = u32::try_from(rows.len()).is_ok_and(|count| count >= page.limit());
            match rows.last() {
                Some(last) if full => page = page.following(last),
                _ => return Ok(counts),
            }
        }
    }
}

/// The leads that [`LeadReport::open_leads`] counts.
#[must_use]
pub fn open_leads_of(owners: &[MemberId]) -> Predicate<Lead> {
    let open = LeadStatus::ALL.iter().filter(|status| status.is_open()).map(|status| status.as_str());
    Lead::OWNER_ID.is_one_of(owners.iter().copied()).and(Lead::STATUS.is_one_of(open))
}
