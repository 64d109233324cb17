//! The office of all tests, with leads that are scored.

use std::ops::Deref;
use std::time::Duration;

use crate::access::{Caller, Permission};
use crate::agenda::Job;
use crate::event::Event;
use crate::kernel::{Clock, Id, Name, Stored, Timestamp};
use crate::lead::{Lead, LeadDraft, LeadId, NewLead, insert_leads};
use crate::scoring::{
    Basis, Behaviour, Counting, Criterion, Engagement, EngagementKind, GroupCaps, NewEngagement, NewScoringRule,
    Scorer, Scoring, score_draft, settle_new,
};
use crate::store::Session;
use crate::testing::{ManualClock, office};

pub(super) const DAY: Duration = Duration::from_hours(24);

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
    /// An organization without a scoring rule that counts.
    pub(super) async fn open() -> Self {
        let office = office::Office::open().await;
        let session = office.crm.session(Caller::system(office.organization, "test"));
        let office = Self { office, session };
        let seeded = office.scoring().rules().await.unwrap().pop().unwrap();
        let off = NewScoringRule { active: false, ..draft_of(&seeded) };
        office.scoring().change_rule(seeded.id, seeded.version, off).await.unwrap();
        office
    }

    pub(super) fn scoring(&self) -> Scoring<'_> {
        self.session.scoring()
    }

    pub(super) async fn add_rule(&self, criteria: Vec<Criterion>, change: impl FnOnce(&mut NewScoringRule)) {
        let mut new = rule(criteria);
        change(&mut new);
        self.scoring().create_rule(new).await.unwrap();
    }

    /// Adds a lead as intake does.
    pub(super) async fn add_lead(&self, lead: NewLead) -> Stored<Lead> {
        let mut uow = self.session.begin(Permission::LeadCreate).await.unwrap();
        let scorer = Scorer::load(&mut uow).await.unwrap();
        let mut draft = LeadDraft { id: uow.new_id(), lead: Lead::new(lead).unwrap(), touch: None };
        score_draft(&uow, &scorer, &mut draft);
        let leads = insert_leads(&mut uow, &crate::custom_field::Schema::default(), vec![draft]).await.unwrap();
        settle_new(&mut uow, &scorer, &leads).await.unwrap();
        uow.commit().await.unwrap();
        leads.into_iter().next().unwrap()
    }

    pub(super) async fn engage(&self, lead: LeadId, kind: &str) -> Stored<Engagement> {
        self.scoring().record_engagement(NewEngagement::of(lead, kind.parse().unwrap())).await.unwrap()
    }

    /// The names of what happened to a lead, the latest last, without those that begin a lead's life.
    pub(super) fn told(&self, lead: LeadId) -> Vec<String> {
        let events = self.store.dump::<Event>(self.organization);
        let of_lead = events.into_iter().filter(|event| event.record_id == lead.uuid());
        of_lead.map(|event| event.value.name).filter(|name| name != "lead.created" && name != "lead.engaged").collect()
    }

    pub(super) fn lead(&self, id: LeadId) -> Stored<Lead> {
        self.store.dump::<Lead>(self.organization).into_iter().find(|lead| lead.id == id).unwrap()
    }

    pub(super) fn jobs(&self, kind: &str) -> Vec<Stored<Job>> {
        self.store.dump::<Job>(self.organization).into_iter().filter(|job| job.kind == kind).collect()
    }

    /// Does what is due, as a worker does; answers how many jobs were done.
    pub(super) async fn run_due(&self) -> u32 {
        self.crm.run_due("test", 100).await.unwrap().done
    }
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(super) fn kind(text: &str) -> EngagementKind {
    text.parse().unwrap()
}

/// A rule with nothing but criteria.
pub(super) fn rule(criteria: Vec<Criterion>) -> NewScoringRule {
    NewScoringRule {
        name: name("Interest"),
        active: true,
        position: 0,
        criteria,
        group_caps: GroupCaps::default(),
        lowest: None,
        highest: None,
        decay: None,
        threshold: None,
    }
}

pub(super) fn draft_of(rule: &crate::scoring::ScoringRule) -> NewScoringRule {
    serde_json::from_value(serde_json::to_value(rule).unwrap()).unwrap()
}

pub(super) fn who(criterion: &str, points: i64, condition: crate::kernel::Predicate<Lead>) -> Criterion {
    Criterion { name: criterion.parse().unwrap(), points, when: Basis::Demographic(condition) }
}

pub(super) fn each(engagement: &str, points: i64) -> Criterion {
    let behaviour = Behaviour { kind: kind(engagement), counts: Counting::Each, cap: None };
    Criterion { name: engagement.parse().unwrap(), points, when: Basis::Behavioural(behaviour) }
}

pub(super) fn once(engagement: &str, points: i64) -> Criterion {
    let behaviour = Behaviour { kind: kind(engagement), counts: Counting::Once, cap: None };
    Criterion { name: engagement.parse().unwrap(), points, when: Basis::Behavioural(behaviour) }
}

pub(super) fn ada() -> NewLead {
    NewLead { first_name: Some(name("Ada")), job_title: Some(name("VP Sales")), ..NewLead::default() }
}

/// A lead and engagements outside any store, for the arithmetic alone.
pub(super) fn stored<E>(number: u128, value: E) -> Stored<E> {
    let at = ManualClock::default().now();
    Stored { id: Id::new(uuid::Uuid::from_u128(number)), version: 1, created_at: at, updated_at: at, value }
}

pub(super) fn done(engagement: &str, occurred_at: Timestamp) -> Stored<Engagement> {
    let new = NewEngagement {
        occurred_at: Some(occurred_at),
        ..NewEngagement::of(Id::new(uuid::Uuid::nil()), kind(engagement))
    };
    stored(occurred_at.micros().unsigned_abs().into(), Engagement::new(new, Timestamp::MAX))
}
