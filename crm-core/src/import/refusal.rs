//! What an import refuses as a whole. What it refuses of single rows stands in its issues.

use std::io;

use crate::kernel::{Kind, Rule};

/// What an import refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    /// No record has such a field.
    #[error("there is no field '{0}' to import into; use one of the listed names, custom.KEY, or ignore")]
    UnknownTarget(String),
    /// Another process imports the same file right now.
    #[error("the import has moved on to row {0} in the meantime, so another process runs it; wait for it to end")]
    RunElsewhere(u64),
    /// The rows come from something else than what was started with.
    #[error("the file has other columns than the import was started with; give the same file again")]
    OtherFile,
    /// The fingerprint is not one.
    #[error("a fingerprint is 1 to 100 letters, digits and signs without spaces; take the one of the content")]
    MalformedFingerprint,
    /// Accounts are not known by such keys.
    #[error("accounts can be matched by domain and by company name only; choose among these")]
    KeyNotUsable,
    /// An export or error file could not be written.
    #[error("the file cannot be written to its end: {0}")]
    Unwritable(String),
}

impl From<io::Error> for ImportRefusal {
    fn from(error: io::Error) -> Self {
        Self::Unwritable(error.to_string())
    }
}

impl Rule for ImportRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownTarget(_) => "import.unknown_target",
            Self::RunElsewhere(_) => "import.run_elsewhere",
            Self::OtherFile => "import.other_file",
            Self::MalformedFingerprint => "import.malformed_fingerprint",
            Self::KeyNotUsable => "import.key_not_usable",
            Self::Unwritable(_) => "import.unwritable",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::RunElsewhere(_) => Kind::Conflict,
            Self::Unwritable(_) => Kind::Unavailable,
            _ => Kind::Invalid,
        }
    }
}
