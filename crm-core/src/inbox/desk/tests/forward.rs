//! What is sent on, what is handed to the platform first, and threads with several people.

use super::amend::chatty;
use crate::inbox::channel::{
    EventKind, InGroup, InboundEvent, MediaItem, MediaSource, MediaUpload, MessageKind, OutboundContent, RecipientKind,
};
use crate::inbox::message::Message;
use crate::inbox::participant::Participant;
use crate::inbox::send::NewMessage;
use crate::inbox::send::tests::Counter;
use crate::inbox::{Conversation, ConversationId};
use crate::kernel::Stored;

fn message(counter: &Counter, external_id: &str) -> Stored<Message> {
    let rows = counter.office.store.dump::<Message>(counter.office.organization);
    rows.into_iter().find(|row| row.external_id.as_deref() == Some(external_id)).unwrap()
}

/// The thread with somebody else, who writes now.
async fn another(counter: &Counter, who: &str) -> ConversationId {
    let event = InboundEvent { kind: EventKind::Message, ..counter.event() };
    let event = InboundEvent { participant_id: Some(who.to_owned()), sender_id: Some(who.to_owned()), ..event };
    counter.tell(InboundEvent { text: Some("me too".to_owned()), ..event }).await;
    let threads = counter.office.store.dump::<Conversation>(counter.office.organization);
    threads.into_iter().find(|thread| thread.id != counter.thread).unwrap().id
}

fn picture() -> MediaItem {
    let (id, mime) = (Some("media-7".to_owned()), Some("image/png".to_owned()));
    MediaItem { kind: MessageKind::Image, id, url: None, mime, filename: Some("plan.png".to_owned()) }
}

#[tokio::test]
async fn words_media_and_places_are_sent_on_through_the_gate() {
    let counter = chatty().await;
    let other = another(&counter, "12025550199").await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    let with_picture = InboundEvent { kind: EventKind::Message, media: vec![picture()], ..counter.event() };
    let id = with_picture.external_message_id.clone().unwrap();
    counter.tell(InboundEvent { text: Some("the plan".to_owned()), ..with_picture }).await;
    counter.work().await;
    inbox.forward(message(&counter, "in-0").id, other).await.unwrap();
    let copies = inbox.forward(message(&counter, &id).id, other).await.unwrap();
    assert_eq!(copies[0].details, Some(serde_json::json!({ "forwarded_from": message(&counter, &id).id })));
    counter.work().await;
    let sent = counter.channel.sent();
    assert!(sent.iter().all(|sent| sent.to.id == "12025550199"), "{sent:?}");
    assert_eq!(sent[0].content, OutboundContent::text("hello"));
    let OutboundContent::Media { media, caption } = &sent[1].content else { panic!("{sent:?}") };
    assert_eq!(media.source, MediaSource::Uploaded("media-plan.png".to_owned()));
    assert_eq!((media.kind, caption.as_deref()), (MessageKind::Image, Some("the plan")));
    // What went out once goes out again as it was.
    let again = message(&counter, "out-1");
    inbox.forward(again.id, counter.thread).await.unwrap();
    counter.clock().advance(std::time::Duration::from_hours(24));
    assert_eq!(inbox.forward(again.id, other).await.unwrap_err().code(), "window.closed");
}

#[tokio::test]
async fn what_is_not_kept_or_was_taken_back_is_not_sent_on() {
    let counter = chatty().await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    counter.channel.lose_media();
    let with_picture = InboundEvent { kind: EventKind::Message, media: vec![picture()], ..counter.event() };
    let lost = with_picture.external_message_id.clone().unwrap();
    counter.tell(with_picture).await;
    let empty = InboundEvent { kind: EventKind::Message, ..counter.event() };
    let nothing = empty.external_message_id.clone().unwrap();
    counter.tell(empty).await;
    let target = Some("in-0".to_owned());
    counter.tell(InboundEvent { kind: EventKind::Deleted, target_message_id: target, ..counter.event() }).await;
    counter.work().await;
    for (id, code) in
        [(&*lost, "message.not_forwardable"), (&*nothing, "message.not_forwardable"), ("in-0", "message.taken_back")]
    {
        let refused = inbox.forward(message(&counter, id).id, counter.thread).await.unwrap_err();
        assert_eq!(refused.code(), code, "{id}");
    }
    assert!(counter.channel.sent().is_empty());
}

