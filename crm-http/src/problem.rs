//! Failures as `application/problem+json` (RFC 9457), all in one shape.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crm_core::command::CommandRefusal;
use crm_core::kernel::{Error, FieldProblem, Kind};
use crm_core::paywall::SubscriptionRequired;
use crm_core::store::StaleVersion;
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

/// One input that is wrong, by its path in the domain's words and as a JSON pointer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON pointer to the input in the body, RFC 6901; for a parameter of the query, its name behind a slash.
    #[schema(example = "/emails/0/address")]
    pub pointer: String,
    /// Path of the input.
    #[schema(example = "emails[0].address")]
    pub field: String,
    /// Stable identifier of the form `noun.reason`.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// What went wrong, for a person and for a program.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the code tells what it is.
    pub r#type: &'static str,
    /// The status in words.
    pub title: String,
    /// The status.
    #[schema(example = 422)]
    pub status: u16,
    /// What is wrong and what to do, as a sentence.
    pub detail: String,
    /// Stable identifier of the form `noun.reason`.
    #[schema(example = "record.not_found")]
    pub code: String,
    /// The inputs that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
    /// The reasons behind a refusal that was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub explanation: Option<Json>,
    /// `subscription_required` when a service is not subscribed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// The same as `detail`, when a service is not subscribed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The service that is missing, as one word: `LeadGeneration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Fields of the head that go with it.
    #[serde(skip)]
    pub head: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of the protocol itself.
    pub fn new(status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.into(),
            errors: Vec::new(),
            explanation: None,
            error: None,
            message: None,
            service: None,
            head: Vec::new(),
        }
    }

    /// The same with a wrong input.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        let (field, code, message) = (field.into(), self.code.clone(), self.detail.clone());
        self.errors.push(ProblemField { pointer: pointer(&field), field, code, message });
        self
    }

    /// The same with a field of the head.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.head.push((name, value));
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The one place where a failure of the domain gets its status.
const fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden | Kind::SubscriptionRequired => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        if matches!(error.kind(), Kind::Internal | Kind::Unavailable) {
            // The message is safe to show; what stands behind it is for the log alone.
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            tracing::error!(code = error.code(), cause, "a request failed on our side");
        }
        let stale = error.downcast_ref::<StaleVersion>();
        let status = if stale.is_some() { StatusCode::PRECONDITION_FAILED } else { status_of(error.kind()) };
        let mut problem = Self::new(status, error.code(), error.to_string());
        problem.errors = error.fields().iter().map(ProblemField::from).collect();
        problem.explanation = error.explanation().and_then(|why| serde_json::to_value(why).ok());
        if let Some(stale) = stale {
            problem.head.extend(entity_tag(stale.actual).map(|tag| (header::ETAG, tag)));
        }
        if let Some(missing) = error.downcast_ref::<SubscriptionRequired>() {
            problem.error = Some("subscription_required");
            problem.message = Some(problem.detail.clone());
            problem.service = Some(missing.service.word().to_owned());
        }
        match error.kind() {
            Kind::Unauthenticated => {
                problem.head.push((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"crm\"")));
            }
            Kind::Unavailable => problem.head.push((header::RETRY_AFTER, HeaderValue::from_static("1"))),
            _ if error.downcast_ref::<CommandRefusal>() == Some(&CommandRefusal::AtWork) => {
                problem.head.push((header::RETRY_AFTER, HeaderValue::from_static("1")));
            }
            _ => {}
        }
        problem
    }
}

impl From<&FieldProblem> for ProblemField {
    fn from(problem: &FieldProblem) -> Self {
        let FieldProblem { field, code, message } = problem.clone();
        Self { pointer: pointer(&field), field, code, message }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let head = response.headers_mut();
        head.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        head.extend(self.head);
        response
    }
}

/// The strong entity tag of a version.
#[must_use]
pub fn entity_tag(version: i64) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{version}\"")).ok()
}

/// `emails[0].address` as `/emails/0/address`; a path that begins at `$` begins at the body.
fn pointer(field: &str) -> String {
    let path = field.strip_prefix('$').unwrap_or(field);
    let parts = path.split(['.', '[']).map(|part| part.trim_end_matches(']')).filter(|part| !part.is_empty());
    parts.fold(String::new(), |pointer, part| {
        let escaped = part.replace('~', "~0").replace('/', "~1");
        format!("{pointer}/{escaped}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_pointer() {
        assert_eq!(pointer("emails[0].address"), "/emails/0/address");
        assert_eq!(pointer("$.all[1].equals"), "/all/1/equals");
        assert_eq!(pointer("a/b~c"), "/a~1b~0c");
        assert_eq!(pointer(""), "");
    }
}
