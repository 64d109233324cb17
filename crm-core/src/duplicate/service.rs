//! Asking for duplicates, looking through flags, setting policies.

use super::flag::{DuplicateFlag, DuplicateFlagEvent, DuplicateFlagId, FlagState};
use super::policy::{Action, Certainty, DuplicatePolicy, DuplicatePolicyEvent};
use super::profile::Profile;
use super::search::{Candidate, candidates};
use crate::access::Permission;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Direction, Explanation, Id, Name, Page, Predicate, Result, Stored};
use crate::lead::{Lead, LeadId};
use crate::people::{Account, Contact};
use crate::store::{Session, UnitOfWork};

/// Asking for duplicates, looking through flags, setting policies.
#[derive(Clone, Copy, Debug)]
pub struct Duplicates<'a>(pub(crate) &'a Session);

impl Duplicates<'_> {
    /// Records that may be of this person or company, most certain first. Of a record that the caller may not see only
    /// that there is one is told.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn check(&self, profile: &Profile) -> Result<Vec<Candidate>> {
        let mut uow = self.0.begin(Permission::DuplicateRead).await?;
        let found = candidates(&mut uow, std::slice::from_ref(profile)).await?.pop().unwrap_or_default();
        veiled(&mut uow, found).await
    }

    /// Records that may be the same as a lead, most certain first.
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn of_lead(&self, id: LeadId) -> Result<Vec<Candidate>> {
        let mut uow = self.0.begin(Permission::DuplicateRead).await?;
        let lead = uow.get(id).await?;
        let found = candidates(&mut uow, &[Profile::of_lead(&lead.value)]).await?.pop().unwrap_or_default();
        let own = RecordRef::new(RecordKind::Lead, id);
        veiled(&mut uow, found.into_iter().filter(|candidate| candidate.record != own).collect()).await
    }

    /// Flags that nobody has looked at yet, in the order of their raising.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn open_flags(&self, page: &Page<DuplicateFlag>) -> Result<Vec<Stored<DuplicateFlag>>> {
        let mut uow = self.0.begin(Permission::DuplicateRead).await?;
        uow.list(&DuplicateFlag::STATE.is(FlagState::Open.as_str()), page).await
    }

    /// The most certain flags that nobody has looked at yet.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn surest_flags(&self, limit: u32) -> Result<Vec<Stored<DuplicateFlag>>> {
        self.open_flags(&Page::ordered(DuplicateFlag::CONFIDENCE.field(), Direction::Descending, limit)?).await
    }

    /// Says that the two are not the same.
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn dismiss(&self, id: DuplicateFlagId) -> Result<Stored<DuplicateFlag>> {
        let mut uow = self.0.begin(Permission::DuplicateConfigure).await?;
        let mut flag = uow.get(id).await?;
        flag.value.state = FlagState::Dismissed;
        let flag = uow.save(flag, DuplicateFlagEvent::Dismissed).await?;
        uow.commit().await?;
        Ok(flag)
    }

    /// Says what to do about matches of a certainty, for one source or for every other one.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn set_policy(
        &self,
        source: Option<Name>,
        certainty: Certainty,
        action: Action,
    ) -> Result<Stored<DuplicatePolicy>> {
        let mut uow = self.0.begin(Permission::DuplicateConfigure).await?;
        let policy = DuplicatePolicy::new(source, certainty, action);
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

    /// The organization's policies. What they do not name follows the built-in ones.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn policies(&self) -> Result<Vec<Stored<DuplicatePolicy>>> {
        self.0.begin(Permission::DuplicateRead).await?.list_all(&Predicate::everything()).await
    }
}

/// Hides the reasons, which quote the record, where the caller may not see it.
async fn veiled(uow: &mut UnitOfWork<'_>, candidates: Vec<Candidate>) -> Result<Vec<Candidate>> {
    let mut shown = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let id = candidate.record.id;
        let visible = match candidate.record.kind {
            RecordKind::Lead => uow.find(Id::<Lead>::new(id)).await?.is_some(),
            RecordKind::Contact => uow.find(Id::<Contact>::new(id)).await?.is_some(),
            RecordKind::Account => uow.find(Id::<Account>::new(id)).await?.is_some(),
            RecordKind::Opportunity => false,
        };
        let hidden = || Explanation::new("a record that you may not see");
        shown.push(if visible { candidate } else { Candidate { evidence: hidden(), ..candidate } });
    }
    Ok(shown)
}
