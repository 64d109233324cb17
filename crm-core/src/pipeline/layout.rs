//! Which lists of stages a pipeline may have, and what it takes to get from one list to the next. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{PipelineId, StageList};
use super::stage::{ForecastCategory, NewStage, Probability, Stage, StageId, StageKind};
use crate::custom_field::Schema;
use crate::kernel::text::Name;
use crate::kernel::{FieldProblem, InvalidInput, Stored};

/// The longest time after which a deal may rot, in days.
const LONGEST_ROT: i64 = 3_650;

/// What a new list of stages means for those that are there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// Stages that stay, as they shall be.
    pub(super) kept: Vec<Stored<Stage>>,
    /// Stages to add.
    pub(super) added: Vec<Stage>,
    /// Stages to remove.
    pub(super) removed: Vec<Stored<Stage>>,
}

impl Layout {
    /// Plans the way from the stages that a pipeline has to those that it shall have.
    ///
    /// # Errors
    /// `InvalidInput` that names everything in the list that can't be.
    pub(super) fn plan(
        pipeline: PipelineId,
        present: &[Stored<Stage>],
        wanted: &StageList,
        schema: &Schema,
    ) -> Result<Self, InvalidInput> {
        let by_id: BTreeMap<StageId, &Stored<Stage>> = present.iter().map(|stage| (stage.id, stage)).collect();
        let mut problems = check_kinds(&wanted.stages);
        problems.extend(check_names(&wanted.stages));
        problems.extend(check_identity(&by_id, &wanted.stages));
        for (index, stage) in wanted.stages.iter().enumerate() {
            problems.extend(check_stage(index, stage, &wanted.stages));
            problems.extend(stage.guard.problems(&format!("stages[{index}].guard"), schema));
        }
        problems.extend(check_moves(&by_id, wanted));
        InvalidInput::check(problems)?;

        let mut layout = Self { kept: Vec::new(), added: Vec::new(), removed: Vec::new() };
        for (position, stage) in (0..).zip(&wanted.stages) {
            let value = made(pipeline, position, stage);
            match stage.id.and_then(|id| by_id.get(&id)) {
                Some(&old) => layout.kept.push(Stored { value, ..old.clone() }),
                None => layout.added.push(value),
            }
        }
        let named: BTreeSet<StageId> = wanted.stages.iter().filter_map(|stage| stage.id).collect();
        layout.removed = present.iter().filter(|stage| !named.contains(&stage.id)).cloned().collect();
        Ok(layout)
    }
}

/// Probability and category as the kind fixes them; none for open stages.
const fn fixed(kind: StageKind) -> Option<(Probability, ForecastCategory)> {
    match kind {
        StageKind::Open => None,
        StageKind::Won => Some((Probability::CERTAIN, ForecastCategory::Closed)),
        StageKind::Lost => Some((Probability::NEVER, ForecastCategory::Omitted)),
    }
}

fn made(pipeline_id: PipelineId, position: i64, stage: &NewStage) -> Stage {
    let (probability, forecast_category) = fixed(stage.kind).unwrap_or((
        stage.probability.unwrap_or(Probability::NEVER),
        stage.forecast_category.unwrap_or(ForecastCategory::Pipeline),
    ));
    Stage {
        pipeline_id,
        name: stage.name.clone(),
        position,
        probability,
        kind: stage.kind,
        forecast_category,
        rot_after_days: stage.rot_after_days,
        guard: stage.guard.clone(),
    }
}

fn check_kinds(stages: &[NewStage]) -> Vec<FieldProblem> {
    let count = |kind| stages.iter().filter(|stage| stage.kind == kind).count();
    let (open, won, lost) = (count(StageKind::Open), count(StageKind::Won), count(StageKind::Lost));
    let problem = |code, message: String| FieldProblem::new("stages", code, message);
    let mut problems = Vec::new();
    if won != 1 {
        let message = format!("a pipeline has exactly one stage of kind 'won', not {won}");
        problems.push(problem("pipeline.one_won_stage", message));
    }
    if lost == 0 {
        let message = "a pipeline has at least one stage of kind 'lost'; add one".to_owned();
        problems.push(problem("pipeline.lost_stage_missing", message));
    }
    if open == 0 {
        let message = "a pipeline has at least one stage of kind 'open'; add one".to_owned();
        problems.push(problem("pipeline.open_stage_missing", message));
    }
    problems
}

