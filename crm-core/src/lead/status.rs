//! The states of a lead, and the tenant's own names for them.

use serde::{Deserialize, Serialize};

use crate::kernel::text::Label;
use crate::kernel::{Column, DomainEvent, Entity, Field, Id, Key, Value, ValueRef};

/// The state of a lead. Every state that a tenant names is one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LeadStatus {
    /// Nobody has spoken with them yet.
    New,
    /// Someone has.
    Contacted,
    /// They want and can buy.
    Qualified,
    /// They do not, for now.
    Unqualified,
    /// They live on as contact, account or opportunity. Final.
    Converted,
}

impl LeadStatus {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::New, Self::Contacted, Self::Qualified, Self::Unqualified, Self::Converted];

    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Contacted => "contacted",
            Self::Qualified => "qualified",
            Self::Unqualified => "unqualified",
            Self::Converted => "converted",
        }
    }

    /// Whether someone is to work on a lead in this state.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Contacted | Self::Qualified)
    }

    /// The table of states: whether a lead in this one may go to `next`.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        use LeadStatus::{Contacted, Converted, New, Qualified, Unqualified};
        matches!(
            (self, next),
            (New, Contacted | Qualified | Unqualified | Converted)
                | (Contacted, Qualified | Unqualified | Converted)
                | (Qualified, Contacted | Unqualified | Converted)
                | (Unqualified, New)
        )
    }
}

/// Identifier of a label.
pub type StatusLabelId = Id<StatusLabel>;

/// A tenant's own name for a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusLabel {
    /// The name, unique within the organization.
    pub label: Label,
    /// The state that it stands for; never `Converted`.
    pub status: LeadStatus,
}

impl StatusLabel {
    /// The name.
    pub const LABEL: Column<Self, String> = Column::required_indexed("label", |row| ValueRef::Text(row.label.as_str()));
}

impl Entity for StatusLabel {
    const NAME: &'static str = "lead_status_label";
    const FIELDS: &'static [Field<Self>] = &[Self::LABEL.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "label",
        columns: &["label"],
        read: |label| Some(vec![Value::Text(label.label.as_str().to_owned())]),
    }];
}

/// What happens to labels.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusLabelEvent {
    /// It was made.
    Created,
    /// It was removed.
    Deleted,
}

impl DomainEvent for StatusLabelEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "lead_status_label.created",
            Self::Deleted => "lead_status_label.deleted",
        }
    }
}
