//! Stores that are broken on purpose, one fault at a time: a memory store behind a wrapper that cheats.

use std::collections::BTreeMap;

use async_trait::async_trait;
use crm_core::access::{Intent, MemberId, OrganizationId, ProviderLink, Slug};
use crm_core::agenda::{Claim, Job, JobId};
use crm_core::kernel::{Cursor, Direction, Entity, Field, Id, Page, Predicate, Stored, Timestamp};
use crm_core::lead::{Lead, LeadReport};
use crm_core::pipeline::PipelineReport;
use crm_core::store::{Agenda, BoxTx, Count, MemoryStore, Records, Store, StoreError, StoreResult, Tx};
use futures_util::FutureExt;
use uuid::Uuid;

/// What a store may do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    IgnoresVersions,
    IgnoresVersionsOfRemovals,
    LeaksTenants,
    KeepsDroppedTransactions,
    ForgetsCommits,
    ForgetsRemovals,
    SwallowsRefusals,
    CommitsAfterARefusal,
    WritesWhileReading,
    IgnoresFilters,
    TakesNotForComplement,
    IgnoresDirections,
    IgnoresLimits,
    IgnoresTiesOfCursors,
    LeasesWhatIsLeased,
    LeasesInAnyOrder,
    IgnoresTokens,
    SharesSlugs,
    SharesLinks,
    KnowsOrganizationsInAnyOrder,
    ListsSlugsFromTheBeginning,
    RoundsInstants,
    DropsTheEndOfBatches,
    CountsClosedLeads,
    CountsOneTooMany,
    CountsTheLeastFirst,
}

impl Fault {
    pub(crate) const WITH_THE_CHECK_THAT_MUST_FAIL: &[(Self, &'static str)] = &[
        (Self::IgnoresVersions, "a_stale_update_is_a_conflict"),
        (Self::IgnoresVersions, "no_update_is_lost_by_versions_alone"),
        (Self::IgnoresVersionsOfRemovals, "a_stale_delete_is_a_conflict"),
        (Self::LeaksTenants, "a_foreign_record_does_not_exist"),
        (Self::LeaksTenants, "one_identifier_in_two_organizations_is_two_records"),
        (Self::LeaksTenants, "keys_of_organizations_do_not_collide"),
        (Self::LeaksTenants, "a_foreign_record_cannot_be_referred_to"),
        (Self::LeaksTenants, "nothing_that_another_organization_does_makes_a_difference"),
        (Self::LeaksTenants, "jobs_are_claimed_within_the_organization"),
        (Self::KeepsDroppedTransactions, "a_dropped_transaction_leaves_nothing"),
        (Self::ForgetsCommits, "an_inserted_record_is_found_as_it_was"),
        (Self::ForgetsRemovals, "a_deleted_record_is_gone"),
        (Self::ForgetsRemovals, "a_key_is_free_when_its_record_goes"),
        (Self::SwallowsRefusals, "a_taken_key_is_refused"),
        (Self::SwallowsRefusals, "a_missing_reference_is_refused"),
        (Self::SwallowsRefusals, "a_record_that_is_referred_to_stays"),
        (Self::CommitsAfterARefusal, "a_refused_transaction_keeps_nothing"),
        (Self::WritesWhileReading, "a_reading_transaction_cannot_write"),
        (Self::IgnoresFilters, "a_list_holds_exactly_what_matches"),
        (Self::IgnoresFilters, "every_test_of_every_field_means_the_same"),
        (Self::IgnoresFilters, "custom_values_of_different_kinds_never_meet"),
        (Self::TakesNotForComplement, "every_test_of_every_field_means_the_same"),
        (Self::IgnoresDirections, "every_order_is_total"),
        (Self::IgnoresLimits, "pages_have_no_gaps_and_no_doubles"),
        (Self::IgnoresTiesOfCursors, "pages_have_no_gaps_and_no_doubles"),
        (Self::LeasesWhatIsLeased, "a_leased_job_is_claimed_again_only_after_its_lease"),
        (Self::LeasesWhatIsLeased, "racing_workers_share_the_jobs"),
        (Self::LeasesInAnyOrder, "due_jobs_are_claimed_the_longest_due_first"),
        (Self::IgnoresTokens, "a_job_is_finished_by_its_last_token_only"),
        (Self::SharesSlugs, "a_slug_belongs_to_one_organization"),
        (Self::SharesLinks, "an_account_at_a_provider_belongs_to_one_organization"),
        (Self::KnowsOrganizationsInAnyOrder, "organizations_with_due_jobs_are_known"),
        (Self::ListsSlugsFromTheBeginning, "slugs_are_listed_in_their_order"),
        (Self::RoundsInstants, "an_inserted_record_is_found_as_it_was"),
        (Self::DropsTheEndOfBatches, "a_thousand_records_go_in_at_once"),
        (Self::CountsClosedLeads, "open_leads_are_counted_for_each_owner"),
        (Self::CountsOneTooMany, "counts_are_those_of_reading_every_record"),
        (Self::CountsTheLeastFirst, "counts_are_those_of_reading_every_record"),
    ];
}

/// A memory store with a fault.
pub(crate) struct BrokenStore {
    /// Leaked, so that transactions need not name how long it lives.
    sound: &'static MemoryStore,
    fault: Option<Fault>,
}

impl BrokenStore {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self { sound: Box::leak(Box::default()), fault }
    }
}

