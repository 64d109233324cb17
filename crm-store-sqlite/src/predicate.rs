//! Predicates as SQL: the second interpreter, held equal to [`Predicate::matches`] by a property test.
//!
//! A value of another kind than the field's passes no test, so it is decided here and never reaches SQLite, where 1
//! would equal yes and a day would equal its text.

use crm_core::kernel::{Entity, FieldKind, Predicate, Test, Value};

use crate::sql::{Bind, Sql, column};

/// Adds the condition to a statement over `record`, whose parameter `?1` is the organization.
pub(crate) fn render<E: Entity>(predicate: &Predicate<E>, sql: &mut Sql) {
    match predicate {
        Predicate::All(parts) => join(parts, "true", " and ", sql),
        Predicate::Any(parts) => join(parts, "false", " or ", sql),
        Predicate::Not(part) => {
            sql.add("((");
            render(part, sql);
            sql.add(") is not true)");
        }
        Predicate::Test(field, Test::HasTag(tag)) if field.kind == FieldKind::Tags => {
            term::<E>("tag", &Test::Equals(Value::Text(tag.clone())), sql);
        }
        Predicate::Test(field, Test::IsEmpty) => match field.kind {
            FieldKind::Tags => sql.push(format_args!("{} = '[]'", column(*field))),
            FieldKind::Custom => sql.push(format_args!("{} = '{{}}'", column(*field))),
            _ => sql.push(format_args!("{} is null", column(*field))),
        },
        Predicate::Test(field, test) => single(&column(*field), field.kind, test, sql),
        Predicate::Custom(field, key, test) if field.kind == FieldKind::Custom => {
            term::<E>(&format!("custom.{key}"), test, sql);
        }
        Predicate::Custom(..) => sql.add("false"),
    }
}

/// Joins conditions as a balanced tree, for SQLite limits how deep an expression may be.
fn join<E: Entity>(parts: &[Predicate<E>], neutral: &str, word: &str, sql: &mut Sql) {
    match parts {
        [] => sql.add(neutral),
        [only] => render(only, sql),
        _ => {
            let (left, right) = parts.split_at(parts.len() / 2);
            sql.add("(");
            join(left, neutral, word, sql);
            sql.add(word);
            join(right, neutral, word, sql);
            sql.add(")");
        }
    }
}

/// Tests the terms of one name. The sub-query stands alone, so that a rare term is looked up rather than waited for.
fn term<E: Entity>(name: &str, test: &Test, sql: &mut Sql) {
    let kinds = match test {
        Test::Equals(value) | Test::AtLeast(value) | Test::Above(value) | Test::AtMost(value) | Test::Below(value) => {
            vec![value.kind()]
        }
        Test::In(values) => {
            let mut kinds = Vec::new();
            for value in values {
                if !kinds.contains(&value.kind()) {
                    kinds.push(value.kind());
                }
            }
            kinds
        }
        Test::Prefix(_) => vec![FieldKind::Text],
        Test::IsEmpty => {
            sql.add("id not in (");
            terms_named::<E>(name, sql);
            return sql.add(")");
        }
        Test::HasTag(_) => Vec::new(),
    };
    if kinds.is_empty() {
        return sql.add("false");
    }
    sql.add("(");
    for (place, kind) in kinds.into_iter().enumerate() {
        sql.add(if place == 0 { "id in (" } else { " or id in (" });
        terms_named::<E>(name, sql);
        sql.push(format_args!(" and term.kind = '{}' and ", kind_name(kind)));
        single("term.value", kind, test, sql);
        sql.add(")");
    }
    sql.add(")");
}

fn terms_named<E: Entity>(name: &str, sql: &mut Sql) {
    sql.push(format_args!(
        "select record_id from term where term.organization_id = ?1 and term.entity = '{}' and term.name = ",
        E::NAME
    ));
    sql.bind(name);
}

/// Tests an expression that holds values of one kind, or nothing.
fn single(expression: &str, kind: FieldKind, test: &Test, sql: &mut Sql) {
    let (sign, value) = match test {
        Test::Equals(value) => ("=", value),
        Test::AtLeast(value) => (">=", value),
        Test::Above(value) => (">", value),
        Test::AtMost(value) => ("<=", value),
        Test::Below(value) => ("<", value),
        Test::In(values) => return one_of(expression, values.iter().filter(|value| value.kind() == kind), sql),
        Test::Prefix(prefix) if kind == FieldKind::Text => return begins(expression, prefix, sql),
        Test::Prefix(_) | Test::IsEmpty | Test::HasTag(_) => return sql.add("false"),
    };
    if value.kind() == kind {
        sql.push(format_args!("{expression} {sign} "));
        sql.bind(value);
    } else {
        sql.add("false");
    }
}

fn one_of<'v>(expression: &str, values: impl Iterator<Item = &'v Value>, sql: &mut Sql) {
    // One parameter for all of them, so that the statement's text and its plan do not depend on how many there are.
    let values: Vec<serde_json::Value> = values.map(|value| Bind::from(value).into()).collect();
    if values.is_empty() {
        return sql.add("false");
    }
    sql.push(format_args!("{expression} in (select each.value from json_each("));
    sql.bind(serde_json::Value::Array(values).to_string());
    sql.add(") each)");
}

fn begins(expression: &str, prefix: &str, sql: &mut Sql) {
    sql.push(format_args!("({expression} >= "));
    sql.bind(prefix);
    if let Some(end) = behind(prefix) {
        sql.push(format_args!(" and {expression} < "));
        sql.bind(end);
    }
    sql.add(")");
}

/// The first text behind all those that begin with the prefix; nothing when there is none.
fn behind(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

/// The name of a kind in `term.kind`.
pub(crate) fn kind_name(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Integer => "integer",
        FieldKind::Bool => "bool",
        FieldKind::Uuid => "uuid",
        FieldKind::Time => "time",
        FieldKind::Date => "date",
        FieldKind::Tags | FieldKind::Custom => "none",
    }
}
