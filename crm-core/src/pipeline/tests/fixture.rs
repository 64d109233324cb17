//! An organization with the pipeline that every one begins with.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt;

use crate::access::{Caller, MemberId, OrganizationId, StandardRole};
use crate::kernel::{Clock, Currency, Error, Money, Name, Stored, Timestamp};
use crate::pipeline::{
    CloseReasonId, Closing, Move, NewOpportunity, NewStage, Opportunity, OpportunityPatch, Outcome, Pipeline,
    PipelineWithStages, Stage, StageList,
};
use crate::store::{MemoryStore, Session};
use crate::testing::office::Office;

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

pub(super) struct World {
    pub(super) store: MemoryStore,
    pub(super) organization: OrganizationId,
    pub(super) owner: MemberId,
    pub(super) session: Session,
    pub(super) sales: PipelineWithStages,
    office: Office,
}

impl World {
    pub(super) fn new() -> Self {
        let office = now(Office::open());
        let session = now(office.boss());
        let pipeline = now(session.pipelines().list()).unwrap().remove(0);
        let sales = now(session.pipelines().get(pipeline.id)).unwrap();
        let (store, organization, owner) = (office.store.clone(), office.organization, office.owner);
        Self { store, organization, owner, session, sales, office }
    }

    /// A member and what they may do.
    pub(super) fn hire(&self, who: &str, role: StandardRole) -> (MemberId, Session) {
        let member = now(self.office.hire(who, role));
        (member, now(self.office.session_of(member)))
    }

    pub(super) fn system(&self) -> Session {
        self.office.crm.session(Caller::system(self.organization, "test"))
    }

    pub(super) fn days(&self, days: u64) {
        self.office.clock.advance(Duration::from_hours(24 * days));
    }

    pub(super) fn minutes(&self, minutes: u64) {
        self.office.clock.advance(Duration::from_mins(minutes));
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
        let named = |stage: &Stored<Stage>| NewStage {
            id: Some(stage.id),
            name: stage.name.clone(),
            kind: stage.kind,
            probability: Some(stage.probability),
            forecast_category: Some(stage.forecast_category),
            rot_after_days: stage.rot_after_days,
            guard: stage.guard.clone(),
        };
        StageList { stages: stages.iter().map(named).collect(), moves: BTreeMap::new() }
    }

    pub(super) fn arrange(&self, list: StageList) -> Result<PipelineWithStages, Error> {
        let pipeline = self.pipeline();
        now(self.session.pipelines().arrange(pipeline.id, pipeline.version, list))
    }

    pub(super) fn clock_now(&self) -> Timestamp {
        self.office.clock.now()
    }
}
