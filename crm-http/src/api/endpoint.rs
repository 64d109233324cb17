//! Declaring endpoints, and gathering them into a router and a document.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::routing::{MethodFilter, on};
use crm_core::access::Permission;
use crm_core::store::Session;
use utoipa::ToSchema;
use utoipa::openapi::Required;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};

use super::answer::{Answer, Streamed};
use super::call::Call;
use super::document::{Document, bearer, head, problems};
use super::input::{Body, Path, Query};
use super::serve::{self, Entered};
use crate::facade::Facade;
use crate::problem::Problem;

const EVENT_ID: &str = "018f4e5a-0000-7000-8000-000000000000";

/// What an endpoint is, beside what it reads and answers.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and any may go with any")]
pub struct Endpoint {
    pub(super) method: Method,
    pub(super) path: &'static str,
    tag: &'static str,
    summary: &'static str,
    description: Option<&'static str>,
    pub(super) permission: Option<Permission>,
    pub(super) guarded: bool,
    pub(super) may_guard: bool,
    pub(super) public: bool,
    pub(super) may_refuse_sign_in: bool,
    pub(super) largest_body: Option<usize>,
    pub(super) answers_secret: bool,
    pub(super) signed: bool,
    pub(super) may_be_missing: bool,
}

/// An endpoint that was declared, for tests that walk through all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path below the API's own.
    pub path: &'static str,
    /// What the caller's role must have; nothing when any member may, or anybody.
    pub permission: Option<Permission>,
    /// Whether nobody needs to be signed in.
    pub public: bool,
}

fn endpoint(method: Method, path: &'static str) -> Endpoint {
    Endpoint {
        method,
        path,
        tag: "other",
        summary: "",
        description: None,
        permission: None,
        guarded: false,
        may_guard: false,
        public: false,
        may_refuse_sign_in: false,
        largest_body: None,
        answers_secret: false,
        signed: false,
        may_be_missing: false,
    }
}

/// An endpoint that reads.
#[must_use]
pub fn get(path: &'static str) -> Endpoint {
    endpoint(Method::GET, path)
}
/// An endpoint that does something.
#[must_use]
pub fn post(path: &'static str) -> Endpoint {
    endpoint(Method::POST, path)
}
/// An endpoint that sets something as a whole.
#[must_use]
pub fn put(path: &'static str) -> Endpoint {
    endpoint(Method::PUT, path)
}
/// An endpoint that changes parts of something.
#[must_use]
pub fn patch(path: &'static str) -> Endpoint {
    endpoint(Method::PATCH, path)
}
/// An endpoint that removes something.
#[must_use]
pub fn delete(path: &'static str) -> Endpoint {
    endpoint(Method::DELETE, path)
}

impl Endpoint {
    /// The part of the API that it belongs to.
    #[must_use]
    pub fn tag(mut self, tag: &'static str) -> Self {
        self.tag = tag;
        self
    }
    /// What it does, in a few words.
    #[must_use]
    pub fn says(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }
    /// What else there is to say.
    #[must_use]
    pub fn explains(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }
    /// The permission that the service behind it asks for. It is asked there, and only told here.
    #[must_use]
    pub fn needs(mut self, permission: Permission) -> Self {
        self.permission = Some(permission);
        self
    }
    /// The caller must say which version they have seen.
    #[must_use]
    pub fn guarded(mut self) -> Self {
        self.guarded = true;
        self
    }
    /// The caller may say which version they have seen.
    #[must_use]
    pub fn may_guard(mut self) -> Self {
        self.may_guard = true;
        self
    }
    /// Nobody needs to be signed in.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.public = true;
        self
    }
    /// Although public, it may answer 401: it is a way to sign in.
    #[must_use]
    pub fn signs_in(mut self) -> Self {
        self.may_refuse_sign_in = true;
        self
    }
    /// Takes larger bodies than others do, in bytes.
    #[must_use]
    pub fn takes_up_to(mut self, bytes: usize) -> Self {
        self.largest_body = Some(bytes);
        self
    }

    /// Answers with a secret, which is shown once: it can't be repeated, since the answer is kept nowhere.
    #[must_use]
    pub fn answers_secret(mut self) -> Self {
        self.answers_secret = true;
        self
    }

    /// Nobody signs in: whoever sends proves it by the request itself, such as by a signature over its bytes.
    ///
    /// It is not limited in number: who is turned away here would deliver later, and a proof costs little to check.
    #[must_use]
    pub fn signed(mut self) -> Self {
        self.signed = true;
        self
    }

    /// It answers 501 where the host has not brought what it needs.
    #[must_use]
    pub fn may_be_missing(mut self) -> Self {
        self.may_be_missing = true;
        self
    }

    fn operation<P: Path, Q: Query, B: Body, A: Answer>(&self, document: &mut Document) -> OperationBuilder {
        let mut operation = OperationBuilder::new()
            .tag(self.tag)
            .summary(Some(self.summary))
            .description(self.description)
            .operation_id(Some(self.name()));
        let names = self.path.split(['{', '}']).skip(1).step_by(2);
        for (name, schema) in names.zip(P::schemas()) {
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
            operation = operation.parameter(parameter.required(Required::True).schema(Some(schema)));
        }
        let mut names_records = self.path.contains('{');
        for parameter in Q::parameters() {
            names_records |= parameter.required == Required::True;
            operation = operation.parameter(parameter);
        }
        if self.guarded || self.may_guard {
            let description = "The 'ETag' of the record as the caller has seen it, or *";
            operation = operation.parameter(head("If-Match", description, self.guarded, "\"1\""));
        }
        if self.method == Method::POST && !self.public && !self.answers_secret {
            let description = "A key of the caller's choice; a repetition under it takes effect once";
            operation = operation.parameter(head("Idempotency-Key", description, false, "8e03978e-40d5"));
        }
        let body = B::describe(document);
        let has_body = body.is_some();
        let (status, response) = A::describe(document);
        operation = operation.request_body(body).response(status.as_str(), response);
        for (status, response) in problems(self, names_records, has_body) {
            operation = operation.response(status.as_str(), response);
        }
        if self.public {
            return operation;
        }
        let permission = self.permission.map(Permission::name);
        let told = ExtensionsBuilder::new().add("x-permission", permission).build();
        operation.security(bearer()).extensions(Some(told))
    }

    /// `get_leads_id_history` for `GET /leads/{id}/history`.
    fn name(&self) -> String {
        let parts = self.path.split('/').map(|part| part.trim_matches(['{', '}'])).filter(|part| !part.is_empty());
        let name = parts.fold(self.method.as_str().to_ascii_lowercase(), |name, part| format!("{name}_{part}"));
        name.replace('-', "_")
    }

    fn filter(&self) -> MethodFilter {
        match self.method {
            Method::POST => MethodFilter::POST,
            Method::PUT => MethodFilter::PUT,
            Method::PATCH => MethodFilter::PATCH,
            Method::DELETE => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        }
    }
}

