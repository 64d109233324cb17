//! An event as it was received: kept whole, so that it can be looked at and replayed.

use serde::{Deserialize, Serialize};

use crate::billing::event::{ObjectRef, ProviderEvent};
use crate::billing::external::ExternalId;
use crate::billing::reversal::PaymentReversal;
use crate::billing::truth::SubscriptionTruth;
use crate::kernel::{Column, DomainEvent, Entity, Field, Id, Key, Part, Timestamp, Value, ValueRef};

/// Identifier of a received event.
pub type ReceivedEventId = Id<ReceivedEvent>;

/// What became of a received event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceivedState {
    /// Its customer has not been asked about since.
    Waiting,
    /// The truth was fetched after it.
    Settled,
    /// It concerns no customer.
    Unconcerned,
    /// Nobody knows its customer, and a person should look at it.
    Orphaned,
}

impl ReceivedState {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Settled => "settled",
            Self::Unconcerned => "unconcerned",
            Self::Orphaned => "orphaned",
        }
    }
}

/// An event as it was received. Belongs to the operator's desk, since its tenant may not be known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceivedEvent {
    /// The provider's name.
    pub provider: String,
    /// The provider's identifier of the event; received once.
    pub external_id: ExternalId,
    /// What happened, in the provider's words.
    pub kind: String,
    /// When it happened, by the provider's clock.
    pub occurred_at: Timestamp,
    /// What it is about.
    pub object: Option<ObjectRef>,
    /// Whom it concerns, once that is known.
    pub customer_id: Option<ExternalId>,
    /// What became of it.
    pub state: ReceivedState,
    /// What it says itself of a subscription.
    pub subscription: Option<SubscriptionTruth>,
    /// What it says itself of a payment that was taken back.
    pub reversal: Option<PaymentReversal>,
    /// The body exactly as it was signed.
    pub body: String,
}

impl ReceivedEvent {
    /// The provider's identifier of the event.
    pub const EXTERNAL_ID: Column<Self, String> =
        Column::required_key("external_id", |row| ValueRef::Text(row.external_id.as_str()));
    /// Whom it concerns.
    pub const CUSTOMER: Column<Self, String> = Column::optional_indexed("customer_id", |row| {
        row.customer_id.as_ref().map_or(ValueRef::Absent, |id| ValueRef::Text(id.as_str()))
    });
    /// What became of it.
    pub const STATE: Column<Self, String> = Column::required_indexed("state", |row| ValueRef::Text(row.state.as_str()));

    pub(super) fn new(event: ProviderEvent) -> Self {
        let ProviderEvent { provider, id, kind, occurred_at, object, customer, subscription, reversal, body, .. } =
            event;
        Self {
            provider,
            external_id: id,
            kind,
            occurred_at,
            object,
            customer_id: customer,
            state: ReceivedState::Waiting,
            subscription,
            reversal,
            body,
        }
    }
}

impl Entity for ReceivedEvent {
    const NAME: &'static str = "provider_event";
    const FIELDS: &'static [Field<Self>] = &[Self::EXTERNAL_ID.field(), Self::CUSTOMER.field(), Self::STATE.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "identity",
        columns: &["provider", "external_id"],
        read: |event| Some(vec![Value::Text(event.provider.clone()), Value::Text(event.external_id.to_string())]),
    }];
}
/// A received event is itself a record of what happened.
impl Part for ReceivedEvent {}

/// What the desk says of itself.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskEvent {
    /// A customer of the provider was linked to an organization.
    CustomerLinked,
    /// The truth was fetched and differed from what we had, with no event that would have told.
    DriftFound {
        /// In how many records.
        records: i64,
    },
    /// A subscription has a price that the catalogue does not know: it grants nothing.
    UnknownPrice {
        /// The price.
        price: ExternalId,
    },
    /// A subscription has a state that we do not know.
    UnknownStatus {
        /// The word.
        status: String,
    },
}

impl DomainEvent for DeskEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::CustomerLinked => "billing_customer.linked",
            Self::DriftFound { .. } => "billing_customer.drift_found",
            Self::UnknownPrice { .. } => "billing_customer.unknown_price",
            Self::UnknownStatus { .. } => "billing_customer.unknown_status",
        }
    }
}
