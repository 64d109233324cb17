//! A front desk: an office with a number that Ana has written to, for tests and the examples in the documentation.

use serde_json::json;

use super::{MemoryShelf, PlaceVault, ScriptedChannel};
use crate::inbox::bulk::{BulkPace, BulkSend, NewBulkSend, Recipients};
use crate::inbox::channel::{
    Account, Channels, ConnectedAccount, EventKind, Extra, Inbound, InboundEvent, MessageKind, Platform,
    TemplateCategory, TemplateComponent, TemplateListing, TemplateMessage, TemplateParameters, TemplateStatus,
    WHATSAPP,
};
use crate::inbox::{ConnectionId, ConversationId, Inbox, receive};
use crate::kernel::{Clock, Id, Predicate, Result, Secret, Stored};
use crate::testing::office::{Office, play};

/// An office with a `WhatsApp` number that Ana has written "Do you open on Sunday?" to.
pub struct FrontDesk {
    /// The office.
    pub office: Office,
    /// The platform. It takes everything unless it is told otherwise, and has the template `reminder`.
    pub channel: ScriptedChannel,
    /// The number.
    pub connection: ConnectionId,
    /// The thread with Ana.
    pub conversation: ConversationId,
}

impl FrontDesk {
    /// Opens it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open() -> Result<Self> {
        let channel = ScriptedChannel::new(vec![(Platform::WHATSAPP, WHATSAPP)]);
        channel.set_templates(vec![TemplateListing {
            external_id: "1".to_owned(),
            name: "reminder".to_owned(),
            language: "en_US".to_owned(),
            status: TemplateStatus::Approved,
            category: TemplateCategory::Utility,
            header: None,
            body: "Hello {{1}}, are you still there?".to_owned(),
            url_buttons: Vec::new(),
        }]);
        let channels = Channels::default().with(channel.clone()).with_vault(PlaceVault);
        let mut office = Office::open().await;
        office.crm = office.crm.clone().with_channels(channels.with_shelf(MemoryShelf::default()));
        let boss = office.boss().await;
        let inbox = boss.inbox(office.crm.channels());
        let connection = inbox.connections().connect(&Self::account("4711")).await?.id;
        let mut desk = Self { office, channel, connection, conversation: Id::new(uuid::Uuid::nil()) };
        desk.hear("w1", "Do you open on Sunday?").await?;
        let boss = desk.office.boss().await;
        let threads = boss.inbox(desk.office.crm.channels()).latest(&Predicate::everything(), 1).await?;
        desk.conversation = threads.first().map_or(desk.conversation, |thread| thread.id);
        Ok(desk)
    }

    /// A number that somebody gives access to.
    #[must_use]
    pub fn account(external_id: &str) -> ConnectedAccount {
        let account = Account {
            platform: Platform::WHATSAPP,
            external_id: external_id.to_owned(),
            parent_id: None,
            login: None,
            token: Secret::new("token"),
        };
        let name = "Front desk".to_owned();
        ConnectedAccount { account, name, handle: None, scopes: Vec::new(), token_expires_at: None }
    }

    /// Ana writes a message with this identifier now, and what follows from it is done.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn hear(&self, id: &str, text: &str) -> Result<()> {
        let event = InboundEvent {
            kind: EventKind::Message,
            external_message_id: Some(id.to_owned()),
            participant_id: Some("12025550123".to_owned()),
            sender_id: Some("12025550123".to_owned()),
            connection_id: Some("4711".to_owned()),
            message_type: Some(MessageKind::Text),
            text: Some(text.to_owned()),
            timestamp: Some(self.office.clock.now()),
            extra: Extra { profile_name: Some("Ana Example".to_owned()), ..Extra::default() },
            ..InboundEvent::default()
        };
        let inbound = vec![Inbound { event, raw: json!({}) }];
        receive(self.office.crm.ports(), &Platform::WHATSAPP, id, inbound).await?;
        self.work().await
    }

    /// A bulk sending of the template to Ana, who has agreed to such; it has not begun.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn reminder(&self, inbox: &Inbox<'_>) -> Result<Stored<BulkSend>> {
        inbox.refresh_templates(self.connection).await?;
        let values = TemplateParameters::Positional(vec!["{{name}}".to_owned()]);
        let components = vec![TemplateComponent::Body(values)];
        let template = TemplateMessage { name: "reminder".to_owned(), language: "en_US".to_owned(), components };
        let (name, pace) = ("Reminder".parse()?, BulkPace::default());
        let bulk = inbox.bulk_sends();
        let new = NewBulkSend { name, connection_id: self.connection, template, pace };
        let made = bulk.create(new).await?;
        let agreed = Some(self.office.clock.now());
        bulk.add(made.id, Recipients::Conversations(vec![self.conversation]), agreed).await?;
        bulk.get(made.id).await
    }

    /// Does what is due, until nothing is.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn work(&self) -> Result<()> {
        while self.office.crm.run_due("desk", 100).await?.done > 0 {}
        Ok(())
    }
}

/// Plays a story with a new front desk and the inbox of its owner, for the examples in the documentation.
///
/// # Panics
/// When a step of the story is refused: then the example shows what does not work.
pub fn example(story: impl AsyncFnOnce(&FrontDesk, Inbox<'_>) -> Result<()>) {
    play(async {
        let desk = FrontDesk::open().await?;
        let boss = desk.office.boss().await;
        story(&desk, boss.inbox(desk.office.crm.channels())).await
    });
}
