//! Resets of forgotten passwords, by mail, good once and for a while.

use serde::{Deserialize, Serialize};

use crate::access::{Member, MemberId};
use crate::kernel::{Column, Entity, Field, Id, Reference, Timestamp, ValueRef};

/// Identifier of a reset.
pub type PasswordResetId = Id<PasswordReset>;

/// A reset that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PasswordReset {
    /// Whose password.
    pub member_id: MemberId,
    /// Hash of the token in the mail.
    pub token_hash: String,
    /// When it is over.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

impl PasswordReset {
    /// Whose password.
    pub const MEMBER: Column<Self, MemberId> =
        Column::required_key("member_id", |row| ValueRef::Uuid(row.member_id.uuid()));

    /// Whether it can be used with this token now.
    #[must_use]
    pub fn is_good(&self, token_hash: &str, now: Timestamp) -> bool {
        self.used_at.is_none() && now < self.expires_at && self.token_hash == token_hash
    }
}

impl Entity for PasswordReset {
    const NAME: &'static str = "password_reset";
    const FIELDS: &'static [Field<Self>] = &[Self::MEMBER.field()];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "member_id", target: Member::NAME, read: |row| Some(row.member_id.uuid()) }];
}
