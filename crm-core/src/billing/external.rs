//! Names that the provider gave, and whose they are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::kernel::{Kind, Rule};

/// An identifier that the provider gave: 1 to 255 visible ASCII characters without spaces.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExternalId(String);

/// A text that is no identifier of a provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is no identifier of a billing provider; give 1 to 255 visible ASCII characters, such as cus_123")]
pub struct MalformedExternalId {
    given: String,
}

impl Rule for MalformedExternalId {
    fn code(&self) -> &'static str {
        "external_id.malformed"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl ExternalId {
    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ExternalId {
    type Error = MalformedExternalId;
    fn try_from(id: String) -> Result<Self, MalformedExternalId> {
        let sound = (1..=255).contains(&id.len()) && id.chars().all(|c| c.is_ascii_graphic());
        if sound { Ok(Self(id)) } else { Err(MalformedExternalId { given: id.chars().take(80).collect() }) }
    }
}
impl FromStr for ExternalId {
    type Err = MalformedExternalId;
    fn from_str(id: &str) -> Result<Self, MalformedExternalId> {
        Self::try_from(id.to_owned())
    }
}
impl From<ExternalId> for String {
    fn from(id: ExternalId) -> Self {
        id.0
    }
}
impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one effect at the provider, so that asking twice has it once. Stored before the first asking.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdempotencyKey(ExternalId);

impl IdempotencyKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}
impl TryFrom<String> for IdempotencyKey {
    type Error = MalformedExternalId;
    fn try_from(key: String) -> Result<Self, MalformedExternalId> {
        ExternalId::try_from(key).map(Self)
    }
}
impl FromStr for IdempotencyKey {
    type Err = MalformedExternalId;
    fn from_str(key: &str) -> Result<Self, MalformedExternalId> {
        key.parse().map(Self)
    }
}
impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> Self {
        key.0.into()
    }
}
impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether money is real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The provider's sandbox.
    Test,
    /// Real money.
    Live,
}

impl Mode {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

/// Whose books a gateway reads. An event of other books is none of ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GatewayIdentity {
    /// The provider's name in small letters: `stripe`.
    pub provider: String,
    /// The connected account, where the provider has such and one is configured.
    pub account: Option<ExternalId>,
    /// Whether money is real.
    pub mode: Mode,
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for ExternalId {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::kernel::openapi::text(
            "Identifier that the billing provider gave: visible ASCII characters without spaces.",
            "sub_1MowQVLkdIwHu7ix",
        )
        .into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for ExternalId {}
