//! What every request goes through before and after its handler.

use axum::RequestPartsExt;
use axum::body::{Body as HttpBody, Bytes, to_bytes};
use axum::extract::{OriginalUri, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use crm_core::store::Session;

use super::answer::Answered;
use super::call::{Call, Seen, is_known};
use super::endpoint::Endpoint;
use super::input::{Body, Path, Query};
use super::repeat;
use crate::facade::Facade;
use crate::problem::Problem;
use crate::text;

/// A request that was let in.
pub(crate) struct Entered {
    facade: Facade,
    session: Option<Session>,
    method: Method,
    uri: Uri,
    head: HeaderMap,
    parts: Vec<String>,
    body: Bytes,
}

/// Finds out who asks, and lets them in: not too often, and not a second time for the same command.
pub(super) async fn enter(facade: Facade, request: Request, endpoint: &Endpoint) -> Result<Entered, Response> {
    let (mut parts, body) = request.into_parts();
    let caller = match facade.authenticator().authenticate(&parts).await {
        Ok(caller) => caller,
        Err(error) => return Err(Problem::from(error).into_response()),
    };
    facade.limits().check_caller(&caller).map_err(IntoResponse::into_response)?;
    let session = facade.crm().session(caller);
    let mut entered = read(facade, &mut parts, body, endpoint).await.map_err(IntoResponse::into_response)?;
    if entered.method == Method::POST
        && !endpoint.answers_secret
        && let Some(key) = text::head(&entered.head, "idempotency-key")
    {
        let name = repeat::name(&session, key, &entered.method, &entered.uri, &entered.body);
        let session = session.carrying_out(name.map_err(IntoResponse::into_response)?);
        if let Some(answered) = repeat::earlier(&session).await.map_err(IntoResponse::into_response)? {
            return Err(respond(&entered, answered));
        }
        entered.session = Some(session);
    } else {
        entered.session = Some(session);
    }
    Ok(entered)
}

async fn read(facade: Facade, parts: &mut Parts, body: HttpBody, endpoint: &Endpoint) -> Result<Entered, Problem> {
    let largest = endpoint.largest_body.unwrap_or(facade.options().largest_body);
    let body = to_bytes(body, largest).await.map_err(|_| {
        let detail = format!("the body is larger than {largest} bytes, or did not arrive whole; send less");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body.too_large", detail)
    })?;
    let named = parts.extract::<RawPathParams>().await.map_err(|_| {
        Problem::new(StatusCode::NOT_FOUND, "path.malformed", "there is nothing at this path; check its encoding")
    })?;
    let named = named.iter().map(|(_, value)| value.to_owned()).collect();
    let uri = parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |original| original.0.clone());
    let (method, head) = (parts.method.clone(), std::mem::take(&mut parts.headers));
    Ok(Entered { facade, session: None, method, uri, head, parts: named, body })
}

impl Entered {
    /// Lets anybody in, not too often.
    pub(super) async fn anybody(facade: Facade, request: Request, endpoint: &Endpoint) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        if !endpoint.signed {
            facade.limits().check_anybody(&parts).map_err(IntoResponse::into_response)?;
        }
        read(facade, &mut parts, body, endpoint).await.map_err(IntoResponse::into_response)
    }

    /// The session of whoever asks.
    pub(super) fn session(&self) -> Session {
        self.session.clone().unwrap_or_else(|| self.facade.nobody())
    }

    /// What the request carries, as the endpoint's types.
    pub(super) fn call<P: Path, Q: Query, B: Body>(&mut self) -> Result<Call<P, Q, B>, Problem> {
        let pairs = text::pairs(self.uri.query().unwrap_or_default()).ok_or_else(|| {
            Problem::new(StatusCode::BAD_REQUEST, "query.malformed", "the query is not UTF-8 behind its escapes")
        })?;
        if pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "text.nul",
                "the query has the character NUL; remove it",
            ));
        }
        Ok(Call {
            path: P::read(&self.parts)?,
            query: Q::read(pairs)?,
            body: B::read(&self.head, self.body.clone())?,
            seen: Seen::read(&self.head)?,
            facade: self.facade.clone(),
            head: self.head.clone(),
            uri: self.uri.clone(),
        })
    }
}

/// Answers, and keeps the answer of a command that may be repeated.
pub(super) async fn leave(entered: Entered, answered: Result<Answered, Problem>) -> Response {
    let keyed = entered.session.as_ref().filter(|session| session.carries_command());
    match (answered, keyed) {
        (Ok(answered), None) => respond(&entered, answered),
        (Ok(answered), Some(session)) => {
            let answered = located(&entered, answered);
            match repeat::keep(session, &answered).await {
                Ok(()) => respond(&entered, answered),
                // It was done, and whoever asked may hear so. Repeated, it is said to have taken effect.
                Err(problem) if problem.status().is_server_error() => respond(&entered, answered),
                Err(problem) => problem.into_response(),
            }
        }
        (Err(problem), None) => problem.into_response(),
        // Nobody can say what became of it: a key that is there guards an effect, and a store that is away is not asked.
        (Err(problem), Some(_)) if problem.status().is_server_error() => problem.into_response(),
        // A refusal keeps no key, even when a part of the work was committed before it.
        (Err(problem), Some(session)) if session.forget_command().await.unwrap_or(false) => problem.into_response(),
        // Somebody else may have carried out the very same command meanwhile: then theirs is the answer.
        (Err(problem), Some(session)) => match repeat::earlier(session).await {
            Ok(Some(answered)) => respond(&entered, answered),
            Ok(None) => problem.into_response(),
            Err(at_work) => at_work.into_response(),
        },
    }
}

fn located(entered: &Entered, mut answered: Answered) -> Answered {
    if let Some(made) = answered.made.take()
        && answered.status == StatusCode::CREATED
        && let Ok(location) = HeaderValue::from_str(&format!("{}/{made}", entered.uri.path().trim_end_matches('/')))
    {
        answered.head.push((header::LOCATION, location));
    }
    answered
}

fn respond(entered: &Entered, answered: Answered) -> Response {
    let answered = located(entered, answered);
    let tag = answered.head.iter().find(|(name, _)| name == header::ETAG);
    let known = entered.method == Method::GET && tag.is_some_and(|(_, tag)| is_known(&entered.head, tag));
    let (status, body) =
        if known { (StatusCode::NOT_MODIFIED, HttpBody::empty()) } else { (answered.status, answered.body.into()) };
    let mut response = (status, body).into_response();
    let head = response.headers_mut();
    head.remove(header::CONTENT_TYPE);
    head.extend(answered.head);
    response
}
