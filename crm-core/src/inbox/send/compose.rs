//! Writing a message that is to be sent.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::SEND;
use super::gate::{ask, author_of, standing};
use crate::agenda::Job;
use crate::inbox::channel::{Capabilities, Direction, Feature, MessageKind, OutboundContent, SendAs};
use crate::inbox::connection::Connection;
use crate::inbox::conversation::{Conversation, ConversationEvent};
use crate::inbox::message::{Message, MessageEvent, MessageStatus, Origin};
use crate::inbox::template::{MessageTemplate, TemplateRefusal, check, filled};
use crate::inbox::window::{NotNow, Verdict};
use crate::kernel::{Kind, Page, Result, Rule, Stored, Timestamp};
use crate::store::UnitOfWork;

/// What somebody wants to send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// What it says.
    pub content: OutboundContent,
    /// The platform's identifier of the message that it answers.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// It is to sell something.
    #[serde(default)]
    pub promotion: bool,
}

impl NewMessage {
    /// Plain words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(OutboundContent::text(text))
    }

    /// This content, as an answer to nothing in particular.
    #[must_use]
    pub fn of(content: OutboundContent) -> Self {
        Self { content, reply_to: None, promotion: false }
    }
}

/// What a platform would not take, whatever the hour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentRefusal {
    /// There is nothing in it.
    #[error("the message is empty; write at least one character")]
    Empty,
    /// There are more characters than the platform takes.
    #[error("the text has {length} characters and this platform takes at most {most}; shorten it or send two messages")]
    TooLong {
        /// How many it has.
        length: usize,
        /// How many it may have.
        most: usize,
    },
    /// The platform has no such thing.
    #[error("this platform cannot send {0}; send it as text instead")]
    NotSupported(&'static str),
    /// A reaction belongs to the message that it is about.
    #[error("a reaction is no message of its own; react to the message instead")]
    IsReaction,
    /// The platform takes smaller ones.
    #[error("the medium has {bytes} bytes and this platform takes at most {most} of its kind; send a smaller one")]
    TooLarge {
        /// How many it has.
        bytes: u64,
        /// How many it may have.
        most: u64,
    },
    /// The platform takes other types.
    #[error("this platform does not take media of the type '{given}'; send one of {allowed}")]
    WrongType {
        /// What it is.
        given: String,
        /// What is taken.
        allowed: String,
    },
}

impl Rule for ContentRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "message.empty",
            Self::TooLong { .. } => "message.too_long",
            Self::NotSupported(_) => "message.not_supported",
            Self::IsReaction => "message.is_reaction",
            Self::TooLarge { .. } => "message.medium_too_large",
            Self::WrongType { .. } => "message.medium_of_wrong_type",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// Checks content against a platform's table.
pub(super) fn fits(
    content: &OutboundContent,
    reply: bool,
    table: &Capabilities,
) -> std::result::Result<(), ContentRefusal> {
    let can = |feature, what| if table.has(feature) { Ok(()) } else { Err(ContentRefusal::NotSupported(what)) };
    if reply {
        can(Feature::Replies, "answers that quote a message")?;
    }
    match content {
        OutboundContent::Text { quick_replies, .. } if !quick_replies.is_empty() => {
            can(Feature::QuickReplies, "suggested answers")?;
        }
        OutboundContent::Text { .. } => {}
        OutboundContent::Media { media, caption } => {
            if table.media(media.kind).is_none() {
                return Err(ContentRefusal::NotSupported(media.kind.as_str()));
            }
            if caption.is_some() {
                can(Feature::Captions, "captions")?;
            }
        }
        OutboundContent::Location { .. } => can(Feature::Locations, "places")?,
        OutboundContent::Buttons { .. } => can(Feature::Buttons, "buttons")?,
        OutboundContent::List { .. } => can(Feature::Lists, "lists")?,
        OutboundContent::Template(_) => can(Feature::Templates, "templates")?,
        OutboundContent::Reaction { .. } => return Err(ContentRefusal::IsReaction),
    }
    let must_speak = matches!(
        content,
        OutboundContent::Text { .. } | OutboundContent::Buttons { .. } | OutboundContent::List { .. }
    );
    let words = content.words().unwrap_or_default();
    if must_speak && words.trim().is_empty() {
        return Err(ContentRefusal::Empty);
    }
    let (length, most) = (words.chars().count(), table.longest_text);
    if length > most { Err(ContentRefusal::TooLong { length, most }) } else { Ok(()) }
}

