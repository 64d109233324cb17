//! Keeping of secrets in the database: sealed by a key that stands outside it, each to its own place.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use crm_core::inbox::connection::{SealedSecret, SecretPlace, SecretVault, VaultError};
use crm_core::kernel::Secret as Hidden;
use zeroize::Zeroizing;

use crate::signing::{Secret, random};

const PURPOSE: &str = "vault";
const NONCE: usize = 24;

/// The vault of the inbox, with a key made of the one secret of the installation (`XChaCha20-Poly1305`).
#[derive(Clone, Debug)]
pub struct SecretKeyVault(Secret);

impl SecretKeyVault {
    /// A vault whose key is made of this secret. Another secret opens nothing of it.
    #[must_use]
    pub const fn new(secret: Secret) -> Self {
        Self(secret)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.key(PURPOSE).into())
    }
}

impl SecretVault for SecretKeyVault {
    fn seal(&self, place: &SecretPlace, secret: &Hidden) -> Result<SealedSecret, VaultError> {
        let nonce: [u8; NONCE] = random().map_err(|_| VaultError::CannotSeal)?;
        let payload = Payload { msg: secret.expose().as_bytes(), aad: &place.bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::CannotSeal)?;
        let all: Vec<u8> = nonce.into_iter().chain(sealed).collect();
        Ok(SealedSecret(STANDARD_NO_PAD.encode(all)))
    }

    fn open(&self, place: &SecretPlace, sealed: &SealedSecret) -> Result<Hidden, VaultError> {
        let mut nonce = STANDARD_NO_PAD.decode(&sealed.0).map_err(|_| VaultError::CannotOpen)?;
        if nonce.len() < NONCE {
            return Err(VaultError::CannotOpen);
        }
        let sealed = nonce.split_off(NONCE);
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| VaultError::CannotOpen)?;
        let payload = Payload { msg: &sealed, aad: &place.bytes() };
        let opened = self.cipher().decrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::CannotOpen)?;
        let opened = Zeroizing::new(opened);
        str::from_utf8(&opened).map(Hidden::new).map_err(|_| VaultError::CannotOpen)
    }
}

#[cfg(test)]
mod tests {
    use crm_core::inbox::{Connection, ConnectionId};
    use crm_core::kernel::Id;

    use super::*;

    #[test]
    fn a_sealed_token_opens_in_its_own_place_and_under_its_own_secret_only() {
        let row = |number: u128| ConnectionId::new(uuid::Uuid::from_u128(number));
        let place = |number| SecretPlace::of::<Connection>(Id::new(uuid::Uuid::from_u128(1)), "token", row(number));
        let vault = SecretKeyVault::new(Secret::new([7; 32]));
        let sealed = vault.seal(&place(2), &Hidden::new("token-canary")).unwrap();
        assert!(!sealed.0.contains("canary"));
        assert_eq!(vault.open(&place(2), &sealed).unwrap().expose(), "token-canary");
        assert_eq!(vault.open(&place(3), &sealed).unwrap_err(), VaultError::CannotOpen);
        let other = SecretKeyVault::new(Secret::new([8; 32]));
        assert_eq!(other.open(&place(2), &sealed).unwrap_err(), VaultError::CannotOpen);
        for text in ["", "AAAA", "ü"] {
            assert_eq!(vault.open(&place(2), &SealedSecret(text.into())).unwrap_err(), VaultError::CannotOpen);
        }
    }
}
