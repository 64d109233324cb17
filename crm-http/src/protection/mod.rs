//! What stands around every request: identifiers, headers, limits, and problems instead of empty refusals.

pub mod limits;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use crate::problem::Problem;
use crate::signing;
use crate::text;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The identifier of a request, in its extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The router with everything around it.
pub(crate) fn protect(router: Router) -> Router {
    router.layer(CatchPanicLayer::custom(panicked)).layer(middleware::from_fn(around))
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request ended in a panic");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "system.fault", "something went wrong on our side").into_response()
}

/// Gives the request an identifier, logs how it ended, and adds the headers that every answer has.
async fn around(mut request: Request, next: Next) -> Response {
    let id = request_id(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let begun = std::time::Instant::now();
    let mut response = next.run(request).await;
    let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    // The query is left out: it may hold what people search for.
    tracing::info!(request_id = id, method = method.as_str(), path, status, micros, "answered");
    let head = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        head.insert(REQUEST_ID, id);
    }
    head.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    head.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    head.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    head.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if !path.contains("/docs") {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        head.insert(header::CONTENT_SECURITY_POLICY, nothing);
    }
    head.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains"));
    response
}

/// The caller's own identifier when it is harmless to log, or a new one.
fn request_id(request: &Request) -> String {
    let harmless =
        |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let given = text::head(request.headers(), REQUEST_ID.as_str()).filter(harmless);
    given.map_or_else(|| signing::hexadecimal(&signing::random::<16>().unwrap_or_default()), str::to_owned)
}

/// There is nothing at this path.
pub(crate) async fn not_found(uri: Uri) -> Problem {
    let detail = format!("there is nothing at '{}'; /docs lists what there is", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "path.unknown", detail)
}

/// There is something at this path, and not for this method.
pub(crate) async fn method_not_allowed(method: Method) -> Problem {
    let detail = format!("this path takes no {method}; 'Allow' says what it takes");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method.not_allowed", detail)
}
