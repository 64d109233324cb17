//! Giving leads away: rotations held, turns taken, events said.

use std::collections::{BTreeMap, BTreeSet};

use super::availability::Availability;
use super::decide::{Assignment, divide, explain};
use super::model::{AssignmentRule, AssignmentRuleId, first_match};
use super::rotation::Rotation;
use super::staff::Staff;
use super::waiting::{stop_waiting, wait};
use crate::access::MemberId;
use crate::kernel::{Entity, Result, Stored, Timestamp};
use crate::lead::{Lead, LeadDraft, LeadEvent, LeadId, LeadStatus};
use crate::store::{StoreError, UnitOfWork};

/// Everything that decisions for some leads need, held until the transaction ends.
pub(super) struct Desk {
    rules: Vec<Stored<AssignmentRule>>,
    rotations: BTreeMap<AssignmentRuleId, Held>,
    staff: Staff,
    /// The availabilities of those who have a cap.
    caps: Vec<Stored<Availability>>,
    given: BTreeSet<MemberId>,
}

struct Held {
    row: Stored<Rotation>,
    moved: bool,
}

impl Desk {
    /// Holds the rotations of the rules that these leads match, in the order of identifiers, then the members' caps.
    pub(super) async fn open(uow: &mut UnitOfWork<'_>, leads: &[Stored<Lead>]) -> Result<Self> {
        let rules = active_rules(uow).await?;
        let mut matching: Vec<_> = leads.iter().filter_map(|lead| first_match(&rules, lead)).collect();
        matching.sort_by_key(|rule| rule.id);
        matching.dedup_by_key(|rule| rule.id);
        let mut rotations = BTreeMap::new();
        if !matching.is_empty() {
            let mut unheld = uow.list_all(&Rotation::RULE.is_one_of(matching.iter().map(|rule| rule.id))).await?;
            unheld.sort_by_key(|rotation| rotation.id);
            for rotation in unheld {
                // Gone in the meantime: someone is rewriting the list of rules just now.
                let gone = StoreError::Conflict { entity: Rotation::NAME };
                let row = uow.lock_of_anyone(rotation.id).await?.ok_or(gone)?;
                rotations.insert(row.rule_id, Held { row, moved: false });
            }
        }
        let (staff, caps) = Staff::hold(uow, &matching).await?;
        Ok(Self { rules, rotations, staff, caps, given: BTreeSet::new() })
    }

    /// Decides who gets the lead, exactly as [`super::decide`] does, and lets them take their turn.
    pub(super) fn give(&mut self, lead: &Stored<Lead>, except: Option<MemberId>, now: Timestamp) -> Assignment {
        let Some(rule) = first_match(&self.rules, lead) else {
            return super::decide(&self.rules, &[], &self.staff, lead, except, now);
        };
        let (eligible, skipped) = divide(rule, &self.staff, except, now);
        let turn = self.rotations.get_mut(&rule.id).and_then(|held| {
            let turn = held.row.value.take(&eligible)?;
            held.row.value.keep_members(&rule.members);
            held.moved = true;
            Some(turn)
        });
        let assignment = explain(rule, &self.staff, turn, skipped);
        if let Some(member) = assignment.member_id {
            self.staff.gave(member);
            self.given.insert(member);
        }
        assignment
    }

    /// Saves the rotations that moved, and whoever was given a lead up to a cap: another transaction that counted their
    /// leads at the same time is then refused, also by a store that makes nobody wait.
    pub(super) async fn close(self, uow: &mut UnitOfWork<'_>) -> Result<()> {
        if uow.is_rehearsal() {
            // A turn that is saved would keep everybody from taking theirs until the rehearsal ends.
            return Ok(());
        }
        for held in self.rotations.into_values().filter(|held| held.moved) {
            uow.save_part(held.row).await?;
        }
        for cap in self.caps.into_iter().filter(|cap| self.given.contains(&cap.member_id)) {
            uow.save_part(cap).await?;
        }
        Ok(())
    }
}

/// The active rules, by position.
pub(super) async fn active_rules(uow: &mut UnitOfWork<'_>) -> Result<Vec<Stored<AssignmentRule>>> {
    let mut rules = uow.setup::<AssignmentRule>().await?.to_vec();
    rules.retain(|rule| rule.active);
    rules.sort_by_key(|rule| (rule.position, rule.id));
    Ok(rules)
}

