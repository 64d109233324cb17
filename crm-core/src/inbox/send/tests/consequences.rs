//! What refusals mean beyond their message, whether they come as an answer or as a later status; and other names of one
//! person.

use super::*;
use crate::inbox::channel::{Accepted, DeliveryStatus, RecipientKind};
use crate::inbox::participant::{Alias, Participant};
use crate::kernel::Timestamp;

fn people(counter: &Counter) -> Vec<Participant> {
    let rows = counter.office.store.dump::<Participant>(counter.office.organization);
    rows.into_iter().map(|row| row.value).collect()
}

/// The platform gives up the message with this identifier, for a reason of this number.
fn given_up(counter: &Counter, external_id: &str, error_code: i64, at: Timestamp) -> InboundEvent {
    InboundEvent {
        kind: EventKind::Status,
        external_message_id: Some(external_id.to_owned()),
        status: Some(DeliveryStatus::Failed),
        error_code: Some(error_code),
        timestamp: Some(at),
        ..counter.event()
    }
}

#[tokio::test]
async fn a_refusal_that_comes_as_a_status_has_the_same_consequence() {
    use FailureClass::{Permanent, Reauth, RecipientUnavailable, WindowClosed};
    use FailureScope::{Connection as Whole, Message as One};
    for (class, scope) in
        [(Permanent, One), (Permanent, Whole), (Reauth, Whole), (RecipientUnavailable, One), (WindowClosed, One)]
    {
        let counter = Counter::open("whatsapp").await;
        counter.channel.judge_as(131_000, class, scope);
        let id = counter.say("x").await.unwrap();
        counter.work().await;
        assert_eq!(counter.status(id), MessageStatus::Sent);
        counter.clock().advance(Duration::from_secs(5));
        let status = given_up(&counter, "out-1", 131_000, counter.clock().now());
        for _ in 0..2 {
            counter.tell(status.clone()).await;
        }
        assert_eq!(counter.status(id), MessageStatus::Failed, "{class:?}");
        let connection = counter.connection();
        assert_eq!(connection.status == ConnectionStatus::Expired, class == Reauth, "{class:?}");
        assert_eq!(connection.paused_until.is_some(), class == Permanent && scope == Whole, "{class:?} {scope:?}");
        assert_eq!(people(&counter)[0].unreachable.is_some(), class == RecipientUnavailable, "{class:?}");
        let next = counter.say("y").await.err().map(|error| error.code());
        let expected = match class {
            Reauth => Some("connection.not_active"),
            WindowClosed => Some("window.closed"),
            _ => None,
        };
        assert_eq!(next, expected, "{class:?}");
    }
}

#[tokio::test]
async fn whoever_writes_again_can_be_reached_again() {
    let counter = Counter::open("whatsapp").await;
    counter.channel.judge_as(131_026, FailureClass::RecipientUnavailable, FailureScope::Message);
    counter.say("x").await.unwrap();
    counter.work().await;
    let before = counter.clock().now();
    counter.clock().advance(Duration::from_mins(5));
    counter.tell(given_up(&counter, "out-1", 131_026, before)).await;
    assert!(people(&counter)[0].unreachable.is_some());
    counter.hear("here I am").await;
    assert_eq!(people(&counter)[0].unreachable, None);
    // A status of an older failure, told late, changes nothing.
    counter.say("y").await.unwrap();
    counter.work().await;
    counter.tell(given_up(&counter, "out-2", 131_026, before)).await;
    assert_eq!(people(&counter)[0].unreachable, None);
}

#[tokio::test]
async fn the_dialled_number_and_the_platforms_own_form_of_it_are_one_person() {
    let counter = Counter::open("whatsapp").await;
    // We know her by the number that she dials; the platform answers with its own form.
    let accepted =
        Accepted { external_message_id: "out-x".to_owned(), at: None, participant_id: Some("551187654321".to_owned()) };
    counter.channel.next_outcome(SendOutcome::Accepted(accepted));
    let id = counter.say("hello").await.unwrap();
    // She wrote from the other form before the answer came: for a moment there are two of her.
    let other = Some("551187654321".to_owned());
    let early = InboundEvent { participant_id: other.clone(), sender_id: other.clone(), ..counter.event() };
    counter.tell(InboundEvent { kind: EventKind::Message, ..early }).await;
    assert_eq!(people(&counter).len(), 2);
    counter.work().await;
    assert_eq!(counter.status(id), MessageStatus::Sent);
    let late = InboundEvent { participant_id: other.clone(), sender_id: other, ..counter.event() };
    counter.tell(InboundEvent { kind: EventKind::Message, ..late }).await;
    let threads = counter.office.store.dump::<crate::inbox::Conversation>(counter.office.organization);
    assert_eq!((people(&counter).len(), threads.len(), threads[0].unread), (1, 1, 2));
    let aliases = counter.office.store.dump::<Alias>(counter.office.organization);
    assert!(aliases.iter().all(|alias| alias.kind == RecipientKind::Telephone) && aliases.len() == 2, "{aliases:?}");
    let messages = counter.office.store.dump::<Message>(counter.office.organization);
    assert!(messages.iter().all(|message| message.conversation_id == threads[0].id));
}
