//! The figures of a period.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value as Json;

use crate::access::{Actor, MemberId};
use crate::event::Event;
use crate::inbox::channel::Direction;
use crate::inbox::conversation::{Conversation, ConversationId};
use crate::inbox::message::Message;
use crate::kernel::{Id, Result, Stored, Timestamp};
use crate::store::UnitOfWork;

/// How times are spread, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "each name says it")]
pub struct Spread {
    pub count: usize,
    pub median_s: u64,
    pub ninetieth_s: u64,
    pub longest_s: u64,
}

impl Spread {
    /// The spread of these times; nothing but zeros of none.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        // The nearest rank: of ten times the ninth is the ninetieth percentile.
        let at = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).max(1);
            times.get(rank - 1).map_or(0, Duration::as_secs)
        };
        Self { count: times.len(), median_s: at(50), ninetieth_s: at(90), longest_s: at(100) }
    }
}

/// What a member did in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "each name says it")]
pub struct MemberFigures {
    pub sent: usize,
    pub closed: usize,
    pub first_response: Spread,
    pub next_response: Spread,
}

/// The figures of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "each name says it")]
pub struct InboxReport {
    pub received: usize,
    pub sent_by_people: usize,
    pub sent_by_programs: usize,
    /// Written by our side elsewhere.
    pub sent_elsewhere: usize,
    pub conversations_started: usize,
    pub conversations_closed: usize,
    pub first_response: Spread,
    pub next_response: Spread,
    pub resolution: Spread,
    pub members: BTreeMap<MemberId, MemberFigures>,
}

#[derive(Default)]
struct Times {
    first: Vec<Duration>,
    next: Vec<Duration>,
}

/// The figures from `from` to before `to`, of the conversations that the caller sees.
pub(crate) async fn report(uow: &mut UnitOfWork<'_>, from: Timestamp, to: Timestamp) -> Result<InboxReport> {
    let threads = uow.list_all(&Conversation::LAST_MESSAGE_AT.at_least(from)).await?;
    let messages = uow.list_all(&Message::AT.at_least(from).and(Message::AT.below(to))).await?;
    let mut by_thread: BTreeMap<ConversationId, Vec<Stored<Message>>> = BTreeMap::new();
    for message in messages.into_iter().filter(|message| !message.historical) {
        by_thread.entry(message.conversation_id).or_default().push(message);
    }
    let mut report = InboxReport::default();
    let (mut all, mut members) = (Times::default(), BTreeMap::<MemberId, Times>::new());
    for thread in &threads {
        if thread.created_at >= from && thread.created_at < to {
            report.conversations_started += 1;
        }
        let mut messages = by_thread.remove(&thread.id).unwrap_or_default();
        messages.sort_by_key(|message| (message.at, message.id));
        // A first answer counts for the period in which it was given.
        let answered_before = thread.clock.first_answered_at.is_some_and(|first| first < from);
        count(&mut report, &messages, answered_before, &mut all, &mut members);
    }
    let resolutions = closings(uow, &threads, from, to, &mut report).await?;
    report.resolution = Spread::of(resolutions);
    report.first_response = Spread::of(all.first);
    report.next_response = Spread::of(all.next);
    for (member, times) in members {
        let figures = report.members.entry(member).or_default();
        figures.first_response = Spread::of(times.first);
        figures.next_response = Spread::of(times.next);
    }
    Ok(report)
}

fn count(
    report: &mut InboxReport,
    messages: &[Stored<Message>],
    answered_before: bool,
    all: &mut Times,
    members: &mut BTreeMap<MemberId, Times>,
) {
    let (mut waiting, mut answered) = (None, answered_before);
    for message in messages {
        if message.direction == Direction::Inbound {
            report.received += 1;
            waiting = waiting.or(Some(message.at));
            continue;
        }
        match message.author_id {
            _ if message.automatic => {
                report.sent_by_programs += 1;
                continue;
            }
            Some(member) => {
                report.sent_by_people += 1;
                report.members.entry(member).or_default().sent += 1;
            }
            None => report.sent_elsewhere += 1,
        }
        if let Some(since) = waiting.take() {
            let time = message.at.since(since);
            let own = message.author_id.map(|member| members.entry(member).or_default());
            for times in [Some(&mut *all), own].into_iter().flatten() {
                let kind = if answered { &mut times.next } else { &mut times.first };
                kind.push(time);
            }
        }
        answered = true;
    }
}

/// How long conversations were open that were closed in the period.
async fn closings(
    uow: &mut UnitOfWork<'_>,
    threads: &[Stored<Conversation>],
    from: Timestamp,
    to: Timestamp,
    report: &mut InboxReport,
) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for thread in threads {
        let mut events = uow.list_all(&Event::RECORD.is(thread.id.uuid())).await?;
        events.sort_by_key(|event| (event.occurred_at, event.id));
        let mut opened = None;
        for event in events {
            match event.name.as_str() {
                "conversation.started" | "conversation.reopened" => opened = Some(event.occurred_at),
                "conversation.received" if was_reopened(&event) => {
                    opened = Some(event.occurred_at);
                }
                "conversation.closed" => {
                    let since = opened.take();
                    if event.occurred_at < from || event.occurred_at >= to {
                        continue;
                    }
                    report.conversations_closed += 1;
                    if let Actor::Member(member) = &event.actor {
                        report.members.entry(Id::new(member.uuid())).or_default().closed += 1;
                    }
                    times.extend(since.map(|since| event.occurred_at.since(since)));
                }
                _ => {}
            }
        }
    }
    Ok(times)
}

fn was_reopened(event: &Event) -> bool {
    event.data.pointer("/received/reopened").and_then(Json::as_bool) == Some(true)
}
