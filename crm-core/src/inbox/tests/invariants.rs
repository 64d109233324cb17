//! What must hold whatever happens, and the test that shows it.
//!
//! | | invariant | tests |
//! |---|---|---|
//! | 1 | the same events any number of times make one row for each identifier | `events_that_are_told_twice_change_nothing`, `every_scenario_ends_as_agreed_on_postgresql` |
//! | 2 | every order of arrival ends in the same state | `every_scenario_ends_as_agreed_in_every_order_that_can_happen`, `the_end_does_not_depend_on_order_or_repetition`, `all_scenarios_at_once_and_in_any_order_do_not_touch_each_other` |
//! | 3 | a status never falls, its instants are in order, read implies delivered | `status_never_falls_and_its_instants_are_in_order` |
//! | 4 | one conversation for each participant, with 32 first messages at once | `thirty_two_first_messages_at_once_make_one_conversation`, `thirty_two_first_messages_at_once_make_one_participant_and_one_conversation` |
//! | 5 | what we send is stored once, what our side writes elsewhere is stored once | `what_we_send_is_stored_once_whatever_is_heard_first`, `an_answer_that_was_lost_is_settled_by_the_echo_and_never_sent_again` |
//! | 6 | display by the platform's clock, then arrival; only messages move the thread | `messages_stand_in_the_platforms_order_and_nothing_else_moves_or_counts` |
//! | 7 | what speaks of an unknown message waits 72 hours and makes no row; a deletion wins | `what_speaks_of_an_unknown_message_waits_72_hours_and_makes_no_record`, `every_scenario_ends_as_agreed_in_every_order_that_can_happen` |
//! | 8 | unread counts what they wrote and nothing else | `messages_stand_in_the_platforms_order_and_nothing_else_moves_or_counts` |
//! | 9 | the signature comes before any reading, a wrong one leaves no trace | `an_unsigned_delivery_is_refused_before_it_is_read`, `an_account_is_connected_and_a_customer_served_until_the_window_closes` |
//! | 10 | the parser survives everything, a bad element costs no good one | `swapped_types_never_panic`, `truncated_bodies_never_panic`, `any_bytes_never_panic`, `good_elements_beside_a_bad_one_are_all_read` |
//! | 11 | an event reaches the organization that has the account, and nobody else | `an_event_reaches_only_the_organization_that_has_the_account`, `one_delivery_with_two_organizations_reaches_each_its_own_and_nobody_else` |
//! | 12 | permission falls by itself and rises by their acts only | `permission_never_rises_while_nothing_happens`, `every_agreed_case_is_judged_as_agreed`, `only_what_they_do_opens_the_window` |
//! | 13 | numbers decide about a refusal, words never | `the_words_of_a_refusal_change_nothing` |
//! | 14 | a lost medium costs no message; calls and fetches reach known hosts only | `nothing_is_fetched_from_elsewhere`, `an_identifier_that_would_lead_elsewhere_is_refused`, `a_redirect_is_not_followed`, `a_medium_that_cannot_be_fetched_leaves_its_message` |

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::scenarios::orders;
use crate::inbox::channel::{DeliveryStatus, EventKind, InboundEvent, MediaItem, MessageKind, Reaction};
use crate::inbox::message::{MediaState, Message, Origin};
use crate::inbox::send::tests::Counter;
use crate::kernel::Clock;
use crate::store::MemoryStore;
use crate::testing::office::run;
use crate::testing::social::Stage;

/// The names of all tests below a folder.
fn tests_below(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_below(&path, names);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let found = text.lines().filter_map(|line| line.trim_start().split_once("fn ")?.1.split_once('('));
            names.extend(found.map(|(name, _)| name.to_owned()));
        }
    }
}

#[test]
fn every_invariant_names_tests_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    for folder in ["src/inbox", "../crm-social-meta/tests", "../crm-store-postgres/tests"] {
        tests_below(&root.join(folder), &mut known);
    }
    let rows = include_str!("invariants.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
    let rows: Vec<_> = rows.filter(|row| row.starts_with(|c: char| c.is_ascii_digit())).collect();
    assert_eq!(rows.len(), 14);
    for row in rows {
        let named: Vec<_> = row.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{row}");
        for name in named {
            assert!(known.contains(name), "there is no test {name}");
        }
    }
    assert!(!known.contains("a_test_that_nobody_has_written"));
}

/// Something that a platform tells, at a second of its own.
#[derive(Clone, Debug)]
enum Told {
    Wrote(i64),
    Noted(i64),
    Imported(i64),
    EchoedFromElsewhere(i64),
    Edited(i64),
    Reacted(i64),
    Progressed(DeliveryStatus, i64),
}

