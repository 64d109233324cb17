//! The tables, which never change with the records, and the indexes, which follow the declarations.

use std::collections::{BTreeMap, BTreeSet};

use crm_core::agenda::Job;
use crm_core::kernel::{Entity, FieldKind};
use crm_core::store::Visitor;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use crate::sql::member;

/// Marks the file as ours: `CRM1`.
const APPLICATION: i64 = 0x4352_4d31;

/// Each step takes the file to the schema of its number, counted from 1. Steps are only ever added.
const STEPS: &[&str] = &[
    "
    create table record (
        organization_id text not null,
        entity text not null,
        id text not null,
        version integer not null,
        created_at text not null,
        updated_at text not null,
        value text not null,
        primary key (organization_id, entity, id)
    ) strict, without rowid;
    create table term (
        organization_id text not null,
        entity text not null,
        name text not null,
        kind text not null,
        value any not null,
        record_id text not null,
        primary key (organization_id, entity, name, kind, value, record_id)
    ) strict, without rowid;
    create table organization_slug (
        slug text not null primary key,
        organization_id text not null
    ) strict, without rowid;
",
    "
    create table provider_link (
        provider text not null,
        external_id text not null,
        organization_id text not null,
        primary key (provider, external_id)
    ) strict, without rowid;
",
];

/// A column of some entity that refers to another.
pub(crate) struct Referrer {
    pub(crate) entity: &'static str,
    pub(crate) column: &'static str,
}

/// What all entities together ask of the database.
pub(crate) struct Declarations {
    /// By the index's name.
    indexes: BTreeMap<String, Index>,
    /// By the entity that is referred to.
    referrers: BTreeMap<&'static str, Vec<Referrer>>,
}

/// An index: the statement that makes it, and how SQLite is to think of it.
///
/// Without figures SQLite takes ten rows for what one organization has of one entity, and rather reads these than use
/// an index; with counted ones its plans change from day to day. So it is told the same in every file: an organization
/// has many records of an entity.
struct Index {
    create: String,
    /// Rows in all, then for one value of the first column, of the first two, and so on.
    figures: &'static [u32],
}

/// Of an index over a field whose values few records share.
const FEW_SHARE: &[u32] = &[1_000_000, 200_000, 200_000, 20, 1];
/// Of an index over a field whose values many records share.
const MANY_SHARE: &[u32] = &[1_000_000, 200_000, 200_000, 2_000, 1];
/// Fields that hold one of a few words. Other texts tell records apart.
const STATES: &[&str] = &["status", "state"];
/// Of the primary keys, by which the tables themselves are kept.
const RECORD_FIGURES: &str = "10000000 1000000 100000 1";
const TERM_FIGURES: &str = "10000000 1000000 500000 50000 50000 100 1";

/// The name of the index over a field.
pub(crate) fn index_of<E: Entity>(column: &str) -> String {
    format!("{}_by_{column}", E::NAME)
}

impl Declarations {
    /// Without entities.
    pub(crate) fn new() -> Self {
        // Workers ask across organizations, so this one index does not begin with the organization.
        let due = member(Job::DUE_AT.field().name);
        let waiting = format!("entity = '{}' and {} <> 'dead'", Job::NAME, member(Job::STATE.field().name));
        let name = "job_waiting".to_owned();
        let create = format!("create index \"{name}\" on record ({due}, organization_id) where {waiting}");
        let index = Index { create, figures: &[1_000, 2, 1] };
        Self { indexes: BTreeMap::from([(name, index)]), referrers: BTreeMap::new() }
    }

    /// Who may refer to a record of this entity.
    pub(crate) fn referrers(&self, entity: &str) -> &[Referrer] {
        self.referrers.get(entity).map_or(&[], Vec::as_slice)
    }

    /// Rows of SQLite's own table of figures: table, index and figures.
    fn figures(&self) -> BTreeSet<(String, String, String)> {
        let tables = [("record", RECORD_FIGURES), ("term", TERM_FIGURES)];
        let tables = tables.map(|(table, figures)| (table.to_owned(), table.to_owned(), figures.to_owned()));
        let indexes = self.indexes.iter().map(|(name, index)| {
            let figures: Vec<_> = index.figures.iter().map(u32::to_string).collect();
            ("record".to_owned(), name.clone(), figures.join(" "))
        });
        indexes.chain(tables).collect()
    }
}

impl Visitor for Declarations {
    fn visit<E: Entity>(&mut self) {
        let entity = E::NAME;
        let mut columns: BTreeMap<&str, &[u32]> = BTreeMap::new();
        // What refers is looked up from the other side, whenever a record is to be removed.
        columns.extend(E::REFERENCES.iter().map(|reference| (reference.column, FEW_SHARE)));
        for field in E::FIELDS.iter().filter(|field| field.indexed && !field.is_system()) {
            let figures = match field.kind {
                FieldKind::Tags | FieldKind::Custom => continue,
                FieldKind::Text if !STATES.contains(&field.name) => FEW_SHARE,
                FieldKind::Uuid | FieldKind::Time | FieldKind::Date => FEW_SHARE,
                // States and scores: given a state and an owner, begin with the owner.
                FieldKind::Text | FieldKind::Bool | FieldKind::Integer => MANY_SHARE,
            };
            columns.insert(field.name, figures);
        }
        for (column, figures) in columns {
            let name = index_of::<E>(column);
            let place = member(column);
            // The entity is in every index anyway, as a part of the primary key; named, it narrows the search.
            let create = format!(
                "create index \"{name}\" on record (organization_id, entity, {place}, id) where entity = '{entity}'"
            );
            self.indexes.insert(name, Index { create, figures });
        }
        for key in E::UNIQUE {
            let name = format!("{entity}_{}", key.name);
            let columns: Vec<_> = key.columns.iter().map(|column| member(column)).collect();
            let present: Vec<_> = columns.iter().map(|column| format!("{column} is not null")).collect();
            let create = format!(
                "create unique index \"{name}\" on record (organization_id, entity, {}) where entity = '{entity}' and {}",
                columns.join(", "),
                present.join(" and ")
            );
            let figures: &[u32] = match columns.len() {
                1 => &[1_000_000, 200_000, 200_000, 1],
                2 => &[1_000_000, 200_000, 200_000, 20, 1],
                _ => &[1_000_000, 200_000, 200_000, 20, 20, 1],
            };
            self.indexes.insert(name, Index { create, figures });
        }
        for reference in E::REFERENCES {
            let referrer = Referrer { entity, column: reference.column };
            self.referrers.entry(reference.target).or_default().push(referrer);
        }
    }
}

