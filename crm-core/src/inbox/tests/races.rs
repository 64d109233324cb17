//! Many at once, on a store that lets others go first.

use crate::inbox::channel::{Channels, EventKind, InboundEvent, MessageKind, WHATSAPP};
use crate::inbox::participant::Participant;
use crate::inbox::receive::apply;
use crate::inbox::send::tests::Counter;
use crate::inbox::{Conversation, Message};
use crate::kernel::Clock;
use crate::store::MemoryStore;
use crate::testing::ObservedStore;
use crate::testing::office::Office;
use crate::testing::social::{PlaceVault, ScriptedChannel};

#[tokio::test]
async fn thirty_two_first_messages_at_once_make_one_participant_and_one_conversation() {
    let office = Office::behind(|store: &MemoryStore| ObservedStore::new(store.clone())).await;
    let platform = crate::inbox::Platform::WHATSAPP;
    let channel = ScriptedChannel::new(vec![(platform.clone(), WHATSAPP)]);
    let channels = Channels::default().with(channel).with_vault(PlaceVault);
    let boss = office.boss().await;
    let connected = super::account("4711");
    boss.inbox(&channels).connections().connect(&connected).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..32 {
        let program = crate::access::Caller::system(office.organization, "inbox");
        let (session, channels, platform) = (office.crm.session(program), channels.clone(), platform.clone());
        let now = office.clock.now();
        let event = InboundEvent {
            kind: EventKind::Message,
            external_message_id: Some(format!("w{}", number % 16)),
            participant_id: Some("12025550123".to_owned()),
            connection_id: Some("4711".to_owned()),
            message_type: Some(MessageKind::Text),
            text: Some("hi".to_owned()),
            timestamp: Some(now),
            ..InboundEvent::default()
        };
        tasks.spawn(async move { apply(&channels, &session, &platform, &event, now).await.unwrap() });
    }
    tasks.join_all().await;
    let threads = office.store.dump::<Conversation>(office.organization);
    assert_eq!((threads.len(), threads[0].unread), (1, 16), "16 messages, each told twice");
    assert_eq!(office.store.dump::<Message>(office.organization).len(), 16);
    assert_eq!(office.store.dump::<Participant>(office.organization).len(), 1);
}

#[tokio::test]
async fn an_event_reaches_only_the_organization_that_has_the_account() {
    let counter = Counter::open("whatsapp").await;
    let neighbour = counter.office.neighbour("next-door").await;
    let theirs = neighbour.boss().await;
    theirs.inbox(&counter.channels).connections().connect(&super::account("4712")).await.unwrap();
    let ours = counter.boss().await;
    let inbound = |account: &str, id: &str| {
        let event = InboundEvent {
            kind: EventKind::Message,
            external_message_id: Some(id.to_owned()),
            participant_id: Some("12025550199".to_owned()),
            connection_id: Some(account.to_owned()),
            text: Some(format!("for {account}")),
            ..InboundEvent::default()
        };
        crate::inbox::channel::Inbound { event, raw: serde_json::json!({ "id": id }) }
    };
    // One delivery for both, and for an account that nobody has.
    let delivery = vec![inbound("4711", "a"), inbound("4712", "b"), inbound("4713", "c"), inbound("4712", "d")];
    let ports = counter.office.crm.ports();
    let kept = crate::inbox::receive(ports, &counter.platform, "digest-1", delivery.clone()).await.unwrap();
    assert_eq!((kept.kept, kept.unrouted, kept.repeated), (3, 1, 0));
    let again = crate::inbox::receive(ports, &counter.platform, "digest-1", delivery).await.unwrap();
    assert_eq!((again.kept, again.repeated), (0, 3), "a delivery that comes again is known");
    counter.work().await;
    let texts = |office: &Office| {
        let messages = office.store.dump::<Message>(office.organization);
        messages.into_iter().filter_map(|message| message.value.text).collect::<Vec<_>>()
    };
    assert_eq!(texts(&counter.office), ["hello", "for 4711"]);
    assert_eq!(texts(&neighbour), ["for 4712", "for 4712"]);
    let seen = theirs.inbox(&counter.channels).get(counter.thread).await.unwrap_err();
    assert_eq!(seen.code(), "record.not_found");
    assert_eq!(
        ours.inbox(&counter.channels).latest(&crate::kernel::Predicate::everything(), 9).await.unwrap().len(),
        2
    );
}
