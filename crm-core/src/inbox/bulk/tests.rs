//! One template for many: each exactly one outcome, whatever happens in between.

use std::time::Duration;

use super::*;
use crate::inbox::channel::{
    EventKind, FailureClass, FailureScope, SendOutcome, TemplateCategory, TemplateComponent, TemplateListing,
    TemplateMessage, TemplateParameters, TemplateStatus,
};
use crate::inbox::connection::ConnectionSettings;
use crate::inbox::message::Message;
use crate::inbox::send::tests::Counter;
use crate::kernel::{Clock, DigitsOnly, PhoneNumber, PhoneNumbers, Timestamp};

fn numbers(count: u32) -> Vec<PhoneNumber> {
    (0..count).map(|number| DigitsOnly.parse(&format!("+1202556{number:04}"), None).unwrap()).collect()
}

async fn counter() -> Counter {
    let counter = Counter::open("whatsapp").await;
    counter.channel.set_templates(vec![TemplateListing {
        external_id: "1".to_owned(),
        name: "offer".to_owned(),
        language: "en_US".to_owned(),
        status: TemplateStatus::Approved,
        category: TemplateCategory::Marketing,
        header: None,
        body: "Dear {{1}}, we have something".to_owned(),
        url_buttons: Vec::new(),
    }]);
    let boss = counter.boss().await;
    boss.inbox(&counter.channels).refresh_templates(counter.connection).await.unwrap();
    counter.configure(ConnectionSettings { messages_per_minute: 10_000, ..ConnectionSettings::default() }).await;
    counter
}

fn offer(counter: &Counter, pace: BulkPace) -> NewBulkSend {
    let values = TemplateParameters::Positional(vec!["{{name}}".to_owned()]);
    let template = TemplateMessage {
        name: "offer".to_owned(),
        language: "en_US".to_owned(),
        components: vec![TemplateComponent::Body(values)],
    };
    NewBulkSend { name: "Spring".parse().unwrap(), connection_id: counter.connection, template, pace }
}

const FAST: BulkPace = BulkPace { batch: 4, delay_s: 10, jitter_s: 0, most_per_day: None };

/// A bulk sending to so many numbers who have agreed.
async fn made(counter: &Counter, count: u32, pace: BulkPace) -> BulkSendId {
    let boss = counter.boss().await;
    let bulk = boss.inbox(&counter.channels).bulk_sends();
    let id = bulk.create(offer(counter, pace)).await.unwrap().id;
    let agreed = Some(counter.clock().now());
    bulk.add(id, Recipients::Numbers(numbers(count)), agreed).await.unwrap();
    id
}

async fn progress(counter: &Counter, id: BulkSendId) -> Progress {
    counter.boss().await.inbox(&counter.channels).bulk_sends().progress(id).await.unwrap()
}

async fn let_pass(counter: &Counter, seconds: u64) {
    for _ in 0..seconds {
        counter.work().await;
        counter.clock().advance(Duration::from_secs(1));
    }
    counter.work().await;
}

/// How often each number was handed to the platform.
fn times_sent(counter: &Counter) -> Vec<usize> {
    let mut times = std::collections::BTreeMap::new();
    counter.channel.sent().into_iter().for_each(|sent| *times.entry(sent.to.id).or_insert(0) += 1);
    times.into_values().collect()
}

#[tokio::test]
async fn everybody_gets_it_once_at_its_pace() {
    let counter = counter().await;
    let id = made(&counter, 10, FAST).await;
    let boss = counter.boss().await;
    let bulk = boss.inbox(&counter.channels).bulk_sends();
    assert_eq!(bulk.add(id, Recipients::Numbers(numbers(10)), None).await.unwrap(), 0, "each address once");
    bulk.start(id).await.unwrap();
    assert_eq!(bulk.start(id).await.unwrap_err().code(), "bulk_send.step_not_allowed");
    counter.work().await;
    assert_eq!((progress(&counter, id).await.sent, progress(&counter, id).await.waiting), (4, 6));
    let_pass(&counter, 9).await;
    assert_eq!(progress(&counter, id).await.sent, 4, "not before the pause is over");
    let_pass(&counter, 30).await;
    assert_eq!((progress(&counter, id).await.sent, times_sent(&counter)), (10, vec![1; 10]));
    assert_eq!(bulk.get(id).await.unwrap().state, BulkState::Completed);
    assert_eq!(bulk.add(id, Recipients::Numbers(numbers(11)), None).await.unwrap_err().code(), "bulk_send.begun");
}

#[tokio::test]
async fn whoever_has_not_agreed_is_skipped_with_the_reason() {
    let counter = counter().await;
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    let bulk = inbox.bulk_sends();
    let id = bulk.create(offer(&counter, FAST)).await.unwrap().id;
    bulk.add(id, Recipients::Numbers(numbers(2)), None).await.unwrap();
    // One wrote to us and agreed, and then asked for no more.
    inbox.set_consent(counter.thread, true).await.unwrap();
    counter.clock().advance(Duration::from_secs(1));
    inbox.set_consent(counter.thread, false).await.unwrap();
    bulk.add(id, Recipients::Conversations(vec![counter.thread]), None).await.unwrap();
    bulk.start(id).await.unwrap();
    let_pass(&counter, 30).await;
    assert!(counter.channel.sent().is_empty());
    let ledger =
        bulk.ledger(id, &crate::kernel::Predicate::everything(), &crate::kernel::Page::first(10)).await.unwrap();
    let reasons: Vec<_> = ledger.iter().map(|row| row.reason.clone().unwrap()).collect();
    assert_eq!(reasons.iter().filter(|reason| reason.contains("not agreed")).count(), 2, "{reasons:?}");
    assert_eq!(reasons.iter().filter(|reason| reason.contains("no more")).count(), 1, "{reasons:?}");
    assert_eq!(bulk.get(id).await.unwrap().state, BulkState::Completed);
}

