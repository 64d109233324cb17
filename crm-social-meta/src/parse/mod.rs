//! From the bytes of one delivery to normalised events: total, and element by element.
//!
//! Nothing here panics, whatever the bytes. A body that is no JSON object with an `object` is refused whole; from there
//! on every entry, change, message and status is read by itself, so an element that makes no sense becomes an
//! `ignored` event with its reason and its neighbours are read as if it were not there. Types that Meta adds later are
//! kept as messages of type `unsupported`. The parser does not deduplicate: the inbox does.

mod attachment;
mod messaging;
mod reading;
mod repair;
mod whatsapp;
mod whatsapp_content;

use crm_core::inbox::channel::{Direction, Extra, Inbound, InboundEvent, Platform};
use serde_json::Value as Json;

use reading::{at, id, items};

/// What one webhook delivery says, in the order of the document.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The platform; `None` when the delivery is about an object that is not messaging.
    pub platform: Option<Platform>,
    /// One event for every change, message, status or receipt, with the element that it was read from.
    pub events: Vec<Inbound>,
}

/// Why a body is no delivery at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The body is no JSON. Line and column count from 1.
    #[error("the body is not valid JSON (line {line}, column {column}); Meta sends one JSON object")]
    NotJson {
        /// The line that can't be read.
        line: usize,
        /// The column in it.
        column: usize,
    },
    /// The body is JSON without a text `object`.
    #[error("the body names no `object`; expected \"page\", \"instagram\" or \"whatsapp_business_account\"")]
    NoObject,
}

/// Reads one delivery.
///
/// ```
/// use crm_social_meta::parse::parse;
///
/// let body = br#"{"object": "page", "entry": [{"id": "1", "messaging": [
///     {"sender": {"id": "7"}, "recipient": {"id": "1"}, "timestamp": 1, "message": {"mid": "m_1", "text": "Hello"}},
///     "nonsense"]}]}"#;
/// let delivery = parse(body)?;
/// assert_eq!(delivery.platform.unwrap().as_str(), "messenger");
/// assert_eq!(delivery.events[0].event.text.as_deref(), Some("Hello"));
/// assert_eq!(delivery.events.len(), 2, "what makes no sense is kept as ignored");
/// # Ok::<(), crm_social_meta::parse::Malformed>(())
/// ```
///
/// # Errors
/// `NotJson` when the bytes are no JSON document, `NoObject` when it doesn't say what it is about.
pub fn parse(body: &[u8]) -> Result<Delivery, Malformed> {
    let document = repair::read(body)?;
    let object = at(&document, "object").as_str().ok_or(Malformed::NoObject)?;
    let (platform, read_entry): (_, fn(&Json, &mut Vec<Inbound>)) = match object {
        "page" => (Platform::MESSENGER, messaging::read_entry),
        "instagram" => (Platform::INSTAGRAM, messaging::read_entry),
        "whatsapp_business_account" => (Platform::WHATSAPP, whatsapp::read_entry),
        other => {
            let event = ignored(None, format!("object:{other}"));
            return Ok(Delivery { platform: None, events: vec![sealed(event, &document)] });
        }
    };
    let mut events = Vec::new();
    for entry in items(at(&document, "entry")) {
        read_entry(entry, &mut events);
    }
    Ok(Delivery { platform: Some(platform), events })
}

/// An event with the element that it was read from, and with its sender.
fn sealed(mut event: InboundEvent, raw: &Json) -> Inbound {
    event.sender_id = match event.direction {
        Some(Direction::Inbound) => match &event.extra.group {
            Some(group) => group.sender_id.clone(),
            None => event.participant_id.clone(),
        },
        Some(Direction::Outbound) => event.connection_id.clone(),
        None => None,
    };
    Inbound { event, raw: raw.clone() }
}

/// Something that an inbox doesn't keep, and why.
fn ignored(connection: Option<String>, reason: String) -> InboundEvent {
    let extra = Extra { reason: Some(reason), ..Extra::default() };
    InboundEvent { connection_id: connection, extra, ..InboundEvent::default() }
}

/// An element that makes no sense, kept as the fact that it was there.
fn malformed(connection: Option<String>, what: &str) -> InboundEvent {
    ignored(connection, format!("malformed:{what}"))
}

/// A change of a field that is not about messages.
fn ignored_field(connection: Option<String>, change: &Json) -> InboundEvent {
    match id(at(change, "field")) {
        Some(field) => ignored(connection, format!("field:{field}")),
        None => malformed(connection, "change"),
    }
}
