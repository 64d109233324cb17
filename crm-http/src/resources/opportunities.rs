//! `/opportunities`.

use crm_core::access::Permission as P;
use crm_core::event::Event;
use crm_core::people::ContactId;
use crm_core::pipeline::{
    Closing, Move, NewOpportunity, Opportunity, OpportunityId, OpportunityPatch, OpportunityRole, PipelineMove,
};
use crm_core::store::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::records::{self, Place};
use super::views::VisitView;
use crate::api::{Api, Call, Endpoint, Json, Many, Nothing, Plain, Record, delete, get, patch, post, put};
use crate::list::ListQuery;
use crate::problem::{Problem, ProblemField};

const PLACE: Place =
    Place { tag: "opportunities", list: "/opportunities", one: "/opportunities/{id}", search: "/opportunities/search" };

/// Whether a step could be taken.
#[derive(Debug, Serialize, ToSchema)]
struct StepCheck {
    /// Whether the guard lets it pass.
    allowed: bool,
    /// Everything that is missing.
    missing: Vec<ProblemField>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleInDeal {
    role: OpportunityRole,
}

/// A person who takes part in a deal.
#[derive(Debug, Serialize, ToSchema)]
struct Participant {
    contact_id: ContactId,
    role: OpportunityRole,
}

pub(super) fn declare(api: &mut Api) {
    api.document.tag("opportunities", "Deals");
    let read = |s: Session, id: OpportunityId| async move { s.opportunities().get(id).await };
    records::list::<Opportunity, _, _>(api, PLACE, P::OpportunityRead, |s, filter, page| async move {
        s.opportunities().list(&filter, &page).await
    });
    records::show(api, PLACE, P::OpportunityRead, read);
    records::create(api, PLACE, P::OpportunityCreate, |s, new: NewOpportunity| async move {
        s.opportunities().create(new).await
    });
    records::change(api, PLACE, P::OpportunityUpdate, read, |s, id, version, patch: OpportunityPatch| async move {
        s.opportunities().change(id, version, patch).await
    });
    records::remove(api, PLACE, P::OpportunityDelete, read, |s, id, version| async move {
        s.opportunities().delete(id, version).await
    });
    steps(api);
    people(api);
    reading(api);
}

fn step(endpoint: Endpoint, says: &'static str) -> Endpoint {
    endpoint.tag("opportunities").says(says).needs(P::OpportunityUpdate).may_guard()
}

async fn version<Q, B>(s: &Session, c: &Call<OpportunityId, Q, B>) -> Result<i64, Problem> {
    c.version_if_said(async { s.opportunities().get(c.path).await }).await
}

fn steps(api: &mut Api) {
    for endpoint in [post("/opportunities/{id}/move"), patch("/opportunities/{id}/stage")] {
        let endpoint = step(endpoint, "Moves it to another open stage");
        api.add(endpoint, |s: Session, c: Call<OpportunityId, (), Json<Move>>| async move {
            let version = version(&s, &c).await?;
            s.opportunities().move_to(c.path, version, c.body.0).await.map(Record).map_err(Problem::from)
        });
    }
    let endpoint = post("/opportunities/{id}/move/check").tag("opportunities").needs(P::OpportunityRead);
    let endpoint = endpoint.says("Says whether it could be moved, and what is missing");
    api.add(endpoint, |s: Session, c: Call<OpportunityId, (), Json<Move>>| async move {
        let refusal = s.opportunities().check_move(c.path, c.body.0).await?;
        let missing = refusal.iter().flat_map(crm_core::kernel::Rule::fields);
        let missing = missing.map(|field| ProblemField::from(&field)).collect();
        Ok::<_, Problem>(Plain(StepCheck { allowed: refusal.is_none(), missing }))
    });
    let endpoint = step(post("/opportunities/{id}/win"), "Wins it");
    api.add(endpoint, |s: Session, c: Call<OpportunityId, (), Json<Closing>>| async move {
        let version = version(&s, &c).await?;
        s.opportunities().win(c.path, version, c.body.0).await.map(Record).map_err(Problem::from)
    });
    let endpoint = step(post("/opportunities/{id}/lose"), "Loses it");
    api.add(endpoint, |s: Session, c: Call<OpportunityId, (), Json<Closing>>| async move {
        let version = version(&s, &c).await?;
        s.opportunities().lose(c.path, version, c.body.0).await.map(Record).map_err(Problem::from)
    });
    let endpoint = step(post("/opportunities/{id}/reopen"), "Opens it again where it was closed from");
    api.add(endpoint, |s: Session, c: Call<OpportunityId>| async move {
        let version = version(&s, &c).await?;
        s.opportunities().reopen(c.path, version).await.map(Record).map_err(Problem::from)
    });
    let endpoint = step(post("/opportunities/{id}/pipeline"), "Moves it to another pipeline");
    api.add(endpoint, |s: Session, c: Call<OpportunityId, (), Json<PipelineMove>>| async move {
        let version = version(&s, &c).await?;
        s.opportunities().move_to_pipeline(c.path, version, c.body.0).await.map(Record).map_err(Problem::from)
    });
}

fn people(api: &mut Api) {
    let endpoint =
        get("/opportunities/{id}/contacts").tag("opportunities").says("Who takes part").needs(P::OpportunityRead);
    api.add(endpoint, |s: Session, c: Call<OpportunityId>| async move {
        let rows = s.opportunities().contacts(c.path).await?.into_iter();
        let rows = rows.map(|row| Participant { contact_id: row.contact_id, role: row.role });
        Ok::<_, Problem>(Many(rows.collect::<Vec<_>>()))
    });
    let endpoint =
        put("/opportunities/{id}/contacts/{contact_id}").tag("opportunities").says("Lets somebody take part");
    api.add(
        endpoint.needs(P::OpportunityUpdate),
        |s: Session, c: Call<(OpportunityId, ContactId), (), Json<RoleInDeal>>| async move {
            s.opportunities().add_contact(c.path.0, c.path.1, c.body.0.role).await.map(|()| Nothing)
        },
    );
    let endpoint =
        delete("/opportunities/{id}/contacts/{contact_id}").tag("opportunities").says("They take no part any more");
    api.add(endpoint.needs(P::OpportunityUpdate), |s: Session, c: Call<(OpportunityId, ContactId)>| async move {
        s.opportunities().remove_contact(c.path.0, c.path.1).await.map(|()| Nothing)
    });
}

fn reading(api: &mut Api) {
    let endpoint =
        get("/opportunities/{id}/history").tag("opportunities").says("What happened to it").needs(P::OpportunityRead);
    api.add(endpoint, |s: Session, c: Call<OpportunityId, ListQuery<Event>>| async move {
        let (id, reader) = (c.path, s.clone());
        let read = |_, page| async move { reader.opportunities().history(id, &page).await };
        c.query.answer(&c.facade, &s, read).await
    });
    let endpoint = get("/opportunities/{id}/stages")
        .tag("opportunities")
        .says("How long it stood where")
        .needs(P::OpportunityRead);
    api.add(endpoint, |s: Session, c: Call<OpportunityId>| async move {
        let visits = s.opportunities().stage_history(c.path).await?;
        Ok::<_, Problem>(Many(visits.into_iter().map(VisitView::from).collect::<Vec<_>>()))
    });
    let endpoint = get("/opportunities/rotting").tag("opportunities").says("Deals that stand still for too long");
    api.add(endpoint.needs(P::OpportunityRead), |s: Session, c: Call<(), ListQuery<Opportunity>>| async move {
        let reader = s.clone();
        let read = |_, page| async move { reader.opportunities().rotting(&page).await };
        c.query.answer(&c.facade, &s, read).await
    });
}
