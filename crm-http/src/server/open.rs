//! Opening of the store and of the sign-in, as the configuration says.

use std::sync::Arc;

use crm_core::billing::SubscriptionPaywall;
use crm_core::crm::Crm;
use crm_core::inbox::Channels;
use crm_core::kernel::{Clock, MetadataPhoneNumbers};
use crm_store_postgres::PgStore;
use crm_store_sqlite::SqliteStore;
use crm_system::{IanaZones, RandomIds, SystemClock};

use super::config::{Config, Database, parse_secret};
use super::mail::SmtpMailer;
use super::{Failure, say, vault};
use crate::Outside;
use crate::identity::Identity;
use crate::identity::mail::FileOutbox;
use crate::signing::{Secret, hexadecimal, random};

/// What a configuration opens.
pub(super) struct Opened {
    /// The domain on the store, with the providers.
    pub(super) crm: Crm,
    /// What the facade serves of the providers.
    pub(super) outside: Outside,
    /// Where something is sold, who knows what is paid for.
    pub(super) paywall: Option<Arc<SubscriptionPaywall>>,
}

/// The domain on the store of the configuration, whose schema is brought up to date, with the providers of it.
pub(super) async fn open(config: &Config) -> Result<Crm, Failure> {
    Ok(open_with_providers(config, SystemClock).await?.crm)
}

/// The same with a clock of the caller's choice, and what belongs beside the domain.
pub(super) async fn open_with_providers(
    config: &Config,
    clock: impl Clock + Clone + 'static,
) -> Result<Opened, Failure> {
    std::fs::create_dir_all(&config.data)
        .map_err(|error| format!("data: the folder '{}' cannot be made: {error}", config.data.display()))?;
    let crm = match &config.database {
        Database::Sqlite(path) => {
            Crm::new(SqliteStore::open(path).await.map_err(unopened)?, clock.clone(), RandomIds::new())
        }
        Database::Postgres(url, admin) => {
            if let Some(admin) = admin {
                PgStore::migrate(admin).await.map_err(|error| format!("admin_database: {error}"))?;
            }
            Crm::new(PgStore::connect(url).await.map_err(unopened)?, clock.clone(), RandomIds::new())
        }
    };
    let vault = vault::vault(config.vault_keys.as_ref(), &secret(config)?)?;
    let channels = Channels::default().with_vault(vault).with_zones(IanaZones);
    let opened = Opened { crm: crm.with_phones(MetadataPhoneNumbers), outside: Outside::default(), paywall: None };
    opened.with_meta(config.meta.as_ref(), channels, clock)?.with_stripe(config.stripe.as_ref()).await
}

/// Names the key of a store that does not open.
fn unopened(error: impl std::fmt::Display) -> String {
    format!("database: {error}")
}

/// Brings the schema up to date, and says so.
pub(super) async fn migrate(config: &Config) -> Result<(), Failure> {
    match &config.database {
        Database::Sqlite(path) => {
            open(config).await?;
            say(&format!("'{}' is up to date", path.display()));
        }
        Database::Postgres(url, admin) => {
            let key = if admin.is_some() { "admin_database" } else { "database" };
            PgStore::migrate(admin.as_ref().unwrap_or(url)).await.map_err(|error| format!("{key}: {error}"))?;
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
            crate::private::write(&path, &digits).map_err(|error| format!("secret: '{}': {error}", path.display()))?;
            Ok(parse_secret(&digits)?)
        }
        Err(error) => Err(format!("secret: '{}' cannot be read: {error}", path.display()).into()),
    }
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
