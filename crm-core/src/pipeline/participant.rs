//! Who on the customer's side has which part in a deal.

use serde::{Deserialize, Serialize};

use super::opportunity::{Opportunity, OpportunityId};
use crate::kernel::{Column, Entity, Field, Key, Part, Reference, Value, ValueRef};
use crate::people::{Contact, ContactId};

/// The part that a person has in a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OpportunityRole {
    /// Says yes or no.
    DecisionMaker,
    /// Speaks for us.
    Champion,
    /// Is listened to.
    Influencer,
    /// Speaks against us.
    Blocker,
    /// Will work with what is bought.
    User,
    /// Anything else.
    Other,
}

/// That a contact has a part in a deal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpportunityContact {
    /// The deal.
    pub opportunity_id: OpportunityId,
    /// The contact.
    pub contact_id: ContactId,
    /// The part.
    pub role: OpportunityRole,
}

impl OpportunityContact {
    /// The deal.
    pub const OPPORTUNITY: Column<Self, OpportunityId> =
        Column::required_key("opportunity_id", |row| ValueRef::Uuid(row.opportunity_id.uuid()));
    /// The contact.
    pub const CONTACT: Column<Self, ContactId> =
        Column::required_key("contact_id", |row| ValueRef::Uuid(row.contact_id.uuid()));
}

impl Entity for OpportunityContact {
    const NAME: &'static str = "opportunity_contact";
    const FIELDS: &'static [Field<Self>] = &[Self::OPPORTUNITY.field(), Self::CONTACT.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "pair",
        columns: &["opportunity_id", "contact_id"],
        read: |row| Some(vec![Value::Uuid(row.opportunity_id.uuid()), Value::Uuid(row.contact_id.uuid())]),
    }];
    const REFERENCES: &'static [Reference<Self>] = &[
        Reference { column: "opportunity_id", target: Opportunity::NAME, read: |row| Some(row.opportunity_id.uuid()) },
        Reference { column: "contact_id", target: Contact::NAME, read: |row| Some(row.contact_id.uuid()) },
    ];
}
impl Part for OpportunityContact {}
