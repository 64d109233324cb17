//! What follows from a message: somebody who is there, an answer for closed hours, targets that are told of once.

use std::time::Duration;

use crate::access::{MemberId, StandardRole};
use crate::assignment::{AvailabilityChange, RuleDraft, RuleMember};
use crate::inbox::channel::Profile;
use crate::inbox::connection::{ConnectionSettings, ReopenPolicy, ResponseTargets};
use crate::inbox::conversation::{Conversation, ConversationState};
use crate::inbox::hours::Calendar;
use crate::inbox::message::Message;
use crate::inbox::participant::Participant;
use crate::inbox::send::tests::Counter;
use crate::kernel::{Clock, Patch};

fn conversation(counter: &Counter) -> Conversation {
    counter.office.store.dump::<Conversation>(counter.office.organization).remove(0).value
}

fn automatic(counter: &Counter) -> usize {
    let messages = counter.office.store.dump::<Message>(counter.office.organization);
    messages.iter().filter(|message| message.automatic).count()
}

fn told(counter: &Counter, event: &str) -> usize {
    counter.office.events_of(counter.thread.uuid()).iter().filter(|name| *name == event).count()
}

/// A rule of these members, whom the connection's conversations go to.
async fn share_among(counter: &Counter, members: &[MemberId], settings: ConnectionSettings) {
    let boss = counter.boss().await;
    let members = members.iter().map(|member_id| RuleMember { member_id: *member_id, weight: 1 }).collect();
    let name = "Front desk".parse().unwrap();
    let draft = RuleDraft { replaces: None, name, active: true, condition: None, members };
    let saved = boss.assignment().set_rules(vec![draft]).await.unwrap();
    let assignment_rule_id = Some(saved.rules[0].id);
    counter.configure(ConnectionSettings { assignment_rule_id, ..settings }).await;
}

async fn send_away(counter: &Counter, member: MemberId, hours: u64) {
    let until = counter.clock().now().plus(Duration::from_hours(hours));
    let change = AvailabilityChange { away_until: Patch::Set(until), ..AvailabilityChange::default() };
    counter.boss().await.assignment().set_availability(member, change).await.unwrap();
}

#[tokio::test]
async fn a_new_conversation_goes_to_the_next_member_who_is_there() {
    let counter = Counter::open("whatsapp").await;
    let ada = counter.office.hire("ada", StandardRole::SalesRep).await;
    let ben = counter.office.hire("ben", StandardRole::SalesRep).await;
    share_among(&counter, &[ada, ben], ConnectionSettings::default()).await;
    send_away(&counter, ada, 8).await;
    counter.hear("hello?").await;
    counter.work().await;
    assert_eq!(conversation(&counter).owner_id, Some(ben));
    // Members of limited reach see their own.
    let own = counter.office.session_of(ben).await;
    assert!(own.inbox(&counter.channels).get(counter.thread).await.is_ok());
    let other = counter.office.session_of(ada).await;
    assert_eq!(other.inbox(&counter.channels).get(counter.thread).await.unwrap_err().code(), "record.not_found");
}

#[tokio::test]
async fn on_reopening_it_is_looked_whether_the_owner_is_there() {
    let counter = Counter::open("whatsapp").await;
    let ada = counter.office.hire("ada", StandardRole::SalesRep).await;
    let ben = counter.office.hire("ben", StandardRole::SalesRep).await;
    share_among(&counter, &[ada, ben], ConnectionSettings::default()).await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    inbox.assign(counter.thread, Some(ada)).await.unwrap();
    for (away, expected) in [(false, ada), (true, ben)] {
        inbox.close(counter.thread).await.unwrap();
        if away {
            send_away(&counter, ada, 8).await;
        }
        counter.clock().advance(Duration::from_mins(5));
        counter.hear("one more thing").await;
        counter.work().await;
        let thread = conversation(&counter);
        assert_eq!((thread.state, thread.owner_id), (ConversationState::Open, Some(expected)), "away: {away}");
    }
}

