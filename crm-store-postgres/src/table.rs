//! What the store knows of an entity's table: columns, kinds, statements, and the names of its constraints.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use crm_core::kernel::{Entity, FieldKind};
use crm_core::store::StoreResult;

use crate::cell::{CellError, Kind};
use crate::row::field_names;
use crate::tx::defect;

/// The columns that come before a record's own, in the order in which rows are read; `organization_id` is not read.
pub(crate) const SYSTEM_COLUMNS: [&str; 4] = ["id", "version", "created_at", "updated_at"];
/// Rows in one statement: more is not faster and costs the server memory.
pub(crate) const ROWS_PER_INSERT: usize = 100;
/// PostgreSQL cuts longer names.
const LONGEST_NAME: usize = 63;

/// A column of an entity's own.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// A key or foreign key, by the name under which the server reports it.
pub(crate) struct Constraint {
    pub(crate) name: String,
    /// The key's name, or the column.
    pub(crate) of: &'static str,
    /// What is referred to; nothing for keys.
    pub(crate) target: Option<&'static str>,
}

/// What an entity declares of itself, without its type.
pub(crate) struct Declaration {
    pub(crate) entity: &'static str,
    /// The names of the struct's fields; nothing when it is no plain struct.
    pub(crate) members: Option<&'static [&'static str]>,
    pub(crate) fields: Vec<(&'static str, FieldKind)>,
    keys: Vec<&'static str>,
    /// Columns and what they refer to.
    references: Vec<(&'static str, &'static str)>,
}

impl Declaration {
    pub(crate) fn of<E: Entity>() -> Self {
        let mut declared = Self {
            entity: E::NAME,
            members: field_names::<E>(),
            fields: Vec::with_capacity(E::FIELDS.len()),
            keys: Vec::with_capacity(E::UNIQUE.len()),
            references: Vec::with_capacity(E::REFERENCES.len()),
        };
        // Plain loops: what iterators and closures are compiled to for each entity is ten times as much.
        for field in E::FIELDS {
            declared.fields.push((field.name, field.kind));
        }
        for key in E::UNIQUE {
            declared.keys.push(key.name);
        }
        for reference in E::REFERENCES {
            declared.references.push((reference.column, reference.target));
        }
        declared
    }

    fn has_terms(&self) -> bool {
        self.fields.iter().any(|(_, kind)| matches!(kind, FieldKind::Tags | FieldKind::Custom))
    }

    fn constraints(&self) -> Vec<Constraint> {
        let identity = [
            ("pkey".to_owned(), "id", None),
            ("organization_id_fkey".to_owned(), "organization_id", Some("organization")),
        ];
        let keys = self.keys.iter().map(|key| ((*key).to_owned(), *key, None));
        let references =
            self.references.iter().map(|(column, target)| (format!("{column}_fkey"), *column, Some(*target)));
        let all = identity.into_iter().chain(keys).chain(references);
        all.map(|(suffix, of, target)| Constraint { name: constraint_name(self.entity, &suffix), of, target }).collect()
    }
}

/// An entity's table.
pub(crate) struct Table {
    pub(crate) entity: &'static str,
    pub(crate) columns: Vec<Column>,
    pub(crate) has_terms: bool,
    pub(crate) constraints: Vec<Constraint>,
    /// The columns that a record is read from, each as `t."name"`.
    pub(crate) read: String,
    /// `select … from … t where t.organization_id = $1`, to which conditions are added.
    pub(crate) select: String,
    pub(crate) find: Arc<str>,
    pub(crate) lock: Arc<str>,
    pub(crate) insert_one: Arc<str>,
    pub(crate) insert_full: Arc<str>,
    pub(crate) update: Arc<str>,
    pub(crate) delete: Arc<str>,
}

