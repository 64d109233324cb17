//! Commands on rules, availabilities and the owners of leads.

use std::collections::{BTreeMap, BTreeSet};

use super::assign::{Desk, active_rules};
use super::availability::{Availability, AvailabilityChange};
use super::decide::{Assignment, decide};
use super::jobs;
use super::model::{AssignmentRefusal, AssignmentRule, AssignmentRuleEvent, AssignmentRuleId, RuleDraft, first_match};
use super::rotation::Rotation;
use super::rule_list::{RuleWarning, check_rules, warnings};
use super::staff::Staff;
use super::waiting::{self, WaitingLead, drain_waiting, stop_waiting};
use crate::access::{Member, MemberId, Permission};
use crate::custom_field::Schema;
use crate::identity::RecordKind;
use crate::kernel::text::Name;
use crate::kernel::{Entity, Explanation, Page, Predicate, Result, Stored};
use crate::lead::{Lead, LeadId};
use crate::store::{RecordNotFound, Session, StaleVersion, UnitOfWork};

/// Commands on rules, availabilities and the owners of leads.
#[derive(Clone, Copy, Debug)]
pub struct Assignments<'a>(pub(crate) &'a Session);

/// The list of rules as it was saved.
#[derive(Clone, Debug)]
pub struct SavedRules {
    /// The rules, by position.
    pub rules: Vec<Stored<AssignmentRule>>,
    /// Those that can never win.
    pub warnings: Vec<RuleWarning>,
}

