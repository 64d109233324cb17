//! Activities of a period.

use serde::Serialize;

use super::Period;
use super::counting::{basis_points, count, sum};
use super::leads::member;
use crate::access::MemberId;
use crate::activity::{Activity, ActivityKind, ActivityStatus};
use crate::kernel::{Field, Predicate, Result, Test, Timestamp, Value};
use crate::store::{Count, UnitOfWork};

/// What was planned and done in a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivityFigures {
    /// Those that were written down in it.
    pub created: Vec<KindCount>,
    /// Those that were done in it.
    pub done: Vec<KindCount>,
    /// The same by who did them; the 100 members with the most.
    pub done_by_owner: Vec<OwnerCount>,
    /// Those that were to be done in it.
    pub due: DueFigures,
    /// Those that were to be done in it, and are open although it is past the time.
    pub overdue: Vec<KindCount>,
    /// The same by who is to do them; the 100 members with the most.
    pub overdue_by_owner: Vec<OwnerCount>,
}

/// Activities of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "each name says it")]
pub struct KindCount {
    pub kind: ActivityKind,
    pub count: i64,
}

/// Activities of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnerCount {
    /// The member; nothing for those that nobody has.
    pub owner_id: Option<MemberId>,
    /// How many.
    pub count: i64,
}

/// What became of activities that were to be done in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DueFigures {
    /// Still to be done.
    pub open: i64,
    /// Done.
    pub done: i64,
    /// Never to be done.
    pub cancelled: i64,
    /// Which share of those that were not cancelled was done, in hundredths of a percent.
    pub completion_basis_points: Option<i64>,
}

pub(super) async fn figures(uow: &mut UnitOfWork<'_>, period: Period) -> Result<ActivityFigures> {
    let now = uow.now();
    let created = within(Field::CREATED_AT, period);
    let done = within(Activity::DONE_AT.field(), period).and(in_state(ActivityStatus::Done));
    let due = within(Activity::DUE_AT.field(), period);
    let late = due.clone().and(overdue(now));
    let (kind, owner) = (Activity::KIND.field(), Activity::OWNER_ID.field());
    let states = count(uow, Activity::STATUS.field(), &due).await?;
    let of = |status: ActivityStatus| {
        let same = |count: &&Count| count.value == Some(Value::Text(status.as_str().to_owned()));
        states.iter().find(same).map_or(0, |count| count.count)
    };
    let (open, finished) = (of(ActivityStatus::Open), of(ActivityStatus::Done));
    Ok(ActivityFigures {
        created: kinds(&count(uow, kind, &created).await?),
        done: kinds(&count(uow, kind, &done).await?),
        done_by_owner: owners(count(uow, owner, &done).await?),
        due: DueFigures {
            open,
            done: finished,
            cancelled: of(ActivityStatus::Cancelled),
            completion_basis_points: basis_points(finished, open + finished),
        },
        overdue: kinds(&count(uow, kind, &late).await?),
        overdue_by_owner: owners(count(uow, owner, &late).await?),
    })
}

/// Those that are open although they should be done by now.
pub(super) fn overdue(now: Timestamp) -> Predicate<Activity> {
    in_state(ActivityStatus::Open).and(Activity::DUE_AT.below(now))
}

pub(super) fn in_state(status: ActivityStatus) -> Predicate<Activity> {
    Activity::STATUS.is(status.as_str())
}

fn within(field: Field<Activity>, Period { from, to }: Period) -> Predicate<Activity> {
    let test = |test| Predicate::Test(field, test);
    test(Test::AtLeast(Value::Time(from))).and(test(Test::Below(Value::Time(to))))
}

/// Counts of kinds, in the order of the kinds.
fn kinds(counts: &[Count]) -> Vec<KindCount> {
    let of = |kind: ActivityKind| {
        let same = |count: &&Count| count.value == Some(Value::Text(kind.as_str().to_owned()));
        let counts: Vec<_> = counts.iter().filter(same).cloned().collect();
        (!counts.is_empty()).then(|| KindCount { kind, count: sum(&counts) })
    };
    ActivityKind::ALL.iter().filter_map(|kind| of(*kind)).collect()
}

fn owners(counts: Vec<Count>) -> Vec<OwnerCount> {
    counts.into_iter().map(|Count { value, count }| OwnerCount { owner_id: member(value.as_ref()), count }).collect()
}
