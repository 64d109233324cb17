//! An organization behind the API, and a client of it.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use crm_core::access::{Caller, MemberId, OrganizationId, StandardRole};
use crm_core::crm::Crm;
use crm_core::kernel::{Clock, Result, Timestamp};
use crm_core::store::{MemoryStore, Store};
pub(crate) use crm_core::testing::office::{found, person};
use crm_core::testing::{ManualClock, SequentialIds};
use crm_http::authenticator::Unauthenticated;
use crm_http::protection::limits::{Rate, RateLimits};
use crm_http::{Authenticator, Options, router_with};
use serde_json::Value as Json;
use tower::ServiceExt;

use crate::outside::{World, outside, with_outside};

/// Takes `Bearer ORGANIZATION/MEMBER` for granted.
pub(crate) struct Trusting(pub(crate) Crm);

#[async_trait]
impl Authenticator for Trusting {
    async fn authenticate(&self, head: &Parts) -> Result<Caller> {
        let token = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let pair = token.and_then(|token| token.strip_prefix("Bearer ")?.split_once('/'));
        let (organization, member) = pair.ok_or(Unauthenticated)?;
        self.0.caller(organization.parse()?, member.parse()?).await
    }
}

/// A clock that stands still until it is turned.
#[derive(Clone)]
pub(crate) struct SharedClock(pub(crate) Arc<ManualClock>);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

#[derive(Clone)]
pub(crate) struct Office {
    pub(crate) crm: Crm,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) router: Router,
    pub(crate) organization: OrganizationId,
    pub(crate) owner: MemberId,
    pub(crate) world: World,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) head: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or(Json::Null)
    }
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Json {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self.json()
    }
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.get(name).and_then(|value| value.to_str().ok())
    }
}

pub(crate) fn generous() -> RateLimits {
    let plenty = Rate::new(1_000_000, 1_000_000);
    RateLimits { tiers: vec![plenty], caller: plenty, anybody: plenty, ..RateLimits::default() }
}

impl Office {
    pub(crate) async fn open() -> Self {
        Self::with(Options { rates: generous(), ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self::on(MemoryStore::new(), options).await
    }

    /// An office on a store of the test's choice.
    pub(crate) async fn on(store: impl Store + 'static, options: Options) -> Self {
        Self::guarded(store, options, Trusting).await
    }

    /// An office with another way to find out who asks.
    pub(crate) async fn guarded<A: Authenticator>(
        store: impl Store + 'static,
        options: Options,
        authenticator: impl FnOnce(Crm) -> A,
    ) -> Self {
        let clock = Arc::new(ManualClock::default());
        Self::furnish(store, World::new(SharedClock(Arc::clone(&clock))), clock, options, authenticator).await
    }

    pub(crate) async fn within(world: World, clock: Arc<ManualClock>, options: Options) -> Self {
        Self::furnish(MemoryStore::new(), world, clock, options, Trusting).await
    }

    async fn furnish<A: Authenticator>(
        store: impl Store + 'static,
        world: World,
        clock: Arc<ManualClock>,
        options: Options,
        authenticator: impl FnOnce(Crm) -> A,
    ) -> Self {
        let crm = Crm::new(store, SharedClock(Arc::clone(&clock)), SequentialIds::new());
        let desk = found(&crm, "desk").await.0;
        let (crm, billing) = with_outside(crm, &world, desk).await;
        let options = Options { outside: outside(billing), ..options };
        let router = router_with(crm.clone(), authenticator(crm.clone()), options, |_| ()).unwrap();
        let (organization, owner) = found(&crm, "office").await;
        Self { crm, clock, router, organization, owner, world }
    }

    /// Another organization on the same store and router.
    pub(crate) async fn neighbour(&self) -> Self {
        let (organization, owner) = found(&self.crm, "neighbour").await;
        Self { organization, owner, ..self.clone() }
    }

    pub(crate) async fn hire(&self, name: &str, role: StandardRole) -> MemberId {
        let boss = self.crm.session(self.crm.caller(self.organization, self.owner).await.unwrap());
        boss.members().add(person(name, role)).await.unwrap().id
    }

    pub(crate) fn token(&self, member: MemberId) -> String {
        format!("Bearer {}/{member}", self.organization)
    }

    /// A request of the owner.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Json>) -> Reply {
        self.send_with(method, path, body, &[("authorization", &self.token(self.owner))]).await
    }

    pub(crate) async fn send_with(
        &self,
        method: Method,
        path: &str,
        body: Option<Json>,
        head: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in head {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        self.raw(request.body(body).unwrap()).await
    }

    pub(crate) async fn raw(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Reply { status: parts.status, head: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }
    pub(crate) async fn post(&self, path: &str, body: Json) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }
    /// A change of the version that is there.
    pub(crate) async fn change(&self, method: Method, path: &str, body: Option<Json>, seen: &str) -> Reply {
        let token = self.token(self.owner);
        self.send_with(method, path, body, &[("authorization", &token), ("if-match", seen)]).await
    }

    /// A lead, made through the API.
    pub(crate) async fn lead(&self, name: &str) -> Json {
        let body = serde_json::json!({ "lead": { "last_name": name, "company": format!("{name} Ltd"), "owner_id": self.owner }, "confirmed": true });
        self.post("/api/leads", body).await.expect(201)
    }
}

pub(crate) fn id(json: &Json) -> String {
    json["id"].as_str().unwrap().to_owned()
}
