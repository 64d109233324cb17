//! What every organization begins with: one pipeline, and reasons to close deals with.

use super::model::{CloseReason, CloseReasonEvent, NewPipeline, Outcome};
use super::service::{PipelineWithStages, add_pipeline};
use super::stage::{ForecastCategory, NewStage, Probability};
use crate::kernel::Result;
use crate::kernel::text::Name;
use crate::store::UnitOfWork;

/// Name, probability in per cent, category and days until a deal rots.
const OPEN_STAGES: [(&str, i64, ForecastCategory, i64); 4] = [
    ("New", 10, ForecastCategory::Pipeline, 7),
    ("Qualified", 25, ForecastCategory::Pipeline, 14),
    ("Proposal", 50, ForecastCategory::BestCase, 14),
    ("Negotiation", 75, ForecastCategory::Commit, 14),
];

const REASONS: [(Outcome, &[&str]); 2] = [
    (Outcome::Won, &["Price", "Product", "Relationship", "Other"]),
    (Outcome::Lost, &["Price", "Product", "Competitor", "No budget", "No decision", "Timing", "Other"]),
];

/// Adds the pipeline "Sales" and the usual reasons to a new organization.
///
/// # Errors
/// `StoreError::Duplicate` when the organization has them already.
pub async fn seed_default(uow: &mut UnitOfWork<'_>) -> Result<PipelineWithStages> {
    let mut stages = Vec::new();
    for (name, percent, category, days) in OPEN_STAGES {
        let mut stage = NewStage::open(Name::parse(name)?, Probability::try_from(percent)?);
        stage.forecast_category = Some(category);
        stage.rot_after_days = Some(days);
        stages.push(stage);
    }
    stages.push(NewStage::won(Name::parse("Won")?));
    stages.push(NewStage::lost(Name::parse("Lost")?));
    let made = add_pipeline(uow, NewPipeline { name: Name::parse("Sales")?, stages }).await?;
    let mut reasons = Vec::new();
    for (kind, names) in REASONS {
        for name in names {
            let reason = CloseReason { kind, name: Name::parse(name)?, active: true };
            reasons.push((uow.fresh(uow.new_id(), reason), CloseReasonEvent::Created));
        }
    }
    uow.insert_all(reasons).await?;
    Ok(made)
}
