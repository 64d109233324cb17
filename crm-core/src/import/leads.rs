//! Judging rows as leads: reading, intake, and the states that the rows name.

use super::judged::{Entry, Judged, UNSEEN};
use super::lead_row::{LeadRow, read_lead};
use super::ledger::{IssueKind, RowOutcome};
use super::model::Import;
use super::reading::{Findings, Reading};
use super::unique::{Told, name_taken, taken};
use crate::duplicate::Hit;
use crate::identity::{RecordKind, RecordRef};
use crate::intake::{CaptureOutcome, CaptureRefusal, IntakeRules, Submission, capture_batch};
use crate::kernel::{CustomKey, Error, Field, Label, Line, Predicate, Result, Stored, Test, Value};
use crate::lead::{Lead, LeadId, LeadStatus, put_into};
use crate::scoring::{Scorer, rescore};
use crate::store::UnitOfWork;

type Status = (LeadStatus, Option<Label>);

/// A row on its way to intake.
struct ReadRow<'a> {
    entry: &'a Entry,
    findings: Findings<'a>,
    lead: LeadRow,
}

impl<'a> ReadRow<'a> {
    fn new(uow: &UnitOfWork<'_>, reading: &'a Reading, entry: &'a Entry) -> Self {
        let mut findings = entry.findings(reading);
        let lead = match entry {
            Entry::Readable(row) => read_lead(reading, uow, row, &mut findings),
            Entry::Unreadable(_) => LeadRow::default(),
        };
        Self { entry, findings, lead }
    }

    /// What it tells that another record may have.
    fn told(&self, reading: &Reading) -> Option<Told> {
        if self.findings.keep_out() || !reading.schema.fields().any(|field| field.unique) {
            return None;
        }
        let lead = Lead::new(self.lead.lead.clone()).ok()?;
        Some(Told::new(reading, &lead.custom, &lead.keys()))
    }

    /// What is submitted; nothing when the row is kept out.
    fn finish(&mut self, reading: &Reading, taken: Vec<CustomKey>) -> Option<LeadRow> {
        if let Entry::Readable(row) = self.entry {
            name_taken(reading, row, taken, &mut self.lead.lead.custom, &mut self.findings);
        }
        (!self.findings.keep_out()).then(|| std::mem::take(&mut self.lead))
    }
}

/// Judges rows in their order, in one unit of work.
pub(super) async fn judge_leads(
    uow: &mut UnitOfWork<'_>,
    import: &Stored<Import>,
    reading: &Reading,
    entries: &[Entry],
) -> Result<Vec<Judged>> {
    let rules = IntakeRules::load(uow).await?;
    let mut read: Vec<_> = entries.iter().map(|entry| ReadRow::new(uow, reading, entry)).collect();
    let told: Vec<_> = read.iter().map(|row| row.told(reading)).collect();
    let taken = taken(uow, reading, &told).await?;
    let mut submissions = Vec::new();
    let mut statuses: Vec<Option<Status>> = Vec::new();
    for (row, taken) in read.iter_mut().zip(taken) {
        let Some(told) = row.finish(reading, taken) else { continue };
        let rests = told.status.as_ref().is_some_and(|(status, _)| !status.is_open());
        statuses.push(told.status);
        submissions.push(Submission {
            source: import.source.clone(),
            external_id: told.external_id.or_else(|| row_identifier(import, row.entry.number())),
            lead: told.lead,
            on_match: reading.options.on_match,
            match_by: reading.options.match_by.clone(),
            confirmed: reading.options.confirmed,
            rests,
        });
    }
    let outcomes = capture_batch(uow, &rules, submissions).await?;
    give_statuses(uow, &outcomes, statuses).await?;
    let mut outcomes = outcomes.into_iter();
    let judged = read.into_iter().map(|ReadRow { entry, mut findings, .. }| {
        let outcome = if findings.keep_out() { None } else { outcomes.next() };
        let (outcome, record) = match outcome {
            None => (RowOutcome::Refused, None),
            Some(Ok(outcome)) => outcome_of(outcome, &mut findings),
            Some(Err(error)) => {
                findings.refuse(&error);
                (RowOutcome::Refused, None)
            }
        };
        entry.judged(reading, outcome, record, findings)
    });
    Ok(judged.collect())
}

