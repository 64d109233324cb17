//! The caller: who asks, for which organization, with which permissions, over whose records.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::member::MemberId;
use super::organization::OrganizationId;
use super::permission::{Permission, PermissionSet};
use crate::kernel::{Entity, Kind, Predicate, Rule, Test, Value};

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A member of the organization.
    Member(MemberId),
    /// The product itself or a host's program, by name.
    System(String),
}

/// Whose records a caller sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's, and those that nobody owns.
    All,
    /// Those that one of these members owns.
    Owners(Arc<[MemberId]>),
}

/// Who asks. Made once for a request, by sign-in or by the host; carries everything that access depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    organization: OrganizationId,
    actor: Actor,
    permissions: PermissionSet,
    reach: Reach,
}

/// What the door refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefusal {
    /// The caller's role lacks the permission.
    #[error("this role has no permission '{}'; ask an owner or admin of the organization for it", .0.name())]
    PermissionMissing(Permission),
    /// The member may not sign in any more.
    #[error("this member is deactivated; ask an owner or admin of the organization to activate them")]
    MemberInactive,
}

impl Rule for AccessRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::PermissionMissing(_) => "permission.missing",
            Self::MemberInactive => "member.inactive",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Forbidden
    }
}

impl Caller {
    /// A member with what their role allows.
    #[must_use]
    pub fn member(organization: OrganizationId, member: MemberId, permissions: PermissionSet, reach: Reach) -> Self {
        Self { organization, actor: Actor::Member(member), permissions, reach }
    }

    /// The product itself, or a host's own program that needs no member: everything is permitted.
    pub fn system(organization: OrganizationId, name: impl Into<String>) -> Self {
        Self { organization, actor: Actor::System(name.into()), permissions: PermissionSet::all(), reach: Reach::All }
    }

    /// The same caller with no more than these permissions.
    #[must_use]
    pub fn limited_to(mut self, permissions: PermissionSet) -> Self {
        self.permissions = self.permissions.intersection(permissions);
        self
    }

    /// What the caller may do.
    #[must_use]
    pub fn permissions(&self) -> PermissionSet {
        self.permissions
    }

    /// The organization that the caller acts in. Nothing outside it exists for the caller.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }
    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
    /// The member who acts, when it is one.
    #[must_use]
    pub fn member_id(&self) -> Option<MemberId> {
        match &self.actor {
            Actor::Member(member) => Some(*member),
            Actor::System(_) => None,
        }
    }
    /// Whose records the caller sees.
    #[must_use]
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Checks a permission.
    ///
    /// # Errors
    /// `PermissionMissing` when the role has it not.
    pub fn check(&self, permission: Permission) -> Result<(), AccessRefusal> {
        if self.permissions.contains(permission) { Ok(()) } else { Err(AccessRefusal::PermissionMissing(permission)) }
    }

    /// The condition under which the caller sees a record of this kind.
    #[must_use]
    pub fn sees<E: Entity>(&self) -> Predicate<E> {
        match (E::OWNER, &self.reach) {
            (Some(owner), Reach::Owners(members)) => {
                let members = members.iter().map(|member| Value::Uuid(member.uuid()));
                Predicate::Test(owner, Test::In(members.collect()))
            }
            _ => Predicate::everything(),
        }
    }
}
