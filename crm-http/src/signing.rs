//! Signing of what leaves the house and comes back: cursors and tokens. One key, a purpose for each use.

use std::fmt::Write as _;

use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Length of a seal in bytes: 128 bits.
const SEAL: usize = 16;

/// A secret from which all keys are made. Never shown.
#[derive(Clone)]
pub struct Secret(std::sync::Arc<zeroize::Zeroizing<[u8; 32]>>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The system gave no random bytes, without which nothing secret can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes now; try again")]
pub struct NoChance;

impl crm_core::kernel::Rule for NoChance {
    fn code(&self) -> &'static str {
        "system.no_random_bytes"
    }
    fn kind(&self) -> crm_core::kernel::Kind {
        crm_core::kernel::Kind::Unavailable
    }
}

/// So many random bytes.
///
/// # Errors
/// `NoChance`.
pub fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], NoChance> {
    let mut bytes = [0; LENGTH];
    rand::fill(&mut bytes).map_err(|_| NoChance)?;
    Ok(bytes)
}

impl Secret {
    /// A secret of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(std::sync::Arc::new(zeroize::Zeroizing::new(bytes)))
    }

    /// A secret that nobody knows and that ends with the process.
    ///
    /// # Errors
    /// `NoChance`.
    pub fn generate() -> Result<Self, NoChance> {
        random().map(Self::new)
    }

    /// A key for one purpose; keys of different purposes tell nothing of each other.
    #[must_use]
    pub fn key(&self, purpose: &str) -> [u8; 32] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.0.as_slice()), purpose.as_bytes());
        let mut key = [0; 32];
        key.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        key
    }

    /// Text that carries the bytes and a seal that only this secret can make for the purpose.
    #[must_use]
    pub fn seal(&self, purpose: &str, bytes: &[u8]) -> String {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.key(purpose)), bytes);
        let sealed: Vec<u8> = bytes.iter().chain(tag.as_ref().iter().take(SEAL)).copied().collect();
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The bytes of a text that [`Secret::seal`] made for the same purpose; nothing for any other text.
    #[must_use]
    pub fn open(&self, purpose: &str, text: &str) -> Option<Vec<u8>> {
        let mut sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let seal = sealed.split_off(sealed.len().checked_sub(SEAL)?);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.key(purpose)), &sealed);
        let expected: Vec<u8> = tag.as_ref().iter().take(SEAL).copied().collect();
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected, &seal).ok()?;
        Some(sealed)
    }
}

/// SHA-256 in hexadecimal digits.
#[must_use]
pub fn digest(parts: &[&[u8]]) -> String {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for part in parts {
        // The length before each part, so that no two lists of parts are one.
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part);
    }
    hexadecimal(context.finish().as_ref())
}

/// Bytes in hexadecimal digits.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flipped_bit_is_opened() {
        let secret = Secret::new([7; 32]);
        let sealed = secret.seal("cursor", b"after 17");
        assert_eq!(secret.open("cursor", &sealed).unwrap(), b"after 17");
        assert_eq!(secret.open("token", &sealed), None);
        assert_eq!(Secret::new([8; 32]).open("cursor", &sealed), None);
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(secret.open("cursor", &URL_SAFE_NO_PAD.encode(flipped)), None, "bit {bit}");
        }
        for text in ["", "AAAA", "=", "ü"] {
            assert_eq!(secret.open("cursor", text), None);
        }
    }

    #[test]
    fn a_secret_shows_itself_nowhere() {
        assert_eq!(format!("{:?}", Secret::new([65; 32])), "Secret(…)");
    }
}
