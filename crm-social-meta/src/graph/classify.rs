//! What a refusal of Graph means: who is affected, and whether to wait, to reconnect or to give up.
//!
//! Only the HTTP status, the code, the subcode and the mark `is_transient` count, never the message text, which Meta
//! translates and rewords. Codes 10 and 200 are permissions unless a subcode says otherwise.

use std::time::Duration;

use crm_core::inbox::channel::{ChannelFailure, FailureClass, FailureScope};
use serde_json::Value as Json;

/// After a refusal for spam nothing may be tried for at least this long.
const SPAM_PAUSE: Duration = Duration::from_hours(1);

/// The part of Graph's error envelope that can be acted upon, and its trace for support.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraphError {
    /// The HTTP status of the answer; 0 when the error came in a webhook.
    pub http_status: u16,
    /// Meta's code; `None` when the answer has no envelope.
    pub code: Option<i64>,
    /// Meta's subcode.
    pub subcode: Option<i64>,
    /// Whether Meta says that it will pass.
    pub transient: bool,
    /// Meta's words, for people only.
    pub message: String,
    /// What Meta's support asks for.
    pub trace: Option<String>,
}

impl GraphError {
    /// Reads the envelope in an answer; an answer without one keeps only its status.
    #[must_use]
    pub fn read(http_status: u16, body: &Json) -> Self {
        let error = body.get("error").unwrap_or(&Json::Null);
        let number = |name: &str| error.get(name).and_then(Json::as_i64);
        let text = |name: &str| error.get(name).and_then(Json::as_str).map(|text| text.chars().take(500).collect());
        let details = error.pointer("/error_data/details").and_then(Json::as_str);
        let mut message: String = text("message").unwrap_or_default();
        if let Some(details) = details {
            message.push_str(": ");
            message.extend(details.chars().take(500));
        }
        Self {
            http_status,
            code: number("code"),
            subcode: number("error_subcode"),
            transient: error.get("is_transient").and_then(Json::as_bool) == Some(true),
            message,
            trace: text("fbtrace_id"),
        }
    }

    /// The error behind a failed status of WhatsApp, which has a code only.
    #[must_use]
    pub fn of_status(code: i64) -> Self {
        Self { code: Some(code), ..Self::default() }
    }

    /// What to do about it, and how far it reaches.
    ///
    /// ```
    /// use crm_core::inbox::channel::{FailureClass, FailureScope};
    /// use crm_social_meta::GraphError;
    ///
    /// let body = serde_json::json!({"error": {"code": 10, "error_subcode": 2_018_278, "message": "…"}});
    /// assert_eq!(GraphError::read(400, &body).classify(), (FailureClass::WindowClosed, FailureScope::Message));
    /// ```
    #[must_use]
    pub fn classify(&self) -> (FailureClass, FailureScope) {
        self.of_token()
            .or_else(|| self.of_pair())
            .or_else(|| self.subcode.and_then(of_subcode))
            .or_else(|| self.code.and_then(of_code))
            .unwrap_or_else(|| self.unknown())
    }

    /// The refusal in the inbox's terms; `pause` is what the headers of the answer ask for.
    #[must_use]
    pub fn into_failure(self, pause: Option<Duration>) -> ChannelFailure {
        let (class, scope) = self.classify();
        let spam = (self.code == Some(131_048)).then_some(SPAM_PAUSE);
        ChannelFailure {
            class,
            scope,
            code: self.code,
            subcode: self.subcode,
            retry_after: pause.max(spam),
            message: if self.message.is_empty() { format!("HTTP {}", self.http_status) } else { self.message },
            trace: self.trace,
        }
    }

    fn of_token(&self) -> Option<(FailureClass, FailureScope)> {
        matches!(self.code, Some(190 | 102 | 0)).then_some((FailureClass::Reauth, FailureScope::Connection))
    }

    fn of_pair(&self) -> Option<(FailureClass, FailureScope)> {
        match (self.code?, self.subcode?) {
            (1, 99) | (2, 2_018_344) | (10, 1_893_063) | (100, 33) => {
                Some((FailureClass::Permanent, FailureScope::Connection))
            }
            _ => None,
        }
    }

    /// Without a code that is known: what the server says about itself.
    fn unknown(&self) -> (FailureClass, FailureScope) {
        let passing = self.transient || self.http_status == 429 || self.http_status >= 500;
        (if passing { FailureClass::RetryBackoff } else { FailureClass::Permanent }, FailureScope::Message)
    }
}

/// Subcodes that decide whatever the code.
fn of_subcode(subcode: i64) -> Option<(FailureClass, FailureScope)> {
    match subcode {
        2_018_278 | 2_018_065 | 2_534_022 => Some((FailureClass::WindowClosed, FailureScope::Message)),
        2_018_108 | 1_545_041 | 2_018_001 | 2_534_014 => {
            Some((FailureClass::RecipientUnavailable, FailureScope::Message))
        }
        _ => None,
    }
}

fn of_code(code: i64) -> Option<(FailureClass, FailureScope)> {
    use FailureClass::{Permanent, Reauth, RecipientUnavailable, RetryBackoff, WindowClosed};
    use FailureScope::{App, Connection, Message};
    Some(match code {
        10 | 200..=299 | 131_005 => (Reauth, Connection),
        1 | 2 | 1_200 | 131_000 | 131_016 | 131_056 | 132_069 => (RetryBackoff, Message),
        4 | 341 => (RetryBackoff, App),
        17 | 32 | 613 | 80_002 | 80_006 | 80_007 | 130_429 | 131_048 | 131_057 => (RetryBackoff, Connection),
        131_047 => (WindowClosed, Message),
        551 | 131_026 | 131_050 => (RecipientUnavailable, Message),
        3 => (Permanent, App),
        33 | 368 | 131_031 | 131_037 | 131_042 | 131_045 | 133_010 => (Permanent, Connection),
        100 | 130_472 | 131_008 | 131_009 | 131_021 | 131_030 | 131_049 | 131_051 | 131_053 | 131_062 => {
            (Permanent, Message)
        }
        132_000..=132_999 => (Permanent, Message),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_no_envelope_is_judged_by_its_status() {
        for body in [
            Json::Null,
            Json::from("x"),
            serde_json::json!({"error": "x"}),
            serde_json::json!({"error": {"code": "x"}}),
        ] {
            assert_eq!(GraphError::read(503, &body).classify(), (FailureClass::RetryBackoff, FailureScope::Message));
            assert_eq!(GraphError::read(400, &body).classify(), (FailureClass::Permanent, FailureScope::Message));
        }
    }

    #[test]
    fn every_subcode_of_a_lost_token_asks_for_a_new_sign_in() {
        for subcode in [None, Some(458), Some(2_018_278), Some(-1), Some(1_545_041)] {
            let error = GraphError { code: Some(190), subcode, ..GraphError::default() };
            assert_eq!(error.classify(), (FailureClass::Reauth, FailureScope::Connection), "{subcode:?}");
        }
    }
}
