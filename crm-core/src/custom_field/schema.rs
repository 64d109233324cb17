//! The custom fields of one kind of record, and whether values fit them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{CustomField, CustomFieldRefusal};
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{
    Column, CustomKey, CustomValue, CustomValues, Entity, Field, FieldProblem, InvalidInput, Key, Page, Part,
    Predicate, Result, Value, ValueRef,
};
use crate::store::UnitOfWork;

/// That a record has a value of a unique field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomUnique {
    /// Kind of the record.
    pub record_kind: RecordKind,
    /// The record.
    pub record_id: Uuid,
    /// Key of the field.
    pub key: CustomKey,
    /// The value in one canonical text.
    pub value: String,
}

impl CustomUnique {
    /// The record.
    pub const RECORD: Column<Self, Uuid> = Column::required_key("record_id", |row| ValueRef::Uuid(row.record_id));
    /// Key of the field.
    pub const KEY: Column<Self, String> = Column::required("key", |row| ValueRef::Text(row.key.as_str()));
    /// The value in one canonical text.
    pub const VALUE: Column<Self, String> = Column::required_key("value", |row| ValueRef::Text(&row.value.value));
}

impl Entity for CustomUnique {
    const NAME: &'static str = "custom_unique";
    const FIELDS: &'static [Field<Self>] = &[Self::RECORD.field(), Self::KEY.field(), Self::VALUE.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "value",
        columns: &["record_kind", "key", "value"],
        read: |row| {
            let kind = Value::Text(row.record_kind.as_str().to_owned());
            Some(vec![kind, Value::Text(row.key.as_str().to_owned()), Value::Text(row.value.clone())])
        },
    }];
}
impl Part for CustomUnique {}

/// The custom fields of one kind of record.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    fields: BTreeMap<CustomKey, CustomField>,
}

