//! What happens to leads.

use serde::Serialize;
use uuid::Uuid;

use super::model::{Lead, LeadId};
use super::status::LeadStatus;
use crate::access::MemberId;
use crate::event::Change;
use crate::kernel::DomainEvent;
use crate::kernel::Explanation;
use crate::kernel::text::{Line, Name};
use crate::people::{AccountId, ContactId};

/// What happens to leads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadEvent {
    /// It came in.
    Created {
        /// Where from.
        source: Option<Name>,
    },
    /// Its fields were changed.
    Changed {
        /// Which, from what to what.
        changes: Vec<Change>,
    },
    /// Someone has spoken with them.
    Contacted {
        /// The state before.
        from: LeadStatus,
    },
    /// They want and can buy.
    Qualified {
        /// The state before.
        from: LeadStatus,
    },
    /// They do not, for now.
    Disqualified {
        /// The state before.
        from: LeadStatus,
        /// Why.
        reason: Option<Name>,
    },
    /// An unqualified one is new again.
    Reopened,
    /// Someone was made responsible, or nobody any more.
    Assigned {
        /// Who was before.
        from: Option<MemberId>,
        /// Who is now.
        to: Option<MemberId>,
        /// Why.
        why: Explanation,
    },
    /// It lives on as other records.
    Converted {
        /// The person.
        contact_id: Option<ContactId>,
        /// The company.
        account_id: Option<AccountId>,
        /// The deal.
        opportunity_id: Option<Uuid>,
    },
    /// They came by again through some marketing.
    Touched {
        /// Where from.
        source: Option<Line<200>>,
        /// Why it is them.
        why: Explanation,
    },
    /// Another lead that was the same person has come into it.
    Merged {
        /// The one that is gone.
        loser: LeadId,
        /// The whole of it, as it was.
        was: Box<Lead>,
        /// What changed here.
        changes: Vec<Change>,
    },
    /// It has gone into another lead that is the same person.
    MergedInto {
        /// The one that stays.
        into: LeadId,
    },
    /// It was removed.
    Deleted,
}

impl DomainEvent for LeadEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "lead.created",
            Self::Changed { .. } => "lead.changed",
            Self::Contacted { .. } => "lead.contacted",
            Self::Qualified { .. } => "lead.qualified",
            Self::Disqualified { .. } => "lead.disqualified",
            Self::Reopened => "lead.reopened",
            Self::Assigned { .. } => "lead.assigned",
            Self::Converted { .. } => "lead.converted",
            Self::Touched { .. } => "lead.touched",
            Self::Merged { .. } => "lead.merged",
            Self::MergedInto { .. } => "lead.merged_into",
            Self::Deleted => "lead.deleted",
        }
    }
}
