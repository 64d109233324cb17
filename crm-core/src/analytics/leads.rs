//! Leads that were made in a period.

use serde::Serialize;

use super::Period;
use super::counting::{basis_points, count, count_parts, sum};
use crate::access::MemberId;
use crate::kernel::{Field, Predicate, Result, Test, Value};
use crate::lead::{Lead, LeadStatus};
use crate::store::{Count, UnitOfWork};

/// The leads that were made in a period, as they stand now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeadFigures {
    /// How many were made.
    pub created: i64,
    /// How many of them are qualified, or were converted.
    pub qualified: i64,
    /// How many of them were converted.
    pub converted: i64,
    /// Which share of them is qualified, or was converted, in hundredths of a percent.
    pub qualification_basis_points: Option<i64>,
    /// Which share of them was converted, in hundredths of a percent.
    pub conversion_basis_points: Option<i64>,
    /// How many are in each state; states without a lead are left out.
    pub by_status: Vec<StatusCount>,
    /// By where they came from; the 100 sources with the most of them.
    pub by_source: Vec<SourceFigures>,
    /// By who is responsible; the 100 members with the most of them.
    pub by_owner: Vec<OwnerFigures>,
}

/// Leads in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "each name says it")]
pub struct StatusCount {
    pub status: LeadStatus,
    pub count: i64,
}

/// Leads of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceFigures {
    /// The source; nothing for leads without one.
    pub source: Option<String>,
    /// How many were made.
    pub created: i64,
    /// How many of them were converted.
    pub converted: i64,
    /// Which share that is, in hundredths of a percent.
    pub conversion_basis_points: Option<i64>,
}

/// Leads of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnerFigures {
    /// The member; nothing for leads that nobody has.
    pub owner_id: Option<MemberId>,
    /// How many were made.
    pub created: i64,
    /// How many of them were converted.
    pub converted: i64,
    /// Which share that is, in hundredths of a percent.
    pub conversion_basis_points: Option<i64>,
}

pub(super) async fn figures(uow: &mut UnitOfWork<'_>, period: Period) -> Result<LeadFigures> {
    let Period { from, to } = period;
    let made = |test| Predicate::Test(Field::<Lead>::CREATED_AT, test);
    let cohort = made(Test::AtLeast(Value::Time(from))).and(made(Test::Below(Value::Time(to))));
    let by_status = states(&count(uow, Lead::STATUS.field(), &cohort).await?);
    let converted = || Lead::STATUS.is(LeadStatus::Converted.as_str());
    let sources = count_parts(uow, Lead::SOURCE.field(), &cohort, converted()).await?;
    let owners = count_parts(uow, Lead::OWNER_ID.field(), &cohort, converted()).await?;
    let of = |wanted: &[LeadStatus]| {
        by_status.iter().filter(|state| wanted.contains(&state.status)).map(|state| state.count).sum()
    };
    let (created, converted) = (of(LeadStatus::ALL), of(&[LeadStatus::Converted]));
    let qualified = of(&[LeadStatus::Qualified, LeadStatus::Converted]);
    let of_source = |(value, created, converted)| SourceFigures {
        source: text(value),
        created,
        converted,
        conversion_basis_points: basis_points(converted, created),
    };
    let of_owner = |(value, created, converted): (Option<Value>, i64, i64)| OwnerFigures {
        owner_id: member(value.as_ref()),
        created,
        converted,
        conversion_basis_points: basis_points(converted, created),
    };
    Ok(LeadFigures {
        created,
        qualified,
        converted,
        qualification_basis_points: basis_points(qualified, created),
        conversion_basis_points: basis_points(converted, created),
        by_status,
        by_source: sources.into_iter().map(of_source).collect(),
        by_owner: owners.into_iter().map(of_owner).collect(),
    })
}

/// Counts of states, in the order of the states.
pub(super) fn states(counts: &[Count]) -> Vec<StatusCount> {
    let of = |status: LeadStatus| {
        let same = |count: &Count| count.value.as_ref().is_some_and(|value| *value == named(status.as_str()));
        let count = sum(&counts.iter().filter(|count| same(count)).cloned().collect::<Vec<_>>());
        (count > 0).then_some(StatusCount { status, count })
    };
    LeadStatus::ALL.iter().filter_map(|status| of(*status)).collect()
}

fn named(name: &str) -> Value {
    Value::Text(name.to_owned())
}

fn text(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// The member that a value names.
pub(super) fn member(value: Option<&Value>) -> Option<MemberId> {
    match value {
        Some(Value::Uuid(id)) => Some(MemberId::new(*id)),
        _ => None,
    }
}
