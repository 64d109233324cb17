//! The checks behind the architecture test, each a function from text to violations, so that each can be shown to bite.

use std::fmt;

use crate::architecture::source::Source;
use crate::architecture::{layers, paths, purity};

/// The longest a Rust file may be.
pub(crate) const MAXIMUM_LINES: usize = 500;

/// One broken rule: where, what and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    file: String,
    line: usize,
    problem: String,
}

impl Violation {
    pub(crate) fn new(file: &str, line: usize, problem: String) -> Self {
        Self { file: file.to_owned(), line, problem }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.line, self.problem)
    }
}

/// Checks one file of the domain: the edges of its slice, banned crates, the clock and the console.
///
/// `path` is relative to `crm-core/src` (`lead/service.rs`); `lib.rs` belongs to no slice and may name them all.
pub(crate) fn check_domain_file(path: &str, text: &str) -> Vec<Violation> {
    let file = format!("crm-core/src/{path}");
    let module = module_of(path);
    let source = Source::read(text);
    let mut violations = purity::console_output(&file, &source.tokens);
    let slice = module.first();
    violations.extend(slice.and_then(|slice| layers::unknown_slice(slice, &file)));
    for named in paths::named_paths(&source.tokens, &module) {
        violations.extend(purity::impure_path(&file, &named));
        violations.extend(slice.and_then(|slice| layers::forbidden_edge(slice, &file, &named)));
    }
    violations
}

/// Complains when a Rust file is longer than [`MAXIMUM_LINES`].
pub(crate) fn too_long(file: &str, text: &str) -> Option<Violation> {
    let lines = text.lines().count();
    (lines > MAXIMUM_LINES).then(|| {
        let problem = format!("{lines} lines, more than {MAXIMUM_LINES}; split it by what its parts are about");
        Violation::new(file, MAXIMUM_LINES + 1, problem)
    })
}

/// The module that a file holds: `lead/mod.rs` is `lead`, `lead/service.rs` is `lead::service`, `lib.rs` the root.
pub(crate) fn module_of(path: &str) -> Vec<String> {
    let mut segments: Vec<String> = path.trim_end_matches(".rs").split('/').map(ToOwned::to_owned).collect();
    if matches!(segments.last().map(String::as_str), Some("mod" | "lib")) {
        segments.pop();
    }
    segments
}
