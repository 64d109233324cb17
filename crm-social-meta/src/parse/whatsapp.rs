//! Entries of WhatsApp: messages, statuses, echoes of the phone app, history and notices about the account.

use crm_core::inbox::channel::{
    DeliveryStatus, Direction, EventKind, InGroup, Inbound, InboundEvent, Referral, TemplateNotice,
};
use crm_core::kernel::Timestamp;
use serde_json::Value as Json;

use super::messaging::reaction_of;
use super::reading::{at, first_error, id, is_true, items, json_text, object, present, text, time};
use super::{ignored_field, malformed, sealed, whatsapp_content};

/// Fields whose changes are notices about the business account or its numbers.
const ACCOUNT_FIELDS: [&str; 10] = [
    "account_alerts",
    "account_review_update",
    "account_update",
    "business_capability_update",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "template_category_update",
];

/// One change with what surrounds it.
struct Change<'a> {
    field: &'a str,
    value: &'a Json,
    account: Option<String>,
    connection: Option<String>,
    time: Option<Timestamp>,
}

/// Reads one entry, change by change.
pub(super) fn read_entry(entry: &Json, events: &mut Vec<Inbound>) {
    for raw in items(at(entry, "changes")) {
        let value = at(raw, "value");
        let change = Change {
            field: at(raw, "field").as_str().unwrap_or_default(),
            value,
            account: id(at(entry, "id")),
            connection: id(at(at(value, "metadata"), "phone_number_id")),
            time: time(at(entry, "time")),
        };
        let before = events.len();
        match change.field {
            "messages" => change.read_messages(events),
            "smb_message_echoes" => change.read_echoes(events),
            "history" => change.read_history(events),
            field if ACCOUNT_FIELDS.contains(&field) => events.push(sealed(change.notice(), raw)),
            _ => {}
        }
        if events.len() == before {
            events.push(sealed(ignored_field(change.connection, raw), raw));
        }
    }
}

impl Change<'_> {
    fn read_messages(&self, events: &mut Vec<Inbound>) {
        for message in items(at(self.value, "messages")) {
            events.push(sealed(self.message(message, Direction::Inbound, None), message));
        }
        for status in items(at(self.value, "statuses")) {
            events.push(sealed(self.status(status), status));
        }
        if !items(at(self.value, "errors")).is_empty() {
            events.push(sealed(self.error(at(self.value, "errors")), at(self.value, "errors")));
        }
    }

    fn read_echoes(&self, events: &mut Vec<Inbound>) {
        for message in items(at(self.value, "message_echoes")) {
            events.push(sealed(self.message(message, Direction::Outbound, None), message));
        }
    }

    fn read_history(&self, events: &mut Vec<Inbound>) {
        for chunk in items(at(self.value, "history")) {
            if !items(at(chunk, "errors")).is_empty() {
                events.push(sealed(self.error(at(chunk, "errors")), chunk));
            }
            for thread in items(at(chunk, "threads")) {
                let customer = id(at(thread, "id"));
                for message in items(at(thread, "messages")) {
                    events.push(sealed(self.historical(message, customer.as_deref()), message));
                }
            }
        }
    }

    fn historical(&self, message: &Json, customer: Option<&str>) -> InboundEvent {
        let from = id(at(message, "from"));
        let own = id(at(at(self.value, "metadata"), "display_phone_number"));
        let theirs = if customer.is_some() { from.as_deref() == customer } else { from != own };
        let direction = if theirs { Direction::Inbound } else { Direction::Outbound };
        let mut event = self.message(message, direction, customer);
        if event.kind == EventKind::Echo {
            event.status = historical_status(at(at(message, "history_context"), "status"));
        }
        if event.kind != EventKind::Ignored {
            event.extra.historical = Some(true);
        }
        event
    }

    /// One message; outbound ones were typed in the phone app, or are history.
    fn message(&self, message: &Json, direction: Direction, thread: Option<&str>) -> InboundEvent {
        let (phone, user) = match direction {
            Direction::Inbound => ("from", "from_user_id"),
            Direction::Outbound => ("to", "to_user_id"),
        };
        let phone = id(at(message, phone)).or_else(|| thread.map(str::to_owned));
        let user = id(at(message, user)).or_else(|| phone.clone().filter(|id| is_user_id(id)));
        let (Some(participant), Some(external), Some(connection)) =
            (phone.or_else(|| user.clone()), id(at(message, "id")), self.connection.clone())
        else {
            return malformed(self.connection.clone(), "message");
        };
        let mut event = InboundEvent {
            connection_id: Some(connection),
            external_message_id: Some(external),
            direction: Some(direction),
            timestamp: time(at(message, "timestamp")).or(self.time),
            ..InboundEvent::default()
        };
        event.extra.profile_name = self.profile_name(&participant, user.as_deref());
        event.extra.user_id = user;
        event.extra.group = id(at(message, "group_id")).map(|group| InGroup {
            id: group,
            name: None,
            sender_id: Some(participant.clone()),
        });
        // Of a group the group is at the other end, whoever of it writes.
        let group = event.extra.group.as_ref().map(|group| group.id.clone());
        event.participant_id = Some(group.unwrap_or(participant));
        fill(&mut event, message);
        event
    }

    fn status(&self, status: &Json) -> InboundEvent {
        let name = text(at(status, "status"));
        let user = id(at(status, "recipient_user_id"));
        let participant = id(at(status, "recipient_id")).or_else(|| user.clone());
        let external = id(at(status, "id"));
        let (Some(name), Some(external), Some(connection)) = (name, external, self.connection.clone()) else {
            return malformed(self.connection.clone(), "status");
        };
        let mut event = InboundEvent {
            connection_id: Some(connection),
            participant_id: participant,
            timestamp: time(at(status, "timestamp")).or(self.time),
            ..InboundEvent::default()
        };
        event.status = status_of(&name);
        if event.status.is_none() {
            event.extra.reason = Some(format!("status:{name}"));
            return event;
        }
        event.kind = EventKind::Status;
        event.direction = Some(Direction::Outbound);
        event.external_message_id = Some(external);
        event.error_code = first_error(at(status, "errors"));
        event.extra.user_id = user;
        event.extra.callback_data = text(at(status, "biz_opaque_callback_data"));
        event.extra.pricing = pricing(at(status, "pricing"));
        event
    }

    fn error(&self, errors: &Json) -> InboundEvent {
        let mut event = self.account_event(Some("error".to_owned()));
        event.error_code = first_error(errors);
        event
    }

    fn notice(&self) -> InboundEvent {
        let mut event = self.account_event(text(at(self.value, "event")));
        let template = TemplateNotice {
            id: id(at(self.value, "message_template_id")),
            name: text(at(self.value, "message_template_name")),
            language: text(at(self.value, "message_template_language")),
            reason: text(at(self.value, "reason")).filter(|reason| reason != "NONE"),
        };
        event.extra.template = (template.id.is_some() || template.name.is_some()).then_some(template);
        event
    }

    fn account_event(&self, what: Option<String>) -> InboundEvent {
        let mut event = InboundEvent {
            kind: EventKind::Account,
            connection_id: self.connection.clone(),
            timestamp: self.time,
            ..InboundEvent::default()
        };
        event.extra.field = Some(self.field.to_owned());
        event.extra.event = what;
        event.extra.waba_id.clone_from(&self.account);
        event
    }

    /// The name in the contact with this phone or business-scoped identifier; the order of contacts means nothing.
    fn profile_name(&self, participant: &str, user: Option<&str>) -> Option<String> {
        let contact = items(at(self.value, "contacts")).iter().find(|contact| {
            let same =
                |name: &str, wanted: Option<&str>| wanted.is_some() && id(at(contact, name)).as_deref() == wanted;
            same("wa_id", Some(participant)) || same("user_id", user.or(Some(participant)))
        })?;
        text(at(at(contact, "profile"), "name"))
    }
}

