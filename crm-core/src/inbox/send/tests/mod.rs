//! What sending promises: one gate, no message twice, the right consequence for each refusal.

mod consequences;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::access::MemberId;
use crate::inbox::channel::{
    Account, Capabilities, Channels, ConnectedAccount, EventKind, FailureClass, FailureScope, InboundEvent,
    MessageKind, OutboundContent, Platform, SendAs, SendOutcome,
};
use crate::inbox::channel::{MESSENGER, WHATSAPP};
use crate::inbox::connection::{Connection, ConnectionId, ConnectionSettings, ConnectionStatus};
use crate::inbox::conversation::ConversationId;
use crate::inbox::message::{Message, MessageId, MessageStatus};
use crate::inbox::receive::apply;
use crate::inbox::tests::TIKTOK;
use crate::kernel::{Clock, Secret};
use crate::store::Session;
use crate::testing::ManualClock;
use crate::testing::office::Office;
use crate::testing::social::{MemoryShelf, PlaceVault, ScriptedChannel};

/// An organization with one conversation on a platform.
pub(crate) struct Counter {
    pub(crate) office: Office,
    pub(crate) channel: ScriptedChannel,
    pub(crate) channels: Channels,
    pub(crate) connection: ConnectionId,
    pub(crate) thread: ConversationId,
    pub(crate) platform: Platform,
    told: std::sync::atomic::AtomicU32,
}

impl Counter {
    pub(crate) async fn open(platform: &str) -> Self {
        let platform: Platform = platform.parse().unwrap();
        let table = match platform.as_str() {
            "messenger" => MESSENGER,
            "whatsapp" => WHATSAPP,
            _ => TIKTOK,
        };
        Self::at(platform, table).await
    }

    /// The same on a platform that allows what this table says.
    pub(crate) async fn at(platform: Platform, table: Capabilities) -> Self {
        let channel = ScriptedChannel::new(vec![(platform.clone(), table)]);
        let shelf = MemoryShelf::default();
        let channels = Channels::default().with(channel.clone()).with_vault(PlaceVault).with_shelf(shelf.clone());
        let mut office = Office::open().await;
        office.crm = office.crm.clone().with_channels(channels.clone());
        let account = Account {
            platform: platform.clone(),
            external_id: "4711".to_owned(),
            parent_id: None,
            login: None,
            token: Secret::new("token"),
        };
        let name = "Front desk".to_owned();
        let connected = ConnectedAccount { account, name, handle: None, scopes: Vec::new(), token_expires_at: None };
        let boss = office.boss().await;
        let connection = boss.inbox(&channels).connections().connect(&connected).await.unwrap().id;
        let told = std::sync::atomic::AtomicU32::new(0);
        let thread = crate::kernel::Id::new(uuid::Uuid::nil());
        let mut counter = Self { office, channel, channels, connection, thread, platform, told };
        counter.hear("hello").await;
        let threads = counter.office.store.dump::<crate::inbox::Conversation>(counter.office.organization);
        counter.thread = threads[0].id;
        counter
    }

    /// The participant writes now.
    pub(crate) async fn hear(&self, text: &str) {
        self.tell(InboundEvent { kind: EventKind::Message, text: Some(text.to_owned()), ..self.event() }).await;
    }

    /// An event of the participant, now, with an identifier of its own.
    pub(crate) fn event(&self) -> InboundEvent {
        let number = self.told.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        InboundEvent {
            external_message_id: Some(format!("in-{number}")),
            participant_id: Some("12025550123".to_owned()),
            sender_id: Some("12025550123".to_owned()),
            connection_id: Some("4711".to_owned()),
            message_type: Some(MessageKind::Text),
            timestamp: Some(self.office.clock.now()),
            ..InboundEvent::default()
        }
    }

    pub(crate) async fn tell(&self, event: InboundEvent) {
        let program = crate::access::Caller::system(self.office.organization, "inbox");
        let session = self.office.crm.session(program);
        apply(&self.channels, &session, &self.platform, &event, self.office.clock.now()).await.unwrap();
    }

    pub(crate) async fn boss(&self) -> Session {
        self.office.boss().await
    }

    pub(crate) async fn say(&self, text: &str) -> crate::kernel::Result<MessageId> {
        let sent = self.boss().await.inbox(&self.channels).send(self.thread, NewMessage::text(text)).await;
        sent.map(|message| message.id)
    }

    pub(crate) async fn work(&self) {
        while self.office.crm.run_due("test", 50).await.unwrap().done > 0 {}
    }

    pub(crate) fn message(&self, id: MessageId) -> Message {
        let rows = self.office.store.dump::<Message>(self.office.organization);
        rows.into_iter().find(|row| row.id == id).unwrap().value
    }

    pub(crate) fn status(&self, id: MessageId) -> MessageStatus {
        self.message(id).status.unwrap()
    }

