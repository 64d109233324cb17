//! The record of a conversion, and what conversion refuses.

use serde::{Deserialize, Serialize};

use super::plan::Violation;
use crate::identity::RecordKind;
use crate::kernel::{
    Column, Entity, Explanation, Field, FieldProblem, Id, Key, Kind, Part, Reference, Rule, Timestamp, Value, ValueRef,
};
use crate::lead::{Lead, LeadId};
use crate::people::{Account, AccountId, Contact, ContactId};
use crate::pipeline::{Opportunity, OpportunityId};

/// Identifier of a conversion.
pub type ConversionId = Id<Conversion>;

/// That a lead was converted, and into what. One for each lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Conversion {
    /// The lead.
    pub lead_id: LeadId,
    /// The person it lives on as.
    pub contact_id: Option<ContactId>,
    /// The company it lives on as.
    pub account_id: Option<AccountId>,
    /// The deal it lives on as.
    pub opportunity_id: Option<OpportunityId>,
    /// The key of the command that did it.
    pub command_key: Option<String>,
    /// When.
    pub converted_at: Timestamp,
}

impl Conversion {
    /// The lead.
    pub const LEAD: Column<Self, LeadId> = Column::required_key("lead_id", |row| ValueRef::Uuid(row.lead_id.uuid()));
    /// The person it lives on as.
    pub const CONTACT: Column<Self, ContactId> = Column::optional_key("contact_id", |row| {
        row.contact_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid()))
    });
    /// The deal it lives on as.
    pub const OPPORTUNITY: Column<Self, OpportunityId> = Column::optional_key("opportunity_id", |row| {
        row.opportunity_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid()))
    });
}

impl Entity for Conversion {
    const NAME: &'static str = "conversion";
    const FIELDS: &'static [Field<Self>] = &[Self::LEAD.field(), Self::CONTACT.field(), Self::OPPORTUNITY.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "lead_id",
        columns: &["lead_id"],
        read: |conversion| Some(vec![Value::Uuid(conversion.lead_id.uuid())]),
    }];
    const REFERENCES: &'static [Reference<Self>] = &[
        Reference { column: "lead_id", target: Lead::NAME, read: |row| Some(row.lead_id.uuid()) },
        Reference { column: "contact_id", target: Contact::NAME, read: |row| row.contact_id.map(Id::uuid) },
        Reference { column: "account_id", target: Account::NAME, read: |row| row.account_id.map(Id::uuid) },
        Reference { column: "opportunity_id", target: Opportunity::NAME, read: |row| row.opportunity_id.map(Id::uuid) },
    ];
}
impl Part for Conversion {}

/// What conversion refuses.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConversionRefusal {
    /// Something stands in the way; everything that does is named.
    #[error("the lead cannot be converted like this: {}", sentence(.0))]
    Blocked(Vec<Violation>),
    /// A record that the plan rests on has moved since.
    #[error("the {} was changed since the plan was made; plan again", .0.as_str())]
    StalePlan(RecordKind),
    /// Another command has converted the lead.
    #[error("the lead was converted already by another command; see its conversion")]
    ConvertedByAnother,
}

fn sentence(violations: &[Violation]) -> String {
    violations.iter().map(|violation| violation.problem.as_str()).collect::<Vec<_>>().join("; ")
}

impl Rule for ConversionRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Blocked(_) => "conversion.blocked",
            Self::StalePlan(_) => "conversion.stale_plan",
            Self::ConvertedByAnother => "conversion.converted_by_another",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Blocked(violations) => {
                violations.iter().map(|v| FieldProblem::new(&v.field, &v.code, &v.problem)).collect()
            }
            _ => Vec::new(),
        }
    }
    fn explanation(&self) -> Option<Explanation> {
        match self {
            Self::Blocked(violations) => {
                let reasons = violations.iter().map(|violation| Explanation::new(violation.problem.clone()));
                Some(Explanation::new("the lead cannot be converted like this").because_all(reasons))
            }
            _ => None,
        }
    }
}
