//! Commands on deals.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::OpportunityEvent;
use super::guard::{GuardRefusal, check_entry};
use super::history::{StageVisit, stage_visits};
use super::model::{CloseReasonId, Outcome, PipelineId};
use super::opportunity::{NewOpportunity, Opportunity, OpportunityId, OpportunityPatch};
use super::participant::{OpportunityContact, OpportunityRole};
use super::refusal::OpportunityRefusal;
use super::service::{stage, stages_of};
use super::stage::{Stage, StageId, StageKind};
use super::steps::{close, move_to, relocate, reopen};
use super::writing::{check_active, draft_opportunity, insert_opportunities, save_opportunity};
use crate::access::Permission;
use crate::custom_field::Schema;
use crate::event::Event;
use crate::identity::RecordKind;
use crate::kernel::text::Note;
use crate::kernel::{FieldProblem, InvalidInput, Page, Predicate, Result, Stored};
use crate::people::ContactId;
use crate::store::{RecordNotFound, Session, UnitOfWork};

/// A step to another open stage, with changes of fields in the same command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// Where to.
    pub stage_id: StageId,
    /// What changes with it; for what the guard of the stage asks, and for a probability other than the stage's.
    #[serde(default)]
    pub change: OpportunityPatch,
}

/// The end of a deal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// Why.
    pub reason_id: CloseReasonId,
    /// What else there is to say.
    #[serde(default)]
    pub note: Option<Note>,
    /// The stage to end in; the pipeline's first of the kind, when there is none.
    #[serde(default)]
    pub stage_id: Option<StageId>,
}

/// A step to another pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PipelineMove {
    /// Where to.
    pub pipeline_id: PipelineId,
    /// Which stage there takes the place of which one here. It must name the deal's stage, and for a closed deal the one
    /// that it was closed from too; further ones do no harm, so that one map serves many deals.
    pub stages: BTreeMap<StageId, StageId>,
}

/// Commands on deals.
#[derive(Clone, Copy, Debug)]
pub struct Opportunities<'a>(pub(crate) &'a Session);