/// The endpoints that were declared.
#[derive(Debug, Default)]
pub struct Api {
    pub(crate) router: axum::Router<Facade>,
    pub(crate) document: Document,
    pub(crate) routes: Vec<Route>,
}

impl Api {
    /// Adds an endpoint for callers who are signed in.
    pub fn add<P, Q, B, A, H, F, E>(&mut self, endpoint: Endpoint, handler: H)
    where
        P: Path,
        Q: Query,
        B: Body,
        A: Answer,
        E: Into<Problem> + Send + 'static,
        F: Future<Output = Result<A, E>> + Send + 'static,
        H: Fn(Session, Call<P, Q, B>) -> F + Clone + Send + Sync + 'static,
    {
        let operation = endpoint.operation::<P, Q, B, A>(&mut self.document).build();
        self.document.add(&endpoint, operation);
        let (path, filter) = (endpoint.path, endpoint.filter());
        self.note(&endpoint);
        let handle = move |State(facade): State<Facade>, request: Request| {
            let (handler, endpoint) = (handler.clone(), endpoint.clone());
            async move {
                let mut entered = match serve::enter(facade, request, &endpoint).await {
                    Ok(entered) => entered,
                    Err(response) => return response,
                };
                let answered = match entered.call::<P, Q, B>() {
                    Ok(call) => match handler(entered.session(), call).await {
                        Ok(answer) => answer.answered(),
                        Err(error) => Err(error.into()),
                    },
                    Err(problem) => Err(problem),
                };
                serve::leave(entered, answered).await
            }
        };
        self.router = std::mem::take(&mut self.router).route(path, on(filter, handle));
    }

    /// Adds an endpoint for anybody.
    pub fn add_public<P, Q, B, A, H, F, E>(&mut self, endpoint: Endpoint, handler: H)
    where
        P: Path,
        Q: Query,
        B: Body,
        A: Answer,
        E: Into<Problem> + Send + 'static,
        F: Future<Output = Result<A, E>> + Send + 'static,
        H: Fn(Call<P, Q, B>) -> F + Clone + Send + Sync + 'static,
    {
        let endpoint = endpoint.public();
        let operation = endpoint.operation::<P, Q, B, A>(&mut self.document).build();
        self.document.add(&endpoint, operation);
        let (path, filter) = (endpoint.path, endpoint.filter());
        self.note(&endpoint);
        let handle = move |State(facade): State<Facade>, request: Request| {
            let (handler, endpoint) = (handler.clone(), endpoint.clone());
            async move {
                let mut entered = match Entered::anybody(facade, request, &endpoint).await {
                    Ok(entered) => entered,
                    Err(response) => return response,
                };
                let answered = match entered.call::<P, Q, B>() {
                    Ok(call) => match handler(call).await {
                        Ok(answer) => answer.answered(),
                        Err(error) => Err(error.into()),
                    },
                    Err(problem) => Err(problem),
                };
                serve::leave(entered, answered).await
            }
        };
        self.router = std::mem::take(&mut self.router).route(path, on(filter, handle));
    }

    /// Tells of an endpoint that answers with a stream of `T`, which is served by a route of its own.
    pub(crate) fn tell_of_stream<T: ToSchema + Send + 'static>(&mut self, endpoint: &Endpoint) {
        let operation = endpoint.operation::<(), (), (), Streamed<T>>(&mut self.document);
        let last = head("Last-Event-ID", "The event that was heard last; what came after it follows", false, EVENT_ID);
        self.document.add(endpoint, operation.parameter(last).build());
    }

    fn note(&mut self, endpoint: &Endpoint) {
        let Endpoint { method, path, permission, public, .. } = endpoint.clone();
        self.routes.push(Route { method, path, permission, public });
    }
}
