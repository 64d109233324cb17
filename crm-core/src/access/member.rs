//! Members: the people who work in an organization.

use serde::{Deserialize, Serialize};

use super::role::{CustomRole, CustomRoleId, StandardRole};
use crate::kernel::email::EmailAddress;
use crate::kernel::text::Name;
use crate::kernel::{Column, DomainEvent, Entity, Field, Id, Key, Reference, Value, ValueRef};

/// Identifier of a member.
pub type MemberId = Id<Member>;

/// A person who works in the organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// Name for people.
    pub name: Name,
    /// Address, unique within the organization by [`EmailAddress::key`].
    pub email: EmailAddress,
    /// The address's key, for stores to hold unique.
    pub(super) email_key: String,
    /// One of the six roles.
    pub role: StandardRole,
    /// A role of the tenant's own, which takes the standard one's place.
    pub custom_role_id: Option<CustomRoleId>,
    /// Whether they may sign in and be given leads.
    pub active: bool,
}

/// What it takes to add a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// See [`Member::name`].
    pub name: Name,
    /// See [`Member::email`].
    pub email: EmailAddress,
    /// See [`Member::role`].
    pub role: StandardRole,
    /// See [`Member::custom_role_id`].
    #[serde(default)]
    pub custom_role_id: Option<CustomRoleId>,
}

impl Member {
    /// Whether they may sign in and be given leads.
    pub const ACTIVE: Column<Self, bool> = Column::required("active", |row| ValueRef::Bool(row.active));
    /// Key of their address.
    pub const EMAIL_KEY: Column<Self, String> =
        Column::required_key("email_key", |row| ValueRef::Text(&row.value.email_key));
    /// Their standard role.
    pub const ROLE: Column<Self, String> = Column::required("role", |row| ValueRef::Text(row.role.as_str()));
    /// Their custom role.
    pub const CUSTOM_ROLE: Column<Self, CustomRoleId> = Column::optional("custom_role_id", |row| {
        row.custom_role_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid()))
    });

    /// An active member.
    #[must_use]
    pub fn new(new: NewMember) -> Self {
        Self {
            email_key: new.email.key().to_owned(),
            name: new.name,
            email: new.email,
            role: new.role,
            custom_role_id: new.custom_role_id,
            active: true,
        }
    }
}

impl Entity for Member {
    const NAME: &'static str = "member";
    const FIELDS: &'static [Field<Self>] =
        &[Self::ACTIVE.field(), Self::EMAIL_KEY.field(), Self::ROLE.field(), Self::CUSTOM_ROLE.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "email_key",
        columns: &["email_key"],
        read: |member| Some(vec![Value::Text(member.email_key.clone())]),
    }];
    const REFERENCES: &'static [Reference<Self>] = &[Reference {
        column: "custom_role_id",
        target: CustomRole::NAME,
        read: |member| member.custom_role_id.map(Id::uuid),
    }];
}

/// What happens to members.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberEvent {
    /// They were added.
    Added,
    /// Their name or role was changed.
    Changed,
    /// They may not sign in any more.
    Deactivated,
    /// They may sign in again.
    Activated,
}

impl DomainEvent for MemberEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Added => "member.added",
            Self::Changed => "member.changed",
            Self::Deactivated => "member.deactivated",
            Self::Activated => "member.activated",
        }
    }
}