#[tokio::test]
async fn whoever_does_not_see_a_conversation_sends_nothing_of_it_on() {
    let counter = chatty().await;
    let other = another(&counter, "12025550199").await;
    let ada = counter.office.hire("ada", crate::access::StandardRole::SalesRep).await;
    let boss = counter.boss().await;
    boss.inbox(&counter.channels).assign(other, Some(ada)).await.unwrap();
    let own = counter.office.session_of(ada).await;
    let refused = own.inbox(&counter.channels).forward(message(&counter, "in-0").id, other).await.unwrap_err();
    assert_eq!(refused.code(), "record.not_found");
}

#[tokio::test]
async fn a_medium_is_checked_against_the_table_before_it_is_handed_over() {
    let counter = chatty().await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    let upload = |kind, mime: &str, bytes: usize| {
        let (mime, filename) = (mime.to_owned(), "a.png".to_owned());
        inbox.upload(counter.thread, MediaUpload { kind, mime, filename, bytes: vec![7; bytes] })
    };
    for (kind, mime, bytes, code) in [
        (MessageKind::Video, "video/mp4", 10, "message.not_supported"),
        (MessageKind::Image, "image/png", 1_001, "message.medium_too_large"),
        (MessageKind::Image, "image/svg+xml", 10, "message.medium_of_wrong_type"),
        (MessageKind::Image, "image/png", 0, "message.empty"),
    ] {
        assert_eq!(upload(kind, mime, bytes).await.unwrap_err().code(), code, "{mime}");
    }
    let media = upload(MessageKind::Image, "image/png", 1_000).await.unwrap();
    let content = OutboundContent::Media { media, caption: Some("look".to_owned()) };
    inbox.send(counter.thread, NewMessage::of(content)).await.unwrap();
    counter.work().await;
    let sent = counter.channel.sent();
    assert!(matches!(&sent[0].content, OutboundContent::Media { caption: Some(words), .. } if words == "look"));
}

/// Somebody of the group writes.
async fn in_group(counter: &Counter, who: &str, text: &str) {
    let group =
        InGroup { id: "group-1".to_owned(), name: Some("Builders".to_owned()), sender_id: Some(who.to_owned()) };
    let mut event = InboundEvent { kind: EventKind::Message, text: Some(text.to_owned()), ..counter.event() };
    event.participant_id = Some("group-1".to_owned());
    event.sender_id = Some(who.to_owned());
    event.extra.profile_name = Some("Ana Example".to_owned());
    event.extra.user_id = Some(format!("US.{who}"));
    event.extra.group = Some(group);
    counter.tell(event).await;
}

#[tokio::test]
async fn a_group_is_one_thread_whoever_of_it_writes_and_nobody_in_particular() {
    let counter = chatty().await;
    let settings = crate::inbox::connection::ConnectionSettings {
        leads: crate::inbox::connection::LeadPolicy::Create,
        ..Default::default()
    };
    counter.configure(settings).await;
    in_group(&counter, "12025550101", "hi all").await;
    in_group(&counter, "12025550102", "hello").await;
    counter.work().await;
    let threads = counter.office.store.dump::<Conversation>(counter.office.organization);
    let group = threads.iter().find(|thread| thread.id != counter.thread).unwrap();
    assert_eq!((threads.len(), group.unread), (2, 2));
    let people = counter.office.store.dump::<Participant>(counter.office.organization);
    let group_of = people.iter().find(|one| one.id == group.participant_id).unwrap();
    assert_eq!((group_of.name.as_deref(), group_of.address_kind), (Some("Builders"), RecipientKind::Group));
    assert_eq!((people.len(), group_of.lead_id), (2, None), "whoever writes there is no participant of their own");
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    let messages = inbox.messages(group.id, None, 10).await.unwrap();
    let senders: Vec<_> =
        messages.iter().map(|message| message.details.as_ref().unwrap()["group"]["sender_id"].clone()).collect();
    assert_eq!(senders, ["12025550101", "12025550102"]);
    assert_eq!(inbox.make_lead(group.id).await.unwrap_err().code(), "participant.not_a_person");
    inbox.send(group.id, NewMessage::text("Good morning, everybody")).await.unwrap();
    counter.work().await;
    let sent = counter.channel.sent().remove(0);
    assert_eq!((sent.to.id.as_str(), sent.to.kind), ("group-1", RecipientKind::Group));
}

#[tokio::test]
async fn where_a_platform_has_no_groups_they_are_read_and_not_answered() {
    let counter = Counter::open("messenger").await;
    in_group(&counter, "7", "hi all").await;
    let threads = counter.office.store.dump::<Conversation>(counter.office.organization);
    let group = threads.iter().find(|thread| thread.id != counter.thread).unwrap().id;
    let boss = counter.boss().await;
    let refused = boss.inbox(&counter.channels).send(group, NewMessage::text("hi")).await.unwrap_err();
    assert_eq!(refused.code(), "message.not_supported");
}
