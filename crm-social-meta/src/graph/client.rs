//! Carries calls out: addresses, proofs, time limits, and what the answer means.

use std::sync::Arc;
use std::time::Duration;

use crm_core::inbox::channel::{ChannelFailure, FailureClass, FailureScope};
use crm_core::kernel::{Clock, Timestamp};
use reqwest::header::AUTHORIZATION;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use super::call::{As, Body, Call, CallError, File, Service};
use super::classify::GraphError;
use super::throttle::Throttle;
use super::usage::Usage;
use crate::config::{AppCredentials, ConfigError, MediaOrigin, MetaConfig};
use crate::webhook::signature::hmac_hex;

/// The largest answer that is read; Graph's pages of lists stay far below it.
const LARGEST_ANSWER: usize = 4 << 20;
/// How long reaching a server may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The client for Graph. Clones share their connections and what they know of allowances.
#[derive(Clone)]
pub struct Graph {
    inner: Arc<Inner>,
}

struct Inner {
    http: Client,
    config: MetaConfig,
    media_origins: Vec<MediaOrigin>,
    clock: Arc<dyn Clock>,
    throttle: Throttle,
}

/// Why the client can't be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A setting can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The TLS library or the system's certificates can't be loaded.
    #[error("the HTTPS client can't be made: {0}")]
    Http(String),
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph").field("version", &self.inner.config.graph_version).finish_non_exhaustive()
    }
}

impl Graph {
    /// A client with these settings. The clock turns "expires in" into instants and keeps pauses.
    ///
    /// # Errors
    /// `Config` names the setting that can't be used; `Http` when TLS can't be set up.
    pub fn new(config: MetaConfig, clock: impl Clock + 'static) -> Result<Self, SetupError> {
        config.check()?;
        let media_origins = config.media_origins()?;
        let http = Client::builder()
            .timeout(config.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .build()
            .map_err(|error| SetupError::Http(error.without_url().to_string()))?;
        let clock = Arc::new(clock);
        Ok(Self { inner: Arc::new(Inner { http, config, media_origins, clock, throttle: Throttle::default() }) })
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &MetaConfig {
        &self.inner.config
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    pub(crate) fn http(&self) -> &Client {
        &self.inner.http
    }

    pub(crate) fn fetches_from(&self, url: &Url) -> bool {
        self.inner.media_origins.iter().any(|origin| origin.covers(url))
    }

    /// The app for Instagram Login; a host that does not use it has none.
    pub(crate) fn instagram_app(&self) -> Result<&AppCredentials, CallError> {
        let app = self.inner.config.instagram_app.as_ref();
        app.ok_or_else(|| {
            CallError::ours("Instagram Login is not configured; set instagram_app to the app's id and secret")
        })
    }

    /// Carries out a call on behalf of an account and reads its answer as JSON.
    pub(crate) async fn execute(&self, account: &str, call: Call) -> Result<Json, CallError> {
        if let Some(pause) = self.inner.throttle.pause(account, self.now()) {
            return Err(CallError::Refused(Box::new(paused(pause))));
        }
        let response = self.request(call)?.send().await.map_err(unanswered)?;
        let status = response.status();
        let usage = Usage::read(response.headers());
        self.inner.throttle.note(account, usage, self.now());
        let bytes = read_capped(response, LARGEST_ANSWER).await.map_err(|lost| match lost {
            ReadError::TooLarge => CallError::Lost("the answer is larger than Graph's answers are".to_owned()),
            ReadError::Broken(reason) => CallError::Lost(reason),
        })?;
        let body = serde_json::from_slice::<Json>(&bytes);
        match body {
            Ok(body) if status.is_success() && body.get("error").is_none() => Ok(body),
            Err(_) if status.is_success() => Err(CallError::Lost("the answer is no JSON".to_owned())),
            // The gateway gave up waiting; the server behind it may well have acted.
            Err(_) if status.as_u16() == 504 => Err(CallError::Lost("HTTP 504".to_owned())),
            body => {
                let error = GraphError::read(status.as_u16(), &body.unwrap_or(Json::Null));
                Err(CallError::Refused(Box::new(error.into_failure(usage.pause()))))
            }
        }
    }

    fn request(&self, call: Call) -> Result<RequestBuilder, CallError> {
        if let Some(part) = call.misplaced() {
            let part: String = part.chars().take(60).collect();
            return Err(CallError::ours(format!("'{part}' is no identifier of Meta's; connect the account again")));
        }
        let mut url = self.address(&call)?;
        if !call.query.is_empty() || call.token().is_some() {
            let mut pairs = url.query_pairs_mut();
            for (name, value) in &call.query {
                pairs.append_pair(name, value.expose_secret());
            }
            if let Some(proof) = self.proof(&call) {
                pairs.append_pair("appsecret_proof", &proof);
            }
        }
        if url.query() == Some("") {
            url.set_query(None);
        }
        let request = self.inner.http.request(call.method, url);
        let request = match call.authorization {
            As::Nobody => request,
            As::Token(token) => bearer(request, token.expose_secret())?,
            As::App => {
                let app = &self.inner.config.facebook_app;
                bearer(request, &format!("{}|{}", app.id, app.secret.expose_secret()))?
            }
        };
        Ok(match call.body {
            Body::None => request,
            Body::Json(body) => request.json(&body),
            Body::Form(fields) => {
                let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.expose_secret())).collect();
                request.form(&fields)
            }
            Body::File { fields, part, file } => request.multipart(multipart(fields, part, file)?),
        })
    }

    fn address(&self, call: &Call) -> Result<Url, CallError> {
        let config = &self.inner.config;
        let (base, versioned) = match call.service {
            Service::Graph => (&config.base_urls.graph, true),
            Service::InstagramGraph => (&config.base_urls.instagram_graph, true),
            Service::InstagramUnversioned => (&config.base_urls.instagram_graph, false),
            Service::InstagramApi => (&config.base_urls.instagram_api, false),
        };
        let mut url = base.clone();
        {
            let mut path = url.path_segments_mut().map_err(|()| CallError::ours("the base address has no paths"))?;
            path.pop_if_empty();
            if versioned {
                path.push(&config.graph_version);
            }
            path.extend(&call.path);
        }
        Ok(url)
    }

    /// HMAC of the token under the secret of the app that it was given to.
    fn proof(&self, call: &Call) -> Option<String> {
        let token = call.token().filter(|_| self.inner.config.app_secret_proof)?;
        let app = match call.service {
            Service::Graph => &self.inner.config.facebook_app,
            _ => self.inner.config.instagram_app.as_ref()?,
        };
        Some(hmac_hex(&app.secret, token.as_bytes()))
    }
}

fn paused(pause: Duration) -> ChannelFailure {
    let message = format!("Meta asked for a pause of {} more seconds", pause.as_secs().max(1));
    let failure = ChannelFailure::new(FailureClass::RetryBackoff, FailureScope::Connection, message);
    ChannelFailure { retry_after: Some(pause), ..failure }
}

/// A token that can't stand in a header is no token of Meta's.
pub(crate) fn bearer(request: RequestBuilder, token: &str) -> Result<RequestBuilder, CallError> {
    let mut value = reqwest::header::HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| CallError::ours("the token contains characters that no token has; connect the account again"))?;
    value.set_sensitive(true);
    Ok(request.header(AUTHORIZATION, value))
}

