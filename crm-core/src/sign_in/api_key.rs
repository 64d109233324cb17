//! Keys for programs: a member's own permissions, or fewer of them.

use serde::{Deserialize, Serialize};

use crate::access::{Member, MemberId, PermissionSet};
use crate::kernel::text::Name;
use crate::kernel::{Column, Entity, Field, Id, Reference, Timestamp, ValueRef};

/// Identifier of a key.
pub type ApiKeyId = Id<ApiKey>;

/// A key with which a program acts for a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// For whom it acts.
    pub member_id: MemberId,
    /// What it is for.
    pub name: Name,
    /// Hash of the key.
    pub key_hash: String,
    /// What it may do, of what the member may; everything, when there is nothing.
    pub scopes: Option<PermissionSet>,
    /// When it is over.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// What it takes to make a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// What it is for.
    pub name: Name,
    /// What it may do, of what the member may; everything, when there is nothing.
    #[serde(default)]
    pub scopes: Option<PermissionSet>,
    /// When it is over.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

impl ApiKey {
    /// For whom it acts.
    pub const MEMBER: Column<Self, MemberId> =
        Column::required_key("member_id", |row| ValueRef::Uuid(row.member_id.uuid()));

    /// Whether it is good now.
    #[must_use]
    pub fn is_good(&self, key_hash: &str, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end) && self.key_hash == key_hash
    }
}

impl Entity for ApiKey {
    const NAME: &'static str = "api_key";
    const FIELDS: &'static [Field<Self>] = &[Self::MEMBER.field()];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "member_id", target: Member::NAME, read: |row| Some(row.member_id.uuid()) }];
}
