//! Messages as Meta wants them: pure functions from what the inbox sends to the JSON of one call.

pub(crate) mod messaging;
pub(crate) mod whatsapp;

use serde_json::{Map, Value as Json};

use crate::graph::call::CallError;

/// Something that this platform has no way to say.
fn cannot(platform: &str, what: &str) -> CallError {
    CallError::ours(format!("{platform} can't send {what}; offer only what its capability table names"))
}

/// An object of the members that are there.
fn object<const N: usize>(members: [(&str, Option<Json>); N]) -> Json {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Json::Object(present.collect::<Map<_, _>>())
}
