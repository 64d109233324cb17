//! The office of all tests, with members who take turns.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use crate::access::{Caller, MemberId, Permission, StandardRole};
use crate::assignment::{Assignment, Assignments, AvailabilityChange, RuleDraft, RuleMember, announce, assign_drafts};
use crate::event::Event;
use crate::kernel::{Name, Patch, Predicate, Result, Stored, Timestamp};
use crate::lead::{Lead, LeadDraft, LeadId, NewLead, insert_leads};
use crate::store::{MemoryStore, Session};
use crate::testing::{ObservedStore, office};

/// The shared office with a session that may do everything.
pub(super) struct Office {
    office: office::Office,
    pub(super) session: Session,
}

impl Deref for Office {
    type Target = office::Office;

    fn deref(&self) -> &Self::Target {
        &self.office
    }
}

impl Office {
    pub(super) async fn open() -> Self {
        Self::in_place_of(office::Office::open().await)
    }

    /// An office whose store is counted what it is asked.
    pub(super) async fn observed() -> (Self, ObservedStore<MemoryStore>) {
        let mut observed = None;
        let office = office::Office::behind(|store| observed.insert(ObservedStore::new(store.clone())).clone()).await;
        (Self::in_place_of(office), observed.unwrap())
    }

    fn in_place_of(office: office::Office) -> Self {
        let session = office.crm.session(Caller::system(office.organization, "test"));
        Self { office, session }
    }

    pub(super) fn assignment(&self) -> Assignments<'_> {
        self.session.assignment()
    }

    pub(super) async fn hire(&self, names: &[&str]) -> Vec<MemberId> {
        let mut ids = Vec::new();
        for name in names {
            ids.push(self.office.hire(name, StandardRole::SalesRep).await);
        }
        ids
    }

    /// One rule for every lead, with these members and weights.
    pub(super) async fn share(&self, members: &[(MemberId, i64)]) {
        let rules = vec![RuleDraft::catch_all(name("All"), weighted(members))];
        self.assignment().set_rules(rules).await.unwrap();
    }

    pub(super) async fn add_leads(&self, leads: Vec<NewLead>) -> (Vec<Stored<Lead>>, Vec<Assignment>) {
        capture(&self.session, leads).await.unwrap()
    }

    pub(super) async fn add_lead(&self) -> Stored<Lead> {
        self.add_leads(vec![lead("Lovelace")]).await.0.pop().unwrap()
    }

    pub(super) async fn away(&self, member: MemberId, until: Option<Timestamp>) {
        let away_until = until.map_or(Patch::Clear, Patch::Set);
        let change = AvailabilityChange { away_until, ..AvailabilityChange::default() };
        self.assignment().set_availability(member, change).await.unwrap();
    }

    /// How many leads each member owns.
    pub(super) fn owned(&self) -> BTreeMap<MemberId, usize> {
        let mut owned = BTreeMap::new();
        for lead in self.store.dump::<Lead>(self.organization) {
            if let Some(owner) = lead.owner_id {
                *owned.entry(owner).or_default() += 1;
            }
        }
        owned
    }

    pub(super) fn told(&self, lead: LeadId) -> Vec<Stored<Event>> {
        let events = self.store.dump::<Event>(self.organization);
        events.into_iter().filter(|event| event.record_id == lead.uuid() && event.name != "lead.created").collect()
    }
}

/// Adds leads as intake does.
pub(super) async fn capture(session: &Session, leads: Vec<NewLead>) -> Result<(Vec<Stored<Lead>>, Vec<Assignment>)> {
    let mut uow = session.begin(Permission::LeadCreate).await?;
    let mut drafts = Vec::new();
    for lead in leads {
        drafts.push(LeadDraft { id: uow.new_id(), lead: Lead::new(lead)?, touch: None });
    }
    let assignments = assign_drafts(&mut uow, &mut drafts, &BTreeSet::new()).await?;
    // What lies between the decision and the commit of a real intake.
    tokio::task::yield_now().await;
    let leads = insert_leads(&mut uow, &crate::custom_field::Schema::default(), drafts).await?;
    announce(&mut uow, &leads, &assignments).await?;
    uow.commit().await?;
    Ok((leads, assignments))
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(super) fn lead(last_name: &str) -> NewLead {
    NewLead { last_name: Some(name(last_name)), ..NewLead::default() }
}

pub(super) fn weighted(members: &[(MemberId, i64)]) -> Vec<RuleMember> {
    members.iter().map(|(member_id, weight)| RuleMember { member_id: *member_id, weight: *weight }).collect()
}

pub(super) fn equal(members: &[MemberId]) -> Vec<RuleMember> {
    members.iter().copied().map(RuleMember::equal).collect()
}

pub(super) fn in_country(country: &str) -> Predicate<Lead> {
    Lead::COUNTRY.is(country)
}
