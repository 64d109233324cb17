//! Roles: a set of permissions and how far they reach.

use serde::{Deserialize, Serialize};

use super::permission::{Permission, PermissionSet};
use crate::kernel::text::Name;
use crate::kernel::{Column, DomainEvent, Entity, Field, Id, Key, Value, ValueRef};

/// Whose records a role sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoleReach {
    /// The member's own.
    Own,
    /// Those of the members of the member's teams.
    Team,
    /// Those of the members of the member's teams and of all teams below them.
    Subtree,
    /// Everybody's, and those that nobody owns.
    All,
}

/// The six roles that every organization has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StandardRole {
    /// Everything. An organization always has an active one.
    Owner,
    /// Everything; billing stays with owners and admins alike.
    Admin,
    /// Works with the records of the teams below; assigns, imports, exports, overrides forecasts.
    Manager,
    /// Works with own records and converts own leads.
    SalesRep,
    /// Brings in leads and records what they do; sees everything, changes no deals.
    Marketing,
    /// Sees everything, changes nothing.
    Viewer,
}

impl StandardRole {
    /// All six.
    pub const ALL: &'static [Self] =
        &[Self::Owner, Self::Admin, Self::Manager, Self::SalesRep, Self::Marketing, Self::Viewer];

    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::SalesRep => "sales_rep",
            Self::Marketing => "marketing",
            Self::Viewer => "viewer",
        }
    }

    /// What the role may do.
    #[must_use]
    pub fn permissions(self) -> PermissionSet {
        use Permission as P;
        let looking = [
            P::OrganizationRead,
            P::MemberRead,
            P::LeadRead,
            P::ContactRead,
            P::AccountRead,
            P::OpportunityRead,
            P::ActivityRead,
            P::PipelineRead,
            P::CustomFieldRead,
            P::ScoringRead,
            P::AssignmentRead,
            P::DuplicateRead,
            P::ForecastRead,
            P::BillingRead,
            P::InboxRead,
            P::AnalyticsRead,
        ];
        let selling = [
            P::LeadCreate,
            P::LeadUpdate,
            P::LeadConvert,
            P::ContactCreate,
            P::ContactUpdate,
            P::AccountCreate,
            P::AccountUpdate,
            P::OpportunityCreate,
            P::OpportunityUpdate,
            P::ActivityCreate,
            P::ActivityUpdate,
            P::ActivityDelete,
            P::EngagementRecord,
            P::InboxReply,
        ];
        let managing = [
            P::LeadDelete,
            P::LeadAssign,
            P::LeadImport,
            P::LeadExport,
            P::ContactDelete,
            P::AccountDelete,
            P::OpportunityDelete,
            P::ForecastOverride,
            P::EventRead,
            P::InboxSendBulk,
        ];
        let marketing = [
            P::LeadCreate,
            P::LeadUpdate,
            P::LeadImport,
            P::LeadExport,
            P::ActivityCreate,
            P::EngagementRecord,
            P::ScoringConfigure,
            P::DuplicateConfigure,
            P::InboxSendBulk,
        ];
        match self {
            Self::Owner | Self::Admin => PermissionSet::all(),
            Self::Manager => looking.into_iter().chain(selling).chain(managing).collect(),
            Self::SalesRep => looking.into_iter().chain(selling).collect(),
            Self::Marketing => looking.into_iter().chain(marketing).collect(),
            Self::Viewer => looking.into_iter().collect(),
        }
    }

    /// Whose records the role sees.
    #[must_use]
    pub const fn reach(self) -> RoleReach {
        match self {
            Self::Owner | Self::Admin | Self::Marketing | Self::Viewer => RoleReach::All,
            Self::Manager => RoleReach::Subtree,
            Self::SalesRep => RoleReach::Own,
        }
    }
}

/// Identifier of a custom role.
pub type CustomRoleId = Id<CustomRole>;

/// A role of the tenant's own making, which takes the place of a member's standard role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomRole {
    /// Name, unique within the organization.
    pub name: Name,
    /// What it may do.
    pub permissions: PermissionSet,
    /// Whose records it sees.
    pub reach: RoleReach,
}

impl CustomRole {
    /// Name of the role.
    pub const NAME_FIELD: Column<Self, String> = Column::required("name", |row| ValueRef::Text(row.name.as_str()));
}

impl Entity for CustomRole {
    const NAME: &'static str = "custom_role";
    const FIELDS: &'static [Field<Self>] = &[Self::NAME_FIELD.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "name",
        columns: &["name"],
        read: |role| Some(vec![Value::Text(role.name.as_str().to_owned())]),
    }];
}

/// What happens to custom roles.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleEvent {
    /// It was made.
    Created,
    /// Its permissions or reach were changed.
    Changed,
    /// It was removed.
    Deleted,
}

impl DomainEvent for RoleEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "custom_role.created",
            Self::Changed => "custom_role.changed",
            Self::Deleted => "custom_role.deleted",
        }
    }
}
