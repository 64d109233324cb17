//! Opening of the store and of the sign-in, as the configuration says.

use std::io::Write as _;
use std::path::Path;

use crm_core::crm::Crm;
use crm_core::kernel::MetadataPhoneNumbers;
use crm_store_postgres::PgStore;
use crm_store_sqlite::SqliteStore;
use crm_system::{RandomIds, SystemClock};

use super::config::{Config, Database, parse_secret};
use super::mail::SmtpMailer;
use super::providers::with_providers;
use super::{Failure, say};
use crate::Outside;
use crate::identity::Identity;
use crate::identity::mail::FileOutbox;
use crate::signing::{Secret, hexadecimal, random};

/// The domain on the store of the configuration, whose schema is brought up to date, with the providers of it.
pub(super) async fn open(config: &Config) -> Result<Crm, Failure> {
    Ok(open_with_providers(config).await?.0)
}

/// The same, and what the facade serves of the providers.
pub(super) async fn open_with_providers(config: &Config) -> Result<(Crm, Outside), Failure> {
    std::fs::create_dir_all(&config.data)
        .map_err(|error| format!("data: the folder '{}' cannot be made: {error}", config.data.display()))?;
    let crm = match &config.database {
        Database::Sqlite(path) => Crm::new(SqliteStore::open(path).await?, SystemClock, RandomIds::new()),
        Database::Postgres(url, admin) => {
            if let Some(admin) = admin {
                PgStore::migrate(admin).await?;
            }
            Crm::new(PgStore::connect(url).await?, SystemClock, RandomIds::new())
        }
    };
    let (stripe, meta) = (config.stripe.as_ref(), config.meta.as_ref());
    if stripe.is_none() && meta.is_none() {
        return Ok((crm.with_phones(MetadataPhoneNumbers), Outside::default()));
    }
    with_providers(crm.with_phones(MetadataPhoneNumbers), stripe, meta, &secret(config)?).await
}

/// Brings the schema up to date, and says so.
pub(super) async fn migrate(config: &Config) -> Result<(), Failure> {
    match &config.database {
        Database::Sqlite(path) => {
            open(config).await?;
            say(&format!("'{}' is up to date", path.display()));
        }
        Database::Postgres(url, admin) => {
            PgStore::migrate(admin.as_ref().unwrap_or(url)).await?;
            say("the schema is up to date");
        }
    }
    Ok(())
}

/// The secret of the configuration, or that of the folder, which is made when there is none.
pub(super) fn secret(config: &Config) -> Result<Secret, Failure> {
    if let Some(secret) = &config.secret {
        return Ok(secret.clone());
    }
    let path = config.data.join("secret");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(parse_secret(&text)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let digits = hexadecimal(&random::<32>()?);
            write_private(&path, &digits).map_err(|error| format!("secret: '{}': {error}", path.display()))?;
            Ok(parse_secret(&digits)?)
        }
        Err(error) => Err(format!("secret: '{}' cannot be read: {error}", path.display()).into()),
    }
}

/// Writes a file that nobody else can read.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// The built-in sign-in, with the mail server of the configuration or an outbox in the folder.
pub(super) fn identity(config: &Config, crm: &Crm) -> Result<Identity, Failure> {
    let secret = secret(config)?;
    let address = format!("{}/", config.public_url.trim_end_matches('/'));
    let identity = match &config.smtp {
        Some((url, from)) => Identity::new(crm.clone(), secret, SmtpMailer::new(url, from)?, address),
        None => Identity::new(crm.clone(), secret, FileOutbox::new(config.data.join("outbox")), address),
    };
    Ok(identity?)
}
