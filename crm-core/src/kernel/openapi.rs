//! The values of the kernel as `OpenAPI` schemas, so that the document of an HTTP facade follows from the types.
//!
//! Records and commands derive theirs; values that read themselves from text say here what text that is.

use std::borrow::Cow;

use utoipa::__dev::ComposeSchema;
use utoipa::ToSchema;
use utoipa::openapi::schema::{
    KnownFormat, Object, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};

use super::custom::{CustomKey, CustomValue, CustomValues, Number};
use super::text::{Layout, Text};
use super::{
    Currency, Date, Domain, EmailAddress, Entity, Id, Patch, PhoneNumber, Predicate, Region, Tag, Timestamp, Website,
};

/// Schemas by name, as they are collected.
type Schemas = Vec<(String, RefOr<Schema>)>;

/// A text that is written like the example.
#[must_use]
pub fn text(description: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description)).examples([example])
}

/// A text of a known format that is written like the example.
#[must_use]
pub fn formatted(format: KnownFormat, description: &str, example: &str) -> ObjectBuilder {
    text(description, example).format(Some(SchemaFormat::KnownFormat(format)))
}

fn of(object: ObjectBuilder) -> RefOr<Schema> {
    RefOr::T(Schema::Object(object.build()))
}

fn named<T: ToSchema>() -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(T::name()))
}

/// Adds the schema of a type, and those that it refers to.
fn add<T: ToSchema>(schemas: &mut Schemas) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

impl<E> ComposeSchema for Id<E> {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        of(formatted(KnownFormat::Uuid, "Identifier of a record.", "018f4e5a-0000-7000-8000-000000000000"))
    }
}
impl<E> ToSchema for Id<E> {
    fn name() -> Cow<'static, str> {
        "Id".into()
    }
}

impl<L: Layout, const MAX: usize> ComposeSchema for Text<L, MAX> {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        let lines = if L::MULTI_LINE { "Text of any number of lines" } else { "Text of one line" };
        let description = format!("{lines}, trimmed, without characters that nobody can see.");
        of(ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(description))
            .min_length(Some(1))
            .max_length(Some(MAX)))
    }
}
impl<L: Layout, const MAX: usize> ToSchema for Text<L, MAX> {
    fn name() -> Cow<'static, str> {
        let kind = if L::MULTI_LINE { "Prose" } else { "Line" };
        format!("{kind}{MAX}").into()
    }
}

impl ComposeSchema for Timestamp {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        of(formatted(KnownFormat::DateTime, "An instant, RFC 3339; kept to the microsecond.", "2026-11-21T09:30:00Z"))
    }
}
impl ToSchema for Timestamp {}

impl ComposeSchema for Date {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        of(formatted(KnownFormat::Date, "A day of the calendar, without a zone.", "2026-11-21"))
    }
}
impl ToSchema for Date {
    fn name() -> Cow<'static, str> {
        "Day".into()
    }
}

impl ComposeSchema for EmailAddress {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        of(formatted(KnownFormat::Email, "An e-mail address.", "ada@example.com"))
    }
}
impl ToSchema for EmailAddress {}

impl ComposeSchema for Website {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        of(text("The address of a website; without a scheme, https is meant.", "https://example.com"))
    }
}
impl ToSchema for Website {}

impl ComposeSchema for Domain {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        of(text("A domain of the internet that one can register.", "example.com"))
    }
}
impl ToSchema for Domain {}

impl ComposeSchema for Currency {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        of(text("Three letters of ISO 4217.", "EUR").min_length(Some(3)).max_length(Some(3)))
    }
}
impl ToSchema for Currency {}

impl ComposeSchema for Region {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        of(text("Two letters of ISO 3166.", "DE").min_length(Some(2)).max_length(Some(2)))
    }
}
impl ToSchema for Region {}

impl ComposeSchema for Tag {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        of(text("A tag; case does not count.", "vip").min_length(Some(1)).max_length(Some(60)))
    }
}
impl ToSchema for Tag {}

impl ComposeSchema for PhoneNumber {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        let typed = text("As a person types it, best with the country code.", "+49 30 1234567");
        let string = || Object::with_type(Type::String);
        let kept = ObjectBuilder::new()
            .description(Some("As it is kept and answered."))
            .property("raw", string())
            .property("key", string())
            .property("extension", ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null])))
            .property("valid", Object::with_type(Type::Boolean))
            .required("raw")
            .required("key")
            .required("valid");
        RefOr::T(Schema::OneOf(OneOfBuilder::new().item(typed).item(kept).build()))
    }
}
impl ToSchema for PhoneNumber {}

impl ComposeSchema for CustomKey {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        of(text("Name of a custom field.", "region").pattern(Some("^[a-z][a-z0-9_]{0,39}$")))
    }
}
impl ToSchema for CustomKey {}

impl ComposeSchema for Number {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        of(text("A number with at most six decimals, as text so that none is lost.", "12.5"))
    }
}
impl ToSchema for Number {}

impl ComposeSchema for CustomValues {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        of(ObjectBuilder::new()
            .description(Some("The tenant's own fields, by key."))
            .additional_properties(Some(named::<CustomValue>())))
    }
}
impl ToSchema for CustomValues {
    fn schemas(schemas: &mut Schemas) {
        add::<CustomValue>(schemas);
    }
}

impl<T: ToSchema> ComposeSchema for Patch<T> {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        let empty = ObjectBuilder::new().schema_type(Type::Null).description(Some("Empties the field."));
        RefOr::T(Schema::OneOf(OneOfBuilder::new().item(empty).item(named::<T>()).build()))
    }
}
impl<T: ToSchema> ToSchema for Patch<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Patch", T::name()).into()
    }
    fn schemas(schemas: &mut Schemas) {
        add::<T>(schemas);
    }
}

impl<E: Entity> ComposeSchema for Predicate<E> {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        let example = serde_json::json!({ "all": [{ "field": "created_at", "at_least": "2026-01-01T00:00:00Z" }] });
        of(ObjectBuilder::new()
            .description(Some(
                "A condition: {\"all\": [..]}, {\"any\": [..]}, {\"not\": ..}, or a field with one test, such as \
                 {\"field\": \"score\", \"at_least\": 50}. Tests: equals, in, at_least, above, at_most, below, prefix, \
                 is_empty, has. A custom value is named custom.KEY.",
            ))
            .schema_type(Type::Object)
            .examples([example]))
    }
}
impl<E: Entity> ToSchema for Predicate<E> {
    fn name() -> Cow<'static, str> {
        "Condition".into()
    }
}
