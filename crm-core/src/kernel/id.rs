//! One generic identifier for every kind of record, so that a lead's id can't be handed in as a contact's.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::error::{Kind, Rule};

/// Identifier of an `E`. Made by the injected [`IdSource`] as a time-ordered UUID (version 7).
pub struct Id<E>(Uuid, PhantomData<fn() -> E>);

impl<E> Id<E> {
    /// Takes a UUID for the identifier of an `E`.
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }
    /// The bare UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl<E> Clone for Id<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Id<E> {}
impl<E> PartialEq for Id<E> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<E> Eq for Id<E> {}
impl<E> PartialOrd for Id<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Id<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<E> Hash for Id<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<E> fmt::Debug for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
impl<E> fmt::Display for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
impl<E> Serialize for Id<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, E> Deserialize<'de> for Id<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::new)
    }
}

/// A text that is no identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is not an identifier; give a UUID such as 018f4e5a-0000-7000-8000-000000000000")]
pub struct MalformedId {
    given: String,
}

impl Rule for MalformedId {
    fn code(&self) -> &'static str {
        "id.malformed"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl<E> FromStr for Id<E> {
    type Err = MalformedId;
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        Uuid::try_parse(text).map(Self::new).map_err(|_| MalformedId { given: text.chars().take(80).collect() })
    }
}

/// Where new identifiers come from. Adapters make version 7 UUIDs; tests make a sequence.
pub trait IdSource: Send + Sync {
    /// A UUID that was never given out before. `now` goes into its time part.
    fn next(&self, now: super::time::Timestamp) -> Uuid;
}
