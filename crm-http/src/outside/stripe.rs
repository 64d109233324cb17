//! Stripe's webhooks.

use axum::http::{HeaderMap, StatusCode};
use crm_billing_stripe::{LONGEST_BODY, StripeWebhook, WebhookError};
use crm_core::billing::ProviderEvent;
use crm_core::kernel::{Rule as _, Timestamp};

use super::BillingWebhook;
use crate::problem::Problem;
use crate::text;

impl BillingWebhook for StripeWebhook {
    fn read(&self, head: &HeaderMap, body: &[u8], now: Timestamp) -> Result<ProviderEvent, Problem> {
        Self::read(self, body, text::head(head, "stripe-signature"), now).map_err(|refused| {
            tracing::warn!(code = refused.code(), "a webhook of Stripe was refused");
            Problem::new(StatusCode::BAD_REQUEST, "webhook.refused", WebhookError::ANSWER)
        })
    }
    fn largest_body(&self) -> usize {
        LONGEST_BODY
    }
}
