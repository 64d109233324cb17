//! The organization's billing account, and what its operator grants beside what it pays for.

use serde::{Deserialize, Serialize};

use crate::access::OrganizationId;
use crate::billing::catalogue::PlanLimit;
use crate::billing::external::ExternalId;
use crate::billing::reversal::{PaymentReversal, ReversalEffect, Withholding};
use crate::kernel::text::Name;
use crate::kernel::{Column, DomainEvent, Entity, Field, Id, Part, Timestamp, ValueRef};
use crate::paywall::ServiceModule;

/// Identifier of a billing account: that of its organization.
pub type BillingAccountId = Id<BillingAccount>;

/// A customer of the provider that the organization is, and the fetch that was applied last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCustomer {
    /// The provider's identifier.
    pub customer_id: ExternalId,
    /// The number of the fetch that was applied last. An older one is never applied.
    pub applied_seq: i64,
}

/// What billing keeps of an organization. There is one at most; it carries the organization's identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingAccount {
    /// The customers of the provider that it is; the first is the one that new subscriptions are made for.
    pub customers: Vec<AccountCustomer>,
    /// Raised by everything that may change access. Never falls.
    pub entitlement_version: i64,
    /// When its one trial began.
    pub trial_used_at: Option<Timestamp>,
    /// What may be used at most by what it subscribes to.
    pub plan_limits: Vec<PlanLimit>,
    /// For what paid services are withheld; nothing in the ordinary.
    #[serde(default)]
    pub withholdings: Vec<Withholding>,
    /// When the operator last gave back what was withheld. Of reversals, only later ones count.
    pub access_restored_at: Option<Timestamp>,
}

impl BillingAccount {
    /// The identifier of an organization's account.
    #[must_use]
    pub const fn id_of(organization: OrganizationId) -> BillingAccountId {
        Id::new(organization.uuid())
    }

    /// The number of the fetch of this customer that was applied last.
    #[must_use]
    pub fn applied(&self, customer: &ExternalId) -> i64 {
        self.customers.iter().find(|known| known.customer_id == *customer).map_or(0, |known| known.applied_seq)
    }

    /// Notes that a fetch was applied.
    pub(in crate::billing) fn apply(&mut self, customer: &ExternalId, seq: i64) {
        match self.customers.iter_mut().find(|known| known.customer_id == *customer) {
            Some(known) => known.applied_seq = seq,
            None => self.customers.push(AccountCustomer { customer_id: customer.clone(), applied_seq: seq }),
        }
    }
}

impl Entity for BillingAccount {
    const NAME: &'static str = "billing_account";
    const FIELDS: &'static [Field<Self>] = &[];
}
/// How far it has been followed is no event of its own.
impl Part for BillingAccount {}

/// What happens to billing accounts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BillingAccountEvent {
    /// It was opened.
    Opened,
    /// Its one trial has begun.
    TrialBegun,
    /// Something that the operator grants was changed.
    GrantsChanged,
    /// A payment was taken back, or came back. Said once for each event of the provider.
    PaymentReversed {
        /// What happened.
        reversal: Box<PaymentReversal>,
        /// What the operator's policy answered.
        effect: ReversalEffect,
    },
    /// Paid services are withheld, or for other reasons than before.
    AccessWithheld {
        /// All reasons, as they are now.
        withholdings: Vec<Withholding>,
    },
    /// Nothing is withheld any more.
    AccessRestored,
}

impl DomainEvent for BillingAccountEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Opened => "billing_account.opened",
            Self::TrialBegun => "billing_account.trial_begun",
            Self::GrantsChanged => "billing_account.grants_changed",
            Self::PaymentReversed { .. } => "billing_account.payment_reversed",
            Self::AccessWithheld { .. } => "billing_account.access_withheld",
            Self::AccessRestored => "billing_account.access_restored",
        }
    }
}

/// Identifier of a grant.
pub type ServiceGrantId = Id<ServiceGrant>;

/// A service that the operator gives without payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceGrant {
    /// The service.
    pub service: ServiceModule,
    /// Until when, not including; for good, if not given.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: Name,
}

impl ServiceGrant {
    /// The service.
    pub const SERVICE: Column<Self, String> = Column::required("service", |row| ValueRef::Text(row.service.as_str()));
}

impl Entity for ServiceGrant {
    const NAME: &'static str = "service_grant";
    const FIELDS: &'static [Field<Self>] = &[Self::SERVICE.field()];
}

/// What happens to grants.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceGrantEvent {
    /// It was given.
    Given,
    /// It was taken back.
    Withdrawn,
}

impl DomainEvent for ServiceGrantEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Given => "service_grant.given",
            Self::Withdrawn => "service_grant.withdrawn",
        }
    }
}
