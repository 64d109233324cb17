//! Looking for duplicates, deciding about flagged pairs, and the tenant's policies.

use std::collections::BTreeSet;

use serde::Serialize;

use super::candidate::Band;
use super::candidate::{Hit, candidates, hidden};
use super::flag::{DuplicateFlag, DuplicateFlagId, FlagEvent, FlagRefusal, FlagState, find_flag};
use super::policy::{Action, DuplicatePolicy, DuplicatePolicyId, PolicyEvent, scope};
use super::profile::Profile;
use super::records::load;
use super::score::score;
use crate::access::Permission;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Explanation, Name, Page, Predicate, Result, Stored};
use crate::lead::LeadId;
use crate::store::{RecordNotFound, Session, UnitOfWork};

/// A flagged pair as its caller may know it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlaggedPair {
    /// The flag.
    pub id: DuplicateFlagId,
    /// The flag's version.
    pub version: i64,
    /// The two records; nothing in the place of one that the caller may not see.
    pub records: [Option<RecordRef>; 2],
    /// Thousandths of certainty when it was flagged.
    pub confidence: i64,
    /// Why; without any value of a record that the caller may not see.
    pub evidence: Explanation,
    /// What has become of it.
    pub state: FlagState,
}

/// Commands on duplicates.
#[derive(Clone, Copy, Debug)]
pub struct Duplicates<'a>(pub(crate) &'a Session);

