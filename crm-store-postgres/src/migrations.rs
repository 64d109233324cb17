//! The steps that make the schema, in order. A slice adds its file here.

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Roles belong to the whole cluster and not to a database, so that they are looked at on every run.
pub(crate) const ROLES: &str = include_str!("../migrations/roles.sql");

const STEPS: &[(i64, &str, &str)] = &[
    (1, "ground", include_str!("../migrations/0001_ground.sql")),
    (2, "access", include_str!("../migrations/0002_access.sql")),
    (3, "event", include_str!("../migrations/0003_event.sql")),
    (4, "agenda", include_str!("../migrations/0004_agenda.sql")),
    (5, "term", include_str!("../migrations/0005_term.sql")),
    (6, "identity", include_str!("../migrations/0006_identity.sql")),
    (7, "custom_field", include_str!("../migrations/0007_custom_field.sql")),
    (8, "people", include_str!("../migrations/0008_people.sql")),
    (9, "lead", include_str!("../migrations/0009_lead.sql")),
    (10, "pipeline", include_str!("../migrations/0010_pipeline.sql")),
    (11, "activity", include_str!("../migrations/0011_activity.sql")),
    (12, "duplicate", include_str!("../migrations/0012_duplicate.sql")),
    (13, "scoring", include_str!("../migrations/0013_scoring.sql")),
    (14, "assignment", include_str!("../migrations/0014_assignment.sql")),
    (15, "conversion", include_str!("../migrations/0015_conversion.sql")),
    (16, "intake", include_str!("../migrations/0016_intake.sql")),
    (17, "import", include_str!("../migrations/0017_import.sql")),
    (18, "merge", include_str!("../migrations/0018_merge.sql")),
    (20, "billing", include_str!("../migrations/0020_billing.sql")),
    (21, "billing_work", include_str!("../migrations/0021_billing_work.sql")),
    (22, "plan_limits", include_str!("../migrations/0022_plan_limits.sql")),
    (23, "reversals", include_str!("../migrations/0023_reversals.sql")),
    (30, "provider_link", include_str!("../migrations/0030_provider_link.sql")),
    (31, "inbox", include_str!("../migrations/0031_inbox.sql")),
    (32, "desk", include_str!("../migrations/0032_desk.sql")),
    (40, "command", include_str!("../migrations/0040_command.sql")),
    (41, "sign_in", include_str!("../migrations/0041_sign_in.sql")),
];

/// All steps. What was done is kept in a table of our own, so that a host's migrations are not touched.
pub(crate) fn migrator() -> Migrator {
    let steps = STEPS.iter().map(|(number, name, text)| {
        Migration::new(*number, (*name).into(), MigrationType::Simple, SqlStr::from_static(text), false)
    });
    let mut migrator = Migrator::with_migrations(steps.collect());
    migrator.dangerous_set_table_name("crm._migration");
    migrator
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_is_a_step_and_every_number_is_its_own() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
        let files = folder.map(|file| file.unwrap().file_name().into_string().unwrap());
        let numbered: BTreeSet<_> =
            files.filter(|name| name.starts_with(|first: char| first.is_ascii_digit())).collect();
        let steps: BTreeSet<_> = STEPS.iter().map(|(number, name, _)| format!("{number:04}_{name}.sql")).collect();
        assert_eq!(numbered, steps);
        let numbers: BTreeSet<_> = STEPS.iter().map(|(number, _, _)| number).collect();
        assert_eq!(numbers.len(), STEPS.len(), "two steps have one number");
    }
}
