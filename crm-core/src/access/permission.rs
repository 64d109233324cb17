//! The things that can be permitted, and sets of them.

use serde::{Deserialize, Serialize};

/// Whether a transaction will write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// It only reads; many may run at once everywhere.
    Read,
    /// It may write.
    Write,
}

/// Something that a caller may be permitted to do. A transaction is opened by naming one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name is the noun and the verb")]
pub enum Permission {
    OrganizationRead,
    OrganizationConfigure,
    MemberRead,
    MemberConfigure,
    LeadRead,
    LeadCreate,
    LeadUpdate,
    LeadDelete,
    LeadConvert,
    LeadAssign,
    LeadImport,
    LeadExport,
    ContactRead,
    ContactCreate,
    ContactUpdate,
    ContactDelete,
    AccountRead,
    AccountCreate,
    AccountUpdate,
    AccountDelete,
    OpportunityRead,
    OpportunityCreate,
    OpportunityUpdate,
    OpportunityDelete,
    ActivityRead,
    ActivityCreate,
    ActivityUpdate,
    ActivityDelete,
    PipelineRead,
    PipelineConfigure,
    ForecastRead,
    ForecastOverride,
    CustomFieldRead,
    CustomFieldConfigure,
    ScoringRead,
    ScoringConfigure,
    EngagementRecord,
    AssignmentRead,
    AssignmentConfigure,
    DuplicateRead,
    DuplicateConfigure,
    BillingRead,
    BillingManage,
    InboxRead,
    InboxReply,
    InboxSendBulk,
    InboxConfigure,
    InboxReceive,
    EventRead,
    AgendaRun,
    AnalyticsRead,
}

impl Permission {
    /// Every permission there is, in the order of their bits.
    pub const ALL: &'static [Permission] = {
        use Permission as P;
        &[
            P::OrganizationRead,
            P::OrganizationConfigure,
            P::MemberRead,
            P::MemberConfigure,
            P::LeadRead,
            P::LeadCreate,
            P::LeadUpdate,
            P::LeadDelete,
            P::LeadConvert,
            P::LeadAssign,
            P::LeadImport,
            P::LeadExport,
            P::ContactRead,
            P::ContactCreate,
            P::ContactUpdate,
            P::ContactDelete,
            P::AccountRead,
            P::AccountCreate,
            P::AccountUpdate,
            P::AccountDelete,
            P::OpportunityRead,
            P::OpportunityCreate,
            P::OpportunityUpdate,
            P::OpportunityDelete,
            P::ActivityRead,
            P::ActivityCreate,
            P::ActivityUpdate,
            P::ActivityDelete,
            P::PipelineRead,
            P::PipelineConfigure,
            P::ForecastRead,
            P::ForecastOverride,
            P::CustomFieldRead,
            P::CustomFieldConfigure,
            P::ScoringRead,
            P::ScoringConfigure,
            P::EngagementRecord,
            P::AssignmentRead,
            P::AssignmentConfigure,
            P::DuplicateRead,
            P::DuplicateConfigure,
            P::BillingRead,
            P::BillingManage,
            P::InboxRead,
            P::InboxReply,
            P::InboxSendBulk,
            P::InboxConfigure,
            P::InboxReceive,
            P::EventRead,
            P::AgendaRun,
            P::AnalyticsRead,
        ]
    };

    /// Whether what it permits only reads. An export writes down that it happened.
    #[must_use]
    pub const fn intent(self) -> Intent {
        use Permission as P;
        match self {
            P::OrganizationRead
            | P::MemberRead
            | P::LeadRead
            | P::ContactRead
            | P::AccountRead
            | P::OpportunityRead
            | P::ActivityRead
            | P::PipelineRead
            | P::ForecastRead
            | P::CustomFieldRead
            | P::ScoringRead
            | P::AssignmentRead
            | P::DuplicateRead
            | P::BillingRead
            | P::InboxRead
            | P::EventRead
            | P::AnalyticsRead => Intent::Read,
            _ => Intent::Write,
        }
    }

    /// The name in JSON and in messages, for example `lead_convert`.
    #[must_use]
    pub fn name(self) -> String {
        format!("{self:?}").chars().fold(String::new(), |mut name, c| {
            if c.is_ascii_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
            name
        })
    }

    fn bit(self) -> u128 {
        Self::ALL.iter().position(|known| *known == self).map_or(0, |index| 1 << index)
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Permission>", into = "Vec<Permission>")]
pub struct PermissionSet(u128);

impl PermissionSet {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }
    /// Everything that only reads.
    #[must_use]
    pub fn reading() -> Self {
        Permission::ALL.iter().copied().filter(|permission| permission.intent() == Intent::Read).collect()
    }
    /// Whether it contains the permission.
    #[must_use]
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }
    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    /// What is in this set and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
    /// The permissions in it.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}
impl From<Vec<Permission>> for PermissionSet {
    fn from(permissions: Vec<Permission>) -> Self {
        permissions.into_iter().collect()
    }
}
impl From<PermissionSet> for Vec<Permission> {
    fn from(set: PermissionSet) -> Self {
        set.iter().collect()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for PermissionSet {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <Vec<Permission> as utoipa::PartialSchema>::schema()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for PermissionSet {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        use utoipa::{PartialSchema, ToSchema};
        schemas.push((<Permission as ToSchema>::name().into_owned(), Permission::schema()));
        <Permission as ToSchema>::schemas(schemas);
    }
}
