//! Reading values that may have any type: what is not as it should be counts as absent.

use crm_core::kernel::Timestamp;
use serde_json::{Map, Value as Json};

static ABSENT: Json = Json::Null;
/// Numbers below are seconds, the others milliseconds: 1e11 s is the year 5138, 1e11 ms the year 1973.
const FIRST_MILLISECOND: i64 = 100_000_000_000;

/// The member of that name; `null` when there is none, or no object.
pub(super) fn at<'a>(value: &'a Json, name: &str) -> &'a Json {
    value.get(name).unwrap_or(&ABSENT)
}

/// The elements of an array; none when it isn't one.
pub(super) fn items(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text as it was sent; an empty one counts as absent.
pub(super) fn text(value: &Json) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// An identifier: a text, or a whole number written as one.
pub(super) fn id(value: &Json) -> Option<String> {
    match value {
        Json::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        other => text(other),
    }
}

/// A whole number, or a text that is one.
pub(super) fn whole(value: &Json) -> Option<i64> {
    match value {
        Json::String(text) => text.parse().ok(),
        other => other.as_i64(),
    }
}

/// Whether the value is `true`.
pub(super) fn is_true(value: &Json) -> bool {
    value.as_bool() == Some(true)
}

/// `true`, or nothing.
pub(super) fn only_true(value: &Json) -> Option<bool> {
    is_true(value).then_some(true)
}

/// An instant: seconds or milliseconds since 1970, as a number or as a text.
pub(super) fn time(value: &Json) -> Option<Timestamp> {
    let number = whole(value).filter(|number| *number > 0)?;
    let unit = if number < FIRST_MILLISECOND { 1_000_000 } else { 1_000 };
    Timestamp::from_micros(number.checked_mul(unit)?).ok()
}

/// The code of the first error in a list of errors.
pub(super) fn first_error(value: &Json) -> Option<i64> {
    items(value).iter().find_map(|error| whole(at(error, "code")))
}

/// An object of the members that are there; `None` when none is.
pub(super) fn object<const N: usize>(members: [(&str, Option<Json>); N]) -> Option<Json> {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let object: Map<String, Json> = present.collect();
    (!object.is_empty()).then_some(Json::Object(object))
}

/// A text as JSON, when it is there.
pub(super) fn json_text(value: &Json) -> Option<Json> {
    text(value).map(Json::String)
}

/// The value itself, unless it is `null`.
pub(super) fn present(value: &Json) -> Option<Json> {
    (!value.is_null()).then(|| value.clone())
}