    pub(crate) fn connection(&self) -> Connection {
        self.office.store.dump::<Connection>(self.office.organization).remove(0).value
    }

    pub(crate) async fn configure(&self, settings: ConnectionSettings) {
        let boss = self.boss().await;
        let connections = boss.inbox(&self.channels).connections();
        let row = connections.get(self.connection).await.unwrap();
        connections.configure(row.id, row.version, settings).await.unwrap();
    }

    pub(crate) fn clock(&self) -> &Arc<ManualClock> {
        &self.office.clock
    }

    pub(crate) fn owner(&self) -> MemberId {
        self.office.owner
    }
}

#[tokio::test]
async fn what_is_said_is_sent_once_and_carries_our_reference() {
    let counter = Counter::open("whatsapp").await;
    let id = counter.say("good morning").await.unwrap();
    assert_eq!(counter.status(id), MessageStatus::Queued);
    counter.work().await;
    let sent = counter.channel.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].client_id, Message::client_id(id));
    assert_eq!((sent[0].to.id.as_str(), &sent[0].send_as), ("12025550123", &SendAs::Response));
    let message = counter.message(id);
    assert_eq!((message.status, message.external_id.as_deref()), (Some(MessageStatus::Sent), Some("out-1")));
    assert_eq!(message.author_id, Some(counter.owner()));
}

#[tokio::test]
async fn a_closed_window_refuses_before_anything_is_written() {
    let counter = Counter::open("whatsapp").await;
    counter.clock().advance(Duration::from_hours(24));
    let refused = counter.say("too late").await.unwrap_err();
    assert_eq!(refused.code(), "window.closed");
    assert!(refused.explanation().is_some());
    counter.work().await;
    assert!(counter.channel.sent().is_empty());
    counter.hear("still there?").await;
    assert!(counter.say("now").await.is_ok());
}

#[tokio::test]
async fn a_new_channel_with_another_window_needs_no_change_here() {
    let counter = Counter::open("tiktok").await;
    counter.clock().advance(Duration::from_hours(48).saturating_sub(Duration::from_secs(1)));
    assert!(counter.say("just in time").await.is_ok());
    counter.clock().advance(Duration::from_secs(1));
    assert_eq!(counter.say("too late").await.unwrap_err().code(), "window.closed");
    let boss = counter.boss().await;
    let place = OutboundContent::Location { latitude: 1.0, longitude: 2.0, name: None, address: None };
    counter.hear("hi").await;
    let refused = boss.inbox(&counter.channels).send(counter.thread, NewMessage::of(place)).await.unwrap_err();
    assert_eq!(refused.code(), "message.not_supported");
    counter.work().await;
    assert_eq!(counter.channel.sent().len(), 1);
}

#[tokio::test]
async fn a_person_answers_late_under_the_tag_and_a_program_does_not() {
    let counter = Counter::open("messenger").await;
    counter.configure(ConnectionSettings { late_tag_approved: true, ..ConnectionSettings::default() }).await;
    counter.clock().advance(Duration::from_hours(25));
    counter.say("sorry for the delay").await.unwrap();
    counter.work().await;
    assert_eq!(counter.channel.sent()[0].send_as, SendAs::Tagged("HUMAN_AGENT".to_owned()));
    let program = crate::access::Caller::system(counter.office.organization, "bot");
    let session = counter.office.crm.session(program);
    let refused = session.inbox(&counter.channels).send(counter.thread, NewMessage::text("beep")).await.unwrap_err();
    assert_eq!(refused.code(), "window.closed");
}

#[tokio::test]
async fn what_waited_past_the_window_is_not_handed_over() {
    let counter = Counter::open("whatsapp").await;
    let id = counter.say("queued in time").await.unwrap();
    counter.clock().advance(Duration::from_hours(24));
    counter.work().await;
    assert!(counter.channel.sent().is_empty());
    assert_eq!(counter.status(id), MessageStatus::Failed);
}

#[tokio::test]
async fn an_unknown_outcome_is_never_sent_again_by_itself() {
    let counter = Counter::open("whatsapp").await;
    counter.channel.next_outcome(SendOutcome::Unknown { reason: "time-out".to_owned() });
    let id = counter.say("did it arrive?").await.unwrap();
    counter.work().await;
    counter.clock().advance(Duration::from_hours(2));
    counter.work().await;
    assert_eq!((counter.channel.sent().len(), counter.status(id)), (1, MessageStatus::Unknown));
    // A person says so: then, and only then, there is a second one.
    let boss = counter.boss().await;
    let second = boss.inbox(&counter.channels).send_again(id).await.unwrap();
    counter.work().await;
    assert_eq!((counter.channel.sent().len(), counter.status(second.id)), (2, MessageStatus::Sent));
    assert_eq!(boss.inbox(&counter.channels).send_again(second.id).await.unwrap_err().code(), "message.not_lost");
}

