//! The conversation itself: what it holds, and its commands.

use serde::{Deserialize, Serialize};

use super::event::{CloseReason, ConversationEvent};
use crate::access::MemberId;
use crate::inbox::channel::{Direction, Platform};
use crate::inbox::connection::{ConnectionId, ReopenPolicy};
use crate::inbox::participant::ParticipantId;
use crate::kernel::{Explanation, Id, Kind, Rule, Tag, Timestamp};

/// Identifier of a conversation.
pub type ConversationId = Id<Conversation>;

/// The thread with one participant of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Conversation {
    /// The connection.
    pub connection_id: ConnectionId,
    /// Which platform.
    pub platform: Platform,
    /// Who is at the other end.
    pub participant_id: ParticipantId,
    /// State.
    pub state: ConversationState,
    /// When a snoozed one comes back; never by itself without an instant.
    pub snoozed_until: Option<Timestamp>,
    /// Who has it.
    pub owner_id: Option<MemberId>,
    /// Tags, sorted, without doubles.
    pub tags: Vec<Tag>,
    /// Messages of theirs that nobody has looked at.
    pub unread: i64,
    /// The platform's instant of the latest message; of its making until there is one.
    pub last_message_at: Timestamp,
    /// The beginning of the latest message.
    pub preview: Option<String>,
    /// Which way it went.
    pub preview_direction: Option<Direction>,
    /// When they last did something that opens the sending window.
    pub last_action_at: Option<Timestamp>,
    /// When the platform last told us that the window is closed.
    pub window_closed_at: Option<Timestamp>,
    /// When they last came through an advertisement.
    pub entry_point_at: Option<Timestamp>,
    /// Everything of ours up to this instant was delivered.
    pub delivered_up_to: Option<Timestamp>,
    /// Everything of ours up to this instant was read.
    pub read_up_to: Option<Timestamp>,
    /// The beginning of the closed period in which the answer for closed hours was sent last.
    pub away_replied_for: Option<Timestamp>,
    /// How soon an answer is due.
    pub clock: ResponseClock,
    /// When it was last closed.
    pub closed_at: Option<Timestamp>,
}

/// How soon answers are due. Instants are computed once, when the clock is started; a snooze stops it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ResponseClock {
    /// When the first message that waits for an answer came.
    pub waiting_since: Option<Timestamp>,
    /// Until when it is to be answered.
    pub answer_due_at: Option<Timestamp>,
    /// Whether that would be the first answer.
    pub answer_is_first: bool,
    /// Until when it is to be closed.
    pub resolution_due_at: Option<Timestamp>,
    /// When we first answered.
    pub first_answered_at: Option<Timestamp>,
    /// When we last answered.
    pub answered_up_to: Option<Timestamp>,
    /// The missed targets that were told of already, by their due instants.
    pub told: Vec<Timestamp>,
}

/// State of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConversationState {
    /// Somebody should look after it.
    Open,
    /// It comes back later.
    Snoozed,
    /// There is nothing to do.
    Closed,
}

impl ConversationState {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Snoozed => "snoozed",
            Self::Closed => "closed",
        }
    }
}

/// What a conversation refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConversationRefusal {
    /// It is closed already.
    #[error("the conversation is closed already")]
    AlreadyClosed,
    /// It is open already.
    #[error("the conversation is open already")]
    AlreadyOpen,
    /// The instant has passed.
    #[error("a conversation cannot be snoozed until {0}, which has passed; give a later instant")]
    SnoozedIntoThePast(Timestamp),
}

impl Rule for ConversationRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyClosed => "conversation.already_closed",
            Self::AlreadyOpen => "conversation.already_open",
            Self::SnoozedIntoThePast(_) => "conversation.snoozed_into_the_past",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::AlreadyClosed | Self::AlreadyOpen => Kind::Conflict,
            Self::SnoozedIntoThePast(_) => Kind::Invalid,
        }
    }
}

impl Conversation {
    /// A thread without a message.
    #[must_use]
    pub fn new(connection_id: ConnectionId, platform: Platform, participant_id: ParticipantId, now: Timestamp) -> Self {
        Self {
            connection_id,
            platform,
            participant_id,
            state: ConversationState::Open,
            snoozed_until: None,
            owner_id: None,
            tags: Vec::new(),
            unread: 0,
            last_message_at: now,
            preview: None,
            preview_direction: None,
            last_action_at: None,
            window_closed_at: None,
            entry_point_at: None,
            delivered_up_to: None,
            read_up_to: None,
            away_replied_for: None,
            clock: ResponseClock::default(),
            closed_at: None,
        }
    }

