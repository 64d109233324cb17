//! Judging a batch of submissions in order, and writing what came of it in few statements.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::check::{Claims, Owners, checked};
use super::combine::{Precedence, combined};
use super::decision::{Course, course};
use super::known::{Earlier, earlier_captures, is_chosen, known_candidates, load_leads, place};
use super::model::{Capture, CaptureOutcome, MatchBy, OnMatch, Submission};
use super::veil::veil;
use crate::access::Permission;
use crate::assignment::{announce, assign_drafts};
use crate::custom_field::Schema;
use crate::duplicate::{Candidate, Hit, Policies, Profile, Unwritten, raise_flags};
use crate::event::changes;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Id, Result, Stored};
use crate::lead::{
    Lead, LeadDraft, LeadEvent, LeadId, LeadStatus, NewTouch, TouchDetails, add_touches, insert_leads, save_lead,
};
use crate::scoring::{Scorer, rescore, score_draft, settle_new};
use crate::store::UnitOfWork;

/// What a batch is judged by. Read once, used for many submissions.
#[derive(Clone, Debug)]
pub struct IntakeRules {
    schema: Schema,
    policies: Policies,
    scorer: Scorer,
}

impl IntakeRules {
    /// Reads the rules of the organization.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn load(uow: &mut UnitOfWork<'_>) -> Result<Self> {
        Ok(Self {
            schema: Schema::load(uow, RecordKind::Lead).await?,
            policies: Policies::load(uow).await?,
            scorer: Scorer::load(uow).await?,
        })
    }
}

/// Takes submissions in their order; says of each what became of it. Nothing is written for one that is refused,
/// blocked or warned about; the others go into the unit of work, which the caller commits or drops.
///
/// # Errors
/// Those of the store; then the unit of work can only be dropped.
pub async fn capture_batch(
    uow: &mut UnitOfWork<'_>,
    rules: &IntakeRules,
    submissions: Vec<Submission>,
) -> Result<Vec<Result<CaptureOutcome>>> {
    // One batch of an organization after the other: a person who is new to two of them is made by the first, and known to
    // the second.
    uow.hold_organization().await?;
    let earlier = earlier_captures(uow, &submissions).await?;
    let owners = Owners::load(uow, &submissions).await?;
    let check = |submission| checked(uow, &rules.schema, &owners, submission);
    let leads: Vec<Result<Lead>> = submissions.iter().map(check).collect();
    let claims = Claims::load(uow, &rules.schema, leads.iter().flatten()).await?;
    let profiles: Vec<Option<Profile>> = leads.iter().map(|lead| lead.as_ref().ok().map(Profile::of_lead)).collect();
    let known = known_candidates(uow, &submissions, &profiles, &earlier.taken).await?;
    let mut batch = Batch::new(load_leads(uow, known.iter().flatten()).await?, earlier, claims);
    let mut outcomes = Vec::with_capacity(submissions.len());
    for (((submission, lead), profile), candidates) in submissions.into_iter().zip(leads).zip(profiles).zip(known) {
        outcomes.push(match (lead, profile) {
            (Ok(lead), Some(profile)) => batch.judge(uow, rules, &submission, lead, &profile, candidates),
            (Err(refusal), _) => Err(refusal),
            (Ok(_), None) => Ok(CaptureOutcome::Repeated { record: None }),
        });
    }
    batch.write(uow, rules).await?;
    veil(uow, &mut outcomes).await?;
    Ok(outcomes)
}

/// A lead that is stored and may be changed by the batch.
struct Known {
    before: Lead,
    row: Stored<Lead>,
}

/// What the batch has decided so far and not yet written.
struct Batch {
    drafts: Vec<LeadDraft>,
    /// Those of the drafts on which nobody is to work.
    resting: BTreeSet<LeadId>,
    draft_of: HashMap<LeadId, usize>,
    unwritten: Unwritten,
    known: BTreeMap<LeadId, Known>,
    touches: Vec<NewTouch>,
    flags: Vec<(RecordRef, Candidate)>,
    captures: Vec<Capture>,
    renewed: Vec<Stored<Capture>>,
    earlier: Earlier,
    claims: Claims,
}

