//! The `OpenAPI` document, gathered from the declarations of the endpoints.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, ComponentsBuilder, ContentBuilder, HeaderBuilder, InfoBuilder, Object, OpenApi, OpenApiBuilder, Paths,
    Ref, RefOr, Required, ResponseBuilder, Schema, SecurityRequirement, Tag,
};

use super::endpoint::Endpoint;
use super::example;
use crate::problem::Problem;

/// What the endpoints have said so far.
#[derive(Default)]
pub struct Document {
    schemas: BTreeMap<String, RefOr<Schema>>,
    paths: Paths,
    tags: BTreeMap<&'static str, &'static str>,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("paths", &self.paths.paths.len()).finish_non_exhaustive()
    }
}

impl Document {
    /// A reference to the schema of `T`, which is added with all that it refers to.
    pub fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let mut schemas = Vec::new();
        T::schemas(&mut schemas);
        self.schemas.extend(schemas);
        match T::schema() {
            // Lists and the like have no name of their own.
            RefOr::T(Schema::Array(array)) => RefOr::T(Schema::Array(array)),
            schema => {
                self.schemas.insert(T::name().into_owned(), schema);
                RefOr::Ref(Ref::from_schema_name(T::name()))
            }
        }
    }

    /// Describes what a tag stands for.
    pub fn tag(&mut self, name: &'static str, description: &'static str) {
        self.tags.insert(name, description);
    }

    pub(super) fn add(&mut self, endpoint: &Endpoint, operation: Operation) {
        let method = match endpoint.method {
            Method::POST => HttpMethod::Post,
            Method::PUT => HttpMethod::Put,
            Method::PATCH => HttpMethod::Patch,
            Method::DELETE => HttpMethod::Delete,
            _ => HttpMethod::Get,
        };
        let item = PathItem::new(method, operation);
        match self.paths.paths.get_mut(endpoint.path) {
            Some(present) => present.merge_operations(item),
            None => drop(self.paths.paths.insert(endpoint.path.to_owned(), item)),
        }
    }

    /// The document of an API that stands under `prefix`.
    #[must_use]
    pub fn finish(mut self, prefix: &str) -> OpenApi {
        self.schema::<Problem>();
        let mut paths = Paths::new();
        for (path, item) in self.paths.paths {
            paths.paths.insert(format!("{prefix}{path}"), item);
        }
        let bearer = Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An access token of a sign-in, or an API key"))
            .build();
        let mut components = ComponentsBuilder::new().security_scheme("bearer", SecurityScheme::Http(bearer));
        for (name, schema) in self.schemas {
            components = components.schema(name, schema);
        }
        let tags = self.tags.iter().map(|(name, description)| {
            let mut tag = Tag::new(*name);
            tag.description = Some((*description).to_owned());
            tag
        });
        let info = InfoBuilder::new()
            .title("CRM")
            .version(env!("CARGO_PKG_VERSION"))
            .description(Some(
                "A multi-tenant CRM. Whose data a request sees follows from its token alone; a record of another \
                 organization does not exist.\n\nA list takes conditions on fields as parameters (`status=new`, \
                 `score[at_least]=50`, `custom.region=north`), or as JSON at `POST …/search`. A POST may carry an \
                 `Idempotency-Key`: repeated under the same key, it takes effect once and answers with the same bytes \
                 for two days. Changes name the version they have seen by `If-Match`.",
            ))
            .build();
        let components = components.build();
        show_examples(&mut paths, &components);
        OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).tags(Some(tags)).build()
    }
}

/// Gives each body of JSON that has no example one that is made from its schema.
fn show_examples(paths: &mut Paths, components: &Components) {
    let Ok(schemas) = serde_json::to_value(&components.schemas) else { return };
    for item in paths.paths.values_mut() {
        let operations = [&mut item.post, &mut item.put, &mut item.patch];
        for body in operations.into_iter().flatten().filter_map(|operation| operation.request_body.as_mut()) {
            let RefOr::T(body) = body else { continue };
            for (media, content) in &mut body.content {
                let RefOr::T(content) = content else { continue };
                if media != "application/json" || content.example.is_some() {
                    continue;
                }
                let schema = content.schema.as_ref().and_then(|schema| serde_json::to_value(schema).ok());
                content.example = schema.map(|schema| example::of(&schemas, &schema));
            }
        }
    }
}

/// A response that tells of a problem.
fn problem(description: &str) -> utoipa::openapi::Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

/// The problems that an endpoint may answer with.
pub(super) fn problems(
    endpoint: &Endpoint,
    names_records: bool,
    has_body: bool,
) -> Vec<(StatusCode, RefOr<utoipa::openapi::Response>)> {
    let changes = endpoint.method != Method::GET;
    let all = [
        (StatusCode::BAD_REQUEST, true, "The request cannot be read"),
        (StatusCode::UNAUTHORIZED, true, "Nobody is signed in"),
        (
            StatusCode::FORBIDDEN,
            !endpoint.public || endpoint.signed,
            "The caller may not do this, or a service is not subscribed to",
        ),
        (
            StatusCode::NOT_FOUND,
            names_records || has_body || endpoint.public,
            "There is no such record for this caller",
        ),
        (StatusCode::CONFLICT, changes, "The present state does not allow it"),
        (StatusCode::PRECONDITION_FAILED, endpoint.guarded || endpoint.may_guard, "The record has moved on"),
        (StatusCode::PAYLOAD_TOO_LARGE, has_body, "The body is too large"),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, has_body, "The body is of another media type"),
        (StatusCode::UNPROCESSABLE_ENTITY, true, "An input is wrong; 'errors' names it"),
        (StatusCode::PRECONDITION_REQUIRED, endpoint.guarded, "'If-Match' is missing"),
        (StatusCode::TOO_MANY_REQUESTS, true, "Too many requests; wait as 'Retry-After' says"),
        (StatusCode::NOT_IMPLEMENTED, endpoint.may_be_missing, "This installation has not what this needs"),
        (StatusCode::SERVICE_UNAVAILABLE, true, "The store, or a provider, cannot be reached; try again"),
    ];
    let never_401 = endpoint.public && !endpoint.may_refuse_sign_in && !endpoint.signed;
    let wanted = all.into_iter().filter(|(status, applies, _)| {
        let impossible = never_401 && *status == StatusCode::UNAUTHORIZED;
        *applies && !impossible
    });
    wanted
        .map(|(status, _, description)| {
            let mut response = problem(description);
            if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
                let seconds = HeaderBuilder::new().schema(Some(Object::with_type(utoipa::openapi::Type::Integer)));
                let seconds = seconds.description(Some("Seconds to wait")).build();
                response.headers.insert("Retry-After".to_owned(), seconds.into());
            }
            (status, response.into())
        })
        .collect()
}

/// A field of the head of a request.
pub(super) fn head(name: &str, description: &str, required: bool, example: &str) -> utoipa::openapi::path::Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(if required { Required::True } else { Required::False })
        .description(Some(description))
        .schema(Some(Object::with_type(utoipa::openapi::Type::String)))
        .example(Some(example.into()))
        .build()
}

/// What a caller must show.
pub(super) fn bearer() -> SecurityRequirement {
    SecurityRequirement::new("bearer", Vec::<String>::new())
}
