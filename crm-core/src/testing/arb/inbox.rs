//! Samples of the inbox: connections, participants, threads, messages, and what stands around them.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::pools::{any_id, instant, maybe, number, tags, word};
use super::samples::read;
use super::{Sample, one_of};
use crate::access::Member;
use crate::inbox::bulk::{BulkRecipient, BulkSend};
use crate::inbox::connection::Connection;
use crate::inbox::conversation::{Conversation, ConversationNote};
use crate::inbox::desk::CannedReply;
use crate::inbox::hours::Calendar;
use crate::inbox::message::Message;
use crate::inbox::participant::{Alias, Participant};
use crate::inbox::receive::{Delivery, ParkedEvent};
use crate::inbox::send::SendingRate;
use crate::inbox::template::MessageTemplate;
use crate::lead::Lead;
use crate::people::Contact;

fn platform() -> BoxedStrategy<&'static str> {
    one_of(&["messenger", "whatsapp", "tiktok"])
}

impl Sample for Connection {
    fn sample() -> BoxedStrategy<Self> {
        let settings = one_of(&[0, 1]).prop_map(|number| match number {
            0 => json!({}),
            _ => json!({ "leads": "create", "reopen": "never", "messages_per_minute": 3, "away_reply": "later" }),
        });
        let status = one_of(&["active", "expired", "disconnected"]);
        let names = (word(), maybe(word()), maybe(word()), word(), maybe(word()));
        let rest = (status, maybe(word()), maybe(instant()), maybe(instant()), settings);
        read((platform(), names, rest).prop_map(|(platform, names, rest)| {
            let ((external_id, parent_id, login, name, handle), (status, token, expires, paused, settings)) =
                (names, rest);
            json!({
                "platform": platform, "external_id": external_id, "parent_id": parent_id, "login": login, "name": name,
                "handle": handle, "status": status, "status_reason": null, "scopes": ["a", "b"], "token": token,
                "token_expires_at": expires, "paused_until": paused, "pause_reason": null, "settings": settings,
            })
        }))
    }
}

impl Sample for Participant {
    fn sample() -> BoxedStrategy<Self> {
        let links = (any_id::<Connection>(), maybe(any_id::<Lead>()), maybe(any_id::<Contact>()));
        let parts = (maybe(word()), word(), one_of(&["scoped", "telephone", "user_id"]), maybe(instant()));
        read((links, parts).prop_map(|((connection_id, lead_id, contact_id), (name, address, kind, at))| {
            json!({
                "connection_id": connection_id, "name": name, "named_at": at, "picture_url": null, "address": address,
                "address_kind": kind, "lead_id": lead_id, "contact_id": contact_id, "unreachable": null,
                "opted_in_at": at, "opted_out_at": null,
            })
        }))
    }
}

impl Sample for Alias {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Connection>(), word(), any_id::<Participant>(), instant(), any::<bool>());
        read(parts.prop_map(|(connection_id, alias, participant_id, seen_at, superseded)| {
            json!({
                "connection_id": connection_id, "alias": alias, "kind": "telephone", "participant_id": participant_id,
                "seen_at": seen_at, "superseded": superseded,
            })
        }))
    }
}

impl Sample for Conversation {
    fn sample() -> BoxedStrategy<Self> {
        let ids = (any_id::<Connection>(), any_id::<Participant>(), maybe(any_id::<Member>()));
        let state = one_of(&["open", "snoozed", "closed"]);
        let times = (instant(), maybe(instant()), maybe(instant()));
        let parts = (platform(), state, tags(), number(), maybe(word()));
        read((ids, times, parts).prop_map(|(ids, times, parts)| {
            let ((connection_id, participant_id, owner_id), (last, action, snoozed)) = (ids, times);
            let (platform, state, tags, unread, preview) = parts;
            json!({
                "connection_id": connection_id, "platform": platform, "participant_id": participant_id, "state": state,
                "snoozed_until": snoozed, "owner_id": owner_id, "tags": tags, "unread": unread, "last_message_at": last,
                "preview": preview, "preview_direction": "inbound", "last_action_at": action, "window_closed_at": null,
                "entry_point_at": null, "delivered_up_to": null, "read_up_to": action, "away_replied_for": null,
                "clock": { "told": [last] }, "closed_at": snoozed,
            })
        }))
    }
}

impl Sample for ConversationNote {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Conversation>(), maybe(any_id::<Member>()), word(), any_id::<Member>());
        read(parts.prop_map(|(conversation_id, author_id, text, mention)| {
            json!({ "conversation_id": conversation_id, "author_id": author_id, "text": text, "mentions": [mention] })
        }))
    }
}

