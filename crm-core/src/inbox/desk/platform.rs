//! What is asked of the platform while somebody works: templates, read marks, typing.

use super::conversations::Inbox;
use crate::access::Permission;
use crate::inbox::channel::{Direction, Feature, TemplateStatus};
use crate::inbox::connection::{ConnectionId, account_of};
use crate::inbox::conversation::{Conversation, ConversationId};
use crate::inbox::message::Message;
use crate::inbox::template::{MessageTemplate, TemplateEvent};
use crate::kernel::{Page, Result, Stored};

impl Inbox<'_> {
    /// The templates of a connection, as last told.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// inbox.refresh_templates(desk.connection).await?;
    /// assert_eq!(inbox.templates(desk.connection).await?[0].name, "reminder");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn templates(&self, id: ConnectionId) -> Result<Vec<Stored<MessageTemplate>>> {
        self.session.begin(Permission::InboxRead).await?.list_all(&MessageTemplate::CONNECTION.is(id)).await
    }

    /// Reads the templates of a connection from the platform. One that the platform lists no more is kept as deleted.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let listed = inbox.refresh_templates(desk.connection).await?;
    /// assert_eq!(listed[0].body, "Hello {{1}}, are you still there?");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ConnectionRefusal`, `ChannelFailure`.
    pub async fn refresh_templates(&self, id: ConnectionId) -> Result<Vec<Stored<MessageTemplate>>> {
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let connection = uow.get(id).await?;
        drop(uow);
        let account = account_of(self.channels.vault(), self.session, &connection)?;
        let listed = self.channels.gateway(&connection.platform)?.templates(&account).await?;
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let mut known = uow.list_all(&MessageTemplate::CONNECTION.is(id)).await?;
        for listing in listed {
            let fresh = MessageTemplate::listed(id, listing);
            let same = |row: &Stored<MessageTemplate>| row.name == fresh.name && row.language == fresh.language;
            let event = TemplateEvent::Listed { status: fresh.status };
            match known.iter().position(same).map(|place| known.remove(place)) {
                Some(row) if row.value == fresh => {}
                Some(mut row) => {
                    row.value = fresh;
                    uow.save(row, event).await?;
                }
                None => {
                    uow.insert(fresh, event).await?;
                }
            }
        }
        for mut gone in known.into_iter().filter(|row| row.status != TemplateStatus::Deleted) {
            let (from, to) = (gone.status, TemplateStatus::Deleted);
            gone.value.status = to;
            uow.save(gone, TemplateEvent::Judged { from, to, reason: None }).await?;
        }
        uow.commit().await?;
        self.templates(id).await
    }

    /// Notes that somebody has looked at a conversation, and shows it to the participant where the platform can.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let thread = inbox.read(desk.conversation).await?;
    /// assert_eq!(thread.unread, 0);
    /// assert!(desk.channel.seen().contains(&"mark_read w1".to_owned()));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`. That the platform does not show it is no failure.
    pub async fn read(&self, id: ConversationId) -> Result<Stored<Conversation>> {
        let thread = self.command(id, |thread, _| Ok(thread.read())).await?;
        let _ = self.show(&thread, Feature::MarkRead).await;
        Ok(thread)
    }

    /// Shows the participant that somebody types, where the platform can.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// inbox.type_in(desk.conversation).await?;
    /// assert!(desk.channel.seen().contains(&"typing w1 true".to_owned()));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`. That the platform does not show it is no failure.
    pub async fn type_in(&self, id: ConversationId) -> Result<()> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let thread = uow.get(id).await?;
        drop(uow);
        let _ = self.show(&thread, Feature::Typing).await;
        Ok(())
    }

    async fn show(&self, thread: &Stored<Conversation>, what: Feature) -> Result<()> {
        let table = self.channels.capabilities(&thread.platform)?;
        if !table.has(what) {
            return Ok(());
        }
        let mut uow = self.session.begin(Permission::InboxRead).await?;
        let connection = uow.get(thread.connection_id).await?;
        let participant = uow.get(thread.participant_id).await?;
        let theirs = Message::CONVERSATION.is(thread.id).and(Message::DIRECTION.is(Direction::Inbound.as_str()));
        let page = Page::ordered(Message::AT.field(), crate::kernel::Direction::Descending, 1)?;
        let latest = uow.list(&theirs, &page).await?.pop();
        drop(uow);
        let Some(latest) = latest.and_then(|message| message.value.external_id) else { return Ok(()) };
        let account = account_of(self.channels.vault(), self.session, &connection)?;
        let (gateway, to) = (self.channels.gateway(&thread.platform)?, participant.recipient());
        match what {
            Feature::Typing => gateway.typing(&account, &to, &latest, true).await?,
            _ => gateway.mark_read(&account, &to, &latest).await?,
        }
        Ok(())
    }
}
