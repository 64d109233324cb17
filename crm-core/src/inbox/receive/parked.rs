//! What speaks of a message that is not there yet.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::SWEEP;
use super::apply::{find_message, tell};
use super::reading::Reading;
use crate::access::Permission;
use crate::agenda::Job;
use crate::inbox::channel::{Capabilities, Channels, InboundEvent};
use crate::inbox::connection::{Connection, ConnectionId};
use crate::inbox::conversation::Conversation;
use crate::inbox::message::Message;
use crate::kernel::{Column, Entity, Field, Id, Page, Part, Predicate, Reference, Result, Stored, Timestamp, ValueRef};
use crate::store::{Session, UnitOfWork};

/// How long an event waits for its message.
pub const PARKED_FOR: Duration = Duration::from_hours(72);
/// How soon an event is looked at again whose message may have come at the same moment.
const FIRST_LOOK: Duration = Duration::from_secs(30);
const NEXT_LOOK: Duration = Duration::from_mins(30);
const EVENTS_IN_A_RUN: u32 = 500;

/// Identifier of a parked event.
pub type ParkedEventId = Id<ParkedEvent>;

/// An event that waits for its message, or for its thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParkedEvent {
    /// The connection.
    pub connection_id: ConnectionId,
    /// The message, as the platform names it; `~` and the participant when it is about a whole thread.
    pub target: String,
    /// The event.
    pub event: InboundEvent,
    /// Since when it waits.
    pub parked_at: Timestamp,
}

impl ParkedEvent {
    /// The connection.
    pub const CONNECTION: Column<Self, ConnectionId> =
        Column::required_indexed("connection_id", |row| ValueRef::Uuid(row.connection_id.uuid()));
    /// What it waits for.
    pub const TARGET: Column<Self, String> = Column::required_key("target", |row| ValueRef::Text(&row.value.target));
}

impl Entity for ParkedEvent {
    const NAME: &'static str = "parked_event";
    const FIELDS: &'static [Field<Self>] = &[Self::CONNECTION.field(), Self::TARGET.field()];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "connection_id", target: Connection::NAME, read: |row| Some(row.connection_id.uuid()) }];
}
impl Part for ParkedEvent {}

/// Lets an event wait for its message. One that waits already waits once.
pub(super) async fn park(uow: &mut UnitOfWork<'_>, reading: &Reading<'_>, target: &str) -> Result<()> {
    let connection_id = reading.connection.id;
    let waiting = waiting_for(uow, connection_id, target).await?;
    if waiting.iter().any(|parked| parked.event == *reading.event) {
        return Ok(());
    }
    let (event, parked_at) = (reading.event.clone(), uow.now());
    uow.add_parts(vec![ParkedEvent { connection_id, target: target.to_owned(), event, parked_at }]).await?;
    look_again(uow, FIRST_LOOK).await
}

async fn waiting_for(
    uow: &mut UnitOfWork<'_>,
    connection: ConnectionId,
    target: &str,
) -> Result<Vec<Stored<ParkedEvent>>> {
    uow.list_all_of_anyone(&ParkedEvent::TARGET.is(target).and(ParkedEvent::CONNECTION.is(connection))).await
}

/// Tells a message that is there now everything that has waited for it. The message is saved when that changed it.
pub(crate) async fn unpark(
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
    table: Capabilities,
    thread: &mut Stored<Conversation>,
    message: &mut Stored<Message>,
) -> Result<()> {
    let Some(target) = message.external_id.clone() else { return Ok(()) };
    for parked in waiting_for(uow, connection.id, &target).await? {
        let reading = Reading { event: &parked.event, connection, table, received_at: parked.parked_at };
        if let Some(event) = tell(&reading, thread, &mut message.value) {
            *message = uow.save(message.clone(), event).await?;
        }
        uow.remove_part(&parked).await?;
    }
    Ok(())
}

/// Takes what has waited for a thread that is there now.
pub(super) async fn unpark_thread(
    uow: &mut UnitOfWork<'_>,
    connection: ConnectionId,
    participant: &str,
) -> Result<Vec<InboundEvent>> {
    let mut events = Vec::new();
    for parked in waiting_for(uow, connection, &format!("~{participant}")).await? {
        uow.remove_part(&parked).await?;
        events.push(parked.value.event);
    }
    Ok(events)
}

async fn look_again(uow: &mut UnitOfWork<'_>, after: Duration) -> Result<()> {
    let due = uow.now().plus(after);
    if let Some(job) = uow.scheduled(SWEEP).await?
        && job.due_at <= due
    {
        return Ok(());
    }
    uow.schedule(Job::at(due, SWEEP, Json::Null).unique(SWEEP)).await
}

/// Does a [`SWEEP`] job: tells messages that came at the same moment as what waited for them, drops what has waited for
/// too long, and looks again later while anything waits.
///
/// # Errors
/// `StoreError::Conflict` when someone else changes the same messages.
pub(crate) async fn run_sweep(channels: &Channels, session: &Session, job: &Stored<Job>) -> Result<()> {
    let mut uow = session.begin(Permission::InboxReceive).await?;
    uow.finish(job).await?;
    sweep(channels, &mut uow).await?;
    uow.commit().await
}

async fn sweep(channels: &Channels, uow: &mut UnitOfWork<'_>) -> Result<()> {
    let now = uow.now();
    let waiting = uow.list_of_anyone(&Predicate::<ParkedEvent>::everything(), &Page::first(EVENTS_IN_A_RUN)).await?;
    let mut left = 0_u32;
    for parked in waiting {
        let connection = uow.get(parked.connection_id).await?;
        let found = find_message(uow, parked.connection_id, &parked.target).await?;
        if let Some(mut message) = found {
            let mut thread = uow.get(message.conversation_id).await?;
            let table = channels.capabilities(&connection.platform)?;
            let before = thread.value.clone();
            unpark(uow, &connection, table, &mut thread, &mut message).await?;
            if thread.value != before {
                uow.save_part(thread).await?;
            }
        } else if now.since(parked.parked_at) >= PARKED_FOR {
            uow.remove_part(&parked).await?;
        } else {
            left += 1;
        }
    }
    if left > 0 { look_again(uow, NEXT_LOOK).await } else { Ok(()) }
}
