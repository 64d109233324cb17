//! Planning and doing merges.

use super::apply::carry_out;
use super::model::{LeadMerge, MergeChoices, MergeRefusal};
use super::plan::plan;
use crate::access::Permission;
use crate::identity::{RecordKind, RecordRef, survivor_of};
use crate::kernel::{Entity, Result, Stored};
use crate::lead::{Lead, LeadId};
use crate::store::{RecordNotFound, Session, StaleVersion, UnitOfWork};

/// Planning and doing merges.
#[derive(Clone, Copy, Debug)]
pub struct Merges<'a>(pub(crate) &'a Session);

impl Merges<'_> {
    /// Says what a merge of two leads would make. Nothing is changed.
    ///
    /// ```
    /// # use crm_core::merge::MergeChoices;
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let (survivor, loser) = (office.lead(office::named("Lovelace")).await, office.lead(office::named("King")).await);
    /// let plan = session.merges().plan_leads(survivor.id, loser.id, &MergeChoices::default()).await?;
    /// assert_eq!(plan.fields[0].field, "last_name");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `MergeRefusal`, `LeadRefusal`.
    pub async fn plan_leads(&self, survivor: LeadId, loser: LeadId, choices: &MergeChoices) -> Result<LeadMerge> {
        let mut uow = self.0.begin(Permission::LeadDelete).await?;
        let survivor = uow.get(survivor).await?;
        let loser = uow.get(loser).await?;
        planned(&uow, &survivor, &loser, choices)
    }

    /// Merges a lead into another, which stays. The same again answers with the one that stayed.
    ///
    /// Takes the permission to remove the one and to change the other; where the owner changes, also that to assign.
    ///
    /// ```
    /// # use crm_core::merge::MergeChoices;
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let (survivor, loser) = (office.lead(office::named("Lovelace")).await, office.lead(office::named("King")).await);
    /// let lead = session.merges().merge_leads(survivor.id, loser.id, &MergeChoices::default()).await?;
    /// assert_eq!(session.leads().get(loser.id).await?, lead, "the old identifier leads on");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of [`Merges::plan_leads`], `PermissionMissing`; `CustomFieldRefusal::Taken`, when a third record has a value
    /// that stands once; `StoreError::Conflict` when someone else changes one of them at the same time.
    pub async fn merge_leads(&self, survivor: LeadId, loser: LeadId, choices: &MergeChoices) -> Result<Stored<Lead>> {
        let mut uow = self.0.begin(Permission::LeadDelete).await?;
        if survivor == loser {
            return Err(MergeRefusal::SameRecord.into());
        }
        let gone = survivor_of(&mut uow, RecordRef::new(RecordKind::Lead, loser)).await?;
        if gone == Some(RecordRef::new(RecordKind::Lead, survivor)) {
            return uow.get(survivor).await;
        }
        // In one order, so that two merges of the same leads wait for each other and not both.
        let first = uow.lock_of_anyone(survivor.min(loser)).await?;
        let second = uow.lock_of_anyone(survivor.max(loser)).await?;
        let held = if survivor < loser { (first, second) } else { (second, first) };
        // Whichever of them was held first, the answer names the survivor when neither is there.
        let (survivor, loser) = (seen(&uow, held.0, survivor)?, seen(&uow, held.1, loser)?);
        let merge = planned(&uow, &survivor, &loser, choices)?;
        // So much is done there that the state of it would fill the stack of whoever waits.
        let lead = Box::pin(carry_out(&mut uow, survivor, loser, merge)).await?;
        uow.commit().await?;
        Ok(lead)
    }
}

fn seen(uow: &UnitOfWork<'_>, found: Option<Stored<Lead>>, id: LeadId) -> Result<Stored<Lead>> {
    let found = found.filter(|lead| uow.caller().sees().matches(lead));
    Ok(found.ok_or(RecordNotFound { entity: Lead::NAME, id: id.uuid() })?)
}

fn planned(
    uow: &UnitOfWork<'_>,
    survivor: &Stored<Lead>,
    loser: &Stored<Lead>,
    choices: &MergeChoices,
) -> Result<LeadMerge> {
    uow.caller().check(Permission::LeadUpdate)?;
    for (row, seen) in [(survivor, choices.survivor_version), (loser, choices.loser_version)] {
        if let Some(expected) = seen.filter(|seen| *seen != row.version) {
            return Err(StaleVersion { entity: Lead::NAME, expected, actual: row.version }.into());
        }
    }
    let merge = plan(survivor, loser, choices)?;
    if merge.lead.owner_id != survivor.owner_id {
        uow.caller().check(Permission::LeadAssign)?;
    }
    Ok(merge)
}
