//! Files that nobody else can read: secrets, and mails that let whoever reads them in.

use std::io::Write as _;
use std::path::Path;

/// Writes a new file for its owner alone.
///
/// # Errors
/// Those of the system; `AlreadyExists` when there is one.
pub(crate) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
