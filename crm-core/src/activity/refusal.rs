//! What activities refuse.

use super::kind::ActivityKind;
use crate::identity::RecordRef;
use crate::kernel::{FieldProblem, Kind, Rule};

/// What an activity refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActivityRefusal {
    /// It would be linked to nothing, so that nobody would ever see it.
    #[error("an activity needs at least one link; name the lead, contact, account or opportunity that it is about")]
    Unlinked,
    /// It is linked to the record already.
    #[error("the activity is linked to {} {} already", .0.kind.as_str(), .0.id)]
    AlreadyLinked(RecordRef),
    /// The kind has no such field.
    #[error("a {} has no '{field}'; leave it out", kind.as_str())]
    NotForKind {
        /// The kind of the activity.
        kind: ActivityKind,
        /// The field that it has not.
        field: &'static str,
    },
    /// It is done already.
    #[error("the activity is done already; reopen it first, or change what is wrong about it")]
    AlreadyDone,
    /// It was cancelled.
    #[error("the activity was cancelled; reopen it first")]
    Cancelled,
    /// There is nothing to reopen.
    #[error("the activity is open already")]
    AlreadyOpen,
    /// A note is never open.
    #[error("a note is never open; change or delete it instead")]
    NoteStaysDone,
    /// What is done was done in the past.
    #[error("an activity cannot be done in the future; give a due date instead, or the time at which it was done")]
    DoneInFuture,
    /// An outcome belongs to what is done.
    #[error("an open activity has no outcome; complete it with one")]
    OutcomeWhileOpen,
    /// No activity takes negative time, or months.
    #[error("{0} minutes cannot be how long it takes; give 0 to {max}", max = ActivityRefusal::LONGEST_MINUTES)]
    BadDuration(i64),
}

impl ActivityRefusal {
    /// The longest that an activity may take, in minutes: 31 days.
    pub const LONGEST_MINUTES: i64 = 44_640;
}

impl Rule for ActivityRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unlinked => "activity.unlinked",
            Self::AlreadyLinked(_) => "activity.already_linked",
            Self::NotForKind { .. } => "activity.not_for_kind",
            Self::AlreadyDone => "activity.already_done",
            Self::Cancelled => "activity.cancelled",
            Self::AlreadyOpen => "activity.already_open",
            Self::NoteStaysDone => "activity.note_stays_done",
            Self::DoneInFuture => "activity.done_in_future",
            Self::OutcomeWhileOpen => "activity.outcome_while_open",
            Self::BadDuration(_) => "activity.bad_duration",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::NotForKind { .. } | Self::DoneInFuture | Self::BadDuration(_) => Kind::Invalid,
            _ => Kind::Conflict,
        }
    }
    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::NotForKind { field, .. } => vec![FieldProblem::of(*field, self)],
            Self::BadDuration(_) => vec![FieldProblem::of("duration_minutes", self)],
            _ => Vec::new(),
        }
    }
}
