//! Proof that a delivery comes from Meta: HMAC-SHA256 of the bytes as received, under the app's secret.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The header with the signature. The older `X-Hub-Signature` (SHA-1) is never consulted.
pub const SIGNATURE_HEADER: &str = "X-Hub-Signature-256";

/// Why a signature is not accepted. All of them are answered with 401 and leave no trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefusal {
    /// The request has no such header.
    #[error("the header X-Hub-Signature-256 is missing; Meta signs every delivery with it")]
    Missing,
    /// The header is not `sha256=` and 64 hexadecimal digits.
    #[error("the header X-Hub-Signature-256 is not `sha256=` followed by 64 hexadecimal digits")]
    Malformed,
    /// No configured secret gives this signature.
    #[error("the signature fits none of the configured app secrets; compare them with the app's dashboard")]
    Wrong,
}

/// Checks the signature of a body against every secret, in constant time for each.
///
/// `header` is the value of [`SIGNATURE_HEADER`]. Several secrets are in use when Instagram Login has an app secret of
/// its own, and while one is being replaced. An empty secret never fits.
///
/// ```
/// use crm_social_meta::webhook::{SignatureRefusal, check_signature};
/// use secrecy::SecretString;
///
/// let secrets = ["the present one", "the one before"].map(SecretString::from);
/// let forged = format!("sha256={}", "0".repeat(64));
/// assert_eq!(check_signature(&secrets, Some(&forged), b"{}"), Err(SignatureRefusal::Wrong));
/// assert_eq!(check_signature(&secrets, None, b"{}"), Err(SignatureRefusal::Missing));
/// ```
///
/// # Errors
/// `Missing`, `Malformed` or `Wrong`.
pub fn check_signature(secrets: &[SecretString], header: Option<&str>, body: &[u8]) -> Result<(), SignatureRefusal> {
    let header = header.filter(|value| !value.is_empty()).ok_or(SignatureRefusal::Missing)?;
    let digits = header.strip_prefix("sha256=").ok_or(SignatureRefusal::Malformed)?;
    let claimed = decode(digits).ok_or(SignatureRefusal::Malformed)?;
    let mut fits = false;
    for secret in secrets.iter().filter(|secret| !secret.expose_secret().is_empty()) {
        fits |= keyed(secret).chain_update(body).verify_slice(&claimed).is_ok();
    }
    if fits { Ok(()) } else { Err(SignatureRefusal::Wrong) }
}

/// HMAC-SHA256 of a message under a secret, in lower-case hexadecimal digits.
pub(crate) fn hmac_hex(secret: &SecretString, message: &[u8]) -> String {
    hex(&keyed(secret).chain_update(message).finalize().into_bytes())
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn keyed(secret: &SecretString) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.expose_secret().as_bytes()).expect("any length is a key")
}

/// The 32 bytes in 64 hexadecimal digits of either case.
fn decode(digits: &str) -> Option<[u8; 32]> {
    let digits = digits.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_secret_fits_nothing() {
        let empty = [SecretString::from("")];
        let forged = format!("sha256={}", hmac_hex(&empty[0], b"{}"));
        assert_eq!(check_signature(&empty, Some(&forged), b"{}"), Err(SignatureRefusal::Wrong));
        assert_eq!(check_signature(&[], Some(&forged), b"{}"), Err(SignatureRefusal::Wrong));
    }

    #[test]
    fn the_digest_is_that_of_rfc_4231() {
        let secret = SecretString::from("Jefe");
        assert_eq!(
            hmac_hex(&secret, b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
