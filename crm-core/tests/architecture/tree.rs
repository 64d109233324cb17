//! The workspace on disk: which files there are, and which of them hold tests only.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::architecture::checks::module_of;
use crate::architecture::source::Source;

/// A Rust file: its path below the folder that was listed, with `/` on every system, and its text.
pub(crate) struct RustFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reads every Rust file below `folder`, sorted by path; build output and hidden folders are left out.
///
/// # Errors
/// When a file or folder cannot be read.
pub(crate) fn rust_files(folder: &Path) -> io::Result<Vec<RustFile>> {
    let mut files = Vec::new();
    collect(folder, "", &mut files)?;
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<RustFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            files.push(RustFile { text: fs::read_to_string(entry.path())?, path });
        }
    }
    Ok(())
}

/// The folders named by `members = […]` in the manifest of the workspace.
pub(crate) fn members(manifest: &str) -> Vec<String> {
    let list = manifest.split_once("members").and_then(|(_, rest)| rest.split_once('[')).map_or("", |(_, list)| list);
    let list = list.split(']').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

/// Leaves out `tests.rs`, folders named `tests`, and the files of modules declared under `#[cfg(test)]`.
pub(crate) fn product_files(files: Vec<RustFile>) -> Vec<RustFile> {
    let tests: Vec<Vec<String>> = files
        .iter()
        .flat_map(|file| {
            let declared = Source::read(&file.text).test_modules;
            let parent = module_of(&file.path);
            declared.into_iter().map(move |name| [parent.as_slice(), &[name]].concat())
        })
        .collect();
    let is_test = |module: &[String]| {
        module.iter().any(|segment| segment == "tests") || tests.iter().any(|test| module.starts_with(test))
    };
    files.into_iter().filter(|file| !is_test(&module_of(&file.path))).collect()
}
