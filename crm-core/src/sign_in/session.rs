//! A family of refresh tokens: each is good once and makes the next.

use serde::{Deserialize, Serialize};

use crate::access::{Member, MemberId};
use crate::kernel::{Column, Entity, Field, Id, Part, Reference, Timestamp, ValueRef};

/// Identifier of a sign-in.
pub type SignInId = Id<SignIn>;

/// One sign-in of a member on one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignIn {
    /// Who.
    pub member_id: MemberId,
    /// Hash of the newest token.
    pub token_hash: String,
    /// Which token of the family that is, from 1.
    pub generation: i64,
    /// When the whole family is over, however often it was renewed.
    pub expires_at: Timestamp,
    /// When it was ended before its time.
    pub ended_at: Option<Timestamp>,
}

/// What a presented token means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    /// It is the newest: it makes the next.
    Newest,
    /// It was used before: somebody has it who should not.
    Used,
    /// The family is over, or this was never a token of it.
    Worthless,
}

impl SignIn {
    /// Who.
    pub const MEMBER: Column<Self, MemberId> =
        Column::required_key("member_id", |row| ValueRef::Uuid(row.member_id.uuid()));

    pub(super) fn judge(&self, generation: i64, token_hash: &str, now: Timestamp) -> Presented {
        if self.ended_at.is_some() || self.expires_at <= now || generation > self.generation {
            Presented::Worthless
        } else if generation < self.generation {
            Presented::Used
        } else if self.token_hash == token_hash {
            Presented::Newest
        } else {
            Presented::Worthless
        }
    }
}

impl Entity for SignIn {
    const NAME: &'static str = "sign_in";
    const FIELDS: &'static [Field<Self>] = &[Self::MEMBER.field()];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "member_id", target: Member::NAME, read: |row| Some(row.member_id.uuid()) }];
}
impl Part for SignIn {}
