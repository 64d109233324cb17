//! Meta's webhooks and permission pages.

use async_trait::async_trait;
use axum::http::{HeaderMap, StatusCode};
use crm_core::inbox::Platform;
use crm_core::kernel::Result;
use crm_core::store::Ports;
use crm_social_meta::webhook::{LARGEST_BODY, NotAccepted, SIGNATURE_HEADER, Webhook, WebhookRefusal};
use crm_social_meta::{Graph, Login};

use super::{PermissionPages, SocialWebhook};
use crate::problem::Problem;
use crate::text;

#[async_trait]
impl SocialWebhook for Webhook {
    fn handshake(&self, query: &str) -> std::result::Result<String, Problem> {
        Self::handshake(self, query).map_err(|refused| refusal(&refused))
    }

    async fn accept(&self, ports: &Ports, head: &HeaderMap, body: &[u8]) -> std::result::Result<(), Problem> {
        match Self::accept(self, ports, text::head(head, SIGNATURE_HEADER), body).await {
            Ok(received) => {
                tracing::debug!(?received, "a webhook of Meta was stored");
                Ok(())
            }
            Err(NotAccepted::Refused(refused)) => Err(refusal(&refused)),
            Err(NotAccepted::NotStored(error)) => {
                tracing::error!(code = error.code(), "a webhook of Meta was not stored");
                let detail = "the delivery could not be stored; deliver it again";
                Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "webhook.not_stored", detail))
            }
        }
    }

    fn largest_body(&self) -> usize {
        LARGEST_BODY
    }
}

/// The same sentence for every reason, which stands in the log.
fn refusal(refused: &WebhookRefusal) -> Problem {
    tracing::warn!(cause = %refused, "a webhook of Meta was refused");
    let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
    Problem::new(status, "webhook.refused", "the webhook was refused")
}

impl PermissionPages for Graph {
    fn page(
        &self,
        platform: &Platform,
        login: Option<&str>,
        redirect_uri: &str,
        state: &str,
    ) -> Result<Option<String>> {
        let login = match platform {
            platform if *platform == Platform::WHATSAPP => Login::WhatsApp,
            platform if *platform == Platform::INSTAGRAM && login == Some(Login::Instagram.as_str()) => {
                Login::Instagram
            }
            platform if *platform == Platform::INSTAGRAM || *platform == Platform::MESSENGER => Login::Facebook,
            _ => return Ok(None),
        };
        Ok(Some(self.permission_page(login, redirect_uri, state)?.to_string()))
    }
}