impl Sample for Message {
    fn sample() -> BoxedStrategy<Self> {
        let ids = (any_id::<Conversation>(), any_id::<Connection>(), maybe(word()), maybe(any_id::<Member>()));
        let sorts = (
            one_of(&["inbound", "outbound"]),
            one_of(&["participant", "crm", "native_app"]),
            one_of(&["text", "image"]),
            maybe(one_of(&["queued", "sent", "read"])),
        );
        let details = one_of(&[0, 1]).prop_map(|number| match number {
            0 => Json::Null,
            _ => json!({ "referral": { "source": "ad" } }),
        });
        let content = maybe(
            word().prop_map(|text| json!({ "text": { "text": text, "preview_url": false, "quick_replies": [] } })),
        );
        let rest = (instant(), maybe(word()), maybe(instant()), maybe(number()), details, content);
        read((ids, sorts, rest).prop_map(|(ids, sorts, rest)| {
            let (conversation_id, connection_id, external_id, author_id) = ids;
            let ((direction, origin, kind, status), (at, text, then, code, details, content)) = (sorts, rest);
            json!({
                "conversation_id": conversation_id, "connection_id": connection_id, "external_id": external_id,
                "direction": direction, "origin": origin, "kind": kind, "at": at, "text": text, "payload": null,
                "media": [{ "kind": "image", "external_id": "9", "url": null, "mime": null, "filename": null,
                            "state": "pending", "kept_as": null, "sha256": null }],
                "reply_to": null, "details": details, "historical": false, "author_id": author_id, "automatic": true,
                "content": content, "send_as": "response", "status": status, "attempts": 1, "sent_at": then,
                "delivered_at": then, "read_at": null, "failed_at": null, "error_code": code, "error": null,
                "edited_at": null, "deleted_at": then, "reactions": [{ "by": "a", "emoji": null, "at": at }],
            })
        }))
    }
}

impl Sample for MessageTemplate {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Connection>(), word(), one_of(&["approved", "paused"]), maybe(word()), word());
        read(parts.prop_map(|(connection_id, name, status, header, body)| {
            json!({
                "connection_id": connection_id, "external_id": "1", "name": name, "language": "en_US",
                "status": status, "reason": null, "category": "utility", "header": header, "body": body,
                "url_buttons": [0],
            })
        }))
    }
}

impl Sample for SendingRate {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Connection>(), instant(), number());
        parts.prop_map(|(connection_id, since, sent)| Self { connection_id, since, sent }).boxed()
    }
}

fn event() -> BoxedStrategy<Json> {
    let at = one_of(&["2026-09-10T12:00:00.000Z", "2026-09-10T12:00:00.123Z"]);
    let parts = (one_of(&["message", "status"]), maybe(word()), maybe(at));
    parts.prop_map(|(kind, text, at)| json!({ "kind": kind, "text": text, "timestamp": at })).boxed()
}

impl Sample for ParkedEvent {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<Connection>(), word(), event(), instant());
        read(parts.prop_map(|(connection_id, target, event, parked_at)| {
            json!({ "connection_id": connection_id, "target": target, "event": event, "parked_at": parked_at })
        }))
    }
}

impl Sample for Delivery {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (platform(), word(), event(), instant(), maybe(instant()));
        read(parts.prop_map(|(platform, delivery_key, event, received_at, applied_at)| {
            json!({
                "platform": platform, "delivery_key": delivery_key, "events": [{ "event": event, "raw": { "a": 1 } }],
                "received_at": received_at, "applied_at": applied_at,
                "problems": [{ "place": 0, "code": "a.b", "message": "c" }],
            })
        }))
    }
}

impl Sample for Calendar {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (word(), one_of(&["09:00", "22:30"]), one_of(&["2026-04-06", "2026-12-25"]));
        read(parts.prop_map(|(name, from, day_off)| {
            json!({
                "name": name, "time_zone": "Europe/Berlin", "week": [{ "weekday": 1, "from": from, "to": "06:00" }],
                "days_off": [day_off],
            })
        }))
    }
}

impl Sample for CannedReply {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (one_of(&["hi", "bye"]), word());
        read(parts.prop_map(|(shortcut, text)| json!({ "shortcut": shortcut, "text": text })))
    }
}

impl Sample for BulkSend {
    fn sample() -> BoxedStrategy<Self> {
        let state = one_of(&["draft", "running", "paused", "completed"]);
        let parts = (word(), any_id::<Connection>(), state, maybe(instant()), number());
        read(parts.prop_map(|(name, connection_id, state, at, sent)| {
            json!({
                "name": name, "connection_id": connection_id,
                "template": { "name": "a", "language": "en_US", "components": [{ "body": { "positional": [name] } }] },
                "pace": { "batch": 3, "most_per_day": 5 }, "state": state, "pause_reason": null, "started_at": at,
                "ended_at": null, "sent_today": sent, "day_began_at": at,
            })
        }))
    }
}

impl Sample for BulkRecipient {
    fn sample() -> BoxedStrategy<Self> {
        let parts = (any_id::<BulkSend>(), word(), maybe(any_id::<Lead>()), one_of(&["waiting", "queued", "skipped"]));
        read((parts, maybe(instant())).prop_map(|((bulk_send_id, address, lead_id, state), at)| {
            json!({
                "bulk_send_id": bulk_send_id, "address": address, "name": null, "lead_id": lead_id,
                "consented_at": at, "state": state, "reason": null, "message_id": null, "settled_at": at,
            })
        }))
    }
}
