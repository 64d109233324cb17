//! `/leads` and `/intake`.

use crm_core::access::{MemberId, Permission as P, Reach};
use crm_core::conversion::{Conversion, ConversionChoices};
use crm_core::event::Event;
use crm_core::identity::RecordRef;
use crm_core::import::export_leads;
use crm_core::intake::{CaptureOutcome, Submission};
use crm_core::kernel::{FieldProblem, InvalidInput, Label, Name, Stored};
use crm_core::lead::{Lead, LeadId, LeadPatch, LeadStatus, NewLead, StatusLabel, Touch};
use crm_core::merge::{FieldOutcome, MergeChoices};
use crm_core::store::{RecordNotFound, Session};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::records::{self, Place};
use crate::api::{Api, Call, Created, File, Json, Many, MaybeJson, Plain, Record, get, patch, post};
use crate::list::ListQuery;
use crate::problem::Problem;

const PLACE: Place = Place { tag: "leads", list: "/leads", one: "/leads/{id}", search: "/leads/search" };

/// The most submissions of one request.
const MOST_AT_ONCE: usize = 500;

/// A new lead, and whether a person has looked at its likely duplicates.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LeadToMake {
    /// The lead.
    lead: NewLead,
    /// Make it although it may be somebody who is known.
    #[serde(default)]
    confirmed: bool,
}

/// Many submissions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Bulk {
    /// What comes in, at most 500.
    items: Vec<Submission>,
    /// Say what would become of them and change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// What became of one submission.
#[derive(Debug, Default, Serialize, ToSchema)]
struct Captured {
    /// `created`, `linked`, `updated`, `skipped`, `repeated`, `warned`, `blocked` or `refused`.
    outcome: &'static str,
    /// The record that it led to.
    record: Option<RecordRef>,
    /// Thousandths of certainty, where it was matched.
    confidence: Option<u16>,
    /// How many records may be the same.
    candidates: usize,
    /// Why it was refused.
    refusal: Option<String>,
}

/// Why a lead does not qualify.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Reason {
    reason: Option<Name>,
}

/// The lead that goes, and whose values count.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LeadToMerge {
    loser_id: LeadId,
    #[serde(default)]
    choices: MergeChoices,
}

