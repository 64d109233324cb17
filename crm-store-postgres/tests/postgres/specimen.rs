//! An entity with a field of every kind, and a table for it.

use std::collections::BTreeMap;

use crm_core::kernel::{
    Column, CustomColumn, CustomKey, CustomValue, CustomValues, Date, Direction, Entity, Field, FieldKind, Key, Number,
    Predicate, Stored, TagsColumn, Test, Timestamp, Value, ValueRef,
};
use crm_core::kernel::{Label, Tag};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::database::{Database, fresh_id};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shade {
    Light,
    Dark,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    Unknown,
    Of(String, i64),
    Map(BTreeMap<String, Option<Timestamp>>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Specimen {
    /// A word of SQL, to see that names are quoted.
    pub(crate) order: String,
    pub(crate) nick: Option<String>,
    pub(crate) size: i64,
    pub(crate) count: Option<i64>,
    pub(crate) active: bool,
    pub(crate) flag: Option<bool>,
    pub(crate) owner_id: Uuid,
    pub(crate) other_id: Option<Uuid>,
    pub(crate) seen_at: Timestamp,
    pub(crate) gone_at: Option<Timestamp>,
    pub(crate) begun_on: Date,
    pub(crate) ended_on: Option<Date>,
    pub(crate) weight: Decimal,
    pub(crate) ratio: Option<Decimal>,
    pub(crate) shade: Shade,
    pub(crate) origin: Origin,
    pub(crate) words: Vec<String>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) custom: CustomValues,
    pub(crate) extra: Json,
}

impl Specimen {
    pub(crate) const ORDER: Column<Self, String> =
        Column::required_indexed("order", |row| ValueRef::Text(&row.value.order));
    pub(crate) const NICK: Column<Self, String> =
        Column::optional("nick", |row| row.value.nick.as_deref().map_or(ValueRef::Absent, ValueRef::Text));
    pub(crate) const SIZE: Column<Self, i64> = Column::required("size", |row| ValueRef::Integer(row.size));
    pub(crate) const COUNT: Column<Self, i64> =
        Column::optional("count", |row| row.count.map_or(ValueRef::Absent, ValueRef::Integer));
    pub(crate) const ACTIVE: Column<Self, bool> = Column::required("active", |row| ValueRef::Bool(row.active));
    pub(crate) const FLAG: Column<Self, bool> =
        Column::optional("flag", |row| row.flag.map_or(ValueRef::Absent, ValueRef::Bool));
    pub(crate) const OWNER: Column<Self, Uuid> = Column::required("owner_id", |row| ValueRef::Uuid(row.owner_id));
    pub(crate) const OTHER: Column<Self, Uuid> =
        Column::optional("other_id", |row| row.other_id.map_or(ValueRef::Absent, ValueRef::Uuid));
    pub(crate) const SEEN: Column<Self, Timestamp> = Column::required("seen_at", |row| ValueRef::Time(row.seen_at));
    pub(crate) const GONE: Column<Self, Timestamp> =
        Column::optional("gone_at", |row| row.gone_at.map_or(ValueRef::Absent, ValueRef::Time));
    pub(crate) const BEGUN: Column<Self, Date> = Column::required("begun_on", |row| ValueRef::Date(row.begun_on));
    pub(crate) const ENDED: Column<Self, Date> =
        Column::optional("ended_on", |row| row.ended_on.map_or(ValueRef::Absent, ValueRef::Date));
    pub(crate) const TAGS: TagsColumn<Self> = TagsColumn::new(|row: &Stored<Self>| ValueRef::Tags(&row.value.tags));
    pub(crate) const CUSTOM: CustomColumn<Self> =
        CustomColumn::new(|row: &Stored<Self>| ValueRef::Custom(&row.value.custom));
}

impl Entity for Specimen {
    const NAME: &'static str = "specimen";
    const FIELDS: &'static [Field<Self>] = &[
        Self::ORDER.field(),
        Self::NICK.field(),
        Self::SIZE.field(),
        Self::COUNT.field(),
        Self::ACTIVE.field(),
        Self::FLAG.field(),
        Self::OWNER.field(),
        Self::OTHER.field(),
        Self::SEEN.field(),
        Self::GONE.field(),
        Self::BEGUN.field(),
        Self::ENDED.field(),
        Self::TAGS.field(),
        Self::CUSTOM.field(),
    ];
    const UNIQUE: &'static [Key<Self>] = &[];
}

