//! Reading and answering conversations.

use crate::access::Permission;
use crate::inbox::channel::Channels;
use crate::inbox::channel::OutboundContent;
use crate::inbox::connection::Connections;
use crate::inbox::conversation::{Conversation, ConversationEvent, ConversationId};
use crate::inbox::message::{Message, MessageEvent, MessageId, MessageStatus};
use crate::inbox::participant::{Participant, ParticipantId};
use crate::inbox::send::{NewMessage, ask, author_of, queue, standing};
use crate::inbox::window::{Author, CanSend};
use crate::kernel::{Direction, Kind, Page, Predicate, Result, Rule, Stored, Timestamp};
use crate::store::{RecordNotFound, Session};

/// The inbox as one caller sees it.
#[derive(Clone, Copy)]
pub struct Inbox<'a> {
    pub(crate) session: &'a Session,
    pub(crate) channels: &'a Channels,
}

/// A message is not lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is not one whose sending is unknown or failed; there is nothing to send again")]
pub struct NotLost;

impl Rule for NotLost {
    fn code(&self) -> &'static str {
        "message.not_lost"
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
}

impl<'a> Inbox<'a> {
    /// Our accounts at the platforms.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let accounts = inbox.connections().all().await?;
    /// assert_eq!(accounts[0].id, desk.connection);
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn connections(&self) -> Connections<'a> {
        Connections { session: self.session, channels: self.channels }
    }

    /// Conversations that match and that the caller sees, the latest message first.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::Conversation;
    /// let open = inbox.latest(&Conversation::STATE.is("open"), 50).await?;
    /// assert_eq!((open[0].id, open[0].unread), (desk.conversation, 1));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn latest(&self, filter: &Predicate<Conversation>, limit: u32) -> Result<Vec<Stored<Conversation>>> {
        let page = Page::ordered(Conversation::LAST_MESSAGE_AT.field(), Direction::Descending, limit)?;
        self.list(filter, &page).await
    }

    /// Conversations that match and that the caller sees, in the page's order.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::Conversation;
    /// # use crm_core::kernel::{Direction, Page};
    /// let most_unread = Page::ordered(Conversation::UNREAD.field(), Direction::Descending, 50)?;
    /// let threads = inbox.list(&Conversation::PLATFORM.is("whatsapp"), &most_unread).await?;
    /// assert_eq!(threads[0].id, desk.conversation);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn list(
        &self,
        filter: &Predicate<Conversation>,
        page: &Page<Conversation>,
    ) -> Result<Vec<Stored<Conversation>>> {
        self.session.begin(Permission::InboxRead).await?.list(filter, page).await
    }

    /// A conversation.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let thread = inbox.get(desk.conversation).await?;
    /// assert_eq!(thread.preview.as_deref(), Some("Do you open on Sunday?"));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when there is none that the caller sees.
    pub async fn get(&self, id: ConversationId) -> Result<Stored<Conversation>> {
        self.session.begin(Permission::InboxRead).await?.get(id).await
    }

    /// The participant of a conversation that the caller sees.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let thread = inbox.get(desk.conversation).await?;
    /// let ana = inbox.participant(thread.participant_id).await?;
    /// assert_eq!(ana.name.as_deref(), Some("Ana Example"));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn participant(&self, id: ParticipantId) -> Result<Stored<Participant>> {
        let mut uow = self.session.begin(Permission::InboxRead).await?;
        let participant = uow.get(id).await?;
        let seen = uow.list(&Conversation::PARTICIPANT.is(id), &Page::first(1)).await?;
        if seen.is_empty() {
            return Err(RecordNotFound { entity: "participant", id: id.uuid() }.into());
        }
        Ok(participant)
    }

    /// The latest messages of a conversation before one of them (or the very latest), the eldest of them first. Messages of
    /// one instant stand in the order of their arrival.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// desk.hear("w2", "Or on Monday?").await?;
    /// let latest = inbox.messages(desk.conversation, None, 1).await?;
    /// assert_eq!(latest[0].text.as_deref(), Some("Or on Monday?"));
    /// let before = inbox.messages(desk.conversation, Some(latest[0].id), 50).await?;
    /// assert_eq!(before[0].text.as_deref(), Some("Do you open on Sunday?"));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn messages(
        &self,
        id: ConversationId,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<Stored<Message>>> {
        let mut uow = self.session.begin(Permission::InboxRead).await?;
        uow.get(id).await?;
        let mut page = Page::ordered(Message::AT.field(), Direction::Descending, limit)?;
        if let Some(before) = before {
            page = page.following(&uow.get(before).await?);
        }
        let mut messages = uow.list(&Message::CONVERSATION.is(id), &page).await?;
        messages.reverse();
        Ok(messages)
    }

    /// What the caller may send in a conversation now, until when, and why.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::channel::OutboundContent;
    /// let gate = inbox.can_send(desk.conversation, &OutboundContent::text("We do.")).await?;
    /// assert!(gate.is_open());
    /// println!("{}, until {:?}", gate.why, gate.until);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `NoSuchChannel`.
    pub async fn can_send(&self, id: ConversationId, content: &OutboundContent) -> Result<CanSend> {
        let mut uow = self.session.begin(Permission::InboxRead).await?;
        let thread = uow.get(id).await?;
        let connection = uow.get(thread.connection_id).await?;
        let table = self.channels.capabilities(&connection.platform)?;
        let standing = standing(&mut uow, &connection, &thread).await?;
        Ok(ask(uow.now(), self.author(), content, false, &table, standing))
    }

    /// Writes a message; the agenda sends it.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::{NewMessage, message::MessageStatus};
    /// let message = inbox.send(desk.conversation, NewMessage::text("We do.")).await?;
    /// assert_eq!(message.status, Some(MessageStatus::Queued));
    /// desk.work().await?; // the host's worker
    /// assert_eq!(desk.channel.sent().len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ConnectionRefusal`, `ContentRefusal`, `TemplateRefusal`, `NotNow`.
    pub async fn send(&self, id: ConversationId, new: NewMessage) -> Result<Stored<Message>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let mut thread = uow.lock(id).await?;
        let connection = uow.get(thread.connection_id).await?;
        let table = self.channels.capabilities(&connection.platform)?;
        let automatic = self.author() == Author::Program;
        let (message, event) = queue(&mut uow, &connection, &table, &mut thread, new, automatic).await?;
        let _ = thread.value.read();
        uow.save(thread, event).await?;
        uow.commit().await?;
        Ok(message)
    }

    /// Sends a message again that failed, or of which nobody knows: as a new message, since a person says so.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::{NewMessage, channel::SendOutcome};
    /// desk.channel.next_outcome(SendOutcome::Unknown { reason: "no answer came".to_owned() });
    /// let lost = inbox.send(desk.conversation, NewMessage::text("We do.")).await?;
    /// desk.work().await?;
    /// inbox.send_again(lost.id).await?;
    /// desk.work().await?;
    /// assert_eq!(desk.channel.sent().len(), 2);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `NotLost`, and those of [`Inbox::send`].
    pub async fn send_again(&self, id: MessageId) -> Result<Stored<Message>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let mut lost = uow.get(id).await?;
        let mut thread = uow.lock(lost.conversation_id).await?;
        let content = lost.content.clone().ok_or(NotLost)?;
        match lost.status {
            Some(MessageStatus::Failed) => {}
            Some(MessageStatus::Unknown) => {
                // It is given up, so that its echo can't make two of it unseen: then it counts as sent once more.
                let from = lost.status;
                lost.value.status = Some(MessageStatus::Failed);
                lost = uow.save(lost, MessageEvent::Progressed { from, to: MessageStatus::Failed }).await?;
            }
            _ => return Err(NotLost.into()),
        }
        let connection = uow.get(thread.connection_id).await?;
        let table = self.channels.capabilities(&connection.platform)?;
        let new = NewMessage { content, reply_to: lost.reply_to.clone(), promotion: false };
        let automatic = self.author() == Author::Program;
        let (message, event) = queue(&mut uow, &connection, &table, &mut thread, new, automatic).await?;
        uow.save(thread, event).await?;
        uow.commit().await?;
        Ok(message)
    }

    /// A command on a conversation that the caller sees.
    pub(super) async fn command(
        &self,
        id: ConversationId,
        command: impl FnOnce(&mut Conversation, Timestamp) -> Result<Option<ConversationEvent>> + Send,
    ) -> Result<Stored<Conversation>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let mut thread = uow.lock(id).await?;
        let now = uow.now();
        let Some(event) = command(&mut thread.value, now)? else { return Ok(thread) };
        let thread = uow.save(thread, event).await?;
        uow.commit().await?;
        Ok(thread)
    }

    pub(super) fn author(&self) -> Author {
        author_of(self.session.caller().member_id().is_none())
    }
}