/// The lead as it would be, and what comes of the fields in which the two differ.
#[derive(Debug, Serialize, ToSchema)]
struct MergePlanView {
    lead: Lead,
    fields: Vec<FieldOutcome>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LabelToSet {
    label: Label,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LabelToMake {
    label: Label,
    status: LeadStatus,
}

/// To whom a lead goes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Assignee {
    /// Who; whoever the rules say, when this is absent and `unassign` is not said.
    owner_id: Option<MemberId>,
    /// Nobody.
    unassign: bool,
    reason: Option<Name>,
}

/// What a conversion would do, and what stands in its way.
#[derive(Debug, Serialize, ToSchema)]
struct PlanView {
    lead_id: LeadId,
    fills: Vec<crm_core::conversion::Fill>,
    conflicts: Vec<crm_core::conversion::Conflict>,
    stays_on_lead: Vec<crm_core::kernel::CustomKey>,
    violations: Vec<crm_core::conversion::Violation>,
    reasons: Vec<crm_core::kernel::Explanation>,
    /// Whether it could be executed now.
    possible: bool,
}

impl From<Result<CaptureOutcome, crm_core::kernel::Error>> for Captured {
    fn from(outcome: Result<CaptureOutcome, crm_core::kernel::Error>) -> Self {
        let lead = |id: LeadId| Some(RecordRef::new(crm_core::identity::RecordKind::Lead, id));
        let plain = |outcome, record| Self { outcome, record, ..Self::default() };
        match outcome {
            Ok(CaptureOutcome::Created { lead: id, flagged }) => {
                Self { candidates: flagged.len(), ..plain("created", lead(id)) }
            }
            Ok(CaptureOutcome::Linked { record, confidence, .. }) => {
                Self { confidence: Some(confidence), ..plain("linked", Some(record)) }
            }
            Ok(CaptureOutcome::Updated { lead: id, .. }) => plain("updated", lead(id)),
            Ok(CaptureOutcome::Skipped { record, .. }) => plain("skipped", Some(record)),
            Ok(CaptureOutcome::Repeated { record }) => plain("repeated", record),
            Ok(CaptureOutcome::Warned(candidates)) => Self { candidates: candidates.len(), ..plain("warned", None) },
            Ok(CaptureOutcome::Blocked(candidates)) => Self { candidates: candidates.len(), ..plain("blocked", None) },
            Err(error) => Self { refusal: Some(error.to_string()), ..plain("refused", None) },
        }
    }
}

pub(super) fn declare(api: &mut Api) {
    api.document.tag("leads", "Persons and companies who may become customers");
    let read = |s: Session, id: LeadId| async move { s.leads().get(id).await };
    records::list::<Lead, _, _>(api, PLACE, P::LeadRead, |s, filter, page| async move {
        s.leads().list(&filter, &page).await
    });
    records::show(api, PLACE, P::LeadRead, read);
    records::change(api, PLACE, P::LeadUpdate, read, |s, id, version, patch: LeadPatch| async move {
        s.leads().change(id, version, patch).await
    });
    records::remove(
        api,
        PLACE,
        P::LeadDelete,
        read,
        |s, id, version| async move { s.leads().delete(id, version).await },
    );

    let endpoint = post("/leads").tag("leads").says("Takes a lead in").needs(P::LeadCreate);
    let endpoint = endpoint.explains(
        "It is compared with everybody who is known, scored and assigned. The policy for the source `api` says what \
         happens when it is somebody who is known: it is made and flagged, linked to the known record, or refused until \
         `confirmed`.",
    );
    api.add(endpoint, |s: Session, c: Call<(), (), Json<LeadToMake>>| async move {
        let LeadToMake { lead, confirmed } = c.body.0;
        take_in(&s, lead, confirmed).await.map(|lead| Created(Record(lead)))
    });
    let endpoint = post("/intake").tag("leads").says("Takes many submissions in, in one commit").needs(P::LeadCreate);
    api.add(endpoint, |s: Session, c: Call<(), (), Json<Bulk>>| async move {
        let Bulk { items, dry_run } = c.body.0;
        if items.len() > MOST_AT_ONCE {
            let message = format!("at most {MOST_AT_ONCE} at once; send the rest in another request");
            return Err(crm_core::kernel::Error::from(InvalidInput(vec![FieldProblem::new(
                "items",
                "bulk.too_many",
                message,
            )])));
        }
        let intake = s.intake();
        let outcomes = if dry_run { intake.rehearse(items).await? } else { intake.capture(items).await? };
        Ok(Many(outcomes.into_iter().map(Captured::from).collect::<Vec<_>>()))
    });

    verbs(api);
    conversions(api);
    merges(api);
    reading(api);
}

async fn take_in(s: &Session, lead: NewLead, confirmed: bool) -> Result<Stored<Lead>, crm_core::kernel::Error> {
    let source: Name = "api".parse().map_err(crm_core::kernel::Error::from)?;
    let mut lead = lead;
    if *s.caller().reach() != Reach::All {
        // Whoever sees their own leads only would not see what they have just brought in.
        lead.owner_id = lead.owner_id.or(s.caller().member_id());
    }
    let mut submission = Submission::new(lead.source.clone().unwrap_or(source), lead);
    submission.confirmed = confirmed;
    let record = match s.intake().submit(submission).await? {
        CaptureOutcome::Created { lead, .. } | CaptureOutcome::Updated { lead, .. } => {
            return s.leads().get(lead).await;
        }
        CaptureOutcome::Linked { record, .. } | CaptureOutcome::Skipped { record, .. } => record,
        CaptureOutcome::Repeated { .. } | CaptureOutcome::Warned(_) | CaptureOutcome::Blocked(_) => {
            return Err(RecordNotFound { entity: "lead", id: uuid::Uuid::nil() }.into());
        }
    };
    s.leads().get(LeadId::new(record.id)).await
}

fn verbs(api: &mut Api) {
    let verb = |path, says| post(path).tag("leads").says(says).needs(P::LeadUpdate);
    api.add(
        verb("/leads/{id}/contact", "Says that somebody has spoken with them"),
        |s: Session, c: Call<LeadId>| async move { s.leads().contact(c.path).await.map(Record) },
    );
    api.add(verb("/leads/{id}/qualify", "They want and can buy"), |s: Session, c: Call<LeadId>| async move {
        s.leads().qualify(c.path).await.map(Record)
    });
    let endpoint = verb("/leads/{id}/disqualify", "They do not want or cannot buy, for now");
    api.add(endpoint, |s: Session, c: Call<LeadId, (), MaybeJson<Reason>>| async move {
        s.leads().disqualify(c.path, c.body.0.reason).await.map(Record)
    });
    api.add(
        verb("/leads/{id}/reopen", "Makes an unqualified lead new again"),
        |s: Session, c: Call<LeadId>| async move { s.leads().reopen(c.path).await.map(Record) },
    );
    let endpoint = verb("/leads/{id}/label", "Puts it into the state of one of the tenant's own labels");
    api.add(endpoint, |s: Session, c: Call<LeadId, (), Json<LabelToSet>>| async move {
        s.leads().label(c.path, c.body.0.label).await.map(Record)
    });
    let endpoint =
        post("/leads/{id}/assign").tag("leads").says("Gives it to a member, to nobody, or to whom the rules say");
    api.add(endpoint.needs(P::LeadAssign), |s: Session, c: Call<LeadId, (), MaybeJson<Assignee>>| async move {
        let Assignee { owner_id, unassign, reason } = c.body.0;
        match owner_id {
            None if !unassign => s.assignment().reassign(c.path).await.map(Record),
            owner_id => s.assignment().assign(c.path, owner_id, reason).await.map(Record),
        }
    });
    let endpoint = get("/leads/{id}/assignment").tag("leads").says("Says to whom the rules would give it, and why");
    api.add(endpoint.needs(P::AssignmentRead), |s: Session, c: Call<LeadId>| async move {
        s.assignment().preview(c.path).await.map(Plain)
    });
    let endpoint = get("/leads/{id}/score").tag("leads").says("Says what it scores now, and why").needs(P::ScoringRead);
    api.add(endpoint, |s: Session, c: Call<LeadId>| async move { s.scoring().score(c.path).await.map(Plain) });
    let endpoint = patch("/leads/{id}/score").tag("leads").says("Scores it anew, and says why").needs(P::ScoringRead);
    api.add(endpoint, |s: Session, c: Call<LeadId>| async move { s.scoring().score(c.path).await.map(Plain) });
    let endpoint = get("/leads/{id}/duplicates").tag("leads").says("Who it may be already").needs(P::DuplicateRead);
    api.add(endpoint, |s: Session, c: Call<LeadId>| async move { s.duplicates().of_lead(c.path).await.map(Many) });
    let endpoint = get("/lead-labels").tag("leads").says("The tenant's own labels for states").needs(P::LeadRead);
    api.add(endpoint, |s: Session, _: Call| async move {
        let labels = s.leads().labels().await?;
        Ok::<_, Problem>(Many(labels.into_iter().map(Record).collect::<Vec<Record<StatusLabel>>>()))
    });
    let endpoint = post("/lead-labels").tag("leads").says("Names a state in the tenant's own words");
    api.add(endpoint.needs(P::PipelineConfigure), |s: Session, c: Call<(), (), Json<LabelToMake>>| async move {
        let LabelToMake { label, status } = c.body.0;
        s.leads().create_label(label, status).await.map(|row| Created(Record(row)))
    });
}

fn merges(api: &mut Api) {
    let endpoint = post("/leads/{id}/merge").tag("leads").says("Merges another lead into it").needs(P::LeadDelete);
    let endpoint = endpoint.explains(
        "For two leads that are one person. This one stays and takes what it lacks, unless `fields` says otherwise; all that \
         names the other names this one then, and a read by the other's identifier answers with this one.",
    );
    api.add(endpoint, |s: Session, c: Call<LeadId, (), Json<LeadToMerge>>| async move {
        let LeadToMerge { loser_id, choices } = c.body.0;
        s.merges().merge_leads(c.path, loser_id, &choices).await.map(Record)
    });
    let endpoint = post("/leads/{id}/merge/plan").tag("leads").says("Says what a merge would make; changes nothing");
    api.add(endpoint.needs(P::LeadDelete), |s: Session, c: Call<LeadId, (), Json<LeadToMerge>>| async move {
        let LeadToMerge { loser_id, choices } = c.body.0;
        let plan = s.merges().plan_leads(c.path, loser_id, &choices).await?;
        Ok::<_, Problem>(Plain(MergePlanView { lead: plan.lead, fields: plan.fields }))
    });
}

fn conversions(api: &mut Api) {
    let endpoint = post("/leads/{id}/convert").tag("leads").says("Makes contact, account and deal of it");
    api.add(endpoint.needs(P::LeadConvert), |s: Session, c: Call<LeadId, (), Json<ConversionChoices>>| async move {
        let key = c.command_key().map(str::to_owned);
        s.conversions().convert(c.path, &c.body.0, key.as_deref()).await.map(Record::<Conversion>)
    });
    let endpoint =
        post("/leads/{id}/convert/plan").tag("leads").says("Says what a conversion would do; changes nothing");
    api.add(endpoint.needs(P::LeadConvert), |s: Session, c: Call<LeadId, (), Json<ConversionChoices>>| async move {
        let plan = s.conversions().plan(c.path, &c.body.0).await?;
        Ok::<_, Problem>(Plain(PlanView {
            lead_id: plan.lead_id,
            possible: plan.violations.is_empty(),
            fills: plan.fills,
            conflicts: plan.conflicts,
            stays_on_lead: plan.stays_on_lead,
            violations: plan.violations,
            reasons: plan.reasons,
        }))
    });
    let endpoint = get("/leads/{id}/conversion").tag("leads").says("What became of it").needs(P::LeadRead);
    api.add(endpoint, |s: Session, c: Call<LeadId>| async move {
        let conversion = s.conversions().of_lead(c.path).await?;
        let missing = RecordNotFound { entity: "conversion", id: c.path.uuid() };
        conversion.map(Record::<Conversion>).ok_or_else(|| Problem::from(crm_core::kernel::Error::from(missing)))
    });
}

fn reading(api: &mut Api) {
    let endpoint =
        get("/leads/{id}/touches").tag("leads").says("The marketing contacts that led to it").needs(P::LeadRead);
    api.add(endpoint, |s: Session, c: Call<LeadId>| async move {
        let touches = s.leads().touches(c.path).await?;
        Ok::<_, Problem>(Many(touches.into_iter().map(Record).collect::<Vec<Record<Touch>>>()))
    });
    let endpoint = get("/leads/{id}/history").tag("leads").says("What happened to it").needs(P::LeadRead);
    api.add(endpoint, |s: Session, c: Call<LeadId, ListQuery<Event>>| async move {
        let (id, reader) = (c.path, s.clone());
        let read = |_, page| async move { reader.leads().history(id, &page).await };
        c.query.answer(&c.facade, &s, read).await
    });
    let endpoint = get("/leads/export").tag("leads").says("The leads that match, as a file").needs(P::LeadExport);
    api.add(endpoint, |s: Session, c: Call<(), ListQuery<Lead>>| async move {
        let mut bytes = Vec::new();
        export_leads(&s, c.query.filter(), &mut bytes).await?;
        Ok::<_, Problem>(File { name: "leads.csv", bytes })
    });
}
