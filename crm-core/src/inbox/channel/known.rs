//! The tables of the three platforms that the product is made for.
//!
//! Windows after Meta's platform policies of 2026: Messenger and Instagram 24 hours, then seven days under the tag for
//! human agents, and up to seven days where Meta allows it after an advertisement; `WhatsApp` 24 hours, then templates only, which are free for 72 hours after an answer to an
//! advertisement.

use std::time::Duration;

use super::capability::{Capabilities, Feature, FreeEntry, LateTag, MediaRule, Opener, SendingWindow};
use super::inbound::MessageKind;

const DAY: Duration = Duration::from_hours(24);
const WEEK: Duration = Duration::from_hours(7 * 24);
const MEGABYTE: u64 = 1_000_000;
const HUMAN_AGENT: LateTag = LateTag { name: "HUMAN_AGENT", until: WEEK };

const fn media(kind: MessageKind, megabytes: u64, types: &'static [&'static str]) -> MediaRule {
    MediaRule { kind, most_bytes: megabytes * MEGABYTE, types }
}

/// What Messenger allows.
pub const MESSENGER: Capabilities = Capabilities {
    window: SendingWindow {
        open_for: DAY,
        opened_by: &[Opener::Message, Opener::Postback, Opener::Referral, Opener::Reaction],
        late_tag: Some(HUMAN_AGENT),
        free_entry: None,
        after_advertisement: Some(WEEK),
    },
    longest_text: 2_000,
    media: &[
        media(MessageKind::Image, 25, &[]),
        media(MessageKind::Video, 25, &[]),
        media(MessageKind::Audio, 25, &[]),
        media(MessageKind::File, 25, &[]),
    ],
    features: &[Feature::Replies, Feature::QuickReplies, Feature::Typing, Feature::MarkRead, Feature::EchoReference],
};

/// What Instagram allows.
pub const INSTAGRAM: Capabilities = Capabilities {
    window: SendingWindow {
        open_for: DAY,
        opened_by: &[Opener::Message, Opener::Postback, Opener::Referral],
        late_tag: Some(HUMAN_AGENT),
        free_entry: None,
        after_advertisement: Some(WEEK),
    },
    longest_text: 1_000,
    media: &[
        media(MessageKind::Image, 8, &["image/png", "image/jpeg"]),
        media(MessageKind::Video, 25, &[]),
        media(MessageKind::Audio, 25, &[]),
    ],
    features: &[Feature::Replies, Feature::Reactions, Feature::Typing, Feature::MarkRead, Feature::MediaOnlyLinked],
};

/// What `WhatsApp` allows.
pub const WHATSAPP: Capabilities = Capabilities {
    window: SendingWindow {
        open_for: DAY,
        opened_by: &[Opener::Message],
        late_tag: None,
        free_entry: Some(FreeEntry { answered_within: DAY, free_for: Duration::from_hours(72) }),
        after_advertisement: None,
    },
    longest_text: 4_096,
    media: &[
        media(MessageKind::Image, 5, &["image/png", "image/jpeg"]),
        media(MessageKind::Video, 16, &[]),
        media(MessageKind::Audio, 16, &[]),
        media(MessageKind::File, 100, &[]),
        MediaRule { kind: MessageKind::Sticker, most_bytes: 500_000, types: &["image/webp"] },
    ],
    features: &[
        Feature::Templates,
        Feature::Reactions,
        Feature::Replies,
        Feature::Buttons,
        Feature::Lists,
        Feature::Locations,
        Feature::Captions,
        Feature::Typing,
        Feature::MarkRead,
        Feature::Groups,
        Feature::EchoReference,
        Feature::TelephoneNumbers,
    ],
};
