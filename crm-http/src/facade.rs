//! The facade as a whole: the domain, who asks, and the limits; and the router made of them.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use crm_core::access::Caller;
use crm_core::crm::Crm;
use crm_core::kernel::Id;
use crm_core::store::Session;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::api::{Api, Route};
use crate::authenticator::Authenticator;
use crate::outside::Outside;
use crate::protection::limits::{Limits, RateLimits};
use crate::signing::Secret;
use crate::{health, protection, resources};

/// What a host may choose.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the API stands below the router's own root; `/api` unless said otherwise.
    pub prefix: &'static str,
    /// Largest body of an ordinary request, in bytes; 1 MiB unless said otherwise.
    pub largest_body: usize,
    /// Largest file of an import, in bytes; 32 MiB unless said otherwise.
    pub largest_import: usize,
    /// How many requests one may make.
    pub rates: RateLimits,
    /// What cursors are signed with. Instances behind one address share it; each makes its own unless one is given.
    pub secret: Option<Secret>,
    /// Whether the API's page is served at `/docs`.
    pub docs: bool,
    /// What comes from outside: billing, and the receivers of webhooks.
    pub outside: Outside,
    /// Streams of events end once this holds `true`, so that a server can finish in order; never, unless it is given.
    pub ending: Option<tokio::sync::watch::Receiver<bool>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            prefix: "/api",
            largest_body: 1 << 20,
            largest_import: 32 << 20,
            rates: RateLimits::default(),
            secret: None,
            docs: true,
            outside: Outside::default(),
            ending: None,
        }
    }
}

/// What every endpoint shares. Clones share it too.
#[derive(Clone)]
pub struct Facade(Arc<Shared>);

struct Shared {
    crm: Crm,
    authenticator: Arc<dyn Authenticator>,
    options: Options,
    secret: Secret,
    limits: Limits,
}

impl fmt::Debug for Facade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facade").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl Facade {
    /// The domain.
    #[must_use]
    pub fn crm(&self) -> &Crm {
        &self.0.crm
    }
    /// What the host chose.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.0.options
    }
    pub(crate) fn outside(&self) -> &Outside {
        &self.0.options.outside
    }
    pub(crate) fn authenticator(&self) -> &dyn Authenticator {
        &*self.0.authenticator
    }
    pub(crate) fn secret(&self) -> &Secret {
        &self.0.secret
    }
    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// A session of nobody, who may do nothing.
    pub(crate) fn nobody(&self) -> Session {
        let nothing = crm_core::access::PermissionSet::default();
        self.0.crm.session(Caller::system(Id::new(uuid::Uuid::nil()), "nobody").limited_to(nothing))
    }
}

/// The whole API as a router, to serve as it is or to nest in a host's own, with the usual options.
///
/// The API stands at `/api`, its page at `/docs`, health at `/health/live` and `/health/ready`.
///
/// # Errors
/// `NoChance` when the system gives no random bytes for the signing of cursors.
pub fn router(crm: Crm, authenticator: impl Authenticator) -> Result<Router, crate::signing::NoChance> {
    router_with(crm, authenticator, Options::default(), |_| ())
}

/// The same with options of the host's choice, and endpoints of its own beside ours.
///
/// # Errors
/// `NoChance` when no secret is given and the system has no random bytes to make one.
pub fn router_with(
    crm: Crm,
    authenticator: impl Authenticator,
    options: Options,
    more: impl FnOnce(&mut Api),
) -> Result<Router, crate::signing::NoChance> {
    let secret = options.secret.clone().map_or_else(Secret::generate, Ok)?;
    let limits = Limits::new(&options.rates);
    let (prefix, docs) = (options.prefix, options.docs);
    let facade = Facade(Arc::new(Shared { crm, authenticator: Arc::new(authenticator), options, secret, limits }));
    let mut api = gathered(facade.options());
    more(&mut api);
    let document = api.document.finish(prefix);
    let endpoints = api.router.method_not_allowed_fallback(protection::method_not_allowed).with_state(facade.clone());
    let events = resources::events::router(facade.clone());
    let mut router = Router::new().nest(prefix, endpoints.merge(events)).merge(health::router(facade));
    if docs {
        // The page looks for the document beside itself, wherever a host has nested it.
        let page = SwaggerUi::new("/docs").url("/docs/openapi.json", document);
        router = router.merge(page.config(Config::new(["openapi.json"])));
    }
    Ok(protection::protect(router.fallback(protection::not_found)))
}

fn gathered(options: &Options) -> Api {
    let mut api = Api::default();
    resources::declare(&mut api, options);
    api
}

/// The `OpenAPI` document of the API under a prefix, and all endpoints, for tests and for tools.
#[must_use]
pub fn document(options: &Options, more: impl FnOnce(&mut Api)) -> (utoipa::openapi::OpenApi, Vec<Route>) {
    let mut api = gathered(options);
    more(&mut api);
    (api.document.finish(options.prefix), api.routes)
}
