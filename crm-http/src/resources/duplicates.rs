//! `/duplicates`.

use crm_core::access::Permission as P;
use crm_core::duplicate::{
    Action, Certainty, DuplicateFlagId, DuplicatePolicy, DuplicatePolicyId, FlaggedPair, Hit, Profile,
};
use crm_core::kernel::Name;
use crm_core::lead::{Lead, NewLead};
use crm_core::store::{RecordNotFound, Session};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::{Api, Call, Json, Many, Nothing, Plain, Record, delete, get, post, put};
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PolicyToSet {
    /// For submissions from here; for all others, when there is none.
    #[serde(default)]
    source: Option<Name>,
    certainty: Certainty,
    action: Action,
}

/// The most flags of one answer.
const MOST_FLAGS: u32 = 200;

pub(super) fn declare(api: &mut Api) {
    api.document.tag("duplicates", "Who may be whom, and what to do about it");
    let endpoint = post("/duplicates/check").tag("duplicates").says("Who somebody may be already; changes nothing");
    api.add(endpoint.needs(P::DuplicateRead), |s: Session, c: Call<(), (), Json<NewLead>>| async move {
        let profile = Profile::of_lead(&Lead::new(c.body.0).map_err(crm_core::kernel::Error::from)?);
        s.duplicates().check(&profile).await.map(Many::<Hit>)
    });
    let endpoint = get("/duplicates").tag("duplicates").says("Pairs that wait for a person's look, the surest first");
    api.add(endpoint.needs(P::DuplicateRead), |s: Session, _: Call| async move {
        s.duplicates().surest_flags(MOST_FLAGS).await.map(Many::<FlaggedPair>)
    });
    let endpoint = post("/duplicates/{id}/dismiss").tag("duplicates").says("They are two").needs(P::LeadUpdate);
    api.add(endpoint, |s: Session, c: Call<DuplicateFlagId>| async move {
        s.duplicates().dismiss(c.path).await.map(Plain::<FlaggedPair>)
    });
    let endpoint = post("/duplicates/{id}/reopen").tag("duplicates").says("It is to be looked at again");
    api.add(endpoint.needs(P::LeadUpdate), |s: Session, c: Call<DuplicateFlagId>| async move {
        s.duplicates().reopen(c.path).await.map(Plain::<FlaggedPair>)
    });
    let endpoint = get("/duplicate-policies").tag("duplicates").says("What is done about them").needs(P::DuplicateRead);
    api.add(endpoint, |s: Session, _: Call| async move {
        let rows = s.duplicates().policies().await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<DuplicatePolicy>>>()))
    });
    let endpoint = put("/duplicate-policies").tag("duplicates").says("Says what is done about them");
    api.add(endpoint.needs(P::DuplicateConfigure), |s: Session, c: Call<(), (), Json<PolicyToSet>>| async move {
        let PolicyToSet { source, certainty, action } = c.body.0;
        s.duplicates().set_policy(source, certainty, action).await.map(Record)
    });
    let endpoint = delete("/duplicate-policies/{id}").tag("duplicates").says("Does the usual again").guarded();
    api.add(endpoint.needs(P::DuplicateConfigure), |s: Session, c: Call<DuplicatePolicyId>| async move {
        let present = async {
            let row = s.duplicates().policies().await?.into_iter().find(|row| row.id == c.path);
            row.ok_or_else(|| RecordNotFound { entity: "duplicate_policy", id: c.path.uuid() }.into())
        };
        let version = c.version(present).await?;
        s.duplicates().delete_policy(c.path, version).await.map(|()| Nothing).map_err(Problem::from)
    });
}
