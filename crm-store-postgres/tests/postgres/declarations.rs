//! What entities declare, compared with what the catalog holds, in both directions.

use std::collections::{BTreeMap, BTreeSet};

use crm_core::kernel::{Entity, FieldKind};
use crm_core::store::{Visitor, visit_entities};
use crm_store_postgres::draft;
use sqlx::PgConnection;

use crate::database::Database;

/// What one entity declares.
struct Declared {
    entity: &'static str,
    /// Name, whether it may be empty, whether it is indexed; without tags and custom values.
    fields: Vec<(&'static str, bool, bool)>,
    /// Name of the index, columns.
    unique: BTreeMap<String, Vec<String>>,
    /// Name of the foreign key, column, target.
    references: BTreeMap<String, (String, String)>,
    draft: String,
}

#[derive(Default)]
struct Declarations(Vec<Declared>);

impl Visitor for Declarations {
    fn visit<E: Entity>(&mut self) {
        let plain = E::FIELDS.iter().filter(|field| !matches!(field.kind, FieldKind::Tags | FieldKind::Custom));
        let unique = E::UNIQUE.iter().map(|key| {
            let columns = ["organization_id"].iter().chain(key.columns).map(|&column| column.to_owned());
            (format!("{}_{}", E::NAME, key.name), columns.collect())
        });
        let references = E::REFERENCES.iter().map(|reference| {
            let name = format!("{}_{}_fkey", E::NAME, reference.column);
            (name, (reference.column.to_owned(), reference.target.to_owned()))
        });
        self.0.push(Declared {
            entity: E::NAME,
            fields: plain.map(|field| (field.name, field.optional, field.indexed)).collect(),
            unique: unique.collect(),
            references: references.collect(),
            draft: draft::<E>(),
        });
    }
}

/// The tables as the catalog has them.
struct Catalog {
    /// Table, column: may be NULL.
    columns: BTreeMap<(String, String), bool>,
    /// Table, index: unique, columns.
    indexes: BTreeMap<(String, String), (bool, Vec<String>)>,
    /// Table, foreign key: columns, target.
    references: BTreeMap<(String, String), (Vec<String>, String)>,
    /// What no table may have.
    oddities: Vec<String>,
}

const COLUMNS: &str = "select c.relname::text, a.attname::text, not a.attnotnull from pg_attribute a \
    join pg_class c on c.oid = a.attrelid \
    where c.relnamespace = 'crm'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped";
const INDEXES: &str = "select t.relname::text, c.relname::text, i.indisunique, \
    array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k (n, place) \
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n \
        where k.place <= i.indnkeyatts order by k.place) \
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid \
    where t.relnamespace = 'crm'::regnamespace and i.indpred is null and not i.indisprimary";
const REFERENCES: &str = "select t.relname::text, k.conname::text, \
    array(select a.attname::text from unnest(k.conkey) with ordinality c (n, place) \
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = c.n order by c.place), f.relname::text \
    from pg_constraint k join pg_class t on t.oid = k.conrelid join pg_class f on f.oid = k.confrelid \
    where t.relnamespace = 'crm'::regnamespace and k.contype = 'f'";
/// Text that sorts otherwise than in Rust, types that can't use an index, and values that the server makes.
const ODDITIES: &str = "select c.relname || '.' || a.attname || ' is text without collate \"C\"' \
    from pg_attribute a join pg_class c on c.oid = a.attrelid \
    where c.relnamespace = 'crm'::regnamespace and c.relkind = 'r' and c.relname <> '_migration' and a.attnum > 0 \
        and a.atttypid = 'text'::regtype and a.attcollation <> '\"C\"'::regcollation \
    union all select c.relname || '.' || a.attname || ' has a type that no index serves: ' || y.typname \
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type y on y.oid = a.atttypid \
    where c.relnamespace = 'crm'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped \
        and (y.typtype = 'e' or y.typcategory = 'A') \
    union all select c.relname || ' has a column with a default' \
    from pg_attrdef d join pg_class c on c.oid = d.adrelid \
    where c.relnamespace = 'crm'::regnamespace and c.relname <> '_migration' order by 1";

impl Catalog {
    async fn load(connection: &mut PgConnection) -> Self {
        let columns: Vec<(String, String, bool)> = sqlx::query_as(COLUMNS).fetch_all(&mut *connection).await.unwrap();
        let indexes: Vec<(String, String, bool, Vec<String>)> =
            sqlx::query_as(INDEXES).fetch_all(&mut *connection).await.unwrap();
        let references: Vec<(String, String, Vec<String>, String)> =
            sqlx::query_as(REFERENCES).fetch_all(&mut *connection).await.unwrap();
        Self {
            columns: columns.into_iter().map(|(table, column, null)| ((table, column), null)).collect(),
            indexes: indexes.into_iter().map(|(table, name, unique, of)| ((table, name), (unique, of))).collect(),
            references: references.into_iter().map(|(table, name, of, target)| ((table, name), (of, target))).collect(),
            oddities: sqlx::query_scalar(ODDITIES).fetch_all(connection).await.unwrap(),
        }
    }

