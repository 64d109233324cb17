//! Fields of records as data: what may be filtered, sorted, scored and segmented.
//!
//! A field knows its name, its kind, and how to read itself from a record. [`Column`] adds the Rust type, so that
//! `Lead::SCORE.at_least(50)` compiles and `Lead::SCORE.at_least("x")` does not.

use std::fmt;
use std::marker::PhantomData;

use uuid::Uuid;

use super::custom::{CustomValue, CustomValues};
use super::entity::Stored;
use super::id::Id;
use super::predicate::{Predicate, Test};
use super::tag::Tag;
use super::time::{Date, Timestamp};

/// The kinds of values that every store compares alike and can use an index for under row security.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Text, compared by code point.
    Text,
    /// A whole number.
    Integer,
    /// Yes or no.
    Bool,
    /// An identifier.
    Uuid,
    /// An instant.
    Time,
    /// A day.
    Date,
    /// The record's tags: only [`Test::HasTag`] and [`Test::IsEmpty`] apply.
    Tags,
    /// The record's custom values, each reached as `custom.KEY`.
    Custom,
}

impl FieldKind {
    /// The kind in a word, for messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "a whole number",
            Self::Bool => "true or false",
            Self::Uuid => "an identifier",
            Self::Time => "an instant like 2026-11-21T09:30:00Z",
            Self::Date => "a day like 2026-11-21",
            Self::Tags => "tags",
            Self::Custom => "custom values",
        }
    }
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// See [`FieldKind::Text`].
    Text(String),
    /// See [`FieldKind::Integer`].
    Integer(i64),
    /// See [`FieldKind::Bool`].
    Bool(bool),
    /// See [`FieldKind::Uuid`].
    Uuid(Uuid),
    /// See [`FieldKind::Time`].
    Time(Timestamp),
    /// See [`FieldKind::Date`].
    Date(Date),
}

impl Value {
    /// The kind of the value.
    #[must_use]
    pub const fn kind(&self) -> FieldKind {
        match self {
            Self::Text(_) => FieldKind::Text,
            Self::Integer(_) => FieldKind::Integer,
            Self::Bool(_) => FieldKind::Bool,
            Self::Uuid(_) => FieldKind::Uuid,
            Self::Time(_) => FieldKind::Time,
            Self::Date(_) => FieldKind::Date,
        }
    }

    /// The value, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Text(value) => ValueRef::Text(value),
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Bool(value) => ValueRef::Bool(*value),
            Self::Uuid(value) => ValueRef::Uuid(*value),
            Self::Time(value) => ValueRef::Time(*value),
            Self::Date(value) => ValueRef::Date(*value),
        }
    }
}

/// What a field reads from a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// The field is empty. Compares with nothing.
    Absent,
    /// See [`FieldKind::Text`].
    Text(&'a str),
    /// See [`FieldKind::Integer`].
    Integer(i64),
    /// See [`FieldKind::Bool`].
    Bool(bool),
    /// See [`FieldKind::Uuid`].
    Uuid(Uuid),
    /// See [`FieldKind::Time`].
    Time(Timestamp),
    /// See [`FieldKind::Date`].
    Date(Date),
    /// See [`FieldKind::Tags`].
    Tags(&'a [Tag]),
    /// See [`FieldKind::Custom`].
    Custom(&'a CustomValues),
}

impl ValueRef<'_> {
    /// The value itself; nothing when absent or when it is not a single value.
    #[must_use]
    pub fn to_value(self) -> Option<Value> {
        match self {
            Self::Text(value) => Some(Value::Text(value.to_owned())),
            Self::Integer(value) => Some(Value::Integer(value)),
            Self::Bool(value) => Some(Value::Bool(value)),
            Self::Uuid(value) => Some(Value::Uuid(value)),
            Self::Time(value) => Some(Value::Time(value)),
            Self::Date(value) => Some(Value::Date(value)),
            Self::Absent | Self::Tags(_) | Self::Custom(_) => None,
        }
    }
}

/// A field of an `E`.
pub struct Field<E> {
    /// Name in JSON and in SQL.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it can be empty. An optional field can't be sorted by.
    pub optional: bool,
    /// Whether stores keep an index for it.
    pub indexed: bool,
    /// Whether few records share a value, so that looking up some values is cheap whatever they are.
    pub selective: bool,
    /// Reads it from a record.
    pub read: for<'a> fn(&'a Stored<E>) -> ValueRef<'a>,
}

impl<E> Clone for Field<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Field<E> {}
impl<E> fmt::Debug for Field<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
impl<E> PartialEq for Field<E> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.kind == other.kind
    }
}
impl<E> Eq for Field<E> {}

