//! What we do to messages that are there: reacting, giving ours other words, taking ours back.

use super::conversations::Inbox;
use crate::access::Permission;
use crate::inbox::channel::{
    Account, Capabilities, Direction, Feature, OutboundContent, OutboundMessage, Recipient, SendAs, SendOutcome,
};
use crate::inbox::connection::account_of;
use crate::inbox::conversation::Conversation;
use crate::inbox::message::{Message, MessageEvent, MessageId};
use crate::inbox::send::{ContentRefusal, ask, standing};
use crate::inbox::window::{NotNow, Verdict};
use crate::kernel::{Kind, Result, Rule, Stored};
use crate::store::UnitOfWork;

/// What can't be done to a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageRefusal {
    /// Only our own can be changed or taken back.
    #[error("the message is not ours; only what we have sent can be changed or taken back")]
    NotOurs,
    /// It was taken back.
    #[error("the message was taken back; there is nothing left of it")]
    TakenBack,
    /// The platform does not know it yet, or never will.
    #[error("the platform does not have the message; wait until it was sent")]
    NotSent,
    /// There is nothing in it that could be sent on.
    #[error("the message cannot be sent on: {0}")]
    NotForwardable(&'static str),
}

impl Rule for MessageRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotOurs => "message.not_ours",
            Self::TakenBack => "message.taken_back",
            Self::NotSent => "message.not_sent",
            Self::NotForwardable(_) => "message.not_forwardable",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
}

/// A message that the platform has, with what is needed to speak to the platform about it.
struct Reached {
    message: Stored<Message>,
    external_id: String,
    thread: Stored<Conversation>,
    account: Account,
    to: Recipient,
    table: Capabilities,
}

