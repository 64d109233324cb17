//! How fast a connection may send.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::inbox::connection::{Connection, ConnectionId};
use crate::kernel::{
    Column, Entity, Field, Id, Key, Page, Part, Reference, Result, Stored, Timestamp, Value, ValueRef,
};
use crate::store::UnitOfWork;

/// Identifier of a rate.
pub type SendingRateId = Id<SendingRate>;

const MINUTE: Duration = Duration::from_mins(1);

/// What a connection has sent in the present minute. A row of its own, so that sending holds nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingRate {
    /// The connection.
    pub connection_id: ConnectionId,
    /// When the present minute began.
    pub since: Timestamp,
    /// How much was sent in it.
    pub sent: i64,
}

impl SendingRate {
    /// The connection.
    pub const CONNECTION: Column<Self, ConnectionId> =
        Column::required_indexed("connection_id", |row| ValueRef::Uuid(row.connection_id.uuid()));

    /// Takes one of `most` turns of the present minute; else answers when the next minute begins.
    pub(crate) fn take(&mut self, now: Timestamp, most: u32) -> std::result::Result<(), Timestamp> {
        if now >= self.since.plus(MINUTE) || now < self.since {
            self.since = now;
            self.sent = 0;
        }
        if self.sent >= i64::from(most) {
            return Err(self.since.plus(MINUTE));
        }
        self.sent += 1;
        Ok(())
    }
}

impl Entity for SendingRate {
    const NAME: &'static str = "sending_rate";
    const FIELDS: &'static [Field<Self>] = &[Self::CONNECTION.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "connection_id",
        columns: &["connection_id"],
        read: |row| Some(vec![Value::Uuid(row.connection_id.uuid())]),
    }];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "connection_id", target: Connection::NAME, read: |row| Some(row.connection_id.uuid()) }];
}
impl Part for SendingRate {}

/// Takes a turn of the connection's present minute; else answers when the next one begins.
pub(super) async fn take_turn(
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
) -> Result<std::result::Result<(), Timestamp>> {
    let (now, most) = (uow.now(), connection.settings.messages_per_minute);
    let known = uow.list(&SendingRate::CONNECTION.is(connection.id), &Page::first(1)).await?.pop();
    let Some(known) = known else {
        let first = SendingRate { connection_id: connection.id, since: now, sent: 1 };
        uow.add_parts(vec![first]).await?;
        return Ok(Ok(()));
    };
    let Some(mut rate) = uow.lock_of_anyone(known.id).await? else { return Ok(Err(now)) };
    let taken = rate.value.take(now, most);
    if taken.is_ok() {
        uow.save_part(rate).await?;
    }
    Ok(taken)
}
