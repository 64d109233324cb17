//! Rotting: an open deal that nobody has touched for longer than its stage allows. Pure.
//!
//! Idle time runs from the later of the entry into the stage and the last touch. While the next step is planned for a
//! later day than today (UTC), the deal waits and does not rot.

use std::time::Duration;

use super::opportunity::Opportunity;
use super::stage::{Stage, StageId, StageKind};
use crate::kernel::{Predicate, Stored, Timestamp};

/// That a deal rots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotting {
    /// Since when nobody has touched it.
    pub idle_since: Timestamp,
    /// How long it has been idle.
    pub idle: Duration,
    /// How long its stage allows.
    pub limit: Duration,
}

const DAY: Duration = Duration::from_hours(24);

impl Stage {
    /// How long a deal may be idle here; for ever, when there is none.
    #[must_use]
    pub fn rot_limit(&self) -> Option<Duration> {
        let days = u32::try_from(self.rot_after_days?).ok()?;
        (self.kind == StageKind::Open).then(|| DAY.saturating_mul(days))
    }
}

/// Whether the deal, which stands in this stage, rots; nothing when it does not.
#[must_use]
pub fn rotting(opportunity: &Opportunity, stage: &Stage, now: Timestamp) -> Option<Rotting> {
    let limit = stage.rot_limit()?;
    let waits = opportunity.next_step_on.is_some_and(|day| day > now.date());
    if opportunity.status != StageKind::Open || waits {
        return None;
    }
    let idle_since =
        opportunity.last_touch_at.map_or(opportunity.stage_entered_at, |touch| touch.max(opportunity.stage_entered_at));
    let idle = now.since(idle_since);
    (idle > limit).then_some(Rotting { idle_since, idle, limit })
}

/// The condition under which a deal rots, for lists: the same judgement as [`rotting`].
#[must_use]
pub fn rots<'s>(stages: impl IntoIterator<Item = &'s Stored<Stage>>, now: Timestamp) -> Predicate<Opportunity> {
    let limits = stages.into_iter().filter_map(|stage| Some((stage.id, stage.rot_limit()?)));
    let idle: Vec<_> = limits.map(|(stage, limit)| idle_since(stage, now.minus(limit))).collect();
    Predicate::All(vec![
        Opportunity::STATUS.is(StageKind::Open.as_str()),
        Opportunity::NEXT_STEP_ON.above(now.date()).negated(),
        Predicate::Any(idle),
    ])
}

fn idle_since(stage: StageId, last: Timestamp) -> Predicate<Opportunity> {
    Predicate::All(vec![
        Opportunity::STAGE_ID.is(stage),
        Opportunity::STAGE_ENTERED_AT.below(last),
        Opportunity::LAST_TOUCH_AT.at_least(last).negated(),
    ])
}
