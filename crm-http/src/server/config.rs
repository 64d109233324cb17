//! Configuration: flags before environment before file before what is usual. Each error names the key.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use crm_social_meta::MetaConfig;
use secrecy::SecretString;
use serde::Deserialize;

use super::providers::{MetaKeys, StripeKeys, StripeSettings};
use super::vault;
use crate::signing::Secret;

/// Settings as flags and environment give them.
#[derive(Debug, Default, Args)]
pub(super) struct Flags {
    /// A TOML file with the same settings, by the same names with underscores; those of Stripe and Meta in tables.
    #[arg(long, env = "CRM_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// `sqlite:PATH` or `postgres://…`; a file in the folder of data, unless said otherwise.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    database: Option<String>,
    /// A `PostgreSQL` role that may change the schema; needed for migrating only.
    #[arg(long, env = "CRM_ADMIN_DATABASE_URL", hide_env_values = true, global = true)]
    admin_database: Option<String>,
    /// Where to listen; 127.0.0.1:8080, unless said otherwise.
    #[arg(long, env = "CRM_LISTEN", global = true)]
    listen: Option<String>,
    /// The folder of the database file, the secret and the outbox; `crm-data`, unless said otherwise.
    #[arg(long, env = "CRM_DATA", global = true)]
    data: Option<PathBuf>,
    /// The address by which people reach the server, for links in mails.
    #[arg(long, env = "CRM_PUBLIC_URL", global = true)]
    public_url: Option<String>,
    /// 64 hexadecimal digits that all keys are made of; in the folder of data, unless said otherwise.
    #[arg(long, env = "CRM_SECRET", hide_env_values = true, global = true)]
    secret: Option<String>,
    /// The keys that tokens of the platforms are sealed with, each as `NAME:BASE64` with commas between them. The first one
    /// seals and all of them open, so that a new key is put in front; one is made of the secret, unless there are others.
    #[arg(long, env = "CRM_VAULT_KEYS", hide_env_values = true, global = true)]
    vault_keys: Option<SecretString>,
    /// A mail server as `smtps://USER:PASSWORD@HOST`; mails go into the folder `outbox`, unless there is one.
    #[arg(long, env = "CRM_SMTP_URL", hide_env_values = true, global = true)]
    smtp_url: Option<String>,
    /// Who mails come from.
    #[arg(long, env = "CRM_MAIL_FROM", global = true)]
    mail_from: Option<String>,
    /// Requests of one organization in a second.
    #[arg(long, env = "CRM_ORGANIZATION_RATE", global = true)]
    organization_rate: Option<u32>,
    /// Requests of one member or key in a second.
    #[arg(long, env = "CRM_CALLER_RATE", global = true)]
    caller_rate: Option<u32>,
    #[command(flatten)]
    stripe: StripeKeys,
    #[command(flatten)]
    meta: MetaKeys,
}

/// Settings as a file gives them.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    database: Option<String>,
    admin_database: Option<String>,
    listen: Option<String>,
    data: Option<PathBuf>,
    public_url: Option<String>,
    secret: Option<String>,
    #[serde(deserialize_with = "hidden")]
    vault_keys: Option<SecretString>,
    smtp_url: Option<String>,
    mail_from: Option<String>,
    organization_rate: Option<u32>,
    caller_rate: Option<u32>,
    stripe: StripeKeys,
    meta: MetaKeys,
}

/// Which store.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A server: its URL, and that of a role that may change the schema.
    Postgres(String, Option<String>),
}

/// An URL may hold a password.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(..) => f.write_str("Postgres(…)"),
        }
    }
}

