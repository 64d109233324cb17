//! `/assignment`.

use crm_core::access::{MemberId, Permission as P};
use crm_core::assignment::{AssignmentRule, Availability, AvailabilityChange, RuleDraft, WaitingLead};
use crm_core::store::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::SavedRulesView;
use crate::api::{Api, Call, Json, Listed, Many, Plain, Record, get, patch, post, put};
use crate::list::ListQuery;
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RuleList {
    /// All rules, in the order in which they are tried.
    rules: Vec<RuleDraft>,
}

/// How many leads were given away.
#[derive(Debug, Serialize, ToSchema)]
struct Drained {
    assigned: usize,
}

/// A lead that waits for somebody to take it.
#[derive(Debug, Serialize, ToSchema)]
struct Waiting {
    lead_id: crm_core::lead::LeadId,
    since: crm_core::kernel::Timestamp,
}

pub(super) fn declare(api: &mut Api) {
    api.document.tag("assignment", "Who is given which leads");
    let endpoint = get("/assignment/rules").tag("assignment").says("Lists rules").needs(P::AssignmentRead);
    api.add(endpoint, |s: Session, _: Call| async move {
        let rules = s.assignment().rules().await?;
        Ok::<_, Problem>(Many(rules.into_iter().map(Record).collect::<Vec<Record<AssignmentRule>>>()))
    });
    let endpoint = put("/assignment/rules").tag("assignment").says("Sets all rules").needs(P::AssignmentConfigure);
    api.add(endpoint, |s: Session, c: Call<(), (), Json<RuleList>>| async move {
        s.assignment().set_rules(c.body.0.rules).await.map(|saved| Plain(SavedRulesView::from(saved)))
    });
    let endpoint =
        get("/assignment/waiting").tag("assignment").says("Leads that nobody can take now").needs(P::AssignmentRead);
    api.add(endpoint, |s: Session, c: Call<(), ListQuery<WaitingLead>>| async move {
        let reader = s.clone();
        let read = |_, page| async move { reader.assignment().waiting(&page).await };
        let Listed { items, next } = c.query.answer(&c.facade, &s, read).await?;
        let items = items.into_iter().map(|Record(row)| Waiting { lead_id: row.lead_id, since: row.created_at });
        Ok::<_, Problem>(Listed { items: items.collect(), next })
    });
    let endpoint =
        post("/assignment/drain").tag("assignment").says("Tries to give away leads that wait").needs(P::LeadAssign);
    api.add(endpoint, |s: Session, _: Call| async move {
        s.assignment().drain_waiting(200).await.map(|assigned| Plain(Drained { assigned }))
    });
    let endpoint = get("/members/{id}/availability").tag("assignment").says("Whether a member can take leads");
    api.add(endpoint.needs(P::AssignmentRead), |s: Session, c: Call<MemberId>| async move {
        s.assignment().availability(c.path).await.map(Plain::<Availability>)
    });
    let endpoint = patch("/members/{id}/availability").tag("assignment").says("Says when and how many a member takes");
    api.add(
        endpoint.needs(P::AssignmentConfigure),
        |s: Session, c: Call<MemberId, (), Json<AvailabilityChange>>| async move {
            s.assignment().set_availability(c.path, c.body.0).await.map(Record)
        },
    );
}
