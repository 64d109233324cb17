//! What a message makes of what it is told, in whatever order.

use proptest::prelude::*;

use super::*;
use crate::inbox::channel::{DeliveryStatus, Direction, MessageKind};
use crate::kernel::{Id, Timestamp};

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_788_955_200_000_000 + second * 1_000_000).unwrap()
}

fn ours() -> Message {
    Message {
        conversation_id: Id::new(uuid::Uuid::nil()),
        connection_id: Id::new(uuid::Uuid::nil()),
        external_id: Some("o1".to_owned()),
        direction: Direction::Outbound,
        origin: Origin::Crm,
        kind: MessageKind::Text,
        at: at(0),
        text: Some("v0".to_owned()),
        payload: None,
        media: Vec::new(),
        reply_to: None,
        details: None,
        historical: false,
        author_id: None,
        automatic: false,
        content: None,
        send_as: None,
        status: Some(MessageStatus::Sent),
        attempts: 1,
        sent_at: None,
        delivered_at: None,
        read_at: None,
        failed_at: None,
        error_code: None,
        error: None,
        edited_at: None,
        deleted_at: None,
        reactions: Vec::new(),
    }
}

#[derive(Clone, Debug)]
enum Told {
    Status(DeliveryStatus, i64, i64),
    Edited(&'static str, i64),
    Deleted(i64),
    Reacted(&'static str, Option<&'static str>, i64),
}

impl Told {
    fn tell(&self, message: &mut Message) {
        let _ = match self {
            Self::Status(status, second, code) => {
                let code = (*status == DeliveryStatus::Failed).then_some(*code);
                message.progress(*status, Some(at(*second)), code)
            }
            Self::Edited(text, second) => message.edit(Some(text), at(*second)),
            Self::Deleted(second) => message.delete(at(*second)),
            Self::Reacted(by, emoji, second) => message.react(by, *emoji, at(*second)),
        };
    }
}

fn told() -> impl Strategy<Value = Told> {
    use DeliveryStatus::{Delivered, Failed, Played, Read, Sent};
    let status = proptest::sample::select(vec![Sent, Failed, Delivered, Read, Played]);
    prop_oneof![
        4 => (status, 0..9_i64, 1..4_i64).prop_map(|(status, second, code)| Told::Status(status, second, code)),
        2 => (proptest::sample::select(vec!["v1", "v2"]), 0..9_i64).prop_map(|(text, second)| Told::Edited(text, second)),
        1 => (0..9_i64).prop_map(Told::Deleted),
        2 => (
            proptest::sample::select(vec!["ana", "ben"]),
            proptest::sample::select(vec![None, Some("x"), Some("y")]),
            0..9_i64
        )
            .prop_map(|(by, emoji, second)| Told::Reacted(by, emoji, second)),
    ]
}

proptest! {
    #[test]
    fn the_end_does_not_depend_on_order_or_repetition(
        (told, shuffled) in proptest::collection::vec(told(), 0..9).prop_flat_map(|told| {
            let doubled: Vec<_> = told.iter().chain(&told).cloned().collect();
            (Just(told), Just(doubled).prop_shuffle())
        })
    ) {
        let (mut one, mut other) = (ours(), ours());
        for told in &told {
            told.tell(&mut one);
        }
        for told in &shuffled {
            told.tell(&mut other);
        }
        prop_assert_eq!(one, other);
    }

    #[test]
    fn status_never_falls_and_its_instants_are_in_order(told in proptest::collection::vec(told(), 0..12)) {
        let mut message = ours();
        for told in told {
            let before = message.status;
            told.tell(&mut message);
            prop_assert!(message.status >= before);
            if let (Some(delivered), Some(read)) = (message.delivered_at, message.read_at) {
                prop_assert!(delivered <= read);
            }
            if let (Some(sent), Some(delivered)) = (message.sent_at, message.delivered_at) {
                prop_assert!(sent <= delivered);
            }
            prop_assert!(message.read_at.is_none() || message.delivered_at.is_some(), "read implies delivered");
        }
    }
}

#[test]
fn a_planted_last_writer_wins_rule_would_be_found() {
    // The same events under the rule "the last one to arrive counts" end differently: what the property above tells apart.
    let events = [(DeliveryStatus::Read, 3), (DeliveryStatus::Delivered, 2)];
    let last = |order: &[(DeliveryStatus, i64)]| order.last().map(|(status, _)| *status);
    assert_ne!(last(&events), last(&[events[1], events[0]]));
    let end = |order: &[(DeliveryStatus, i64)]| {
        let mut message = ours();
        for (status, second) in order {
            message.progress(*status, Some(at(*second)), None);
        }
        message
    };
    assert_eq!(end(&events), end(&[events[1], events[0]]));
}

#[test]
fn a_reference_names_its_message() {
    let id: MessageId = "0190f3a0-0000-7000-8000-0000000000aa".parse().unwrap();
    assert_eq!(Message::of_client_id(&Message::client_id(id)), Some(id));
    for foreign in ["crm:c1", "0190f3a0-0000-7000-8000-0000000000aa", ""] {
        assert_eq!(Message::of_client_id(foreign), None, "{foreign}");
    }
}
