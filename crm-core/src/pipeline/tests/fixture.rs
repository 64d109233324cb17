//! An organization with the pipeline that every one begins with.

use std::time::Duration;

use futures_util::FutureExt;

use crate::access::{Caller, Member, NewMember, NewOrganization, OrganizationId, StandardRole, TimeZone};
use crate::crm::Crm;
use crate::kernel::{Clock, Currency, EmailAddress, Error, Money, Name, Stored, Timestamp};
use crate::pipeline::{
    CloseReasonId, Closing, Move, NewOpportunity, Opportunity, OpportunityPatch, Outcome, Pipeline, PipelineWithStages,
    Stage, StageList,
};
use crate::store::{MemoryStore, Session};
use crate::testing::{ManualClock, SequentialIds};

/// Runs a future that a memory store answers at once; it must be able to cross threads, as a server needs.
pub(super) fn now<T>(future: impl Future<Output = T> + Send) -> T {
    future.now_or_never().expect("the memory store waits for nothing")
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(super) fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

#[derive(Clone)]
pub(super) struct SharedClock(std::sync::Arc<ManualClock>);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

pub(super) struct World {
    pub(super) crm: Crm,
    pub(super) store: MemoryStore,
    pub(super) clock: SharedClock,
    pub(super) organization: OrganizationId,
    pub(super) owner: Stored<Member>,
    pub(super) session: Session,
    pub(super) sales: PipelineWithStages,
}

pub(super) fn new_member(name_and_role: &str, role: StandardRole) -> NewMember {
    NewMember {
        name: name(name_and_role),
        email: EmailAddress::parse(&format!("{name_and_role}@seller.example")).unwrap(),
        role,
        custom_role_id: None,
    }
}

impl World {
    pub(super) fn new() -> Self {
        let clock = SharedClock(std::sync::Arc::default());
        let store = MemoryStore::new();
        let crm = Crm::new(store.clone(), clock.clone(), SequentialIds::new());
        let new = NewOrganization {
            slug: "seller".to_owned().try_into().unwrap(),
            name: name("Seller"),
            default_currency: Currency::EUR,
            time_zone: TimeZone::utc(),
            region: None,
        };
        let (organization, owner) = now(crm.found(new, new_member("owner", StandardRole::Owner))).unwrap();
        let session = crm.session(now(crm.caller(organization.id, owner.id)).unwrap());
        let pipeline = now(session.pipelines().list()).unwrap().remove(0);
        let sales = now(session.pipelines().get(pipeline.id)).unwrap();
        Self { crm, store, clock, organization: organization.id, owner, session, sales }
    }

    /// A member and what they may do.
    pub(super) fn hire(&self, who: &str, role: StandardRole) -> (Stored<Member>, Session) {
        let member = now(self.session.members().add(new_member(who, role))).unwrap();
        let session = self.crm.session(now(self.crm.caller(self.organization, member.id)).unwrap());
        (member, session)
    }

    pub(super) fn system(&self) -> Session {
        self.crm.session(Caller::system(self.organization, "test"))
    }

    pub(super) fn days(&self, days: u64) {
        self.clock.0.advance(Duration::from_secs(days * 86_400));
    }

    pub(super) fn minutes(&self, minutes: u64) {
        self.clock.0.advance(Duration::from_secs(minutes * 60));
    }

    pub(super) fn stage(&self, wanted: &str) -> Stored<Stage> {
        let stages = self.store.dump::<Stage>(self.organization);
        stages.into_iter().find(|stage| stage.name.as_str() == wanted).unwrap_or_else(|| panic!("no stage {wanted}"))
    }

    pub(super) fn pipeline(&self) -> Stored<Pipeline> {
        now(self.session.pipelines().get(self.sales.pipeline.id)).unwrap().pipeline
    }

    pub(super) fn deal(&self, minor: i64) -> Stored<Opportunity> {
        let new = NewOpportunity { amount: Some(eur(minor)), ..NewOpportunity::named(name("Deal")) };
        now(self.session.opportunities().create(new)).unwrap()
    }

    pub(super) fn reason(&self, kind: Outcome) -> CloseReasonId {
        let reasons = now(self.session.pipelines().reasons()).unwrap();
        reasons.into_iter().find(|reason| reason.kind == kind).unwrap().id
    }

    pub(super) fn closing(&self, kind: Outcome) -> Closing {
        Closing { reason_id: self.reason(kind), note: None, stage_id: None }
    }

    pub(super) fn go(&self, deal: &Stored<Opportunity>, to: &str) -> Result<Stored<Opportunity>, Error> {
        self.go_with(deal, to, OpportunityPatch::default())
    }

    pub(super) fn go_with(
        &self,
        deal: &Stored<Opportunity>,
        to: &str,
        change: OpportunityPatch,
    ) -> Result<Stored<Opportunity>, Error> {
        let wish = Move { stage_id: self.stage(to).id, change };
        now(self.session.opportunities().move_to(deal.id, deal.version, wish))
    }

    pub(super) fn win(&self, deal: &Stored<Opportunity>) -> Result<Stored<Opportunity>, Error> {
        now(self.session.opportunities().win(deal.id, deal.version, self.closing(Outcome::Won)))
    }

    pub(super) fn lose(&self, deal: &Stored<Opportunity>) -> Result<Stored<Opportunity>, Error> {
        now(self.session.opportunities().lose(deal.id, deal.version, self.closing(Outcome::Lost)))
    }

    /// The list of stages as it is, to be changed and handed to `arrange`.
    pub(super) fn list(&self) -> StageList {
        let stages = now(self.session.pipelines().get(self.sales.pipeline.id)).unwrap().stages;
        let named = |stage: &Stored<Stage>| crate::pipeline::NewStage {
            id: Some(stage.id),
            name: stage.name.clone(),
            kind: stage.kind,
            probability: Some(stage.probability),
            forecast_category: Some(stage.forecast_category),
            rot_after_days: stage.rot_after_days,
            guard: stage.guard.clone(),
        };
        StageList { stages: stages.iter().map(named).collect(), moves: std::collections::BTreeMap::default() }
    }

    pub(super) fn arrange(&self, list: StageList) -> Result<PipelineWithStages, Error> {
        let pipeline = self.pipeline();
        now(self.session.pipelines().arrange(pipeline.id, pipeline.version, list))
    }
}

impl World {
    pub(super) fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }
}
