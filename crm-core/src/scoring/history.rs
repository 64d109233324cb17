//! Past scores, computed again: the lead and the rules are put back to what their events say they were, and engagements
//! count when they had happened by then.

use serde_json::{Map, Value as Json};

use super::engagement::Engagement;
use super::model::ScoringRule;
use super::score::Score;
use super::scorer::Scorer;
use crate::event::Event;
use crate::kernel::{Predicate, Result, Stored, Timestamp};
use crate::lead::{Lead, LeadStatus};
use crate::store::{StoreError, UnitOfWork};

/// The scores of a lead at past instants, in the order in which they are given.
pub(super) async fn history(
    uow: &mut UnitOfWork<'_>,
    lead: &Stored<Lead>,
    instants: &[Timestamp],
) -> Result<Vec<Score>> {
    let rules = uow.list_all(&Predicate::everything()).await?;
    let engagements = uow.list_all(&Engagement::LEAD.is(lead.id)).await?;
    let lead_events = uow.list_all(&Event::RECORD.is(lead.id.uuid())).await?;
    let mut rule_events = Vec::new();
    for rule in &rules {
        rule_events.push(uow.list_all(&Event::RECORD.is(rule.id.uuid())).await?);
    }
    let mut scores = Vec::with_capacity(instants.len());
    for at in instants {
        if *at < lead.created_at {
            scores.push(Score::none(*at));
            continue;
        }
        let mut past_rules = Vec::with_capacity(rules.len());
        for (rule, events) in rules.iter().zip(&rule_events).filter(|(rule, _)| rule.created_at <= *at) {
            past_rules.push(rule_as_of(rule, events, *at)?);
        }
        let past_lead = lead_as_of(lead, &lead_events, *at)?;
        scores.push(Scorer::new(&past_rules).score(&past_lead, &engagements, *at));
    }
    Ok(scores)
}

fn damaged(error: serde_json::Error) -> StoreError {
    StoreError::Fault(error.into())
}

/// The rule before the first change after `at`; as it is, when there is none.
fn rule_as_of(rule: &Stored<ScoringRule>, events: &[Stored<Event>], at: Timestamp) -> Result<Stored<ScoringRule>> {
    let mut past = rule.clone();
    let first = events.iter().find(|event| event.occurred_at > at && event.name == "scoring_rule.changed");
    if let Some(before) = first.and_then(|event| event.data.get("changed")?.get("before")) {
        past.value = serde_json::from_value(before.clone()).map_err(damaged)?;
    }
    Ok(past)
}

/// The lead with everything undone that happened after `at`, the latest first.
fn lead_as_of(lead: &Stored<Lead>, events: &[Stored<Event>], at: Timestamp) -> Result<Stored<Lead>> {
    let mut later = events.iter().rev().take_while(|event| event.occurred_at > at).peekable();
    if later.peek().is_none() {
        return Ok(lead.clone());
    }
    let Json::Object(mut fields) = serde_json::to_value(&lead.value).map_err(damaged)? else {
        return Ok(lead.clone());
    };
    for event in later {
        undo(&mut fields, event);
    }
    fields.insert("status".to_owned(), Json::from(status_as_of(events, at).as_str()));
    let value = serde_json::from_value(Json::Object(fields)).map_err(damaged)?;
    Ok(Stored { value, ..lead.clone() })
}

fn undo(fields: &mut Map<String, Json>, event: &Event) {
    match event.name.as_str() {
        "lead.changed" => {
            let changes = event.data.get("changed").and_then(|data| data.get("changes")).and_then(Json::as_array);
            for change in changes.into_iter().flatten() {
                if let (Some(field), Some(before)) = (change.get("field").and_then(Json::as_str), change.get("before"))
                {
                    fields.insert(field.to_owned(), before.clone());
                }
            }
        }
        "lead.assigned" => {
            let from = event.data.get("assigned").and_then(|data| data.get("from")).cloned();
            fields.insert("owner_id".to_owned(), from.unwrap_or(Json::Null));
        }
        "lead.converted" => {
            fields.insert("converted_at".to_owned(), Json::Null);
        }
        _ => {}
    }
}

/// The state that the last step before led to; every lead begins as `New`.
fn status_as_of(events: &[Stored<Event>], at: Timestamp) -> LeadStatus {
    let before = events.iter().rev().filter(|event| event.occurred_at <= at);
    let mut steps = before.filter_map(|event| match event.name.as_str() {
        "lead.contacted" => Some(LeadStatus::Contacted),
        "lead.qualified" => Some(LeadStatus::Qualified),
        "lead.disqualified" => Some(LeadStatus::Unqualified),
        "lead.reopened" => Some(LeadStatus::New),
        "lead.converted" => Some(LeadStatus::Converted),
        _ => None,
    });
    steps.next().unwrap_or(LeadStatus::New)
}
