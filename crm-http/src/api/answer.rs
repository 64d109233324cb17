//! Answers, each with its part of the document.

use std::borrow::Cow;
use std::convert::Infallible;
use std::marker::PhantomData;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use crm_core::kernel::{Entity, Id, Stored, Timestamp};
use serde::Serialize;
use utoipa::__dev::ComposeSchema;
use utoipa::openapi::schema::{AllOfBuilder, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, Object, Ref, RefOr, Response, ResponseBuilder, Schema};
use utoipa::{PartialSchema as _, ToSchema};

use super::document::Document;
use crate::problem::{Problem, entity_tag};

/// An answer as it goes out.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// The head.
    pub head: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Vec<u8>,
    /// The identifier of what was made, to say where it is.
    pub made: Option<String>,
}

impl Answered {
    fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(|error| {
            tracing::error!(cause = %error, "an answer cannot be written");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "answer.unwritable", "the answer cannot be written")
        })?;
        let media = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Self { status, head: vec![media], body, made: None })
    }
}

/// What an endpoint answers with.
pub trait Answer: Send + 'static {
    /// Whether it says which record it is, so that what was made has a place.
    const NAMES_RECORD: bool = false;
    /// Its status and part of the document.
    fn describe(document: &mut Document) -> (StatusCode, Response);
    /// As it goes out.
    ///
    /// # Errors
    /// 500 when it cannot be written as JSON.
    fn answered(self) -> Result<Answered, Problem>;
}

/// A stored record: what every record has, and the entity's own fields beside it.
#[derive(Clone, Debug)]
pub struct Record<E>(pub Stored<E>);

impl<E> From<Stored<E>> for Record<E> {
    fn from(row: Stored<E>) -> Self {
        Self(row)
    }
}

/// The fields of a record side by side.
#[derive(Serialize)]
struct Flat<'r, E> {
    id: uuid::Uuid,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(flatten)]
    value: &'r E,
}

impl<E: Serialize> Serialize for Record<E> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Stored { id, version, created_at, updated_at, value } = &self.0;
        let (version, created_at, updated_at) = (*version, *created_at, *updated_at);
        Flat { id: id.uuid(), version, created_at, updated_at, value }.serialize(serializer)
    }
}

impl<E: Entity + ToSchema> ComposeSchema for Record<E> {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        let time = || RefOr::from(Ref::from_schema_name("Timestamp"));
        let system = ObjectBuilder::new()
            .property("id", RefOr::from(Ref::from_schema_name("Id")))
            .property("version", Object::with_type(Type::Integer))
            .property("created_at", time())
            .property("updated_at", time())
            .required("id")
            .required("version")
            .required("created_at")
            .required("updated_at");
        RefOr::T(Schema::AllOf(AllOfBuilder::new().item(system).item(Ref::from_schema_name(E::name())).build()))
    }
}

impl<E: Entity + ToSchema> ToSchema for Record<E> {
    fn name() -> Cow<'static, str> {
        format!("Stored{}", E::name()).into()
    }
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((E::name().into_owned(), E::schema()));
        schemas.push((Id::<E>::name().into_owned(), Id::<E>::schema()));
        schemas.push((Timestamp::name().into_owned(), Timestamp::schema()));
        E::schemas(schemas);
    }
}

fn json(schema: RefOr<Schema>, description: &str) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content("application/json", content)
}

fn text_header(description: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new().schema(Some(Object::with_type(Type::String))).description(Some(description)).build()
}

impl<E: Entity + ToSchema> Answer for Record<E> {
    const NAMES_RECORD: bool = true;
    fn describe(document: &mut Document) -> (StatusCode, Response) {
        let schema = document.schema::<Self>();
        let response = json(schema, "The record");
        (StatusCode::OK, response.header("ETag", text_header("The record's version, for If-Match")).build())
    }
    fn answered(self) -> Result<Answered, Problem> {
        let mut answered = Answered::json(StatusCode::OK, &self)?;
        answered.head.extend(entity_tag(self.0.version).map(|tag| (header::ETAG, tag)));
        answered.made = Some(self.0.id.to_string());
        Ok(answered)
    }
}

/// The same answer for something that was made: 201, and where it is.
#[derive(Clone, Debug)]
pub struct Created<A>(pub A);

impl<A: Answer> Answer for Created<A> {
    fn describe(document: &mut Document) -> (StatusCode, Response) {
        let (_, mut response) = A::describe(document);
        "Made".clone_into(&mut response.description);
        if A::NAMES_RECORD {
            response.headers.insert("Location".to_owned(), text_header("Where the new record is").into());
        }
        (StatusCode::CREATED, response)
    }
    fn answered(self) -> Result<Answered, Problem> {
        let mut answered = self.0.answered()?;
        answered.status = StatusCode::CREATED;
        Ok(answered)
    }
}

/// Any value as JSON.
#[derive(Clone, Debug)]
pub struct Plain<T>(pub T);