impl<E> Field<E> {
    /// The fields that every record has, besides those that its entity declares.
    pub const SYSTEM: [Self; 3] = [Self::ID, Self::CREATED_AT, Self::UPDATED_AT];
    /// The record's identifier.
    pub const ID: Self = Self {
        name: "id",
        kind: FieldKind::Uuid,
        optional: false,
        indexed: true,
        selective: true,
        read: |row| ValueRef::Uuid(row.id.uuid()),
    };
    /// When the record was first saved.
    pub const CREATED_AT: Self = Self {
        name: "created_at",
        kind: FieldKind::Time,
        optional: false,
        indexed: false,
        selective: false,
        read: |row| ValueRef::Time(row.created_at),
    };
    /// When the record was last saved.
    pub const UPDATED_AT: Self = Self {
        name: "updated_at",
        kind: FieldKind::Time,
        optional: false,
        indexed: false,
        selective: false,
        read: |row| ValueRef::Time(row.updated_at),
    };

    /// Whether it is one of the fields that every record has.
    #[must_use]
    pub fn is_system(&self) -> bool {
        Self::SYSTEM.contains(self)
    }
}

/// A Rust type that a field can hold.
pub trait FieldType {
    /// The kind of its values.
    const KIND: FieldKind;
    /// The value in the form that predicates carry.
    fn into_value(self) -> Value;
}

impl FieldType for String {
    const KIND: FieldKind = FieldKind::Text;
    fn into_value(self) -> Value {
        Value::Text(self)
    }
}
impl FieldType for i64 {
    const KIND: FieldKind = FieldKind::Integer;
    fn into_value(self) -> Value {
        Value::Integer(self)
    }
}
impl FieldType for bool {
    const KIND: FieldKind = FieldKind::Bool;
    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}
impl<T> FieldType for Id<T> {
    const KIND: FieldKind = FieldKind::Uuid;
    fn into_value(self) -> Value {
        Value::Uuid(self.uuid())
    }
}
impl FieldType for Uuid {
    const KIND: FieldKind = FieldKind::Uuid;
    fn into_value(self) -> Value {
        Value::Uuid(self)
    }
}
impl FieldType for Timestamp {
    const KIND: FieldKind = FieldKind::Time;
    fn into_value(self) -> Value {
        Value::Time(self)
    }
}
impl FieldType for Date {
    const KIND: FieldKind = FieldKind::Date;
    fn into_value(self) -> Value {
        Value::Date(self)
    }
}

/// A field of an `E` that holds a `T`.
pub struct Column<E, T> {
    field: Field<E>,
    holds: PhantomData<fn() -> T>,
}

