//! `/scoring` and `/engagements`.

use crm_core::access::Permission as P;
use crm_core::lead::LeadId;
use crm_core::scoring::{Engagement, NewEngagement, NewScoringRule, ScoringRule, ScoringRuleId};
use crm_core::store::{RecordNotFound, Session};

use crate::api::{Api, Call, Created, Json, Many, Plain, Record, get, post, put};
use crate::list::ListQuery;
use crate::problem::Problem;

pub(super) fn declare(api: &mut Api) {
    api.document.tag("scoring", "Rules by which leads score, and what they did");
    let endpoint = get("/scoring/rules").tag("scoring").says("Lists rules").needs(P::ScoringRead);
    api.add(endpoint, |s: Session, _: Call| async move {
        let rules = s.scoring().rules().await?;
        Ok::<_, Problem>(Many(rules.into_iter().map(Record).collect::<Vec<Record<ScoringRule>>>()))
    });
    let endpoint =
        post("/scoring/rules").tag("scoring").says("Adds a rule; leads are scored anew").needs(P::ScoringConfigure);
    api.add(endpoint, |s: Session, c: Call<(), (), Json<NewScoringRule>>| async move {
        s.scoring().create_rule(c.body.0).await.map(|rule| Created(Record(rule)))
    });
    let endpoint = put("/scoring/rules/{id}").tag("scoring").says("Replaces a rule; leads are scored anew").guarded();
    api.add(
        endpoint.needs(P::ScoringConfigure),
        |s: Session, c: Call<ScoringRuleId, (), Json<NewScoringRule>>| async move {
            let present = async {
                let rule = s.scoring().rules().await?.into_iter().find(|rule| rule.id == c.path);
                rule.ok_or_else(|| RecordNotFound { entity: "scoring_rule", id: c.path.uuid() }.into())
            };
            let version = c.version(present).await?;
            s.scoring().change_rule(c.path, version, c.body.0).await.map(Record).map_err(Problem::from)
        },
    );
    let endpoint = post("/scoring/calculate/{lead_id}").tag("scoring").says("Scores a lead now, and says why");
    api.add(endpoint.needs(P::ScoringRead), |s: Session, c: Call<LeadId>| async move {
        s.scoring().score(c.path).await.map(Plain)
    });
    let endpoint =
        post("/engagements").tag("scoring").says("Notes that a lead did something").needs(P::EngagementRecord);
    api.add(endpoint, |s: Session, c: Call<(), (), Json<NewEngagement>>| async move {
        s.scoring().record_engagement(c.body.0).await.map(|row| Created(Record(row)))
    });
    let endpoint = get("/leads/{id}/engagements").tag("scoring").says("What a lead did").needs(P::ScoringRead);
    api.add(endpoint, |s: Session, c: Call<LeadId, ListQuery<Engagement>>| async move {
        let (id, reader) = (c.path, s.clone());
        let read = |_, page| async move { reader.scoring().engagements(id, &page).await };
        c.query.answer(&c.facade, &s, read).await
    });
}