    fn problems(&self, declared: &Declared) -> Vec<String> {
        let table = declared.entity;
        if !self.columns.keys().any(|(of, _)| of == table) {
            return vec![format!("there is no table crm.{table}; a draft:\n{}", declared.draft)];
        }
        let mut problems = Vec::new();
        for (name, optional, indexed) in &declared.fields {
            let null = self.columns.get(&(table.to_owned(), (*name).to_owned()));
            if null != Some(optional) {
                problems.push(format!("{table}.{name}: may be empty: {optional} declared, {null:?} in the catalog"));
            }
            if *indexed && !self.has_index(table, name) {
                problems.push(format!("{table}.{name} is declared as indexed and no index begins with it"));
            }
        }
        for (name, columns) in &declared.unique {
            if self.indexes.get(&(table.to_owned(), name.clone())) != Some(&(true, columns.clone())) {
                problems.push(format!("{table} needs the unique index {name} on {columns:?}"));
            }
        }
        for ((of, name), (unique, columns)) in &self.indexes {
            if of == table && *unique && !declared.unique.contains_key(name) {
                problems.push(format!("{table} has a unique index {name} on {columns:?} that nobody declared"));
            }
        }
        for (name, (column, target)) in &declared.references {
            let columns = vec!["organization_id".to_owned(), column.clone()];
            if self.references.get(&(table.to_owned(), name.clone())) != Some(&(columns, target.clone())) {
                problems.push(format!("{table} needs the foreign key {name} from {column} to {target}"));
            }
            if !self.has_index(table, column) {
                problems.push(format!("{table}.{column} refers to {target} and no index begins with it"));
            }
        }
        let to_organization = format!("{table}_organization_id_fkey");
        for ((of, name), (_, target)) in &self.references {
            if of == table && *name != to_organization && !declared.references.contains_key(name) {
                problems.push(format!("{table} has a foreign key {name} to {target} that nobody declared"));
            }
        }
        if table != "organization" && !self.references.contains_key(&(table.to_owned(), to_organization)) {
            problems.push(format!("{table} does not refer to its organization"));
        }
        problems
    }

    fn has_index(&self, table: &str, column: &str) -> bool {
        let begins = |columns: &[String]| columns.iter().map(String::as_str).take(2).eq(["organization_id", column]);
        self.indexes.iter().any(|((of, _), (_, columns))| of == table && begins(columns))
    }
}

async fn problems(database: &Database) -> Vec<String> {
    let catalog = Catalog::load(&mut database.admin_connection().await).await;
    let mut declarations = Declarations::default();
    visit_entities(&mut declarations);
    assert!(!declarations.0.is_empty());
    let mut problems: Vec<_> = declarations.0.iter().flat_map(|declared| catalog.problems(declared)).collect();
    problems.extend(catalog.oddities);
    problems
}

#[tokio::test]
async fn the_tables_are_what_the_entities_declare() {
    let problems = problems(&Database::fresh().await).await;
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[tokio::test]
async fn every_difference_is_found() {
    let sabotages = [
        ("alter table crm.team drop constraint team_name", "team needs the unique index team_name"),
        ("create unique index extra on crm.team (organization_id, parent_id)", "that nobody declared"),
        ("alter table crm.member drop constraint member_custom_role_id_fkey", "needs the foreign key"),
        ("drop index crm.job_by_due_at", "job.due_at is declared as indexed"),
        ("drop index crm.team_by_parent_id", "team.parent_id refers to team"),
        ("alter table crm.member alter column email_key drop not null", "member.email_key: may be empty"),
        ("alter table crm.lead alter column company set not null", "lead.company: may be empty"),
        ("alter table crm.lead alter column city type text collate \"default\"", "text without collate"),
        ("alter table crm.lead alter column score set default 0", "lead has a column with a default"),
        ("alter table crm.touch alter column details type text[] using '{}'", "has a type that no index serves"),
        ("alter table crm.touch drop constraint touch_organization_id_fkey", "does not refer to its organization"),
        (
            "alter table crm.touch add constraint more foreign key (organization_id, record_id) references crm.lead",
            "that nobody declared",
        ),
        ("drop table crm.touch", "create table crm.\"touch\""),
    ];
    for (sabotage, expected) in sabotages {
        let database = Database::fresh().await;
        database.admin(sabotage).await;
        let found = problems(&database).await;
        assert!(found.iter().any(|problem| problem.contains(expected)), "{sabotage}: {found:?}");
    }
}

#[tokio::test]
async fn a_draft_is_sql_that_the_server_takes() {
    let database = Database::fresh().await;
    database.store().await;
    let mut declarations = Declarations::default();
    visit_entities(&mut declarations);
    let entities: BTreeSet<_> = declarations.0.iter().map(|declared| declared.entity).collect();
    for declared in declarations.0.iter().filter(|declared| declared.entity == "lead" || declared.entity == "touch") {
        assert!(entities.contains(declared.entity));
        database
            .admin(&format!("drop table crm.{0} cascade; set role crm_owner; {1}", declared.entity, declared.draft))
            .await;
    }
}