#[tokio::test]
async fn pausing_resuming_and_stopping_double_and_lose_nobody() {
    let counter = counter().await;
    let id = made(&counter, 12, FAST).await;
    let boss = counter.boss().await;
    let bulk = boss.inbox(&counter.channels).bulk_sends();
    bulk.start(id).await.unwrap();
    for _ in 0..5 {
        counter.work().await;
        bulk.pause(id).await.unwrap();
        let_pass(&counter, 15).await;
        let rests = progress(&counter, id).await;
        assert_eq!(rests.waiting + rests.skipped + rests.sent, 12);
        bulk.resume(id).await.unwrap();
        if rests.waiting == 0 {
            break;
        }
    }
    let_pass(&counter, 15).await;
    assert_eq!(times_sent(&counter), vec![1; 12]);
    let other = made(&counter, 20, FAST).await;
    bulk.start(other).await.unwrap();
    counter.work().await;
    bulk.stop(other).await.unwrap();
    let_pass(&counter, 30).await;
    let stopped = progress(&counter, other).await;
    assert_eq!((stopped.sent, stopped.waiting), (4, 16));
    assert_eq!(bulk.resume(other).await.unwrap_err().code(), "bulk_send.step_not_allowed");
}

#[tokio::test]
async fn a_daily_cap_is_kept() {
    let counter = counter().await;
    let id = made(&counter, 7, BulkPace { most_per_day: Some(5), ..FAST }).await;
    let boss = counter.boss().await;
    boss.inbox(&counter.channels).bulk_sends().start(id).await.unwrap();
    let_pass(&counter, 60).await;
    assert_eq!(progress(&counter, id).await.sent, 5);
    counter.clock().advance(Duration::from_hours(24));
    let_pass(&counter, 30).await;
    assert_eq!(progress(&counter, id).await.sent, 7);
}

#[tokio::test]
async fn bad_news_about_the_account_pauses_everything_that_runs() {
    let counter = counter().await;
    let id = made(&counter, 20, FAST).await;
    let boss = counter.boss().await;
    let bulk = boss.inbox(&counter.channels).bulk_sends();
    bulk.start(id).await.unwrap();
    counter.work().await;
    let mut event = counter.event();
    event.kind = EventKind::Account;
    event.extra.event = Some("ACCOUNT_RESTRICTION".to_owned());
    counter.tell(event).await;
    let paused = bulk.get(id).await.unwrap();
    assert_eq!((paused.state, paused.pause_reason.as_deref()), (BulkState::Paused, Some("ACCOUNT_RESTRICTION")));
    let_pass(&counter, 30).await;
    assert_eq!(counter.channel.sent().len(), 4);
}

#[tokio::test]
async fn refusals_and_silences_are_outcomes_too_and_nothing_is_sent_twice() {
    let counter = counter().await;
    let id = made(&counter, 6, BulkPace { batch: 6, ..FAST }).await;
    counter.channel.next_refusal(FailureClass::RecipientUnavailable, FailureScope::Message);
    counter.channel.next_outcome(SendOutcome::Unknown { reason: "time-out".to_owned() });
    counter.channel.next_refusal(FailureClass::RetryBackoff, FailureScope::Message);
    let boss = counter.boss().await;
    boss.inbox(&counter.channels).bulk_sends().start(id).await.unwrap();
    let_pass(&counter, 40).await;
    let end = progress(&counter, id).await;
    assert_eq!((end.failed, end.unknown, end.sent, end.waiting, end.queued), (1, 1, 4, 0, 0), "{end:?}");
    let mut times = times_sent(&counter);
    times.sort_unstable();
    assert_eq!(times, [1, 1, 1, 1, 1, 2], "only what was refused for now was handed over again");
    let messages = counter.office.store.dump::<Message>(counter.office.organization);
    let ledger = counter.office.store.dump::<BulkRecipient>(counter.office.organization);
    assert!(ledger.iter().all(|row| messages.iter().any(|message| Some(message.id) == row.message_id)));
}

#[tokio::test]
async fn a_bulk_sending_needs_recipients_and_a_sound_pace() {
    let counter = counter().await;
    let boss = counter.boss().await;
    let bulk = boss.inbox(&counter.channels).bulk_sends();
    let wrong = bulk.create(offer(&counter, BulkPace { batch: 0, ..FAST })).await.unwrap_err();
    assert_eq!(wrong.fields()[0].field, "pace.batch");
    let id = bulk.create(offer(&counter, FAST)).await.unwrap().id;
    assert_eq!(bulk.start(id).await.unwrap_err().code(), "bulk_send.no_recipients");
    assert!(counter.clock().now() > Timestamp::MIN);
}
