//! What Meta delivers, in Meta's own words and signed with the app's secret.

use std::time::Duration;

use crm_core::kernel::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value as Json, json};
use sha2::Sha256;

/// Our accounts, as Meta names them.
pub(crate) const PAGE: &str = "1001";
pub(crate) const INSTAGRAM: &str = "1701";
pub(crate) const NUMBER: &str = "3001";
/// What deliveries are signed with.
pub(crate) const APP_SECRET: &str = "the-app-secret-of-the-tour";

/// The body of one POST, with its signature.
pub(crate) struct Delivery {
    pub(crate) what: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) signature: String,
}

impl Delivery {
    fn new(what: &'static str, body: &Json) -> Self {
        let body = body.to_string().into_bytes();
        Self { what, signature: sign(APP_SECRET, &body), body }
    }

    /// Whatever happens before anybody answers.
    pub(crate) fn all(now: Timestamp) -> Vec<Self> {
        let ago = |minutes: u64| now.minus(Duration::from_mins(minutes));
        let mara = || messenger("5", "m_1", "Do you deliver to Bern?", ago(40));
        let edit = json!({ "message_edit": { "mid": "m_ig1", "text": "Is the blue one in stock?", "num_edit": 1 } });
        let table = [("w_2", "…for twelve people", 9), ("w_1", "I need a table tonight", 10)];
        let table = table.map(|(id, text, minutes)| whatsapp_message("12025550123", id, text, ago(minutes)));
        let late = [whatsapp_message("12025550177", "w_0", "Please call me back", ago(30 * 60))];
        let mut forged = Self::new("WhatsApp, by somebody who is not Meta", &whatsapp("Eve", &late));
        forged.signature = sign("a guess", &forged.body);
        vec![
            Self::new("Messenger, Mara writes", &mara()),
            Self::new("the same once more", &mara()),
            Self::new("Messenger, Tom wrote two days ago", &messenger("6", "m_2", "Any news?", ago(48 * 60))),
            Self::new("Instagram, an edit before its message", &instagram("7", ago(20), edit)),
            Self::new(
                "Instagram, the message",
                &instagram("7", ago(25), json!({ "message": { "mid": "m_ig1", "text": "Is the red one in stock?" } })),
            ),
            Self::new("WhatsApp, two messages, the later one first", &whatsapp("Bo Sample", &table)),
            Self::new("WhatsApp, Cy wrote thirty hours ago", &whatsapp("Cy Late", &late)),
            forged,
        ]
    }

    /// Receipts for what was sent through the number: read before delivered, and delivered twice.
    pub(crate) fn receipts(now: Timestamp, sent: &[String]) -> Vec<Self> {
        let mut deliveries = Vec::new();
        for id in sent.iter().filter(|id| id.starts_with("wamid")) {
            for (status, seconds) in [("read", 9), ("delivered", 5), ("delivered", 5), ("sent", 1)] {
                let at = now.plus(Duration::from_secs(seconds));
                let status = json!({ "id": id, "status": status, "timestamp": seconds_of(at), "recipient_id": "1" });
                deliveries.push(Self::new("receipt", &of_number(&json!({ "statuses": [status] }))));
            }
        }
        deliveries
    }
}

fn sign(secret: &str, body: &[u8]) -> String {
    // A key of any length is one.
    let code = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|code| code.chain_update(body).finalize());
    let code = code.map(|code| code.into_bytes().to_vec()).unwrap_or_default();
    code.iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

fn messenger(from: &str, id: &str, text: &str, at: Timestamp) -> Json {
    let message = json!({ "message": { "mid": id, "text": text } });
    messaging("page", PAGE, from, at, message)
}

fn instagram(from: &str, at: Timestamp, what: Json) -> Json {
    messaging("instagram", INSTAGRAM, from, at, what)
}

fn messaging(object: &str, account: &str, from: &str, at: Timestamp, mut element: Json) -> Json {
    let time = at.micros() / 1_000;
    if let Some(element) = element.as_object_mut() {
        element.insert("sender".to_owned(), json!({ "id": from }));
        element.insert("recipient".to_owned(), json!({ "id": account }));
        element.insert("timestamp".to_owned(), json!(time));
    }
    json!({ "object": object, "entry": [{ "id": account, "time": time, "messaging": [element] }] })
}

fn whatsapp(name: &str, messages: &[Json]) -> Json {
    let from = messages.first().and_then(|message| message.get("from")).cloned();
    let contacts = json!([{ "wa_id": from, "profile": { "name": name } }]);
    of_number(&json!({ "contacts": contacts, "messages": messages }))
}

fn whatsapp_message(from: &str, id: &str, text: &str, at: Timestamp) -> Json {
    json!({ "from": from, "id": id, "timestamp": seconds_of(at), "type": "text", "text": { "body": text } })
}

fn of_number(value: &Json) -> Json {
    let mut value = value.clone();
    if let Some(value) = value.as_object_mut() {
        let metadata = json!({ "display_phone_number": "15550100701", "phone_number_id": NUMBER });
        value.insert("metadata".to_owned(), metadata);
    }
    let change = json!({ "field": "messages", "value": value });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "2001", "changes": [change] }] })
}

fn seconds_of(at: Timestamp) -> String {
    (at.micros() / 1_000_000).to_string()
}
