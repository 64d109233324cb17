//! Notes, tags, canned replies, templates and read marks.

mod amend;
mod forward;

use super::*;
use crate::access::StandardRole;
use crate::inbox::channel::{
    OutboundContent, TemplateCategory, TemplateComponent, TemplateListing, TemplateMessage, TemplateParameters,
    TemplateStatus,
};
use crate::inbox::conversation::Conversation;
use crate::inbox::send::NewMessage;
use crate::inbox::send::tests::Counter;
use crate::kernel::{Clock, Predicate};

#[tokio::test]
async fn notes_name_who_is_mentioned_and_never_reach_the_participant() {
    let counter = Counter::open("whatsapp").await;
    let ada = counter.office.hire("ada", StandardRole::SalesRep).await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    inbox.note(counter.thread, "@ada please look".parse().unwrap(), vec![ada]).await.unwrap();
    let notes = inbox.notes(counter.thread).await.unwrap();
    assert_eq!((notes.len(), &notes[0].mentions, notes[0].author_id), (1, &vec![ada], Some(counter.owner())));
    let nobody = crate::kernel::Id::new(uuid::Uuid::nil());
    let refused = inbox.note(counter.thread, "@nobody".parse().unwrap(), vec![nobody]).await.unwrap_err();
    assert_eq!(refused.code(), "record.not_found");
    counter.work().await;
    assert!(counter.channel.sent().is_empty());
}

#[tokio::test]
async fn conversations_are_found_by_tag_and_state_and_reading_clears_the_count() {
    let counter = Counter::open("whatsapp").await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    inbox.tag(counter.thread, vec!["VIP".parse().unwrap(), "vip".parse().unwrap()]).await.unwrap();
    let vip = Conversation::TAGS.has(&"vip".parse().unwrap());
    assert_eq!(inbox.latest(&vip, 10).await.unwrap()[0].id, counter.thread);
    assert!(inbox.latest(&Conversation::STATE.is("closed"), 10).await.unwrap().is_empty());
    assert_eq!(inbox.latest(&Predicate::everything(), 10).await.unwrap()[0].unread, 1);
    let read = inbox.read(counter.thread).await.unwrap();
    assert_eq!(read.unread, 0);
    assert!(counter.channel.seen().contains(&"mark_read in-0".to_owned()), "{:?}", counter.channel.seen());
}

#[tokio::test]
async fn a_canned_reply_is_filled_and_an_unknown_token_is_refused_when_it_is_saved() {
    let counter = Counter::open("whatsapp").await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    let hello = "hi".parse().unwrap();
    let text = "Dear {{ participant.name }}, {{agent.name}} of {{organization.name}} here.";
    inbox.set_canned_reply("hi".parse().unwrap(), text.parse().unwrap()).await.unwrap();
    let mut event = counter.event();
    event.kind = crate::inbox::channel::EventKind::Message;
    event.extra.profile_name = Some("Ana".to_owned());
    counter.tell(event).await;
    let words = inbox.canned_reply_for(counter.thread, &hello).await.unwrap();
    assert_eq!(words.as_deref(), Some("Dear Ana, olivia of office here."));
    for (wrong, code) in [("{{secret}}", "canned_reply.unknown_token"), ("{{agent.name", "canned_reply.open_token")] {
        let refused = inbox.set_canned_reply("x".parse().unwrap(), wrong.parse().unwrap()).await.unwrap_err();
        assert_eq!(refused.code(), code);
    }
}

fn listing(name: &str, status: TemplateStatus) -> TemplateListing {
    TemplateListing {
        external_id: name.to_owned(),
        name: name.to_owned(),
        language: "en_US".to_owned(),
        status,
        category: TemplateCategory::Utility,
        header: None,
        body: "Hi {{1}}".to_owned(),
        url_buttons: Vec::new(),
    }
}

#[tokio::test]
async fn after_the_window_an_approved_template_goes_out_and_what_the_platform_takes_back_does_not() {
    let counter = Counter::open("whatsapp").await;
    counter
        .channel
        .set_templates(vec![listing("ready", TemplateStatus::Approved), listing("waiting", TemplateStatus::Pending)]);
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    assert_eq!(inbox.refresh_templates(counter.connection).await.unwrap().len(), 2);
    counter.clock().advance(std::time::Duration::from_hours(30));
    let message = |name: &str, values: Vec<String>| {
        let components = vec![TemplateComponent::Body(TemplateParameters::Positional(values))];
        let (name, language) = (name.to_owned(), "en_US".to_owned());
        NewMessage::of(OutboundContent::Template(TemplateMessage { name, language, components }))
    };
    let send = |new: NewMessage| inbox.send(counter.thread, new);
    assert_eq!(counter.say("free words").await.unwrap_err().code(), "window.template_only");
    assert_eq!(send(message("waiting", vec!["Ana".into()])).await.unwrap_err().code(), "template.not_approved");
    assert_eq!(send(message("absent", Vec::new())).await.unwrap_err().code(), "template.unknown");
    assert_eq!(send(message("ready", Vec::new())).await.unwrap_err().code(), "template.unfilled_blank");
    send(message("ready", vec!["Ana".into()])).await.unwrap();
    counter.work().await;
    assert_eq!(counter.channel.sent().len(), 1);
    // The platform changes its mind, and tells.
    let mut event = counter.event();
    event.kind = crate::inbox::channel::EventKind::Account;
    event.extra.event = Some("PAUSED".to_owned());
    event.extra.template = Some(crate::inbox::channel::TemplateNotice {
        id: None,
        name: Some("ready".to_owned()),
        language: Some("en_US".to_owned()),
        reason: None,
    });
    counter.tell(event).await;
    assert_eq!(send(message("ready", vec!["Ana".into()])).await.unwrap_err().code(), "template.not_approved");
    assert!(counter.clock().now() > crate::kernel::Timestamp::MIN);
}

#[test]
fn a_canned_reply_without_tokens_is_as_it_was() {
    let reply = CannedReply::new("x".parse().unwrap(), "no { tokens } here".parse().unwrap()).unwrap();
    assert_eq!(reply.render(|_| String::new()).unwrap(), "no { tokens } here");
}
