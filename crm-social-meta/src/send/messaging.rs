//! Messenger and Instagram: `POST /{page or account}/messages`.

use crm_core::inbox::channel::{
    MediaSource, MessageKind, OutboundContent, OutboundMedia, OutboundMessage, QuickReply, SendAs,
};
use serde_json::{Value as Json, json};

use super::{cannot, object};
use crate::graph::call::CallError;

/// Which of the three ways a message goes; they differ in details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A Page to a Messenger participant.
    Messenger,
    /// An Instagram account through its Page.
    InstagramByPage,
    /// An Instagram account connected by Instagram Login.
    InstagramLogin,
}

impl Way {
    const fn name(self) -> &'static str {
        match self {
            Self::Messenger => "messenger",
            Self::InstagramByPage | Self::InstagramLogin => "instagram",
        }
    }
}

/// The body that sends a message.
pub(crate) fn body(way: Way, message: &OutboundMessage) -> Result<Json, CallError> {
    let content = match &message.content {
        OutboundContent::Text { text, quick_replies, .. } => object([
            ("text", Some(json!(text))),
            ("quick_replies", (!quick_replies.is_empty()).then(|| quick_replies.iter().map(quick_reply).collect())),
            ("metadata", metadata(way, message)),
        ]),
        OutboundContent::Media { caption: Some(_), .. } => return Err(cannot(way.name(), "words under media")),
        OutboundContent::Media { media, caption: None } => {
            object([("attachment", Some(attachment(way, media)?)), ("metadata", metadata(way, message))])
        }
        OutboundContent::Reaction { target, emoji } => return reaction(way, &message.to.id, target, emoji.as_deref()),
        OutboundContent::Location { .. } => return Err(cannot(way.name(), "places")),
        OutboundContent::Buttons { .. } => return Err(cannot(way.name(), "buttons")),
        OutboundContent::List { .. } => return Err(cannot(way.name(), "lists")),
        OutboundContent::Template(_) => return Err(cannot(way.name(), "templates")),
    };
    let (messaging_type, tag) = match &message.send_as {
        // Instagram Login knows no type but the tag.
        SendAs::Response if way == Way::InstagramLogin => (None, None),
        SendAs::Response => (Some("RESPONSE"), None),
        SendAs::Tagged(tag) if tag == "HUMAN_AGENT" => (Some("MESSAGE_TAG"), Some("HUMAN_AGENT")),
        SendAs::Tagged(tag) => {
            return Err(CallError::ours(format!("'{tag}' is no tag that may be used; use HUMAN_AGENT")));
        }
    };
    Ok(object([
        ("recipient", Some(json!({ "id": message.to.id }))),
        ("messaging_type", messaging_type.map(Json::from)),
        ("tag", tag.map(Json::from)),
        ("reply_to", message.reply_to.as_ref().map(|mid| json!({ "mid": mid }))),
        ("message", Some(content)),
    ]))
}

/// The body that shows what our side does: `mark_seen`, `typing_on`, `typing_off`.
pub(crate) fn action(to: &str, action: &str) -> Json {
    json!({ "recipient": { "id": to }, "sender_action": action })
}

/// The body that has Messenger fetch a medium from an address and keep it.
pub(crate) fn upload_by_url(kind: MessageKind, url: &str) -> Result<Json, CallError> {
    let kind = attachment_type(Way::Messenger, kind)?;
    Ok(json!({ "message": { "attachment": { "type": kind, "payload": { "url": url, "is_reusable": true } } } }))
}

/// The field `message` beside an uploaded file.
pub(crate) fn upload_of_file(kind: MessageKind) -> Result<Json, CallError> {
    let kind = attachment_type(Way::Messenger, kind)?;
    Ok(json!({ "attachment": { "type": kind, "payload": { "is_reusable": true } } }))
}

/// Our reference comes back in echoes of Messenger only.
fn metadata(way: Way, message: &OutboundMessage) -> Option<Json> {
    (way == Way::Messenger).then(|| json!(message.client_id))
}

fn quick_reply(reply: &QuickReply) -> Json {
    json!({ "content_type": "text", "title": reply.title, "payload": reply.payload })
}

fn attachment(way: Way, media: &OutboundMedia) -> Result<Json, CallError> {
    let payload = match &media.source {
        MediaSource::Url(url) if way == Way::Messenger => json!({ "url": url, "is_reusable": false }),
        MediaSource::Url(url) => json!({ "url": url }),
        MediaSource::Uploaded(id) => json!({ "attachment_id": id }),
    };
    Ok(json!({ "type": attachment_type(way, media.kind)?, "payload": payload }))
}

fn attachment_type(way: Way, kind: MessageKind) -> Result<&'static str, CallError> {
    match kind {
        MessageKind::Image => Ok("image"),
        MessageKind::Video => Ok("video"),
        MessageKind::Audio => Ok("audio"),
        MessageKind::File => Ok("file"),
        other => Err(cannot(way.name(), &format!("media of kind {}", other.as_str()))),
    }
}

/// Instagram names the heart `love`; other reactions go as they are.
fn reaction(way: Way, to: &str, target: &str, emoji: Option<&str>) -> Result<Json, CallError> {
    if way == Way::Messenger {
        return Err(cannot(way.name(), "reactions"));
    }
    let name = emoji.map(|emoji| if matches!(emoji, "❤" | "❤️") { "love" } else { emoji });
    Ok(json!({
        "recipient": { "id": to },
        "sender_action": if name.is_some() { "react" } else { "unreact" },
        "payload": object([("message_id", Some(json!(target))), ("reaction", name.map(Json::from))]),
    }))
}