impl Schema {
    /// Reads the fields of a kind of record.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn load(uow: &mut UnitOfWork<'_>, kind: RecordKind) -> Result<Self> {
        let fields = uow.setup::<CustomField>().await?;
        let own = fields.iter().filter(|row| row.record_kind == kind);
        Ok(Self { fields: own.map(|row| (row.key.clone(), row.value.clone())).collect() })
    }

    /// Reads the fields of every kind of record at once. Kinds without fields are left out.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn load_all(uow: &mut UnitOfWork<'_>) -> Result<BTreeMap<RecordKind, Self>> {
        let mut schemas: BTreeMap<RecordKind, Self> = BTreeMap::new();
        for row in uow.setup::<CustomField>().await?.iter() {
            schemas.entry(row.record_kind).or_default().fields.insert(row.key.clone(), row.value.clone());
        }
        Ok(schemas)
    }

    /// The fields, by key.
    pub fn fields(&self) -> impl Iterator<Item = &CustomField> {
        self.fields.values()
    }

    /// The field with this key.
    #[must_use]
    pub fn field(&self, key: &CustomKey) -> Option<&CustomField> {
        self.fields.get(key)
    }

    /// The values of unique fields, each as the one text by which two of them are the same ([`CustomUnique::value`]).
    #[must_use]
    pub fn unique_values(&self, values: &CustomValues) -> Vec<(CustomKey, String)> {
        let unique = self.fields.values().filter(|field| field.unique);
        unique.filter_map(|field| Some((field.key.clone(), canonical(values.get(&field.key)?)?))).collect()
    }

    /// Checks that values fit: known keys, right types, nothing required missing.
    ///
    /// # Errors
    /// `InvalidInput` that names every value that does not.
    pub fn check(&self, values: &CustomValues) -> std::result::Result<(), InvalidInput> {
        self.check_change(&CustomValues::default(), values)
    }

    /// Checks that changed values fit. What a record still holds of a field that was removed may stay as it is.
    ///
    /// # Errors
    /// `InvalidInput` that names every value that does not.
    pub fn check_change(&self, before: &CustomValues, values: &CustomValues) -> std::result::Result<(), InvalidInput> {
        let unknown = values.iter().filter_map(|(key, value)| {
            let problem = match self.fields.get(key) {
                Some(field) => field.holds.problem(value)?,
                None if before.get(key) == Some(value) => return None,
                None => "there is no such custom field; add it first or leave it out".to_owned(),
            };
            Some(FieldProblem::new(format!("custom.{key}"), "custom_field.invalid_value", problem))
        });
        let empty = |value: &CustomValue| matches!(value, CustomValue::Choices(chosen) if chosen.is_empty());
        let missing = self.fields.values().filter(|field| field.required && values.get(&field.key).is_none_or(empty));
        let missing = missing.map(|field| {
            FieldProblem::new(format!("custom.{}", field.key), "custom_field.required", "this field needs a value")
        });
        InvalidInput::check(unknown.chain(missing).collect())
    }

    /// Checks that a condition uses filterable fields only.
    ///
    /// # Errors
    /// `NotFilterable` with the first key that is not.
    pub fn check_condition<E>(&self, condition: &Predicate<E>) -> std::result::Result<(), CustomFieldRefusal> {
        let mut keys = condition.fields().into_iter().filter_map(|(_, key)| key);
        let usable = |key: &str| self.fields.values().any(|field| field.key.as_str() == key && field.filterable);
        match keys.find(|key| !usable(key)) {
            Some(key) => Err(CustomFieldRefusal::NotFilterable(key.to_owned())),
            None => Ok(()),
        }
    }

    /// The records of a kind that have one of these values of unique fields, each with the field's key.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn holders(
        &self,
        uow: &mut UnitOfWork<'_>,
        kind: RecordKind,
        values: &CustomValues,
    ) -> Result<Vec<(CustomKey, Uuid)>> {
        let wanted = self.unique_values(values).into_iter().collect();
        let holders = claims_of(uow, kind, &wanted).await?;
        Ok(holders.into_iter().map(|claim| (claim.key, claim.record_id)).collect())
    }

    /// Claims the values of unique fields of records that are new, in few statements.
    ///
    /// # Errors
    /// `CustomFieldRefusal::Taken` when another record, or two of these, have one; `StoreError::Duplicate` when one came
    /// first just now.
    pub async fn claim_new<'v>(
        &self,
        uow: &mut UnitOfWork<'_>,
        record_kind: RecordKind,
        records: impl IntoIterator<Item = (Uuid, &'v CustomValues)>,
    ) -> Result<()> {
        let (mut wanted, mut claims) = (BTreeSet::new(), Vec::new());
        for (record_id, values) in records {
            for (key, value) in self.unique_values(values) {
                if !wanted.insert((key.clone(), value.clone())) {
                    return Err(CustomFieldRefusal::Taken(key).into());
                }
                claims.push(CustomUnique { record_kind, record_id, key, value });
            }
        }
        if let Some(taken) = claims_of(uow, record_kind, &wanted).await?.pop() {
            return Err(CustomFieldRefusal::Taken(taken.key).into());
        }
        uow.add_parts(claims).await?;
        Ok(())
    }

    /// Claims a record's values of unique fields and gives up those that it has no more.
    ///
    /// # Errors
    /// `CustomFieldRefusal::Taken` when another record has one; `StoreError::Duplicate` when one came first just now.
    pub async fn claim(
        &self,
        uow: &mut UnitOfWork<'_>,
        record: RecordRef,
        before: Option<&CustomValues>,
        after: &CustomValues,
    ) -> Result<()> {
        for field in self.fields.values().filter(|field| field.unique) {
            let old = before.and_then(|values| values.get(&field.key)).and_then(canonical);
            let new = after.get(&field.key).and_then(canonical);
            if old == new {
                continue;
            }
            if old.is_some() {
                let own = CustomUnique::RECORD.is(record.id).and(CustomUnique::KEY.is(field.key.as_str()));
                for claim in uow.list_all(&own).await? {
                    uow.remove_part(&claim).await?;
                }
            }
            if let Some(value) = new {
                let taken = CustomUnique::VALUE.is(value.clone()).and(CustomUnique::KEY.is(field.key.as_str()));
                let holders = uow.list(&taken, &Page::first(10)).await?;
                if holders.iter().any(|holder| holder.record_kind == record.kind && holder.record_id != record.id) {
                    return Err(CustomFieldRefusal::Taken(field.key.clone()).into());
                }
                let key = field.key.clone();
                let claim = CustomUnique { record_kind: record.kind, record_id: record.id, key, value };
                uow.add_parts(vec![claim]).await?;
            }
        }
        Ok(())
    }

    /// Gives up all unique values of a record that goes.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn release(uow: &mut UnitOfWork<'_>, record: RecordRef) -> Result<()> {
        for claim in uow.list_all(&CustomUnique::RECORD.is(record.id)).await? {
            uow.remove_part(&claim).await?;
        }
        Ok(())
    }
}

/// The claims of a kind of record on these values.
async fn claims_of(
    uow: &mut UnitOfWork<'_>,
    kind: RecordKind,
    wanted: &BTreeSet<(CustomKey, String)>,
) -> Result<Vec<CustomUnique>> {
    let (values, mut claims): (Vec<_>, _) = (wanted.iter().map(|(_, value)| value.clone()).collect(), Vec::new());
    // Not more values in one condition than a page holds rows.
    for values in values.chunks(500) {
        let held = uow.list_all(&CustomUnique::VALUE.is_one_of(values.iter().cloned())).await?;
        claims.extend(held.into_iter().map(|claim| claim.value));
    }
    claims.retain(|claim| claim.record_kind == kind && wanted.contains(&(claim.key.clone(), claim.value.clone())));
    Ok(claims)
}

/// One text for each value, in which texts that differ in case alone are the same.
fn canonical(value: &CustomValue) -> Option<String> {
    match value {
        CustomValue::Text(text) => Some(text.to_lowercase()),
        CustomValue::Number(number) => Some(number.to_string()),
        CustomValue::Money(money) => Some(format!("{} {}", money.minor(), money.currency())),
        CustomValue::Date(date) => Some(date.to_string()),
        CustomValue::Choice(choice) => Some(choice.as_str().to_owned()),
        CustomValue::Bool(_) | CustomValue::Choices(_) => None,
    }
}
