//! What a platform allows, as a table.

use std::time::Duration;

use super::inbound::{EventKind, InboundEvent, MessageKind};

/// What a platform allows. Adapters keep one such table for each platform that they serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// When what may be sent.
    pub window: SendingWindow,
    /// The longest text, in characters (Unicode scalar values).
    pub longest_text: usize,
    /// Which media can be sent.
    pub media: &'static [MediaRule],
    /// What else it can do.
    pub features: &'static [Feature],
}

/// When what may be sent. The window is half-open: of 24 hours, the last instant is excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendingWindow {
    /// How long anything may be sent after the participant did something.
    pub open_for: Duration,
    /// What the participant must have done.
    pub opened_by: &'static [Opener],
    /// The tag under which a person may still answer afterwards.
    pub late_tag: Option<LateTag>,
    /// When templates cost nothing after an advertisement.
    pub free_entry: Option<FreeEntry>,
    /// How long it may stay open at the most after they came through an advertisement, where that makes a difference.
    pub after_advertisement: Option<Duration>,
}

/// Something that a participant does and that opens the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// They wrote. Notes of the platform itself and imported history do not count.
    Message,
    /// They pressed a button.
    Postback,
    /// They came back through a link.
    Referral,
    /// They reacted to a message.
    Reaction,
}

/// A tag that lets a person, never a program, answer after the window has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateTag {
    /// Its name on the platform.
    pub name: &'static str,
    /// Until when, from the same instant as the window.
    pub until: Duration,
}

/// Templates cost nothing for a while when the business answers soon to someone who came through an advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeEntry {
    /// How soon the business must answer.
    pub answered_within: Duration,
    /// How long from that answer on.
    pub free_for: Duration,
}

/// A kind of media that can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaRule {
    /// `Image`, `Video`, `Audio`, `File` or `Sticker`.
    pub kind: MessageKind,
    /// The largest, in bytes.
    pub most_bytes: u64,
    /// The types that are taken (`image/png`); all, when none is named.
    pub types: &'static [&'static str],
}

/// Something that some platforms can do and others can't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Approved templates, which may be sent at any time, also first.
    Templates,
    /// Reactions of ours.
    Reactions,
    /// Other words for what we have sent.
    Edits,
    /// Taking back what we have sent.
    Deletions,
    /// Threads with several people.
    Groups,
    /// Answers that quote a message.
    Replies,
    /// Suggested answers under a text.
    QuickReplies,
    /// Texts with buttons.
    Buttons,
    /// Texts with a list to choose from.
    Lists,
    /// Places on the map.
    Locations,
    /// A caption under an image, a video or a file.
    Captions,
    /// Showing that somebody types.
    Typing,
    /// Showing that what came in was read.
    MarkRead,
    /// Echoes of what we sent carry our reference.
    EchoReference,
    /// Participants may be known by a telephone number.
    TelephoneNumbers,
    /// Media may be shown from the platform's address only and must not be kept.
    MediaOnlyLinked,
}

impl Capabilities {
    /// Whether the platform can do this.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// The rule for media of this kind, when they can be sent.
    #[must_use]
    pub fn media(&self, kind: MessageKind) -> Option<&'static MediaRule> {
        self.media.iter().find(|rule| rule.kind == kind)
    }
}

impl SendingWindow {
    /// Whether an event opens the window.
    #[must_use]
    pub fn is_opened_by(&self, event: &InboundEvent) -> bool {
        let opener = match (event.kind, event.message_type) {
            _ if event.extra.historical == Some(true) => return false,
            (EventKind::Message, Some(MessageKind::System)) => return false,
            (EventKind::Message, _) => Opener::Message,
            (EventKind::Postback, Some(MessageKind::Referral)) => Opener::Referral,
            (EventKind::Postback, _) => Opener::Postback,
            (EventKind::Reaction, _) => Opener::Reaction,
            _ => return false,
        };
        self.opened_by.contains(&opener)
    }
}
