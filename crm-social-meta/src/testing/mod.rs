//! A stand-in for Meta on this machine, over real HTTP. Behind the feature `testing`.
//!
//! [`FakeMeta`] takes messages and answers with identifiers, exchanges any code for a token, and has one page and one
//! telephone number to connect. What it has to say, it says in webhooks that are signed as the real ones are; the test
//! delivers them late, twice and in any order.

mod wire;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use reqwest::Url;
use secrecy::SecretString;
use serde_json::{Value as Json, json};

pub use wire::delivery;

use crate::config::{AppCredentials, BaseUrls, MetaConfig};
use crate::webhook::signature::hmac_hex;

/// What it does with the next message.
#[derive(Clone, Debug, PartialEq)]
pub enum Mood {
    /// Refuses it with this status and error.
    Refuses(u16, Json),
    /// Takes it, and the answer is lost on the way.
    LosesTheAnswer,
}

#[derive(Debug, Default)]
struct Inner {
    taken: Vec<(String, Json)>,
    moods: VecDeque<Mood>,
}

/// A stand-in for Meta that runs until it is dropped.
#[derive(Debug)]
pub struct FakeMeta {
    base: Url,
    inner: Arc<Mutex<Inner>>,
    task: tokio::task::JoinHandle<()>,
}

impl FakeMeta {
    /// The secret of its app, which its webhooks are signed with.
    pub const APP_SECRET: &str = "app-secret-canary";
    /// What it knows in the handshake.
    pub const VERIFY_TOKEN: &str = "verify-canary";
    /// The page that can be connected.
    pub const PAGE: &str = "100200300400501";

    /// Starts one.
    ///
    /// # Errors
    /// When no port of this machine can be had.
    pub async fn start() -> std::io::Result<Self> {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let base = Url::parse(&format!("http://{}", listener.local_addr()?)).map_err(std::io::Error::other)?;
        let task = tokio::spawn(async move {
            // It ends when it is dropped; there is nobody to tell of an error.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { base, inner, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn base(&self) -> &Url {
        &self.base
    }

    /// Settings for a client of it.
    #[must_use]
    pub fn config(&self) -> MetaConfig {
        let app = AppCredentials { id: "app-1".to_owned(), secret: Self::APP_SECRET.into() };
        let mut config = MetaConfig::new(app, Self::VERIFY_TOKEN.into());
        let base = || self.base.clone();
        config.base_urls = BaseUrls {
            graph: base(),
            instagram_graph: base(),
            instagram_api: base(),
            facebook_dialog: base(),
            instagram_dialog: base(),
        };
        config.media_hosts = vec![self.base.as_str().trim_end_matches('/').to_owned()];
        config
    }

    /// What it does with a message that comes next, after those that were ordered before.
    pub fn next(&self, mood: Mood) {
        self.inner().moods.push_back(mood);
    }

    /// The messages that it took, with the identifiers that it gave them.
    #[must_use]
    pub fn taken(&self) -> Vec<(String, Json)> {
        self.inner().taken.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FakeMeta {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The signature that the holder of an app's secret gives a body, for the header of a webhook.
#[must_use]
pub fn sign(body: &[u8], secret: &str) -> String {
    format!("sha256={}", hmac_hex(&SecretString::from(secret), body))
}

async fn answer(State(inner): State<Arc<Mutex<Inner>>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let method = request.method().to_string();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default();
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
            {"id": FakeMeta::PAGE, "name": "Shop", "access_token": "page", "tasks": ["MESSAGING"],
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
    let mut inner = inner.lock().unwrap_or_else(PoisonError::into_inner);
    let mood = inner.moods.pop_front();
    if let Some(Mood::Refuses(status, error)) = mood {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        return (status, axum::Json(json!({ "error": error }))).into_response();
    }
    let number = inner.taken.len() + 1;
    let whatsapp = body["messaging_product"] == "whatsapp";
    let id = if whatsapp { format!("wamid.out{number}") } else { format!("m_out{number}") };
    inner.taken.push((id.clone(), json!({ "path": path, "body": body })));
    if mood == Some(Mood::LosesTheAnswer) {
        return (StatusCode::GATEWAY_TIMEOUT, "upstream timed out").into_response();
    }
    let answer = if whatsapp {
        json!({ "messages": [{ "id": id }], "contacts": [{ "wa_id": body["to"] }] })
    } else {
        json!({ "message_id": id, "recipient_id": body["recipient"]["id"] })
    };
    axum::Json(answer).into_response()
}
