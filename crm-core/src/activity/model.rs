//! The activity itself: what it holds, and its commands.

use serde::{Deserialize, Serialize};

use super::event::ActivityEvent;
use super::kind::{ActivityKind, ActivityStatus, Flow, Priority};
use super::refusal::ActivityRefusal;
use crate::access::MemberId;
use crate::event::changes;
use crate::identity::RecordRef;
use crate::kernel::text::{Name, Note};
use crate::kernel::{Id, Patch, Timestamp};

/// Identifier of an activity.
pub type ActivityId = Id<Activity>;

/// Something that was done, or is to be done, about some records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Activity {
    /// What it is. Never changes.
    pub kind: ActivityKind,
    /// What it is about, in a line.
    pub subject: Name,
    /// What there is to say of it.
    pub body: Option<Note>,
    /// Who turned to whom; calls and e-mails only.
    pub direction: Option<Flow>,
    /// Until when it is to be done; never on notes.
    pub due_at: Option<Timestamp>,
    /// When it begins; calls and meetings only.
    pub starts_at: Option<Timestamp>,
    /// When it was done; present when it is done.
    pub done_at: Option<Timestamp>,
    /// How long it takes or took, in minutes; calls, meetings and tasks only.
    pub duration_minutes: Option<i64>,
    /// What came of it.
    pub outcome: Option<Name>,
    /// How urgent it is.
    pub priority: Priority,
    /// Where it stands.
    pub status: ActivityStatus,
    /// Who does it. Decides who sees it.
    pub owner_id: Option<MemberId>,
    /// Who wrote it down; nobody when a program did.
    pub created_by: Option<MemberId>,
}

/// That something was done, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Completion {
    /// When; now, when absent.
    pub at: Option<Timestamp>,
    /// What came of it.
    pub outcome: Option<Name>,
    /// How long it took, in minutes; as was planned, when absent.
    pub duration_minutes: Option<i64>,
}

/// What it takes to plan an activity, or to log one that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the activity")]
pub struct NewActivity {
    pub kind: ActivityKind,
    pub subject: Name,
    #[serde(default)]
    pub body: Option<Note>,
    #[serde(default)]
    pub direction: Option<Flow>,
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    #[serde(default)]
    pub starts_at: Option<Timestamp>,
    #[serde(default)]
    pub duration_minutes: Option<i64>,
    #[serde(default)]
    pub priority: Priority,
    /// Who does it; the member who writes it down, when absent.
    #[serde(default)]
    pub owner_id: Option<MemberId>,
    /// That it was done already. Notes always are.
    #[serde(default)]
    pub done: Option<Completion>,
    /// What it is about; at least one record.
    pub records: Vec<RecordRef>,
}

impl NewActivity {
    /// An open activity, or a note, of which only the subject is known.
    #[must_use]
    pub fn about(kind: ActivityKind, subject: Name, records: Vec<RecordRef>) -> Self {
        Self {
            kind,
            subject,
            body: None,
            direction: None,
            due_at: None,
            starts_at: None,
            duration_minutes: None,
            priority: Priority::Normal,
            owner_id: None,
            done: None,
            records,
        }
    }
}

/// A change to an activity. What is absent stays, what is `null` is emptied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the activity")]
pub struct ActivityPatch {
    pub subject: Option<Name>,
    pub body: Patch<Note>,
    pub direction: Patch<Flow>,
    pub due_at: Patch<Timestamp>,
    pub starts_at: Patch<Timestamp>,
    pub duration_minutes: Patch<i64>,
    pub outcome: Patch<Name>,
    pub priority: Option<Priority>,
    pub owner_id: Patch<MemberId>,
}

impl Activity {
    /// A new activity, and the records that it is about, without doubles.
    ///
    /// # Errors
    /// `Unlinked`, `NotForKind`, `BadDuration`, `DoneInFuture`.
    pub fn new(
        new: NewActivity,
        created_by: Option<MemberId>,
        now: Timestamp,
    ) -> Result<(Self, Vec<RecordRef>), ActivityRefusal> {
        let mut records = new.records;
        records.sort();
        records.dedup();
        if records.is_empty() {
            return Err(ActivityRefusal::Unlinked);
        }
        let mut activity = Self {
            kind: new.kind,
            subject: new.subject,
            body: new.body,
            direction: new.direction,
            due_at: new.due_at,
            starts_at: new.starts_at,
            done_at: None,
            duration_minutes: new.duration_minutes,
            outcome: None,
            priority: new.priority,
            status: ActivityStatus::Open,
            owner_id: new.owner_id.or(created_by),
            created_by,
        };
        if let Some(done) = new.done.or_else(|| (new.kind == ActivityKind::Note).then(Completion::default)) {
            activity.finish(done, now)?;
        }
        Ok((activity.checked()?, records))
    }

