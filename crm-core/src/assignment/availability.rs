//! When a member can take leads: absences, and the most open leads at once.

use serde::{Deserialize, Serialize};

use crate::access::{Member, MemberId};
use crate::kernel::{
    Column, DomainEvent, Entity, Field, FieldProblem, Id, InvalidInput, Key, Part, Patch, Reference, Timestamp, Value,
    ValueRef,
};

/// Identifier of an availability.
pub type AvailabilityId = Id<Availability>;

/// When a member can take leads. A member without one always can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Availability {
    /// Who.
    pub member_id: MemberId,
    /// They are away before this instant.
    pub away_until: Option<Timestamp>,
    /// They take no further lead by rotation while they own this many open ones; 1 to 1000.
    pub open_lead_cap: Option<i64>,
}

/// A change to an availability. What is absent stays, what is `null` is emptied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the availability")]
pub struct AvailabilityChange {
    pub away_until: Patch<Timestamp>,
    pub open_lead_cap: Patch<i64>,
}

impl Availability {
    /// Who.
    pub const MEMBER: Column<Self, MemberId> =
        Column::required_key("member_id", |row| ValueRef::Uuid(row.member_id.uuid()));

    /// Always available.
    #[must_use]
    pub const fn of(member_id: MemberId) -> Self {
        Self { member_id, away_until: None, open_lead_cap: None }
    }

    /// Changes it.
    ///
    /// # Errors
    /// `InvalidInput` when the cap is not 1 to 1000.
    pub fn change(&mut self, change: AvailabilityChange) -> Result<AvailabilityEvent, InvalidInput> {
        change.away_until.apply(&mut self.away_until);
        change.open_lead_cap.apply(&mut self.open_lead_cap);
        if let Some(cap) = self.open_lead_cap.filter(|cap| !(1..=1_000).contains(cap)) {
            let message = format!("a cap of {cap} open leads; give 1 to 1000, or none");
            let problem = FieldProblem::new("open_lead_cap", "availability.cap_out_of_range", message);
            return Err(InvalidInput(vec![problem]));
        }
        Ok(AvailabilityEvent::Changed { away_until: self.away_until, open_lead_cap: self.open_lead_cap })
    }
}

impl Entity for Availability {
    const NAME: &'static str = "availability";
    const FIELDS: &'static [Field<Self>] = &[Self::MEMBER.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "member_id",
        columns: &["member_id"],
        read: |row| Some(vec![Value::Uuid(row.member_id.uuid())]),
    }];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "member_id", target: Member::NAME, read: |row| Some(Id::uuid(row.member_id)) }];
}

/// Saved without an event when its member is given a lead up to the cap, which changes its version and nothing else.
impl Part for Availability {}

/// What happens to availabilities.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AvailabilityEvent {
    /// An absence or cap was set or lifted.
    Changed {
        /// Away before this instant.
        away_until: Option<Timestamp>,
        /// The most open leads.
        open_lead_cap: Option<i64>,
    },
}

impl DomainEvent for AvailabilityEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "availability.changed",
        }
    }
}
