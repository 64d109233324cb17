//! The committed rows of one entity, with the indexes that its declaration asks for.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use crate::kernel::{Entity, Field, Predicate, Stored, Test, Value};

/// Rows of all organizations.
pub(super) struct Table<E> {
    rows: BTreeMap<(Uuid, Uuid), Stored<E>>,
    unique: HashMap<(Uuid, &'static str, Vec<Value>), Uuid>,
    index: HashMap<(Uuid, &'static str, Value), BTreeSet<Uuid>>,
    /// How many rows refer to a record, by organization, target and identifier.
    references: HashMap<(Uuid, &'static str, Uuid), usize>,
}

/// A table whose entity is not known.
pub(super) trait AnyTable: Any + Send {
    fn version(&self, organization: Uuid, id: Uuid) -> Option<i64>;
    fn refers_to(&self, organization: Uuid, target: &'static str, id: Uuid) -> usize;
    fn entity(&self) -> &'static str;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn copy(&self) -> Box<dyn AnyTable>;
}

impl<E: Entity> AnyTable for Table<E> {
    fn version(&self, organization: Uuid, id: Uuid) -> Option<i64> {
        self.rows.get(&(organization, id)).map(|row| row.version)
    }
    fn refers_to(&self, organization: Uuid, target: &'static str, id: Uuid) -> usize {
        self.references.get(&(organization, target, id)).copied().unwrap_or(0)
    }
    fn entity(&self) -> &'static str {
        E::NAME
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn copy(&self) -> Box<dyn AnyTable> {
        Box::new(Self {
            rows: self.rows.clone(),
            unique: self.unique.clone(),
            index: self.index.clone(),
            references: self.references.clone(),
        })
    }
}

impl<E: Entity> Default for Table<E> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), unique: HashMap::new(), index: HashMap::new(), references: HashMap::new() }
    }
}

impl<E: Entity> Table<E> {
    pub(super) fn get(&self, organization: Uuid, id: Uuid) -> Option<&Stored<E>> {
        self.rows.get(&(organization, id))
    }

    /// Who has this unique key.
    pub(super) fn holder(&self, organization: Uuid, key: &'static str, values: &[Value]) -> Option<Uuid> {
        self.unique.get(&(organization, key, values.to_vec())).copied()
    }

    /// Every row of every organization.
    pub(super) fn all(&self) -> impl Iterator<Item = (Uuid, &Stored<E>)> {
        self.rows.iter().map(|((organization, _), row)| (*organization, row))
    }

    /// Rows of the organization that may match, in the order of identifiers, beginning with `from`.
    pub(super) fn candidates<'t>(
        &'t self,
        organization: Uuid,
        filter: &Predicate<E>,
        from: Option<Uuid>,
    ) -> Box<dyn Iterator<Item = &'t Stored<E>> + 't> {
        let from = from.unwrap_or(Uuid::nil());
        let wanted = move |id: &Uuid| *id >= from;
        match narrowing(filter) {
            Some((field, values)) if field == Field::<E>::ID => {
                let ids: BTreeSet<Uuid> = values
                    .into_iter()
                    .filter_map(|value| if let Value::Uuid(id) = value { Some(id) } else { None })
                    .collect();
                Box::new(ids.into_iter().filter(wanted).filter_map(move |id| self.get(organization, id)))
            }
            Some((field, values)) => {
                let ids: BTreeSet<Uuid> = values
                    .into_iter()
                    .filter_map(|value| self.index.get(&(organization, field.name, value)))
                    .flatten()
                    .copied()
                    .collect();
                Box::new(ids.into_iter().filter(wanted).filter_map(move |id| self.get(organization, id)))
            }
            None => {
                let rows = self.rows.range((organization, from)..=(organization, Uuid::max()));
                Box::new(rows.map(|(_, row)| row))
            }
        }
    }

    pub(super) fn put(&mut self, organization: Uuid, row: Stored<E>) {
        self.take(organization, row.id.uuid());
        let id = row.id.uuid();
        for key in E::UNIQUE {
            if let Some(values) = (key.read)(&row.value) {
                self.unique.insert((organization, key.name, values), id);
            }
        }
        for field in E::FIELDS.iter().filter(|field| field.indexed) {
            if let Some(value) = (field.read)(&row).to_value() {
                self.index.entry((organization, field.name, value)).or_default().insert(id);
            }
        }
        for reference in E::REFERENCES {
            if let Some(target) = (reference.read)(&row.value) {
                *self.references.entry((organization, reference.target, target)).or_default() += 1;
            }
        }
        self.rows.insert((organization, id), row);
    }

    pub(super) fn take(&mut self, organization: Uuid, id: Uuid) {
        let Some(row) = self.rows.remove(&(organization, id)) else { return };
        for key in E::UNIQUE {
            if let Some(values) = (key.read)(&row.value) {
                self.unique.remove(&(organization, key.name, values));
            }
        }
        for field in E::FIELDS.iter().filter(|field| field.indexed) {
            if let Some(value) = (field.read)(&row).to_value() {
                let place = (organization, field.name, value);
                if let Some(ids) = self.index.get_mut(&place) {
                    ids.remove(&id);
                    if ids.is_empty() {
                        self.index.remove(&place);
                    }
                }
            }
        }
        for reference in E::REFERENCES {
            if let Some(target) = (reference.read)(&row.value) {
                let place = (organization, reference.target, target);
                if let Some(count) = self.references.get_mut(&place) {
                    *count -= 1;
                    if *count == 0 {
                        self.references.remove(&place);
                    }
                }
            }
        }
    }
}

/// A test for equality that every match must pass and that an index can answer.
fn narrowing<E: Entity>(filter: &Predicate<E>) -> Option<(Field<E>, Vec<Value>)> {
    match filter {
        Predicate::Test(field, Test::Equals(value)) if field.indexed => Some((*field, vec![value.clone()])),
        Predicate::Test(field, Test::In(values)) if field.indexed => Some((*field, values.clone())),
        Predicate::All(parts) => parts.iter().find_map(narrowing),
        _ => None,
    }
}