impl Told {
    /// The event; `place` makes its identifier.
    fn event(&self, counter: &Counter, place: usize) -> InboundEvent {
        use Told::{EchoedFromElsewhere, Edited, Imported, Noted, Progressed, Reacted, Wrote};
        let (Wrote(second)
        | Noted(second)
        | Imported(second)
        | EchoedFromElsewhere(second)
        | Edited(second)
        | Reacted(second)
        | Progressed(_, second)) = self;
        let start = counter.clock().now().micros();
        let mut event = counter.event();
        event.timestamp = Some(crate::kernel::Timestamp::from_micros(start + second * 1_000_000).unwrap());
        event.external_message_id = Some(format!("t{place}"));
        event.text = Some(format!("at {second}"));
        event.kind = EventKind::Message;
        match self {
            Wrote(_) => {}
            Noted(_) => event.message_type = Some(MessageKind::System),
            Imported(_) => event.extra.historical = Some(true),
            EchoedFromElsewhere(_) => event.kind = EventKind::Echo,
            Edited(_) => {
                event.kind = EventKind::Edited;
                event.target_message_id = Some("in-0".to_owned());
            }
            Reacted(_) => {
                event.kind = EventKind::Reaction;
                event.target_message_id = Some("in-0".to_owned());
                let reaction = Reaction { action: "react".to_owned(), emoji: Some("x".to_owned()) };
                event.extra.reaction = Some(reaction);
            }
            Progressed(status, _) => {
                event.kind = EventKind::Status;
                event.external_message_id = Some("out-1".to_owned());
                event.status = Some(*status);
            }
        }
        event
    }

    fn is_message(&self) -> bool {
        use Told::{EchoedFromElsewhere, Imported, Noted, Wrote};
        matches!(self, Wrote(_) | Noted(_) | Imported(_) | EchoedFromElsewhere(_))
    }
}

