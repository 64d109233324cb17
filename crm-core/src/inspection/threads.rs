//! What a conversation shows of itself in lists, against its messages and what was told of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use uuid::Uuid;

use super::look::{Look, Pages};
use crate::event::Event;
use crate::inbox::channel::{Direction, MessageKind};
use crate::inbox::conversation::ConversationState;
use crate::inbox::{Conversation, ConversationId, Message, MessageId};
use crate::kernel::{Entity, Result, Stored, Timestamp};

const RULE: &str = "conversation";

/// What is told of a conversation and bears on what is unread; by its name in the trail, less `conversation.`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    Received { message_id: MessageId, kind: MessageKind },
    Answered { elsewhere: bool },
    Read {},
    Joined { with: ConversationId },
}

const TOLD: [&str; 4] = ["conversation.received", "conversation.answered", "conversation.read", "conversation.joined"];

/// How many messages can be unread. Answering reads what is there and sending again does not, and both are told alike.
#[derive(Clone, Copy, Default)]
struct Unread {
    least: i64,
    most: i64,
}

/// What a conversation's messages come to.
#[derive(Default)]
struct Messages {
    latest: Option<Timestamp>,
    /// The earliest of ours.
    ours_from: Option<Timestamp>,
    latest_of_theirs: Option<Timestamp>,
    /// Those that came with an import of the past: nobody has to look at them.
    historical: BTreeSet<MessageId>,
}

pub(super) async fn inspect(look: &mut Look<'_, '_>) -> Result<()> {
    let mut pages = Pages::<Conversation>::all();
    loop {
        let threads = look.next(&mut pages).await?;
        if threads.is_empty() {
            return Ok(());
        }
        let mut told = told_of(look, &threads).await?;
        for thread in threads {
            let messages = messages_of(look, thread.id).await?;
            let unread = unread(&mut told, thread.id, &messages.historical);
            for problem in problems(&thread, &messages, unread) {
                look.complain(RULE, Conversation::NAME, thread.id.uuid(), problem);
            }
        }
    }
}

fn problems(thread: &Conversation, messages: &Messages, unread: Unread) -> Vec<String> {
    let mut problems = Vec::new();
    if !(unread.least..=unread.most).contains(&thread.unread) {
        let Unread { least, most } = unread;
        problems.push(format!("it shows {} unread, and by what was told there are {least} to {most}", thread.unread));
    }
    let last = thread.last_message_at;
    // The platform's clock may put a message of ours later than we did when we wrote it.
    let fits = match thread.preview_direction {
        None => messages.latest.is_none(),
        Some(Direction::Inbound) => messages.latest == Some(last) && messages.latest_of_theirs == Some(last),
        Some(Direction::Outbound) => {
            messages.latest.is_some_and(|latest| latest <= last) && messages.ours_from.is_some_and(|from| from <= last)
        }
    };
    if !fits {
        problems.push(format!("its last message is said to be of {last}, and its messages say otherwise"));
    }
    if thread.snoozed_until.is_some() && thread.state != ConversationState::Snoozed {
        problems.push("it is to come back from a snooze, and is not snoozed".to_owned());
    }
    if thread.state == ConversationState::Closed && thread.closed_at.is_none() {
        problems.push("it is closed, and does not say since when".to_owned());
    }
    problems
}

async fn messages_of(look: &mut Look<'_, '_>, thread: ConversationId) -> Result<Messages> {
    let mut messages = Messages::default();
    let mut pages = Pages::of(Message::CONVERSATION.is(thread));
    loop {
        let batch = look.next(&mut pages).await?;
        if batch.is_empty() {
            return Ok(messages);
        }
        for message in batch {
            messages.latest = messages.latest.max(Some(message.at));
            match message.direction {
                Direction::Inbound => messages.latest_of_theirs = messages.latest_of_theirs.max(Some(message.at)),
                Direction::Outbound => {
                    let from = messages.ours_from.map_or(message.at, |from| from.min(message.at));
                    messages.ours_from = Some(from);
                }
            }
            if message.historical {
                messages.historical.insert(message.id);
            }
        }
    }
}

/// What was told of these conversations and of those that were joined with them, in its order.
async fn told_of(look: &mut Look<'_, '_>, threads: &[Stored<Conversation>]) -> Result<BTreeMap<Uuid, Vec<Told>>> {
    let mut told: BTreeMap<Uuid, Vec<(i64, Uuid, Told)>> = BTreeMap::new();
    let mut wanted: BTreeSet<Uuid> = threads.iter().map(|thread| thread.id.uuid()).collect();
    while !wanted.is_empty() {
        let known = wanted.iter().map(|id| (*id, Vec::new()));
        told.extend(known);
        let mut events = Pages::<Event>::of(Event::RECORD.is_one_of(std::mem::take(&mut wanted)));
        loop {
            let batch = look.next(&mut events).await?;
            if batch.is_empty() {
                break;
            }
            for event in batch.into_iter().filter(|event| TOLD.contains(&event.name.as_str())) {
                let Ok(one) = serde_json::from_value::<Told>(event.data.clone()) else {
                    look.complain(RULE, Event::NAME, event.id.uuid(), "it cannot be read");
                    continue;
                };
                if let Told::Joined { with } = one
                    && !told.contains_key(&with.uuid())
                {
                    wanted.insert(with.uuid());
                }
                told.entry(event.record_id).or_default().push((event.record_version, event.id.uuid(), one));
            }
        }
    }
    let in_order = |(id, mut told): (Uuid, Vec<(i64, Uuid, Told)>)| {
        told.sort_by_key(|(version, event, _)| (*version, *event));
        (id, told.into_iter().map(|(_, _, one)| one).collect())
    };
    Ok(told.into_iter().map(in_order).collect())
}

/// How many messages of a conversation can be unread after all that was told of it.
fn unread(told: &mut BTreeMap<Uuid, Vec<Told>>, of: ConversationId, historical: &BTreeSet<MessageId>) -> Unread {
    let mut unread = Unread::default();
    // Taken out, so that conversations that say they were joined with each other come to an end.
    for one in told.remove(&of.uuid()).unwrap_or_default() {
        match one {
            Told::Received { message_id, kind } => {
                let counts = !matches!(kind, MessageKind::System | MessageKind::Referral);
                if counts && !historical.contains(&message_id) {
                    unread = Unread { least: unread.least + 1, most: unread.most + 1 };
                }
            }
            Told::Answered { elsewhere: true } => {}
            Told::Answered { elsewhere: false } => unread.least = 0,
            Told::Read {} => unread = Unread::default(),
            Told::Joined { with } => {
                let other = self::unread(told, with, historical);
                unread = Unread { least: unread.least + other.least, most: unread.most + other.most };
            }
        }
    }
    unread
}
