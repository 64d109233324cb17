//! The predicate's tree as SQL, the second of its two interpreters.
//!
//! Everything stays plain so that an index can answer it under row security: `=`, `<`, `= any(..)` on columns of
//! leakproof types, a prefix as a range, tags and custom values as `exists` on the rows of `crm.term`. Only `Not` is
//! `is not true`, since an absent value makes a comparison unknown and not false. What can hold for no record (an empty
//! list, a value of another kind) becomes `false` here and costs the server nothing.

use crm_core::kernel::{Entity, FieldKind, Predicate, Test, Value};

use crate::cell::{CellError, Kind, ValueCell, ValuesCell};
use crate::statement::Draft;
use crate::table::quoted;
use crate::term::{TAG, term_column};

/// Appends a condition on the table with the alias `t`. `$1` must be the organization.
pub(crate) fn render<E: Entity>(predicate: &Predicate<E>, out: &mut Draft) -> Result<(), CellError> {
    match predicate {
        Predicate::All(parts) => joined(parts, " and ", "true", out),
        Predicate::Any(parts) => joined(parts, " or ", "false", out),
        Predicate::Not(part) => {
            out.say("(");
            render(part, out)?;
            out.say(") is not true");
            Ok(())
        }
        Predicate::Test(field, test) => of_field(E::NAME, field.name, field.kind, test, out),
        Predicate::Custom(field, key, test) => of_custom(E::NAME, field.kind, key, test, out),
    }
}

fn joined<E: Entity>(parts: &[Predicate<E>], by: &str, none: &str, out: &mut Draft) -> Result<(), CellError> {
    if parts.is_empty() {
        out.say(none);
        return Ok(());
    }
    for (index, part) in parts.iter().enumerate() {
        out.say(if index == 0 { "(" } else { by });
        render(part, out)?;
    }
    out.say(")");
    Ok(())
}

/// A test of a field of the entity.
fn of_field(entity: &str, field: &str, kind: FieldKind, test: &Test, out: &mut Draft) -> Result<(), CellError> {
    let column = format!("t.{}", quoted(field));
    match (kind, test) {
        (FieldKind::Tags, Test::HasTag(tag)) if plain(tag) => term(entity, TAG, out, |out| {
            out.say(" and x.text_value = ");
            out.bind(ValueCell(&Value::Text(tag.clone())))
        }),
        (FieldKind::Tags | FieldKind::Custom, Test::IsEmpty) => {
            let empty = if kind == FieldKind::Tags { "[]" } else { "{}" };
            out.say(&format!("({column} is null or {column} = '{empty}'::jsonb)"));
            Ok(())
        }
        (FieldKind::Tags | FieldKind::Custom, _) => {
            out.say("false");
            Ok(())
        }
        _ => compare(test, &|of| (of == kind).then(|| column.clone()), out),
    }
}

/// A test of the custom value with this key.
fn of_custom(entity: &str, kind: FieldKind, key: &str, test: &Test, out: &mut Draft) -> Result<(), CellError> {
    if kind != FieldKind::Custom || !plain(key) {
        out.say("false");
        return Ok(());
    }
    let name = format!("custom.{key}");
    if matches!(test, Test::IsEmpty) {
        out.say("not ");
        return term(entity, &name, out, |_| Ok(()));
    }
    term(entity, &name, out, |out| {
        out.say(" and (");
        compare(test, &|of| term_column(of).map(|column| format!("x.{column}")), out)?;
        out.say(")");
        Ok(())
    })
}

/// Whether the record has a term of this name for which the rest holds.
fn term(
    entity: &str,
    name: &str,
    out: &mut Draft,
    rest: impl FnOnce(&mut Draft) -> Result<(), CellError>,
) -> Result<(), CellError> {
    out.say("exists (select 1 from crm.term x where x.organization_id = $1 and ");
    out.say(&format!("x.entity = '{entity}' and x.record_id = t.id and x.name = "));
    out.bind(ValueCell(&Value::Text(name.to_owned())))?;
    rest(out)?;
    out.say(")");
    Ok(())
}