    /// Changes fields; nothing, when the patch changes nothing.
    ///
    /// # Errors
    /// `Cancelled`, `NotForKind`, `BadDuration`, `OutcomeWhileOpen`; then nothing is changed.
    pub fn change(&mut self, patch: ActivityPatch) -> Result<Option<ActivityEvent>, ActivityRefusal> {
        self.check_not_cancelled()?;
        let mut next = self.clone();
        next.subject = patch.subject.unwrap_or(next.subject);
        next.priority = patch.priority.unwrap_or(next.priority);
        patch.body.apply(&mut next.body);
        patch.direction.apply(&mut next.direction);
        patch.due_at.apply(&mut next.due_at);
        patch.starts_at.apply(&mut next.starts_at);
        patch.duration_minutes.apply(&mut next.duration_minutes);
        patch.outcome.apply(&mut next.outcome);
        patch.owner_id.apply(&mut next.owner_id);
        let next = next.checked()?;
        let changes = changes(self, &next);
        *self = next;
        Ok((!changes.is_empty()).then_some(ActivityEvent::Changed { changes }))
    }

    /// It was done.
    ///
    /// # Errors
    /// `AlreadyDone`, `Cancelled`, `NotForKind`, `BadDuration`, `DoneInFuture`; then nothing is changed.
    pub fn complete(
        &mut self,
        done: Completion,
        records: Vec<RecordRef>,
        now: Timestamp,
    ) -> Result<ActivityEvent, ActivityRefusal> {
        self.check_open()?;
        let mut next = self.clone();
        let done_at = next.finish(done, now)?;
        *self = next.checked()?;
        Ok(ActivityEvent::Completed { outcome: self.outcome.clone(), records, done_at })
    }

    /// It is to be done after all.
    ///
    /// # Errors
    /// `AlreadyOpen`, `NoteStaysDone`.
    pub fn reopen(&mut self) -> Result<ActivityEvent, ActivityRefusal> {
        if self.kind == ActivityKind::Note {
            return Err(ActivityRefusal::NoteStaysDone);
        }
        if self.status == ActivityStatus::Open {
            return Err(ActivityRefusal::AlreadyOpen);
        }
        self.status = ActivityStatus::Open;
        self.done_at = None;
        self.outcome = None;
        Ok(ActivityEvent::Reopened)
    }

    /// It will never be done.
    ///
    /// # Errors
    /// `AlreadyDone`, `Cancelled`.
    pub fn cancel(&mut self) -> Result<ActivityEvent, ActivityRefusal> {
        self.check_open()?;
        self.status = ActivityStatus::Cancelled;
        Ok(ActivityEvent::Cancelled)
    }

    /// When it happened or will; nothing when it has no date of its own.
    #[must_use]
    pub fn happens_at(&self) -> Option<Timestamp> {
        self.done_at.or(self.starts_at).or(self.due_at)
    }

    fn finish(&mut self, done: Completion, now: Timestamp) -> Result<Timestamp, ActivityRefusal> {
        let at = done.at.unwrap_or(now);
        if at > now {
            return Err(ActivityRefusal::DoneInFuture);
        }
        self.status = ActivityStatus::Done;
        self.done_at = Some(at);
        self.outcome = done.outcome;
        self.duration_minutes = done.duration_minutes.or(self.duration_minutes);
        Ok(at)
    }

    pub(super) fn check_not_cancelled(&self) -> Result<(), ActivityRefusal> {
        if self.status == ActivityStatus::Cancelled { Err(ActivityRefusal::Cancelled) } else { Ok(()) }
    }

    fn check_open(&self) -> Result<(), ActivityRefusal> {
        self.check_not_cancelled()?;
        if self.status == ActivityStatus::Done { Err(ActivityRefusal::AlreadyDone) } else { Ok(()) }
    }

    fn checked(self) -> Result<Self, ActivityRefusal> {
        let strangers = [
            ("direction", self.direction.is_some() && !self.kind.has_flow()),
            ("due_at", self.due_at.is_some() && !self.kind.has_due_date()),
            ("starts_at", self.starts_at.is_some() && !self.kind.has_start()),
            ("duration_minutes", self.duration_minutes.is_some() && !self.kind.has_duration()),
        ];
        if let Some((field, _)) = strangers.into_iter().find(|(_, stranger)| *stranger) {
            return Err(ActivityRefusal::NotForKind { kind: self.kind, field });
        }
        let sound = 0..=ActivityRefusal::LONGEST_MINUTES;
        if let Some(minutes) = self.duration_minutes.filter(|minutes| !sound.contains(minutes)) {
            return Err(ActivityRefusal::BadDuration(minutes));
        }
        if self.outcome.is_some() && self.status == ActivityStatus::Open {
            return Err(ActivityRefusal::OutcomeWhileOpen);
        }
        Ok(self)
    }
}
