//! The other way round: events as Meta would write them.

use serde_json::{Value as Json, json};

fn text(value: &Json) -> Option<&str> {
    value.as_str()
}

/// Milliseconds since 1970.
fn milliseconds(instant: &str) -> Option<i64> {
    Some(instant.parse::<crm_core::kernel::Timestamp>().ok()?.micros() / 1_000)
}

/// The delivery that tells an event, which is written as the inbox reads it; `None` when the platform has no way to say it.
///
/// Accounts that begin with 10 are pages, with 17 those of Instagram, and all others telephone numbers of `WhatsApp`.
#[must_use]
pub fn delivery(event: &Json) -> Option<Json> {
    match text(&event["connection_id"])?.get(..2)? {
        "10" => messaging("page", event),
        "17" => messaging("instagram", event),
        _ => whatsapp(event),
    }
}

/// A delivery of Messenger or Instagram.
fn messaging(object: &str, event: &Json) -> Option<Json> {
    let time = milliseconds(text(&event["timestamp"])?)?;
    let (connection, participant) = (&event["connection_id"], &event["participant_id"]);
    let echo = event["kind"] == "echo";
    let (from, to) = if echo { (connection, participant) } else { (participant, connection) };
    let mut element = json!({ "sender": { "id": from }, "recipient": { "id": to }, "timestamp": time });
    let (name, body) = match text(&event["kind"])? {
        "message" => ("message", json!({ "mid": event["external_message_id"], "text": event["text"] })),
        "echo" if object == "page" => (
            "message",
            json!({ "mid": event["external_message_id"], "text": event["text"], "is_echo": true,
                    "metadata": event["extra"]["metadata"] }),
        ),
        "echo" => ("message", json!({ "mid": event["external_message_id"], "text": event["text"], "is_echo": true })),
        "status" if event["status"] == "read" && object == "page" => {
            ("read", json!({ "watermark": milliseconds(text(&event["extra"]["watermark"])?)? }))
        }
        "status" if event["status"] == "read" => ("read", json!({ "mid": event["external_message_id"] })),
        "status" if event["status"] == "delivered" && object == "page" => {
            ("delivery", json!({ "mids": [event["external_message_id"]], "watermark": time }))
        }
        _ => return None,
    };
    element[name] = body;
    Some(json!({ "object": object, "entry": [{ "id": connection, "time": time, "messaging": [element] }] }))
}

/// A delivery of `WhatsApp`, which knows whole seconds only.
fn whatsapp(event: &Json) -> Option<Json> {
    let time = milliseconds(text(&event["timestamp"])?)?;
    if time % 1_000 != 0 {
        return None;
    }
    let time = (time / 1_000).to_string();
    let participant = text(&event["participant_id"])?;
    let inner = match text(&event["kind"])? {
        "status" => {
            let mut status = json!({ "id": event["external_message_id"], "status": event["status"], "timestamp": time,
                                     "recipient_id": participant });
            if !event["error_code"].is_null() {
                status["errors"] = json!([{ "code": event["error_code"] }]);
            }
            if !event["extra"]["callback_data"].is_null() {
                status["biz_opaque_callback_data"] = event["extra"]["callback_data"].clone();
            }
            json!({ "statuses": [status] })
        }
        "echo" if !event["extra"]["metadata"].is_null() => return None,
        "echo" => {
            let mut message = body(event, &time)?;
            message["from"] = json!("15550100701");
            message["to"] = json!(participant);
            message_of("message_echoes", event, participant, &message)
        }
        _ => {
            let mut message = body(event, &time)?;
            if event["extra"]["user_id"] != participant {
                message["from"] = json!(participant);
            }
            if !event["extra"]["user_id"].is_null() {
                message["from_user_id"] = event["extra"]["user_id"].clone();
            }
            message_of("messages", event, participant, &message)
        }
    };
    let historical = event["extra"]["historical"] == true;
    let field = match (historical, text(&event["kind"])?) {
        (true, _) => "history",
        (false, "echo") => "smb_message_echoes",
        _ => "messages",
    };
    let mut value = inner;
    value["metadata"] = json!({ "display_phone_number": "15550100701", "phone_number_id": event["connection_id"] });
    let change = json!({ "field": field, "value": value });
    Some(json!({ "object": "whatsapp_business_account", "entry": [{ "id": "200", "changes": [change] }] }))
}

fn message_of(list: &str, event: &Json, participant: &str, message: &Json) -> Json {
    if event["extra"]["historical"] == true {
        return json!({ "history": [{ "threads": [{ "id": participant, "messages": [message] }] }] });
    }
    let mut value = json!({});
    value[list] = json!([message]);
    if let Some(name) = text(&event["extra"]["profile_name"]) {
        value["contacts"] = json!([{ "wa_id": participant, "profile": { "name": name } }]);
    }
    value
}

/// A message without the people in it.
fn body(event: &Json, time: &str) -> Option<Json> {
    let mut message = json!({ "id": event["external_message_id"], "timestamp": time });
    let target = &event["target_message_id"];
    let (kind, content) = match (text(&event["kind"])?, text(&event["message_type"])) {
        ("message" | "echo", Some("text")) => ("text", json!({ "body": event["text"] })),
        ("message", Some("image")) => ("image", json!({ "id": event["media"][0]["id"] })),
        ("message", Some("system")) => (
            "system",
            json!({ "body": event["text"], "type": event["extra"]["system_type"], "wa_id": event["extra"]["new_wa_id"] }),
        ),
        ("reaction", _) => ("reaction", json!({ "message_id": target, "emoji": event["extra"]["emoji"] })),
        ("deleted", _) => ("revoke", json!({ "original_message_id": target })),
        ("edited", _) => {
            let edited = json!({ "type": "text", "text": { "body": event["text"] } });
            ("edit", json!({ "original_message_id": target, "message": edited }))
        }
        _ => return None,
    };
    message["type"] = json!(kind);
    message[kind] = content;
    Some(message)
}
