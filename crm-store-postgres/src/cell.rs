//! One value between serde and the binary form of its column.
//!
//! What a value becomes is decided by the type of its column in the catalog, never by the value: a statement's text
//! alone keys the server's cache of statements, so that one text must always carry the same types, an absent value's
//! too. Text-like cells say that they are not human-readable, which makes instants arrive as microseconds and
//! identifiers as sixteen bytes; `jsonb` cells hold the same JSON that people see.

mod decode;
mod encode;

use std::fmt;

use crm_core::kernel::FieldKind;
use sqlx::postgres::PgTypeInfo;
use sqlx::postgres::types::Oid;

pub(crate) use decode::{read, read_seed};
pub(crate) use encode::{Cell, Fill, ValueCell, ValuesCell};

/// Microseconds from 1970-01-01 to 2000-01-01, where PostgreSQL begins to count.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// The same in days.
const EPOCH_DAYS: i64 = 10_957;

/// The types that a column may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Uuid,
    Text,
    BigInt,
    Bool,
    Timestamptz,
    Date,
    Jsonb,
    Numeric,
}

impl Kind {
    const ALL: [Self; 8] =
        [Self::Uuid, Self::Text, Self::BigInt, Self::Bool, Self::Timestamptz, Self::Date, Self::Jsonb, Self::Numeric];

    /// The kind of a column of this type, by the type's name in the catalog.
    pub(crate) fn of_catalog(type_name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.catalog_name() == type_name)
    }

    /// The type's name in `pg_type`.
    pub(crate) const fn catalog_name(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Text => "text",
            Self::BigInt => "int8",
            Self::Bool => "bool",
            Self::Timestamptz => "timestamptz",
            Self::Date => "date",
            Self::Jsonb => "jsonb",
            Self::Numeric => "numeric",
        }
    }

    /// The column that a field of this kind needs.
    pub(crate) const fn of_field(field: FieldKind) -> Self {
        match field {
            FieldKind::Text => Self::Text,
            FieldKind::Integer => Self::BigInt,
            FieldKind::Bool => Self::Bool,
            FieldKind::Uuid => Self::Uuid,
            FieldKind::Time => Self::Timestamptz,
            FieldKind::Date => Self::Date,
            FieldKind::Tags | FieldKind::Custom => Self::Jsonb,
        }
    }

    /// The type's number, which is the same in every database.
    const fn oid(self) -> u32 {
        match self {
            Self::Uuid => 2950,
            Self::Text => 25,
            Self::BigInt => 20,
            Self::Bool => 16,
            Self::Timestamptz => 1184,
            Self::Date => 1082,
            Self::Jsonb => 3802,
            Self::Numeric => 1700,
        }
    }

    /// The number of the type's array.
    const fn array_oid(self) -> u32 {
        match self {
            Self::Uuid => 2951,
            Self::Text => 1009,
            Self::BigInt => 1016,
            Self::Bool => 1000,
            Self::Timestamptz => 1185,
            Self::Date => 1182,
            Self::Jsonb => 3807,
            Self::Numeric => 1231,
        }
    }

    const fn type_info(self) -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(self.oid()))
    }

    const fn array_type_info(self) -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(self.array_oid()))
    }
}

/// A value that does not fit its column, or bytes that are no value of it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CellError(pub(crate) String);

impl CellError {
    pub(crate) fn new(problem: impl fmt::Display) -> Self {
        Self(problem.to_string())
    }
}

impl serde::ser::Error for CellError {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self(problem.to_string())
    }
}

impl serde::de::Error for CellError {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self(problem.to_string())
    }
}