impl Batch {
    fn new(leads: Vec<Stored<Lead>>, earlier: Earlier, claims: Claims) -> Self {
        let known = leads.into_iter().map(|row| (row.id, Known { before: row.value.clone(), row })).collect();
        Self {
            drafts: Vec::new(),
            resting: BTreeSet::new(),
            draft_of: HashMap::new(),
            unwritten: Unwritten::default(),
            known,
            touches: Vec::new(),
            flags: Vec::new(),
            captures: Vec::new(),
            renewed: Vec::new(),
            earlier,
            claims,
        }
    }

    fn judge(
        &mut self,
        uow: &UnitOfWork<'_>,
        rules: &IntakeRules,
        submission: &Submission,
        lead: Lead,
        profile: &Profile,
        mut candidates: Vec<Candidate>,
    ) -> Result<CaptureOutcome> {
        if let Some(record) = self.repeated(submission) {
            return Ok(CaptureOutcome::Repeated { record: Some(record) });
        }
        candidates.extend(match &submission.match_by {
            MatchBy::Evidence => self.unwritten.candidates(profile),
            MatchBy::Keys(kinds) => self.unwritten.holders_of(profile, kinds),
        });
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.confidence));
        let course = course(&rules.policies, submission, candidates);
        let outcome = match course {
            Course::Warn(found) => return Ok(CaptureOutcome::Warned(found.into_iter().map(Hit::from).collect())),
            Course::Block(found) => return Ok(CaptureOutcome::Blocked(found.into_iter().map(Hit::from).collect())),
            Course::Create(flagged) => self.create(uow, rules, submission, lead, profile, flagged)?,
            Course::Skip(known) => CaptureOutcome::Skipped { record: known.record, evidence: known.evidence },
            Course::Link(known) => self.link(submission, known),
            Course::Combine(known, precedence) => self.combine(uow, rules, submission, &lead, known, precedence)?,
        };
        self.remember(uow, submission, &outcome);
        Ok(outcome)
    }

    /// The record that the same submission led to before. Where its identifier is the chosen key, that is a match.
    fn repeated(&self, submission: &Submission) -> Option<RecordRef> {
        self.earlier.taken.get(&place(submission)?).copied().filter(|_| !is_chosen(submission))
    }

    fn create(
        &mut self,
        uow: &UnitOfWork<'_>,
        rules: &IntakeRules,
        submission: &Submission,
        lead: Lead,
        profile: &Profile,
        flagged: Vec<Candidate>,
    ) -> Result<CaptureOutcome> {
        let id = uow.new_id();
        self.claims.take(&rules.schema, id, &lead.custom)?;
        let record = RecordRef::new(RecordKind::Lead, id);
        self.flags.extend(flagged.iter().cloned().map(|candidate| (record, candidate)));
        self.unwritten.add(record, profile);
        if submission.rests {
            self.resting.insert(id);
        }
        self.draft_of.insert(id, self.drafts.len());
        self.drafts.push(LeadDraft { id, lead, touch: submission.lead.touch.clone() });
        Ok(CaptureOutcome::Created { lead: id, flagged: flagged.into_iter().map(Hit::from).collect() })
    }

    fn link(&mut self, submission: &Submission, known: Candidate) -> CaptureOutcome {
        self.touches.push(touched(&known, touch(submission)));
        CaptureOutcome::Linked { record: known.record, confidence: known.confidence, evidence: known.evidence }
    }

    /// Lets a known lead take over what is told. What is no lead, a converted one, or one that the caller may not change is
    /// linked instead.
    fn combine(
        &mut self,
        uow: &UnitOfWork<'_>,
        rules: &IntakeRules,
        submission: &Submission,
        told: &Lead,
        known: Candidate,
        precedence: Precedence,
    ) -> Result<CaptureOutcome> {
        let id = Id::new(known.record.id);
        let open = known.record.kind == RecordKind::Lead;
        let target = match (self.draft_of.get(&id), self.known.get_mut(&id)) {
            (Some(index), _) if open => self.drafts.get_mut(*index).map(|draft| &mut draft.lead),
            (None, Some(known)) if open && may_change(uow, submission, &known.row) => Some(&mut known.row.value),
            _ => None,
        };
        let Some(lead) = target.filter(|lead| lead.status != LeadStatus::Converted) else {
            return Ok(self.link(submission, known));
        };
        let mut next = lead.clone();
        let changes = match next.change(combined(lead, told, precedence))? {
            Some(LeadEvent::Changed { changes }) => changes,
            _ => Vec::new(),
        };
        if next.custom != lead.custom {
            rules.schema.check_change(&lead.custom, &next.custom)?;
            self.claims.take(&rules.schema, id, &next.custom)?;
        }
        *lead = next;
        if let Some(touch) = &submission.lead.touch {
            self.touches.push(touched(&known, touch.clone()));
        }
        Ok(CaptureOutcome::Updated { lead: id, changes, evidence: known.evidence })
    }

    fn remember(&mut self, uow: &UnitOfWork<'_>, submission: &Submission, outcome: &CaptureOutcome) {
        let record = match outcome {
            CaptureOutcome::Created { lead, .. } | CaptureOutcome::Updated { lead, .. } => {
                RecordRef::new(RecordKind::Lead, *lead)
            }
            CaptureOutcome::Linked { record, .. } | CaptureOutcome::Skipped { record, .. } => *record,
            CaptureOutcome::Repeated { .. } | CaptureOutcome::Warned(_) | CaptureOutcome::Blocked(_) => return,
        };
        let (Some(external_id), Some(place)) = (&submission.external_id, place(submission)) else { return };
        if let Some(mut capture) = self.earlier.gone.remove(&place) {
            (capture.value.record_kind, capture.value.record_id) = (record.kind, record.id);
            capture.value.captured_at = uow.now();
            self.renewed.push(capture);
            self.earlier.taken.insert(place, record);
            return;
        }
        if self.earlier.taken.insert(place, record).is_some() {
            return;
        }
        self.captures.push(Capture {
            source: submission.source.clone(),
            external_id: external_id.clone(),
            record_kind: record.kind,
            record_id: record.id,
            captured_at: uow.now(),
        });
    }

    async fn write(mut self, uow: &mut UnitOfWork<'_>, rules: &IntakeRules) -> Result<()> {
        for draft in &mut self.drafts {
            score_draft(uow, &rules.scorer, draft);
        }
        let assignments = assign_drafts(uow, &mut self.drafts, &self.resting).await?;
        let leads = insert_leads(uow, &rules.schema, self.drafts).await?;
        announce(uow, &leads, &assignments).await?;
        settle_new(uow, &rules.scorer, &leads).await?;
        for (_, known) in self.known {
            if known.before != known.row.value {
                let changes = changes(&known.before, &known.row.value);
                let row = save_lead(uow, &known.before, known.row, LeadEvent::Changed { changes }).await?;
                rescore(uow, &rules.scorer, row).await?;
            }
        }
        add_touches(uow, self.touches).await?;
        raise_flags(uow, self.flags).await?;
        uow.add_parts(self.captures).await?;
        for capture in self.renewed {
            uow.save_part(capture).await?;
        }
        Ok(())
    }
}

/// Whether what is told may go into the lead. A policy fills for everybody; who asks for it needs what it takes to change
/// the lead.
fn may_change(uow: &UnitOfWork<'_>, submission: &Submission, lead: &Stored<Lead>) -> bool {
    let caller = uow.caller();
    submission.on_match == OnMatch::Policy
        || (caller.check(Permission::LeadUpdate).is_ok() && caller.sees().matches(lead))
}

/// The marketing contact with whom a submission is known to be.
fn touched(known: &Candidate, details: TouchDetails) -> NewTouch {
    NewTouch { record: known.record, details, why: known.evidence.clone() }
}

/// What is told of the marketing contact; at least where it came from.
fn touch(submission: &Submission) -> TouchDetails {
    let source = submission.source.as_str().to_owned().try_into().ok();
    submission.lead.touch.clone().unwrap_or_else(|| TouchDetails { source, ..TouchDetails::default() })
}
