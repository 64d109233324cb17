//! The listening, and what goes wrong at the door.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

use super::Trouble;
use super::books::Books;
use super::parameters::nested;

/// A request, read.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) parameters: Json,
    pub(super) key: Option<String>,
}

pub(super) async fn start(books: Arc<Mutex<Books>>) -> std::io::Result<(String, tokio::task::JoinHandle<()>)> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let router = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let books = Arc::clone(&books);
        async move {
            let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
            let form = if method == Method::POST { &body } else { uri.query().unwrap_or_default().as_bytes() };
            let request =
                Request { method: method.to_string(), path: uri.path().to_owned(), parameters: nested(form), key };
            let (answer, pause) = answered(&mut books.lock().unwrap_or_else(PoisonError::into_inner), &request);
            tokio::time::sleep(pause).await;
            answer
        }
    });
    let task = tokio::spawn(async move {
        // It ends when it is dropped; there is nobody to tell of an error.
        let _ = axum::serve(listener, router).await;
    });
    Ok((address, task))
}

/// The answer, and how long it is on its way.
fn answered(books: &mut Books, request: &Request) -> (Response, Duration) {
    books.requests += 1;
    let trouble = match &mut books.trouble {
        (_, 0) => Trouble::None,
        (trouble, left) => {
            *left -= 1;
            *trouble
        }
    };
    let refusal = |sort: &str| json!({"error": {"type": sort, "message": "the stand-in is in trouble"}});
    let pause = if trouble == Trouble::Slow { Duration::from_mins(1) } else { Duration::ZERO };
    let answer = match trouble {
        Trouble::None | Trouble::Slow => {
            let (status, body) = once(books, request);
            respond(status, &body)
        }
        Trouble::Down => respond(503, &refusal("api_error")),
        Trouble::RateLimited => respond(429, &refusal("rate_limit_error")),
        Trouble::Html => (StatusCode::OK, "<html><body>We'll be back soon.</body></html>").into_response(),
        Trouble::FailsAfterCommit => {
            once(books, request);
            respond(500, &refusal("api_error"))
        }
    };
    (answer, pause)
}

/// An effect under a key happens once; the same key for something else is refused.
fn once(books: &mut Books, request: &Request) -> (u16, Json) {
    let Some(key) = &request.key else { return books.answer(request) };
    let asked = format!("{} {} {}", request.method, request.path, request.parameters);
    if let Some((before, answer)) = books.keys.get(key) {
        let reused = json!({"error": {"type": "idempotency_error", "message": "the key was used before"}});
        return if *before == asked { answer.clone() } else { (400, reused) };
    }
    let answer = books.answer(request);
    books.keys.insert(key.clone(), (asked, answer.clone()));
    answer
}

fn respond(status: u16, body: &Json) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}
