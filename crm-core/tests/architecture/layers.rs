//! The layer table of the domain, and what an import may cross.

use crate::architecture::checks::Violation;
use crate::architecture::paths::NamedPath;

/// Slices by layer, from the ground up. A slice may import what stands below its layer, and what its own layer names
/// before it. `csv` is a row of its own: it reads text and knows values, so it stands right on the kernel.
pub(crate) const LAYERS: &[(&str, &[&str])] = &[
    ("kernel", &["kernel"]),
    ("text formats", &["csv"]),
    ("ground rules", &["access", "paywall", "event", "agenda", "command", "store"]),
    (
        "records",
        &["administration", "sign_in", "identity", "custom_field", "people", "lead", "pipeline", "activity", "catalog"],
    ),
    (
        "judgements",
        &["duplicate", "scoring", "assignment", "conversion", "intake", "quote", "ticket", "import", "removal"],
    ),
    ("outside", &["billing", "inbox", "sequence", "campaign", "merge"]),
    ("reactions", &["inspection", "workflow", "webhook", "analytics"]),
    ("face", &["crm"]),
    ("testing", &["testing"]),
];

/// The table of contents of the store: the one file below the records that may name every entity.
const CONTENTS: &str = "store/contents.rs";

/// Fakes and contract suites, which product code must not lean on; `crm` may, to offer a sandbox.
const TESTING: &str = "testing";
const MAY_USE_TESTING: &[&str] = &["testing", "crm"];

const TABLE: &str = "LAYERS in crm-core/tests/architecture/layers.rs";

/// Where a slice stands: its layer, counted from the ground, and its place within the layer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    layer: usize,
    row: usize,
    name: &'static str,
}

fn place(slice: &str) -> Option<Place> {
    LAYERS.iter().enumerate().find_map(|(layer, &(name, slices))| {
        slices.iter().position(|&known| known == slice).map(|row| Place { layer, row, name })
    })
}

/// Complains when `slice`, a folder or file right under `crm-core/src`, has no place in the table.
pub(crate) fn unknown_slice(slice: &str, file: &str) -> Option<Violation> {
    place(slice).is_none().then(|| {
        Violation::new(
            file,
            1,
            format!("slice `{slice}` has no layer; give it a place in {TABLE} and in ARCHITECTURE.md"),
        )
    })
}

/// Judges one path named by `file` (`lead/service.rs`), which belongs to `slice`.
pub(crate) fn forbidden_edge(slice: &str, file: &str, path: &NamedPath) -> Option<Violation> {
    if !path.of_this_crate {
        return None;
    }
    let complain = |problem: String| Some(Violation::new(file, path.line, problem));
    let Some(target) = path.segments.first() else {
        return if path.imported {
            complain(format!("`{slice}` imports the whole crate, which hides its edges; name the slice it needs"))
        } else {
            None
        };
    };
    if target == slice {
        return None;
    }
    let (Some(from), Some(to)) = (place(slice), place(target)) else {
        return complain(format!(
            "`{slice}` names `crate::{target}`, which is no slice; name things by the slice that owns them \
             (`crate::kernel::Error`), and give a new slice a place in {TABLE}"
        ));
    };
    if target == TESTING && !MAY_USE_TESTING.contains(&slice) {
        return complain(format!(
            "`{slice}` imports `{}`; `testing` is for tests and for {MAY_USE_TESTING:?}: move what both need into `kernel`",
            written(path)
        ));
    }
    if to < from || target == TESTING || is_contents(file) {
        return None;
    }
    complain(format!(
        "`{slice}` ({}) imports `{}` ({}): arrows point down only; move what both need below `{slice}`, or let \
         `{target}` react to an event of `{slice}`",
        from.name,
        written(path),
        to.name
    ))
}

fn is_contents(file: &str) -> bool {
    file.strip_suffix(CONTENTS).is_some_and(|folder| folder.is_empty() || folder == "crm-core/src/")
}

fn written(path: &NamedPath) -> String {
    let star = if path.glob { "::*" } else { "" };
    format!("crate::{}{star}", path.segments.join("::"))
}
