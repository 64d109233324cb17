//! Stand-in until the slice is merged.

use super::{Capture, CaptureOutcome, OnMatch, Submission};
use crate::custom_field::Schema;
use crate::identity::{MatchKey, RecordKind, RecordRef};
use crate::kernel::{Error, Explanation, Id, Page, Patch, Result};
use crate::lead::{Lead, LeadDraft, LeadPatch, insert_leads, save_lead};
use crate::store::UnitOfWork;

/// Rules.
#[derive(Debug)]
pub struct IntakeRules {
    schema: Schema,
}

impl IntakeRules {
    /// Loads.
    pub async fn load(uow: &mut UnitOfWork<'_>) -> Result<Self> {
        Ok(Self { schema: Schema::load(uow, RecordKind::Lead).await? })
    }
}

/// Takes them.
pub async fn capture_batch(
    uow: &mut UnitOfWork<'_>,
    rules: &IntakeRules,
    submissions: Vec<Submission>,
) -> Result<Vec<std::result::Result<CaptureOutcome, Error>>> {
    let mut outcomes = Vec::new();
    for submission in submissions {
        if let Some(id) = &submission.external_id {
            let known = Capture::EXTERNAL_ID.is(id.as_str()).and(Capture::SOURCE.is(submission.source.as_str()));
            if let Some(capture) = uow.list(&known, &Page::first(1)).await?.pop() {
                outcomes.push(Ok(CaptureOutcome::Repeated { record: Some(capture.record()) }));
                continue;
            }
        }
        let Submission { source, external_id, mut lead, on_match, .. } = submission;
        lead.source = lead.source.or(Some(source.clone()));
        if let Err(error) = rules.schema.check(&lead.custom) {
            outcomes.push(Err(error.into()));
            continue;
        }
        let draft = match Lead::new(lead.clone()) {
            Ok(draft) => draft,
            Err(error) => {
                outcomes.push(Err(error.into()));
                continue;
            }
        };
        let keys: Vec<String> =
            draft.keys().iter().filter(|key| key.starts_with("email:")).map(str::to_owned).collect();
        let known = uow.list(&MatchKey::KEY.is_one_of(keys), &Page::first(1)).await?.pop();
        let outcome = match (known, on_match) {
            (Some(known), OnMatch::Skip) => {
                CaptureOutcome::Skipped { record: known.record(), evidence: Explanation::new("same") }
            }
            (Some(known), OnMatch::Policy) => {
                CaptureOutcome::Linked { record: known.record(), confidence: 1000, evidence: Explanation::new("same") }
            }
            (Some(known), OnMatch::FillEmpty | OnMatch::Overwrite) => {
                let id = Id::new(known.record_id);
                let mut row = uow.get::<Lead>(id).await?;
                let before = row.value.clone();
                let fill = on_match == OnMatch::FillEmpty;
                let mut patch = LeadPatch::default();
                if let Some(company) = lead.company.filter(|_| !fill || before.company.is_none()) {
                    patch.company = Patch::Set(company);
                }
                if let Some(city) = lead.city.filter(|_| !fill || before.city.is_none()) {
                    patch.city = Patch::Set(city);
                }
                let mut changes = Vec::new();
                if let Some(event) = row.value.change(patch)? {
                    changes = crate::event::changes(&before, &row.value);
                    save_lead(uow, &before, row, event).await?;
                }
                CaptureOutcome::Updated { lead: id, changes, evidence: Explanation::new("same") }
            }
            (known, _) => {
                let id = uow.new_id();
                insert_leads(uow, &rules.schema, vec![LeadDraft { id, lead: draft, touch: None }]).await?;
                let flagged = known.into_iter().map(|known| crate::duplicate::Candidate {
                    record: known.record(),
                    confidence: 1000,
                    evidence: Explanation::new("same"),
                });
                CaptureOutcome::Created { lead: id, flagged: flagged.collect() }
            }
        };
        let record = match &outcome {
            CaptureOutcome::Created { lead, .. } | CaptureOutcome::Updated { lead, .. } => {
                RecordRef::new(RecordKind::Lead, *lead)
            }
            CaptureOutcome::Linked { record, .. } | CaptureOutcome::Skipped { record, .. } => *record,
            _ => continue,
        };
        if let Some(external_id) = external_id {
            let capture =
                Capture { source, external_id, record_kind: record.kind, record_id: record.id, captured_at: uow.now() };
            uow.add_parts(vec![capture]).await?;
        }
        outcomes.push(Ok(outcome));
    }
    Ok(outcomes)
}
