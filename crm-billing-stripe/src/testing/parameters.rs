//! Forms and queries as nested values: the reverse of what the client writes.

use serde_json::{Map, Value as Json};

/// Reads a form or query; lists are objects whose names are numbers.
pub(super) fn nested(form: &[u8]) -> Json {
    let mut root = Json::Object(Map::new());
    // Any base will do: only the pairs are wanted.
    let Ok(mut url) = reqwest::Url::parse("http://form/") else { return root };
    url.set_query(str::from_utf8(form).ok());
    for (name, value) in url.query_pairs() {
        let mut place = &mut root;
        for part in name.split(['[', ']']).filter(|part| !part.is_empty()) {
            if !place.is_object() {
                *place = Json::Object(Map::new());
            }
            place = &mut place[part];
        }
        *place = Json::String(value.into_owned());
    }
    root
}

/// The entries of a list.
pub(super) fn entries(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_object().into_iter().flat_map(Map::values)
}

/// A text, empty where there is none.
pub(super) fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}

/// A number, written as one or as text.
pub(super) fn number(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
