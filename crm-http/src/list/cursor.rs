//! Where a page begins, sealed.

use crm_core::kernel::{Cursor, Date, Timestamp, Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::signing::Secret;

const PURPOSE: &str = "cursor";

/// A place in a list, as it is sealed.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    /// The list that it belongs to: organization, kind, conditions and order.
    list: String,
    value: PlaceValue,
    id: Uuid,
}

#[derive(Debug, Serialize, Deserialize)]
enum PlaceValue {
    Text(String),
    Integer(i64),
    Bool(bool),
    Uuid(Uuid),
    Time(Timestamp),
    Date(Date),
}

/// Seals a place in a list.
pub(super) fn seal(secret: &Secret, list: &str, cursor: &Cursor) -> Option<String> {
    let value = match cursor.value.clone() {
        Value::Text(value) => PlaceValue::Text(value),
        Value::Integer(value) => PlaceValue::Integer(value),
        Value::Bool(value) => PlaceValue::Bool(value),
        Value::Uuid(value) => PlaceValue::Uuid(value),
        Value::Time(value) => PlaceValue::Time(value),
        Value::Date(value) => PlaceValue::Date(value),
    };
    let place = Place { list: list.to_owned(), value, id: cursor.id };
    Some(secret.seal(PURPOSE, &serde_json::to_vec(&place).ok()?))
}

/// The place that was sealed for the same list; nothing for any other text.
pub(super) fn open(secret: &Secret, list: &str, text: &str) -> Option<Cursor> {
    let place: Place = serde_json::from_slice(&secret.open(PURPOSE, text)?).ok()?;
    if place.list != list {
        return None;
    }
    let value = match place.value {
        PlaceValue::Text(value) => Value::Text(value),
        PlaceValue::Integer(value) => Value::Integer(value),
        PlaceValue::Bool(value) => Value::Bool(value),
        PlaceValue::Uuid(value) => Value::Uuid(value),
        PlaceValue::Time(value) => Value::Time(value),
        PlaceValue::Date(value) => Value::Date(value),
    };
    Some(Cursor { value, id: place.id })
}