pub(crate) const TABLE: &str = r#"
    set role crm_owner;
    create table crm.specimen (
        organization_id uuid not null, id uuid not null, version bigint not null,
        created_at timestamptz not null, updated_at timestamptz not null,
        "order" text collate "C" not null, nick text collate "C", size bigint not null, count bigint,
        active boolean not null, flag boolean, owner_id uuid not null, other_id uuid,
        seen_at timestamptz not null, gone_at timestamptz, begun_on date not null, ended_on date,
        weight numeric not null, ratio numeric, shade text collate "C" not null, origin jsonb not null,
        words jsonb not null, tags jsonb not null, custom jsonb not null, extra jsonb,
        constraint specimen_pkey primary key (organization_id, id),
        constraint specimen_organization_id_fkey
            foreign key (organization_id) references crm.organization (organization_id));
    create index specimen_order on crm.specimen (organization_id, "order", id);
    alter table crm.specimen enable row level security;
    alter table crm.specimen force row level security;
    create policy specimen_of_organization on crm.specimen to crm_app
        using (organization_id = current_setting('app.org_id')::uuid)
        with check (organization_id = current_setting('app.org_id')::uuid);
    grant select, insert, update, delete on crm.specimen to crm_app;
"#;

/// A fresh database with the specimen's table.
pub(crate) async fn database() -> Database {
    let database = Database::fresh().await;
    database.admin(TABLE).await;
    database
}

fn texts() -> impl Strategy<Value = String> {
    let few = ["a", "ab", "aB", "B", "b", "ä", "a%", "_", "'", "\u{D7FF}", "\u{E000}", "\u{10FFFF}", "", "\u{1F600}"];
    prop_oneof![4 => proptest::sample::select(few.to_vec()).prop_map(str::to_owned), 1 => "[^\0]{0,6}"]
}

fn integers() -> impl Strategy<Value = i64> {
    prop_oneof![-2_i64..3, Just(i64::MIN), Just(i64::MAX)]
}

fn uuids() -> impl Strategy<Value = Uuid> {
    prop_oneof![(0_u128..3).prop_map(Uuid::from_u128), Just(Uuid::max()), Just(Uuid::from_u128(1 << 127))]
}

fn times() -> impl Strategy<Value = Timestamp> {
    let near = (-2_i64..3).prop_map(|micros| Timestamp::from_micros(micros).unwrap());
    prop_oneof![near, Just(Timestamp::MIN), Just(Timestamp::MAX)]
}

fn dates() -> impl Strategy<Value = Date> {
    times().prop_map(Timestamp::date)
}

fn tag() -> impl Strategy<Value = Tag> {
    proptest::sample::select(vec!["red", "green", "blue"]).prop_map(|tag| Tag::try_from(tag.to_owned()).unwrap())
}

fn label() -> impl Strategy<Value = Label> {
    proptest::sample::select(vec!["a", "ab", "B"]).prop_map(|label| Label::parse(label).unwrap())
}

fn custom_value() -> impl Strategy<Value = CustomValue> {
    prop_oneof![
        (-2_i64..3).prop_map(|millionths| CustomValue::Number(Number::from_millionths(millionths))),
        dates().prop_map(CustomValue::Date),
        any::<bool>().prop_map(CustomValue::Bool),
        label().prop_map(CustomValue::Choice),
        proptest::collection::btree_set(label(), 0..3)
            .prop_map(|labels| CustomValue::Choices(labels.into_iter().collect())),
    ]
}

fn keys() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["one", "two", "three"]).prop_map(str::to_owned)
}

fn custom() -> impl Strategy<Value = CustomValues> {
    let entries = proptest::collection::btree_map(keys(), custom_value(), 0..3);
    entries
        .prop_map(|values| values.into_iter().map(|(key, value)| (CustomKey::try_from(key).unwrap(), value)).collect())
}

fn decimals() -> impl Strategy<Value = Decimal> {
    let any = (any::<i64>(), 0_u32..=28).prop_map(|(number, scale)| Decimal::new(number, scale));
    prop_oneof![any, Just(Decimal::MAX), Just(Decimal::MIN), Just(Decimal::new(1, 28)), Just(Decimal::new(0, 2))]
        // A negative zero is no number of ours.
        .prop_map(|decimal| if decimal.is_zero() { decimal.abs() } else { decimal })
}

fn origins() -> impl Strategy<Value = Origin> {
    prop_oneof![
        Just(Origin::Unknown),
        (texts(), any::<i64>()).prop_map(|(text, number)| Origin::Of(text, number)),
        proptest::collection::btree_map(texts(), proptest::option::of(times()), 0..3).prop_map(Origin::Map),
    ]
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        texts().prop_map(Json::from)
    ];
    leaf.prop_recursive(2, 8, 3, |inner| proptest::collection::vec(inner, 0..3).prop_map(Json::Array))
}

