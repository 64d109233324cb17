//! `WhatsApp`: `POST /{phone number id}/messages`.

use crm_core::inbox::channel::{
    ListSection, MediaSource, MessageKind, OutboundContent, OutboundMedia, OutboundMessage, RecipientKind,
    TemplateComponent, TemplateMessage, TemplateParameters,
};
use serde_json::{Value as Json, json};

use super::{cannot, object};
use crate::graph::call::CallError;

/// The body that sends a message.
pub(crate) fn body(message: &OutboundMessage) -> Result<Json, CallError> {
    let (kind, content) = content(&message.content)?;
    // A business-scoped identifier in `to` would be dropped without a word.
    let recipient = if message.to.kind == RecipientKind::UserId { "recipient" } else { "to" };
    let recipient_type = if message.to.kind == RecipientKind::Group { "group" } else { "individual" };
    let reaction = matches!(message.content, OutboundContent::Reaction { .. });
    let quoted = message.reply_to.as_ref().filter(|_| !reaction);
    Ok(object([
        ("messaging_product", Some(json!("whatsapp"))),
        ("recipient_type", Some(json!(recipient_type))),
        (recipient, Some(json!(message.to.id))),
        ("context", quoted.map(|id| json!({ "message_id": id }))),
        ("type", Some(json!(kind))),
        (kind, Some(content)),
        ("biz_opaque_callback_data", (!reaction).then(|| json!(message.client_id))),
    ]))
}

/// The body that marks everything up to a message as read, and shows that somebody types when asked to.
pub(crate) fn read(message_id: &str, typing: bool) -> Json {
    object([
        ("messaging_product", Some(json!("whatsapp"))),
        ("status", Some(json!("read"))),
        ("message_id", Some(json!(message_id))),
        ("typing_indicator", typing.then(|| json!({ "type": "text" }))),
    ])
}

fn content(content: &OutboundContent) -> Result<(&'static str, Json), CallError> {
    Ok(match content {
        OutboundContent::Text { quick_replies, .. } if !quick_replies.is_empty() => {
            return Err(cannot("whatsapp", "suggested answers"));
        }
        OutboundContent::Text { text, preview_url, .. } => {
            ("text", json!({ "preview_url": preview_url, "body": text }))
        }
        OutboundContent::Media { media, caption } => medium(media, caption.as_deref())?,
        OutboundContent::Location { latitude, longitude, name, address } => (
            "location",
            object([
                ("latitude", Some(json!(latitude))),
                ("longitude", Some(json!(longitude))),
                ("name", name.as_ref().map(|name| json!(name))),
                ("address", address.as_ref().map(|address| json!(address))),
            ]),
        ),
        OutboundContent::Buttons { text, buttons } => {
            let buttons = buttons
                .iter()
                .map(|button| json!({ "type": "reply", "reply": { "id": button.id, "title": button.title } }));
            let action = json!({ "buttons": buttons.collect::<Vec<_>>() });
            ("interactive", json!({ "type": "button", "body": { "text": text }, "action": action }))
        }
        OutboundContent::List { text, button, sections } => {
            let sections: Vec<_> = sections.iter().map(section).collect();
            let action = json!({ "button": button, "sections": sections });
            ("interactive", json!({ "type": "list", "body": { "text": text }, "action": action }))
        }
        OutboundContent::Template(template) => ("template", template_body(template)),
        OutboundContent::Reaction { target, emoji } => {
            ("reaction", json!({ "message_id": target, "emoji": emoji.as_deref().unwrap_or_default() }))
        }
    })
}

fn section(section: &ListSection) -> Json {
    let rows = section.rows.iter().map(|row| {
        object([
            ("id", Some(json!(row.id))),
            ("title", Some(json!(row.title))),
            ("description", row.description.as_ref().map(|text| json!(text))),
        ])
    });
    json!({ "title": section.title, "rows": rows.collect::<Vec<_>>() })
}

fn medium(media: &OutboundMedia, caption: Option<&str>) -> Result<(&'static str, Json), CallError> {
    let kind = media_type(media.kind)?;
    let captioned = matches!(media.kind, MessageKind::Image | MessageKind::Video | MessageKind::File);
    if caption.is_some() && !captioned {
        return Err(cannot("whatsapp", "words under a recording or a sticker"));
    }
    let (name, value) = match &media.source {
        MediaSource::Url(url) => ("link", url),
        MediaSource::Uploaded(id) => ("id", id),
    };
    let filename = media.filename.as_ref().filter(|_| media.kind == MessageKind::File);
    let body = object([
        (name, Some(json!(value))),
        ("caption", caption.map(Json::from)),
        ("filename", filename.map(|name| json!(name))),
    ]);
    Ok((kind, body))
}

/// What `WhatsApp` calls media of this kind.
fn media_type(kind: MessageKind) -> Result<&'static str, CallError> {
    match kind {
        MessageKind::Image => Ok("image"),
        MessageKind::Video => Ok("video"),
        MessageKind::Audio => Ok("audio"),
        MessageKind::File => Ok("document"),
        MessageKind::Sticker => Ok("sticker"),
        other => Err(cannot("whatsapp", &format!("media of kind {}", other.as_str()))),
    }
}

fn template_body(template: &TemplateMessage) -> Json {
    let components: Vec<_> = template.components.iter().map(component).collect();
    object([
        ("name", Some(json!(template.name))),
        ("language", Some(json!({ "code": template.language }))),
        ("components", (!components.is_empty()).then_some(Json::Array(components))),
    ])
}

fn component(component: &TemplateComponent) -> Json {
    match component {
        TemplateComponent::HeaderImage { id } => {
            json!({ "type": "header", "parameters": [{ "type": "image", "image": { "id": id } }] })
        }
        TemplateComponent::HeaderText(values) => json!({ "type": "header", "parameters": parameters(values) }),
        TemplateComponent::Body(values) => json!({ "type": "body", "parameters": parameters(values) }),
        TemplateComponent::ButtonUrl { index, suffix } => {
            button("url", *index, &json!({ "type": "text", "text": suffix }))
        }
        TemplateComponent::ButtonQuickReply { index, payload } => {
            button("quick_reply", *index, &json!({ "type": "payload", "payload": payload }))
        }
    }
}

/// The index of a button is a text.
fn button(kind: &str, index: u32, parameter: &Json) -> Json {
    json!({ "type": "button", "sub_type": kind, "index": index.to_string(), "parameters": [parameter] })
}

fn parameters(values: &TemplateParameters) -> Vec<Json> {
    match values {
        TemplateParameters::Positional(values) => {
            values.iter().map(|value| json!({ "type": "text", "text": value })).collect()
        }
        TemplateParameters::Named(values) => values
            .iter()
            .map(|(name, value)| json!({ "type": "text", "parameter_name": name, "text": value }))
            .collect(),
    }
}
