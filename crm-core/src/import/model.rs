//! The import itself: one source on its way in, and how far it is.

use std::fmt;

use super::ledger::ImportCounts;
use super::mapping::Mapping;
use super::options::ImportOptions;
use super::refusal::ImportRefusal;
use super::target::ImportKind;
use crate::kernel::{Column, DomainEvent, Entity, Field, Id, Key, Name, Timestamp, Value, ValueRef};
use serde::{Deserialize, Serialize};

/// Identifier of an import.
pub type ImportId = Id<Import>;

/// What the same content has in common however often it is sent: 1 to 100 visible ASCII characters, such as a SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Takes over a fingerprint that was made elsewhere, for example from a sheet's address and revision.
    ///
    /// # Errors
    /// `ImportRefusal::MalformedFingerprint`.
    pub fn parse(text: &str) -> crate::kernel::Result<Self> {
        Ok(Self::try_from(text.to_owned())?)
    }
    /// The fingerprint as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = ImportRefusal;
    fn try_from(text: String) -> Result<Self, ImportRefusal> {
        let sound = (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if sound { Ok(Self(text)) } else { Err(ImportRefusal::MalformedFingerprint) }
    }
}
impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.0
    }
}
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Rows are still to come; whoever has the source may go on.
    Running,
    /// The source was read to its end.
    Finished,
    /// The source could not be read to its end; with a sound copy of it one may go on.
    Failed,
}

impl ImportState {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }
}

/// A file or other source on its way in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Import {
    /// What it makes.
    pub kind: ImportKind,
    /// Where the records come from, for example `trade-fair`; their source when no column says.
    pub source: Name,
    /// The file's name, for people.
    pub file_name: Name,
    /// What the same content has in common; unique within the organization, kind and attempt.
    pub fingerprint: Fingerprint,
    /// How often the content was begun, from 1; a further time only after one that kept no row at all.
    pub attempt: i64,
    /// The column names of the source.
    pub headers: Vec<String>,
    /// Which column becomes which field.
    pub mapping: Mapping,
    /// How cells are read.
    pub options: ImportOptions,
    /// How far it is.
    pub state: ImportState,
    /// The row that is to be judged next, from 1.
    pub next_row: i64,
    /// What became of the rows before that.
    pub counts: ImportCounts,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it was begun.
    pub started_at: Timestamp,
    /// When the source's end was reached.
    pub finished_at: Option<Timestamp>,
}

/// What it takes to begin an import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the import")]
pub struct NewImport {
    pub kind: ImportKind,
    pub source: Name,
    pub file_name: Name,
    pub fingerprint: Fingerprint,
    pub headers: Vec<String>,
    pub mapping: Mapping,
    #[serde(default)]
    pub options: ImportOptions,
}

impl Import {
    /// How far it is.
    pub const STATE: Column<Self, String> = Column::required("state", |row| ValueRef::Text(row.state.as_str()));
    /// What the same content has in common.
    pub const FINGERPRINT: Column<Self, String> =
        Column::required_indexed("fingerprint", |row| ValueRef::Text(row.fingerprint.as_str()));
    /// What it makes.
    pub const KIND: Column<Self, String> = Column::required("kind", |row| ValueRef::Text(row.kind.as_str()));

    /// Whether it read rows to the end and kept none, for example with a wrong mapping; then it may be begun once more.
    #[must_use]
    pub fn was_in_vain(&self) -> bool {
        self.state == ImportState::Finished && self.counts.read > 0 && self.counts.kept() == 0
    }

    /// The next attempt at the same content.
    pub(super) fn once_more(&self, new: NewImport, now: Timestamp) -> Self {
        Self { attempt: self.attempt.saturating_add(1), ..Self::new(new, now) }
    }

    pub(super) fn new(new: NewImport, now: Timestamp) -> Self {
        Self {
            kind: new.kind,
            source: new.source,
            file_name: new.file_name,
            fingerprint: new.fingerprint,
            attempt: 1,
            headers: new.headers,
            mapping: new.mapping,
            options: new.options,
            state: ImportState::Running,
            next_row: 1,
            counts: ImportCounts::default(),
            failure: None,
            started_at: now,
            finished_at: None,
        }
    }

    /// Goes on with the rows that are still to come; what made it fail before is over.
    pub(super) fn resume(&mut self) {
        self.state = ImportState::Running;
        self.failure = None;
    }

    /// Begins anew with other choices, as long as no row was judged.
    pub(super) fn begin_anew(&mut self, new: NewImport) {
        if self.counts.read == 0 {
            *self = Self { next_row: self.next_row, attempt: self.attempt, ..Self::new(new, self.started_at) };
        }
    }
}

impl Entity for Import {
    const NAME: &'static str = "import";
    const FIELDS: &'static [Field<Self>] = &[Self::STATE.field(), Self::FINGERPRINT.field(), Self::KIND.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "fingerprint",
        columns: &["kind", "fingerprint", "attempt"],
        read: |import| {
            let kind = Value::Text(import.kind.as_str().to_owned());
            let fingerprint = Value::Text(import.fingerprint.as_str().to_owned());
            Some(vec![kind, fingerprint, Value::Integer(import.attempt)])
        },
    }];
}

/// What happens to imports.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportEvent {
    /// It was begun.
    Started,
    /// Further rows were judged.
    Advanced {
        /// What became of all rows so far.
        counts: ImportCounts,
    },
    /// The source was read to its end.
    Finished {
        /// What became of all rows.
        counts: ImportCounts,
    },
    /// The source could not be read to its end.
    Failed {
        /// Why.
        failure: String,
    },
    /// Somebody goes on with it.
    Resumed,
}

impl DomainEvent for ImportEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Started => "import.started",
            Self::Advanced { .. } => "import.advanced",
            Self::Finished { .. } => "import.finished",
            Self::Failed { .. } => "import.failed",
            Self::Resumed => "import.resumed",
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for Fingerprint {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::kernel::openapi::text(
            "SHA-256 of the file, in hexadecimal digits.",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        )
        .into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Fingerprint {}