/// Decides for many leads at once, in their order: sets their owners and takes the turns. The leads are neither saved nor
/// told of; [`announce`] does that when they are stored. Leads that have an owner, or on which nobody is to work, are left
/// alone and take no turn.
///
/// # Errors
/// `StoreError::Conflict` when someone else takes turns or changes the rules at the same time.
pub async fn assign(uow: &mut UnitOfWork<'_>, leads: &mut [Stored<Lead>]) -> Result<Vec<Assignment>> {
    assign_but(uow, leads, &BTreeSet::new()).await
}

async fn assign_but(
    uow: &mut UnitOfWork<'_>,
    leads: &mut [Stored<Lead>],
    resting: &BTreeSet<LeadId>,
) -> Result<Vec<Assignment>> {
    let now = uow.now();
    let reason = |lead: &Stored<Lead>| reason_to_leave(lead, resting.contains(&lead.id));
    let open: Vec<_> = leads.iter().filter(|lead| reason(lead).is_none()).cloned().collect();
    let mut desk = Desk::open(uow, &open).await?;
    let mut assignments = Vec::with_capacity(leads.len());
    for lead in leads.iter_mut() {
        assignments.push(match reason(lead) {
            Some(reason) => Assignment::none(reason),
            None => desk.give(lead, None, now),
        });
        if let Some(member) = assignments.last().and_then(|assignment| assignment.member_id) {
            lead.value.owner_id = Some(member);
        }
    }
    desk.close(uow).await?;
    Ok(assignments)
}

fn reason_to_leave(lead: &Lead, rests: bool) -> Option<&'static str> {
    match lead.status {
        _ if lead.owner_id.is_some() => Some("it has an owner already"),
        LeadStatus::Converted => Some("it was converted and is read-only"),
        status if rests || !status.is_open() => Some("it is unqualified, and nobody is to work on it"),
        _ => None,
    }
}

/// [`assign`] for leads that are about to be added. Call [`announce`] when they are. Those that are `resting` are on their
/// way to a state in which nobody is to work on them.
///
/// # Errors
/// Those of [`assign`].
pub async fn assign_drafts(
    uow: &mut UnitOfWork<'_>,
    drafts: &mut [LeadDraft],
    resting: &BTreeSet<LeadId>,
) -> Result<Vec<Assignment>> {
    let mut rows: Vec<_> = drafts.iter().map(|draft| uow.fresh(draft.id, draft.lead.clone())).collect();
    let assignments = assign_but(uow, &mut rows, resting).await?;
    for (draft, row) in drafts.iter_mut().zip(rows) {
        draft.lead.owner_id = row.value.owner_id;
    }
    Ok(assignments)
}

/// Tells of the assignments of leads that were just added with their owners, and lets those wait that nobody could take.
///
/// # Errors
/// Those of the store.
pub async fn announce(uow: &mut UnitOfWork<'_>, leads: &[Stored<Lead>], assignments: &[Assignment]) -> Result<()> {
    for (lead, assignment) in leads.iter().zip(assignments) {
        if assignment.member_id.is_some() {
            let why = assignment.explanation.clone();
            uow.say(lead, &LeadEvent::Assigned { from: None, to: assignment.member_id, why })?;
        }
    }
    wait(uow, leads.iter().zip(assignments)).await
}

/// Gives stored leads without an owner away, in their order, and saves and tells of what was decided.
///
/// # Errors
/// `StoreError::Conflict` when someone else changes a lead, takes turns or changes the rules at the same time.
pub async fn assign_automatically(uow: &mut UnitOfWork<'_>, leads: &mut [Stored<Lead>]) -> Result<Vec<Assignment>> {
    let assignments = assign(uow, leads).await?;
    for (lead, assignment) in leads.iter_mut().zip(&assignments) {
        if assignment.member_id.is_some() {
            let event =
                LeadEvent::Assigned { from: None, to: assignment.member_id, why: assignment.explanation.clone() };
            *lead = uow.save(lead.clone(), event).await?;
            stop_waiting(uow, lead.id).await?;
        }
    }
    wait(uow, leads.iter().zip(&assignments)).await?;
    Ok(assignments)
}
