//! Commands on pipelines, their stages, and the reasons with which deals are closed.

use std::collections::BTreeMap;

use super::event::OpportunityEvent;
use super::layout::Layout;
use super::model::{
    CloseReason, CloseReasonEvent, CloseReasonId, NewPipeline, Outcome, Pipeline, PipelineEvent, PipelineId,
    PipelinePatch, PipelineRefusal, StageList,
};
use super::opportunity::Opportunity;
use super::stage::{Stage, StageId};
use super::steps::relocate;
use crate::access::Permission;
use crate::custom_field::Schema;
use crate::event::{Change, changes};
use crate::identity::RecordKind;
use crate::kernel::text::Name;
use crate::kernel::{Entity, Page, Predicate, Result, Stored};
use crate::store::{RecordNotFound, Session, UnitOfWork};

/// A pipeline with its stages in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineWithStages {
    /// The pipeline.
    pub pipeline: Stored<Pipeline>,
    /// Its stages.
    pub stages: Vec<Stored<Stage>>,
}

/// The stages of a pipeline in their order.
///
/// # Errors
/// Those of the store.
pub async fn stages_of(uow: &mut UnitOfWork<'_>, pipeline: PipelineId) -> Result<Vec<Stored<Stage>>> {
    let mut stages = uow.setup::<Stage>().await?.to_vec();
    stages.retain(|stage| stage.pipeline_id == pipeline);
    stages.sort_by_key(|stage| stage.position);
    Ok(stages)
}

/// The stage.
///
/// # Errors
/// `RecordNotFound`.
pub(super) async fn stage(uow: &mut UnitOfWork<'_>, id: StageId) -> Result<Stored<Stage>> {
    let stages = uow.setup::<Stage>().await?;
    let found = stages.iter().find(|stage| stage.id == id).cloned();
    Ok(found.ok_or(RecordNotFound { entity: Stage::NAME, id: id.uuid() })?)
}

/// Adds a pipeline with its stages behind those that are there.
///
/// # Errors
/// `InvalidInput` that names everything in the list of stages that can't be; `StoreError::Duplicate` (name).
pub(super) async fn add_pipeline(uow: &mut UnitOfWork<'_>, new: NewPipeline) -> Result<PipelineWithStages> {
    let others = uow.list_all::<Pipeline>(&Predicate::everything()).await?;
    let position = others.iter().map(|pipeline| pipeline.position + 1).max().unwrap_or(0);
    let schema = Schema::load(uow, RecordKind::Opportunity).await?;
    let list = StageList { stages: new.stages, moves: BTreeMap::new() };
    let stages = list.stages.iter().map(|stage| stage.name.clone()).collect();
    let pipeline = Pipeline { name: new.name, position, active: true };
    let pipeline = uow.insert(pipeline, PipelineEvent::Created { stages }).await?;
    let layout = Layout::plan(pipeline.id, &[], &list, &schema)?;
    let stages = uow.add_parts(layout.added).await?;
    Ok(PipelineWithStages { pipeline, stages })
}

/// Commands on pipelines, their stages, and the reasons with which deals are closed.
#[derive(Clone, Copy, Debug)]
pub struct Pipelines<'a>(pub(crate) &'a Session);

