//! Why a file can't be opened as a store.

use std::path::PathBuf;

use crm_core::kernel::{Kind, Rule};

/// Why a file can't be opened as a store, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is there and is something else.
    #[error("{} is not a database; name another file, or a new one to begin with an empty store", .0.display())]
    NotADatabase(PathBuf),
    /// The file is a database of another program.
    #[error("{} is the database of another program; name another file, or a new one to begin with an empty store", .0.display())]
    Foreign(PathBuf),
    /// The file was written by a later version of this crate.
    #[error(
        "{} has schema {found} and this program knows schemas up to {known}; run the newer program that wrote it",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The latest schema that this crate knows.
        known: i64,
    },
    /// The file can't be made, read or written.
    #[error("{} cannot be opened; check that its folder exists and that this user may write there", path.display())]
    Inaccessible {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The tables or indexes can't be brought to the form that this program needs.
    #[error("{} cannot be brought to the present schema; restore a backup, or ask for help with the cause", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Rule for OpenError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotADatabase(_) => "store.not_a_database",
            Self::Foreign(_) => "store.foreign_database",
            Self::Newer { .. } => "store.newer_schema",
            Self::Inaccessible { .. } => "store.inaccessible",
            Self::Migration { .. } => "store.migration_failed",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::NotADatabase(_) | Self::Foreign(_) | Self::Newer { .. } => Kind::Invalid,
            Self::Inaccessible { .. } => Kind::Unavailable,
            Self::Migration { .. } => Kind::Internal,
        }
    }
}