impl Table {
    /// The table of an entity whose columns are these, by name and type.
    fn new(declared: &Declaration, catalog: &HashMap<String, String>) -> Result<Self, CellError> {
        let entity = declared.entity;
        let names = declared
            .members
            .ok_or_else(|| CellError(format!("the fields of {entity} cannot be told: no serde(flatten)")))?;
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let kind = catalog.get(*name).ok_or_else(|| CellError(format!("crm.{entity} has no column '{name}'")))?;
            let kind = Kind::of_catalog(kind)
                .ok_or_else(|| CellError(format!("crm.{entity}.{name} has the type {kind}, which is not mapped")))?;
            columns.push(Column { name, kind });
        }
        let table = quoted(entity);
        let read: Vec<_> = SYSTEM_COLUMNS.iter().copied().chain(columns.iter().map(|column| column.name)).collect();
        let read = read.iter().map(|name| format!("t.{}", quoted(name))).collect::<Vec<_>>().join(", ");
        let select = format!("select {read} from crm.{table} t where t.organization_id = $1");
        let find = format!("{select} and t.id = $2");
        let set: String = columns.iter().zip(6..).fold(String::new(), |mut set, (column, place)| {
            let _ = write!(set, ", {} = ${place}", quoted(column.name));
            set
        });
        let lock = format!("{find} for no key update");
        let this = "organization_id = $1 and id = $2 and version = $3";
        let update = format!("update crm.{table} set version = $4, updated_at = $5{set} where {this}");
        let delete = format!("delete from crm.{table} where {this}");
        Ok(Self {
            entity,
            has_terms: declared.has_terms(),
            constraints: declared.constraints(),
            insert_one: insert(&table, &columns, 1, 1).into(),
            insert_full: insert(&table, &columns, 1, ROWS_PER_INSERT).into(),
            read,
            select,
            find: find.into(),
            lock: lock.into(),
            update: update.into(),
            delete: delete.into(),
            columns,
        })
    }

    /// The text that inserts this many rows.
    pub(crate) fn insert(&self, rows: usize) -> Arc<str> {
        match rows {
            1 => self.insert_one.clone(),
            ROWS_PER_INSERT => self.insert_full.clone(),
            rows => insert(&quoted(self.entity), &self.columns, 1, rows).into(),
        }
    }

    /// The same in a statement that has so many values before these, the organization first among them.
    pub(crate) fn insert_behind(&self, values: usize, rows: usize) -> String {
        insert(&quoted(self.entity), &self.columns, values, rows)
    }

    /// Values in one row of an insert, besides the organization.
    pub(crate) fn width(&self) -> usize {
        SYSTEM_COLUMNS.len() + self.columns.len()
    }

    /// Every statement whose text never changes.
    pub(crate) fn statements(&self) -> [&Arc<str>; 6] {
        [&self.find, &self.lock, &self.insert_one, &self.insert_full, &self.update, &self.delete]
    }
}

/// A name in the form in which no word of SQL collides with it. Names are our own or the catalog's.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Inserts rows whose values begin behind the first `place` ones.
fn insert(table: &str, columns: &[Column], mut place: usize, rows: usize) -> String {
    let names = SYSTEM_COLUMNS.iter().copied().chain(columns.iter().map(|column| column.name)).map(quoted);
    let names = names.collect::<Vec<_>>().join(", ");
    let mut text = format!("insert into crm.{table} (organization_id, {names}) values ");
    for row in 0..rows {
        text.push_str(if row == 0 { "($1" } else { ", ($1" });
        for _ in 0..SYSTEM_COLUMNS.len() + columns.len() {
            place += 1;
            let _ = write!(text, ", ${place}");
        }
        text.push(')');
    }
    text
}

/// The name of a key or foreign key of an entity, as the server keeps it.
pub(crate) fn constraint_name(entity: &str, suffix: &str) -> String {
    format!("{entity}_{suffix}").chars().take(LONGEST_NAME).collect()
}

/// The tables of the schema, and those entities whose table was looked at.
pub(crate) struct Tables {
    /// Table, column, type.
    catalog: HashMap<String, HashMap<String, String>>,
    known: RwLock<HashMap<&'static str, Arc<Table>>>,
}

impl Tables {
    pub(crate) fn new(catalog: HashMap<String, HashMap<String, String>>) -> Self {
        Self { catalog, known: RwLock::default() }
    }

    /// The columns of a table, by name, with their types.
    pub(crate) fn columns(&self, table: &str) -> Option<&HashMap<String, String>> {
        self.catalog.get(table)
    }

    /// The tables whose rows belong to organizations.
    pub(crate) fn of_organizations(&self) -> impl Iterator<Item = &str> {
        self.catalog
            .iter()
            .filter(|(_, columns)| columns.contains_key("organization_id"))
            .map(|(table, _)| table.as_str())
    }

    /// The entity's table.
    pub(crate) fn of<E: Entity>(&self) -> StoreResult<Arc<Table>> {
        match self.seen(E::NAME) {
            Some(table) => Ok(table),
            None => self.look_at(&Declaration::of::<E>()).map_err(defect),
        }
    }

    fn seen(&self, entity: &str) -> Option<Arc<Table>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(entity).cloned()
    }

    /// The table of what is declared so.
    pub(crate) fn look_at(&self, declared: &Declaration) -> Result<Arc<Table>, CellError> {
        let missing = || CellError(format!("there is no table crm.{}", declared.entity));
        let table = Arc::new(Table::new(declared, self.columns(declared.entity).ok_or_else(missing)?)?);
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(declared.entity, table.clone());
        Ok(table)
    }

    /// The entity that has a foreign key of this name.
    pub(crate) fn referrer(&self, constraint: &str) -> Option<&'static str> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut tables = known.values();
        tables.find_map(|table| {
            let refers = |own: &Constraint| own.target.is_some() && own.name == constraint;
            table.constraints.iter().any(refers).then_some(table.entity)
        })
    }

    /// The tables of all entities that were looked at.
    pub(crate) fn known(&self) -> Vec<Arc<Table>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
