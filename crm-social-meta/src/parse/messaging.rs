//! Entries of Messenger and Instagram, which share one shape.

use crm_core::inbox::channel::{
    DeliveryStatus, Direction, EventKind, Inbound, InboundEvent, MessageKind, Reaction, Referral,
};
use crm_core::kernel::Timestamp;
use serde_json::{Map, Value as Json};

use super::reading::{at, id, is_true, items, json_text, object, text, time, whole};
use super::{attachment, ignored, ignored_field, malformed, sealed};

/// Fields of `changes` that carry a messaging element; the dashboard's samples come so.
const MESSAGING_FIELDS: [&str; 13] = [
    "messages",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_referrals",
    "messaging_seen",
    "message_deliveries",
    "message_reads",
    "message_reactions",
    "message_echoes",
    "message_edit",
    "message_edits",
    "messaging_handovers",
    "standby",
];

/// What every part of one element needs to know.
struct Element<'a> {
    value: &'a Json,
    connection: String,
    participant: String,
    direction: Direction,
    time: Option<Timestamp>,
}

/// Reads one entry: its messaging elements, those of threads that another app owns, and its changes.
pub(super) fn read_entry(entry: &Json, events: &mut Vec<Inbound>) {
    for element in items(at(entry, "messaging")) {
        read_element(element, entry, false, events);
    }
    for element in items(at(entry, "standby")) {
        read_element(element, entry, true, events);
    }
    for change in items(at(entry, "changes")) {
        let field = at(change, "field").as_str().unwrap_or_default();
        let value = at(change, "value");
        if MESSAGING_FIELDS.contains(&field) && value.get("sender").is_some() {
            read_element(value, entry, field == "standby", events);
        } else {
            events.push(sealed(ignored_field(id(at(entry, "id")), change), change));
        }
    }
}

fn read_element(value: &Json, entry: &Json, standby: bool, events: &mut Vec<Inbound>) {
    let sender = id(at(at(value, "sender"), "id"));
    let recipient = id(at(at(value, "recipient"), "id"));
    let (Some(sender), Some(recipient)) = (sender, recipient) else {
        events.push(sealed(malformed(id(at(entry, "id")), "messaging"), value));
        return;
    };
    let direction = direction_of(value, &sender, &recipient, entry);
    let (connection, participant) = match direction {
        Direction::Inbound => (recipient, sender),
        Direction::Outbound => (sender, recipient),
    };
    let time = time(at(value, "timestamp"))
        .or_else(|| time(at(at(value, "delivery"), "watermark")))
        .or_else(|| time(at(at(value, "read"), "watermark")))
        .or_else(|| time(at(entry, "time")));
    let element = Element { value, connection, participant, direction, time };
    for mut event in element.read() {
        event.extra.standby = standby.then_some(true);
        events.push(sealed(event, value));
    }
}

/// Our side acted when the message says that it is an echo, or when the sender is the account of the entry.
///
/// A message without the mark counts as the customer's, since an echo is always marked; reactions, edits and deletes of
/// our side are not.
fn direction_of(value: &Json, sender: &str, recipient: &str, entry: &Json) -> Direction {
    let message = at(value, "message");
    let account = id(at(entry, "id"));
    let from_account = account.as_deref() == Some(sender) && account.as_deref() != Some(recipient);
    let unmarked = value.get("reaction").is_some() || value.get("message_edit").is_some() || deleted(message);
    if is_true(at(message, "is_echo")) || (unmarked && from_account) { Direction::Outbound } else { Direction::Inbound }
}

fn deleted(message: &Json) -> bool {
    is_true(at(message, "is_deleted"))
}