#[async_trait]
impl Store for BrokenStore {
    async fn begin(&self, organization: OrganizationId, intent: Intent) -> StoreResult<BoxTx<'_>> {
        let leaks = self.fault == Some(Fault::LeaksTenants);
        let organization = if leaks { Id::new(Uuid::nil()) } else { organization };
        let intent = if self.fault == Some(Fault::WritesWhileReading) { Intent::Write } else { intent };
        let sound = Some(self.sound.begin(organization, intent).await?);
        Ok(Box::new(BrokenTx { sound, fault: self.fault, refused: false, intent }))
    }

    async fn organizations_with_due_jobs(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OrganizationId>> {
        let mut known = self.sound.organizations_with_due_jobs(now, limit).await?;
        if self.fault == Some(Fault::KnowsOrganizationsInAnyOrder) {
            known.sort();
        }
        Ok(known)
    }

    async fn organization_by_slug(&self, slug: &Slug) -> StoreResult<Option<OrganizationId>> {
        self.sound.organization_by_slug(slug).await
    }

    async fn organization_by_link(&self, link: &ProviderLink) -> StoreResult<Option<OrganizationId>> {
        self.sound.organization_by_link(link).await
    }

    async fn organizations(&self, after: Option<&Slug>, limit: u32) -> StoreResult<Vec<(Slug, OrganizationId)>> {
        let after = after.filter(|_| self.fault != Some(Fault::ListsSlugsFromTheBeginning));
        self.sound.organizations(after, limit).await
    }
}

struct BrokenTx {
    sound: Option<BoxTx<'static>>,
    fault: Option<Fault>,
    refused: bool,
    intent: Intent,
}

impl BrokenTx {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
    fn sound(&mut self) -> &mut (dyn Tx + 'static) {
        self.sound.as_deref_mut().unwrap()
    }
    fn answer(&mut self, outcome: StoreResult<()>) -> StoreResult<()> {
        self.refused |= outcome.is_err();
        if self.has(Fault::SwallowsRefusals) { Ok(()) } else { outcome }
    }
}

impl Drop for BrokenTx {
    fn drop(&mut self) {
        if self.has(Fault::KeepsDroppedTransactions)
            && let Some(sound) = self.sound.take()
        {
            // The memory store never waits.
            let _ = sound.commit().now_or_never();
        }
    }
}