#[tokio::test]
async fn a_worker_that_died_while_sending_leaves_an_unknown_message() {
    let counter = Counter::open("whatsapp").await;
    let id = counter.say("half way").await.unwrap();
    // The worker stored that it begins, and was never heard of again.
    let program = crate::access::Caller::system(counter.office.organization, "test");
    let session = counter.office.crm.session(program);
    let mut uow = session.begin(crate::access::Permission::AgendaRun).await.unwrap();
    let mut row = uow.lock_of_anyone(id).await.unwrap().unwrap();
    row.value.status = Some(MessageStatus::Sending);
    uow.save_part(row).await.unwrap();
    uow.commit().await.unwrap();
    counter.work().await;
    assert_eq!((counter.channel.sent().len(), counter.status(id)), (0, MessageStatus::Unknown));
    let echo = InboundEvent { kind: EventKind::Echo, external_message_id: Some("o1".to_owned()), ..counter.event() };
    let extra = crate::inbox::channel::Extra { metadata: Some(Message::client_id(id)), ..Default::default() };
    counter.tell(InboundEvent { extra, ..echo }).await;
    assert_eq!(counter.status(id), MessageStatus::Sent, "the echo settles it");
}

#[tokio::test]
async fn each_refusal_has_its_own_consequence() {
    use FailureClass::{Permanent, Reauth, RecipientUnavailable, WindowClosed};
    use FailureScope::{Connection as Whole, Message as One};
    for (class, scope) in
        [(Permanent, One), (Permanent, Whole), (Reauth, Whole), (RecipientUnavailable, One), (WindowClosed, One)]
    {
        let counter = Counter::open("whatsapp").await;
        counter.channel.next_refusal(class, scope);
        let id = counter.say("x").await.unwrap();
        counter.work().await;
        assert_eq!(counter.status(id), MessageStatus::Failed, "{class:?}");
        let connection = counter.connection();
        assert_eq!(connection.status == ConnectionStatus::Expired, class == Reauth, "{class:?}");
        assert_eq!(connection.paused_until.is_some(), class == Permanent && scope == Whole, "{class:?} {scope:?}");
        let next = counter.say("y").await;
        match class {
            Reauth => assert_eq!(next.unwrap_err().code(), "connection.not_active"),
            WindowClosed => assert_eq!(next.unwrap_err().code(), "window.closed"),
            _ => assert!(next.is_ok(), "{class:?}"),
        }
        counter.clock().advance(Duration::from_hours(1));
        counter.work().await;
        let expected = if class == Permanent && scope == One || class == RecipientUnavailable { 2 } else { 1 };
        assert_eq!(counter.channel.sent().len(), expected, "{class:?} {scope:?}");
    }
}

#[tokio::test]
async fn a_passing_trouble_is_tried_again_later_and_not_for_ever() {
    let counter = Counter::open("whatsapp").await;
    counter.channel.next_refusal(FailureClass::RetryBackoff, FailureScope::Message);
    let id = counter.say("x").await.unwrap();
    counter.work().await;
    assert_eq!((counter.channel.sent().len(), counter.status(id)), (1, MessageStatus::Queued));
    counter.work().await;
    assert_eq!(counter.channel.sent().len(), 1, "not at once");
    counter.clock().advance(Duration::from_secs(11));
    counter.work().await;
    assert_eq!((counter.channel.sent().len(), counter.status(id)), (2, MessageStatus::Sent));
    let second = counter.say("y").await.unwrap();
    for _ in 0..10 {
        counter.channel.next_refusal(FailureClass::RetryBackoff, FailureScope::Message);
        counter.work().await;
        counter.clock().advance(Duration::from_mins(20));
    }
    assert_eq!(counter.status(second), MessageStatus::Failed);
    assert_eq!(counter.message(second).attempts, 6);
}

#[tokio::test]
async fn a_connection_sends_no_faster_than_it_may() {
    let counter = Counter::open("whatsapp").await;
    counter.configure(ConnectionSettings { messages_per_minute: 3, ..ConnectionSettings::default() }).await;
    for _ in 0..7 {
        counter.say("x").await.unwrap();
    }
    let mut by_minute = Vec::new();
    for _ in 0..3 {
        counter.work().await;
        by_minute.push(counter.channel.sent().len());
        counter.clock().advance(Duration::from_mins(1));
    }
    assert_eq!(by_minute, [3, 6, 7]);
}

#[tokio::test]
async fn text_that_a_platform_does_not_take_is_refused_with_its_limit() {
    let counter = Counter::open("whatsapp").await;
    let refused = counter.say(&"x".repeat(4_097)).await.unwrap_err();
    assert_eq!(refused.code(), "message.too_long");
    assert!(refused.to_string().contains("4096"), "{refused}");
    assert_eq!(counter.say("  ").await.unwrap_err().code(), "message.empty");
}
