//! The stages that a deal went through, derived from its events alone. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::event::{OpportunityEvent, StageRef};
use super::stage::StageId;
use crate::access::Actor;
use crate::event::Event;
use crate::kernel::{Stored, Timestamp};

/// One stay of a deal in a stage. A deal that comes back stays there a second time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageVisit {
    /// The stage, as it was called when the deal came.
    pub stage: StageRef,
    /// How often the deal has come here, this time included, from 1.
    pub visit: u32,
    /// When it came.
    pub entered_at: Timestamp,
    /// Who brought it.
    pub entered_by: Actor,
    /// When it left; nothing while it is here.
    pub left_at: Option<Timestamp>,
    /// Who took it on.
    pub left_by: Option<Actor>,
    /// How long it stayed, or has stayed until now.
    pub duration: Duration,
}

/// The stays of one deal in the order in which they happened; `events` are all of its own, in any order.
#[must_use]
pub fn stage_visits(events: &[Stored<Event>], now: Timestamp) -> Vec<StageVisit> {
    let mut events: Vec<_> = events.iter().collect();
    events.sort_by_key(|event| (event.record_version, event.occurred_at, event.id));
    let mut visits: Vec<StageVisit> = Vec::new();
    let mut times: BTreeMap<StageId, u32> = BTreeMap::new();
    for event in events {
        let Ok(said) = serde_json::from_value::<OpportunityEvent>(event.data.clone()) else { continue };
        let Some((_, to)) = said.stages() else { continue };
        if let Some(last) = visits.last_mut() {
            // A deal whose last open stage was replaced has not gone anywhere.
            if last.stage.id == to.id {
                continue;
            }
            last.left_at = Some(event.occurred_at);
            last.left_by = Some(event.actor.clone());
            last.duration = event.occurred_at.since(last.entered_at);
        }
        let time = times.entry(to.id).or_default();
        *time += 1;
        visits.push(StageVisit {
            stage: to.clone(),
            visit: *time,
            entered_at: event.occurred_at,
            entered_by: event.actor.clone(),
            left_at: None,
            left_by: None,
            duration: now.since(event.occurred_at),
        });
    }
    visits
}