/// Why a database can't be brought to the present schema.
pub(crate) enum Unfit {
    Foreign,
    Newer { found: i64, known: i64 },
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for Unfit {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

/// Brings the database to the present schema; touches nothing when it is there already.
pub(crate) async fn migrate(connection: &mut SqliteConnection, declarations: &Declarations) -> Result<(), Unfit> {
    if pending(connection, declarations).await?.is_empty() {
        return Ok(());
    }
    sqlx::raw_sql("begin immediate").execute(&mut *connection).await?;
    // Another process may have been quicker.
    let outcome = async {
        for statement in pending(&mut *connection, declarations).await? {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await?;
        }
        Ok(())
    };
    let outcome: Result<(), Unfit> = outcome.await;
    let end = if outcome.is_ok() { "commit" } else { "rollback" };
    sqlx::raw_sql(end).execute(&mut *connection).await?;
    outcome
}

/// Checks that the database is empty or ours, and of a schema that is known; answers its schema.
pub(crate) async fn check_ours(connection: &mut SqliteConnection) -> Result<usize, Unfit> {
    let found: i64 = sqlx::query_scalar("pragma user_version").fetch_one(&mut *connection).await?;
    let application: i64 = sqlx::query_scalar("pragma application_id").fetch_one(&mut *connection).await?;
    let objects: i64 = sqlx::query_scalar("select count(*) from sqlite_schema").fetch_one(&mut *connection).await?;
    if application != APPLICATION && (application != 0 || found != 0 || objects != 0) {
        return Err(Unfit::Foreign);
    }
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(Unfit::Newer { found, known });
    }
    usize::try_from(found).map_err(|_| Unfit::Foreign)
}

/// The statements that lead from the present state to the wanted one.
async fn pending(connection: &mut SqliteConnection, declarations: &Declarations) -> Result<Vec<String>, Unfit> {
    let found = check_ours(connection).await?;
    let mut statements = Vec::new();
    if found < STEPS.len() {
        statements.extend(STEPS.iter().skip(found).map(|step| (*step).to_owned()));
        statements.push(format!("pragma application_id = {APPLICATION}"));
        statements.push(format!("pragma user_version = {}", STEPS.len()));
    }
    let present =
        "select name, sql from sqlite_schema where type = 'index' and tbl_name = 'record' and sql is not null";
    let mut wanted: BTreeMap<&str, &str> =
        declarations.indexes.iter().map(|(name, index)| (name.as_str(), index.create.as_str())).collect();
    for index in sqlx::query(present).fetch_all(&mut *connection).await? {
        let (name, sql): (String, String) = (index.try_get(0)?, index.try_get(1)?);
        if wanted.get(name.as_str()).is_some_and(|wanted| *wanted == normal(&sql)) {
            wanted.remove(name.as_str());
        } else {
            statements.push(format!("drop index \"{}\"", name.replace('"', "\"\"")));
        }
    }
    statements.extend(wanted.into_values().map(str::to_owned));
    let figures = declarations.figures();
    if present_figures(connection).await? != figures || !statements.is_empty() {
        // The first makes the table of figures, the last has them read.
        statements.push("analyze sqlite_schema".to_owned());
        statements.push("delete from sqlite_stat1".to_owned());
        statements.extend(figures.into_iter().map(|(table, index, figures)| {
            format!("insert into sqlite_stat1 (tbl, idx, stat) values ('{table}', '{index}', '{figures}')")
        }));
        statements.push("analyze sqlite_schema".to_owned());
    }
    Ok(statements)
}

async fn present_figures(connection: &mut SqliteConnection) -> Result<BTreeSet<(String, String, String)>, Unfit> {
    let kept = "select count(*) from sqlite_schema where name = 'sqlite_stat1'";
    if sqlx::query_scalar::<_, i64>(kept).fetch_one(&mut *connection).await? == 0 {
        return Ok(BTreeSet::new());
    }
    let figures = "select tbl, coalesce(idx, ''), coalesce(stat, '') from sqlite_stat1";
    Ok(sqlx::query_as(figures).fetch_all(&mut *connection).await?.into_iter().collect())
}

/// SQLite keeps the text of an index as it was given, but writes its first words in capitals.
fn normal(sql: &str) -> String {
    let sql = sql.replacen("CREATE UNIQUE INDEX", "create unique index", 1);
    sql.replacen("CREATE INDEX", "create index", 1)
}
