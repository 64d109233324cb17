//! Conditions and pages over whatever a kind of record declares, about half of which match something.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::Index;

use super::{Sample, stored};
use crate::kernel::{
    Cursor, Date, Direction, Entity, Field, FieldKind, Page, Predicate, Stored, Test, Timestamp, Value, ValueRef, terms,
};

/// Records to draw values from; the pools are so small that stored ones often hold the same.
type Drawn<E> = Arc<Vec<Stored<E>>>;

fn drawn<E: Sample>() -> BoxedStrategy<Drawn<E>> {
    proptest::collection::vec(stored::<E>(), 1..=3).prop_map(Arc::new).boxed()
}

/// Conditions on an `E`: any test on any field, also such as never hold, joined in any way.
pub fn predicate<E: Sample>() -> BoxedStrategy<Predicate<E>> {
    drawn::<E>()
        .prop_flat_map(|rows| {
            leaf(rows).prop_recursive(3, 10, 3, |inner| {
                prop_oneof![
                    proptest::collection::vec(inner.clone(), 0..=3).prop_map(Predicate::All),
                    proptest::collection::vec(inner.clone(), 0..=3).prop_map(Predicate::Any),
                    inner.prop_map(Predicate::negated),
                ]
            })
        })
        .boxed()
}

/// Pages in every order there is, from the start or from some place on.
pub fn page<E: Sample>() -> BoxedStrategy<Page<E>> {
    let orders: Vec<Field<E>> =
        fields().into_iter().filter(|field| Page::ordered(*field, Direction::Ascending, 1).is_ok()).collect();
    let order = proptest::sample::select(orders);
    let direction = prop_oneof![Just(Direction::Ascending), Just(Direction::Descending)];
    let limit = prop_oneof![1..=4_u32, Just(1_000)];
    let after = proptest::option::of((any::<Index>(), any::<Index>()));
    (drawn::<E>(), order, direction, limit, after)
        .prop_filter_map("no such page", |(rows, order, direction, limit, after)| {
            let page = Page::ordered(order, direction, limit).ok()?;
            let Some((value, id)) = after else { return Some(page) };
            let value = (order.read)(rows.get(value.index(rows.len()))?).to_value()?;
            let drawn = rows.get(id.index(rows.len()))?.id.uuid();
            let id = if let (Value::Uuid(id), "id") = (&value, order.name) { *id } else { drawn };
            page.after(Cursor { value, id }).ok()
        })
        .boxed()
}

/// The fields that every record has, and those of its kind.
fn fields<E: Entity>() -> Vec<Field<E>> {
    Field::SYSTEM.into_iter().chain(E::FIELDS.iter().copied()).collect()
}

/// A single test of a single field.
fn leaf<E: Sample>(rows: Drawn<E>) -> BoxedStrategy<Predicate<E>> {
    let field = proptest::sample::select(fields::<E>());
    let picks = (any::<Index>(), any::<Index>(), any::<Index>());
    (field, 0..9_u8, picks).prop_map(move |(field, test, picks)| test_of(&rows, field, test, picks)).boxed()
}

fn test_of<E: Entity>(rows: &[Stored<E>], field: Field<E>, shape: u8, picks: (Index, Index, Index)) -> Predicate<E> {
    let pick = |index: Index, values: &[Value]| {
        let place = index.index(values.len().max(1));
        values.get(place).cloned().unwrap_or(Value::Integer(1))
    };
    match field.kind {
        FieldKind::Tags => {
            let held = rows.iter().filter_map(|row| match (field.read)(row) {
                ValueRef::Tags(tags) => Some(tags.iter().map(|tag| tag.as_str().to_owned())),
                _ => None,
            });
            let held: Vec<_> = held.flatten().chain(["absent".to_owned()]).collect();
            let tag = held.get(picks.0.index(held.len())).cloned().unwrap_or_default();
            let test = if shape == 0 { Test::IsEmpty } else { Test::HasTag(tag) };
            Predicate::Test(field, test)
        }
        FieldKind::Custom if shape == 0 => Predicate::Test(field, Test::IsEmpty),
        FieldKind::Custom => {
            let held: Vec<_> = rows.iter().flat_map(terms).filter(|term| term.name != "tag").collect();
            let drawn = held.get(picks.0.index(held.len().max(1)));
            let key = drawn.and_then(|term| term.name.strip_prefix("custom.")).unwrap_or("absent").to_owned();
            let values: Vec<_> = held.iter().map(|term| term.value.clone()).chain(strangers()).collect();
            Predicate::Custom(field, key, comparison(shape, pick(picks.1, &values), pick(picks.2, &values)))
        }
        _ => {
            let held = rows.iter().filter_map(|row| (field.read)(row).to_value());
            // Thrice what is held for once what is not: a value of another kind passes no test at all.
            let values: Vec<Value> = held.clone().chain(held.clone()).chain(held).chain(strangers()).collect();
            Predicate::Test(field, comparison(shape, pick(picks.0, &values), pick(picks.1, &values)))
        }
    }
}

/// A value of each kind.
fn strangers() -> impl Iterator<Item = Value> {
    let day = Date::from_days(20_454).ok().map(Value::Date);
    let others = [
        Value::Text("a".to_owned()),
        Value::Integer(1),
        Value::Bool(true),
        Value::Uuid(uuid::Uuid::nil()),
        Value::Time(Timestamp::MAX),
    ];
    others.into_iter().chain(day)
}

fn comparison(shape: u8, value: Value, other: Value) -> Test {
    match (shape, value) {
        (2, value) => Test::In(vec![value, other]),
        (3, value) => Test::AtLeast(value),
        (4, value) => Test::Above(value),
        (5, value) => Test::AtMost(value),
        (6, value) => Test::Below(value),
        (7, Value::Text(text)) => Test::Prefix(text.chars().take(1).collect()),
        (1 | 7, value) => Test::Equals(value),
        (8, _) => Test::In(Vec::new()),
        _ => Test::IsEmpty,
    }
}
