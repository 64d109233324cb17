//! What a WhatsApp message contains, by its type.

use crm_core::inbox::channel::{InboundEvent, MediaItem, MessageKind};
use serde_json::Value as Json;

use super::reading::{at, id, items, json_text, object, only_true, present, text};

/// Fills type, text, payload, media and the extras that go with the type.
pub(super) fn read(event: &mut InboundEvent, message: &Json) {
    let name = at(message, "type").as_str().unwrap_or_default();
    let content = at(message, name);
    let message_type = match name {
        "text" => {
            event.text = text(at(content, "body"));
            MessageKind::Text
        }
        "image" => media(event, MessageKind::Image, content),
        "video" => media(event, MessageKind::Video, content),
        "audio" => media(event, MessageKind::Audio, content),
        "document" => media(event, MessageKind::File, content),
        "sticker" => media(event, MessageKind::Sticker, content),
        "location" => location(event, content),
        "contacts" => contacts(event, content),
        "interactive" => interactive(event, content),
        "button" => {
            event.text = text(at(content, "text"));
            event.payload = text(at(content, "payload"));
            MessageKind::Interactive
        }
        "order" => order(event, content),
        "system" => system(event, content),
        "template" => MessageKind::Template,
        _ => MessageKind::Unsupported,
    };
    event.message_type = Some(message_type);
}

fn media(event: &mut InboundEvent, kind: MessageKind, content: &Json) -> MessageKind {
    event.text = text(at(content, "caption"));
    event.extra.voice = only_true(at(content, "voice"));
    event.media.push(MediaItem {
        kind,
        id: id(at(content, "id")),
        url: text(at(content, "url")),
        mime: text(at(content, "mime_type")),
        filename: text(at(content, "filename")),
    });
    kind
}

fn location(event: &mut InboundEvent, content: &Json) -> MessageKind {
    event.extra.location = object([
        ("lat", present(at(content, "latitude"))),
        ("lng", present(at(content, "longitude"))),
        ("name", json_text(at(content, "name"))),
        ("address", json_text(at(content, "address"))),
    ]);
    MessageKind::Location
}

fn contacts(event: &mut InboundEvent, content: &Json) -> MessageKind {
    let cards = items(content).iter().map(|card| {
        let phones = items(at(card, "phones")).iter().filter_map(|phone| json_text(at(phone, "phone")));
        serde_json::json!({
            "name": text(at(at(card, "name"), "formatted_name")),
            "phones": phones.collect::<Vec<_>>(),
        })
    });
    event.extra.contacts = Some(Json::Array(cards.collect()));
    MessageKind::Contacts
}

/// An answer to buttons, a list or a form; it may arrive without its object.
fn interactive(event: &mut InboundEvent, content: &Json) -> MessageKind {
    let choice = ["button_reply", "list_reply"].into_iter().find_map(|name| content.get(name));
    if let Some(choice) = choice {
        event.text = text(at(choice, "title"));
        event.payload = id(at(choice, "id"));
    } else {
        let form = at(content, "nfm_reply");
        event.text = text(at(form, "body"));
        event.payload = text(at(form, "response_json"));
    }
    MessageKind::Interactive
}

fn order(event: &mut InboundEvent, content: &Json) -> MessageKind {
    event.text = text(at(content, "text"));
    event.extra.catalog_id = id(at(content, "catalog_id"));
    let products = items(at(content, "product_items")).iter().map(|product| {
        serde_json::json!({
            "retailer_id": id(at(product, "product_retailer_id")),
            "quantity": at(product, "quantity"),
            "price": at(product, "item_price"),
            "currency": text(at(product, "currency")),
        })
    });
    event.extra.items = Some(Json::Array(products.collect()));
    MessageKind::Order
}

fn system(event: &mut InboundEvent, content: &Json) -> MessageKind {
    event.text = text(at(content, "body"));
    event.extra.system_type = text(at(content, "type"));
    event.extra.new_wa_id = id(at(content, "wa_id")).or_else(|| id(at(content, "new_wa_id")));
    MessageKind::System
}
