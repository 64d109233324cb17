//! Secrets that whoever reads the database can't read: XChaCha20-Poly1305, each sealed for its place.
//!
//! A sealed secret is `v1.KEY.TEXT`: the name of its key, then nonce and cipher text in URL-safe base64. The place
//! (organization, entity, column, record) is authenticated with it, so that one that is moved to another row opens nowhere.
//! The nonce is drawn anew for each; its 192 bits make chance enough.

mod key;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Generate, Payload};
use crm_core::inbox::connection::{SealedSecret, SecretPlace, SecretVault, VaultError};
use crm_core::kernel::Secret;
use zeroize::Zeroizing;

pub use key::{KeyRefusal, VaultKey};

const VERSION: &str = "v1";
const NONCE: usize = 24;

/// A vault with one key to seal with and any number of former ones to open with.
///
/// To change keys, put a fresh one in front of the others: what is stored opens as before, what is written from then on is
/// sealed under the new key, and the inbox seals each connection's token anew with its daily check. A former key that
/// nothing is sealed under any more can be left out.
///
/// ```
/// use crm_core::inbox::Channels;
/// use crm_system::{CipherVault, VaultKey};
///
/// let key = VaultKey::fresh("2026-11")?; // once; keep its text where the installation keeps its secrets
/// let text = key.text();
/// let vault: CipherVault = text.expose().parse()?;
/// let channels = Channels::default().with_vault(vault);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CipherVault {
    /// The first one seals. There is always a first one.
    keys: Vec<VaultKey>,
}

impl CipherVault {
    /// A vault that seals with the first of these keys and opens with all of them.
    ///
    /// # Errors
    /// `NoKey`, `Twice`.
    pub fn new(keys: Vec<VaultKey>) -> Result<Self, KeyRefusal> {
        if keys.is_empty() {
            return Err(KeyRefusal::NoKey);
        }
        for (place, key) in keys.iter().enumerate() {
            if keys.iter().skip(place + 1).any(|other| other.name() == key.name()) {
                return Err(KeyRefusal::Twice(key.name().to_owned()));
            }
        }
        Ok(Self { keys })
    }

    /// The names of its keys, the one that seals first.
    pub fn key_names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(VaultKey::name)
    }

    fn sealing(&self) -> Result<&VaultKey, VaultError> {
        self.keys.first().ok_or(VaultError::NoVault)
    }
}

impl FromStr for CipherVault {
    type Err = KeyRefusal;

    /// Reads keys as [`VaultKey::text`] gives them, with spaces, commas or line breaks between them.
    fn from_str(text: &str) -> Result<Self, KeyRefusal> {
        let apart = |c: char| c == ',' || c.is_whitespace();
        let keys = text.split(apart).filter(|text| !text.is_empty()).map(VaultKey::from_str);
        Self::new(keys.collect::<Result<_, _>>()?)
    }
}

impl fmt::Debug for CipherVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CipherVault({})", self.key_names().collect::<Vec<_>>().join(", "))
    }
}

impl SecretVault for CipherVault {
    fn seal(&self, place: &SecretPlace, secret: &Secret) -> Result<SealedSecret, VaultError> {
        let key = self.sealing()?;
        let nonce = XNonce::try_generate().map_err(|_| VaultError::CannotSeal)?;
        let payload = Payload { msg: secret.expose().as_bytes(), aad: &place.bytes() };
        let sealed = key.cipher().encrypt(&nonce, payload).map_err(|_| VaultError::CannotSeal)?;
        let body = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat());
        Ok(SealedSecret(format!("{VERSION}.{}.{body}", key.name())))
    }

    fn open(&self, place: &SecretPlace, sealed: &SealedSecret) -> Result<Secret, VaultError> {
        let (name, body) = parts(sealed).ok_or(VaultError::NotSealed)?;
        let key = self.keys.iter().find(|key| key.name() == name);
        let key = key.ok_or_else(|| VaultError::UnknownKey(name.to_owned()))?;
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| VaultError::NotSealed)?;
        let (nonce, text) = body.split_first_chunk::<NONCE>().ok_or(VaultError::NotSealed)?;
        let payload = Payload { msg: text, aad: &place.bytes() };
        let opened = key.cipher().decrypt(&XNonce::from(*nonce), payload);
        let opened = Zeroizing::new(opened.map_err(|_| VaultError::CannotOpen)?);
        let text = std::str::from_utf8(&opened).map_err(|_| VaultError::CannotOpen)?;
        Ok(Secret::new(text))
    }

    fn is_current(&self, sealed: &SealedSecret) -> bool {
        let name = parts(sealed).map(|(name, _)| name);
        name.is_some() && name == self.keys.first().map(VaultKey::name)
    }
}

/// The name of the key and the body of a sealed secret; nothing, when it does not even look like one.
fn parts(sealed: &SealedSecret) -> Option<(&str, &str)> {
    let (version, rest) = sealed.0.split_once('.')?;
    let (name, body) = rest.split_once('.')?;
    (version == VERSION && key::is_name(name)).then_some((name, body))
}
