//! Asking for duplicates, deciding about flagged pairs, setting policies.

use std::collections::BTreeMap;

use serde::Serialize;

use super::candidate::{Hit, candidates, hidden, shown};
use super::flag::{DuplicateFlag, DuplicateFlagEvent, DuplicateFlagId, FlagRefusal, FlagState, find_flag};
use super::policy::{Action, Certainty, DuplicatePolicy, DuplicatePolicyEvent, DuplicatePolicyId};
use super::profile::Profile;
use super::records::{Known, load};
use crate::access::Permission;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Direction, Explanation, Name, Page, Predicate, Result, Stored};
use crate::lead::LeadId;
use crate::store::{RecordNotFound, Session};

/// A flagged pair as the caller may know it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlaggedPair {
    /// The flag.
    pub flag: DuplicateFlagId,
    /// The two records; nothing in the place of one that the caller may not see.
    pub records: [Option<RecordRef>; 2],
    /// What has come of it.
    pub state: FlagState,
    /// Thousandths of certainty when it was flagged.
    pub confidence: i64,
    /// Why; without any value of a record that the caller may not see.
    pub evidence: Explanation,
}

/// Asking for duplicates, deciding about flagged pairs, setting policies.
#[derive(Clone, Copy, Debug)]
pub struct Duplicates<'a>(pub(crate) &'a Session);