fn check_names(stages: &[NewStage]) -> Vec<FieldProblem> {
    let mut seen = BTreeSet::new();
    let twice = stages.iter().enumerate().filter(|(_, stage)| !seen.insert(stage.name.clone()));
    twice
        .map(|(index, stage)| {
            let message = format!("another stage of the list is named '{}'; choose another name", stage.name);
            FieldProblem::new(format!("stages[{index}].name"), "stage.name_twice", message)
        })
        .collect()
}

fn check_identity(present: &BTreeMap<StageId, &Stored<Stage>>, stages: &[NewStage]) -> Vec<FieldProblem> {
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for (index, stage) in stages.iter().enumerate() {
        let Some(id) = stage.id else { continue };
        let mut problem = |field: &str, code, message: String| {
            problems.push(FieldProblem::new(format!("stages[{index}].{field}"), code, message));
        };
        match present.get(&id) {
            None => {
                problem("id", "stage.unknown", format!("the pipeline has no stage {id}; leave the id out to add one"));
            }
            Some(old) if old.kind != stage.kind => {
                let kind = old.kind.as_str();
                let message = format!("the stage is '{kind}' for good; add another and say in 'moves' what goes there");
                problem("kind", "stage.kind_fixed", message);
            }
            Some(_) if !seen.insert(id) => {
                problem("id", "stage.named_twice", "the stage is in the list twice".to_owned());
            }
            Some(_) => {}
        }
    }
    problems
}

fn check_stage(index: usize, stage: &NewStage, all: &[NewStage]) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let mut problem = |field: &str, code, message: String| {
        problems.push(FieldProblem::new(format!("stages[{index}].{field}"), code, message));
    };
    if let Some((probability, category)) = fixed(stage.kind) {
        if stage.probability.is_some_and(|given| given != probability) {
            let message = format!("a {} stage is at {} %", stage.kind.as_str(), probability.percent());
            problem("probability", "stage.probability_fixed", message);
        }
        if stage.forecast_category.is_some_and(|given| given != category) {
            let message = format!("a {} stage is in '{}'", stage.kind.as_str(), category.as_str());
            problem("forecast_category", "stage.forecast_category_fixed", message);
        }
        if stage.rot_after_days.is_some() {
            problem("rot_after_days", "stage.never_rots", "closed deals do not rot; leave this out".to_owned());
        }
    } else {
        if stage.probability.is_none() {
            let message = "an open stage needs a probability from 0 to 100".to_owned();
            problem("probability", "stage.probability_missing", message);
        }
        if stage.forecast_category == Some(ForecastCategory::Closed) {
            let message = "only won deals are 'closed'; choose another category".to_owned();
            problem("forecast_category", "stage.forecast_category_fixed", message);
        }
    }
    if stage.rot_after_days.is_some_and(|days| !(1..=LONGEST_ROT).contains(&days)) {
        problem("rot_after_days", "stage.rot_limit", format!("give 1 to {LONGEST_ROT} days"));
    }
    for (place, next) in stage.guard.next.iter().enumerate() {
        if !all.iter().any(|other| other.name == *next) {
            let message = format!("the list has no stage '{next}'");
            problem(&format!("guard.next[{place}]"), "stage.unknown_next", message);
        }
    }
    problems
}

fn check_moves(present: &BTreeMap<StageId, &Stored<Stage>>, wanted: &StageList) -> Vec<FieldProblem> {
    let problem = |(id, name): (&StageId, &Name)| {
        let target = wanted.stages.iter().find(|stage| stage.name == *name);
        let message = match (present.get(id), target) {
            (None, _) => format!("the pipeline has no stage {id}"),
            (Some(_), _) if wanted.stages.iter().any(|stage| stage.id == Some(*id)) => {
                "the stage is in the list, so its deals stay".to_owned()
            }
            (Some(_), None) => format!("the list has no stage '{name}'"),
            (Some(old), Some(new)) if old.kind != new.kind => {
                format!("'{name}' is {}; deals go to a stage that is {}", new.kind.as_str(), old.kind.as_str())
            }
            _ => return None,
        };
        Some(FieldProblem::new(format!("moves.{id}"), "stage.invalid_move", message))
    };
    wanted.moves.iter().filter_map(problem).collect()
}