impl<T: Serialize + ToSchema + Send + 'static> Answer for Plain<T> {
    fn describe(document: &mut Document) -> (StatusCode, Response) {
        let schema = document.schema::<T>();
        (StatusCode::OK, json(schema, "The answer").build())
    }
    fn answered(self) -> Result<Answered, Problem> {
        Answered::json(StatusCode::OK, &self.0)
    }
}

/// All of a few values, as a list in JSON.
#[derive(Clone, Debug)]
pub struct Many<T>(pub Vec<T>);

impl<T: Serialize + ToSchema + Send + 'static> Answer for Many<T> {
    fn describe(document: &mut Document) -> (StatusCode, Response) {
        let items = document.schema::<T>();
        (StatusCode::OK, json(ArrayBuilder::new().items(items).into(), "The list").build())
    }
    fn answered(self) -> Result<Answered, Problem> {
        Answered::json(StatusCode::OK, &self.0)
    }
}

/// Nothing to say: 204.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl Answer for Nothing {
    fn describe(_: &mut Document) -> (StatusCode, Response) {
        (StatusCode::NO_CONTENT, ResponseBuilder::new().description("Done").build())
    }
    fn answered(self) -> Result<Answered, Problem> {
        Ok(Answered { status: StatusCode::NO_CONTENT, head: Vec::new(), body: Vec::new(), made: None })
    }
}

/// A page of a list, and the cursor of the next.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "T: Serialize")]
pub struct Listed<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// Send it as `cursor` for the page that follows; nothing on the last page.
    pub next: Option<String>,
}

impl<T: Serialize + ToSchema + Send + 'static> Answer for Listed<T> {
    fn describe(document: &mut Document) -> (StatusCode, Response) {
        let item = document.schema::<T>();
        let next = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("Send it as 'cursor' for the page that follows; null on the last page."));
        let page = ObjectBuilder::new()
            .property("items", ArrayBuilder::new().items(item))
            .property("next", next)
            .required("items")
            .required("next");
        (StatusCode::OK, json(page.into(), "A page of the list").build())
    }
    fn answered(self) -> Result<Answered, Problem> {
        Answered::json(StatusCode::OK, &self)
    }
}

/// A view of a record that is not shown as it is stored, with its entity tag.
#[derive(Clone, Debug)]
pub struct Versioned<T> {
    /// Its identifier.
    pub id: uuid::Uuid,
    /// Its version.
    pub version: i64,
    /// What is shown of it.
    pub view: T,
}

impl<T: Serialize + ToSchema + Send + 'static> Answer for Versioned<T> {
    fn describe(document: &mut Document) -> (StatusCode, Response) {
        let schema = document.schema::<T>();
        let response = json(schema, "The record");
        (StatusCode::OK, response.header("ETag", text_header("The record's version, for If-Match")).build())
    }
    fn answered(self) -> Result<Answered, Problem> {
        let mut answered = Answered::json(StatusCode::OK, &self.view)?;
        answered.head.extend(entity_tag(self.version).map(|tag| (header::ETAG, tag)));
        answered.made = Some(self.id.to_string());
        Ok(answered)
    }
}

/// Plain words, as `text/plain`.
#[derive(Clone, Debug)]
pub struct Words(pub String);

impl Answer for Words {
    fn describe(_: &mut Document) -> (StatusCode, Response) {
        let content = ContentBuilder::new().schema(Some(Object::with_type(Type::String))).build();
        (StatusCode::OK, ResponseBuilder::new().description("The words").content("text/plain", content).build())
    }
    fn answered(self) -> Result<Answered, Problem> {
        let head = vec![(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];
        Ok(Answered { status: StatusCode::OK, head, body: self.0.into_bytes(), made: None })
    }
}

/// A file to keep.
#[derive(Clone, Debug)]
pub struct File {
    /// Name of the file.
    pub name: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Answer for File {
    fn describe(_: &mut Document) -> (StatusCode, Response) {
        let content = ContentBuilder::new().schema(Some(Object::with_type(Type::String))).build();
        let response = ResponseBuilder::new().description("The file").content("text/csv", content);
        (StatusCode::OK, response.build())
    }
    fn answered(self) -> Result<Answered, Problem> {
        let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", self.name));
        let mut head = vec![(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"))];
        head.extend(disposition.ok().map(|value| (header::CONTENT_DISPOSITION, value)));
        Ok(Answered { status: StatusCode::OK, head, body: self.bytes, made: None })
    }
}

/// Things that are told one by one as they come, by server-sent events. It is told of and never made: such a route serves
/// itself.
#[derive(Debug)]
pub(super) struct Streamed<T>(Infallible, PhantomData<T>);

impl<T: ToSchema + Send + 'static> Answer for Streamed<T> {
    fn describe(document: &mut Document) -> (StatusCode, Response) {
        let mut content = ContentBuilder::new().schema(Some(Object::with_type(Type::String))).build();
        content.item_schema = Some(document.schema::<T>());
        let response =
            ResponseBuilder::new().description("The stream, which does not end; each message's data is an event");
        (StatusCode::OK, response.content("text/event-stream", content).build())
    }
    fn answered(self) -> Result<Answered, Problem> {
        match self.0 {}
    }
}
