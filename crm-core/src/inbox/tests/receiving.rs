//! What is kept, what is parked, and what a bad event does to its neighbours.

use std::time::Duration;

use crate::inbox::channel::{DeliveryStatus, EventKind, Inbound, InboundEvent};
use crate::inbox::receive::{Delivery, PARKED_FOR, ParkedEvent};
use crate::inbox::send::tests::Counter;
use crate::inbox::{Conversation, Message};
use crate::kernel::Clock;

fn status(counter: &Counter, of: &str) -> InboundEvent {
    let external_message_id = Some(of.to_owned());
    InboundEvent { kind: EventKind::Status, external_message_id, status: Some(DeliveryStatus::Read), ..counter.event() }
}

fn parked(counter: &Counter) -> usize {
    counter.office.store.dump::<ParkedEvent>(counter.office.organization).len()
}

#[tokio::test]
async fn what_speaks_of_an_unknown_message_waits_72_hours_and_makes_no_record() {
    let counter = Counter::open("whatsapp").await;
    for _ in 0..3 {
        counter.tell(status(&counter, "nobody-knows")).await;
    }
    assert_eq!(parked(&counter), 1, "the same one waits once");
    counter.work().await;
    counter.clock().advance(PARKED_FOR.saturating_sub(Duration::from_secs(1)));
    counter.work().await;
    assert_eq!(parked(&counter), 1);
    counter.clock().advance(Duration::from_hours(1));
    counter.work().await;
    assert_eq!(parked(&counter), 0);
    assert_eq!(counter.office.store.dump::<Message>(counter.office.organization).len(), 1);
    assert_eq!(counter.office.store.dump::<Conversation>(counter.office.organization).len(), 1);
}

#[tokio::test]
async fn a_bad_event_is_noted_and_hinders_no_other_and_the_delivery_ends() {
    let counter = Counter::open("whatsapp").await;
    let good = |text: &str| InboundEvent { kind: EventKind::Message, text: Some(text.to_owned()), ..counter.event() };
    let nameless = InboundEvent { participant_id: None, ..good("from nobody") };
    // Longer than any store keeps as a name.
    let mut strange = good("strange");
    strange.extra.profile_name = Some("x".repeat(5_000));
    let nul = good("with \0 in it");
    let events = [good("first"), nameless, strange, nul, good("last")];
    let events = events.into_iter().map(|event| Inbound { event, raw: serde_json::json!({ "a\0": "\0" }) }).collect();
    let ports = counter.office.crm.ports();
    crate::inbox::receive(ports, &counter.platform, "digest-2", events).await.unwrap();
    counter.work().await;
    let messages = counter.office.store.dump::<Message>(counter.office.organization);
    let texts: Vec<_> = messages.iter().filter_map(|message| message.text.as_deref()).collect();
    assert_eq!(texts, ["hello", "first", "strange", "with  in it", "last"]);
    let delivery = counter.office.store.dump::<Delivery>(counter.office.organization).remove(0);
    assert!(delivery.applied_at.is_some());
    assert!(!serde_json::to_string(&delivery.value).unwrap().contains("u0000"));
}

#[tokio::test]
async fn what_comes_in_is_kept_without_the_service_and_read_with_it_only() {
    use crate::access::Permission as P;
    use crate::paywall::{ServiceModule, module_of};
    assert_eq!(module_of(P::InboxReceive), ServiceModule::BasicCrm);
    for sold in [P::InboxRead, P::InboxReply, P::InboxSendBulk, P::InboxConfigure] {
        assert_eq!(module_of(sold), ServiceModule::SocialInbox);
    }
}

#[tokio::test]
async fn a_disconnected_account_hears_nothing_and_an_expired_one_does() {
    let counter = Counter::open("whatsapp").await;
    let boss = counter.boss().await;
    counter
        .channel
        .next_refusal(crate::inbox::channel::FailureClass::Reauth, crate::inbox::channel::FailureScope::Connection);
    counter.say("x").await.unwrap();
    counter.work().await;
    counter.hear("while expired").await;
    let count = || counter.office.store.dump::<Message>(counter.office.organization).len();
    assert_eq!(count(), 3);
    boss.inbox(&counter.channels).connections().disconnect(counter.connection).await.unwrap();
    counter.hear("while disconnected").await;
    assert_eq!(count(), 3);
    assert!(counter.clock().now() > crate::kernel::Timestamp::MIN);
}
