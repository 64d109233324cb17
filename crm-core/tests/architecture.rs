//! The dependency table of the domain is a test that reads the source.
//!
//! Arrows between slices point down only, the domain reaches no network, runtime, clock, console or file, and no Rust
//! file of the workspace is longer than one can read in a sitting. The planted sources below show that each check bites.

mod architecture {
    pub(crate) mod checks;
    pub(crate) mod layers;
    pub(crate) mod paths;
    pub(crate) mod purity;
    pub(crate) mod source;
    pub(crate) mod tree;
}

use std::fs;
use std::io;

use architecture::checks::{MAXIMUM_LINES, Violation, check_domain_file, too_long};
use architecture::layers::LAYERS;
use architecture::purity::banned_dependencies;
use architecture::tree::{RustFile, members, product_files, root, rust_files};

fn report(violations: &[Violation]) -> String {
    violations.iter().flat_map(|violation| ["\n  ".to_owned(), violation.to_string()]).collect()
}

#[test]
fn arrows_between_slices_point_down_and_the_domain_is_pure() -> io::Result<()> {
    let files = product_files(rust_files(&root().join("crm-core/src"))?);
    assert!(files.iter().any(|file| file.path == "kernel/mod.rs"), "the source of the domain was not found");

    let violations: Vec<Violation> = files.iter().flat_map(|file| check_domain_file(&file.path, &file.text)).collect();

    assert!(violations.is_empty(), "{}", report(&violations));
    Ok(())
}

#[test]
fn the_domain_depends_on_no_runtime_network_or_database() -> io::Result<()> {
    let manifest = fs::read_to_string(root().join("crm-core/Cargo.toml"))?;
    assert!(manifest.contains("[dependencies]"), "the manifest of the domain was not found");

    let violations = banned_dependencies("crm-core/Cargo.toml", &manifest);

    assert!(violations.is_empty(), "{}", report(&violations));
    Ok(())
}

#[test]
fn no_rust_file_of_the_workspace_is_too_long() -> io::Result<()> {
    let members = members(&fs::read_to_string(root().join("Cargo.toml"))?);
    assert!(members.iter().any(|member| member == "crm-core"), "the members were not found: {members:?}");

    let mut violations = Vec::new();
    for member in &members {
        let files = rust_files(&root().join(member))?;
        assert!(!files.is_empty(), "{member} holds no Rust file");
        violations.extend(files.iter().filter_map(|file| too_long(&format!("{member}/{}", file.path), &file.text)));
    }

    assert!(violations.is_empty(), "{}", report(&violations));
    Ok(())
}

const NONE: [usize; 0] = [];

#[test]
fn the_contributors_guide_shows_the_same_layers() -> io::Result<()> {
    let guide = fs::read_to_string(root().join("CONTRIBUTING.md"))?;
    let (_, table) = guide.split_once("| layer | slices | holds |").expect("the guide has a table of layers");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));

    let mut shown: Vec<(&str, Vec<&str>)> = rows
        .map(|row| {
            let mut cells = row.split('|').skip(1).map(str::trim);
            let layer = cells.next().unwrap_or_default();
            (layer, cells.next().unwrap_or_default().split_whitespace().map(|slice| slice.trim_matches('`')).collect())
        })
        .collect();
    shown.reverse();

    let checked: Vec<(&str, Vec<&str>)> = LAYERS.iter().map(|&(layer, slices)| (layer, slices.to_vec())).collect();
    assert_eq!(shown, checked, "CONTRIBUTING.md and LAYERS in crm-core/tests/architecture/layers.rs disagree");
    Ok(())
}

/// The lines on which a planted domain file is found guilty.
fn guilty_lines(path: &str, text: &str) -> Vec<usize> {
    let prefix = format!("crm-core/src/{path}:");
    let violations = check_domain_file(path, text);
    let lines = violations.iter().map(ToString::to_string).map(|line| {
        let place = line.strip_prefix(&prefix).unwrap_or_else(|| panic!("{line} does not name {prefix}"));
        place.split(':').next().unwrap_or_default().parse().unwrap_or_else(|_| panic!("{line} names no line"))
    });
    lines.collect()
}

mod an_upward_edge_is_found {
    use super::{NONE, guilty_lines};

    #[test]
    fn in_a_use() {
        assert_eq!(guilty_lines("lead/model.rs", "use std::fmt;\nuse crate::scoring::Score;\n"), [2]);
        assert_eq!(guilty_lines("lead/mod.rs", "pub use crate::conversion::plan as convert;\n"), [1]);
    }

    #[test]
    fn in_an_inline_path() {
        assert_eq!(guilty_lines("kernel/money.rs", "fn f() {\n    let x = crate::lead::Lead::new();\n}\n"), [2]);
        assert_eq!(guilty_lines("store/fault.rs", "impl From<crate::quote::Refusal> for Fault {}\n"), [1]);
        assert_eq!(guilty_lines("lead/model.rs", "macro_rules! m { () => { $crate::scoring::score() } }\n"), [1]);
    }