impl Pipelines<'_> {
    /// Makes a pipeline.
    ///
    /// # Errors
    /// `InvalidInput` that names everything in the list of stages that can't be; `StoreError::Duplicate` (name).
    pub async fn create(&self, new: NewPipeline) -> Result<PipelineWithStages> {
        let mut uow = self.0.begin(Permission::PipelineConfigure).await?;
        let made = add_pipeline(&mut uow, new).await?;
        uow.commit().await?;
        Ok(made)
    }

    /// The pipeline with its stages.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// let first = session.pipelines().list().await?[0].id;
    /// let pipeline = session.pipelines().get(first).await?;
    /// assert!(pipeline.stages.len() >= 3, "at least one open, a won and a lost one");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn get(&self, id: PipelineId) -> Result<PipelineWithStages> {
        let mut uow = self.0.begin(Permission::PipelineRead).await?;
        let pipeline = uow.get(id).await?;
        Ok(PipelineWithStages { pipeline, stages: stages_of(&mut uow, id).await? })
    }

    /// All pipelines in their order.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// assert_eq!(session.pipelines().list().await?.len(), 1, "an organization begins with one");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn list(&self) -> Result<Vec<Stored<Pipeline>>> {
        let mut uow = self.0.begin(Permission::PipelineRead).await?;
        let mut pipelines = uow.list_all::<Pipeline>(&Predicate::everything()).await?;
        pipelines.sort_by_key(|pipeline| (pipeline.position, pipeline.id));
        Ok(pipelines)
    }

    /// Renames a pipeline, puts it elsewhere, closes it to deals or opens it again.
    ///
    /// ```
    /// # use crm_core::pipeline::{PipelinePatch};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let pipeline = session.pipelines().get(session.pipelines().list().await?[0].id).await?;
    /// let patch = PipelinePatch { name: Some("Engines".parse()?), ..PipelinePatch::default() };
    /// let pipeline = session.pipelines().change(pipeline.pipeline.id, pipeline.pipeline.version, patch).await?;
    /// assert_eq!(pipeline.name.as_str(), "Engines");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `StoreError::Duplicate` (name).
    pub async fn change(&self, id: PipelineId, version: i64, patch: PipelinePatch) -> Result<Stored<Pipeline>> {
        let mut uow = self.0.begin(Permission::PipelineConfigure).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        let before = row.value.clone();
        row.value.name = patch.name.unwrap_or(row.value.name);
        row.value.position = patch.position.unwrap_or(row.value.position);
        row.value.active = patch.active.unwrap_or(row.value.active);
        let changes = changes(&before, &row.value);
        if changes.is_empty() {
            return Ok(row);
        }
        let row = uow.save(row, PipelineEvent::Changed { changes }).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// Replaces the list of stages. Deals of stages that stay are not touched; those of stages that go are moved where
    /// the list says, all in one transaction.
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `InvalidInput`, `PipelineRefusal::StagesInUse`.
    pub async fn arrange(&self, id: PipelineId, version: i64, list: StageList) -> Result<PipelineWithStages> {
        let mut uow = self.0.begin(Permission::PipelineConfigure).await?;
        let pipeline = uow.get_at(id, Some(version)).await?;
        let present = stages_of(&mut uow, id).await?;
        let schema = Schema::load(&mut uow, RecordKind::Opportunity).await?;
        let layout = Layout::plan(id, &present, &list, &schema)?;
        let changes = stage_changes(&present, &layout);
        let removed = write_stages(&mut uow, present.clone(), layout).await?;
        let stages = stages_of(&mut uow, id).await?;
        let stages: Vec<_> =
            stages.into_iter().filter(|stage| !removed.iter().any(|gone| gone.id == stage.id)).collect();
        move_deals(&mut uow, &removed, &stages, &list.moves).await?;
        for stage in &removed {
            uow.remove_part(stage).await?;
        }
        let names = |stages: &[Stored<Stage>]| stages.iter().map(|stage| stage.name.clone()).collect();
        let (from, to) = (names(&present), names(&stages));
        let event = PipelineEvent::Arranged { from, to, changes, moves: list.moves };
        let pipeline = uow.save(pipeline, event).await?;
        uow.commit().await?;
        Ok(PipelineWithStages { pipeline, stages })
    }

    /// Removes a pipeline that no deal is in. Its events remain.
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `StoreError::StillReferenced` (an opportunity).
    pub async fn delete(&self, id: PipelineId, version: i64) -> Result<()> {
        let mut uow = self.0.begin(Permission::PipelineConfigure).await?;
        let row = uow.get_at(id, Some(version)).await?;
        for stage in stages_of(&mut uow, id).await? {
            uow.remove_part(&stage).await?;
        }
        uow.delete(row, PipelineEvent::Deleted).await?;
        uow.commit().await
    }

    /// Makes a reason with which deals can be closed.
    ///
    /// ```
    /// # use crm_core::pipeline::{Outcome};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let reason = session.pipelines().create_reason(Outcome::Lost, "Too slow".parse()?).await?;
    /// assert!(reason.active);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `StoreError::Duplicate` when there is one of the kind and name.
    pub async fn create_reason(&self, kind: Outcome, name: Name) -> Result<Stored<CloseReason>> {
        let mut uow = self.0.begin(Permission::PipelineConfigure).await?;
        let reason = uow.insert(CloseReason { kind, name, active: true }, CloseReasonEvent::Created).await?;
        uow.commit().await?;
        Ok(reason)
    }

    /// Renames a reason, retires it or takes it up again. Deals that were closed with it keep it.
    ///
    /// ```
    /// # use crm_core::pipeline::{Outcome};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let reason = session.pipelines().create_reason(Outcome::Lost, "Slow".parse()?).await?;
    /// let retired = session.pipelines().change_reason(reason.id, reason.version, "Too slow".parse()?, false).await?;
    /// assert!(!retired.active);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `StoreError::Duplicate`.
    pub async fn change_reason(
        &self,
        id: CloseReasonId,
        version: i64,
        name: Name,
        active: bool,
    ) -> Result<Stored<CloseReason>> {
        let mut uow = self.0.begin(Permission::PipelineConfigure).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        let after = CloseReason { kind: row.kind, name, active };
        let changes = changes(&row.value, &after);
        row.value = after;
        let row = uow.save(row, CloseReasonEvent::Changed { changes }).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// All reasons, retired ones included, by name.
    ///
    /// ```
    /// # use crm_core::pipeline::{Outcome};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let reasons = session.pipelines().reasons().await?;
    /// assert!(reasons.iter().any(|reason| reason.kind == Outcome::Lost));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn reasons(&self) -> Result<Vec<Stored<CloseReason>>> {
        let mut uow = self.0.begin(Permission::PipelineRead).await?;
        let mut reasons = uow.list_all::<CloseReason>(&Predicate::everything()).await?;
        reasons.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(reasons)
    }
}

