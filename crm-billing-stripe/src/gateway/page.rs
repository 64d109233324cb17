//! Pages that Stripe opens for customers: checkout and portal.

use crm_core::billing::truth::{CheckoutSession, PortalSession};
use crm_core::billing::{CheckoutRequest, PortalRequest};
use serde_json::json;

use super::lost::COMMAND;
use super::step;
use crate::client::{Answer, Call, StripeClient, id};
use crate::reading;
use crate::wire;

impl StripeClient {
    pub(super) async fn open_checkout(&self, request: &CheckoutRequest, key: &str) -> Answer<CheckoutSession> {
        let lines = request.lines.iter().map(|line| json!({"price": line.price.as_str(), "quantity": line.quantity}));
        let trial = request.trial_days.filter(|days| *days > 0);
        let parameters = json!({
            "mode": "subscription",
            "customer": id(request.customer.as_str())?,
            "client_reference_id": request.reference,
            "metadata": {COMMAND: key},
            "line_items": lines.collect::<Vec<_>>(),
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            // A trial needs no card; one that ends without pauses instead of failing.
            "payment_method_collection": trial.map(|_| "if_required"),
            "subscription_data": {
                "billing_mode": {"type": "flexible"},
                "metadata": {"reference": request.reference},
                "trial_period_days": trial,
                "trial_settings": trial.map(|_| json!({"end_behavior": {"missing_payment_method": "pause"}})),
            },
        });
        reading::checkout(self.send(&Call::post("/v1/checkout/sessions", parameters, key)).await?)
    }

    pub(super) async fn checkout(&self, session: &str) -> Answer<CheckoutSession> {
        let path = format!("/v1/checkout/sessions/{}", id(session)?);
        reading::checkout(self.send(&Call::get(path, json!({}))).await?)
    }

    pub(super) async fn expire_checkout(&self, session: &str) -> Answer<CheckoutSession> {
        let path = format!("/v1/checkout/sessions/{}/expire", id(session)?);
        // A session expires once, whoever asks; so the key is the session's.
        reading::checkout(self.send(&Call::post(path, json!({}), &step(session, "expire"))).await?)
    }

    pub(super) async fn open_portal(&self, request: &PortalRequest, key: &str) -> Answer<PortalSession> {
        let parameters = json!({"customer": id(request.customer.as_str())?, "return_url": request.return_url});
        let opened: wire::PortalSession =
            self.send(&Call::post("/v1/billing_portal/sessions", parameters, key)).await?;
        Ok(PortalSession { url: opened.url })
    }
}