    #[test]
    fn in_a_path_through_super() {
        assert_eq!(guilty_lines("lead/service.rs", "use super::super::scoring::Score;\n"), [1]);
        assert_eq!(guilty_lines("lead/mod.rs", "use super::scoring::Score;\n"), [1]);
        assert_eq!(guilty_lines("lead/mod.rs", "mod inner {\n    use super::super::scoring::Score;\n}\n"), [2]);
        assert_eq!(guilty_lines("lead/mod.rs", "mod inner {}\nuse super::scoring::Score;\n"), [2]);
        assert_eq!(guilty_lines("lead/model.rs", "type S = super::super::scoring::Score;\n"), [1]);
    }

    #[test]
    fn in_a_grouped_use() {
        assert_eq!(guilty_lines("event/mod.rs", "use crate::{lead::Lead, kernel::Id};\n"), [1]);
        let nested = "use {\n    crate::{\n        kernel::{Id, email::Email},\n        lead::{self, Lead},\n    },\n    std::fmt,\n};\n";
        assert_eq!(guilty_lines("event/mod.rs", nested), [4, 4]);
    }

    #[test]
    fn in_a_glob_or_a_name_for_the_whole_crate() {
        assert_eq!(guilty_lines("lead/model.rs", "use crate::scoring::*;\n"), [1]);
        assert_eq!(guilty_lines("lead/model.rs", "use crate::*;\n"), [1]);
        assert_eq!(guilty_lines("lead/mod.rs", "use super::*;\n"), [1]);
        assert_eq!(guilty_lines("lead/model.rs", "use crate as core;\n"), [1]);
    }

    #[test]
    fn between_slices_of_one_layer_when_it_points_at_a_later_row() {
        assert_eq!(guilty_lines("people/model.rs", "use crate::lead::Lead;\n"), [1]);
        assert_eq!(guilty_lines("lead/model.rs", "use crate::people::Contact;\n"), NONE);
    }

    #[test]
    fn after_literals_and_comments_that_look_like_code() {
        let text = "const A: &str = \"/*\";\nconst B: char = '\"';\nconst C: &str = r#\"\"\"#;\nfn f<'a>(x: &'a str) {}\n\
                    const D: u8 = b'\\'';\nuse crate::crm::Session; // */\n";
        assert_eq!(guilty_lines("lead/model.rs", text), [6]);
    }

    #[test]
    fn after_a_test_module() {
        let text = "#[cfg(test)]\nmod tests {\n    use crate::crm::Crm;\n}\nuse crate::crm::Session;\n";
        assert_eq!(guilty_lines("lead/model.rs", text), [5]);
        let not_for_tests = "#[cfg(not(test))]\nuse crate::crm::Session;\n";
        assert_eq!(guilty_lines("lead/model.rs", not_for_tests), [2]);
    }

    #[test]
    fn with_a_message_that_names_file_line_edge_and_remedy() {
        let violations = super::check_domain_file("lead/model.rs", "\nuse crate::scoring::Score;\n");
        let message = super::report(&violations);
        for part in
            ["crm-core/src/lead/model.rs:2:", "`lead` (records)", "`crate::scoring::Score` (judgements)", "event"]
        {
            assert!(message.contains(part), "{part} is missing in {message}");
        }
    }
}

mod a_lawful_file_passes {
    use super::{NONE, guilty_lines};

    #[test]
    fn when_its_edges_point_down() {
        let text = "use crate::{access::{Permission, role}, kernel::*, store::UnitOfWork};\nuse super::model::Lead;\n\
                    use self::rules::decide;\npub(crate) fn f() -> impl Sized + use<> { crate::kernel::id::Id::nil() }\n\
                    pub(in crate::lead) struct S;\n";
        assert_eq!(guilty_lines("lead/service.rs", text), NONE);
        assert_eq!(guilty_lines("csv/mod.rs", "use crate::kernel::InvalidInput;\n"), NONE);
        assert_eq!(guilty_lines("lib.rs", "pub mod lead;\npub use crate::crm::Crm;\n"), NONE);
    }

    #[test]
    fn when_only_its_comments_strings_and_tests_look_up() {
        let text = "//! See [`crate::crm`].\n/* crate::crm /* nested */ crate::crm */\nconst A: &str = \"crate::crm::X\\\"\";\n\
                    const B: &str = br##\"crate::crm::X\"# \"##;\n\
                    #[cfg(test)]\n#[path = \"x.rs\"]\nmod tests { use crate::testing::ManualClock; fn f() { println!(); } }\n\
                    #[cfg(all(test, feature = \"testing\"))]\nuse crate::testing::{arb, Seeds};\n";
        assert_eq!(guilty_lines("lead/model.rs", text), NONE);
        assert_eq!(guilty_lines("lead/model.rs", "#![cfg(test)]\nuse crate::crm::Crm;\n"), NONE);
    }

