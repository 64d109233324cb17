//! No secret is found in a database's files, whoever reads them.

#![expect(clippy::unwrap_used, reason = "a panic in a test is its report")]

use std::path::Path;

use crm_core::crm::Crm;
use crm_core::inbox::Platform;
use crm_core::inbox::channel::{Account, Channels, ConnectedAccount, WHATSAPP};
use crm_core::inbox::connection::{SealedSecret, SecretPlace, SecretVault, VaultError};
use crm_core::kernel::Secret;
use crm_core::store::Session;
use crm_core::testing::office;
use crm_core::testing::social::ScriptedChannel;
use crm_store_sqlite::SqliteStore;
use crm_system::{CipherVault, RandomIds, SystemClock, VaultKey};

const CANARY: &str = "EAAB-canary-4711-token";

/// Hides nothing: what the search must find.
struct GlassVault;

impl SecretVault for GlassVault {
    fn seal(&self, _: &SecretPlace, secret: &Secret) -> Result<SealedSecret, VaultError> {
        Ok(SealedSecret(secret.expose().to_owned()))
    }
    fn open(&self, _: &SecretPlace, sealed: &SealedSecret) -> Result<Secret, VaultError> {
        Ok(Secret::new(sealed.0.clone()))
    }
}

/// A folder that is gone when the test is over.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("crm-secrets-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn vault(keys: &[&VaultKey]) -> CipherVault {
    let text: Vec<_> = keys.iter().map(|key| key.text().expose().to_owned()).collect();
    text.join(",").parse().unwrap()
}

async fn boss(file: &Path, channels: Channels) -> (Crm, Session) {
    let crm = Crm::new(SqliteStore::open(file.to_str().unwrap()).await.unwrap(), SystemClock, RandomIds::new());
    let crm = crm.with_channels(channels);
    let (organization, owner) = office::found(&crm, "acme").await;
    let session = crm.session(crm.caller(organization, owner).await.unwrap());
    (crm, session)
}

fn account() -> ConnectedAccount {
    let account = Account {
        platform: Platform::WHATSAPP,
        external_id: "4711".to_owned(),
        parent_id: None,
        login: None,
        token: Secret::new(CANARY),
    };
    let name = "Front desk".to_owned();
    ConnectedAccount { account, name, handle: None, scopes: Vec::new(), token_expires_at: None }
}

fn channel() -> ScriptedChannel {
    ScriptedChannel::new(vec![(Platform::WHATSAPP, WHATSAPP)])
}

/// Whether a folder's files hold the secret: as it is, backwards, in hexadecimal or in base64.
fn found(folder: &Path) -> bool {
    use base64::Engine;
    let backwards: String = CANARY.chars().rev().collect();
    let hexadecimal = CANARY.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(CANARY);
    let wanted = [CANARY.to_owned(), backwards, hexadecimal, base64];
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    let mut bytes = 0;
    let found = files.fold(false, |found, file| {
        bytes += file.len();
        found || wanted.iter().any(|text| file.windows(text.len()).any(|window| window == text.as_bytes()))
    });
    assert!(bytes > 4_096, "the database was written: {bytes} bytes");
    found
}

#[tokio::test]
async fn a_token_is_nowhere_in_the_files_of_the_database() {
    let key = VaultKey::fresh("2026-11").unwrap();
    for (name, expected) in [("cipher", false), ("glass", true)] {
        let folder = Folder::new(name);
        let channels = Channels::default().with(channel());
        let channels = if expected { channels.with_vault(GlassVault) } else { channels.with_vault(vault(&[&key])) };
        let (crm, session) = boss(&folder.0.join("crm.db"), channels).await;
        let connected = session.inbox(crm.channels()).connections().connect(&account()).await.unwrap();
        assert!(connected.token.is_some());
        assert_eq!(found(&folder.0), expected, "{name}");
        drop((crm, session));
        assert_eq!(found(&folder.0), expected, "{name}, closed");
    }
}

#[tokio::test]
async fn after_a_change_of_keys_the_daily_check_seals_anew_and_the_old_key_can_go() {
    let folder = Folder::new("keys");
    let (old, new) = (VaultKey::fresh("2025").unwrap(), VaultKey::fresh("2026").unwrap());
    let at = |keys: &[&VaultKey]| Channels::default().with(channel()).with_vault(vault(keys));
    let (crm, session) = boss(&folder.0.join("crm.db"), at(&[&old])).await;
    let connections = |crm: &Crm, channels: &Channels| {
        let session = crm.session(session.caller().clone());
        let channels = channels.clone();
        async move { session.inbox(&channels).connections().all().await.unwrap().remove(0) }
    };
    session.inbox(crm.channels()).connections().connect(&account()).await.unwrap();
    let both = at(&[&new, &old]);
    assert!(connections(&crm, &both).await.token.clone().unwrap().0.starts_with("v1.2025."));
    let crm = crm.with_channels(both.clone());
    let row = connections(&crm, &both).await;
    session.inbox(&both).connections().check(row.id).await.unwrap();
    let row = connections(&crm, &both).await;
    assert!(row.token.clone().unwrap().0.starts_with("v1.2026."));
    // Without the old key everything goes on; without the new one nothing does, and it is said which is missing.
    assert!(session.inbox(&at(&[&new])).connections().health(row.id).await.unwrap().valid);
    let refused = session.inbox(&at(&[&old])).connections().health(row.id).await.unwrap_err();
    assert_eq!(refused.code(), "secret.unknown_key");
}
