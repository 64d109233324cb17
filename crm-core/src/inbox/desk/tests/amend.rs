//! Reactions, other words and taking back: by the platform's table, and never a message of their own.

use crate::inbox::MessageId;
use crate::inbox::channel::{
    Capabilities, FailureClass, FailureScope, Feature, MediaRule, MessageKind, OutboundContent, WHATSAPP,
};
use crate::inbox::message::Message;
use crate::inbox::send::NewMessage;
use crate::inbox::send::tests::Counter;

/// A platform that can do more than those that we know.
pub(super) const CHATTY: Capabilities = Capabilities {
    longest_text: 100,
    media: &[MediaRule { kind: MessageKind::Image, most_bytes: 1_000, types: &["image/png"] }],
    features: &[Feature::Reactions, Feature::Edits, Feature::Deletions, Feature::Groups, Feature::Captions],
    ..WHATSAPP
};

pub(super) async fn chatty() -> Counter {
    Counter::at("chatty".parse().unwrap(), CHATTY).await
}

fn theirs(counter: &Counter) -> MessageId {
    let rows = counter.office.store.dump::<Message>(counter.office.organization);
    rows.iter().find(|row| row.external_id.as_deref() == Some("in-0")).unwrap().id
}

fn rows(counter: &Counter) -> usize {
    counter.office.store.dump::<Message>(counter.office.organization).len()
}

#[tokio::test]
async fn a_reaction_goes_out_at_once_and_stands_at_its_message() {
    let counter = chatty().await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    let reacted = inbox.react(theirs(&counter), Some("👍")).await.unwrap();
    assert_eq!((reacted.reactions.len(), reacted.reactions[0].by.as_str()), (1, "4711"));
    let sent = counter.channel.sent();
    let expected = OutboundContent::Reaction { target: "in-0".to_owned(), emoji: Some("👍".to_owned()) };
    assert_eq!((sent.len(), &sent[0].content), (1, &expected));
    counter.clock().advance(std::time::Duration::from_secs(1));
    let taken = inbox.react(theirs(&counter), None).await.unwrap();
    assert_eq!(taken.reactions[0].emoji, None);
    assert_eq!(rows(&counter), 1, "a reaction is no message");
    let as_message = NewMessage::of(expected);
    assert_eq!(inbox.send(counter.thread, as_message).await.unwrap_err().code(), "message.is_reaction");
    counter.channel.next_refusal(FailureClass::Permanent, FailureScope::Message);
    assert_eq!(inbox.react(theirs(&counter), Some("👎")).await.unwrap_err().code(), "channel.refused");
    counter.clock().advance(std::time::Duration::from_hours(24));
    assert_eq!(inbox.react(theirs(&counter), Some("👎")).await.unwrap_err().code(), "window.closed");
    assert_eq!(counter.channel.sent().len(), 3);
}

#[tokio::test]
async fn ours_gets_other_words_and_is_taken_back_where_the_platform_can() {
    let counter = chatty().await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    let id = counter.say("we opne at nine").await.unwrap();
    assert_eq!(inbox.edit(id, "we open at nine").await.unwrap_err().code(), "message.not_sent");
    counter.work().await;
    counter.clock().advance(std::time::Duration::from_secs(1));
    let edited = inbox.edit(id, "we open at nine").await.unwrap();
    assert_eq!((edited.text.as_deref(), edited.edited_at.is_some()), (Some("we open at nine"), true));
    assert_eq!(edited.content, Some(OutboundContent::text("we open at nine")), "what is sent on has the new words too");
    assert_eq!(inbox.get(counter.thread).await.unwrap().preview.as_deref(), Some("we open at nine"));
    for (words, code) in [(" ", "message.empty"), (&*"x".repeat(101), "message.too_long")] {
        assert_eq!(inbox.edit(id, words).await.unwrap_err().code(), code);
    }
    let gone = inbox.take_back(id).await.unwrap();
    assert_eq!((gone.text.as_deref(), gone.content.is_some(), gone.deleted_at.is_some()), (None, false, true));
    assert_eq!(inbox.get(counter.thread).await.unwrap().preview, None);
    let asked: Vec<_> = counter.channel.seen().into_iter().filter(|seen| seen.contains("out-1")).collect();
    assert_eq!(asked, ["edit out-1 we open at nine", "take_back out-1"]);
    assert_eq!(inbox.edit(id, "again").await.unwrap_err().code(), "message.taken_back");
    for refused in [inbox.edit(theirs(&counter), "x").await, inbox.take_back(theirs(&counter)).await] {
        assert_eq!(refused.unwrap_err().code(), "message.not_ours");
    }
}

#[tokio::test]
async fn a_platform_that_cannot_is_not_asked() {
    let counter = Counter::open("messenger").await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    let id = counter.say("hello").await.unwrap();
    counter.work().await;
    for refused in [inbox.edit(id, "x").await, inbox.take_back(id).await, inbox.react(id, Some("x")).await] {
        assert_eq!(refused.unwrap_err().code(), "message.not_supported");
    }
    assert_eq!(counter.channel.sent().len(), 1);
}
