//! The false Meta of this crate, and a host that it tells webhooks late, twice and in any order.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use crm_core::crm::Crm;
use crm_social_meta::testing::{FakeMeta, delivery, sign as signature};
use crm_social_meta::webhook::{SIGNATURE_HEADER, Webhook};
use serde_json::Value as Json;

pub(crate) use crm_social_meta::testing::Mood;

use crate::server::serve;

/// The false Meta.
pub(crate) struct FalseMeta {
    pub(crate) base: String,
    meta: FakeMeta,
}

impl FalseMeta {
    pub(crate) async fn start() -> Self {
        let meta = FakeMeta::start().await.unwrap();
        Self { base: meta.base().as_str().trim_end_matches('/').to_owned(), meta }
    }

    pub(crate) fn next(&self, mood: Mood) {
        self.meta.next(mood);
    }

    /// The messages that it took, with the identifiers that it gave them.
    pub(crate) fn taken(&self) -> Vec<(String, Json)> {
        self.meta.taken()
    }

    /// Tells the host that an event happened, so many times, and answers the last status.
    pub(crate) async fn tell(&self, host: &str, event: &Json, times: usize) -> u16 {
        let body = delivery(event).unwrap_or_else(|| panic!("no way to say {event}")).to_string();
        let mut status = 0;
        for _ in 0..times {
            status = post(host, &body, &sign(&body, FakeMeta::APP_SECRET)).await;
        }
        status
    }
}

/// The signature that the holder of a secret gives a body.
pub(crate) fn sign(body: &str, secret: &str) -> String {
    signature(body.as_bytes(), secret)
}

pub(crate) async fn post(host: &str, body: &str, signature: &str) -> u16 {
    let request = reqwest::Client::new().post(host).header(SIGNATURE_HEADER, signature).body(body.to_owned());
    request.send().await.unwrap().status().as_u16()
}

/// Serves a host's webhook for this CRM and answers its address.
pub(crate) async fn host(crm: Crm, webhook: Webhook) -> String {
    let handler = |State((crm, webhook)): State<(Crm, Webhook)>, headers: HeaderMap, body: Bytes| async move {
        let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
        match webhook.accept(crm.ports(), signature, &body).await {
            Ok(_) => StatusCode::OK,
            Err(refusal) => StatusCode::from_u16(refusal.status()).unwrap(),
        }
    };
    let router = Router::new().route("/webhook", axum::routing::post(handler)).with_state((crm, webhook));
    format!("{}/webhook", serve(router).await)
}
