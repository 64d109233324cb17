//! The scores of leads against what was told of them.

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

use super::look::{Look, Pages};
use crate::event::Event;
use crate::kernel::{Entity, Explanation, Result, Stored};
use crate::lead::{Lead, SCORED};

const RULE: &str = "score";

/// `lead.scored` as it stands in the trail.
#[derive(Deserialize)]
struct Told {
    scored: Scored,
}

#[derive(Deserialize)]
struct Scored {
    from: i64,
    to: i64,
    why: Explanation,
}

pub(super) async fn inspect(look: &mut Look<'_, '_>) -> Result<()> {
    let mut pages = Pages::<Lead>::all();
    loop {
        let leads = look.next(&mut pages).await?;
        if leads.is_empty() {
            return Ok(());
        }
        let of_leads = Event::RECORD.is_one_of(leads.iter().map(|lead| lead.id.uuid()));
        let scored = look.uow.list_all_of_anyone(&of_leads.and(Event::NAME_FIELD.is(SCORED))).await?;
        let mut told: BTreeMap<Uuid, Vec<Stored<Event>>> = BTreeMap::new();
        for event in scored {
            told.entry(event.record_id).or_default().push(event);
        }
        for lead in leads {
            let mut told = told.remove(&lead.id.uuid()).unwrap_or_default();
            told.sort_by_key(|event| event.record_version);
            if let Some(problem) = problem(&lead, &told) {
                look.complain(RULE, Lead::NAME, lead.id.uuid(), problem);
            }
        }
    }
}

/// What is wrong with a lead's score, given all that was told of it, the earliest first. The first score of a lead is told
/// by no event, and nothing tells of a version that was written meanwhile.
fn problem(lead: &Stored<Lead>, told: &[Stored<Event>]) -> Option<String> {
    let mut last = None;
    for event in told.iter().filter(|event| event.record_version <= lead.version) {
        let Ok(Told { scored: Scored { from, to, why } }) = serde_json::from_value(event.data.clone()) else {
            return Some(format!("event {} of its score cannot be read", event.id));
        };
        if last.is_some_and(|last| last != from) {
            return Some(format!("event {} begins at {from}, and the one before ends elsewhere", event.id));
        }
        if !adds_up(&why, to) {
            return Some(format!("the reasons in event {} do not add up to {to}", event.id));
        }
        last = Some(to);
    }
    let last = last?;
    (last != lead.score).then(|| format!("its score is {}, and {last} was told last", lead.score))
}

/// Whether a tree of reasons weighs this much, and each reason as much as those behind it.
fn adds_up(why: &Explanation, total: i64) -> bool {
    let behind = || why.because.iter().filter_map(|reason| Some((reason, reason.weight?)));
    why.weight == Some(total)
        && (behind().next().is_none() || behind().fold(0, |sum: i64, (_, weight)| sum.saturating_add(weight)) == total)
        && behind().all(|(reason, weight)| adds_up(reason, weight))
}