    #[test]
    fn when_it_is_the_table_of_contents_of_the_store() {
        let text = "use crate::lead::Lead;\nuse crate::workflow::Workflow;\n";
        assert_eq!(guilty_lines("store/contents.rs", text), NONE);
        assert_eq!(guilty_lines("store/mod.rs", text), [1, 2]);
        assert_eq!(guilty_lines("event/store/contents.rs", text), [1, 2]);
        assert_eq!(guilty_lines("store/contents.rs", "use crate::testing::ManualClock;\n"), [1]);
    }

    #[test]
    fn when_testing_is_used_by_testing_and_by_the_face() {
        assert_eq!(guilty_lines("testing/contract.rs", "use crate::crm::Crm;\nuse crate::testing::arb;\n"), NONE);
        assert_eq!(guilty_lines("crm/sandbox.rs", "use crate::testing::ManualClock;\n"), NONE);
        assert_eq!(guilty_lines("webhook/mod.rs", "use crate::testing::ManualClock;\n"), [1]);
    }
}

#[test]
fn a_slice_that_the_table_does_not_know_is_found_on_both_ends() {
    let message = report(&check_domain_file("invoice/mod.rs", "//! Invoices.\n"));
    assert!(message.contains("`invoice` has no layer") && message.contains("LAYERS"), "{message}");
    assert_eq!(guilty_lines("lead/model.rs", "use crate::invoice::Invoice;\n"), [1]);
    assert_eq!(guilty_lines("lead/model.rs", "use crate::Error;\n"), [1]);
}

#[test]
fn a_banned_crate_is_found_in_source_and_manifest() {
    let text = "use sqlx::PgPool;\nuse {std::fmt, reqwest};\n#[tokio::main]\nfn f() { let r = ::axum::Router::new(); }\n\
                use crate::kernel::tokio::Word;\n";
    assert_eq!(guilty_lines("lead/model.rs", text), [1, 2, 3, 4]);

    let manifest = "[package]\nname = \"crm-core\"\n[dependencies]\nserde = \"1\" # tokio\nsqlx.workspace = true\n\
                    web = { package = \"reqwest\", version = \"1\" }\n[dependencies.axum]\nversion = \"1\"\n\
                    [target.'cfg(unix)'.dependencies]\ntokio = \"1\"\n[dev-dependencies]\ntokio.workspace = true\n";
    let found = report(&banned_dependencies("Cargo.toml", manifest));
    let expected = [(5, "sqlx"), (6, "reqwest"), (7, "axum"), (10, "tokio")];
    assert_eq!(found.matches("Cargo.toml:").count(), expected.len(), "{found}");
    for (line, name) in expected {
        assert!(found.contains(&format!("Cargo.toml:{line}: depends on `{name}`")), "{name} is missing in {found}");
    }
}

#[test]
fn the_clock_chance_console_and_files_are_found() {
    let text = "fn f() {\n    println!(\"x\");\n    let a = std::time::SystemTime::now();\n    let b = Utc::now();\n\
                let c = Uuid::now_v7();\n    std::fs::read(\"x\");\n    let d = dbg != 1;\n    clock.now();\n}\nuse std::{fmt, net};\n";
    let mut lines = guilty_lines("lead/model.rs", text);
    lines.sort_unstable();
    assert_eq!(lines, [2, 3, 4, 5, 6, 10]);
}

#[test]
fn a_long_file_is_found() {
    assert_eq!(too_long("lead.rs", &"\n".repeat(MAXIMUM_LINES)), None);
    let message = report(too_long("lead.rs", &"\n".repeat(MAXIMUM_LINES + 1)).as_slice());
    assert!(message.contains("lead.rs:501: 501 lines"), "{message}");
}

#[test]
fn files_that_hold_tests_only_are_left_out() {
    let file = |path: &str, text: &str| RustFile { path: path.to_owned(), text: text.to_owned() };
    let files = vec![
        file("lead/mod.rs", "mod model;\n#[cfg(test)]\nmod tests;\n#[cfg(test)]\nmod stories;\n"),
        file("lead/model.rs", ""),
        file("lead/tests.rs", ""),
        file("lead/stories.rs", ""),
        file("lead/stories/long.rs", ""),
        file("people/stories.rs", ""),
    ];
    let kept: Vec<String> = product_files(files).into_iter().map(|file| file.path).collect();
    assert_eq!(kept, ["lead/mod.rs", "lead/model.rs", "people/stories.rs"]);
}