fn multipart(fields: Vec<(&'static str, String)>, part: &'static str, file: File) -> Result<Form, CallError> {
    let mime = file.mime.clone();
    let content = Part::bytes(file.bytes)
        .file_name(file.name)
        .mime_str(&mime)
        .map_err(|_| CallError::ours(format!("'{mime}' is no MIME type; write it like image/png")))?;
    Ok(fields.into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value)).part(part, content))
}

/// Whether a call without an answer was written. Only a failed connection is certain not to have been.
pub(crate) fn unanswered(error: reqwest::Error) -> CallError {
    let written = !(error.is_connect() || error.is_builder());
    // The address may carry secrets in its query.
    let reason = causes(&error.without_url());
    if written { CallError::Lost(reason) } else { CallError::Unreached(reason) }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// Why a body was not read to its end.
pub(crate) enum ReadError {
    /// It is larger than allowed.
    TooLarge,
    /// The connection broke, without secrets.
    Broken(String),
}

/// The bytes of a body, of at most so many.
pub(crate) async fn read_capped(mut response: Response, most: usize) -> Result<Vec<u8>, ReadError> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > most) {
        return Err(ReadError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default().min(1 << 20));
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > most => return Err(ReadError::TooLarge),
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(error) => return Err(ReadError::Broken(causes(&error.without_url()))),
        }
    }
}

/// The port's secret as one that wipes itself.
pub(crate) fn token(secret: &crm_core::kernel::Secret) -> SecretString {
    SecretString::from(secret.expose())
}
