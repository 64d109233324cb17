//! What Meta calls: the handshake by GET, deliveries by POST.
//!
//! A host passes the query of the one ([`Webhook::handshake`]) and the signature header and raw bytes of the other
//! ([`Webhook::accept`]) to [`Webhook`]; the status of the answer is that of the refusal, or 200. The signature comes
//! first: a body that is not signed is neither parsed nor stored.

mod handshake;
pub(crate) mod signature;

use std::fmt;

use crm_core::inbox::{self, Received};
use crm_core::kernel::Error;
use crm_core::store::Ports;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::config::MetaConfig;
use crate::parse::{Delivery, Malformed, parse};

pub use handshake::{HandshakeRefusal, answer_handshake};
pub use signature::{SIGNATURE_HEADER, SignatureRefusal, check_signature};

/// The largest body that a host should read; imports of history are the reason.
pub const LARGEST_BODY: usize = 16 << 20;

/// The webhook of one installation.
#[derive(Clone)]
pub struct Webhook {
    secrets: Vec<SecretString>,
    verify_token: SecretString,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({} secrets)", self.secrets.len())
    }
}

/// Why a call of the webhook is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    /// The handshake is not answered.
    #[error(transparent)]
    Handshake(#[from] HandshakeRefusal),
    /// The delivery is not signed by the app.
    #[error(transparent)]
    Signature(#[from] SignatureRefusal),
    /// The delivery is signed and can't be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Why a delivery was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum NotAccepted {
    /// It is none of Meta's, or can't be read. Nothing was stored.
    #[error(transparent)]
    Refused(#[from] WebhookRefusal),
    /// It could not be stored; Meta must deliver it again.
    #[error("the delivery could not be stored; Meta will deliver it again")]
    NotStored(#[source] Error),
}

impl NotAccepted {
    /// The HTTP status to answer with.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Refused(refusal) => refusal.status(),
            Self::NotStored(_) => 503,
        }
    }
}

impl WebhookRefusal {
    /// The HTTP status to answer with.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Handshake(HandshakeRefusal::Forbidden) => 403,
            Self::Handshake(HandshakeRefusal::Malformed) | Self::Malformed(_) => 400,
            Self::Signature(_) => 401,
        }
    }
}

impl Webhook {
    /// The webhook with the secrets of these settings.
    #[must_use]
    pub fn new(config: &MetaConfig) -> Self {
        Self { secrets: config.webhook_secrets(), verify_token: config.verify_token.clone() }
    }

    /// The challenge to answer a handshake with, as `text/plain`.
    ///
    /// ```
    /// use crm_social_meta::webhook::Webhook;
    /// use crm_social_meta::{AppCredentials, MetaConfig};
    ///
    /// let app = AppCredentials { id: "1234".to_owned(), secret: "the app's secret".into() };
    /// let webhook = Webhook::new(&MetaConfig::new(app, "vt".into()));
    /// let challenge = webhook.handshake("hub.mode=subscribe&hub.verify_token=vt&hub.challenge=42")?;
    /// assert_eq!(challenge, "42");
    /// # Ok::<(), crm_social_meta::webhook::WebhookRefusal>(())
    /// ```
    ///
    /// # Errors
    /// `Handshake`.
    pub fn handshake(&self, query: &str) -> Result<String, WebhookRefusal> {
        Ok(answer_handshake(&self.verify_token, query)?)
    }

    /// Reads a delivery after checking that the app signed these very bytes.
    ///
    /// `signature` is the value of [`SIGNATURE_HEADER`]. Store what it says before answering 200: Meta takes that for
    /// done.
    ///
    /// ```
    /// # use crm_social_meta::webhook::Webhook;
    /// # use crm_social_meta::{AppCredentials, MetaConfig};
    /// # let app = AppCredentials { id: "1234".to_owned(), secret: "key".into() };
    /// # let webhook = Webhook::new(&MetaConfig::new(app, "vt".into()));
    /// // HMAC-SHA256 of `{"object":"page","entry":[]}` under `key`.
    /// let signed = "sha256=fcd8acdc760f083b676a1d992ae5325e2d4320c2b7e2a6ff0f231b7aee8fefae";
    /// assert!(webhook.receive(Some(signed), br#"{"object":"page","entry":[]}"#).is_ok());
    /// let refused = webhook.receive(Some(signed), br#"{"object":"page","entry":[7]}"#).unwrap_err();
    /// assert_eq!(refused.status(), 401);
    /// ```
    ///
    /// # Errors
    /// `Signature`, before anything is parsed; `Malformed`.
    pub fn receive(&self, signature: Option<&str>, body: &[u8]) -> Result<Delivery, WebhookRefusal> {
        check_signature(&self.secrets, signature, body)?;
        Ok(parse(body)?)
    }

    /// Checks, reads and stores a delivery, each organization's share apart; then 200 is the truth.
    ///
    /// ```
    /// # use crm_social_meta::webhook::Webhook;
    /// # use crm_social_meta::{AppCredentials, MetaConfig};
    /// # crm_core::testing::office::example(async |office, _| {
    /// # let app = AppCredentials { id: "1234".to_owned(), secret: "key".into() };
    /// # let webhook = Webhook::new(&MetaConfig::new(app, "vt".into()));
    /// let body = br#"{"object":"page","entry":[]}"#; // the bytes as they came, not parsed and written again
    /// let status = match webhook.accept(office.crm.ports(), Some("sha256=0"), body).await {
    ///     Ok(_) => 200,
    ///     Err(refusal) => refusal.status(),
    /// };
    /// assert_eq!(status, 401);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// The agenda applies what was stored. Events about accounts that nobody here has connected are counted and dropped.
    ///
    /// # Errors
    /// `Refused` as for [`Webhook::receive`]; `NotStored`, after which Meta must deliver it again.
    pub async fn accept(&self, ports: &Ports, signature: Option<&str>, body: &[u8]) -> Result<Received, NotAccepted> {
        let delivery = self.receive(signature, body)?;
        let Some(platform) = delivery.platform else {
            return Ok(Received { ignored: delivery.events.len(), ..Received::default() });
        };
        let key = signature::hex(&Sha256::digest(body));
        inbox::receive(ports, &platform, &key, delivery.events).await.map_err(NotAccepted::NotStored)
    }
}
