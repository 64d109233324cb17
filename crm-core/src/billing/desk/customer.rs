//! Which organization a customer of the provider is, and how far we have followed it.

use serde::{Deserialize, Serialize};

use crate::access::OrganizationId;
use crate::billing::external::ExternalId;
use crate::kernel::{Column, Entity, Field, Id, Key, Part, Timestamp, Value, ValueRef};

/// Identifier of a link.
pub type BillingCustomerId = Id<BillingCustomer>;

/// A customer of the provider and the organization that it is. Belongs to the operator's desk.
///
/// Organizations are found by this record alone, never by what an event claims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BillingCustomer {
    /// The provider's identifier.
    pub customer_id: ExternalId,
    /// The organization that it is.
    pub tenant_id: OrganizationId,
    /// The number of the fetch that was begun last. The fetch that was begun last has seen the most.
    pub fetch_seq: i64,
    /// When a fetch was last applied.
    pub synced_at: Option<Timestamp>,
    /// When access changes by time alone; the truth is fetched shortly before.
    pub access_changes_at: Option<Timestamp>,
    /// How often a fetch has found something that no event had told of. Must stay 0.
    pub drift: i64,
}

impl BillingCustomer {
    /// The provider's identifier.
    pub const CUSTOMER: Column<Self, String> =
        Column::required_key("customer_id", |row| ValueRef::Text(row.customer_id.as_str()));
    /// The organization that it is.
    pub const TENANT: Column<Self, OrganizationId> =
        Column::required_key("tenant_id", |row| ValueRef::Uuid(row.tenant_id.uuid()));
    /// When access changes by time alone.
    pub const ACCESS_CHANGES_AT: Column<Self, Timestamp> = Column::optional_indexed("access_changes_at", |row| {
        row.access_changes_at.map_or(ValueRef::Absent, ValueRef::Time)
    });

    /// A customer that nothing is known of yet.
    #[must_use]
    pub const fn new(customer_id: ExternalId, tenant_id: OrganizationId) -> Self {
        Self { customer_id, tenant_id, fetch_seq: 0, synced_at: None, access_changes_at: None, drift: 0 }
    }
}

impl Entity for BillingCustomer {
    const NAME: &'static str = "billing_customer";
    const FIELDS: &'static [Field<Self>] =
        &[Self::CUSTOMER.field(), Self::TENANT.field(), Self::ACCESS_CHANGES_AT.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "customer_id",
        columns: &["customer_id"],
        read: |row| Some(vec![Value::Text(row.customer_id.to_string())]),
    }];
}
/// How far a customer is followed is no event of its own; what is found of it is told by the organization's records.
impl Part for BillingCustomer {}
