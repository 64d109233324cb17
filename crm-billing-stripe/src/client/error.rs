//! What Stripe answers when it does not do what was asked, sorted by what there is to do about it.

use std::time::Duration;

use crm_core::kernel::{Kind, Rule};
use serde::Deserialize;

/// A request to Stripe that failed. Messages are Stripe's own, cut short, and hold neither keys nor bodies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StripeError {
    /// The bank or a rule of Stripe's refused the payment.
    #[error("the payment was refused ({code}): {message}; use another payment method or ask the bank")]
    Card {
        /// Stripe's code, for example `card_declined`.
        code: String,
        /// The bank's reason, for example `insufficient_funds`.
        decline: Option<String>,
        /// Stripe's sentence for the payer.
        message: String,
    },
    /// Stripe does not have this object.
    #[error("Stripe has no such {object}")]
    Missing {
        /// Stripe's word for the kind of object.
        object: String,
    },
    /// Stripe does not accept the request as it is; sending it again changes nothing.
    #[error("Stripe does not accept the request ({code}{}): {message}", parameter.as_deref().map(|name| format!(", {name}")).unwrap_or_default())]
    Invalid {
        /// Stripe's code, or its type where it gives none.
        code: String,
        /// The parameter that is wrong.
        parameter: Option<String>,
        /// Stripe's sentence.
        message: String,
    },
    /// The key is unknown, revoked, or may not do this.
    #[error("Stripe does not accept the key (status {status}); check it and its rights in the dashboard")]
    Unauthorized {
        /// 401 or 403.
        status: u16,
    },
    /// More requests than Stripe takes, even after waiting.
    #[error("Stripe takes no more requests at the moment; the same request may succeed later")]
    RateLimited {
        /// How long Stripe asks to wait.
        after: Option<Duration>,
    },
    /// An idempotency key was used before with other parameters: a defect on our side.
    #[error("the idempotency key was used before for another request; nothing was done")]
    KeyReused,
    /// Another request holds the same object or key.
    #[error("Stripe is still busy with this object; the same request may succeed later")]
    Busy,
    /// Stripe failed.
    #[error("Stripe failed with status {status}; the same request may succeed later")]
    Outage {
        /// The status of the answer.
        status: u16,
    },
    /// Stripe could not be reached, or did not answer in time.
    #[error("Stripe could not be reached: {reason}; the same request may succeed later")]
    Unreachable {
        /// What failed, without addresses.
        reason: &'static str,
    },
    /// The answer is not what Stripe writes: a proxy's page, or a damaged answer.
    #[error("the answer (status {status}) is not Stripe's: {reason}")]
    Garbage {
        /// The status of the answer.
        status: u16,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer is longer than we read.
    #[error("the answer is longer than {limit} bytes and was not read")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The answer belongs to the other mode.
    #[error("the answer is of the other mode (test or live) than the key; nothing of it was used")]
    WrongMode,
    /// An identifier that can't be one of Stripe's.
    #[error("'{0}' is no identifier of Stripe's; they are letters, digits and underscores")]
    NotAnId(String),
    /// A list did not come to its end.
    #[error("a list of Stripe's does not end: {0}")]
    EndlessList(&'static str),
}

impl StripeError {
    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. }
                | Self::Busy
                | Self::Outage { .. }
                | Self::Unreachable { .. }
                | Self::Garbage { .. }
                | Self::TooLarge { .. }
        )
    }
}

impl Rule for StripeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Card { .. } => "payment.refused",
            Self::Missing { .. } => "stripe_object.missing",
            Self::Invalid { .. } => "stripe_request.invalid",
            Self::Unauthorized { .. } => "stripe_key.refused",
            Self::RateLimited { .. } => "stripe.rate_limited",
            Self::KeyReused => "stripe_request.key_reused",
            Self::Busy => "stripe_object.busy",
            Self::Outage { .. } => "stripe.failed",
            Self::Unreachable { .. } => "stripe.unreachable",
            Self::Garbage { .. } => "stripe_answer.garbage",
            Self::TooLarge { .. } => "stripe_answer.too_large",
            Self::WrongMode => "stripe_answer.wrong_mode",
            Self::NotAnId(_) => "stripe_id.malformed",
            Self::EndlessList(_) => "stripe_answer.endless",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::Card { .. } | Self::Invalid { .. } => Kind::Conflict,
            Self::Missing { .. } => Kind::NotFound,
            Self::NotAnId(_) => Kind::Invalid,
            Self::KeyReused | Self::Unauthorized { .. } | Self::WrongMode | Self::EndlessList(_) => Kind::Internal,
            _ => Kind::Unavailable,
        }
    }
}

