//! The figures of a small day, counted by hand.

use std::time::Duration;

use super::*;
use crate::inbox::send::tests::Counter;
use crate::kernel::{Clock, Timestamp};

#[test]
fn a_spread_takes_the_nearest_rank() {
    let seconds = |range: std::ops::RangeInclusive<u64>| range.rev().map(Duration::from_secs).collect();
    assert_eq!(Spread::of(Vec::new()), Spread::default());
    let ten = Spread::of(seconds(1..=10));
    assert_eq!((ten.count, ten.median_s, ten.ninetieth_s, ten.longest_s), (10, 5, 9, 10));
    let one = Spread::of(seconds(7..=7));
    assert_eq!((one.median_s, one.ninetieth_s), (7, 7));
}

#[tokio::test]
async fn a_small_day_is_counted() {
    let counter = Counter::open("whatsapp").await;
    let began = counter.clock().now();
    counter.clock().advance(Duration::from_mins(1));
    counter.hear("anybody there?").await;
    counter.clock().advance(Duration::from_mins(1));
    counter.say("yes").await.unwrap();
    counter.clock().advance(Duration::from_mins(5));
    counter.hear("thanks").await;
    counter.clock().advance(Duration::from_secs(30));
    counter.say("welcome").await.unwrap();
    let boss = counter.boss().await;
    let inbox = boss.inbox(&counter.channels);
    inbox.close(counter.thread).await.unwrap();
    let to = counter.clock().advance(Duration::from_secs(1));
    let day = inbox.report(began, to).await.unwrap();
    assert_eq!((day.received, day.sent_by_people, day.sent_by_programs), (3, 2, 0));
    assert_eq!((day.first_response.count, day.first_response.median_s), (1, 120));
    assert_eq!((day.next_response.count, day.next_response.median_s), (1, 30));
    assert_eq!((day.conversations_started, day.conversations_closed), (1, 1));
    assert_eq!((day.resolution.count, day.resolution.median_s), (1, 450));
    let own = &day.members[&counter.owner()];
    assert_eq!((own.sent, own.closed, own.first_response.median_s), (2, 1, 120));
    let before = inbox.report(Timestamp::MIN, began).await.unwrap();
    assert_eq!((before.received, before.conversations_closed), (0, 0));
}
