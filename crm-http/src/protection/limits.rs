//! How many requests one may make: per organization by its tier, per caller, and per address where nobody is signed in.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use crm_core::access::{Caller, OrganizationId};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::problem::Problem;

/// A steady rate, and how far one may run ahead of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests in a second.
    pub per_second: NonZeroU32,
    /// Requests at once.
    pub burst: NonZeroU32,
}

impl Rate {
    /// A rate; zero counts as one.
    #[must_use]
    pub const fn new(per_second: u32, burst: u32) -> Self {
        const fn at_least_one(number: u32) -> NonZeroU32 {
            match NonZeroU32::new(number) {
                Some(number) => number,
                None => NonZeroU32::MIN,
            }
        }
        Self { per_second: at_least_one(per_second), burst: at_least_one(burst) }
    }

    const fn quota(self) -> Quota {
        Quota::per_second(self.per_second).allow_burst(self.burst)
    }
}

/// Which of the host's tiers an organization is in.
pub type TierOf = Arc<dyn Fn(OrganizationId) -> usize + Send + Sync>;

/// How many requests one may make.
#[derive(Clone)]
pub struct RateLimits {
    /// Of one organization, by tier; an unknown tier is the last.
    pub tiers: Vec<Rate>,
    /// Which tier an organization is in; the first, unless said otherwise.
    pub tier_of: TierOf,
    /// Of one member or key.
    pub caller: Rate,
    /// Of one address, where nobody is signed in: signing in and the like.
    pub anybody: Rate,
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimits").field("tiers", &self.tiers).field("caller", &self.caller).finish_non_exhaustive()
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            tiers: vec![Rate::new(500, 1_000)],
            tier_of: Arc::new(|_| 0),
            caller: Rate::new(200, 400),
            anybody: Rate::new(5, 30),
        }
    }
}

/// The buckets. They are of this process: instances behind one address count each for itself.
pub(crate) struct Limits {
    tiers: Vec<DefaultKeyedRateLimiter<OrganizationId>>,
    tier_of: TierOf,
    callers: DefaultKeyedRateLimiter<String>,
    anybody: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Limits {
    pub(crate) fn new(rates: &RateLimits) -> Self {
        Self {
            tiers: rates.tiers.iter().map(|rate| RateLimiter::keyed(rate.quota())).collect(),
            tier_of: Arc::clone(&rates.tier_of),
            callers: RateLimiter::keyed(rates.caller.quota()),
            anybody: RateLimiter::keyed(rates.anybody.quota()),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a request of a caller.
    pub(crate) fn check_caller(&self, caller: &Caller) -> Result<(), Problem> {
        let organization = caller.organization();
        let tier = self.tiers.get((self.tier_of)(organization)).or(self.tiers.last());
        if let Some(tier) = tier {
            tier.check_key(&organization).map_err(|until| self.too_many(&until))?;
        }
        let actor = format!("{organization}/{:?}", caller.actor());
        self.callers.check_key(&actor).map_err(|until| self.too_many(&until))
    }

    /// Counts a request of nobody in particular, by address. A host that stands behind a proxy limits there.
    pub(crate) fn check_anybody(&self, parts: &Parts) -> Result<(), Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
        let Some(address) = peer else { return Ok(()) };
        self.anybody.check_key(&address).map_err(|until| self.too_many(&until))
    }

    fn too_many(&self, until: &governor::NotUntil<<DefaultClock as Clock>::Instant>) -> Problem {
        let seconds = until.wait_time_from(self.clock.now()).as_secs().saturating_add(1);
        let detail = format!("there were too many requests; wait {seconds} s");
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate.exceeded", detail);
        problem.with(header::RETRY_AFTER, HeaderValue::from(seconds))
    }
}
