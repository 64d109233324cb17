//! A subscription as it was fetched last.

use serde::{Deserialize, Serialize};

use crate::billing::external::ExternalId;
use crate::billing::truth::{SubscriptionStatus, SubscriptionTruth};
use crate::kernel::{Column, DomainEvent, Entity, Field, Id, Key, Timestamp, Value, ValueRef};
use crate::paywall::ServiceModule;

/// Identifier of a subscription record.
pub type SubscriptionId = Id<Subscription>;

/// The service that an item grants, by the catalogue at the time of the fetch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemService {
    /// The provider's identifier of the item.
    pub item: ExternalId,
    /// The service.
    pub service: ServiceModule,
}

/// A subscription as it was fetched last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Subscription {
    /// The provider's identifier.
    pub external_id: ExternalId,
    /// Who pays.
    pub customer_id: ExternalId,
    /// Its state.
    pub status: SubscriptionStatus,
    /// The last state that we knew the meaning of.
    pub known_status: Option<SubscriptionStatus>,
    /// The whole of it.
    pub truth: SubscriptionTruth,
    /// Which items grant which service; an item that is not here grants nothing.
    pub services: Vec<ItemService>,
    /// Whether it comes from an event's own words while the provider could not be asked.
    pub provisional: bool,
    /// When the truth was as told here.
    pub observed_at: Timestamp,
}

impl Subscription {
    /// The provider's identifier.
    pub const EXTERNAL_ID: Column<Self, String> =
        Column::required_key("external_id", |row| ValueRef::Text(row.external_id.as_str()));
    /// Its state.
    pub const STATUS: Column<Self, String> = Column::required("status", |row| ValueRef::Text(row.status.as_str()));

    /// Whether anything is subscribed to by it: it has begun and has not ended.
    #[must_use]
    pub fn counts(&self) -> bool {
        !self.status.is_final() && self.status != SubscriptionStatus::Incomplete
    }

    /// The service that an item grants.
    #[must_use]
    pub fn service_of(&self, item: &ExternalId) -> Option<ServiceModule> {
        self.services.iter().find(|known| known.item == *item).map(|known| known.service)
    }
}

impl Entity for Subscription {
    const NAME: &'static str = "subscription";
    const FIELDS: &'static [Field<Self>] = &[Self::EXTERNAL_ID.field(), Self::STATUS.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "external_id",
        columns: &["external_id"],
        read: |row| Some(vec![Value::Text(row.external_id.to_string())]),
    }];
}

/// What happens to subscriptions.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionEvent {
    /// It was seen for the first time.
    Appeared {
        /// All of it.
        now: Box<Subscription>,
    },
    /// It is not as it was.
    Changed {
        /// The state before.
        from: SubscriptionStatus,
        /// All of it, as it is now.
        now: Box<Subscription>,
    },
    /// It has ended.
    Ended {
        /// The state before.
        from: SubscriptionStatus,
        /// All of it, as it is now.
        now: Box<Subscription>,
    },
}

impl DomainEvent for SubscriptionEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Appeared { .. } => "subscription.appeared",
            Self::Changed { .. } => "subscription.changed",
            Self::Ended { .. } => "subscription.ended",
        }
    }
}