fn stage_changes(present: &[Stored<Stage>], layout: &Layout) -> BTreeMap<StageId, Vec<Change>> {
    let changed = layout.kept.iter().filter_map(|stage| {
        let old = present.iter().find(|old| old.id == stage.id)?;
        let changes = changes(&old.value, &stage.value);
        (!changes.is_empty()).then_some((stage.id, changes))
    });
    changed.collect()
}

/// Writes kept and new stages; answers the stages that are to go, as they are now.
async fn write_stages(
    uow: &mut UnitOfWork<'_>,
    mut present: Vec<Stored<Stage>>,
    layout: Layout,
) -> Result<Vec<Stored<Stage>>> {
    let wanted = |name: &Name, by: Option<StageId>| {
        layout.kept.iter().any(|kept| kept.name == *name && Some(kept.id) != by)
            || layout.added.iter().any(|added| added.name == *name)
    };
    // The store holds names unique at every moment: a name that another stage takes over is given up first.
    for stage in &mut present {
        if wanted(&stage.name, Some(stage.id)) {
            stage.value.name = Name::parse(&stage.id.to_string())?;
            *stage = uow.save_part(stage.clone()).await?;
        }
    }
    for kept in layout.kept {
        if let Some(now) = present.iter().find(|stage| stage.id == kept.id)
            && now.value != kept.value
        {
            uow.save_part(Stored { value: kept.value, ..now.clone() }).await?;
        }
    }
    uow.add_parts(layout.added).await?;
    present.retain(|stage| layout.removed.iter().any(|removed| removed.id == stage.id));
    Ok(present)
}

/// How many deals are held in memory while those of a stage that goes are moved.
const DEALS_AT_ONCE: u32 = 200;

/// Moves the deals that stand, or stood last, in stages that go, whoever owns them, page after page.
async fn move_deals(
    uow: &mut UnitOfWork<'_>,
    removed: &[Stored<Stage>],
    stages: &[Stored<Stage>],
    moves: &BTreeMap<StageId, Name>,
) -> Result<()> {
    if removed.is_empty() {
        return Ok(());
    }
    let standing_in = |stages: Vec<StageId>| {
        Opportunity::STAGE_ID.is_one_of(stages.clone()).or(Opportunity::LAST_OPEN_STAGE_ID.is_one_of(stages))
    };
    let goal = |id: StageId| stages.iter().find(|stage| moves.get(&id) == Some(&stage.name));
    let mut homeless = Vec::new();
    for stage in removed.iter().filter(|stage| goal(stage.id).is_none()) {
        if !uow.list_of_anyone(&standing_in(vec![stage.id]), &Page::first(1)).await?.is_empty() {
            homeless.push((stage.id, stage.name.clone()));
        }
    }
    if !homeless.is_empty() {
        return Err(PipelineRefusal::StagesInUse(homeless).into());
    }
    let affected = standing_in(removed.iter().map(|stage| stage.id).collect());
    let mut page = Page::first(DEALS_AT_ONCE);
    loop {
        let deals = uow.list_of_anyone(&affected, &page).await?;
        let Some(last) = deals.last() else { return Ok(()) };
        page = page.following(last);
        for mut deal in deals {
            let here = removed.iter().chain(stages).find(|stage| stage.id == deal.stage_id);
            // Stages of other pipelines are never both here and last: a deal's stages are of its own pipeline.
            let Some(from) = here else { continue };
            let to = goal(from.id).unwrap_or(from);
            let last = deal.last_open_stage_id.and_then(goal);
            let step = relocate(&mut deal, from, to, last, uow.now())?;
            uow.save(deal, OpportunityEvent::StageReplaced(step)).await?;
        }
    }
}
