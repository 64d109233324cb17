//! The wire itself: one client, its limit, its retries and its refusal of what is not Stripe's.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crm_core::billing::Mode;
use crm_core::kernel::Rule as _;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::call::Call;
use super::error::{classified, looks_like};
use super::form::flattened;
use super::pace::{Pace, Trouble, pause_before};
use super::{Answer, StripeError};
use crate::config::{API_VERSION, ConfigError, StripeConfig};

/// The pace as the rate limiter's clock.
#[derive(Clone)]
struct PaceClock(Arc<dyn Pace>);

impl governor::clock::Clock for PaceClock {
    type Instant = Duration;
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, PaceClock, NoOpMiddleware<Duration>>;

/// A connection to one Stripe account.
pub(crate) struct StripeClient {
    http: reqwest::Client,
    config: StripeConfig,
    authorization: HeaderValue,
    pace: Arc<dyn Pace>,
    clock: PaceClock,
    limiter: Limiter,
}

impl fmt::Debug for StripeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeClient").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What came back, before anybody has looked at it.
struct Reply {
    status: u16,
    should_retry: Option<bool>,
    after: Option<Duration>,
    /// Stripe's name of the request, which its support asks for.
    request_id: Option<String>,
    body: Vec<u8>,
}

#[derive(Deserialize)]
struct ModeProbe {
    livemode: Option<bool>,
}

impl StripeClient {
    pub(crate) fn new(config: StripeConfig, pace: Arc<dyn Pace>) -> Result<Self, ConfigError> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("crm-billing-stripe/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ConfigError::HttpClient(error.without_url().to_string()))?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", config.key.expose()))
            .map_err(|_| ConfigError::NotASecretKey)?;
        authorization.set_sensitive(true);
        let rate = NonZeroU32::new(config.requests_per_second).unwrap_or(NonZeroU32::MIN);
        let clock = PaceClock(Arc::clone(&pace));
        let limiter = RateLimiter::direct_with_clock(Quota::per_second(rate), clock.clone());
        Ok(Self { http, config, authorization, pace, clock, limiter })
    }

    pub(crate) const fn config(&self) -> &StripeConfig {
        &self.config
    }

    /// Sends until it succeeds or there is no sense in sending again.
    pub(crate) async fn send<T: DeserializeOwned>(&self, call: &Call) -> Answer<T> {
        let mut attempt = 0;
        loop {
            self.wait_for_leave().await;
            let (error, asked, request_id) = match self.attempt(call).await {
                Ok(reply) if (200..300).contains(&reply.status) => match self.read(&reply) {
                    Ok(value) => return Ok(value),
                    // A proxy in trouble answers 200 with a page of its own.
                    Err(error) => (error, reply.should_retry, reply.request_id),
                },
                Ok(reply) => (classified(reply.status, reply.after, &reply.body), reply.should_retry, reply.request_id),
                Err(error) => (error, None, None),
            };
            attempt += 1;
            // Neither bodies nor keys, and of the error its code alone: its sentence may be about a person.
            tracing::warn!(method = %call.method, path = call.path, attempt, request_id, code = error.code(), "Stripe request failed");
            if attempt > self.config.retries || !asked.unwrap_or_else(|| is_worth_retrying(&error)) {
                return Err(error);
            }
            let (trouble, after) = match &error {
                StripeError::RateLimited { after } => (Trouble::TooOften, *after),
                _ => (Trouble::Failure, None),
            };
            self.pace.pause(pause_before(attempt, trouble, self.pace.chance(), after)).await;
        }
    }

    async fn wait_for_leave(&self) {
        while let Err(not_until) = self.limiter.check() {
            self.pace.pause(not_until.wait_time_from(self.clock.now())).await;
        }
    }

    async fn attempt(&self, call: &Call) -> Answer<Reply> {
        let mut url = self.config.address.clone();
        url.set_path(&call.path);
        let pairs = flattened(&call.parameters);
        let timeout = if call.is_payment { self.config.payment_timeout } else { self.config.timeout };
        let mut request = self.http.request(call.method.clone(), url).headers(self.headers()).timeout(timeout);
        if let Some(key) = &call.key {
            request = request.header("Idempotency-Key", key);
        }
        request = if call.method == Method::POST { request.form(&pairs) } else { request.query(&pairs) };
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let reply = Reply {
            status: response.status().as_u16(),
            should_retry: header("Stripe-Should-Retry").and_then(|value| value.parse().ok()),
            after: header("Retry-After").and_then(|value| value.parse().ok()).map(Duration::from_secs),
            request_id: header("Request-Id").map(|id| id.chars().take(100).collect()),
            body: Vec::new(),
        };
        let body = self.body_of(response).await?;
        Ok(Reply { body, ..reply })
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert("stripe-version", HeaderValue::from_static(API_VERSION));
        // An external identifier is visible ASCII, so it always is a header's value.
        let account = self.config.account.as_ref().and_then(|account| HeaderValue::from_str(account.as_str()).ok());
        headers.extend(account.map(|account| (HeaderName::from_static("stripe-account"), account)));
        headers
    }

    async fn body_of(&self, mut response: reqwest::Response) -> Answer<Vec<u8>> {
        let limit = self.config.longest_answer;
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| unreachable(&error))? {
            if body.len() + part.len() > limit {
                return Err(StripeError::TooLarge { limit });
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }

    fn read<T: DeserializeOwned>(&self, reply: &Reply) -> Answer<T> {
        let probe = serde_json::from_slice::<ModeProbe>(&reply.body)
            .map_err(|_| StripeError::Garbage { status: reply.status, reason: looks_like(&reply.body).to_owned() })?;
        if probe.livemode.is_some_and(|live| live != (self.config.mode() == Mode::Live)) {
            return Err(StripeError::WrongMode);
        }
        serde_json::from_slice(&reply.body).map_err(|error| StripeError::Garbage {
            status: reply.status,
            // Of serde's message only the place: the rest may quote the answer.
            reason: format!("it does not fit at line {}, column {}", error.line(), error.column()),
        })
    }
}

/// Stripe's rule where it does not say itself, and one more: its own clients give up when they ask too often.
fn is_worth_retrying(error: &StripeError) -> bool {
    match error {
        StripeError::Garbage { status, .. } => (200..300).contains(status),
        StripeError::TooLarge { .. } => false,
        other => other.is_passing(),
    }
}

fn unreachable(error: &reqwest::Error) -> StripeError {
    let reason = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "there is no connection"
    } else {
        "the connection broke"
    };
    StripeError::Unreachable { reason }
}
