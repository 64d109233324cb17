//! Graph on this machine: it takes whatever is sent, gives identifiers, and remembers.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::{Json as Answer, Router};
use crm_social_meta::{AppCredentials, BaseUrls, MetaConfig};
use serde_json::{Value as Json, json};

use super::deliveries::{APP_SECRET, INSTAGRAM, PAGE};

/// What was taken, and the identifier that it got.
type Taken = Arc<Mutex<Vec<(String, String)>>>;

pub(crate) struct FalseGraph {
    base: String,
    taken: Taken,
}

impl FalseGraph {
    pub(crate) async fn start() -> std::io::Result<Self> {
        let taken = Taken::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&taken));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { base, taken })
    }

    /// The settings of an app whose Meta is this server.
    pub(crate) fn config(&self) -> Result<MetaConfig, Box<dyn std::error::Error>> {
        let app = AppCredentials { id: "app-1".to_owned(), secret: APP_SECRET.into() };
        let base_urls = BaseUrls {
            graph: self.base.parse()?,
            instagram_graph: self.base.parse()?,
            instagram_api: self.base.parse()?,
            facebook_dialog: self.base.parse()?,
            instagram_dialog: self.base.parse()?,
        };
        Ok(MetaConfig { base_urls, ..MetaConfig::new(app, "verify".into()) })
    }

    /// What was sent, in order.
    pub(crate) fn taken(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.iter().map(|(id, what)| format!("{what} as {id}")).collect()
    }

    /// The identifiers that were given.
    pub(crate) fn identifiers(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.iter().map(|(id, _)| id.clone()).collect()
    }
}

async fn answer(State(taken): State<Taken>, request: Request) -> Answer<Json> {
    let (head, body) = request.into_parts();
    let body: Bytes = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let body: Json = serde_json::from_slice(&body).unwrap_or_default();
    let path = head.uri.path();
    let posted = head.method == axum::http::Method::POST;
    Answer(match path.rsplit('/').next().unwrap_or_default() {
        "messages" if posted => take(&taken, &body),
        "access_token" => json!({ "access_token": "a-token-that-nobody-may-see", "expires_in": 5_184_000 }),
        "debug_token" => json!({ "data": { "is_valid": true, "scopes": ["pages_messaging"] } }),
        "accounts" => json!({ "data": [{
            "id": PAGE, "name": "Example Ltd", "access_token": "a-token-of-the-page", "tasks": ["MESSAGING"],
            "instagram_business_account": { "id": INSTAGRAM },
        }] }),
        "message_templates" => json!({ "data": [{
            "id": "1", "name": "still_interested", "language": "en_US", "status": "APPROVED", "category": "UTILITY",
            "components": [{ "type": "BODY", "text": "Hello {{1}}, are you still interested?" }],
        }] }),
        "5" => json!({ "first_name": "Mara", "last_name": "Keller" }),
        "6" => json!({ "first_name": "Tom", "last_name": "Weber" }),
        "7" => json!({ "name": "Ana Paints", "username": "ana.paints" }),
        _ => json!({ "success": true, "data": [], "verified_name": "Example Ltd" }),
    })
}

/// Takes a message, and answers as the platform that it was sent through.
fn take(taken: &Taken, body: &Json) -> Json {
    let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
    let number = taken.len() + 1;
    let text = |pointer: &str| body.pointer(pointer).and_then(Json::as_str).map(str::to_owned);
    let words = text("/message/text").or_else(|| text("/text/body"));
    let words = words.or_else(|| text("/template/name").map(|name| format!("the template {name}"))).unwrap_or_default();
    let tag = text("/tag").map(|tag| format!(" under {tag}")).unwrap_or_default();
    let whatsapp = body.get("messaging_product").is_some();
    let id = format!("{}{number}", if whatsapp { "wamid.out" } else { "m_out" });
    taken.push((id.clone(), format!("“{words}”{tag}")));
    match text("/to") {
        Some(to) => json!({ "messages": [{ "id": id }], "contacts": [{ "wa_id": to }] }),
        None => json!({ "message_id": id, "recipient_id": text("/recipient/id") }),
    }
}
