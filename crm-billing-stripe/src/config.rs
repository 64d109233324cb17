//! What a host must say before anything is sent: the key, the mode that follows from it, and where Stripe is.

use std::fmt;
use std::time::Duration;

use crm_core::billing::{ExternalId, Mode};
use crm_core::kernel::{Kind, Rule};
use secrecy::{ExposeSecret, SecretString};

/// The version of Stripe's API that every request names. Payloads of other versions are still read.
pub const API_VERSION: &str = "2026-01-28.clover";

/// A configuration that can't work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The key is none of Stripe's secret keys.
    #[error(
        "the Stripe key must begin with sk_test_, rk_test_, sk_live_ or rk_live_; take it from the dashboard's API keys"
    )]
    NotASecretKey,
    /// Something that is no web address, or one that would carry the key in the clear.
    #[error("Stripe's address must be https; http is for a stand-in on this machine, with a test key only")]
    UnsafeAddress,
    /// No secret of a webhook endpoint, or a blank one, with which anybody could sign.
    #[error("a webhook endpoint needs its signing secret, which begins with whsec_; take it from the dashboard")]
    NoWebhookSecret,
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    HttpClient(String),
}

impl Rule for ConfigError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotASecretKey => "stripe_key.malformed",
            Self::UnsafeAddress => "stripe_address.unsafe",
            Self::NoWebhookSecret => "stripe_webhook.secret_missing",
            Self::HttpClient(_) => "stripe_client.unavailable",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// A secret or restricted key of a Stripe account. It is never shown, not even by `Debug`.
#[derive(Clone)]
pub struct SecretKey {
    key: SecretString,
    mode: Mode,
}

impl SecretKey {
    /// Reads a key; white space around it, as files and variables bring along, is dropped.
    ///
    /// # Errors
    /// `NotASecretKey` when it has another beginning (a publishable key, for example) or odd characters.
    pub fn parse(raw: &str) -> Result<Self, ConfigError> {
        let raw = raw.trim();
        let modes =
            [("sk_test_", Mode::Test), ("rk_test_", Mode::Test), ("sk_live_", Mode::Live), ("rk_live_", Mode::Live)];
        let found = modes.into_iter().find_map(|(start, mode)| raw.strip_prefix(start).map(|rest| (rest, mode)));
        match found {
            Some((rest, mode)) if !rest.is_empty() && raw.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                Ok(Self { key: SecretString::from(raw.to_owned()), mode })
            }
            _ => Err(ConfigError::NotASecretKey),
        }
    }

    /// The mode that the key works in.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    pub(crate) fn expose(&self) -> &str {
        self.key.expose_secret()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// How to reach Stripe, and how much of its patience and ours to use.
#[derive(Clone, Debug)]
pub struct StripeConfig {
    pub(crate) key: SecretKey,
    pub(crate) address: reqwest::Url,
    /// The connected account that is worked in, for platforms. Default: the key's own.
    pub account: Option<ExternalId>,
    /// How long one attempt may take. Default 30 s.
    pub timeout: Duration,
    /// How long an attempt to pay an invoice may take: banks are slow. Default 80 s.
    pub payment_timeout: Duration,
    /// How often a failed request is sent again. Default 3.
    pub retries: u32,
    /// Requests in a second that we allow ourselves. Default 20 in test mode and 80 live, below Stripe's 25 and 100.
    pub requests_per_second: u32,
    /// The longest answer that is read, in bytes. Default 8 MiB.
    pub longest_answer: usize,
}

impl StripeConfig {
    /// Stripe itself, with this key.
    ///
    /// # Errors
    /// Those of [`StripeConfig::at`].
    pub fn new(key: SecretKey) -> Result<Self, ConfigError> {
        Self::at("https://api.stripe.com", key)
    }

    /// Something that speaks as Stripe does at another address, for tests.
    ///
    /// # Errors
    /// `UnsafeAddress` when it is not https, unless it is this machine and a test key.
    pub fn at(address: &str, key: SecretKey) -> Result<Self, ConfigError> {
        let address = reqwest::Url::parse(address).map_err(|_| ConfigError::UnsafeAddress)?;
        let here = matches!(address.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        let bare = address.username().is_empty() && address.password().is_none();
        let safe = match address.scheme() {
            "https" => address.host_str().is_some(),
            "http" => here && key.mode() == Mode::Test,
            _ => false,
        };
        if !safe || !bare {
            return Err(ConfigError::UnsafeAddress);
        }
        let requests_per_second = if key.mode() == Mode::Live { 80 } else { 20 };
        Ok(Self {
            key,
            address,
            account: None,
            timeout: Duration::from_secs(30),
            payment_timeout: Duration::from_secs(80),
            retries: 3,
            requests_per_second,
            longest_answer: 8 << 20,
        })
    }

    /// The mode that follows from the key.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.key.mode()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_its_mode_and_never_itself() {
        let key = SecretKey::parse(" sk_test_madeUpForTheseTests00001\n").unwrap();
        assert_eq!(key.mode(), Mode::Test);
        assert_eq!(key.expose(), "sk_test_madeUpForTheseTests00001");
        assert_eq!(SecretKey::parse("rk_live_abc").unwrap().mode(), Mode::Live);
        let shown = format!("{key:?} {:?}", StripeConfig::new(key.clone()).unwrap());
        assert!(!shown.contains("4eC39") && shown.contains("Test"), "{shown}");
    }

    #[test]
    fn what_is_no_secret_key_is_refused() {
        for raw in
            ["", "sk_test_", "pk_test_abc", "sk_prod_abc", "sk_test_a b", "sk_test_a\u{0}", "whsec_abc", "sk_test_ä"]
        {
            assert_eq!(SecretKey::parse(raw).unwrap_err(), ConfigError::NotASecretKey, "{raw:?}");
        }
    }

    #[test]
    fn the_key_only_travels_encrypted_or_to_this_machine() {
        let key = |raw| SecretKey::parse(raw).unwrap();
        for (address, key) in [
            ("https://api.stripe.com", key("sk_live_a")),
            ("http://127.0.0.1:4000", key("sk_test_a")),
            ("http://localhost:4000/", key("sk_test_a")),
        ] {
            assert!(StripeConfig::at(address, key).is_ok(), "{address}");
        }
        for (address, key) in [
            ("http://api.stripe.com", key("sk_test_a")),
            ("http://127.0.0.1:4000", key("sk_live_a")),
            ("http://127.0.0.1.evil.example", key("sk_test_a")),
            ("https://user:word@api.stripe.com", key("sk_test_a")),
            ("ftp://api.stripe.com", key("sk_test_a")),
            ("stripe", key("sk_test_a")),
        ] {
            assert_eq!(StripeConfig::at(address, key).unwrap_err(), ConfigError::UnsafeAddress, "{address}");
        }
    }
}
