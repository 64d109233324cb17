//! Attachments of Messenger and Instagram messages.

use std::collections::BTreeSet;

use crm_core::inbox::channel::{Extra, MediaItem, MessageKind};
use serde_json::Value as Json;

use super::reading::{at, id, items, object, present, text};

/// What the attachments of one message come to.
pub(super) struct Attachments {
    /// What the message is, by its first attachment; `None` without attachments.
    pub(super) message_type: Option<MessageKind>,
    /// Everything that can be shown or fetched.
    pub(super) media: Vec<MediaItem>,
}

/// Reads the attachments of a message; `has_text` says whether it carries text of its own.
pub(super) fn read(list: &Json, has_text: bool, extra: &mut Extra) -> Attachments {
    let mut message_type = None;
    let mut media = Vec::new();
    let mut stickers = BTreeSet::new();
    for attachment in items(list) {
        let payload = at(attachment, "payload");
        let kind = kind_of(attachment, has_text);
        message_type.get_or_insert(kind);
        match kind {
            MessageKind::Location => extra.location = coordinates(payload),
            MessageKind::Unsupported | MessageKind::Template => {}
            MessageKind::Sticker => {
                let sticker = id(at(payload, "sticker_id"));
                // In summer 2026 a sticker came as a picture and again as a sticker.
                if sticker.is_none() || stickers.insert(sticker.clone()) {
                    media.push(item(kind, sticker, attachment));
                }
            }
            MessageKind::Text | MessageKind::Share => {
                let title = text(at(payload, "title")).or_else(|| text(at(attachment, "title")));
                extra.title = extra.title.take().or(title);
                let shared = item(MessageKind::Share, shared_id(payload), attachment);
                if shared.url.is_some() || shared.id.is_some() {
                    media.push(shared);
                }
            }
            other => media.push(item(other, id(at(payload, "attachment_id")), attachment)),
        }
    }
    Attachments { message_type, media }
}

/// What an attachment is. A link preview beside text leaves the message a text.
fn kind_of(attachment: &Json, has_text: bool) -> MessageKind {
    let payload = at(attachment, "payload");
    if !at(payload, "sticker_id").is_null() {
        return MessageKind::Sticker;
    }
    match at(attachment, "type").as_str().unwrap_or_default() {
        "image" => MessageKind::Image,
        "video" => MessageKind::Video,
        "audio" => MessageKind::Audio,
        "file" => MessageKind::File,
        "sticker" | "like_heart" => MessageKind::Sticker,
        "location" => MessageKind::Location,
        "share" | "reel" | "ig_reel" | "post" | "ig_post" => MessageKind::Share,
        "story_mention" => MessageKind::StoryMention,
        "template" => MessageKind::Template,
        "fallback" if has_text => MessageKind::Text,
        "fallback" if url(attachment).is_some() || !at(payload, "title").is_null() => MessageKind::Share,
        "fallback" if text(at(attachment, "title")).is_some() => MessageKind::Share,
        _ => MessageKind::Unsupported,
    }
}

fn item(kind: MessageKind, id: Option<String>, attachment: &Json) -> MediaItem {
    MediaItem { kind, id, url: url(attachment), mime: None, filename: None }
}

/// Where an attachment lies: in its payload, or beside it in link previews.
fn url(attachment: &Json) -> Option<String> {
    text(at(at(attachment, "payload"), "url")).or_else(|| text(at(attachment, "url")))
}

fn shared_id(payload: &Json) -> Option<String> {
    ["reel_video_id", "ig_post_media_id", "post_id", "id"].into_iter().find_map(|name| id(at(payload, name)))
}

/// The platform calls the longitude `long`.
fn coordinates(payload: &Json) -> Option<Json> {
    let place = at(payload, "coordinates");
    object([("lat", present(at(place, "lat"))), ("lng", present(at(place, "long")))])
}