impl Element<'_> {
    fn read(&self) -> Vec<InboundEvent> {
        let member = |name: &str| self.value.get(name).filter(|value| value.is_object());
        if let Some(message) = member("message") {
            vec![if deleted(message) { self.deletion(message) } else { self.message(message) }]
        } else if let Some(edit) = member("message_edit") {
            vec![self.edit(edit)]
        } else if let Some(postback) = member("postback") {
            vec![self.postback(postback)]
        } else if let Some(reaction) = member("reaction") {
            vec![self.reaction(reaction)]
        } else if let Some(read) = member("read") {
            vec![self.receipt(DeliveryStatus::Read, id(at(read, "mid")), at(read, "watermark"))]
        } else if let Some(delivery) = member("delivery") {
            self.deliveries(delivery)
        } else if let Some(referral) = member("referral") {
            vec![self.referral(referral)]
        } else {
            vec![self.unknown()]
        }
    }

    fn event(&self, kind: EventKind) -> InboundEvent {
        InboundEvent {
            kind,
            connection_id: Some(self.connection.clone()),
            participant_id: Some(self.participant.clone()),
            direction: Some(self.direction),
            timestamp: self.time,
            ..InboundEvent::default()
        }
    }

    fn message(&self, message: &Json) -> InboundEvent {
        let Some(mid) = id(at(message, "mid")) else { return malformed(Some(self.connection.clone()), "message") };
        let echo = self.direction == Direction::Outbound;
        let mut event = self.event(if echo { EventKind::Echo } else { EventKind::Message });
        event.external_message_id = Some(mid);
        event.text = text(at(message, "text"));
        event.payload = text(at(at(message, "quick_reply"), "payload"));
        let reply = at(message, "reply_to");
        event.reply_to = id(at(reply, "mid"));
        let attachments = attachment::read(at(message, "attachments"), event.text.is_some(), &mut event.extra);
        event.media = attachments.media;
        let plain = if event.text.is_some() { MessageKind::Text } else { MessageKind::Unsupported };
        event.message_type = Some(attachments.message_type.unwrap_or(plain));
        if is_true(at(message, "is_unsupported")) {
            event.message_type = Some(MessageKind::Unsupported);
        }
        let story = at(reply, "story");
        let story = object([("id", id(at(story, "id")).map(Json::String)), ("url", json_text(at(story, "url")))]);
        event.extra.story = story;
        event.extra.referral = referral(at(message, "referral"));
        if echo {
            event.extra.app_id = id(at(message, "app_id"));
            event.extra.metadata = text(at(message, "metadata"));
        }
        event
    }

    fn deletion(&self, message: &Json) -> InboundEvent {
        let Some(mid) = id(at(message, "mid")) else { return malformed(Some(self.connection.clone()), "delete") };
        let mut event = self.event(EventKind::Deleted);
        event.external_message_id = Some(mid.clone());
        event.target_message_id = Some(mid);
        event
    }

    fn edit(&self, edit: &Json) -> InboundEvent {
        let Some(mid) = id(at(edit, "mid")) else { return malformed(Some(self.connection.clone()), "edit") };
        let mut event = self.event(EventKind::Edited);
        event.external_message_id = Some(mid.clone());
        event.target_message_id = Some(mid);
        event.message_type = Some(MessageKind::Text);
        event.text = text(at(edit, "text"));
        event.extra.num_edit = whole(at(edit, "num_edit"));
        event
    }

    fn postback(&self, postback: &Json) -> InboundEvent {
        let mut event = self.event(EventKind::Postback);
        event.external_message_id = id(at(postback, "mid"));
        event.message_type = Some(MessageKind::Postback);
        event.text = text(at(postback, "title"));
        event.payload = text(at(postback, "payload"));
        event.extra.referral = referral(at(postback, "referral"));
        event
    }

    fn referral(&self, value: &Json) -> InboundEvent {
        let mut event = self.event(EventKind::Postback);
        event.message_type = Some(MessageKind::Referral);
        event.extra.referral = referral(value);
        event
    }

    fn reaction(&self, reaction: &Json) -> InboundEvent {
        let Some(target) = id(at(reaction, "mid")) else {
            return malformed(Some(self.connection.clone()), "reaction");
        };
        let mut event = self.event(EventKind::Reaction);
        event.target_message_id = Some(target);
        let emoji = text(at(reaction, "emoji")).or_else(|| text(at(reaction, "reaction")));
        event.extra.reaction = Some(reaction_of(emoji, at(reaction, "action").as_str() == Some("unreact")));
        event
    }

    fn deliveries(&self, delivery: &Json) -> Vec<InboundEvent> {
        let watermark = at(delivery, "watermark");
        let mids: Vec<String> = items(at(delivery, "mids")).iter().filter_map(id).collect();
        if mids.is_empty() {
            return vec![self.receipt(DeliveryStatus::Delivered, None, watermark)];
        }
        mids.into_iter().map(|mid| self.receipt(DeliveryStatus::Delivered, Some(mid), watermark)).collect()
    }

    /// A receipt comes from the customer and is about our side's messages.
    fn receipt(&self, status: DeliveryStatus, mid: Option<String>, watermark: &Json) -> InboundEvent {
        let watermark = time(watermark);
        if mid.is_none() && watermark.is_none() {
            return malformed(Some(self.connection.clone()), "receipt");
        }
        let mut event = self.event(EventKind::Status);
        event.direction = Some(Direction::Outbound);
        event.external_message_id = mid;
        event.status = Some(status);
        event.extra.watermark = watermark;
        event
    }

    fn unknown(&self) -> InboundEvent {
        const ENVELOPE: [&str; 3] = ["sender", "recipient", "timestamp"];
        let names = self.value.as_object().into_iter().flat_map(Map::keys);
        let name = names.map(String::as_str).filter(|name| !ENVELOPE.contains(name)).min();
        let mut event = ignored(Some(self.connection.clone()), format!("event:{}", name.unwrap_or("none")));
        event.participant_id = Some(self.participant.clone());
        event.timestamp = self.time;
        event
    }
}

/// Where a customer came from: an advertisement or a link. Empty values are dropped.
fn referral(value: &Json) -> Option<Referral> {
    let referral = Referral {
        source: text(at(value, "source")),
        reference: text(at(value, "ref")),
        ad_id: id(at(value, "ad_id")),
        ctwa_clid: text(at(value, "ctwa_clid")),
    };
    (referral != Referral::default()).then_some(referral)
}

/// A reaction, or that it was taken back.
pub(super) fn reaction_of(emoji: Option<String>, removed: bool) -> Reaction {
    let emoji = emoji.filter(|_| !removed);
    Reaction { action: if emoji.is_some() { "react" } else { "unreact" }.to_owned(), emoji }
}
