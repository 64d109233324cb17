//! The ledger: one row for each recipient.

use serde::{Deserialize, Serialize};

use super::model::{BulkSend, BulkSendId};
use crate::inbox::message::MessageId;
use crate::kernel::{Column, Entity, Field, Id, Key, Name, Part, Reference, Timestamp, Value, ValueRef};
use crate::lead::LeadId;

/// Identifier of a row of the ledger.
pub type BulkRecipientId = Id<BulkRecipient>;

/// Somebody whom a bulk sending goes to. The same address is one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkRecipient {
    /// The bulk sending.
    pub bulk_send_id: BulkSendId,
    /// How the platform names them: a telephone number in digits, or a scoped identifier.
    pub address: String,
    /// Their name, for the template.
    pub name: Option<Name>,
    /// The lead that they were taken from.
    pub lead_id: Option<LeadId>,
    /// When they agreed to such messages, as whoever added them says.
    pub consented_at: Option<Timestamp>,
    /// What became of them.
    pub state: RecipientState,
    /// Why they were skipped.
    pub reason: Option<String>,
    /// The message that they got.
    pub message_id: Option<MessageId>,
    /// When their outcome was written.
    pub settled_at: Option<Timestamp>,
}

/// What became of a recipient. What became of their message stands in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecipientState {
    /// Their turn has not come.
    Waiting,
    /// A message was written for them, once and for all.
    Queued,
    /// Nothing is sent to them.
    Skipped,
}

impl RecipientState {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Skipped => "skipped",
        }
    }
}

impl BulkRecipient {
    /// The bulk sending.
    pub const BULK_SEND: Column<Self, BulkSendId> =
        Column::required_indexed("bulk_send_id", |row| ValueRef::Uuid(row.bulk_send_id.uuid()));
    /// What became of them.
    pub const STATE: Column<Self, String> = Column::required("state", |row| ValueRef::Text(row.state.as_str()));

    /// Nothing is sent to them, for this reason.
    pub(crate) fn skip(&mut self, reason: impl Into<String>, now: Timestamp) {
        self.state = RecipientState::Skipped;
        self.reason = Some(reason.into());
        self.settled_at = Some(now);
    }
}

impl Entity for BulkRecipient {
    const NAME: &'static str = "bulk_recipient";
    const FIELDS: &'static [Field<Self>] = &[Self::BULK_SEND.field(), Self::STATE.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "address",
        columns: &["bulk_send_id", "address"],
        read: |row| Some(vec![Value::Uuid(row.bulk_send_id.uuid()), Value::Text(row.address.clone())]),
    }];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "bulk_send_id", target: BulkSend::NAME, read: |row| Some(row.bulk_send_id.uuid()) }];
}
impl Part for BulkRecipient {}
