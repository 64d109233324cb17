//! A vault for tests: it hides nothing, and it opens a secret in its own place only.

use crate::inbox::connection::{SealedSecret, SecretPlace, SecretVault, VaultError};
use crate::kernel::Secret;

/// Writes the place beside the secret, reversed so that a search for the secret finds nothing. No cipher: for tests only.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlaceVault;

impl SecretVault for PlaceVault {
    fn seal(&self, place: &SecretPlace, secret: &Secret) -> Result<SealedSecret, VaultError> {
        let reversed: String = secret.expose().chars().rev().collect();
        Ok(SealedSecret(format!("{}|{reversed}", String::from_utf8_lossy(&place.bytes()))))
    }

    fn open(&self, place: &SecretPlace, sealed: &SealedSecret) -> Result<Secret, VaultError> {
        match sealed.0.split_once('|') {
            Some((sealed_for, reversed)) if sealed_for.as_bytes() == place.bytes() => {
                Ok(Secret::new(reversed.chars().rev().collect::<String>()))
            }
            _ => Err(VaultError::CannotOpen),
        }
    }
}
