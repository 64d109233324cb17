//! One call to Graph as a value: built by pure functions, carried out by the client.

use std::fmt;

use crm_core::inbox::channel::{ChannelFailure, FailureClass, FailureScope};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

/// Which of Meta's services is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Graph of Facebook: Pages, page-linked Instagram, `WhatsApp`.
    Graph,
    /// Graph of Instagram, for accounts connected by Instagram Login.
    InstagramGraph,
    /// The same without a version in the path.
    InstagramUnversioned,
    /// Where Instagram Login exchanges codes; no version either.
    InstagramApi,
}

/// Who the call is made as.
#[derive(Clone)]
pub(crate) enum As {
    /// Nobody: the secrets are in the query or the form.
    Nobody,
    /// The holder of a token.
    Token(SecretString),
    /// The app itself.
    App,
}

/// What the call carries.
pub(crate) enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Json),
    /// A form with secrets in it.
    Form(Vec<(&'static str, SecretString)>),
    /// A file beside fields.
    File {
        /// The fields.
        fields: Vec<(&'static str, String)>,
        /// Name of the part with the file.
        part: &'static str,
        /// The file.
        file: File,
    },
}

/// A file to be uploaded.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) bytes: Vec<u8>,
}

/// One call. Its `Debug` shows the way, never the values: they may be secret.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) service: Service,
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(&'static str, SecretString)>,
    pub(crate) authorization: As,
    pub(crate) body: Body,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} /{}", self.method, self.service, self.path.join("/"))
    }
}

impl Call {
    pub(crate) fn get<const N: usize>(service: Service, path: [&str; N]) -> Self {
        Self::new(Method::GET, service, path)
    }

    pub(crate) fn post<const N: usize>(service: Service, path: [&str; N]) -> Self {
        Self::new(Method::POST, service, path)
    }

    pub(crate) fn new<const N: usize>(method: Method, service: Service, path: [&str; N]) -> Self {
        Self {
            method,
            service,
            path: path.into_iter().map(str::to_owned).collect(),
            query: Vec::new(),
            authorization: As::Nobody,
            body: Body::None,
        }
    }

    pub(crate) fn authorized(mut self, token: &SecretString) -> Self {
        self.authorization = As::Token(token.clone());
        self
    }

    pub(crate) fn by_app(mut self) -> Self {
        self.authorization = As::App;
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, SecretString::from(value.into())));
        self
    }

    pub(crate) fn with_secret(mut self, name: &'static str, value: &SecretString) -> Self {
        self.query.push((name, value.clone()));
        self
    }

    pub(crate) fn json(mut self, body: Json) -> Self {
        self.body = Body::Json(body);
        self
    }

    pub(crate) fn form(mut self, fields: Vec<(&'static str, SecretString)>) -> Self {
        self.body = Body::Form(fields);
        self
    }

    pub(crate) fn file(mut self, fields: Vec<(&'static str, String)>, part: &'static str, file: File) -> Self {
        self.body = Body::File { fields, part, file };
        self
    }

    /// The first part of the path that is no identifier: it could lead the call, and its token, somewhere else.
    pub(crate) fn misplaced(&self) -> Option<&str> {
        self.path.iter().map(String::as_str).find(|part| !is_identifier(part))
    }

    /// The token, where the call has one that can be proven.
    pub(crate) fn token(&self) -> Option<&str> {
        match &self.authorization {
            As::Token(token) => Some(token.expose_secret()),
            As::Nobody | As::App => None,
        }
    }
}

/// Whether a text can stand in a path: letters, digits, `_`, `.`, `-`, and not dots alone.
fn is_identifier(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=200).contains(&text.len()) && text.bytes().all(letter) && text.bytes().any(|byte| byte != b'.')
}

/// Why a call has no usable answer.
#[derive(Debug)]
pub(crate) enum CallError {
    /// It was never written: nothing can have happened.
    Unreached(String),
    /// It was written and no answer came, or none that can be read: anything can have happened.
    Lost(String),
    /// Meta refused it, or we did.
    Refused(Box<ChannelFailure>),
}

impl CallError {
    /// A refusal of ours, before anything is written: the message says what to change.
    pub(crate) fn ours(message: impl Into<String>) -> Self {
        let failure = ChannelFailure::new(FailureClass::Permanent, FailureScope::Message, message);
        Self::Refused(Box::new(failure))
    }
}

impl From<CallError> for ChannelFailure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unreached(reason) | CallError::Lost(reason) => {
                Self::new(FailureClass::RetryBackoff, FailureScope::Message, reason)
            }
            CallError::Refused(failure) => *failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_leads_elsewhere_is_an_identifier() {
        for good in ["100200300400501", "v25.0", "subscribed_apps", "US.10000000000000000001", "me"] {
            assert!(is_identifier(good), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "ä", "a b", "a\\b", "a@b", "a:b"] {
            assert!(!is_identifier(bad), "{bad}");
        }
    }

    #[test]
    fn a_call_is_printed_without_its_values() {
        let token = SecretString::from("canary-token");
        let call = Call::get(Service::Graph, ["me", "accounts"]).authorized(&token).with_secret("secret", &token);
        assert_eq!(format!("{call:?}"), "GET Graph /me/accounts");
    }
}
