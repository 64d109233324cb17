//! A statement that grows together with its values.

use std::fmt;

use crm_core::kernel::{Entity, Field, Value};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};
use sqlx::{AssertSqlSafe, query};
use uuid::Uuid;

/// SQL text and the values of its parameters. Text comes from declarations only; what a caller says is a value.
pub(crate) struct Sql {
    text: String,
    values: Vec<Bind>,
}

/// A value in one of the forms in which they are stored and compared.
pub(crate) enum Bind {
    Text(String),
    Integer(i64),
}

impl Sql {
    /// A statement whose parameter `?1` is the organization.
    pub(crate) fn within(organization: Uuid) -> Self {
        Self { text: String::new(), values: vec![organization.into()] }
    }

    /// Adds text, as `write!` does.
    pub(crate) fn push(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a `String` does not fail.
        let _ = fmt::Write::write_fmt(&mut self.text, text);
    }

    /// Adds text.
    pub(crate) fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a parameter with its value.
    pub(crate) fn bind(&mut self, value: impl Into<Bind>) {
        self.values.push(value.into());
        let number = self.values.len();
        self.push(format_args!("?{number}"));
    }

    /// The statement, ready to run.
    pub(crate) fn query<'q>(self) -> Query<'q, Sqlite, SqliteArguments> {
        self.values.into_iter().fold(query(AssertSqlSafe(self.text)), |query, value| match value {
            Bind::Text(text) => query.bind(text),
            Bind::Integer(number) => query.bind(number),
        })
    }

    /// The question how the statement would be answered.
    #[cfg(test)]
    pub(crate) fn explained(self) -> sqlx::query::QueryAs<'static, Sqlite, (i64, i64, i64, String), SqliteArguments> {
        let text = AssertSqlSafe(format!("explain query plan {}", self.text));
        self.values.into_iter().fold(sqlx::query_as(text), |query, value| match value {
            Bind::Text(text) => query.bind(text),
            Bind::Integer(number) => query.bind(number),
        })
    }
}

/// The expression that reads a field; for those in the value, exactly the one that indexes are made over.
pub(crate) fn column<E: Entity>(field: Field<E>) -> String {
    if field.is_system() { field.name.to_owned() } else { member(field.name) }
}

/// The expression that reads a member of the value.
pub(crate) fn member(name: &str) -> String {
    format!("json_extract(value,'$.{name}')")
}

impl From<Uuid> for Bind {
    fn from(uuid: Uuid) -> Self {
        Self::Text(uuid.hyphenated().to_string())
    }
}
impl From<String> for Bind {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<&str> for Bind {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<i64> for Bind {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}
impl From<&Value> for Bind {
    fn from(value: &Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text.clone()),
            Value::Integer(number) => Self::Integer(*number),
            Value::Bool(value) => Self::Integer(i64::from(*value)),
            Value::Uuid(uuid) => (*uuid).into(),
            Value::Time(time) => Self::Text(time.to_string()),
            Value::Date(date) => Self::Text(date.to_string()),
        }
    }
}
impl From<Bind> for serde_json::Value {
    fn from(value: Bind) -> Self {
        match value {
            Bind::Text(text) => Self::String(text),
            Bind::Integer(number) => number.into(),
        }
    }
}