/// Checks a medium against a platform's table.
pub(crate) fn medium_fits(
    kind: MessageKind,
    mime: &str,
    bytes: usize,
    table: &Capabilities,
) -> std::result::Result<(), ContentRefusal> {
    let rule = table.media(kind).ok_or(ContentRefusal::NotSupported(kind.as_str()))?;
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    if bytes == 0 {
        return Err(ContentRefusal::Empty);
    }
    if bytes > rule.most_bytes {
        return Err(ContentRefusal::TooLarge { bytes, most: rule.most_bytes });
    }
    if !rule.types.is_empty() && !rule.types.contains(&mime) {
        let given = mime.chars().take(80).collect();
        return Err(ContentRefusal::WrongType { given, allowed: rule.types.join(", ") });
    }
    Ok(())
}

/// The words of the template that a message names, with its values, once both are checked.
async fn words_of_template(
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
    content: &OutboundContent,
) -> Result<Option<String>> {
    let OutboundContent::Template(message) = content else { return Ok(None) };
    let same = MessageTemplate::CONNECTION
        .is(connection.id)
        .and(MessageTemplate::NAME_FIELD.is(message.name.as_str()))
        .and(MessageTemplate::LANGUAGE.is(message.language.as_str()));
    let Some(template) = uow.list(&same, &Page::first(1)).await?.pop() else {
        let (name, language) = (message.name.clone(), message.language.clone());
        return Err(TemplateRefusal::Unknown { name, language }.into());
    };
    check(&template, message)?;
    Ok(Some(filled(&template, message)))
}

/// Writes a message and has it sent, when platform, window and template allow it. The thread is changed, not saved.
///
/// # Errors
/// `ConnectionRefusal`, `ContentRefusal`, `TemplateRefusal`, `NotNow`.
pub(crate) async fn queue(
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
    table: &Capabilities,
    thread: &mut Stored<Conversation>,
    new: NewMessage,
    automatic: bool,
) -> Result<(Stored<Message>, ConversationEvent)> {
    connection.check_active()?;
    fits(&new.content, new.reply_to.is_some(), table)?;
    if !table.has(Feature::Groups) && uow.get(thread.participant_id).await?.is_group() {
        return Err(ContentRefusal::NotSupported("anything to groups").into());
    }
    let words = words_of_template(uow, connection, &new.content).await?;
    let standing = standing(uow, connection, thread).await?;
    let answer = ask(uow.now(), author_of(automatic), &new.content, new.promotion, table, standing);
    let send_as = match answer.verdict {
        Verdict::Permitted => SendAs::Response,
        Verdict::Tagged(tag) => SendAs::Tagged(tag.to_owned()),
        Verdict::TemplateOnly | Verdict::Closed => return Err(NotNow(answer).into()),
    };
    let at = uow.now();
    write(uow, connection, thread, new, words, send_as, automatic, at).await
}

/// Writes a message that the gate has let through, and puts its sending on the agenda.
#[expect(clippy::too_many_arguments, reason = "each is a fact of the message, and two functions call it")]
pub(crate) async fn write(
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
    thread: &mut Stored<Conversation>,
    new: NewMessage,
    words: Option<String>,
    send_as: SendAs,
    automatic: bool,
    at: Timestamp,
) -> Result<(Stored<Message>, ConversationEvent)> {
    let text = words.or_else(|| new.content.words().map(str::to_owned));
    let message = Message {
        conversation_id: thread.id,
        connection_id: connection.id,
        external_id: None,
        direction: Direction::Outbound,
        origin: Origin::Crm,
        kind: new.content.kind().unwrap_or(MessageKind::Text),
        at,
        text,
        payload: None,
        media: Vec::new(),
        reply_to: new.reply_to,
        details: None,
        historical: false,
        author_id: uow.caller().member_id(),
        automatic,
        content: Some(new.content),
        send_as: Some(send_as),
        status: Some(MessageStatus::Queued),
        attempts: 0,
        sent_at: None,
        delivered_at: None,
        read_at: None,
        failed_at: None,
        error_code: None,
        error: None,
        edited_at: None,
        deleted_at: None,
        reactions: Vec::new(),
    };
    let message = uow.insert(message, MessageEvent::Queued { conversation_id: thread.id }).await?;
    thread.value.show(at, Direction::Outbound, message.text.as_deref());
    let job = Job::at(uow.now(), SEND, json!({ "message_id": message.id }));
    uow.schedule(job.unique(format!("{SEND}:{}", message.id))).await?;
    if !automatic {
        thread.value.clock.answer(at);
        crate::inbox::attend::remind(uow, thread).await?;
    }
    let event = ConversationEvent::Answered { message_id: message.id, elsewhere: false };
    Ok((message, event))
}