impl<E, T: FieldType> Column<E, T> {
    /// A field that is never empty.
    #[must_use]
    pub const fn required(name: &'static str, read: for<'a> fn(&'a Stored<E>) -> ValueRef<'a>) -> Self {
        let field = Field { name, kind: T::KIND, optional: false, indexed: false, selective: false, read };
        Self { field, holds: PhantomData }
    }

    /// A field that may be empty.
    #[must_use]
    pub const fn optional(name: &'static str, read: for<'a> fn(&'a Stored<E>) -> ValueRef<'a>) -> Self {
        let field = Field { name, kind: T::KIND, optional: true, indexed: false, selective: false, read };
        Self { field, holds: PhantomData }
    }

    /// A field that is never empty and for which stores keep an index.
    #[must_use]
    pub const fn required_indexed(name: &'static str, read: for<'a> fn(&'a Stored<E>) -> ValueRef<'a>) -> Self {
        let mut column = Self::required(name, read);
        column.field.indexed = true;
        column
    }

    /// A field that may be empty and for which stores keep an index.
    #[must_use]
    pub const fn optional_indexed(name: &'static str, read: for<'a> fn(&'a Stored<E>) -> ValueRef<'a>) -> Self {
        let mut column = Self::optional(name, read);
        column.field.indexed = true;
        column
    }

    /// A field that is never empty, indexed, of whose values each is shared by few records: a key of the record, or of
    /// another record that has few of these.
    #[must_use]
    pub const fn required_key(name: &'static str, read: for<'a> fn(&'a Stored<E>) -> ValueRef<'a>) -> Self {
        let mut column = Self::required_indexed(name, read);
        column.field.selective = true;
        column
    }

    /// A field that may be empty, indexed, of whose values each is shared by few records.
    #[must_use]
    pub const fn optional_key(name: &'static str, read: for<'a> fn(&'a Stored<E>) -> ValueRef<'a>) -> Self {
        let mut column = Self::optional_indexed(name, read);
        column.field.selective = true;
        column
    }

    /// The field without its Rust type.
    #[must_use]
    pub const fn field(&self) -> Field<E> {
        self.field
    }

    /// Holds when the field has exactly this value.
    pub fn is(&self, value: impl Into<T>) -> Predicate<E> {
        Predicate::Test(self.field, Test::Equals(value.into().into_value()))
    }
    /// Holds when the field has one of these values; never, when there are none.
    pub fn is_one_of(&self, values: impl IntoIterator<Item = impl Into<T>>) -> Predicate<E> {
        Predicate::Test(self.field, Test::In(values.into_iter().map(|value| value.into().into_value()).collect()))
    }
    /// Holds when the field has this value or a greater one.
    pub fn at_least(&self, value: impl Into<T>) -> Predicate<E> {
        Predicate::Test(self.field, Test::AtLeast(value.into().into_value()))
    }
    /// Holds when the field has a smaller value.
    pub fn below(&self, value: impl Into<T>) -> Predicate<E> {
        Predicate::Test(self.field, Test::Below(value.into().into_value()))
    }
    /// Holds when the field has a greater value.
    pub fn above(&self, value: impl Into<T>) -> Predicate<E> {
        Predicate::Test(self.field, Test::Above(value.into().into_value()))
    }
    /// Holds when the field has this value or a smaller one.
    pub fn at_most(&self, value: impl Into<T>) -> Predicate<E> {
        Predicate::Test(self.field, Test::AtMost(value.into().into_value()))
    }
    /// Holds when the field has no value.
    #[must_use]
    pub fn is_empty(&self) -> Predicate<E> {
        Predicate::Test(self.field, Test::IsEmpty)
    }
}

impl<E> Column<E, String> {
    /// Holds when the text begins so.
    pub fn starts_with(&self, prefix: impl Into<String>) -> Predicate<E> {
        Predicate::Test(self.field, Test::Prefix(prefix.into()))
    }
}

/// The tags of an `E`.
pub struct TagsColumn<E>(Field<E>);

impl<E> TagsColumn<E> {
    /// The field `tags`.
    #[must_use]
    pub const fn new(read: for<'a> fn(&'a Stored<E>) -> ValueRef<'a>) -> Self {
        Self(Field { name: "tags", kind: FieldKind::Tags, optional: true, indexed: true, selective: false, read })
    }
    /// The field without its Rust type.
    #[must_use]
    pub const fn field(&self) -> Field<E> {
        self.0
    }
    /// Holds when the record carries the tag.
    #[must_use]
    pub fn has(&self, tag: &Tag) -> Predicate<E> {
        Predicate::Test(self.0, Test::HasTag(tag.as_str().to_owned()))
    }
    /// Holds when the record carries no tag.
    #[must_use]
    pub fn is_empty(&self) -> Predicate<E> {
        Predicate::Test(self.0, Test::IsEmpty)
    }
}

/// The custom values of an `E`.
pub struct CustomColumn<E>(Field<E>);

impl<E> CustomColumn<E> {
    /// The field `custom`.
    #[must_use]
    pub const fn new(read: for<'a> fn(&'a Stored<E>) -> ValueRef<'a>) -> Self {
        Self(Field { name: "custom", kind: FieldKind::Custom, optional: true, indexed: true, selective: false, read })
    }
    /// The field without its Rust type.
    #[must_use]
    pub const fn field(&self) -> Field<E> {
        self.0
    }
    /// Holds when the custom value `key` passes the test.
    pub fn value(&self, key: impl Into<String>, test: Test) -> Predicate<E> {
        Predicate::Custom(self.0, key.into(), test)
    }
}

/// One searchable value out of a record's tags or custom values.
///
/// Arrays and documents can't use an index under row security, so the SQL stores keep these as rows of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    /// `tag`, or `custom.KEY`.
    pub name: String,
    /// The value. A multiple choice yields one term for each choice.
    pub value: Value,
}

/// The searchable values of a record's tags and custom values, sorted, without doubles.
pub fn terms<E: super::entity::Entity>(row: &Stored<E>) -> Vec<Term> {
    let mut terms = Vec::new();
    for field in E::FIELDS {
        match (field.read)(row) {
            ValueRef::Tags(tags) => {
                terms.extend(
                    tags.iter().map(|tag| Term { name: "tag".to_owned(), value: Value::Text(tag.as_str().to_owned()) }),
                );
            }
            ValueRef::Custom(values) => {
                for (key, value) in values.iter() {
                    let name = format!("custom.{key}");
                    terms.extend(value.search_values().into_iter().map(|value| Term { name: name.clone(), value }));
                }
            }
            _ => {}
        }
    }
    terms.sort();
    terms.dedup();
    terms
}

/// Whether records of this entity have searchable terms at all.
#[must_use]
pub fn has_terms<E: super::entity::Entity>() -> bool {
    E::FIELDS.iter().any(|field| matches!(field.kind, FieldKind::Tags | FieldKind::Custom))
}

/// A custom value as it takes part in predicates.
pub trait SearchValues {
    /// The values under which it is found.
    fn search_values(&self) -> Vec<Value>;
}

impl SearchValues for CustomValue {
    fn search_values(&self) -> Vec<Value> {
        match self {
            Self::Text(text) => vec![Value::Text(text.as_str().to_owned())],
            Self::Number(number) => vec![Value::Integer(number.millionths())],
            Self::Money(money) => vec![Value::Integer(money.minor())],
            Self::Date(date) => vec![Value::Date(*date)],
            Self::Bool(value) => vec![Value::Bool(*value)],
            Self::Choice(choice) => vec![Value::Text(choice.as_str().to_owned())],
            Self::Choices(choices) => choices.iter().map(|choice| Value::Text(choice.as_str().to_owned())).collect(),
        }
    }
}
