//! Pools: few enough values of each kind that two drawn ones are often the same.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::one_of;
use crate::kernel::{Id, Timestamp};

/// How many identifiers there are.
pub const POOL: u8 = 5;

/// One of few identifiers. All kinds share them, so that a store that forgets the kind is caught.
#[must_use]
pub fn pool_id<E>(number: u8) -> Id<E> {
    Id::new(Uuid::from_u128(0x019c_adc6_9a80_7000_8000_0000_0000_0000 + u128::from(number % POOL)))
}

pub(super) fn any_id<E: 'static>() -> BoxedStrategy<Id<E>> {
    (0..POOL).prop_map(pool_id).boxed()
}

/// An instant at either end of time, or one of a few close together.
pub fn instant() -> BoxedStrategy<Timestamp> {
    const NOON: i64 = 1_772_452_800_000_000;
    let near = prop_oneof![Just(0_i64), Just(1), Just(-1), Just(60_000_000)];
    prop_oneof![
        8 => near.prop_map(|away| Timestamp::from_micros(NOON + away).unwrap_or(Timestamp::MIN)),
        1 => Just(Timestamp::MIN),
        1 => Just(Timestamp::MAX),
    ]
    .boxed()
}

/// A short text; some differ only in case, in marks, or far from the alphabet.
pub(super) fn word() -> BoxedStrategy<String> {
    one_of(&["a", "ab", "A", "b", "ä", "z", "a b", "O'Neil", "100%", "～", "𠀀", "null", "1"])
        .prop_map(str::to_owned)
        .boxed()
}

/// A whole number; mostly small, now and then as large as they come.
pub(super) fn number() -> BoxedStrategy<i64> {
    prop_oneof![8 => -1..4_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)].boxed()
}

pub(super) fn address() -> BoxedStrategy<&'static str> {
    one_of(&["ada@example.com", "Ada@Example.com", "bob@example.com", "ada@example.org", "eve@example.net"])
}

/// Tags, sorted, without doubles.
pub(super) fn tags() -> BoxedStrategy<Json> {
    let all = ["a", "vip", "x y"];
    proptest::sample::subsequence(all.to_vec(), 0..=all.len()).prop_map(Json::from).boxed()
}

/// Custom values under two keys, each of which holds now this kind and now that.
pub(super) fn custom() -> BoxedStrategy<Json> {
    let value = prop_oneof![
        word().prop_map(|text| json!({ "text": text })),
        one_of(&["0", "1", "0.000001", "-2.5"]).prop_map(|number| json!({ "number": number })),
        (-1..3_i64).prop_map(|minor| json!({ "money": { "minor": minor, "currency": "EUR" } })),
        one_of(&["2026-01-01", "2026-01-02", "0001-01-01"]).prop_map(|date| json!({ "date": date })),
        any::<bool>().prop_map(|value| json!({ "bool": value })),
        word().prop_map(|choice| json!({ "choice": choice })),
        proptest::sample::subsequence(vec!["a", "b", "z"], 0..=3).prop_map(|choices| json!({ "choices": choices })),
    ];
    let values = proptest::collection::btree_map(one_of(&["k", "size"]), value, 0..=2);
    values.prop_map(|values| json!(values)).boxed()
}

/// A value or `null`, equally likely.
pub(super) fn maybe<T: serde::Serialize + std::fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Json> {
    prop_oneof![Just(Json::Null), value.prop_map(|value| json!(value))].boxed()
}