#[tokio::test]
async fn a_policy_keeps_closed_conversations_closed() {
    let counter = Counter::open("whatsapp").await;
    counter.configure(ConnectionSettings { reopen: ReopenPolicy::Never, ..ConnectionSettings::default() }).await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    inbox.read(counter.thread).await.unwrap();
    inbox.close(counter.thread).await.unwrap();
    counter.hear("thanks, bye").await;
    let thread = conversation(&counter);
    assert_eq!((thread.state, thread.unread), (ConversationState::Closed, 1));
}

/// Monday to Friday from 9 to 17, UTC; the clock stands at Monday 2 March 2026, 09:00.
async fn keep_office_hours(counter: &Counter, settings: ConnectionSettings) {
    let week: Vec<_> =
        (1..=5).map(|weekday| serde_json::json!({ "weekday": weekday, "from": "09:00", "to": "17:00" })).collect();
    let calendar = serde_json::json!({ "name": "Office", "time_zone": "UTC", "week": week, "days_off": [] });
    let calendar: Calendar = serde_json::from_value(calendar).unwrap();
    let boss = counter.boss().await;
    let calendar_id = Some(boss.inbox(&counter.channels).set_calendar(calendar).await.unwrap().id);
    counter.configure(ConnectionSettings { calendar_id, ..settings }).await;
}

#[tokio::test]
async fn the_answer_for_closed_hours_is_given_once_in_each_closed_period() {
    let counter = Counter::open("whatsapp").await;
    let away_reply = Some("We are back at nine.".parse().unwrap());
    keep_office_hours(&counter, ConnectionSettings { away_reply, ..ConnectionSettings::default() }).await;
    counter.work().await;
    counter.hear("in hours").await;
    counter.work().await;
    assert_eq!(automatic(&counter), 0, "it is open");
    for (hours, expected) in [(9, 1), (1, 1), (5, 1), (17, 2), (1, 2)] {
        counter.clock().advance(Duration::from_hours(hours));
        counter.hear("anybody?").await;
        counter.work().await;
        assert_eq!(automatic(&counter), expected, "at {}", counter.clock().now());
    }
    assert_eq!(counter.channel.sent().len(), 2);
    assert_eq!(conversation(&counter).unread, 7, "nobody has looked at it");
}

#[tokio::test]
async fn a_message_that_comes_too_late_for_the_window_gets_no_answer_for_closed_hours() {
    let counter = Counter::open("whatsapp").await;
    let away_reply = Some("We are back at nine.".parse().unwrap());
    keep_office_hours(&counter, ConnectionSettings { away_reply, ..ConnectionSettings::default() }).await;
    counter.work().await;
    // Sunday evening: what they wrote on Saturday morning is told only now, in the same closed period.
    counter.clock().set("2026-03-08T20:00:00Z".parse().unwrap());
    let mut late = counter.event();
    late.kind = crate::inbox::channel::EventKind::Message;
    late.timestamp = Some("2026-03-07T10:00:00Z".parse().unwrap());
    counter.tell(late).await;
    counter.work().await;
    assert_eq!(automatic(&counter), 0, "the window has closed");
    counter.hear("anybody?").await;
    counter.work().await;
    assert_eq!(automatic(&counter), 1, "now it is open");
}