/// Settings that are whole and sound.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which store.
    pub database: Database,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The folder of the database file, the secret and the outbox.
    pub data: PathBuf,
    /// The address by which people reach the server.
    pub public_url: String,
    /// What all keys are made of; in a file of the folder, when there is none.
    pub secret: Option<Secret>,
    /// The keys of the vault, as [`crm_system::CipherVault`] reads them; one made of the secret, when there are none.
    pub vault_keys: Option<SecretString>,
    /// The mail server and who mails come from.
    pub smtp: Option<(SecretString, String)>,
    /// Requests of one organization in a second.
    pub organization_rate: u32,
    /// Requests of one member or key in a second.
    pub caller_rate: u32,
    /// Stripe, when something is sold through it.
    pub stripe: Option<StripeSettings>,
    /// The apps at Meta, when there are channels.
    pub meta: Option<MetaConfig>,
}

/// A setting that is wrong; names the key, the problem and the remedy, never the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigError {
    /// The key, as the file names it.
    pub key: &'static str,
    /// What is wrong and what to do.
    pub problem: String,
}

/// A secret of a file.
pub(super) fn hidden<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

pub(super) fn wrong(key: &'static str, problem: impl Into<String>) -> ConfigError {
    ConfigError { key, problem: problem.into() }
}

impl Config {
    /// Reads and checks everything.
    pub(super) fn read(flags: Flags) -> Result<Self, ConfigError> {
        let file = flags.config.as_deref().map_or_else(|| Ok(File::default()), read_file)?;
        Self::of(flags, file)
    }

    fn of(flags: Flags, file: File) -> Result<Self, ConfigError> {
        let data = flags.data.or(file.data).unwrap_or_else(|| PathBuf::from("crm-data"));
        let admin = flags.admin_database.or(file.admin_database);
        let database = database(flags.database.or(file.database), admin, &data)?;
        let listen = flags.listen.or(file.listen).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let listen: SocketAddr = listen.parse().map_err(|_| {
            wrong("listen", format!("'{listen}' is no address and port; write it like 127.0.0.1:8080 or [::]:8080"))
        })?;
        let public_url = flags.public_url.or(file.public_url).unwrap_or_else(|| format!("http://{listen}"));
        if !public_url.starts_with("http://") && !public_url.starts_with("https://") {
            return Err(wrong("public_url", "it begins with https:// or http://"));
        }
        let secret = flags.secret.or(file.secret).map(|text| parse_secret(&text)).transpose()?;
        let vault_keys = flags.vault_keys.or(file.vault_keys).map(vault::checked).transpose()?;
        let from = flags.mail_from.or(file.mail_from);
        let smtp = match (flags.smtp_url.or(file.smtp_url), from) {
            (None, _) => None,
            (Some(_), None) => return Err(wrong("mail_from", "a mail server needs an address that mails come from")),
            (Some(url), Some(from)) if url.starts_with("smtps://") || url.starts_with("smtp://") => {
                Some((url.into(), from))
            }
            (Some(_), Some(_)) => return Err(wrong("smtp_url", "it begins with smtps:// or smtp://")),
        };
        let rate = |key, given: Option<u32>, usual| match given {
            Some(0) => Err(wrong(key, "0 would serve nobody; give 1 or more")),
            given => Ok(given.unwrap_or(usual)),
        };
        let stripe = flags.stripe.or(file.stripe).checked(&public_url)?;
        let meta = flags.meta.or(file.meta).checked()?;
        Ok(Self {
            stripe,
            meta,
            database,
            listen,
            data,
            public_url,
            secret,
            vault_keys,
            smtp,
            organization_rate: rate("organization_rate", flags.organization_rate.or(file.organization_rate), 500)?,
            caller_rate: rate("caller_rate", flags.caller_rate.or(file.caller_rate), 200)?,
        })
    }
}

fn read_file(path: &Path) -> Result<File, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong("config", format!("'{}' cannot be read: {error}", path.display())))?;
    // The message of the parser would quote the line, and with it perhaps a secret.
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let place = format!("'{}', line {line}", path.display());
        // A value of the wrong kind may be a secret all the same: its key is named, and what it is to be.
        match error.message().split_once("expected ").filter(|_| error.message().starts_with("invalid type")) {
            Some((_, expected)) => {
                let key =
                    text.lines().nth(line - 1).and_then(|line| line.split_once('=')).map_or("", |(key, _)| key.trim());
                wrong("config", format!("{place}: '{key}' is to be {expected}"))
            }
            None => wrong("config", format!("{place}: {}", error.message())),
        }
    })
}