/// A specimen with any values, extreme ones often.
pub(crate) fn specimens() -> impl Strategy<Value = Stored<Specimen>> {
    (
        (texts(), proptest::option::of(texts()), integers(), proptest::option::of(integers())),
        (any::<bool>(), proptest::option::of(any::<bool>()), uuids(), proptest::option::of(uuids())),
        (times(), proptest::option::of(times()), dates(), proptest::option::of(dates())),
        (decimals(), proptest::option::of(decimals()), any::<bool>(), origins()),
        (proptest::collection::vec(texts(), 0..3), proptest::collection::btree_set(tag(), 0..3), custom(), json()),
        (times(), 1_i64..9),
    )
        .prop_map(|(text, flags, time, number, many, (created_at, version))| Stored {
            id: fresh_id(),
            version,
            created_at,
            updated_at: created_at,
            value: Specimen {
                order: text.0,
                nick: text.1,
                size: text.2,
                count: text.3,
                active: flags.0,
                flag: flags.1,
                owner_id: flags.2,
                other_id: flags.3,
                seen_at: time.0,
                gone_at: time.1,
                begun_on: time.2,
                ended_on: time.3,
                weight: number.0,
                ratio: number.1,
                shade: if number.2 { Shade::Light } else { Shade::Dark },
                origin: number.3,
                words: many.0,
                tags: many.1.into_iter().collect(),
                custom: many.2,
                extra: many.3,
            },
        })
}

fn values_of(kind: FieldKind) -> BoxedStrategy<Value> {
    match kind {
        FieldKind::Integer => integers().prop_map(Value::Integer).boxed(),
        FieldKind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        FieldKind::Uuid => uuids().prop_map(Value::Uuid).boxed(),
        FieldKind::Time => times().prop_map(Value::Time).boxed(),
        FieldKind::Date => dates().prop_map(Value::Date).boxed(),
        FieldKind::Text | FieldKind::Tags | FieldKind::Custom => {
            prop_oneof![8 => texts(), 1 => Just("a\0b".to_owned()), 1 => Just("\0".to_owned())]
                .prop_map(Value::Text)
                .boxed()
        }
    }
}

fn values() -> BoxedStrategy<Value> {
    let kinds =
        [FieldKind::Text, FieldKind::Integer, FieldKind::Bool, FieldKind::Uuid, FieldKind::Time, FieldKind::Date];
    proptest::sample::select(kinds.to_vec()).prop_flat_map(values_of).boxed()
}

/// A value that mostly is of the field's kind.
fn value_for(field: Field<Specimen>) -> BoxedStrategy<Value> {
    prop_oneof![9 => values_of(field.kind), 1 => values()].boxed()
}

fn test_of(value: BoxedStrategy<Value>) -> impl Strategy<Value = Test> {
    let list = proptest::collection::vec(value.clone(), 0..4);
    let prefix = prop_oneof![texts(), Just("a\0".to_owned())];
    prop_oneof![
        value.clone().prop_map(Test::Equals),
        list.prop_map(Test::In),
        value.clone().prop_map(Test::AtLeast),
        value.clone().prop_map(Test::Above),
        value.clone().prop_map(Test::AtMost),
        value.prop_map(Test::Below),
        prefix.prop_map(Test::Prefix),
        Just(Test::IsEmpty),
        proptest::sample::select(vec!["red", "green", "black", "a\0"]).prop_map(|tag| Test::HasTag(tag.to_owned())),
    ]
}

/// Any condition on specimens.
pub(crate) fn predicates() -> impl Strategy<Value = Predicate<Specimen>> {
    let fields: Vec<_> = Specimen::FIELDS.iter().chain(&Field::SYSTEM).copied().collect();
    let plain = proptest::sample::select(fields)
        .prop_flat_map(|field| test_of(value_for(field)).prop_map(move |test| Predicate::Test(field, test)));
    let has = tag().prop_map(|tag| Specimen::TAGS.has(&tag));
    let custom = (keys(), test_of(values())).prop_map(|(key, test)| Specimen::CUSTOM.value(key, test));
    let leaf = prop_oneof![6 => plain, 1 => has, 3 => custom];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Predicate::All),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Predicate::Any),
            inner.prop_map(Predicate::negated),
        ]
    })
}

/// A field by which lists can be ordered, and a direction.
pub(crate) fn orders() -> impl Strategy<Value = (Field<Specimen>, Direction)> {
    let fields: Vec<_> =
        Specimen::FIELDS.iter().chain(&Field::SYSTEM).filter(|field| !field.optional).copied().collect();
    let direction = prop_oneof![Just(Direction::Ascending), Just(Direction::Descending)];
    (proptest::sample::select(fields), direction)
}
