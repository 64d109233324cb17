//! Leads that nobody could take: who waits, since when, and how the oldest is served first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::assign::{active_rules, assign_automatically};
use super::decide::{Assignment, divide};
use super::jobs;
use super::model::{AssignmentEvent, AssignmentRuleId, first_match};
use super::staff::{Obstacle, Staff};
use crate::kernel::{
    Column, Cursor, Direction, Entity, Field, Id, Key, Page, Part, Predicate, Result, Stored, Test, Timestamp, Value,
    ValueRef,
};
use crate::lead::{Lead, LeadId};
use crate::store::UnitOfWork;

/// Identifier of a lead's place in the queue.
pub type WaitingLeadId = Id<WaitingLead>;

/// A lead that waits for someone who can take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingLead {
    /// The lead. Not a foreign key: waiting does not keep a lead from being removed.
    pub lead_id: LeadId,
    /// The rule that it matched.
    pub rule_id: AssignmentRuleId,
    /// Since when.
    pub since: Timestamp,
}

impl WaitingLead {
    /// The lead.
    pub const LEAD: Column<Self, LeadId> = Column::required_key("lead_id", |row| ValueRef::Uuid(row.lead_id.uuid()));
    /// The rule that it matched.
    pub const RULE: Column<Self, AssignmentRuleId> =
        Column::required("rule_id", |row| ValueRef::Uuid(row.rule_id.uuid()));
    /// Since when.
    pub const SINCE: Column<Self, Timestamp> = Column::required_indexed("since", |row| ValueRef::Time(row.since));
}

impl Entity for WaitingLead {
    const NAME: &'static str = "waiting_lead";
    const FIELDS: &'static [Field<Self>] = &[Self::LEAD.field(), Self::RULE.field(), Self::SINCE.field()];
    const UNIQUE: &'static [Key<Self>] =
        &[Key { name: "lead_id", columns: &["lead_id"], read: |row| Some(vec![Value::Uuid(row.lead_id.uuid())]) }];
}
impl Part for WaitingLead {}

/// Lets those leads wait that nobody could take, tells of those that did not wait before, and sees to a next look.
pub(super) async fn wait<'l>(
    uow: &mut UnitOfWork<'_>,
    decided: impl Iterator<Item = (&'l Stored<Lead>, &'l Assignment)>,
) -> Result<()> {
    let waits: Vec<_> = decided.filter_map(|(lead, one)| Some((lead, one, one.waits_for()?))).collect();
    if waits.is_empty() {
        return Ok(());
    }
    let ids = waits.iter().map(|(lead, ..)| lead.id);
    let known = uow.list_all(&WaitingLead::LEAD.is_one_of(ids)).await?;
    let mut known: BTreeMap<LeadId, _> = known.into_iter().map(|row| (row.lead_id, row)).collect();
    let mut fresh = Vec::new();
    for (lead, assignment, rule_id) in &waits {
        match known.remove(&lead.id) {
            Some(mut row) if row.rule_id != *rule_id => {
                row.value.rule_id = *rule_id;
                uow.save_part(row).await?;
            }
            Some(_) => {}
            None => {
                fresh.push(WaitingLead { lead_id: lead.id, rule_id: *rule_id, since: uow.now() });
                let why = assignment.explanation.clone();
                uow.say(lead, &AssignmentEvent::Waiting { rule_id: *rule_id, why })?;
            }
        }
    }
    uow.add_parts(fresh).await?;
    let returns = waits.iter().flat_map(|(_, assignment, _)| &assignment.skipped);
    let returns = returns.filter_map(|one| match one.because {
        Obstacle::Away(until) => Some(until),
        _ => None,
    });
    jobs::look_again(uow, returns.min()).await
}

/// The lead waits no longer.
///
/// # Errors
/// Those of the store.
pub async fn stop_waiting(uow: &mut UnitOfWork<'_>, lead: LeadId) -> Result<()> {
    for row in uow.list_all(&WaitingLead::LEAD.is(lead)).await? {
        uow.remove_part(&row).await?;
    }
    Ok(())
}

/// Gives up to `limit` waiting leads away, the oldest first. Leads of rules that nobody can work for now are passed over,
/// so that they do not hold up the others. Answers how many left the queue.
///
/// # Errors
/// `StoreError::Conflict` when someone else changes a lead, takes turns or changes the rules at the same time.
pub async fn drain_waiting(uow: &mut UnitOfWork<'_>, limit: u32) -> Result<usize> {
    let rules = active_rules(uow).await?;
    let staff = Staff::load(uow, &rules.iter().collect::<Vec<_>>()).await?;
    let now = uow.now();
    let stuck = rules.iter().filter(|rule| divide(rule, &staff, None, now).0.is_empty()).map(|rule| rule.id);
    let movable = WaitingLead::RULE.is_one_of(stuck).negated();
    let page = Page::ordered(WaitingLead::SINCE.field(), Direction::Ascending, limit)?;
    let (mut leads, mut left) = (Vec::new(), 0);
    for row in uow.list(&movable, &page).await? {
        match uow.lock_of_anyone(row.lead_id).await? {
            Some(lead) if lead.owner_id.is_none() && lead.status.is_open() => leads.push(lead),
            // Gone, in someone's hands meanwhile, or nobody is to work on it any more.
            _ => {
                uow.remove_part(&row).await?;
                left += 1;
            }
        }
    }
    let assignments = assign_automatically(uow, &mut leads).await?;
    Ok(left + assignments.iter().filter(|assignment| assignment.member_id.is_some()).count())
}

/// How many waiting leads are looked at in one transaction after the rules have changed.
const LEADS_AT_ONCE: u32 = 100;

/// After the rules have changed: lets waiting leads from behind `after` on wait for the rule that they match now. A few in
/// this transaction, the others in later ones; when all are done, they are given away.
pub(super) async fn wait_by_new_rules(uow: &mut UnitOfWork<'_>, after: Option<WaitingLeadId>) -> Result<()> {
    let mut page = Page::first(LEADS_AT_ONCE);
    if let Some(after) = after {
        page = page.after(Cursor { value: Value::Uuid(after.uuid()), id: after.uuid() })?;
    }
    let waiting = uow.list(&Predicate::<WaitingLead>::everything(), &page).await?;
    let more = u32::try_from(waiting.len()).is_ok_and(|count| count >= page.limit());
    let last = waiting.last().map(|row| row.id).filter(|_| more);
    if !waiting.is_empty() {
        let ids = waiting.iter().map(|row| Value::Uuid(row.lead_id.uuid())).collect();
        let leads = uow.list_all_of_anyone(&Predicate::<Lead>::Test(Field::ID, Test::In(ids))).await?;
        let rules = active_rules(uow).await?;
        for mut row in waiting {
            let Some(lead) = leads.iter().find(|lead| lead.id == row.lead_id) else { continue };
            if let Some(rule) = first_match(&rules, lead).filter(|rule| rule.id != row.rule_id) {
                row.value.rule_id = rule.id;
                uow.save_part(row).await?;
            }
        }
    }
    match last {
        Some(last) => jobs::rematch_behind(uow, last).await,
        None => jobs::drain_now(uow).await,
    }
}