#[async_trait]
impl<E: Entity> Records<E> for BrokenTx
where
    dyn Tx: Records<E>,
{
    async fn find(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        Records::<E>::find(self.sound(), id).await
    }

    async fn lock(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        Records::<E>::lock(self.sound(), id).await
    }

    async fn list(&mut self, filter: &Predicate<E>, page: &Page<E>) -> StoreResult<Vec<Stored<E>>> {
        let mut filter = filter.clone();
        if self.has(Fault::IgnoresFilters) {
            filter = Predicate::everything();
        }
        if self.has(Fault::TakesNotForComplement)
            && let Predicate::Not(inner) = &filter
            && let Predicate::Test(field, _) = **inner
        {
            // As SQL does when nobody says what becomes of absent values.
            let present = Predicate::Test(field, crm_core::kernel::Test::IsEmpty).negated();
            filter = filter.and(present);
        }
        let (order, limit) = (page.order(), page.limit());
        let ignores_limits = self.has(Fault::IgnoresLimits);
        let direction = if self.has(Fault::IgnoresDirections) { Direction::Ascending } else { page.direction() };
        let mut cheating = Page::ordered(order, direction, if ignores_limits { 1_000 } else { limit }).unwrap();
        if let Some(Cursor { value, mut id }) = page.begin().cloned() {
            if self.has(Fault::IgnoresTiesOfCursors) && order.name != Field::<E>::ID.name {
                id = if direction == Direction::Ascending { Uuid::max() } else { Uuid::nil() };
            }
            cheating = cheating.after(Cursor { value, id }).unwrap();
        }
        Records::<E>::list(self.sound(), &filter, &cheating).await
    }

    async fn insert(&mut self, rows: &[Stored<E>]) -> StoreResult<()> {
        let mut rows = rows.to_vec();
        if self.has(Fault::RoundsInstants) {
            for row in &mut rows {
                let millis = row.updated_at.micros().div_euclid(1_000) * 1_000;
                row.updated_at = Timestamp::from_micros(millis).unwrap_or(row.updated_at);
            }
        }
        if self.has(Fault::DropsTheEndOfBatches) {
            rows.truncate(500);
        }
        let outcome = Records::<E>::insert(self.sound(), &rows).await;
        self.answer(outcome)
    }

    async fn update(&mut self, row: &Stored<E>) -> StoreResult<()> {
        let mut row = row.clone();
        if self.has(Fault::IgnoresVersions)
            && let Some(found) = Records::<E>::find(self.sound(), row.id).await?
        {
            row.version = found.version + 1;
        }
        let outcome = Records::<E>::update(self.sound(), &row).await;
        self.answer(outcome)
    }

    async fn delete(&mut self, id: Id<E>, mut version: i64) -> StoreResult<()> {
        if self.has(Fault::IgnoresVersionsOfRemovals)
            && let Some(found) = Records::<E>::find(self.sound(), id).await?
        {
            version = found.version;
        }
        if self.has(Fault::ForgetsRemovals) {
            return Ok(());
        }
        let outcome = Records::<E>::delete(self.sound(), id, version).await;
        self.answer(outcome)
    }

    async fn count_by(&mut self, field: Field<E>, filter: &Predicate<E>, most: u32) -> StoreResult<Vec<Count>> {
        let mut counts = Records::<E>::count_by(self.sound(), field, filter, most).await?;
        if self.has(Fault::CountsOneTooMany) {
            for count in &mut counts {
                count.count += 1;
            }
        }
        if self.has(Fault::CountsTheLeastFirst) {
            counts.reverse();
        }
        Ok(counts)
    }
}

#[async_trait]
impl Agenda for BrokenTx {
    async fn claim(&mut self, claim: &Claim) -> StoreResult<Vec<Stored<Job>>> {
        let mut claim = claim.clone();
        if self.has(Fault::LeasesWhatIsLeased) && self.intent == Intent::Write {
            claim.lease = std::time::Duration::ZERO;
        }
        let mut jobs = Agenda::claim(self.sound(), &claim).await?;
        if self.has(Fault::LeasesInAnyOrder) {
            jobs.sort_by_key(|job| job.id);
        }
        Ok(jobs)
    }

    async fn finish(&mut self, jobs: &[(JobId, i64)]) -> StoreResult<usize> {
        let mut jobs = jobs.to_vec();
        if self.has(Fault::IgnoresTokens) {
            for (id, token) in &mut jobs {
                let found = Records::<Job>::find(self.sound(), *id).await?;
                *token = found.map_or(*token, |job| job.token);
            }
        }
        Agenda::finish(self.sound(), &jobs).await
    }
}

#[async_trait]
impl LeadReport for BrokenTx {
    async fn open_leads(&mut self, owners: &[MemberId]) -> StoreResult<BTreeMap<MemberId, i64>> {
        if !self.has(Fault::CountsClosedLeads) {
            return self.sound().open_leads(owners).await;
        }
        let of_owners = Lead::OWNER_ID.is_one_of(owners.iter().copied());
        let leads = Records::<Lead>::list(self.sound(), &of_owners, &Page::first(500)).await?;
        let mut counts = BTreeMap::new();
        for owner in leads.iter().filter_map(|lead| lead.owner_id) {
            *counts.entry(owner).or_default() += 1;
        }
        Ok(counts)
    }
}
impl PipelineReport for BrokenTx {}

#[async_trait]
impl Tx for BrokenTx {
    async fn claim_slug(&mut self, slug: &Slug, organization: OrganizationId) -> StoreResult<()> {
        match self.sound().claim_slug(slug, organization).await {
            Err(StoreError::SlugTaken(_)) if self.has(Fault::SharesSlugs) => Ok(()),
            outcome => outcome,
        }
    }

    async fn claim_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        match self.sound().claim_link(link).await {
            Err(StoreError::ProviderLinkTaken(_)) if self.has(Fault::SharesLinks) => Ok(()),
            outcome => outcome,
        }
    }

    async fn release_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        self.sound().release_link(link).await
    }

    async fn commit(mut self: Box<Self>) -> StoreResult<()> {
        let sound = self.sound.take().unwrap();
        if self.has(Fault::ForgetsCommits) || (self.refused && self.has(Fault::CommitsAfterARefusal)) {
            return Ok(());
        }
        sound.commit().await
    }
}