fn told() -> impl Strategy<Value = Told> {
    use DeliveryStatus::{Delivered, Failed, Read, Sent};
    let status = prop::sample::select(vec![Sent, Delivered, Read, Failed]);
    // Few seconds, so that some happen at the same one; some after everything that was said.
    prop_oneof![
        3 => (-9..9_i64).prop_map(Told::Wrote),
        1 => (-9..9_i64).prop_map(Told::Noted),
        1 => (-9..9_i64).prop_map(Told::Imported),
        1 => (-9..9_i64).prop_map(Told::EchoedFromElsewhere),
        1 => (0..99_i64).prop_map(Told::Edited),
        1 => (0..99_i64).prop_map(Told::Reacted),
        2 => (status, 0..99_i64).prop_map(|(status, second)| Told::Progressed(status, second)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn messages_stand_in_the_platforms_order_and_nothing_else_moves_or_counts(
        told in prop::collection::vec((told(), 1..3_usize), 0..12),
    ) {
        run(async {
            let counter = Counter::open("whatsapp").await;
            counter.say("ours").await.unwrap();
            counter.work().await;
            let (start, mut arrived) = (counter.clock().now(), vec!["hello".to_owned(), "ours".to_owned()]);
            let mut latest = start;
            for (place, (told, times)) in told.iter().enumerate() {
                let event = told.event(&counter, place);
                if told.is_message() {
                    latest = latest.max(event.timestamp.unwrap());
                    arrived.push(event.text.clone().unwrap());
                }
                for _ in 0..*times {
                    counter.tell(event.clone()).await;
                }
            }
            let boss = counter.boss().await;
            let inbox = boss.inbox(&counter.channels);
            let messages = inbox.messages(counter.thread, None, 100).await.unwrap();
            assert!(messages.is_sorted_by_key(|message| message.at), "{messages:?}");
            let shown: Vec<_> = messages.iter().map(|message| message.id).collect();
            let mut by_arrival = messages.clone();
            by_arrival.sort_by_key(|message| message.id);
            by_arrival.sort_by_key(|message| message.at);
            assert_eq!(shown, by_arrival.iter().map(|message| message.id).collect::<Vec<_>>());
            assert_eq!(messages.len(), arrived.len(), "each message once, and nothing else is one");
            let thread = inbox.get(counter.thread).await.unwrap();
            assert_eq!(thread.last_message_at, latest);
            // Answering has read what was there before.
            let wrote = told.iter().filter(|(told, _)| matches!(told, Told::Wrote(_))).count();
            assert_eq!(thread.unread, i64::try_from(wrote).unwrap());
            assert_eq!(boss.inspection().run().await.unwrap().findings, []);
            // Page by page it is the same list, whatever happens at one instant.
            let (mut paged, mut before) = (Vec::new(), None);
            loop {
                let page = inbox.messages(counter.thread, before, 2).await.unwrap();
                before = page.first().map(|message| message.id);
                if before.is_none() {
                    break;
                }
                paged.splice(0..0, page.into_iter().map(|message| message.id));
            }
            assert_eq!(paged, shown);
        });
    }
}

#[test]
fn what_we_send_is_stored_once_whatever_is_heard_first() {
    let at = |second: u32| format!("2026-09-10T12:00:{second:02}.000Z");
    let mut played = 0;
    // Messenger brings our reference back, Instagram does not; without it a time-out can't be settled by an echo.
    for (account, reference, answered) in
        [("1001", true, true), ("1001", true, false), ("1001", false, true), ("1701", false, true)]
    {
        let who = json!({ "connection_id": account, "participant_id": "7" });
        let event = |kind: &str, id: &str, second: u32, more: serde_json::Value| {
            let mut event = who.clone();
            let facts =
                json!({ "kind": kind, "direction": "outbound", "external_message_id": id, "timestamp": at(second) });
            for part in [facts, more] {
                event.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
            }
            json!({ "event": event })
        };
        let metadata = if reference { json!({ "metadata": "crm:c1" }) } else { json!({}) };
        let send = json!({ "send": { "client_id": "c1", "connection_id": account, "participant_id": "7", "text": "Hi",
                                     "at": at(1) } });
        let answer = if answered {
            json!({ "send_ack": { "client_id": "c1", "external_message_id": "m_own" } })
        } else {
            json!({ "send_timeout": { "client_id": "c1" } })
        };
        let heard = [
            answer,
            event("echo", "m_own", 2, json!({ "message_type": "text", "text": "Hi", "extra": metadata })),
            event("status", "m_own", 3, json!({ "status": "delivered" })),
            event("echo", "m_phone", 4, json!({ "message_type": "text", "text": "From the phone", "extra": {} })),
        ];
        for order in orders(heard.len()) {
            let messages = run(async {
                let mut stage = Stage::on(MemoryStore::new(), "stage", 0).await.unwrap();
                stage.connect(std::slice::from_ref(&send), "").await.unwrap();
                stage.play(&send, "").await.unwrap();
                for place in &order {
                    for _ in 0..if heard[*place].get("event").is_some() { 2 } else { 1 } {
                        stage.play(&heard[*place], "").await.unwrap();
                    }
                }
                stage.finish().await.unwrap();
                stage.state("").await.unwrap()["conversations"][0]["messages"].clone()
            });
            let shown = messages.as_array().unwrap().iter().map(|message| {
                let text = |name: &str| message[name].as_str().unwrap().to_owned();
                (text("external_message_id"), text("origin"), text("status"))
            });
            let own = ("m_own".to_owned(), Origin::Crm.as_str().to_owned(), "delivered".to_owned());
            let phone = ("m_phone".to_owned(), Origin::NativeApp.as_str().to_owned(), "sent".to_owned());
            assert_eq!(shown.collect::<Vec<_>>(), [own, phone], "{account} {reference} {answered} {order:?}");
            played += 1;
        }
    }
    assert_eq!(played, 4 * 24);
}

#[tokio::test]
async fn only_what_they_do_opens_the_window() {
    let counter = Counter::open("whatsapp").await;
    counter.say("ours").await.unwrap();
    counter.work().await;
    counter.clock().advance(Duration::from_hours(24));
    let quiet = [Told::Noted(0), Told::Imported(0), Told::EchoedFromElsewhere(0), Told::Edited(0), Told::Reacted(0)];
    let receipt = [Told::Progressed(DeliveryStatus::Read, 0)];
    for (place, told) in quiet.iter().chain(&receipt).enumerate() {
        counter.tell(told.event(&counter, place)).await;
        assert_eq!(counter.say("x").await.unwrap_err().code(), "window.closed", "{told:?}");
    }
    counter.tell(Told::Wrote(0).event(&counter, 99)).await;
    assert!(counter.say("x").await.is_ok());
}

#[tokio::test]
async fn a_medium_that_cannot_be_fetched_leaves_its_message() {
    let counter = Counter::open("whatsapp").await;
    let mut event = counter.event();
    event.kind = EventKind::Message;
    event.text = Some("the plan".to_owned());
    let picture = |id: &str| MediaItem {
        kind: MessageKind::Image,
        id: Some(id.to_owned()),
        url: None,
        mime: None,
        filename: None,
    };
    event.media = vec![picture("one"), picture("two")];
    counter.channel.lose_media();
    counter.tell(event).await;
    counter.work().await;
    let rows = counter.office.store.dump::<Message>(counter.office.organization);
    let message = rows.iter().find(|row| row.text.as_deref() == Some("the plan")).unwrap();
    assert!(message.media.iter().all(|part| part.state == MediaState::Failed) && message.media.len() == 2);
    let thread = counter.boss().await.inbox(&counter.channels).get(counter.thread).await.unwrap();
    assert_eq!((thread.unread, thread.preview.as_deref()), (2, Some("the plan")));
}