impl Duplicates<'_> {
    /// Records that may be of the person or company that a form describes, most certain first.
    ///
    /// ```
    /// # use crm_core::duplicate::{Profile};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let hits = session.duplicates().check(&Profile::of_lead(&lead)).await?;
    /// assert!(hits.is_empty(), "a name alone proves nothing");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn check(&self, profile: &Profile) -> Result<Vec<Hit>> {
        let mut uow = self.0.begin(Permission::DuplicateRead).await?;
        let found = candidates(&mut uow, std::slice::from_ref(profile)).await?;
        shown(&mut uow, found.into_iter().flatten().collect()).await
    }

    /// Records that may be the same as a lead, most certain first, without those that were dismissed.
    ///
    /// ```
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// assert!(session.duplicates().of_lead(lead.id).await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when there is no lead that the caller may see.
    pub async fn of_lead(&self, id: LeadId) -> Result<Vec<Hit>> {
        let mut uow = self.0.begin(Permission::DuplicateRead).await?;
        let profile = Profile::of_lead(&uow.get(id).await?.value);
        let own = RecordRef::new(RecordKind::Lead, id);
        let mut found = Vec::new();
        for candidate in candidates(&mut uow, &[profile]).await?.into_iter().flatten() {
            let flag = find_flag(&mut uow, own, candidate.record).await?;
            let dismissed = flag.is_some_and(|flag| flag.state() == FlagState::Dismissed);
            if candidate.record != own && !dismissed {
                found.push(candidate);
            }
        }
        shown(&mut uow, found).await
    }

    /// Pairs that nobody has decided about, in the page's order of flags. Passed over are those of which the caller sees
    /// neither record: a page that is not full is the last. The next one begins behind the last pair: its cursor is the
    /// identifier of the flag, with its confidence where that is the order.
    ///
    /// ```
    /// # use crm_core::kernel::{Page};
    /// # crm_core::testing::office::example(async |office, session| {
    /// assert!(session.duplicates().open_flags(&Page::first(50)).await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn open_flags(&self, page: &Page<DuplicateFlag>) -> Result<Vec<FlaggedPair>> {
        let mut uow = self.0.begin(Permission::DuplicateRead).await?;
        let open = DuplicateFlag::STATE.is(FlagState::Open.as_str());
        let most = usize::try_from(page.limit()).unwrap_or(usize::MAX);
        let (mut page, mut pairs) = (page.clone(), Vec::new());
        loop {
            let flags = uow.list(&open, &page).await?;
            let known = load(&mut uow, flags.iter().flat_map(|flag| flag.records()).collect()).await?;
            pairs.extend(flags.iter().filter_map(|flag| veiled(flag, &known)));
            match flags.last() {
                Some(last) if flags.len() >= most && pairs.len() < most => page = page.following(last),
                _ => break,
            }
        }
        pairs.truncate(most);
        Ok(pairs)
    }

    /// The most certain pairs that nobody has decided about.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// assert!(session.duplicates().surest_flags(10).await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn surest_flags(&self, limit: u32) -> Result<Vec<FlaggedPair>> {
        self.open_flags(&Page::ordered(DuplicateFlag::CONFIDENCE.field(), Direction::Descending, limit)?).await
    }

    /// Says that the two are not the same; the pair is not brought up again.
    ///
    /// # Errors
    /// `RecordNotFound` when the caller sees neither record; `FlagRefusal::Decided`.
    pub async fn dismiss(&self, id: DuplicateFlagId) -> Result<FlaggedPair> {
        self.command(id, DuplicateFlag::dismiss).await
    }

    /// Brings a dismissed pair up again.
    ///
    /// # Errors
    /// `RecordNotFound` when the caller sees neither record; `FlagRefusal::NotDismissed`.
    pub async fn reopen(&self, id: DuplicateFlagId) -> Result<FlaggedPair> {
        self.command(id, DuplicateFlag::reopen).await
    }

    /// Says what to do about matches of a certainty, for one source or for every other one.
    ///
    /// ```
    /// # use crm_core::duplicate::{Action, Certainty};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let source = Some("web-form".parse()?);
    /// let policy = session.duplicates().set_policy(source, Certainty::Likely, Action::Warn).await?;
    /// let unsure = session.duplicates().set_policy(None, Certainty::Likely, Action::Merge).await;
    /// assert!(unsure.is_err(), "what is not certain is not merged");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `TooUnsure` for linking and merging what is not certain.
    pub async fn set_policy(
        &self,
        source: Option<Name>,
        certainty: Certainty,
        action: Action,
    ) -> Result<Stored<DuplicatePolicy>> {
        let mut uow = self.0.begin(Permission::DuplicateConfigure).await?;
        let policy = DuplicatePolicy::new(source, certainty, action)?;
        let same = DuplicatePolicy::SOURCE_KEY.is(policy.source_key.clone());
        let same = same.and(DuplicatePolicy::CERTAINTY.is(certainty.as_str()));
        let policy = match uow.list(&same, &Page::first(1)).await?.pop() {
            Some(mut row) => {
                row.value = policy;
                uow.save(row, DuplicatePolicyEvent::Set { action }).await?
            }
            None => uow.insert(policy, DuplicatePolicyEvent::Set { action }).await?,
        };
        uow.commit().await?;
        Ok(policy)
    }

    /// Removes a policy, so that the one for every other source or the built-in one holds again.
    ///
    /// ```
    /// # use crm_core::duplicate::{Action, Certainty};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let policy = session.duplicates().set_policy(None, Certainty::Likely, Action::Warn).await?;
    /// session.duplicates().delete_policy(policy.id, policy.version).await?;
    /// assert!(session.duplicates().policies().await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`.
    pub async fn delete_policy(&self, id: DuplicatePolicyId, version: i64) -> Result<()> {
        let mut uow = self.0.begin(Permission::DuplicateConfigure).await?;
        let row = uow.get_at(id, Some(version)).await?;
        uow.delete(row, DuplicatePolicyEvent::Deleted).await?;
        uow.commit().await
    }

    /// The organization's policies. What they do not name follows the built-in ones.
    ///
    /// ```
    /// # use crm_core::duplicate::{Action, Certainty};
    /// # crm_core::testing::office::example(async |office, session| {
    /// session.duplicates().set_policy(None, Certainty::Certain, Action::Block).await?;
    /// assert_eq!(session.duplicates().policies().await?.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn policies(&self) -> Result<Vec<Stored<DuplicatePolicy>>> {
        self.0.begin(Permission::DuplicateRead).await?.list_all(&Predicate::everything()).await
    }

    /// Who works with leads decides about their pairs, so that it takes no permission to configure.
    async fn command(
        &self,
        id: DuplicateFlagId,
        command: impl FnOnce(&mut DuplicateFlag) -> std::result::Result<DuplicateFlagEvent, FlagRefusal> + Send,
    ) -> Result<FlaggedPair> {
        let mut uow = self.0.begin(Permission::LeadUpdate).await?;
        let mut flag = uow.get(id).await?;
        let known = load(&mut uow, flag.records().into_iter().collect()).await?;
        let unknown = || RecordNotFound { entity: "duplicate_flag", id: id.uuid() };
        veiled(&flag, &known).ok_or_else(unknown)?;
        let event = command(&mut flag.value)?;
        let flag = uow.save(flag, event).await?;
        uow.commit().await?;
        Ok(veiled(&flag, &known).ok_or_else(unknown)?)
    }
}

/// The pair as the caller may know it; nothing when they may see neither record.
fn veiled(flag: &Stored<DuplicateFlag>, known: &BTreeMap<RecordRef, Known>) -> Option<FlaggedPair> {
    let sees = |record: &RecordRef| known.get(record).is_some_and(|known| known.visible);
    let records = flag.records().map(|record| Some(record).filter(sees));
    let evidence = match &records {
        [None, None] => return None,
        [Some(_), Some(_)] => flag.evidence.clone(),
        _ => hidden(u16::try_from(flag.confidence).unwrap_or_default()),
    };
    Some(FlaggedPair { flag: flag.id, records, state: flag.state(), confidence: flag.confidence, evidence })
}