#[derive(Default, Deserialize)]
struct Answer {
    #[serde(default)]
    error: Option<Problem>,
}

#[derive(Default, Deserialize)]
struct Problem {
    #[serde(default, rename = "type")]
    sort: Option<String>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    decline_code: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    param: Option<String>,
}

/// Sorts an answer whose status is not a success.
pub(crate) fn classified(status: u16, after: Option<Duration>, body: &[u8]) -> StripeError {
    let problem = serde_json::from_slice::<Answer>(body).ok().and_then(|answer| answer.error);
    match status {
        401 | 403 => return StripeError::Unauthorized { status },
        409 => return StripeError::Busy,
        429 => return StripeError::RateLimited { after },
        500.. => return StripeError::Outage { status },
        _ => {}
    }
    let Some(problem) = problem else {
        return StripeError::Garbage { status, reason: looks_like(body).to_owned() };
    };
    let message = short(problem.message.as_deref().unwrap_or("no message"));
    let sort = problem.sort.unwrap_or_default();
    let code = short(problem.code.as_deref().unwrap_or(&sort));
    match sort.as_str() {
        "idempotency_error" => StripeError::KeyReused,
        "card_error" => StripeError::Card { code, decline: problem.decline_code.as_deref().map(short), message },
        _ if status == 402 => StripeError::Card { code, decline: problem.decline_code.as_deref().map(short), message },
        _ if code == "lock_timeout" => StripeError::Busy,
        _ if status == 404 || code == "resource_missing" => StripeError::Missing { object: kind_in(&message) },
        _ => StripeError::Invalid { code, parameter: problem.param.as_deref().map(short), message },
    }
}

/// What an answer that is no JSON of Stripe's seems to be.
pub(crate) fn looks_like(body: &[u8]) -> &'static str {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => "it is empty",
        Some(b'<') => "it is a page of HTML",
        Some(b'{') => "it is JSON of another shape",
        Some(_) => "it is no JSON",
    }
}

/// The kind of object in such a sentence: "No such customer: …".
fn kind_in(message: &str) -> String {
    let after = message.strip_prefix("No such ").and_then(|rest| rest.split(':').next());
    after.filter(|kind| kind.len() <= 60).unwrap_or("object").to_owned()
}

/// At most 300 characters without control characters, for messages that end up in logs.
fn short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> StripeError {
        classified(status, None, body.as_bytes())
    }

    #[test]
    fn refusals_are_sorted_by_what_there_is_to_do() {
        let declined =
            r#"{"error":{"type":"card_error","code":"card_declined","decline_code":"lost_card","message":"no"}}"#;
        assert!(matches!(of(402, declined), StripeError::Card { decline: Some(d), .. } if d == "lost_card"));
        let missing = r#"{"error":{"type":"invalid_request_error","code":"resource_missing","message":"No such customer: 'cus_1'"}}"#;
        for status in [400, 404] {
            assert_eq!(of(status, missing), StripeError::Missing { object: "customer".to_owned() });
        }
        let unknown =
            r#"{"error":{"type":"invalid_request_error","message":"Received unknown parameter: pice","param":"pice"}}"#;
        assert!(matches!(of(400, unknown), StripeError::Invalid { parameter: Some(p), .. } if p == "pice"));
        assert_eq!(of(400, r#"{"error":{"type":"idempotency_error"}}"#), StripeError::KeyReused);
        assert_eq!(of(409, r#"{"error":{"type":"invalid_request_error"}}"#), StripeError::Busy);
        assert_eq!(of(401, "{}"), StripeError::Unauthorized { status: 401 });
        assert_eq!(of(503, "<html>"), StripeError::Outage { status: 503 });
        assert!(of(429, "").is_passing() && !of(401, "").is_passing());
    }

    #[test]
    fn what_stripe_did_not_write_is_garbage() {
        for (body, reason) in [("<html>", "HTML"), ("", "empty"), ("{}", "shape"), ("hello", "no JSON")] {
            let error = of(400, body);
            assert!(matches!(&error, StripeError::Garbage { .. }), "{error:?}");
            assert!(error.to_string().contains(reason), "{error}");
            assert!(error.is_passing());
        }
    }

    #[test]
    fn an_unknown_sort_of_refusal_is_a_refusal() {
        let error = of(400, r#"{"error":{"type":"from_the_future","code":null,"message":"a\nb","new":[1]}}"#);
        assert_eq!(
            error,
            StripeError::Invalid { code: "from_the_future".to_owned(), parameter: None, message: "a b".to_owned() }
        );
        assert!(of(400, &format!(r#"{{"error":{{"message":"{}"}}}}"#, "x".repeat(9_000))).to_string().len() < 500);
    }
}