impl Inbox<'_> {
    /// Reacts to a message; without a picture our reaction is taken back. The platform is asked at once.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let question = inbox.messages(desk.conversation, None, 1).await?.remove(0);
    /// let question = inbox.react(question.id, Some("👍")).await?;
    /// assert_eq!(question.reactions[0].emoji.as_deref(), Some("👍"));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `MessageRefusal`, `ConnectionRefusal`, `ContentRefusal` where the platform has no reactions,
    /// `NotNow`, `ChannelFailure`.
    pub async fn react(&self, id: MessageId, emoji: Option<&str>) -> Result<Stored<Message>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let reached = self.reach(&mut uow, id, Feature::Reactions, "reactions").await?;
        let content =
            OutboundContent::Reaction { target: reached.external_id.clone(), emoji: emoji.map(str::to_owned) };
        let connection = uow.get(reached.message.connection_id).await?;
        let standing = standing(&mut uow, &connection, &reached.thread).await?;
        let answer = ask(uow.now(), self.author(), &content, false, &reached.table, standing);
        let send_as = match answer.verdict {
            Verdict::Permitted => SendAs::Response,
            Verdict::Tagged(tag) => SendAs::Tagged(tag.to_owned()),
            Verdict::TemplateOnly | Verdict::Closed => return Err(NotNow(answer).into()),
        };
        let client_id = Message::client_id(uow.new_id());
        drop(uow);
        let outbound = OutboundMessage { client_id, to: reached.to, send_as, reply_to: None, content };
        let gateway = self.channels.gateway(&connection.platform)?;
        match gateway.send(&reached.account, &outbound).await {
            SendOutcome::Refused(failure) => return Err(failure.into()),
            // The same reaction once more changes nothing, so whoever sees no effect may just repeat it.
            SendOutcome::Accepted(_) | SendOutcome::Unknown { .. } => {}
        }
        let by = connection.external_id.clone();
        self.amend(id, move |message, _, now| message.react(&by, outbound_emoji(&outbound), now)).await
    }

    /// Gives a message of ours other words, where the platform can.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::NewMessage;
    /// let message = inbox.send(desk.conversation, NewMessage::text("We opne at ten.")).await?;
    /// desk.work().await?;
    /// let refused = inbox.edit(message.id, "We open at ten.").await.unwrap_err();
    /// assert_eq!(refused.code(), "message.not_supported", "WhatsApp can't");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `MessageRefusal`, `ConnectionRefusal`, `ContentRefusal`, `ChannelFailure`.
    pub async fn edit(&self, id: MessageId, text: &str) -> Result<Stored<Message>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let reached = self.reach(&mut uow, id, Feature::Edits, "other words for what was sent").await?;
        drop(uow);
        ours(&reached.message)?;
        if text.trim().is_empty() {
            return Err(ContentRefusal::Empty.into());
        }
        let (length, most) = (text.chars().count(), reached.table.longest_text);
        if length > most {
            return Err(ContentRefusal::TooLong { length, most }.into());
        }
        let gateway = self.channels.gateway(&reached.thread.platform)?;
        gateway.edit(&reached.account, &reached.to, &reached.external_id, text).await?;
        self.amend(id, move |message, thread, now| {
            let event = message.edit(Some(text), now);
            if let Some(OutboundContent::Text { text: words, .. }) = &mut message.content {
                text.clone_into(words);
            }
            thread.reword(message.at, message.direction, message.text.as_deref());
            event
        })
        .await
    }

    /// Takes a message of ours back, where the platform can: its words go, its place stays.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::NewMessage;
    /// let message = inbox.send(desk.conversation, NewMessage::text("Oops")).await?;
    /// desk.work().await?;
    /// let refused = inbox.take_back(message.id).await.unwrap_err();
    /// assert_eq!(refused.code(), "message.not_supported", "WhatsApp can't");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `MessageRefusal`, `ConnectionRefusal`, `ContentRefusal`, `ChannelFailure`.
    pub async fn take_back(&self, id: MessageId) -> Result<Stored<Message>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let reached = self.reach(&mut uow, id, Feature::Deletions, "the taking back of messages").await?;
        drop(uow);
        ours(&reached.message)?;
        let gateway = self.channels.gateway(&reached.thread.platform)?;
        gateway.take_back(&reached.account, &reached.to, &reached.external_id).await?;
        self.amend(id, |message, thread, now| {
            let event = message.delete(now);
            thread.reword(message.at, message.direction, None);
            event
        })
        .await
    }

    /// A message that the caller sees, that the platform has and that this can be done to.
    async fn reach(
        &self,
        uow: &mut UnitOfWork<'_>,
        id: MessageId,
        feature: Feature,
        what: &'static str,
    ) -> Result<Reached> {
        let message = uow.get(id).await?;
        let thread = uow.get(message.conversation_id).await?;
        let connection = uow.get(message.connection_id).await?;
        connection.check_active()?;
        let table = self.channels.capabilities(&connection.platform)?;
        if !table.has(feature) {
            return Err(ContentRefusal::NotSupported(what).into());
        }
        if message.deleted_at.is_some() {
            return Err(MessageRefusal::TakenBack.into());
        }
        let external_id = message.external_id.clone().ok_or(MessageRefusal::NotSent)?;
        let participant = uow.get(thread.participant_id).await?;
        let account = account_of(self.channels.vault(), self.session, &connection)?;
        let to = participant.recipient();
        Ok(Reached { message, external_id, thread, account, to, table })
    }

    /// Notes what the platform has done already.
    async fn amend(
        &self,
        id: MessageId,
        change: impl FnOnce(&mut Message, &mut Conversation, crate::kernel::Timestamp) -> Option<MessageEvent> + Send,
    ) -> Result<Stored<Message>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let conversation = uow.get(id).await?.conversation_id;
        let mut thread = uow.lock(conversation).await?;
        let mut message = uow.lock(id).await?;
        let before = thread.value.clone();
        let now = uow.now();
        let Some(event) = change(&mut message.value, &mut thread.value, now) else { return Ok(message) };
        let message = uow.save(message, event).await?;
        if thread.value != before {
            uow.save_part(thread).await?;
        }
        uow.commit().await?;
        Ok(message)
    }
}

fn outbound_emoji(outbound: &OutboundMessage) -> Option<&str> {
    match &outbound.content {
        OutboundContent::Reaction { emoji, .. } => emoji.as_deref(),
        _ => None,
    }
}

fn ours(message: &Message) -> std::result::Result<(), MessageRefusal> {
    if message.direction == Direction::Outbound { Ok(()) } else { Err(MessageRefusal::NotOurs) }
}