/// The rest of a message, by its type.
fn fill(event: &mut InboundEvent, message: &Json) {
    match at(message, "type").as_str().unwrap_or_default() {
        "reaction" => {
            let reaction = at(message, "reaction");
            event.kind = EventKind::Reaction;
            event.target_message_id = id(at(reaction, "message_id"));
            event.extra.reaction = Some(reaction_of(text(at(reaction, "emoji")), false));
        }
        "revoke" => {
            event.kind = EventKind::Deleted;
            event.target_message_id = id(at(at(message, "revoke"), "original_message_id"));
        }
        "edit" => {
            let edit = at(message, "edit");
            event.kind = EventKind::Edited;
            event.target_message_id = id(at(edit, "original_message_id"));
            whatsapp_content::read(event, at(edit, "message"));
        }
        _ => {
            event.kind = match event.direction {
                Some(Direction::Outbound) => EventKind::Echo,
                _ => EventKind::Message,
            };
            event.error_code = first_error(at(message, "errors"));
            let context = at(message, "context");
            event.reply_to = id(at(context, "id"));
            let forwarded = ["forwarded", "frequently_forwarded"].iter().any(|name| is_true(at(context, name)));
            event.extra.forwarded = forwarded.then_some(true);
            event.extra.referral = referral(at(message, "referral"));
            whatsapp_content::read(event, message);
        }
    }
    if !matches!(event.kind, EventKind::Message | EventKind::Echo) && event.target_message_id.is_none() {
        *event = malformed(event.connection_id.take(), "target");
    }
}

/// A business-scoped identifier: two letters of the country, a dot, then more.
fn is_user_id(id: &str) -> bool {
    matches!(id.as_bytes(), [first, second, b'.', ..] if first.is_ascii_uppercase() && second.is_ascii_uppercase())
}

fn status_of(name: &str) -> Option<DeliveryStatus> {
    match name {
        "sent" => Some(DeliveryStatus::Sent),
        "delivered" => Some(DeliveryStatus::Delivered),
        "read" => Some(DeliveryStatus::Read),
        "played" => Some(DeliveryStatus::Played),
        "failed" => Some(DeliveryStatus::Failed),
        _ => None,
    }
}

fn historical_status(value: &Json) -> Option<DeliveryStatus> {
    match value.as_str()? {
        "ERROR" => Some(DeliveryStatus::Failed),
        name => status_of(&name.to_ascii_lowercase()),
    }
}

fn referral(value: &Json) -> Option<Referral> {
    let referral = Referral {
        source: text(at(value, "source_type")),
        reference: text(at(value, "ref")),
        ad_id: id(at(value, "source_id")),
        ctwa_clid: text(at(value, "ctwa_clid")),
    };
    (referral != Referral::default()).then_some(referral)
}

fn pricing(value: &Json) -> Option<Json> {
    object([
        ("model", json_text(at(value, "pricing_model"))),
        ("type", json_text(at(value, "type"))),
        ("category", json_text(at(value, "category"))),
        ("billable", present(at(value, "billable"))),
    ])
}
