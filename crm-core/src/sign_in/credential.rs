//! A member's password and second factor, and how failed attempts lock them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::CredentialEvent;
use super::refusal::SignInRefusal;
use crate::access::{Member, MemberId};
use crate::kernel::{Column, Entity, Field, Id, Key, Part, Reference, Timestamp, Value, ValueRef};

/// Identifier of a credential.
pub type CredentialId = Id<Credential>;

/// So many attempts may fail before the first lock.
const FREE_FAILURES: i64 = 5;
/// How long the first lock lasts; each further failure doubles it.
const FIRST_LOCK: Duration = Duration::from_mins(1);
/// No lock doubles more often than this: a little over an hour.
const MOST_DOUBLINGS: i64 = 6;

/// A second factor: a shared secret that makes a code for every half minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totp {
    /// The secret, sealed by the facade.
    pub sealed: String,
    /// Whether a first code has proven that the member has it.
    pub confirmed: bool,
    /// The step of the last code that was taken; no code is taken twice.
    pub last_step: i64,
}

/// A member's password and second factor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Credential {
    /// Whose.
    pub member_id: MemberId,
    /// The password's hash, in the PHC format, salt and parameters included.
    pub password_hash: String,
    /// Attempts that failed since the last one that did not.
    pub failures: i64,
    /// Until when nothing is tried.
    pub locked_until: Option<Timestamp>,
    /// The second factor.
    pub totp: Option<Totp>,
}

impl Credential {
    /// Whose.
    pub const MEMBER: Column<Self, MemberId> =
        Column::required_key("member_id", |row| ValueRef::Uuid(row.member_id.uuid()));

    /// A password alone.
    #[must_use]
    pub fn new(member_id: MemberId, password_hash: String) -> Self {
        Self { member_id, password_hash, failures: 0, locked_until: None, totp: None }
    }

    /// Whether nothing is tried now.
    #[must_use]
    pub fn is_locked(&self, now: Timestamp) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    /// Counts an attempt that failed.
    pub fn fail(&mut self, now: Timestamp) -> Option<CredentialEvent> {
        self.failures = self.failures.saturating_add(1);
        let doublings = u32::try_from((self.failures - FREE_FAILURES).min(MOST_DOUBLINGS)).ok()?;
        let until = now.plus(FIRST_LOCK.saturating_mul(1 << doublings));
        self.locked_until = Some(until);
        Some(CredentialEvent::Locked { until })
    }

    /// An attempt succeeded.
    pub fn pass(&mut self) {
        self.failures = 0;
        self.locked_until = None;
    }

    /// Takes another password, and the lock away.
    pub fn set_password(&mut self, hash: String) -> CredentialEvent {
        self.password_hash = hash;
        self.pass();
        CredentialEvent::PasswordChanged
    }

    /// Whether a code is asked for.
    #[must_use]
    pub fn needs_code(&self) -> bool {
        self.totp.as_ref().is_some_and(|totp| totp.confirmed)
    }

    /// Keeps a secret that is not asked for yet.
    ///
    /// # Errors
    /// `SecondFactorPresent` when one is asked for already.
    pub fn offer_code(&mut self, sealed: String) -> Result<(), SignInRefusal> {
        if self.needs_code() {
            return Err(SignInRefusal::SecondFactorPresent);
        }
        self.totp = Some(Totp { sealed, confirmed: false, last_step: 0 });
        Ok(())
    }

    /// Takes the code of a step that the facade has found right, once.
    ///
    /// # Errors
    /// `CodeRefused` when that step, or a later one, was taken before.
    pub fn take_code(&mut self, step: i64) -> Result<Option<CredentialEvent>, SignInRefusal> {
        let totp = self.totp.as_mut().filter(|totp| step > totp.last_step).ok_or(SignInRefusal::CodeRefused)?;
        totp.last_step = step;
        let first = !totp.confirmed;
        totp.confirmed = true;
        Ok(first.then_some(CredentialEvent::SecondFactorAdded))
    }
}

impl Entity for Credential {
    const NAME: &'static str = "credential";
    const FIELDS: &'static [Field<Self>] = &[Self::MEMBER.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "member_id",
        columns: &["member_id"],
        read: |row| Some(vec![Value::Uuid(row.member_id.uuid())]),
    }];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "member_id", target: Member::NAME, read: |row| Some(row.member_id.uuid()) }];
}
impl Part for Credential {}
