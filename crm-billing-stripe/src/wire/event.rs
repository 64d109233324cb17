//! Events, in the two forms in which they come: with a snapshot of the object, or thin, with a link to it.

use serde::Deserialize;
use serde_json::Value as Json;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) created: When,
    #[serde(default)]
    pub(crate) livemode: bool,
    /// The connected account.
    pub(crate) account: Option<String>,
    /// The same in thin events.
    pub(crate) context: Option<String>,
    pub(crate) data: Option<EventData>,
    pub(crate) related_object: Option<RelatedObject>,
}

/// Seconds in events with a snapshot, RFC 3339 in thin ones.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum When {
    Seconds(i64),
    Text(String),
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct EventData {
    #[serde(default)]
    pub(crate) object: Json,
    #[serde(default)]
    pub(crate) previous_attributes: Json,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RelatedObject {
    pub(crate) id: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}
