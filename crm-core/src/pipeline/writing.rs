//! How deals are written: what other slices call to add, save and touch them in a unit of work of their own.

use super::event::{Beginning, OpportunityEvent};
use super::guard::check_entry;
use super::model::{Pipeline, PipelineId, PipelineRefusal};
use super::opportunity::{NewOpportunity, Opportunity, OpportunityId};
use super::participant::{OpportunityContact, OpportunityRole};
use super::refusal::OpportunityRefusal;
use super::service::stages_of;
use super::stage::{Stage, StageId, StageKind};
use crate::custom_field::Schema;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Result, Stored, Timestamp};
use crate::people::ContactId;
use crate::store::UnitOfWork;

/// A deal that is about to be added.
#[derive(Clone, Debug)]
pub struct OpportunityDraft {
    /// Its identifier.
    pub id: OpportunityId,
    /// The deal.
    pub opportunity: Opportunity,
    /// The stage that it begins in.
    pub stage: Stored<Stage>,
    /// Who has which part in it, each contact once.
    pub contacts: Vec<(ContactId, OpportunityRole)>,
}

/// Makes a deal ready to be added: finds its stage, its currency and its owner, and asks the stage's guard.
///
/// # Errors
/// `RecordNotFound` (pipeline, stage), `PipelineRefusal`, `OpportunityRefusal`.
pub async fn draft_opportunity(uow: &mut UnitOfWork<'_>, mut new: NewOpportunity) -> Result<OpportunityDraft> {
    let stage = first_stage(uow, new.pipeline_id, new.stage_id).await?;
    let currency = match &new.amount {
        Some(amount) => amount.currency(),
        None => uow.own_organization().await?.default_currency,
    };
    new.owner_id = new.owner_id.or(uow.caller().member_id());
    let opportunity = Opportunity::new(new, &stage, currency, uow.now())?;
    let row = uow.fresh(uow.new_id(), opportunity);
    check_entry(&row, None, &stage)?;
    Ok(OpportunityDraft { id: row.id, opportunity: row.value, stage, contacts: Vec::new() })
}

/// The stage that a new deal begins in: the one that is named, else the first open one of the pipeline that is named,
/// else that of the first active pipeline.
///
/// # Errors
/// `RecordNotFound` (pipeline, stage), `PipelineRefusal`, `OpportunityRefusal::StageOfOtherPipeline`.
pub async fn first_stage(
    uow: &mut UnitOfWork<'_>,
    pipeline: Option<PipelineId>,
    stage: Option<StageId>,
) -> Result<Stored<Stage>> {
    let named = match stage {
        Some(id) => Some(super::service::stage(uow, id).await?),
        None => None,
    };
    if let (Some(stage), Some(pipeline)) = (&named, pipeline)
        && stage.pipeline_id != pipeline
    {
        return Err(OpportunityRefusal::StageOfOtherPipeline(stage.name.clone()).into());
    }
    let pipeline = match named.as_ref().map(|stage| stage.pipeline_id).or(pipeline) {
        Some(pipeline) => uow.get(pipeline).await?,
        None => first_active(uow).await?,
    };
    check_active(&pipeline)?;
    match named {
        Some(stage) => Ok(stage),
        None => Ok(first_open(stages_of(uow, pipeline.id).await?).ok_or(PipelineRefusal::NoneActive)?),
    }
}

async fn first_active(uow: &mut UnitOfWork<'_>) -> Result<Stored<Pipeline>> {
    let pipelines = uow.setup::<Pipeline>().await?;
    let active = pipelines.iter().filter(|pipeline| pipeline.active);
    let first = active.min_by_key(|pipeline| (pipeline.position, pipeline.id));
    Ok(first.cloned().ok_or(PipelineRefusal::NoneActive)?)
}

fn first_open(stages: Vec<Stored<Stage>>) -> Option<Stored<Stage>> {
    stages.into_iter().find(|stage| stage.kind == StageKind::Open)
}

pub(super) fn check_active(pipeline: &Stored<Pipeline>) -> std::result::Result<(), PipelineRefusal> {
    if pipeline.active { Ok(()) } else { Err(PipelineRefusal::Inactive(pipeline.name.clone())) }
}

/// Adds deals with the people who have a part in them and their unique custom values, in few statements.
///
/// # Errors
/// `InvalidInput` when custom values do not fit the schema; those of the store.
pub async fn insert_opportunities(
    uow: &mut UnitOfWork<'_>,
    schema: &Schema,
    drafts: Vec<OpportunityDraft>,
) -> Result<Vec<Stored<Opportunity>>> {
    let mut contacts = Vec::new();
    let mut rows = Vec::with_capacity(drafts.len());
    for draft in drafts {
        schema.check(&draft.opportunity.custom)?;
        let part = |(contact_id, role)| OpportunityContact { opportunity_id: draft.id, contact_id, role };
        contacts.extend(draft.contacts.into_iter().map(part));
        let event = OpportunityEvent::Created(Beginning::of(&draft.opportunity, (&draft.stage).into()));
        rows.push((uow.fresh(draft.id, draft.opportunity), event));
    }
    let deals: Vec<_> = rows.iter().map(|(deal, _)| deal.clone()).collect();
    uow.insert_all(rows).await?;
    uow.add_parts(contacts).await?;
    let held = deals.iter().map(|deal| (deal.id.uuid(), &deal.custom));
    schema.claim_new(uow, RecordKind::Opportunity, held).await?;
    Ok(deals)
}

/// Saves a changed deal with its unique custom values.
///
/// # Errors
/// `InvalidInput` when custom values do not fit the schema; those of the store.
pub async fn save_opportunity(
    uow: &mut UnitOfWork<'_>,
    before: &Opportunity,
    row: Stored<Opportunity>,
    event: OpportunityEvent,
) -> Result<Stored<Opportunity>> {
    if before.custom != row.custom {
        let record = RecordRef::new(RecordKind::Opportunity, row.id);
        let schema = Schema::load(uow, RecordKind::Opportunity).await?;
        schema.check_change(&before.custom, &row.custom)?;
        schema.claim(uow, record, Some(&before.custom), &row.custom).await?;
    }
    uow.save(row, event).await
}

/// Notes that something was done about a deal, whoever owns it; earlier instants change nothing.
///
/// # Errors
/// Those of the store.
pub async fn touch_opportunity(uow: &mut UnitOfWork<'_>, id: OpportunityId, at: Timestamp) -> Result<()> {
    if let Some(mut row) = uow.lock_of_anyone(id).await?
        && let Some(event) = row.value.touch(at)
    {
        uow.save(row, event).await?;
    }
    Ok(())
}
