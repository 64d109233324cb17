//! The port that keeps secrets from whoever reads the database.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::OrganizationId;
use crate::kernel::{Entity, Id, Kind, Rule, Secret};

/// Where a secret is kept. A sealed secret opens in its own place only: moved to another row, column or organization it
/// is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretPlace {
    /// The organization.
    pub organization: OrganizationId,
    /// [`Entity::NAME`] of the record.
    pub entity: &'static str,
    /// The column.
    pub column: &'static str,
    /// The record.
    pub id: Uuid,
}

impl SecretPlace {
    /// The column of a record.
    #[must_use]
    pub const fn of<E: Entity>(organization: OrganizationId, column: &'static str, id: Id<E>) -> Self {
        Self { organization, entity: E::NAME, column, id: id.uuid() }
    }

    /// The place as bytes, to be authenticated with the secret (the `AAD` of an authenticated cipher).
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        format!("{}/{}/{}/{}", self.organization, self.entity, self.column, self.id).into_bytes()
    }
}

/// A sealed secret, as it is stored. It names its key and opens in its own place only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedSecret(pub String);

/// Why a secret could not be sealed or opened. Never says what the secret is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The host has configured no vault.
    #[error("this installation has no key to keep secrets with; ask its operator to configure one")]
    NoVault,
    /// It was sealed for another place or under another key of the same name, or was changed.
    #[error("a stored secret cannot be opened: it was sealed in another place or under another key, or was changed")]
    CannotOpen,
    /// The vault does not have the key that it was sealed under.
    #[error(
        "a stored secret was sealed under the key '{0}', which this installation does not have; give it as a former key"
    )]
    UnknownKey(String),
    /// It is not what a vault writes.
    #[error("a stored secret is not one that a vault has sealed; restore it, or connect the account again")]
    NotSealed,
    /// The cipher failed.
    #[error("a secret cannot be sealed")]
    CannotSeal,
}

impl Rule for VaultError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoVault => "secret.no_vault",
            Self::CannotOpen => "secret.cannot_open",
            Self::UnknownKey(_) => "secret.unknown_key",
            Self::NotSealed => "secret.not_sealed",
            Self::CannotSeal => "secret.cannot_seal",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::NoVault => Kind::Conflict,
            Self::CannotOpen | Self::UnknownKey(_) | Self::NotSealed | Self::CannotSeal => Kind::Internal,
        }
    }
}

/// Seals and opens secrets with an authenticated cipher. The key never leaves it.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait SecretVault: Send + Sync {
    /// Seals a secret for its place.
    ///
    /// # Errors
    /// `VaultError`.
    fn seal(&self, place: &SecretPlace, secret: &Secret) -> Result<SealedSecret, VaultError>;

    /// Opens a secret in its place.
    ///
    /// # Errors
    /// `VaultError::CannotOpen` when it was sealed for another place, or was changed; `UnknownKey`, `NotSealed`.
    fn open(&self, place: &SecretPlace, sealed: &SealedSecret) -> Result<Secret, VaultError>;

    /// Whether it is sealed as this vault would seal it today; else it is sealed anew when there is an occasion.
    fn is_current(&self, sealed: &SealedSecret) -> bool {
        let _ = sealed;
        true
    }
}

/// No vault: nothing can be sealed or opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoVault;

impl SecretVault for NoVault {
    fn seal(&self, _: &SecretPlace, _: &Secret) -> Result<SealedSecret, VaultError> {
        Err(VaultError::NoVault)
    }
    fn open(&self, _: &SecretPlace, _: &SealedSecret) -> Result<Secret, VaultError> {
        Err(VaultError::NoVault)
    }
}
