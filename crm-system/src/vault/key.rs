//! A key of the vault, and how it is written in an installation's settings.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Generate, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305};
use crm_core::kernel::Secret;
use zeroize::Zeroizing;

const LENGTH: usize = 32;

/// A key of a [`CipherVault`](super::CipherVault): a name that is stored beside what it sealed, and 256 bits.
///
/// It is wiped from memory when it is dropped, and printed by its name only.
pub struct VaultKey {
    name: String,
    bytes: Zeroizing<[u8; LENGTH]>,
}

/// A key that can't be used. Never says what the key is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// There is none.
    #[error("the vault has no key; give at least one, written NAME:BASE64")]
    NoKey,
    /// Two have the same name.
    #[error("two keys of the vault are called '{0}'; give each its own name")]
    Twice(String),
    /// A name is none.
    #[error("the name of a vault's key is 1 to 32 lower case letters, digits, '-' and '_', such as 2026-11")]
    BadName,
    /// What should be a key is none.
    #[error("the key '{0}' is not 32 bytes in base64; make one with VaultKey::fresh or with `openssl rand -base64 32`")]
    BadKey(String),
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes")]
    NoChance,
}

impl VaultKey {
    /// A key of these bytes, which must come from a source of chance and not from a person.
    ///
    /// # Errors
    /// `BadName`.
    pub fn new(name: &str, bytes: [u8; LENGTH]) -> Result<Self, KeyRefusal> {
        let bytes = Zeroizing::new(bytes);
        if is_name(name) { Ok(Self { name: name.to_owned(), bytes }) } else { Err(KeyRefusal::BadName) }
    }

    /// A key that nobody has ever seen.
    ///
    /// # Errors
    /// `BadName`, `NoChance`.
    pub fn fresh(name: &str) -> Result<Self, KeyRefusal> {
        let bytes = <[u8; LENGTH]>::try_generate().map_err(|_| KeyRefusal::NoChance)?;
        Self::new(name, bytes)
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key as it is written in settings: `NAME:BASE64`.
    #[must_use]
    pub fn text(&self) -> Secret {
        let bytes = Zeroizing::new(STANDARD.encode(self.bytes.as_slice()));
        Secret::new(format!("{}:{}", self.name, *bytes))
    }

    pub(super) fn cipher(&self) -> XChaCha20Poly1305 {
        let key: &Key = (&*self.bytes).into();
        XChaCha20Poly1305::new(key)
    }
}

impl FromStr for VaultKey {
    type Err = KeyRefusal;

    /// Reads `NAME:BASE64`, in either alphabet of base64, padded or not.
    fn from_str(text: &str) -> Result<Self, KeyRefusal> {
        let (name, encoded) = text.trim().split_once(':').ok_or(KeyRefusal::BadName)?;
        if !is_name(name) {
            return Err(KeyRefusal::BadName);
        }
        let plain: Zeroizing<String> = Zeroizing::new(
            encoded
                .trim_end_matches('=')
                .chars()
                .map(|c| {
                    if c == '+' {
                        '-'
                    } else if c == '/' {
                        '_'
                    } else {
                        c
                    }
                })
                .collect(),
        );
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(plain.as_bytes()).unwrap_or_default());
        let bytes: [u8; LENGTH] = bytes.as_slice().try_into().map_err(|_| KeyRefusal::BadKey(name.to_owned()))?;
        Self::new(name, bytes)
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VaultKey({})", self.name)
    }
}

/// Whether a text can name a key: it stands between dots in what is stored, and in errors.
pub(super) fn is_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=32).contains(&text.len()) && text.bytes().all(letter)
}