/// A test of a single value. `column` names the column that holds values of a kind, where there is one.
fn compare(test: &Test, column: &dyn Fn(FieldKind) -> Option<String>, out: &mut Draft) -> Result<(), CellError> {
    match test {
        Test::Equals(value) if storable(value) => side(value, "=", column, out),
        Test::In(values) => one_of(values, column, out),
        Test::AtLeast(value) => range(value, ">=", ">", column, out),
        Test::Above(value) => range(value, ">", ">", column, out),
        Test::AtMost(value) => range(value, "<=", "<=", column, out),
        Test::Below(value) => range(value, "<", "<=", column, out),
        Test::Prefix(prefix) if plain(prefix) => starts_with(prefix, column, out),
        Test::IsEmpty => {
            // The kind is the column's own: a plain field has a column for one kind only.
            let kinds = [
                FieldKind::Text,
                FieldKind::Integer,
                FieldKind::Bool,
                FieldKind::Uuid,
                FieldKind::Time,
                FieldKind::Date,
            ];
            match kinds.into_iter().find_map(column) {
                Some(column) => out.say(&format!("{column} is null")),
                None => out.say("false"),
            }
            Ok(())
        }
        Test::Equals(_) | Test::Prefix(_) | Test::HasTag(_) => {
            out.say("false");
            Ok(())
        }
    }
}

fn side(
    value: &Value,
    operator: &str,
    column: &dyn Fn(FieldKind) -> Option<String>,
    out: &mut Draft,
) -> Result<(), CellError> {
    let Some(column) = column(value.kind()) else {
        out.say("false");
        return Ok(());
    };
    out.say(&format!("{column} {operator} "));
    out.bind(ValueCell(value))
}

/// No stored text has a NUL, the smallest character: a text is on the same side of `a␀b` as of `a`, and never equal.
fn range(
    value: &Value,
    operator: &str,
    operator_when_cut: &str,
    column: &dyn Fn(FieldKind) -> Option<String>,
    out: &mut Draft,
) -> Result<(), CellError> {
    match value {
        Value::Text(text) if !plain(text) => {
            let cut = text.split('\0').next().unwrap_or_default();
            side(&Value::Text(cut.to_owned()), operator_when_cut, column, out)
        }
        value => side(value, operator, column, out),
    }
}

fn one_of(values: &[Value], column: &dyn Fn(FieldKind) -> Option<String>, out: &mut Draft) -> Result<(), CellError> {
    let mut rest: Vec<&Value> = values.iter().filter(|value| storable(value)).collect();
    let mut any = false;
    while let Some(kind) = rest.first().map(|value| value.kind()) {
        let (same, others) = rest.into_iter().partition(|value| value.kind() == kind);
        rest = others;
        if let Some(column) = column(kind) {
            out.say(&format!("{}{column} = any(", if any { " or " } else { "(" }));
            out.bind(ValuesCell { kind: Kind::of_field(kind), values: same })?;
            out.say(")");
            any = true;
        }
    }
    out.say(if any { ")" } else { "false" });
    Ok(())
}

/// A range, since only that can use an index: from the prefix to the first text behind all that begin so.
fn starts_with(prefix: &str, column: &dyn Fn(FieldKind) -> Option<String>, out: &mut Draft) -> Result<(), CellError> {
    let Some(name) = column(FieldKind::Text) else {
        out.say("false");
        return Ok(());
    };
    out.say(&format!("({name} >= "));
    out.bind(ValueCell(&Value::Text(prefix.to_owned())))?;
    if let Some(end) = behind(prefix) {
        out.say(&format!(" and {name} < "));
        out.bind(ValueCell(&Value::Text(end)))?;
    }
    out.say(")");
    Ok(())
}

/// The smallest text greater than all that begin with the prefix, when there is one.
fn behind(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // The code points of surrogates are no characters.
        let next = if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            return Some(characters.into_iter().chain([next]).collect());
        }
    }
    None
}

fn plain(text: &str) -> bool {
    !text.contains('\0')
}

fn storable(value: &Value) -> bool {
    !matches!(value, Value::Text(text) if !plain(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_next_code_point() {
        assert_eq!(behind("ab").as_deref(), Some("ac"));
        assert_eq!(behind("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(behind("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(behind("\u{10FFFF}"), None);
        assert_eq!(behind(""), None);
    }
}
