//! An organization's share of what a platform delivered, as it came.

use serde::{Deserialize, Serialize};

use crate::inbox::channel::{Inbound, Platform};
use crate::kernel::{Column, Entity, Field, Id, Key, Part, Timestamp, Value, ValueRef};

/// Identifier of a delivery.
pub type DeliveryId = Id<Delivery>;

/// An organization's share of a delivery. Kept before the platform is told that all is well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Which platform.
    pub platform: Platform,
    /// The digest of the whole delivery, so that one that comes again is known.
    pub delivery_key: String,
    /// What it tells, with the raw elements.
    pub events: Vec<Inbound>,
    /// When it came.
    pub received_at: Timestamp,
    /// When all of it had been applied.
    pub applied_at: Option<Timestamp>,
    /// What could not be applied.
    pub problems: Vec<DeliveryProblem>,
}

/// An event that could not be applied. It is kept for another try and hinders no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryProblem {
    /// Its place in the delivery, from 0.
    pub place: u32,
    /// Stable identifier of the refusal.
    pub code: String,
    /// Why.
    pub message: String,
}

impl Delivery {
    /// The digest of the whole delivery.
    pub const DELIVERY_KEY: Column<Self, String> =
        Column::required_key("delivery_key", |row| ValueRef::Text(&row.value.delivery_key));
    /// When it came.
    pub const RECEIVED_AT: Column<Self, Timestamp> =
        Column::required_indexed("received_at", |row| ValueRef::Time(row.received_at));
}

impl Entity for Delivery {
    const NAME: &'static str = "inbox_delivery";
    const FIELDS: &'static [Field<Self>] = &[Self::DELIVERY_KEY.field(), Self::RECEIVED_AT.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "delivery_key",
        columns: &["platform", "delivery_key"],
        read: |row| Some(vec![Value::Text(row.platform.as_str().to_owned()), Value::Text(row.delivery_key.clone())]),
    }];
}
impl Part for Delivery {}
