//! What one open transaction has written and not yet committed, for one entity.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::State;
use super::table::Table;
use crate::kernel::{Entity, Stored, Value};
use crate::store::StoreError;
use crate::store::port::StoreResult;

/// Uncommitted rows of one entity; an absent row is one that was removed.
pub(super) struct Overlay<E> {
    pub(super) rows: BTreeMap<Uuid, Option<Stored<E>>>,
    unique: HashMap<(&'static str, Vec<Value>), Uuid>,
    references: HashMap<(&'static str, Uuid), usize>,
    /// The committed versions that the transaction rests on.
    based_on: BTreeMap<Uuid, Option<i64>>,
    /// The records that the transaction holds, and how often others had held them before.
    held: BTreeMap<Uuid, u64>,
}

/// An overlay whose entity is not known.
pub(super) trait AnyOverlay: Any + Send {
    fn row(&self, id: Uuid) -> Option<bool>;
    fn refers_to(&self, target: &'static str, id: Uuid) -> usize;
    fn removed_references(&self, organization: Uuid, state: &State, target: &'static str, id: Uuid) -> usize;
    fn verify(&self, organization: Uuid, state: &State, overlays: &Overlays) -> StoreResult<()>;
    fn apply(self: Box<Self>, organization: Uuid, state: &mut State);
    fn entity(&self) -> &'static str;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

/// All overlays of one transaction.
#[derive(Default)]
pub(super) struct Overlays(BTreeMap<&'static str, Box<dyn AnyOverlay>>);

impl Overlays {
    pub(super) fn get<E: Entity>(&self) -> Option<&Overlay<E>> {
        self.0.get(E::NAME).and_then(|overlay| overlay.as_any().downcast_ref())
    }

    pub(super) fn of<E: Entity>(&mut self) -> Option<&mut Overlay<E>> {
        let overlay = self.0.entry(E::NAME).or_insert_with(|| Box::new(Overlay::<E>::default()));
        overlay.as_any_mut().downcast_mut()
    }

    /// Whether the record exists, as the transaction sees it.
    fn exists(&self, organization: Uuid, state: &State, entity: &'static str, id: Uuid) -> bool {
        let own = self.0.get(entity).and_then(|overlay| overlay.row(id));
        own.unwrap_or_else(|| state.version(organization, entity, id).is_some())
    }

    /// The entity of a record that refers to this one, as the transaction sees it.
    fn referrer(&self, organization: Uuid, state: &State, target: &'static str, id: Uuid) -> Option<&'static str> {
        let own = self.0.values().find(|overlay| overlay.refers_to(target, id) > 0).map(|overlay| overlay.entity());
        own.or_else(|| {
            state.tables().find_map(|table| {
                let committed = table.refers_to(organization, target, id);
                let gone = self
                    .0
                    .get(table.entity())
                    .map_or(0, |overlay| overlay.removed_references(organization, state, target, id));
                (committed > gone).then(|| table.entity())
            })
        })
    }

    pub(super) fn commit(self, organization: Uuid, state: &mut State) -> StoreResult<()> {
        for overlay in self.0.values() {
            overlay.verify(organization, state, &self)?;
        }
        for (_, overlay) in self.0 {
            overlay.apply(organization, state);
        }
        Ok(())
    }

    /// The version of a record, as the transaction sees it.
    pub(super) fn version<E: Entity>(&self, organization: Uuid, state: &State, id: Uuid) -> Option<i64> {
        match self.get::<E>().and_then(|overlay| overlay.rows.get(&id)) {
            Some(own) => own.as_ref().map(|row| row.version),
            None => state.version(organization, E::NAME, id),
        }
    }

    /// Adds rows. As in a database, keys are checked row by row, and references when all rows are in.
    pub(super) fn insert<E: Entity>(
        &mut self,
        organization: Uuid,
        state: &State,
        rows: &[Stored<E>],
    ) -> StoreResult<()> {
        for row in rows {
            if self.version::<E>(organization, state, row.id.uuid()).is_some() {
                return Err(StoreError::Duplicate { entity: E::NAME, key: "id" });
            }
            self.check_keys(organization, state, row)?;
            self.place(organization, state, row.clone());
        }
        rows.iter().try_for_each(|row| self.check_references(organization, state, row))
    }

    /// Replaces a row.
    pub(super) fn put<E: Entity>(&mut self, organization: Uuid, state: &State, row: Stored<E>) -> StoreResult<()> {
        self.check_keys(organization, state, &row)?;
        self.check_references(organization, state, &row)?;
        self.place(organization, state, row);
        Ok(())
    }

    fn place<E: Entity>(&mut self, organization: Uuid, state: &State, row: Stored<E>) {
        if let Some(overlay) = self.of::<E>() {
            overlay.put(state.version(organization, E::NAME, row.id.uuid()), row);
        }
    }

    /// Removes a row to which nothing refers but itself.
    pub(super) fn remove<E: Entity>(&mut self, organization: Uuid, state: &State, id: Uuid) -> StoreResult<()> {
        if let Some(overlay) = self.of::<E>() {
            overlay.forget(id);
            overlay.rest_on(id, state.version(organization, E::NAME, id));
            overlay.rows.insert(id, None);
        }
        match self.referrer(organization, state, E::NAME, id) {
            Some(by) => Err(StoreError::StillReferenced { entity: E::NAME, by }),
            None => Ok(()),
        }
    }

    fn check_keys<E: Entity>(&self, organization: Uuid, state: &State, row: &Stored<E>) -> StoreResult<()> {
        let own = self.get::<E>();
        for key in E::UNIQUE {
            let Some(values) = (key.read)(&row.value) else { continue };
            let own_holder = own.and_then(|overlay| overlay.unique.get(&(key.name, values.clone())).copied());
            let committed_holder = state
                .table::<E>()
                .and_then(|table| table.holder(organization, key.name, &values))
                .filter(|holder| own.is_none_or(|overlay| !overlay.rows.contains_key(holder)));
            // Both: at the commit, the row itself holds the key here, and another may hold it there by now.
            if own_holder.into_iter().chain(committed_holder).any(|holder| holder != row.id.uuid()) {
                return Err(StoreError::Duplicate { entity: E::NAME, key: key.name });
            }
        }
        Ok(())
    }

    fn check_references<E: Entity>(&self, organization: Uuid, state: &State, row: &Stored<E>) -> StoreResult<()> {
        for reference in E::REFERENCES {
            let Some(target) = (reference.read)(&row.value) else { continue };
            let itself = reference.target == E::NAME && target == row.id.uuid();
            if !itself && !self.exists(organization, state, reference.target, target) {
                return Err(StoreError::MissingReference {
                    entity: E::NAME,
                    column: reference.column,
                    target: reference.target,
                });
            }
        }
        Ok(())
    }
}

impl<E> Default for Overlay<E> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            unique: HashMap::new(),
            references: HashMap::new(),
            based_on: BTreeMap::new(),
            held: BTreeMap::new(),
        }
    }
}

impl<E: Entity> Overlay<E> {
    /// Remembers the committed version that the transaction has seen, the first time.
    pub(super) fn rest_on(&mut self, id: Uuid, version: Option<i64>) {
        self.based_on.entry(id).or_insert(version);
    }

    /// Remembers how often the record was held before the transaction held it, the first time.
    pub(super) fn hold(&mut self, id: Uuid, before: u64) {
        self.held.entry(id).or_insert(before);
    }

    fn put(&mut self, committed: Option<i64>, row: Stored<E>) {
        let id = row.id.uuid();
        self.forget(id);
        self.rest_on(id, committed);
        for key in E::UNIQUE {
            if let Some(values) = (key.read)(&row.value) {
                self.unique.insert((key.name, values), id);
            }
        }
        for reference in E::REFERENCES {
            if let Some(target) = (reference.read)(&row.value) {
                *self.references.entry((reference.target, target)).or_default() += 1;
            }
        }
        self.rows.insert(id, Some(row));
    }

    fn forget(&mut self, id: Uuid) {
        let Some(Some(old)) = self.rows.remove(&id) else { return };
        for key in E::UNIQUE {
            if let Some(values) = (key.read)(&old.value) {
                self.unique.remove(&(key.name, values));
            }
        }
        for reference in E::REFERENCES {
            if let Some(target) = (reference.read)(&old.value)
                && let Some(count) = self.references.get_mut(&(reference.target, target))
            {
                *count = count.saturating_sub(1);
            }
        }
    }
}

impl<E: Entity> AnyOverlay for Overlay<E> {
    fn row(&self, id: Uuid) -> Option<bool> {
        self.rows.get(&id).map(Option::is_some)
    }

    fn refers_to(&self, target: &'static str, id: Uuid) -> usize {
        self.references.get(&(target, id)).copied().unwrap_or(0)
    }

    fn removed_references(&self, organization: Uuid, state: &State, target: &'static str, id: Uuid) -> usize {
        let table = state.table::<E>();
        let committed = self.rows.keys().filter_map(|row| table?.get(organization, *row));
        committed
            .flat_map(|row| E::REFERENCES.iter().filter_map(move |r| Some((r.target, (r.read)(&row.value)?))))
            .filter(|refers| *refers == (target, id))
            .count()
    }

    fn verify(&self, organization: Uuid, state: &State, overlays: &Overlays) -> StoreResult<()> {
        for (id, version) in &self.based_on {
            if state.version(organization, E::NAME, *id) != *version {
                return Err(StoreError::Conflict { entity: E::NAME });
            }
        }
        for (id, before) in &self.held {
            if state.holds(organization, E::NAME, *id) != *before {
                return Err(StoreError::Conflict { entity: E::NAME });
            }
        }
        for (id, row) in &self.rows {
            match row {
                Some(row) => {
                    overlays.check_keys(organization, state, row)?;
                    overlays.check_references(organization, state, row)?;
                }
                None => {
                    if let Some(by) = overlays.referrer(organization, state, E::NAME, *id) {
                        return Err(StoreError::StillReferenced { entity: E::NAME, by });
                    }
                }
            }
        }
        Ok(())
    }

    fn apply(self: Box<Self>, organization: Uuid, state: &mut State) {
        for id in self.held.keys() {
            *state.holds.entry((organization, E::NAME, *id)).or_default() += 1;
        }
        let table: &mut Table<E> = match state.table_mut() {
            Some(table) => table,
            None => return,
        };
        // Removals first: a key that one row gives up may be another one's in the same transaction.
        for id in self.rows.keys() {
            table.take(organization, *id);
        }
        for (_, row) in self.rows {
            if let Some(row) = row {
                table.put(organization, row);
            }
        }
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
}
