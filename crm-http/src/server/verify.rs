//! Looking whether everything is as it should be: the store answers, its schema fits, keys can be made.

use crm_core::access::Slug;

use super::config::{Config, Database};
use super::{Failure, open, say};

/// Looks, and says what was looked at. An audit chain and invariants over all organizations are not looked at yet.
pub(super) async fn verify(config: &Config) -> Result<(), Failure> {
    // Opening compares the schema with what the records declare, and refuses another.
    let crm = open::open(config).await?;
    crm.organization_by_slug(&Slug::try_from("verify".to_owned())?).await?;
    let store = match &config.database {
        Database::Sqlite(path) => format!("the file '{}'", path.display()),
        Database::Postgres(..) => "the PostgreSQL server".to_owned(),
    };
    say(&format!("ok: {store} answers, and its schema is the present one"));
    open::identity(config, &crm)?;
    say("ok: the secret is there, and keys are made of it");
    say("not looked at: the audit chain and invariants over records, which have no check yet");
    Ok(())
}
