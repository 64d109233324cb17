//! Looking at the schema before serving: does it fit the entities, and does it keep organizations apart?

use std::collections::HashMap;

use crm_core::kernel::{Entity, FieldKind};
use crm_core::store::{Visitor, visit_entities};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::cell::Kind;
use crate::setup::SetupError;
use crate::table::{Declaration, SYSTEM_COLUMNS, Tables, quoted};

const COLUMNS: &str = "select c.relname::text, a.attname::text, y.typname::text from pg_attribute a \
    join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace \
    join pg_type y on y.oid = a.atttypid \
    where n.nspname = 'crm' and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped";

/// What the role must not be, each with the sentence that says so.
const ROLE: &str = "select case \
    when r.rolsuper then 'the role is a superuser, which row security does not bind' \
    when r.rolbypassrls then 'the role may bypass row security' \
    when exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace \
        where n.nspname = 'crm' and pg_has_role(r.oid, c.relowner, 'member')) \
        then 'the role owns tables, or may become their owner' \
    when pg_has_role(r.oid, 'crm_worker', 'usage') \
        then 'the role inherits crm_worker, and with it the jobs of all organizations' \
    end from pg_roles r where r.rolname = current_user";

/// Tables of organizations that their rows are not kept apart in.
const UNGUARDED: &str = "select t.relname::text || case \
    when not t.relrowsecurity then ' has no row security' \
    when not t.relforcerowsecurity then ' does not force row security' \
    else ' has no policy' end \
    from pg_class t join pg_namespace n on n.oid = t.relnamespace \
    join pg_attribute a on a.attrelid = t.oid and a.attname = 'organization_id' \
    where n.nspname = 'crm' and t.relkind in ('r', 'p') and (not t.relrowsecurity or not t.relforcerowsecurity \
        or not exists (select 1 from pg_policy p where p.polrelid = t.oid)) order by 1";

/// Reads the columns of all our tables.
pub(crate) async fn load(connection: &mut PgConnection) -> Result<Tables, SetupError> {
    let rows: Vec<(String, String, String)> =
        sqlx::query_as(COLUMNS).fetch_all(connection).await.map_err(SetupError::Unreachable)?;
    let mut catalog: HashMap<String, HashMap<String, String>> = HashMap::new();
    for (table, column, kind) in rows {
        catalog.entry(table).or_default().insert(column, kind);
    }
    Ok(Tables::new(catalog))
}

/// Compares every entity with its table.
pub(crate) fn check_entities(tables: &Tables) -> Result<(), SetupError> {
    let mut comparison = Comparison { tables, problems: Vec::new() };
    visit_entities(&mut comparison);
    if comparison.problems.is_empty() { Ok(()) } else { Err(SetupError::Mismatch(comparison.problems)) }
}

/// Checks the role, the policies, and that no table can be read without an organization.
pub(crate) async fn check_security(connection: &mut PgConnection, tables: &Tables) -> Result<(), SetupError> {
    let role: Vec<Option<String>> =
        sqlx::query_scalar(ROLE).fetch_all(&mut *connection).await.map_err(SetupError::Unreachable)?;
    let mut problems: Vec<String> = role.into_iter().flatten().collect();
    let unguarded: Vec<String> =
        sqlx::query_scalar(UNGUARDED).fetch_all(&mut *connection).await.map_err(SetupError::Unreachable)?;
    problems.extend(unguarded);
    for table in tables.of_organizations() {
        let text = format!("select 1 from crm.{} where organization_id = '{}'", quoted(table), uuid::Uuid::nil());
        match sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *connection).await {
            Ok(_) => problems.push(format!("{table} can be read without naming an organization")),
            // No such setting, or an empty one: what the strict policy answers.
            Err(sqlx::Error::Database(answer)) if matches!(answer.code().as_deref(), Some("42704" | "22P02")) => {}
            Err(error) => return Err(SetupError::Unreachable(error)),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(SetupError::Insecure(problems)) }
}

struct Comparison<'t> {
    tables: &'t Tables,
    problems: Vec<String>,
}

impl Visitor for Comparison<'_> {
    fn visit<E: Entity>(&mut self) {
        self.problems.extend(differences(&Declaration::of::<E>(), self.tables));
    }
}

/// How an entity and its table differ: missing and extra columns, types that are not mapped or do not fit a field.
pub(crate) fn differences(declared: &Declaration, tables: &Tables) -> Vec<String> {
    let entity = declared.entity;
    let Some(columns) = tables.columns(entity) else { return vec![format!("there is no table crm.{entity}")] };
    if let Err(error) = tables.look_at(declared) {
        return vec![error.to_string()];
    }
    let own = declared.members.unwrap_or_default();
    let mut problems = Vec::new();
    for name in own.iter().filter(|name| SYSTEM_COLUMNS.contains(name) || **name == "organization_id") {
        problems.push(format!("the field '{name}' of {entity} is named like a column that every record has"));
    }
    for (name, kind) in SYSTEM_COLUMNS.iter().zip(["uuid", "int8", "timestamptz", "timestamptz"]) {
        if columns.get(*name).map(String::as_str) != Some(kind) {
            problems.push(format!("crm.{entity} needs a column '{name}' of type {kind}"));
        }
    }
    let known = |name: &str| own.contains(&name) || SYSTEM_COLUMNS.contains(&name) || name == "organization_id";
    let mut extra: Vec<_> = columns.keys().filter(|name| !known(name)).collect();
    extra.sort();
    problems.extend(extra.into_iter().map(|name| format!("crm.{entity} has a column '{name}' that no field fills")));
    problems.extend(declared.fields.iter().filter_map(|(name, kind)| misfit(entity, name, *kind, columns)));
    problems
}

fn misfit(entity: &str, name: &str, kind: FieldKind, columns: &HashMap<String, String>) -> Option<String> {
    let needed = Kind::of_field(kind).catalog_name();
    let found = columns.get(name).map_or("nothing", String::as_str);
    let many = matches!(kind, FieldKind::Tags | FieldKind::Custom);
    let why = if many { "is kept whole in" } else { "is filtered and sorted by" };
    (found != needed).then(|| format!("'{name}' of {entity} {why} a column of type {needed}, not {found}"))
}
