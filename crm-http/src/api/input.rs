//! Reading of paths, queries and bodies, each with its part of the document.

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use crm_core::kernel::{Error, Id};
use serde::de::DeserializeOwned;
use utoipa::PartialSchema as _;
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::{ContentBuilder, RefOr, Required, Schema};

use super::document::Document;
use crate::problem::Problem;
use crate::text;

/// What the path of an endpoint names.
pub trait Path: Sized + Send + 'static {
    /// Reads the parts of the path that stand in braces, in order.
    ///
    /// # Errors
    /// 404 when a part is not what it should be: there is no such thing.
    fn read(parts: &[String]) -> Result<Self, Problem>;
    /// The schemas of the parts.
    fn schemas() -> Vec<RefOr<Schema>>;
}

fn part<T: std::str::FromStr>(parts: &[String], place: usize) -> Result<T, Problem> {
    let read = parts.get(place).and_then(|part| part.parse().ok());
    read.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "path.malformed", "there is nothing at this path; check the identifier")
    })
}

impl Path for () {
    fn read(_: &[String]) -> Result<Self, Problem> {
        Ok(())
    }
    fn schemas() -> Vec<RefOr<Schema>> {
        Vec::new()
    }
}

impl<E: 'static> Path for Id<E> {
    fn read(parts: &[String]) -> Result<Self, Problem> {
        part(parts, 0)
    }
    fn schemas() -> Vec<RefOr<Schema>> {
        vec![Self::schema()]
    }
}

impl<E: 'static, F: 'static> Path for (Id<E>, Id<F>) {
    fn read(parts: &[String]) -> Result<Self, Problem> {
        Ok((part(parts, 0)?, part(parts, 1)?))
    }
    fn schemas() -> Vec<RefOr<Schema>> {
        vec![Id::<E>::schema(), Id::<F>::schema()]
    }
}

impl Path for String {
    fn read(parts: &[String]) -> Result<Self, Problem> {
        part(parts, 0)
    }
    fn schemas() -> Vec<RefOr<Schema>> {
        vec![Object::with_type(Type::String).into()]
    }
}

impl<E: 'static> Path for (Id<E>, String) {
    fn read(parts: &[String]) -> Result<Self, Problem> {
        Ok((part(parts, 0)?, part(parts, 1)?))
    }
    fn schemas() -> Vec<RefOr<Schema>> {
        vec![Id::<E>::schema(), Object::with_type(Type::String).into()]
    }
}

/// What the query of an endpoint asks for.
pub trait Query: Sized + Send + 'static {
    /// Reads the pairs.
    ///
    /// # Errors
    /// A problem that names the pair that is wrong.
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem>;
    /// The parameters.
    fn parameters() -> Vec<Parameter>;
}

/// A parameter of a query that one may leave out.
pub(crate) fn parameter(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

/// The problem of a parameter that no endpoint of this path has.
pub(crate) fn unknown_parameter(name: &str, known: &str) -> Problem {
    let detail = format!("there is no parameter '{name}' here; {known}");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "query.unknown_parameter", detail).at(name)
}

impl Query for () {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        match pairs.first() {
            Some((name, _)) => Err(unknown_parameter(name, "this endpoint takes none")),
            None => Ok(()),
        }
    }
    fn parameters() -> Vec<Parameter> {
        Vec::new()
    }
}

/// What the body of a request says.
pub trait Body: Sized + Send + 'static {
    /// Reads it.
    ///
    /// # Errors
    /// A problem that says where the body is wrong.
    fn read(head: &HeaderMap, bytes: Bytes) -> Result<Self, Problem>;
    /// Its part of the document.
    fn describe(document: &mut Document) -> Option<RequestBody>;
}

impl Body for () {
    fn read(_: &HeaderMap, _: Bytes) -> Result<Self, Problem> {
        Ok(())
    }
    fn describe(_: &mut Document) -> Option<RequestBody> {
        None
    }
}

/// A body of JSON. Members that the type does not know are refused by the type.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + ToSchema + Send + 'static> Body for Json<T> {
    fn read(head: &HeaderMap, bytes: Bytes) -> Result<Self, Problem> {
        check_media(head, "application/json")?;
        from_json(&bytes).map(Self)
    }
    fn describe(document: &mut Document) -> Option<RequestBody> {
        let content = ContentBuilder::new().schema(Some(document.schema::<T>())).build();
        let body = RequestBodyBuilder::new().content("application/json", content);
        Some(body.required(Some(Required::True)).build())
    }
}