fn database(url: Option<String>, admin: Option<String>, data: &Path) -> Result<Database, ConfigError> {
    let Some(url) = url else { return Ok(Database::Sqlite(data.join("crm.sqlite"))) };
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(wrong("database", "'sqlite:' needs the path of a file"));
        }
        return Ok(Database::Sqlite(PathBuf::from(path)));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Database::Postgres(url, admin));
    }
    Err(wrong("database", "write 'sqlite:PATH' or 'postgres://USER@HOST/NAME'"))
}

/// 64 hexadecimal digits as a secret.
pub(super) fn parse_secret(text: &str) -> Result<Secret, ConfigError> {
    let malformed = || wrong("secret", "it has 64 hexadecimal digits; make one with 'openssl rand -hex 32'");
    let text = text.trim();
    if text.len() != 64 || !text.is_ascii() {
        return Err(malformed());
    }
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        let digits = text.get(place * 2..place * 2 + 2).ok_or_else(malformed)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| malformed())?;
    }
    Ok(Secret::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change<'c> = &'c dyn Fn(&mut Flags);

    #[test]
    fn what_is_wrong_is_named_by_its_key() {
        let flags = |change: &dyn Fn(&mut Flags)| {
            let mut flags = Flags::default();
            change(&mut flags);
            Config::of(flags, File::default())
        };
        assert!(flags(&|_| ()).is_ok());
        let cases: [(Change<'_>, &str); 9] = [
            (&|flags| flags.listen = Some("here".to_owned()), "listen"),
            (&|flags| flags.database = Some("mysql://x".to_owned()), "database"),
            (&|flags| flags.secret = Some("hunter2".to_owned()), "secret"),
            (&|flags| flags.vault_keys = Some("2026-11:hunter2".to_owned().into()), "vault_keys"),
            (&|flags| flags.vault_keys = Some(" ".to_owned().into()), "vault_keys"),
            (&|flags| flags.public_url = Some("crm.example".to_owned()), "public_url"),
            (&|flags| flags.smtp_url = Some("smtps://mail.example".to_owned()), "mail_from"),
            (&|flags| flags.caller_rate = Some(0), "caller_rate"),
            (&|flags| flags.organization_rate = Some(0), "organization_rate"),
        ];
        for (change, key) in cases {
            let error = flags(change).unwrap_err();
            assert_eq!(error.key, key);
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn what_is_wrong_in_a_file_is_named_by_its_line_and_key_and_no_value_is_shown() {
        let path = std::env::temp_dir().join(format!("crm-config-{}.toml", std::process::id()));
        for (text, expected) in [
            ("listen = '127.0.0.1:1'\ncolour = 'red'", "line 2: unknown field `colour`"),
            ("data = 'x'\n\nsecret = 12345", "line 3: 'secret' is to be a string"),
            ("caller_rate = 'fast'", "line 1: 'caller_rate' is to be u32"),
            ("listen = ", "line 1: "),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read_file(&path).err().unwrap().to_string();
            assert!(error.starts_with("config: ") && error.contains(expected), "{error}");
            assert!(!error.contains("12345") && !error.contains("fast"), "{error}");
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn flags_come_before_the_file_and_the_file_before_what_is_usual() {
        let file: File = toml::from_str("listen = '127.0.0.1:1'\ndata = 'elsewhere'").unwrap();
        let flags = Flags { listen: Some("127.0.0.1:2".to_owned()), ..Flags::default() };
        let config = Config::of(flags, file).unwrap();
        assert_eq!((config.listen.port(), config.data.to_str()), (2, Some("elsewhere")));
        assert_eq!(config.database, Database::Sqlite("elsewhere/crm.sqlite".into()));
        assert!(toml::from_str::<File>("colour = 'red'").is_err());
    }
}
