//! What happens to activities.

use serde::Serialize;

use super::kind::ActivityKind;
use crate::event::Change;
use crate::identity::RecordRef;
use crate::kernel::text::Name;
use crate::kernel::{DomainEvent, Timestamp};

/// What happens to activities.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityEvent {
    /// It was planned, or logged as done.
    Created {
        /// What it is.
        kind: ActivityKind,
        /// What it is about.
        records: Vec<RecordRef>,
        /// When it was done, when it was logged as done; then no `activity.completed` follows.
        done_at: Option<Timestamp>,
    },
    /// Its fields were changed.
    Changed {
        /// Which, from what to what.
        changes: Vec<Change>,
    },
    /// It was done.
    Completed {
        /// What came of it.
        outcome: Option<Name>,
        /// What it is about.
        records: Vec<RecordRef>,
        /// When it was done, which may be before it is said.
        done_at: Timestamp,
    },
    /// It is to be done after all.
    Reopened,
    /// It will never be done.
    Cancelled,
    /// It is about a further record.
    Linked(RecordRef),
    /// It is not about a record any more.
    Unlinked(RecordRef),
    /// It was removed.
    Deleted,
}

impl DomainEvent for ActivityEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "activity.created",
            Self::Changed { .. } => "activity.changed",
            Self::Completed { .. } => "activity.completed",
            Self::Reopened => "activity.reopened",
            Self::Cancelled => "activity.cancelled",
            Self::Linked(_) => "activity.linked",
            Self::Unlinked(_) => "activity.unlinked",
            Self::Deleted => "activity.deleted",
        }
    }
}