impl Assignments<'_> {
    /// Replaces the whole list of rules, in this order. Rules that no draft replaces are removed. An empty list turns
    /// automatic assignment off.
    ///
    /// ```
    /// # use crm_core::assignment::{RuleDraft, RuleMember};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let all = RuleDraft::catch_all("All".parse()?, vec![RuleMember::equal(office.owner)]);
    /// let saved = session.assignment().set_rules(vec![all]).await?;
    /// assert_eq!(saved.rules.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` that names every problem, `AssignmentRefusal::NoCatchAll`; `RecordNotFound` or `StaleVersion` for
    /// a rule that is to be replaced.
    pub async fn set_rules(&self, drafts: Vec<RuleDraft>) -> Result<SavedRules> {
        let mut uow = self.0.begin(Permission::AssignmentConfigure).await?;
        // Two lists at once would mix.
        let organization = uow.organization();
        uow.lock_of_anyone(organization).await?;
        let mut old: BTreeMap<AssignmentRuleId, Stored<AssignmentRule>> =
            uow.list_all(&Predicate::everything()).await?.into_iter().map(|rule| (rule.id, rule)).collect();
        let replaced: Vec<_> = drafts.iter().map(|draft| draft.replaces).collect();
        let rules: Vec<_> = drafts.into_iter().zip(0..).map(|(draft, position)| draft.at(position)).collect();
        let members = uow.list_all(&Predicate::<Member>::everything()).await?;
        let members: BTreeSet<MemberId> = members.into_iter().map(|member| member.id).collect();
        check_rules(&rules, &members, &Schema::load(&mut uow, RecordKind::Lead).await?)?;
        let warnings = warnings(&rules);
        let mut saved = Vec::with_capacity(rules.len());
        for (rule, replaces) in rules.into_iter().zip(replaced) {
            let Some(seen) = replaces else {
                let rule = uow.insert(rule, AssignmentRuleEvent::Created).await?;
                uow.add_parts(vec![Rotation::new(rule.id)]).await?;
                saved.push(rule);
                continue;
            };
            let missing = RecordNotFound { entity: AssignmentRule::NAME, id: seen.id.uuid() };
            let before = old.remove(&seen.id).ok_or(missing)?;
            if before.version != seen.version {
                let (expected, actual) = (seen.version, before.version);
                return Err(StaleVersion { entity: AssignmentRule::NAME, expected, actual }.into());
            }
            saved.push(if before.value == rule {
                before
            } else {
                uow.save(Stored { value: rule, ..before }, AssignmentRuleEvent::Changed).await?
            });
        }
        for gone in old.into_values() {
            for rotation in uow.list_all(&Rotation::RULE.is(gone.id)).await? {
                uow.remove_part(&rotation).await?;
            }
            uow.delete(gone, AssignmentRuleEvent::Deleted).await?;
        }
        waiting::wait_by_new_rules(&mut uow, None).await?;
        uow.commit().await?;
        Ok(SavedRules { rules: saved, warnings })
    }

    /// The list of rules, by position.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// assert!(session.assignment().rules().await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn rules(&self) -> Result<Vec<Stored<AssignmentRule>>> {
        let mut uow = self.0.begin(Permission::AssignmentRead).await?;
        let mut rules = uow.list_all(&Predicate::<AssignmentRule>::everything()).await?;
        rules.sort_by_key(|rule| (rule.position, rule.id));
        Ok(rules)
    }

    /// Makes a member responsible for a lead by hand, or nobody. The rotation does not move.
    ///
    /// ```
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let lead = session.assignment().assign(lead.id, Some(office.owner), None).await?;
    /// assert_eq!(lead.owner_id, Some(office.owner));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` for the lead or the member; `LeadRefusal::AlreadyConverted`; `AssignmentRefusal::MemberInactive`.
    pub async fn assign(&self, id: LeadId, to: Option<MemberId>, reason: Option<Name>) -> Result<Stored<Lead>> {
        let mut uow = self.0.begin(Permission::LeadAssign).await?;
        let mut lead = uow.lock(id).await?;
        if let Some(to) = to {
            let member = uow.get(to).await?;
            if !member.active {
                return Err(AssignmentRefusal::MemberInactive(member.name.to_string()).into());
            }
        }
        let reasons = reason.map(|reason| Explanation::new(reason.as_str()));
        let event = lead.value.assign(to, Explanation::new("assigned by hand").because_all(reasons))?;
        let lead = uow.save(lead, event).await?;
        stop_waiting(&mut uow, id).await?;
        uow.commit().await?;
        Ok(lead)
    }

    /// Passes a lead on to whoever is next by the rules, its present owner passed over. They take their turn.
    ///
    /// ```
    /// # use crm_core::assignment::{RuleDraft, RuleMember};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let all = RuleDraft::catch_all("All".parse()?, vec![RuleMember::equal(office.owner)]);
    /// session.assignment().set_rules(vec![all]).await?;
    /// let lead = session.assignment().reassign(lead.id).await?;
    /// assert_eq!(lead.owner_id, Some(office.owner));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `LeadRefusal::AlreadyConverted`; `AssignmentRefusal::NobodyElse` with the reasons, when nobody
    /// else can take it: then it stays where it is.
    pub async fn reassign(&self, id: LeadId) -> Result<Stored<Lead>> {
        let mut uow = self.0.begin(Permission::LeadAssign).await?;
        let mut lead = uow.lock(id).await?;
        let mut desk = Desk::open(&mut uow, std::slice::from_ref(&lead)).await?;
        let assignment = desk.give(&lead, lead.owner_id, uow.now());
        if assignment.member_id.is_none() {
            return Err(AssignmentRefusal::NobodyElse(Box::new(assignment.explanation)).into());
        }
        let event = lead.value.assign(assignment.member_id, assignment.explanation)?;
        let lead = uow.save(lead, event).await?;
        desk.close(&mut uow).await?;
        stop_waiting(&mut uow, id).await?;
        uow.commit().await?;
        Ok(lead)
    }

    /// Who would get a lead if it came in now, and why. Nothing is changed.
    ///
    /// ```
    /// # use crm_core::assignment::{RuleDraft, RuleMember};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// # let all = RuleDraft::catch_all("All".parse()?, vec![RuleMember::equal(office.owner)]);
    /// session.assignment().set_rules(vec![all]).await?;
    /// let preview = session.assignment().preview(lead.id).await?;
    /// assert_eq!(preview.member_id, Some(office.owner));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn preview(&self, id: LeadId) -> Result<Assignment> {
        let mut uow = self.0.begin(Permission::AssignmentRead).await?;
        let lead = uow.get(id).await?;
        let rules = active_rules(&mut uow).await?;
        let matching: Vec<_> = first_match(&rules, &lead).into_iter().collect();
        let rotations = uow.list_all(&Rotation::RULE.is_one_of(matching.iter().map(|rule| rule.id))).await?;
        let rotations: Vec<_> = rotations.into_iter().map(|rotation| rotation.value).collect();
        let staff = Staff::load(&mut uow, &matching).await?;
        Ok(decide(&rules, &rotations, &staff, &lead, None, uow.now()))
    }

    /// Gives up to `limit` (at most 1000) waiting leads away, the oldest first. Answers how many left the queue.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// assert_eq!(session.assignment().drain_waiting(100).await?, 0, "nobody waits");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `StoreError::Conflict` when someone else changes a lead, takes turns or changes the rules at the same time.
    pub async fn drain_waiting(&self, limit: u32) -> Result<usize> {
        let mut uow = self.0.begin(Permission::LeadAssign).await?;
        let left = drain_waiting(&mut uow, limit).await?;
        uow.commit().await?;
        Ok(left)
    }

    /// The leads that wait for someone who can take them. Told to those who may give them away or who see all leads;
    /// there are none for others.
    ///
    /// ```
    /// # use crm_core::kernel::{Page};
    /// # crm_core::testing::office::example(async |office, session| {
    /// assert!(session.assignment().waiting(&Page::first(50)).await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn waiting(&self, page: &Page<WaitingLead>) -> Result<Vec<Stored<WaitingLead>>> {
        let mut uow = self.0.begin(Permission::AssignmentRead).await?;
        // What waits is nobody's: whoever sees the leads of some owners only sees none of it.
        let caller = uow.caller();
        if caller.check(Permission::LeadAssign).is_err() && caller.sees::<Lead>() != Predicate::everything() {
            return Ok(Vec::new());
        }
        uow.list(&Predicate::everything(), page).await
    }

    /// Sets or lifts a member's absence or cap. Leads that wait are looked at anew.
    ///
    /// ```
    /// # use crm_core::kernel::{Patch};
    /// # use crm_core::assignment::{AvailabilityChange};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let change = AvailabilityChange { open_lead_cap: Patch::Set(25), ..AvailabilityChange::default() };
    /// let availability = session.assignment().set_availability(office.owner, change).await?;
    /// assert_eq!(availability.open_lead_cap, Some(25));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`; `InvalidInput` when the cap is out of range.
    pub async fn set_availability(&self, member: MemberId, change: AvailabilityChange) -> Result<Stored<Availability>> {
        let mut uow = self.0.begin(Permission::AssignmentConfigure).await?;
        uow.get(member).await?;
        let row = if let Some(mut row) = availability_of(&mut uow, member).await? {
            let event = row.value.change(change)?;
            uow.save(row, event).await?
        } else {
            let mut value = Availability::of(member);
            let event = value.change(change)?;
            uow.insert(value, event).await?
        };
        jobs::drain_now(&mut uow).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// When a member can take leads; nothing set means always.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// assert_eq!(session.assignment().availability(office.owner).await?.open_lead_cap, None);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn availability(&self, member: MemberId) -> Result<Availability> {
        let mut uow = self.0.begin(Permission::AssignmentRead).await?;
        uow.get(member).await?;
        let row = availability_of(&mut uow, member).await?;
        Ok(row.map_or_else(|| Availability::of(member), |row| row.value))
    }
}

async fn availability_of(uow: &mut UnitOfWork<'_>, member: MemberId) -> Result<Option<Stored<Availability>>> {
    Ok(uow.list(&Availability::MEMBER.is(member), &Page::first(1)).await?.pop())
}