    /// Notes a message of either side: the latest one is shown in lists.
    pub(crate) fn show(&mut self, at: Timestamp, direction: Direction, words: Option<&str>) {
        if self.preview_direction.is_none() || at >= self.last_message_at {
            self.last_message_at = at;
            self.preview = words.map(|words| words.chars().take(120).collect());
            self.preview_direction = Some(direction);
        }
    }

    /// A message has other words by now, or none: what lists show of the latest one must not outlive it.
    pub(crate) fn reword(&mut self, at: Timestamp, direction: Direction, words: Option<&str>) {
        if self.last_message_at == at && self.preview_direction == Some(direction) {
            self.preview = words.map(|words| words.chars().take(120).collect());
        }
    }

    /// They wrote something that somebody should read. Answers whether it was closed or snoozed and is open again.
    pub(crate) fn receive(&mut self, policy: ReopenPolicy) -> bool {
        self.unread = self.unread.saturating_add(1);
        let reopens = match self.state {
            ConversationState::Open => false,
            ConversationState::Snoozed => true,
            ConversationState::Closed => policy != ReopenPolicy::Never,
        };
        if reopens {
            self.state = ConversationState::Open;
            self.snoozed_until = None;
        }
        reopens
    }

    /// Notes that they did something that opens the window; instants far in the future are taken for near ones.
    pub(crate) fn act(&mut self, at: Timestamp, now: Timestamp) {
        let at = at.min(now.plus(crate::inbox::window::CLOCK_SKEW));
        self.last_action_at = self.last_action_at.max(Some(at));
    }

    /// Somebody has looked at it; nothing, when there was nothing new.
    pub fn read(&mut self) -> Option<ConversationEvent> {
        let unread = std::mem::take(&mut self.unread);
        (unread > 0).then_some(ConversationEvent::Read { unread })
    }

    /// There is nothing more to do.
    ///
    /// # Errors
    /// `AlreadyClosed`.
    pub fn close(&mut self, now: Timestamp) -> Result<ConversationEvent, ConversationRefusal> {
        if self.state == ConversationState::Closed {
            return Err(ConversationRefusal::AlreadyClosed);
        }
        self.state = ConversationState::Closed;
        self.snoozed_until = None;
        self.closed_at = Some(now);
        self.clock.stop();
        Ok(ConversationEvent::Closed { why: CloseReason::ByHand })
    }

    /// There is something to do after all.
    ///
    /// # Errors
    /// `AlreadyOpen`.
    pub fn reopen(&mut self) -> Result<ConversationEvent, ConversationRefusal> {
        if self.state == ConversationState::Open {
            return Err(ConversationRefusal::AlreadyOpen);
        }
        let from = std::mem::replace(&mut self.state, ConversationState::Open);
        self.snoozed_until = None;
        Ok(ConversationEvent::Reopened { from })
    }

    /// It comes back at an instant, or when they write.
    ///
    /// # Errors
    /// `AlreadyClosed`, `SnoozedIntoThePast`.
    pub fn snooze(
        &mut self,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<ConversationEvent, ConversationRefusal> {
        if self.state == ConversationState::Closed {
            return Err(ConversationRefusal::AlreadyClosed);
        }
        if let Some(past) = until.filter(|until| *until <= now) {
            return Err(ConversationRefusal::SnoozedIntoThePast(past));
        }
        self.state = ConversationState::Snoozed;
        self.snoozed_until = until;
        self.clock.pause();
        Ok(ConversationEvent::Snoozed { until })
    }

    /// Makes someone responsible, or nobody; nothing, when they are already.
    pub fn assign(&mut self, to: Option<MemberId>, why: Explanation) -> Option<ConversationEvent> {
        if self.owner_id == to {
            return None;
        }
        let from = std::mem::replace(&mut self.owner_id, to);
        Some(ConversationEvent::Assigned { from, to, why })
    }

    /// Gives it these tags and no others; nothing, when it has them.
    pub fn tag(&mut self, mut tags: Vec<Tag>) -> Option<ConversationEvent> {
        tags.sort();
        tags.dedup();
        if self.tags == tags {
            return None;
        }
        self.tags.clone_from(&tags);
        Some(ConversationEvent::Tagged { tags })
    }
}