/// A body of JSON that one may leave out.
#[derive(Debug)]
pub struct MaybeJson<T>(pub T);

impl<T: DeserializeOwned + Default + ToSchema + Send + 'static> Body for MaybeJson<T> {
    fn read(head: &HeaderMap, bytes: Bytes) -> Result<Self, Problem> {
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        Json::read(head, bytes).map(|Json(read)| Self(read))
    }
    fn describe(document: &mut Document) -> Option<RequestBody> {
        let content = ContentBuilder::new().schema(Some(document.schema::<T>())).build();
        Some(RequestBodyBuilder::new().content("application/json", content).required(Some(Required::False)).build())
    }
}

/// A body that is a file of comma-separated values, in whatever encoding.
#[derive(Debug)]
pub struct Csv(pub Bytes);

impl Body for Csv {
    fn read(head: &HeaderMap, bytes: Bytes) -> Result<Self, Problem> {
        check_media(head, "text/csv")?;
        Ok(Self(bytes))
    }
    fn describe(_: &mut Document) -> Option<RequestBody> {
        let content = ContentBuilder::new().schema(Some(Object::with_type(Type::String)));
        let content = content.example(Some("first_name,last_name,email\nAda,Lovelace,ada@example.com\n".into()));
        let body = RequestBodyBuilder::new().content("text/csv", content.build());
        Some(body.required(Some(Required::True)).build())
    }
}

/// A body as its very bytes, over which somebody else has made a signature.
#[derive(Debug)]
pub struct Raw(pub Bytes);

impl Body for Raw {
    fn read(_: &HeaderMap, bytes: Bytes) -> Result<Self, Problem> {
        Ok(Self(bytes))
    }
    fn describe(_: &mut Document) -> Option<RequestBody> {
        let content = ContentBuilder::new().schema(Some(Object::with_type(Type::Object))).build();
        let body = RequestBodyBuilder::new().content("application/json", content);
        Some(body.required(Some(Required::True)).build())
    }
}

fn check_media(head: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let given = text::head(head, "content-type").unwrap_or_default();
    let media = given.split(';').next().unwrap_or_default().trim();
    if media.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let detail = format!("the body must be '{wanted}'; say so in 'Content-Type'");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "body.media_type", detail))
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    check_no_nul(bytes)?;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        if cause.is_data() {
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "input.invalid", cause.to_string());
            problem.at(if path == "." { String::new() } else { path })
        } else {
            malformed(&cause)
        }
    })?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(read)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "body.malformed_json", format!("the body is no JSON: {error}"))
}

/// Refuses a text with the character NUL, which JSON can write and databases cannot keep.
///
/// # Errors
/// 422 when there is one.
pub fn check_no_nul(bytes: &[u8]) -> Result<(), Problem> {
    const ESCAPED: &[u8] = b"\\u0000";
    let found = bytes.windows(ESCAPED.len()).enumerate().any(|(place, window)| {
        let slashes = bytes.get(..place).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count();
        window == ESCAPED && slashes % 2 == 0
    });
    if found {
        let detail = "a text of the body has the character NUL, which cannot be kept; remove it";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "text.nul", detail));
    }
    Ok(())
}

impl From<crate::signing::NoChance> for Problem {
    fn from(error: crate::signing::NoChance) -> Self {
        Error::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_found_and_what_only_looks_like_it_is_not() {
        assert!(check_no_nul(br#"{"a":"x\u0000y"}"#).is_err());
        assert!(check_no_nul(br#"{"a":"x\\\u0000y"}"#).is_err());
        assert!(check_no_nul(br#"{"a":"x\\u0000y"}"#).is_ok());
        assert!(check_no_nul(br#"{"a":"\u0001"}"#).is_ok());
    }

    #[test]
    fn a_wrong_member_is_named_by_its_path() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Inner {
            #[expect(dead_code, reason = "it is read only")]
            count: i64,
        }
        #[derive(Debug, serde::Deserialize)]
        struct Outer {
            #[expect(dead_code, reason = "it is read only")]
            list: Vec<Inner>,
        }
        let problem = from_json::<Outer>(br#"{"list":[{"count":1},{"count":"x"}]}"#).unwrap_err();
        assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (422, "/list/1/count"));
        assert_eq!(from_json::<Outer>(b"{").unwrap_err().status, 400);
        assert_eq!(from_json::<Outer>(br#"{"list":[]} x"#).unwrap_err().status, 400);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(from_json::<serde_json::Value>(deep.as_bytes()).unwrap_err().status, 400);
    }
}