/// The identifier of a row that brings none: the same row of the same content is taken once.
fn row_identifier(import: &Import, row: u64) -> Option<Line<200>> {
    Line::parse(&format!("{}#{row}", import.fingerprint)).ok()
}

fn outcome_of(outcome: CaptureOutcome, findings: &mut Findings<'_>) -> (RowOutcome, Option<RecordRef>) {
    match outcome {
        CaptureOutcome::Created { lead, flagged } => {
            let outcome = if flagged.is_empty() { RowOutcome::Created } else { RowOutcome::Flagged };
            if !flagged.is_empty() {
                let message = format!("made, and flagged as possibly the same as {}", named(&flagged));
                findings.add(IssueKind::Note, None, "import.possible_duplicate", None, message);
            }
            (outcome, Some(RecordRef::new(RecordKind::Lead, lead)))
        }
        CaptureOutcome::Linked { record, .. } => (RowOutcome::Linked, Some(record)),
        CaptureOutcome::Updated { lead, .. } => (RowOutcome::Updated, Some(RecordRef::new(RecordKind::Lead, lead))),
        CaptureOutcome::Skipped { record, .. } => (RowOutcome::Skipped, Some(record)),
        CaptureOutcome::Repeated { record } => (RowOutcome::Repeated, record),
        CaptureOutcome::Warned(candidates) => {
            left_out(findings, &candidates, CaptureRefusal::Warned(candidates.clone()));
            (RowOutcome::Warned, None)
        }
        CaptureOutcome::Blocked(candidates) => {
            left_out(findings, &candidates, CaptureRefusal::Blocked(candidates.clone()));
            (RowOutcome::Blocked, None)
        }
    }
}

fn left_out(findings: &mut Findings<'_>, candidates: &[Hit], refusal: CaptureRefusal) {
    let error = Error::from(refusal);
    findings.add(IssueKind::Error, None, error.code(), None, format!("{error}: {}", named(candidates)));
}

fn named(candidates: &[Hit]) -> String {
    let names: Vec<_> = candidates
        .iter()
        .take(5)
        .map(|hit| match hit.record {
            Some(record) => format!("{} {}", record.kind.as_str(), record.id),
            None => UNSEEN.to_owned(),
        })
        .collect();
    names.join(", ")
}

/// Gives new leads the states that their rows name, and scores them anew. Known leads keep theirs.
async fn give_statuses(
    uow: &mut UnitOfWork<'_>,
    outcomes: &[std::result::Result<CaptureOutcome, Error>],
    statuses: Vec<Option<Status>>,
) -> Result<()> {
    let wanted: Vec<(LeadId, Status)> = outcomes
        .iter()
        .zip(statuses)
        .filter_map(|(outcome, status)| match (outcome, status?) {
            (Ok(CaptureOutcome::Created { .. }), (LeadStatus::New, None)) => None,
            (Ok(CaptureOutcome::Created { lead, .. }), status) => Some((*lead, status)),
            _ => None,
        })
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let ids = wanted.iter().map(|(lead, _)| Value::Uuid(lead.uuid())).collect();
    let mut leads = uow.list_all_of_anyone(&Predicate::<Lead>::Test(Field::ID, Test::In(ids))).await?;
    let scorer = Scorer::load(uow).await?;
    for (id, (status, label)) in wanted {
        let Some(index) = leads.iter().position(|lead| lead.id == id) else { continue };
        let lead = put_into(uow, leads.swap_remove(index), status, label).await?;
        rescore(uow, &scorer, lead).await?;
    }
    Ok(())
}
