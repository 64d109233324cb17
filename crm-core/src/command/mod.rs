//! Commands that may arrive twice: a caller who heard no answer repeats the command under the same key.
//!
//! The key is kept in the same commit as the effect, so that the effect happens once, whoever races; the answer is kept
//! before it is given, so that a repetition hears the same bytes. A command that was refused keeps nothing. The keeping
//! itself is in [`crate::store`], since every commit takes part in it.
//!
//! Refused: the same key for something else, and a repetition while the first is still at work.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kernel::{Column, Entity, Field, Key, Kind, Part, Rule, Timestamp, Value, ValueRef};

/// How long a key is remembered: two days.
pub const REMEMBERED: Duration = Duration::from_hours(48);

/// A command as its caller names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandName {
    /// Who repeats it: keys of different principals never meet.
    pub principal: String,
    /// The key that the caller chose.
    pub key: String,
    /// A digest of what is to be done, to tell a repetition from another command.
    pub fingerprint: String,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandAnswer {
    /// Status of the protocol.
    pub status: u16,
    /// Further fields of the answer's head, by name.
    pub head: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: String,
}

/// The trace of a command that has had its effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandKey {
    /// Who gave the command.
    pub principal: String,
    /// The key that they chose.
    pub key: String,
    /// A digest of what was to be done.
    pub fingerprint: String,
    /// What was answered; nothing while the command is at work, or when its process ended before it could answer.
    pub answer: Option<CommandAnswer>,
    /// When the key is forgotten.
    pub expires_at: Timestamp,
}

impl CommandKey {
    /// Who gave the command.
    pub const PRINCIPAL: Column<Self, String> =
        Column::required_indexed("principal", |row| ValueRef::Text(&row.value.principal));
    /// The key that they chose.
    pub const KEY: Column<Self, String> = Column::required("key", |row| ValueRef::Text(&row.value.key));
    /// When the key is forgotten.
    pub const EXPIRES_AT: Column<Self, Timestamp> =
        Column::required_indexed("expires_at", |row| ValueRef::Time(row.expires_at));
}

impl Entity for CommandKey {
    const NAME: &'static str = "command_key";
    const FIELDS: &'static [Field<Self>] = &[Self::PRINCIPAL.field(), Self::KEY.field(), Self::EXPIRES_AT.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "principal_key",
        columns: &["principal", "key"],
        read: |row| Some(vec![Value::Text(row.principal.clone()), Value::Text(row.key.clone())]),
    }];
}
impl Part for CommandKey {}

/// Why a repeated command is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandRefusal {
    /// The key was used for something else.
    #[error("this key was used for another request; choose a new key for each request")]
    KeyReused,
    /// The first is still at work, or ended without an answer.
    #[error("a request with this key has taken effect or is at work; try again shortly, or read what it made")]
    AtWork,
}

impl Rule for CommandRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::KeyReused => "idempotency_key.reused",
            Self::AtWork => "idempotency_key.at_work",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::KeyReused => Kind::Invalid,
            Self::AtWork => Kind::Conflict,
        }
    }
}