impl Opportunities<'_> {
    /// Makes a deal, owned by whoever makes it unless it says otherwise.
    ///
    /// ```
    /// # use crm_core::kernel::{Currency, Money};
    /// # use crm_core::pipeline::{NewOpportunity, OpportunityStatus};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let amount = Some(Money::new(125_000, Currency::EUR));
    /// let new = NewOpportunity { amount, ..NewOpportunity::named("Ten engines".parse()?) };
    /// let deal = session.opportunities().create(new).await?;
    /// assert_eq!(deal.status, OpportunityStatus::Open);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `OpportunityRefusal`, `PipelineRefusal`, `InvalidInput` (custom values), `StoreError::MissingReference`.
    pub async fn create(&self, new: NewOpportunity) -> Result<Stored<Opportunity>> {
        let mut uow = self.0.begin(Permission::OpportunityCreate).await?;
        let draft = draft_opportunity(&mut uow, new).await?;
        let id = draft.id;
        let schema = Schema::load(&mut uow, RecordKind::Opportunity).await?;
        let made = insert_opportunities(&mut uow, &schema, vec![draft]).await?.pop();
        uow.commit().await?;
        Ok(made.ok_or(RecordNotFound { entity: "opportunity", id: id.uuid() })?)
    }

    /// The deal.
    ///
    /// ```
    /// # use crm_core::pipeline::{NewOpportunity};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// assert_eq!(session.opportunities().get(deal.id).await?, deal);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when there is none that the caller may see.
    pub async fn get(&self, id: OpportunityId) -> Result<Stored<Opportunity>> {
        self.0.begin(Permission::OpportunityRead).await?.get(id).await
    }

    /// The deals that match, in the page's order.
    ///
    /// ```
    /// # use crm_core::kernel::{Page};
    /// # use crm_core::pipeline::{NewOpportunity, Opportunity};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// let open = Opportunity::STATUS.is("open");
    /// assert_eq!(session.opportunities().list(&open, &Page::first(50)).await?.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn list(
        &self,
        filter: &Predicate<Opportunity>,
        page: &Page<Opportunity>,
    ) -> Result<Vec<Stored<Opportunity>>> {
        self.0.begin(Permission::OpportunityRead).await?.list(filter, page).await
    }

    /// Changes fields of a deal in the version that the caller has seen.
    ///
    /// ```
    /// # use crm_core::pipeline::{NewOpportunity, OpportunityPatch};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// let patch = OpportunityPatch { name: Some("Twelve engines".parse()?), ..OpportunityPatch::default() };
    /// let deal = session.opportunities().change(deal.id, deal.version, patch).await?;
    /// assert_eq!(deal.name.as_str(), "Twelve engines");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `OpportunityRefusal`, `InvalidInput` (custom values).
    pub async fn change(
        &self,
        id: OpportunityId,
        version: i64,
        patch: OpportunityPatch,
    ) -> Result<Stored<Opportunity>> {
        let mut uow = self.0.begin(Permission::OpportunityUpdate).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        let before = row.value.clone();
        let Some(event) = row.value.change(patch)? else { return Ok(row) };
        finish(uow, &before, row, event).await
    }

    /// Moves an open deal to another open stage of its pipeline.
    ///
    /// ```
    /// # use crm_core::pipeline::{Move, NewOpportunity, OpportunityPatch};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// # let pipeline = session.pipelines().get(session.pipelines().list().await?[0].id).await?;
    /// let wish = Move { stage_id: pipeline.stages[1].id, change: OpportunityPatch::default() };
    /// let deal = session.opportunities().move_to(deal.id, deal.version, wish).await?;
    /// assert_eq!(deal.stage_id, pipeline.stages[1].id);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `OpportunityRefusal` (`Guarded` names everything that is missing).
    pub async fn move_to(&self, id: OpportunityId, version: i64, wish: Move) -> Result<Stored<Opportunity>> {
        let mut uow = self.0.begin(Permission::OpportunityUpdate).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        let before = row.value.clone();
        let (from, to) = (stage(&mut uow, row.stage_id).await?, stage(&mut uow, wish.stage_id).await?);
        let event = move_to(&mut row, &from, &to, wish.change, uow.now())?;
        finish(uow, &before, row, event).await
    }

    /// What keeps the deal from a move; nothing when it would succeed. Writes nothing.
    ///
    /// ```
    /// # use crm_core::pipeline::{Move, NewOpportunity, OpportunityPatch};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// # let pipeline = session.pipelines().get(session.pipelines().list().await?[0].id).await?;
    /// let wish = Move { stage_id: pipeline.stages[1].id, change: OpportunityPatch::default() };
    /// let missing = session.opportunities().check_move(deal.id, wish).await?;
    /// assert!(missing.is_none(), "the stage asks for nothing");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// As [`Opportunities::move_to`], but `Guarded`, which is the answer.
    pub async fn check_move(&self, id: OpportunityId, wish: Move) -> Result<Option<GuardRefusal>> {
        let mut uow = self.0.begin(Permission::OpportunityRead).await?;
        let mut row = uow.get(id).await?;
        let (from, to) = (stage(&mut uow, row.stage_id).await?, stage(&mut uow, wish.stage_id).await?);
        match move_to(&mut row, &from, &to, wish.change, uow.now()) {
            Ok(_) => Ok(None),
            Err(OpportunityRefusal::Guarded(guard)) => Ok(Some(guard)),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// The customer has bought.
    ///
    /// ```
    /// # use crm_core::pipeline::{Closing, NewOpportunity, OpportunityStatus, Outcome};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// # let reasons = session.pipelines().reasons().await?;
    /// # let closing = |kind| Closing {
    /// #     reason_id: reasons.iter().find(|reason| reason.kind == kind).unwrap().id,
    /// #     note: None,
    /// #     stage_id: None,
    /// # };
    /// let deal = session.opportunities().win(deal.id, deal.version, closing(Outcome::Won)).await?;
    /// assert_eq!(deal.status, OpportunityStatus::Won);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` (also of the reason), `StaleVersion`, `OpportunityRefusal`.
    pub async fn win(&self, id: OpportunityId, version: i64, closing: Closing) -> Result<Stored<Opportunity>> {
        self.close(id, version, Outcome::Won, closing).await
    }

    /// The customer has not bought and will not now.
    ///
    /// ```
    /// # use crm_core::pipeline::{Closing, NewOpportunity, OpportunityStatus, Outcome};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// # let reasons = session.pipelines().reasons().await?;
    /// # let closing = |kind| Closing {
    /// #     reason_id: reasons.iter().find(|reason| reason.kind == kind).unwrap().id,
    /// #     note: None,
    /// #     stage_id: None,
    /// # };
    /// let deal = session.opportunities().lose(deal.id, deal.version, closing(Outcome::Lost)).await?;
    /// assert_eq!(deal.status, OpportunityStatus::Lost);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` (also of the reason), `StaleVersion`, `OpportunityRefusal`.
    pub async fn lose(&self, id: OpportunityId, version: i64, closing: Closing) -> Result<Stored<Opportunity>> {
        self.close(id, version, Outcome::Lost, closing).await
    }

    async fn close(
        &self,
        id: OpportunityId,
        version: i64,
        outcome: Outcome,
        closing: Closing,
    ) -> Result<Stored<Opportunity>> {
        let mut uow = self.0.begin(Permission::OpportunityUpdate).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        let before = row.value.clone();
        let stages = stages_of(&mut uow, row.pipeline_id).await?;
        let first = stages.into_iter().find(|stage| stage.kind == outcome.stage_kind()).map(|stage| stage.id);
        let goal = closing.stage_id.or(first).unwrap_or(row.stage_id);
        let (from, to) = (stage(&mut uow, row.stage_id).await?, stage(&mut uow, goal).await?);
        let reason = uow.get(closing.reason_id).await?;
        let event = close(&mut row, &from, &to, outcome, &reason, closing.note, uow.now())?;
        finish(uow, &before, row, event).await
    }

    /// Takes a closed deal up again in the stage that it was closed from.
    ///
    /// ```
    /// # use crm_core::pipeline::{Closing, NewOpportunity, OpportunityStatus, Outcome};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// # let reasons = session.pipelines().reasons().await?;
    /// # let closing = |kind| Closing {
    /// #     reason_id: reasons.iter().find(|reason| reason.kind == kind).unwrap().id,
    /// #     note: None,
    /// #     stage_id: None,
    /// # };
    /// let deal = session.opportunities().lose(deal.id, deal.version, closing(Outcome::Lost)).await?;
    /// let deal = session.opportunities().reopen(deal.id, deal.version).await?;
    /// assert_eq!(deal.status, OpportunityStatus::Open);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `OpportunityRefusal`.
    pub async fn reopen(&self, id: OpportunityId, version: i64) -> Result<Stored<Opportunity>> {
        let mut uow = self.0.begin(Permission::OpportunityUpdate).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        let before = row.value.clone();
        let goal = row.last_open_stage_id.unwrap_or(row.stage_id);
        let (from, to) = (stage(&mut uow, row.stage_id).await?, stage(&mut uow, goal).await?);
        let event = reopen(&mut row, &from, &to, uow.now())?;
        finish(uow, &before, row, event).await
    }

    /// Moves a deal to another pipeline, into a stage of the same kind. Open stages ask their guard.
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `PipelineRefusal::Inactive`, `InvalidInput` (the map), `OpportunityRefusal`.
    pub async fn move_to_pipeline(
        &self,
        id: OpportunityId,
        version: i64,
        wish: PipelineMove,
    ) -> Result<Stored<Opportunity>> {
        let mut uow = self.0.begin(Permission::OpportunityUpdate).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        let before = row.value.clone();
        check_active(&uow.get(wish.pipeline_id).await?)?;
        let stages = stages_of(&mut uow, wish.pipeline_id).await?;
        let from = stage(&mut uow, row.stage_id).await?;
        let to = mapped(&wish, &stages, row.stage_id)?;
        let last = row.last_open_stage_id.map(|last| mapped(&wish, &stages, last)).transpose()?;
        let step = relocate(&mut row, &from, to, last, uow.now())?;
        if to.kind == StageKind::Open {
            check_entry(&row, None, to)?;
        }
        let event = OpportunityEvent::PipelineChanged(step);
        finish(uow, &before, row, event).await
    }

    /// Gives a contact a part in a deal, or another part than before.
    ///
    /// ```
    /// # use crm_core::people::{NewContact};
    /// # use crm_core::pipeline::{NewOpportunity, OpportunityRole};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// session.opportunities().add_contact(deal.id, contact.id, OpportunityRole::Champion).await?;
    /// assert_eq!(session.opportunities().contacts(deal.id).await?.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StoreError::MissingReference` (the contact).
    pub async fn add_contact(&self, id: OpportunityId, contact_id: ContactId, role: OpportunityRole) -> Result<()> {
        let mut uow = self.0.begin(Permission::OpportunityUpdate).await?;
        let row = uow.lock(id).await?;
        let known = contacts_of(&mut uow, id).await?.into_iter().find(|part| part.contact_id == contact_id);
        match known {
            Some(part) if part.role == role => return Ok(()),
            Some(mut part) => {
                part.value.role = role;
                uow.save_part(part).await?;
            }
            None => {
                uow.add_parts(vec![OpportunityContact { opportunity_id: id, contact_id, role }]).await?;
            }
        }
        uow.save(row, OpportunityEvent::ContactAdded { contact_id, role }).await?;
        uow.commit().await
    }

    /// Takes a contact's part in a deal away.
    ///
    /// ```
    /// # use crm_core::people::{NewContact};
    /// # use crm_core::pipeline::{NewOpportunity, OpportunityRole};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// # let new = NewContact { last_name: Some("Byron".parse()?), ..NewContact::default() };
    /// # let contact = session.contacts().create(new).await?;
    /// session.opportunities().add_contact(deal.id, contact.id, OpportunityRole::Champion).await?;
    /// session.opportunities().remove_contact(deal.id, contact.id).await?;
    /// assert!(session.opportunities().contacts(deal.id).await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when the contact has none.
    pub async fn remove_contact(&self, id: OpportunityId, contact_id: ContactId) -> Result<()> {
        let mut uow = self.0.begin(Permission::OpportunityUpdate).await?;
        let row = uow.lock(id).await?;
        let known = contacts_of(&mut uow, id).await?.into_iter().find(|part| part.contact_id == contact_id);
        let part = known.ok_or(RecordNotFound { entity: "opportunity_contact", id: contact_id.uuid() })?;
        uow.remove_part(&part).await?;
        uow.save(row, OpportunityEvent::ContactRemoved { contact_id }).await?;
        uow.commit().await
    }

    /// Who has which part in a deal.
    ///
    /// ```
    /// # use crm_core::pipeline::{NewOpportunity};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// assert!(session.opportunities().contacts(deal.id).await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn contacts(&self, id: OpportunityId) -> Result<Vec<Stored<OpportunityContact>>> {
        let mut uow = self.0.begin(Permission::OpportunityRead).await?;
        uow.get(id).await?;
        contacts_of(&mut uow, id).await
    }

    /// What happened to the deal, the earliest first.
    ///
    /// ```
    /// # use crm_core::kernel::{Page};
    /// # use crm_core::pipeline::{NewOpportunity};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// let history = session.opportunities().history(deal.id, &Page::first(50)).await?;
    /// assert_eq!(history[0].name, "opportunity.created");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn history(&self, id: OpportunityId, page: &Page<Event>) -> Result<Vec<Stored<Event>>> {
        let mut uow = self.0.begin(Permission::OpportunityRead).await?;
        uow.get(id).await?;
        uow.list(&Event::RECORD.is(id.uuid()), page).await
    }

    /// The stages that the deal went through, each stay for itself.
    ///
    /// ```
    /// # use crm_core::pipeline::{NewOpportunity};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let deal = session.opportunities().create(NewOpportunity::named("Ten engines".parse()?)).await?;
    /// let visits = session.opportunities().stage_history(deal.id).await?;
    /// assert_eq!(visits.len(), 1, "it stands where it began");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn stage_history(&self, id: OpportunityId) -> Result<Vec<StageVisit>> {
        let mut uow = self.0.begin(Permission::OpportunityRead).await?;
        uow.get(id).await?;
        let events = uow.list_all(&Event::RECORD.is(id.uuid())).await?;
        Ok(stage_visits(&events, uow.now()))
    }
}

async fn finish(
    mut uow: UnitOfWork<'_>,
    before: &Opportunity,
    row: Stored<Opportunity>,
    event: OpportunityEvent,
) -> Result<Stored<Opportunity>> {
    let row = save_opportunity(&mut uow, before, row, event).await?;
    uow.commit().await?;
    Ok(row)
}

async fn contacts_of(uow: &mut UnitOfWork<'_>, id: OpportunityId) -> Result<Vec<Stored<OpportunityContact>>> {
    uow.list_all(&OpportunityContact::OPPORTUNITY.is(id)).await
}

fn mapped<'s>(
    wish: &PipelineMove,
    stages: &'s [Stored<Stage>],
    from: StageId,
) -> std::result::Result<&'s Stored<Stage>, InvalidInput> {
    let to = wish.stages.get(&from).and_then(|to| stages.iter().find(|stage| stage.id == *to));
    to.ok_or_else(|| {
        let message = "name the stage of the other pipeline that takes this one's place".to_owned();
        InvalidInput(vec![FieldProblem::new(format!("stages.{from}"), "opportunity.stage_not_mapped", message)])
    })
}
