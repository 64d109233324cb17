//! The signature on a webhook: who sent these bytes, and when.
//!
//! Stripe signs `t` + "." + the raw body with HMAC-SHA256 under the endpoint's whole `whsec_…` text, and sends
//! `t=<seconds>,v1=<hex>`; while a secret is being replaced it sends a `v1` for each. Any of ours may match any of theirs.
//! All are compared, in constant time. Where Stripe's own libraries differ from each other we are the strictest: exactly
//! one `t`, in canonical digits, and not from the future either.

use std::fmt;
use std::time::Duration;

use crm_core::kernel::{Kind, Rule, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::config::ConfigError;

/// The longest body that is read, in bytes. Stripe's events are far shorter.
pub const LONGEST_BODY: usize = 1 << 20;
const LONGEST_HEADER: usize = 4_096;
const MOST_SIGNATURES: usize = 16;

/// Why a webhook was not believed. For logs; the sender is told nothing but that it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// More than 1 MiB.
    #[error("the body is longer than {LONGEST_BODY} bytes")]
    BodyTooLarge,
    /// Nothing was sent.
    #[error("the body is empty")]
    EmptyBody,
    /// No `Stripe-Signature`, or a blank one.
    #[error("there is no Stripe-Signature header")]
    MissingHeader,
    /// More than 4096 bytes, or more than 16 signatures.
    #[error("the Stripe-Signature header is longer than any that Stripe sends")]
    HeaderTooLarge,
    /// Not exactly one timestamp in canonical digits.
    #[error("the Stripe-Signature header has not exactly one plain timestamp")]
    MalformedHeader,
    /// Only signatures of other schemes.
    #[error("the Stripe-Signature header has no signature of the scheme v1")]
    NoSignature,
    /// No signature fits: another secret, or changed bytes.
    #[error("no signature fits the body; check that the secret is that of this endpoint and that the raw bytes arrive")]
    Mismatch,
    /// Authentic, and signed too long ago: perhaps a replay.
    #[error("the signature is older than the tolerance; check this machine's clock")]
    TooOld,
    /// Authentic, and signed in the future: the clocks differ.
    #[error("the signature is from the future; check this machine's clock")]
    InFuture,
}

impl Rule for SignatureError {
    fn code(&self) -> &'static str {
        match self {
            Self::BodyTooLarge => "webhook_body.too_large",
            Self::EmptyBody => "webhook_body.empty",
            Self::MissingHeader => "webhook_signature.missing",
            Self::HeaderTooLarge => "webhook_signature.too_large",
            Self::MalformedHeader => "webhook_signature.malformed",
            Self::NoSignature => "webhook_signature.unknown_scheme",
            Self::Mismatch => "webhook_signature.mismatch",
            Self::TooOld => "webhook_signature.too_old",
            Self::InFuture => "webhook_signature.in_future",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// The signing secrets of an endpoint: one, and for a day a second one while it is replaced.
#[derive(Clone)]
pub struct WebhookSecrets(Vec<SecretString>);

impl WebhookSecrets {
    /// Takes over the secrets; white space around them, as files and variables bring along, is dropped.
    ///
    /// # Errors
    /// `NoWebhookSecret` when there is none, or a blank one: with an empty key anybody could sign.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        let secrets: Vec<&str> = secrets.into_iter().map(str::trim).collect();
        if secrets.is_empty() || secrets.iter().any(|secret| secret.is_empty()) {
            return Err(ConfigError::NoWebhookSecret);
        }
        Ok(Self(secrets.into_iter().map(SecretString::from).collect()))
    }

    /// Checks that Stripe signed these bytes, and not longer ago than `tolerance`; `None` is for replays of stored bytes.
    ///
    /// # Errors
    /// The first of [`SignatureError`] that holds, in its order.
    pub fn verify(
        &self,
        body: &[u8],
        header: Option<&str>,
        now: Timestamp,
        tolerance: Option<Duration>,
    ) -> Result<(), SignatureError> {
        if body.len() > LONGEST_BODY {
            return Err(SignatureError::BodyTooLarge);
        }
        if body.is_empty() {
            return Err(SignatureError::EmptyBody);
        }
        let header = Header::parse(header.unwrap_or_default())?;
        if !self.signed(&header, body) {
            return Err(SignatureError::Mismatch);
        }
        let Some(tolerance) = tolerance else { return Ok(()) };
        let signed_at = crate::reading::time(header.timestamp);
        if now.since(signed_at) > tolerance {
            return Err(SignatureError::TooOld);
        }
        if signed_at.since(now) > tolerance {
            return Err(SignatureError::InFuture);
        }
        Ok(())
    }

    fn signed(&self, header: &Header<'_>, body: &[u8]) -> bool {
        let mut found = Choice::from(0);
        for secret in &self.0 {
            // HMAC takes a key of any length.
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { continue };
            mac.update(header.timestamp.to_string().as_bytes());
            mac.update(b".");
            mac.update(body);
            let expected = mac.finalize().into_bytes();
            for signature in &header.signatures {
                found |= expected.as_slice().ct_eq(signature);
            }
        }
        found.into()
    }
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookSecrets({})", self.0.len())
    }
}

#[derive(Default)]
struct Header<'a> {
    timestamp: i64,
    signatures: Vec<[u8; 32]>,
    /// Those of the scheme `v1`, readable or not.
    named: usize,
    times: Vec<&'a str>,
}

impl<'a> Header<'a> {
    fn parse(header: &'a str) -> Result<Self, SignatureError> {
        let blank = |c: char| c == ' ' || c == '\t';
        if header.trim_matches(blank).is_empty() {
            return Err(SignatureError::MissingHeader);
        }
        if header.len() > LONGEST_HEADER {
            return Err(SignatureError::HeaderTooLarge);
        }
        let mut read = Self::default();
        for part in header.split(',') {
            match part.trim_matches(blank).split_once('=') {
                Some(("t", time)) => read.times.push(time),
                Some(("v1", signature)) => {
                    read.named += 1;
                    // One that can't be read fits nothing and does not spoil the others.
                    read.signatures.extend(bytes_of(signature));
                }
                _ => {}
            }
        }
        if read.named > MOST_SIGNATURES {
            return Err(SignatureError::HeaderTooLarge);
        }
        let [time] = read.times.as_slice() else { return Err(SignatureError::MalformedHeader) };
        read.timestamp = canonical(time).ok_or(SignatureError::MalformedHeader)?;
        if read.named == 0 { Err(SignatureError::NoSignature) } else { Ok(read) }
    }
}

/// Seconds as Stripe writes them: digits without sign or leading zero.
fn canonical(time: &str) -> Option<i64> {
    let seconds: i64 = time.parse().ok()?;
    (seconds >= 0 && seconds.to_string() == time).then_some(seconds)
}

fn bytes_of(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let mut value = 0;
        for digit in pair {
            value = value * 16 + char::from(*digit).to_digit(16)?;
        }
        *byte = u8::try_from(value).ok()?;
    }
    Some(bytes)
}

/// Signs as Stripe does, for stand-ins and replays.
#[must_use]
pub fn signature_header(secret: &str, body: &[u8], at: Timestamp) -> String {
    let seconds = crate::reading::seconds(at);
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.trim().as_bytes()) else { return String::new() };
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!("t={seconds},v1={}", hex(&mac.finalize().into_bytes()))
}
