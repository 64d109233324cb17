//! Invitations: a promise of membership, by mail, good once and for a while.

use serde::{Deserialize, Serialize};

use crate::access::{CustomRole, CustomRoleId, StandardRole};
use crate::kernel::{Column, EmailAddress, Entity, Field, Id, Reference, Timestamp, ValueRef};

/// Identifier of an invitation.
pub type InvitationId = Id<Invitation>;

/// An invitation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invitation {
    /// Who is invited.
    pub email: EmailAddress,
    /// The role that they will have.
    pub role: StandardRole,
    /// The role of the tenant's own that takes its place.
    pub custom_role_id: Option<CustomRoleId>,
    /// Hash of the token in the mail.
    pub token_hash: String,
    /// When it is over.
    pub expires_at: Timestamp,
    /// When it was accepted or taken back.
    pub closed_at: Option<Timestamp>,
}

/// Whom to invite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// Who is invited.
    pub email: EmailAddress,
    /// The role that they will have.
    pub role: StandardRole,
    /// The role of the tenant's own that takes its place.
    #[serde(default)]
    pub custom_role_id: Option<CustomRoleId>,
}

impl Invitation {
    /// When it is over.
    pub const EXPIRES_AT: Column<Self, Timestamp> =
        Column::required("expires_at", |row| ValueRef::Time(row.expires_at));

    /// Whether it can be accepted with this token now.
    #[must_use]
    pub fn is_good(&self, token_hash: &str, now: Timestamp) -> bool {
        self.closed_at.is_none() && now < self.expires_at && self.token_hash == token_hash
    }
}

impl Entity for Invitation {
    const NAME: &'static str = "invitation";
    const FIELDS: &'static [Field<Self>] = &[Self::EXPIRES_AT.field()];
    const REFERENCES: &'static [Reference<Self>] = &[Reference {
        column: "custom_role_id",
        target: CustomRole::NAME,
        read: |row| row.custom_role_id.map(Id::uuid),
    }];
}