impl Duplicates<'_> {
    /// The records that may be the same as a lead, the surest first, without those that were dismissed.
    ///
    /// # Errors
    /// `RecordNotFound` when there is no lead that the caller may see.
    pub async fn find_for(&self, lead: LeadId) -> Result<Vec<Hit>> {
        let mut uow = self.0.begin(Permission::DuplicateRead).await?;
        let profile = Profile::of_lead(&uow.get(lead).await?.value);
        let record = RecordRef::new(RecordKind::Lead, lead);
        let mut hits = Vec::new();
        for candidate in candidates(&mut uow, &profile, Some(record)).await? {
            let flag = find_flag(&mut uow, record, candidate.record).await?;
            if flag.is_none_or(|flag| flag.state() != FlagState::Dismissed) {
                hits.push(candidate.shown());
            }
        }
        Ok(hits)
    }

    /// The records that may be the same as what a form says, the surest first.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn check(&self, profile: &Profile) -> Result<Vec<Hit>> {
        let mut uow = self.0.begin(Permission::DuplicateRead).await?;
        let found = candidates(&mut uow, profile, None).await?;
        Ok(found.into_iter().map(super::Candidate::shown).collect())
    }

    /// Flags two records that the caller sees. A pair that was flagged before stays as it is.
    ///
    /// # Errors
    /// `RecordNotFound` when there is one that the caller may not see; `FlagRefusal::SameRecord`.
    pub async fn flag(&self, one: RecordRef, other: RecordRef) -> Result<Stored<DuplicateFlag>> {
        let mut uow = self.0.begin(Permission::LeadUpdate).await?;
        if one == other {
            return Err(FlagRefusal::SameRecord.into());
        }
        let mut known = load(&mut uow, BTreeSet::from([one, other])).await?;
        let mut visible =
            |record: RecordRef| known.remove(&record).filter(|known| known.visible).ok_or(not_found(record));
        let (a, b) = (visible(one)?, visible(other)?);
        if let Some(flag) = find_flag(&mut uow, one, other).await? {
            return Ok(flag);
        }
        let judged = score(&a.profile, &b.profile);
        let flag = DuplicateFlag::new(one, other, judged.confidence, judged.evidence)?;
        let flag = uow.insert(flag, FlagEvent::Created { confidence: judged.confidence }).await?;
        uow.commit().await?;
        Ok(flag)
    }

    /// The pairs that nobody has decided about and of which the caller sees at least one record, a page of flags at a
    /// time; the pages' cursors are those of the flags.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn open_flags(&self, page: &Page<DuplicateFlag>) -> Result<Vec<FlaggedPair>> {
        let mut uow = self.0.begin(Permission::DuplicateRead).await?;
        let flags = uow.list(&DuplicateFlag::STATE.is(FlagState::Open.as_str()), page).await?;
        let known = load(&mut uow, flags.iter().flat_map(|flag| flag.records()).collect()).await?;
        let sees = |record: &RecordRef| known.get(record).is_some_and(|known| known.visible);
        let shown = flags.into_iter().filter(|flag| flag.records().iter().any(sees)).map(|flag| {
            let records = flag.records().map(|record| Some(record).filter(sees));
            let whole = records.iter().all(Option::is_some);
            let confidence = u16::try_from(flag.confidence).unwrap_or_default();
            FlaggedPair {
                id: flag.id,
                version: flag.version,
                records,
                confidence: flag.confidence,
                evidence: if whole { flag.evidence.clone() } else { hidden(confidence) },
                state: flag.state(),
            }
        });
        Ok(shown.collect())
    }

    /// Decides that a flagged pair are two; it is not brought up again.
    ///
    /// # Errors
    /// `RecordNotFound` when the caller sees neither record; `StaleVersion`; `FlagRefusal::Decided`.
    pub async fn dismiss(&self, id: DuplicateFlagId, version: i64) -> Result<Stored<DuplicateFlag>> {
        self.command(id, version, DuplicateFlag::dismiss).await
    }

    /// Brings a dismissed pair up again.
    ///
    /// # Errors
    /// `RecordNotFound` when the caller sees neither record; `StaleVersion`; `FlagRefusal::NotDismissed`.
    pub async fn reopen(&self, id: DuplicateFlagId, version: i64) -> Result<Stored<DuplicateFlag>> {
        self.command(id, version, DuplicateFlag::reopen).await
    }

    /// The tenant's own policies.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn policies(&self) -> Result<Vec<Stored<DuplicatePolicy>>> {
        policies(&mut self.0.begin(Permission::DuplicateRead).await?).await
    }

    /// Says what is done with duplicates from a source, or from every source without a policy of its own.
    ///
    /// # Errors
    /// `PolicyRefusal::TooUnsure`.
    pub async fn set_policy(
        &self,
        source: Option<Name>,
        band: Band,
        action: Action,
    ) -> Result<Stored<DuplicatePolicy>> {
        let mut uow = self.0.begin(Permission::DuplicateConfigure).await?;
        let policy = DuplicatePolicy::new(source, band, action)?;
        let same = DuplicatePolicy::SCOPE.is(scope(policy.source())).and(DuplicatePolicy::BAND.is(band.as_str()));
        let policy = match uow.list(&same, &Page::first(1)).await?.pop() {
            Some(row) if row.action() == action => return Ok(row),
            Some(mut row) => {
                let event = PolicyEvent::Changed { from: row.action(), to: action };
                row.value = row.value.with_action(action)?;
                uow.save(row, event).await?
            }
            None => uow.insert(policy, PolicyEvent::Created).await?,
        };
        uow.commit().await?;
        Ok(policy)
    }

    /// Removes a policy, so that the one for all other sources or the default holds again.
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`.
    pub async fn delete_policy(&self, id: DuplicatePolicyId, version: i64) -> Result<()> {
        let mut uow = self.0.begin(Permission::DuplicateConfigure).await?;
        let row = uow.get_at(id, Some(version)).await?;
        uow.delete(row, PolicyEvent::Deleted).await?;
        uow.commit().await
    }

    async fn command(
        &self,
        id: DuplicateFlagId,
        version: i64,
        command: impl FnOnce(&mut DuplicateFlag) -> std::result::Result<FlagEvent, FlagRefusal> + Send,
    ) -> Result<Stored<DuplicateFlag>> {
        let mut uow = self.0.begin(Permission::LeadUpdate).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        let known = load(&mut uow, row.records().into_iter().collect()).await?;
        if !known.values().any(|known| known.visible) {
            return Err(RecordNotFound { entity: "duplicate_flag", id: id.uuid() }.into());
        }
        let event = command(&mut row.value)?;
        let row = uow.save(row, event).await?;
        uow.commit().await?;
        Ok(row)
    }
}

/// The tenant's own policies, for [`super::decide`].
///
/// # Errors
/// Those of the store.
pub async fn policies(uow: &mut UnitOfWork<'_>) -> Result<Vec<Stored<DuplicatePolicy>>> {
    uow.list_all(&Predicate::everything()).await
}

fn not_found(record: RecordRef) -> RecordNotFound {
    RecordNotFound { entity: record.kind.as_str(), id: record.id }
}
