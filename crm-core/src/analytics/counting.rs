//! Counting of what the caller sees.

use crate::kernel::{Entity, Field, Predicate, Result, Test, Value};
use crate::store::{Count, Records, Tx, UnitOfWork};

/// The most values of an answer: those with the most records.
pub(super) const MOST: u32 = 100;

/// How many records that match and that the caller sees have each value of a field.
pub(super) async fn count<E: Entity>(
    uow: &mut UnitOfWork<'_>,
    field: Field<E>,
    filter: &Predicate<E>,
) -> Result<Vec<Count>>
where
    for<'t> dyn Tx + 't: Records<E>,
{
    let visible = uow.caller().sees().and(filter.clone());
    Ok(Records::<E>::count_by(uow.tx(), field, &visible, MOST).await?)
}

/// All records of some counts.
pub(super) fn sum(counts: &[Count]) -> i64 {
    counts.iter().map(|count| count.count).sum()
}

/// How many of the records with each value of a field are a part of them: the value, all, and the part.
pub(super) async fn count_parts<E: Entity>(
    uow: &mut UnitOfWork<'_>,
    field: Field<E>,
    filter: &Predicate<E>,
    part: Predicate<E>,
) -> Result<Vec<(Option<Value>, i64, i64)>>
where
    for<'t> dyn Tx + 't: Records<E>,
{
    let all = count(uow, field, filter).await?;
    // The same values, that the most frequent of the part are among them.
    let named = all.iter().filter_map(|count| count.value.clone()).collect();
    let same = Predicate::Test(field, Test::In(named)).or(Predicate::Test(field, Test::IsEmpty));
    let parts = count(uow, field, &filter.clone().and(part).and(same)).await?;
    let of = |value: &Option<Value>| parts.iter().find(|part| part.value == *value).map_or(0, |part| part.count);
    Ok(all
        .into_iter()
        .map(|count| {
            let part = of(&count.value);
            (count.value, count.count, part)
        })
        .collect())
}

/// A part of a whole in hundredths of a percent, rounded half up; nothing of nothing.
pub(super) fn basis_points(part: i64, whole: i64) -> Option<i64> {
    let (part, whole) = (i128::from(part), i128::from(whole));
    if whole <= 0 {
        return None;
    }
    i64::try_from((part * 10_000 + whole / 2) / whole).ok()
}
