//! What the domain must not reach: the network, a runtime, the clock, chance, the console and files.

use crate::architecture::checks::Violation;
use crate::architecture::paths::NamedPath;
use crate::architecture::source::Token;

const BANNED_CRATES: &[&str] = &["sqlx", "reqwest", "axum", "tokio"];

/// Ends of paths that look at the world, and what to do instead.
const BANNED_PATHS: &[(&[&str], &str)] = &[
    (&["SystemTime", "now"], "take the time from the unit of work"),
    (&["Instant", "now"], "take the time from the unit of work"),
    (&["Utc", "now"], "take the time from the unit of work"),
    (&["Local", "now"], "take the time from the unit of work"),
    (&["Uuid", "new_v4"], "take the id from the unit of work"),
    (&["Uuid", "now_v7"], "take the id from the unit of work"),
    (&["std", "fs"], "take a reader or a writer"),
    (&["std", "net"], "put it in an adapter behind a port"),
    (&["std", "process"], "put it in an adapter behind a port"),
];

const BANNED_MACROS: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

/// Complains when a path starts in a banned crate or names a banned function.
pub(crate) fn impure_path(file: &str, path: &NamedPath) -> Option<Violation> {
    if path.of_this_crate {
        return None;
    }
    let words: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    let complain = |problem: String| Some(Violation::new(file, path.line, problem));
    if let Some(name) = words.first().filter(|first| BANNED_CRATES.contains(first)) {
        return complain(format!(
            "`{}`: the domain must not use `{name}`; put it in an adapter behind a port",
            words.join("::")
        ));
    }
    let (banned, remedy) =
        BANNED_PATHS.iter().find(|(banned, _)| words.windows(banned.len()).any(|window| window == *banned))?;
    complain(format!("`{}`: the domain must not call `{}`; {remedy}", words.join("::"), banned.join("::")))
}

/// Complains about each macro that writes to the console.
pub(crate) fn console_output(file: &str, tokens: &[Token]) -> Vec<Violation> {
    let calls = tokens.windows(3).filter_map(|window| match window {
        [name, bang, open] if bang.text == "!" && open.text != "=" => Some(name),
        _ => None,
    });
    calls
        .filter(|name| BANNED_MACROS.contains(&name.text.as_str()))
        .map(|name| {
            let problem =
                format!("`{}!`: the domain says nothing by itself; return a value or record an event", name.text);
            Violation::new(file, name.line, problem)
        })
        .collect()
}

/// Complains about banned crates among the dependencies of a manifest; development dependencies are free.
pub(crate) fn banned_dependencies(file: &str, manifest: &str) -> Vec<Violation> {
    let mut section = String::new();
    let mut found = Vec::new();
    for (index, line) in manifest.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(header) = line.strip_prefix('[') {
            header.trim_end_matches(']').clone_into(&mut section);
        }
        let names = dependency_names(&section, line);
        found.extend(names.into_iter().filter(|name| BANNED_CRATES.contains(&name.as_str())).map(|name| {
            let problem = format!("depends on `{name}`; the domain must not: put it in an adapter behind a port");
            Violation::new(file, index + 1, problem)
        }));
    }
    found
}

/// The crates that one manifest line depends on: `name = …`, `[dependencies.name]`, and `package = "name"`.
fn dependency_names(section: &str, line: &str) -> Vec<String> {
    if section.starts_with("dev-dependencies") || section.contains(".dev-dependencies") {
        return Vec::new();
    }
    let words: Vec<&str> = line.split(|mark: char| !(mark.is_alphanumeric() || mark == '-' || mark == '_')).collect();
    let renamed = words.iter().position(|&word| word == "package").into_iter().flat_map(|at| words.iter().skip(at + 1));
    let mut names: Vec<String> = renamed.filter(|word| !word.is_empty()).take(1).map(|&name| name.to_owned()).collect();
    let (_, table) = section.rsplit_once("dependencies").unwrap_or(("", "-"));
    if line.starts_with('[') {
        names.extend(table.strip_prefix('.').map(ToOwned::to_owned));
    } else if table.is_empty() {
        names.extend(words.first().map(|&name| name.to_owned()));
    }
    names
}