#[tokio::test]
async fn who_has_no_name_is_asked_for_before_a_lead_is_made() {
    let counter = Counter::open("messenger").await;
    let leads = crate::inbox::connection::LeadPolicy::Create;
    counter.configure(ConnectionSettings { leads, ..ConnectionSettings::default() }).await;
    let name = Some("Mara Keller".to_owned());
    counter.channel.set_profile(Profile { name, picture_url: Some("https://cdn.example.test/mara.png".to_owned()) });
    counter.hear("hi").await;
    counter.work().await;
    let people = counter.office.store.dump::<Participant>(counter.office.organization);
    assert_eq!(people[0].name.as_deref(), Some("Mara Keller"));
    assert_eq!(people[0].picture_url.as_deref(), Some("https://cdn.example.test/mara.png"));
    let leads = counter.office.store.dump::<crate::lead::Lead>(counter.office.organization);
    assert_eq!(leads[0].full_name(), "Mara Keller");
    // Once they have a name nobody is asked any more.
    let asked = || counter.channel.seen().iter().filter(|seen| seen.starts_with("profile")).count();
    let before = asked();
    counter.hear("hi again").await;
    counter.work().await;
    assert_eq!(asked(), before);
}

#[tokio::test]
async fn a_missed_target_is_told_of_once_with_the_instant_at_which_it_was_due() {
    let counter = Counter::open("whatsapp").await;
    let targets = ResponseTargets { next_response_s: Some(3_600), ..ResponseTargets::default() };
    keep_office_hours(&counter, ConnectionSettings { targets, ..ConnectionSettings::default() }).await;
    counter.say("good morning").await.unwrap();
    // Half an hour before closing: the other half is the next morning's.
    counter.clock().set("2026-03-02T16:30:00Z".parse().unwrap());
    counter.hear("still open?").await;
    assert_eq!(conversation(&counter).clock.answer_due_at, Some("2026-03-03T09:30:00Z".parse().unwrap()));
    counter.clock().set("2026-03-03T09:29:59Z".parse().unwrap());
    counter.work().await;
    assert_eq!(told(&counter, "conversation.target_missed"), 0);
    counter.clock().set("2026-03-03T11:00:00Z".parse().unwrap());
    counter.work().await;
    counter.work().await;
    assert_eq!(told(&counter, "conversation.target_missed"), 1);
    let events = counter.office.store.dump::<crate::event::Event>(counter.office.organization);
    let missed = events.iter().find(|event| event.name == "conversation.target_missed").unwrap();
    assert_eq!(missed.data["target_missed"]["due_at"], "2026-03-03T09:30:00.000000Z");
    assert_eq!(missed.data["target_missed"]["target"], "next_response");
    counter.say("sorry, here we are").await.unwrap();
    assert_eq!(conversation(&counter).clock.answer_due_at, None);
    // What was written at the very instant of the answer is answered; a second later it is not.
    counter.clock().advance(Duration::from_secs(1));
    counter.hear("thanks, one more").await;
    assert_eq!(conversation(&counter).clock.answer_due_at, Some("2026-03-03T12:00:01Z".parse().unwrap()));
}

#[tokio::test]
async fn a_snooze_stops_the_clock_and_ends_by_itself_or_when_they_write() {
    let counter = Counter::open("whatsapp").await;
    let targets = ResponseTargets { first_response_s: Some(3_600), ..ResponseTargets::default() };
    counter.configure(ConnectionSettings { targets, ..ConnectionSettings::default() }).await;
    counter.hear("hm").await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    let now = counter.clock().now();
    assert_eq!(inbox.snooze(counter.thread, Some(now)).await.unwrap_err().code(), "conversation.snoozed_into_the_past");
    inbox.snooze(counter.thread, Some(now.plus(Duration::from_hours(5)))).await.unwrap();
    counter.clock().advance(Duration::from_hours(4));
    counter.work().await;
    assert_eq!(
        (conversation(&counter).state, told(&counter, "conversation.target_missed")),
        (ConversationState::Snoozed, 0)
    );
    let woke = counter.clock().advance(Duration::from_hours(1));
    counter.work().await;
    let thread = conversation(&counter);
    assert_eq!(thread.state, ConversationState::Open);
    assert_eq!(thread.clock.answer_due_at, Some(woke.plus(Duration::from_hours(1))));
    inbox.snooze(counter.thread, None).await.unwrap();
    counter.hear("are you there?").await;
    assert_eq!(conversation(&counter).state, ConversationState::Open);
}
