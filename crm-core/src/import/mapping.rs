//! Which column becomes which field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::target::{ImportKind, Target};
use crate::custom_field::Schema;
use crate::kernel::{Column, DomainEvent, Entity, Field, FieldProblem, Id, InvalidInput, Key, Name, Value, ValueRef};

/// A column and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MappedColumn {
    /// The column's name in the header.
    pub header: String,
    /// What it becomes.
    pub target: Target,
}

/// Which column becomes which field. Columns that are not named are not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping {
    /// The columns, in any order.
    pub columns: Vec<MappedColumn>,
}

impl Mapping {
    /// A mapping from pairs of header and target.
    pub fn new<H: Into<String>>(columns: impl IntoIterator<Item = (H, Target)>) -> Self {
        let columns = columns.into_iter().map(|(header, target)| MappedColumn { header: header.into(), target });
        Self { columns: columns.collect() }
    }

    /// What the column becomes; `Ignore` when it is not named.
    #[must_use]
    pub fn target(&self, header: &str) -> &Target {
        self.columns.iter().find(|column| column.header == header).map_or(&Target::Ignore, |column| &column.target)
    }

    /// Checks the mapping against the header of a file and the fields that there are.
    ///
    /// # Errors
    /// `InvalidInput` that names every column that is wrong: `import.unknown_column`, `import.column_twice`,
    /// `import.unknown_target`, `import.unknown_custom_field`, `import.target_twice`, `import.nothing_mapped`.
    pub fn check(&self, kind: ImportKind, headers: &[String], schema: &Schema) -> Result<(), InvalidInput> {
        let mut problems = Vec::new();
        let mut taken: BTreeMap<&Target, &str> = BTreeMap::new();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, MappedColumn { header, target }) in self.columns.iter().enumerate() {
            let mut complain = |part: &str, code: &str, message: String| {
                problems.push(FieldProblem::new(format!("mapping[{index}].{part}"), code, message));
            };
            if !headers.contains(header) {
                let message = format!("the file has no column '{header}'; it has: {}", headers.join(", "));
                complain("header", "import.unknown_column", message);
            }
            if seen.insert(header, index).is_some() {
                complain("header", "import.column_twice", format!("'{header}' is mapped twice; keep one of them"));
            }
            if !kind.has(target) {
                let known: Vec<_> = kind.targets().collect();
                let message = format!("{} have no field '{target}'; use one of: {}", kind.as_str(), known.join(", "));
                complain("target", "import.unknown_target", message);
            }
            if let Target::Custom(key) = target
                && schema.field(key).is_none()
            {
                let known: Vec<_> = schema.fields().map(|field| field.key.as_str()).collect();
                let message = if known.is_empty() {
                    format!("there is no custom field '{key}', nor any other; add it first")
                } else {
                    format!("there is no custom field '{key}'; add it or use one of: {}", known.join(", "))
                };
                complain("target", "import.unknown_custom_field", message);
            }
            if !target.takes_many()
                && let Some(other) = taken.insert(target, header)
            {
                let message = format!("'{other}' and '{header}' both become '{target}'; ignore one of them");
                complain("target", "import.target_twice", message);
            }
        }
        if self.columns.iter().all(|column| column.target == Target::Ignore) {
            let message = "no column becomes a field; map at least one";
            problems.push(FieldProblem::new("mapping", "import.nothing_mapped", message));
        }
        InvalidInput::check(problems)
    }
}

/// Identifier of a saved mapping.
pub type ImportMappingId = Id<ImportMapping>;

/// A mapping that is kept under a name, for files that come again and again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportMapping {
    /// Its name, unique within the organization.
    pub name: Name,
    /// What it is for.
    pub kind: ImportKind,
    /// The columns.
    pub columns: Mapping,
}

impl ImportMapping {
    /// Its name.
    pub const NAME_FIELD: Column<Self, String> =
        Column::required_indexed("name", |row| ValueRef::Text(row.name.as_str()));
}

impl Entity for ImportMapping {
    const NAME: &'static str = "import_mapping";
    const FIELDS: &'static [Field<Self>] = &[Self::NAME_FIELD.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "name",
        columns: &["name"],
        read: |mapping| Some(vec![Value::Text(mapping.name.as_str().to_owned())]),
    }];
}

/// What happens to saved mappings.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportMappingEvent {
    /// It was saved.
    Created,
    /// Its columns were changed.
    Changed,
    /// It was removed.
    Deleted,
}

impl DomainEvent for ImportMappingEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "import_mapping.created",
            Self::Changed => "import_mapping.changed",
            Self::Deleted => "import_mapping.deleted",
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for Mapping {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <Vec<MappedColumn> as utoipa::PartialSchema>::schema()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Mapping {
    fn name() -> std::borrow::Cow<'static, str> {
        "ColumnMapping".into()
    }
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        use utoipa::PartialSchema;
        schemas.push((MappedColumn::name().into_owned(), MappedColumn::schema()));
        MappedColumn::schemas(schemas);
    }
}
