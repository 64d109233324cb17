//! A false Meta over real HTTP: it takes sends and answers with identifiers, and tells webhooks late, twice and in any
//! order, signed as the real one signs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use crm_core::crm::Crm;
use crm_social_meta::webhook::{SIGNATURE_HEADER, Webhook};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value as Json, json};
use sha2::Sha256;

use crate::server::serve;
use crate::wire;

/// What the false Meta does with the next message.
pub(crate) enum Mood {
    /// Refuses it with this status and error.
    Refuses(u16, Json),
    /// Takes it, and the answer is lost on the way.
    LosesTheAnswer,
}

#[derive(Default)]
struct Inner {
    taken: Vec<(String, Json)>,
    moods: VecDeque<Mood>,
}

/// The false Meta.
#[derive(Clone)]
pub(crate) struct FalseMeta {
    pub(crate) base: String,
    inner: Arc<Mutex<Inner>>,
}

impl FalseMeta {
    pub(crate) async fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        Self { base: serve(router).await, inner }
    }

    pub(crate) fn next(&self, mood: Mood) {
        self.inner.lock().unwrap().moods.push_back(mood);
    }

    /// The messages that it took, with the identifiers that it gave them.
    pub(crate) fn taken(&self) -> Vec<(String, Json)> {
        self.inner.lock().unwrap().taken.clone()
    }

    /// Tells the host that an event happened, so many times, and answers the last status.
    pub(crate) async fn tell(&self, host: &str, event: &Json, times: usize) -> u16 {
        let body = wire::delivery(event).unwrap_or_else(|| panic!("no way to say {event}")).to_string();
        let mut status = 0;
        for _ in 0..times {
            status = post(host, &body, &sign(&body, "app-secret-canary")).await;
        }
        status
    }
}

/// The signature that the holder of a secret gives a body.
pub(crate) fn sign(body: &str, secret: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body).finalize().into_bytes();
    mac.iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

pub(crate) async fn post(host: &str, body: &str, signature: &str) -> u16 {
    let request = reqwest::Client::new().post(host).header(SIGNATURE_HEADER, signature).body(body.to_owned());
    request.send().await.unwrap().status().as_u16()
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let method = request.method().to_string();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let body: Json = serde_json::from_slice(&body).unwrap_or(Json::Null);
    let last = path.rsplit('/').next().unwrap_or_default();
    let answer = match (method.as_str(), last) {
        ("POST", "messages") if body["status"] == "read" || body.get("sender_action").is_some() => {
            json!({"success": true})
        }
        ("POST", "messages") => return take(&inner, &path, &body),
        ("GET", "access_token") => json!({"access_token": "issued", "expires_in": 5_184_000}),
        ("GET", "debug_token") => json!({"data": {"is_valid": true, "expires_at": 0, "scopes": ["all"]}}),
        ("GET", "accounts") => json!({"data": [
            {"id": "100200300400501", "name": "Shop", "access_token": "page", "tasks": ["MESSAGING"],
             "instagram_business_account": {"id": "17841400000000501"}}]}),
        ("GET", "subscribed_apps") => json!({"data": [{"id": "app-1"}]}),
        ("GET", "message_templates") => json!({"data": [
            {"id": "1", "name": "still_there", "language": "en", "status": "APPROVED", "category": "UTILITY",
             "components": [{"type": "BODY", "text": "Hello {{1}}, are you still there?"}]}]}),
        ("GET", _) => json!({"verified_name": "Shop", "display_phone_number": "+1 555-010-0701"}),
        _ => json!({"success": true}),
    };
    axum::Json(answer).into_response()
}

/// Takes a message, unless it is in another mood.
fn take(inner: &Mutex<Inner>, path: &str, body: &Json) -> Response {
    let mut inner = inner.lock().unwrap();
    let mood = inner.moods.pop_front();
    if let Some(Mood::Refuses(status, error)) = mood {
        return (StatusCode::from_u16(status).unwrap(), axum::Json(json!({ "error": error }))).into_response();
    }
    let number = inner.taken.len() + 1;
    let whatsapp = body["messaging_product"] == "whatsapp";
    let id = if whatsapp { format!("wamid.out{number}") } else { format!("m_out{number}") };
    inner.taken.push((id.clone(), json!({ "path": path, "body": body })));
    if matches!(mood, Some(Mood::LosesTheAnswer)) {
        return (StatusCode::GATEWAY_TIMEOUT, "upstream timed out").into_response();
    }
    let answer = if whatsapp {
        json!({ "messages": [{ "id": id }], "contacts": [{ "wa_id": body["to"] }] })
    } else {
        json!({ "message_id": id, "recipient_id": body["recipient"]["id"] })
    };
    axum::Json(answer).into_response()
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
