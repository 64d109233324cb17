//! A first draft of an entity's table, to be pasted into a migration and corrected.

use std::fmt::Write as _;

use crm_core::kernel::{Entity, FieldKind};

use crate::cell::Kind;
use crate::row::field_names;
use crate::table::{constraint_name, quoted};

/// The SQL that makes an entity's table, as far as the entity declares it.
///
/// The declaration does not tell the type of every field; what was guessed by the field's name carries a comment.
#[must_use]
pub fn draft<E: Entity>() -> String {
    let entity = E::NAME;
    let mut lines = vec!["organization_id uuid not null".to_owned()];
    lines.extend(["id uuid not null", "version bigint not null"].map(str::to_owned));
    lines.extend(["created_at timestamptz not null", "updated_at timestamptz not null"].map(str::to_owned));
    lines.extend(field_names::<E>().unwrap_or_default().iter().map(|name| format!("{name} {}", column::<E>(name))));
    lines.push(format!("constraint {entity}_pkey primary key (organization_id, id)"));
    lines.push(format!(
        "constraint {entity}_organization_id_fkey foreign key (organization_id) \
         references crm.organization (organization_id)"
    ));
    for key in E::UNIQUE {
        let name = constraint_name(entity, key.name);
        lines.push(format!("constraint {name} unique (organization_id, {})", key.columns.join(", ")));
    }
    for reference in E::REFERENCES {
        let (column, target) = (reference.column, reference.target);
        let name = constraint_name(entity, &format!("{column}_fkey"));
        lines.push(format!(
            "constraint {name} foreign key (organization_id, {column}) references crm.{target} (organization_id, id)"
        ));
    }
    let table = quoted(entity);
    let mut text = format!("create table crm.{table} (\n    {}\n);\n", lines.join(",\n    "));
    let many = |kind| matches!(kind, FieldKind::Tags | FieldKind::Custom);
    let mut indexed: Vec<_> =
        E::FIELDS.iter().filter(|field| field.indexed && !many(field.kind)).map(|field| field.name).collect();
    indexed.extend(E::REFERENCES.iter().map(|reference| reference.column));
    indexed.retain(|column| E::UNIQUE.iter().all(|key| key.columns.first() != Some(column)));
    indexed.sort_unstable();
    indexed.dedup();
    for column in indexed {
        let name = constraint_name(entity, &format!("by_{column}"));
        let _ = writeln!(text, "create index {name} on crm.{table} (organization_id, {column}, id);");
    }
    let own = "(organization_id = current_setting('app.org_id')::uuid)";
    let _ = writeln!(text, "alter table crm.{table} enable row level security;");
    let _ = writeln!(text, "alter table crm.{table} force row level security;");
    let _ = writeln!(text, "create policy {entity}_of_organization on crm.{table} to crm_app");
    let _ = writeln!(text, "    using {own}\n    with check {own};");
    let _ = writeln!(text, "grant select, insert, update, delete on crm.{table} to crm_app;");
    text
}

fn column<E: Entity>(name: &str) -> String {
    let null = |optional: bool| if optional { "" } else { " not null" };
    if let Some(field) = E::FIELDS.iter().find(|field| field.name == name) {
        // Tags and custom values are empty rather than absent.
        let many = matches!(field.kind, FieldKind::Tags | FieldKind::Custom);
        return format!("{}{}", in_words(Kind::of_field(field.kind)), null(field.optional && !many));
    }
    let kind = match name {
        _ if E::REFERENCES.iter().any(|reference| reference.column == name) => Kind::Uuid,
        name if name.ends_with("_id") => Kind::Uuid,
        name if name.ends_with("_at") => Kind::Timestamptz,
        name if name.ends_with("_on") => Kind::Date,
        name if name.ends_with("_minor") || name.ends_with("_count") => Kind::BigInt,
        _ => Kind::Text,
    };
    format!("{} /* guessed: type, null */", in_words(kind))
}

const fn in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text collate \"C\"",
        Kind::BigInt => "bigint",
        Kind::Bool => "boolean",
        kind => kind.catalog_name(),
    }
}
