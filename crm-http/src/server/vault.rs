//! The vault of the platforms' tokens: the keys of the configuration, and behind them one that is made of the secret.

use crm_system::{CipherVault, VaultKey};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::config::{ConfigError, wrong};
use crate::signing::Secret;

/// The purpose of the key that is made of the secret.
const PURPOSE: &str = "vault";
/// Its name. It seals while no other is configured, and opens in any case: what was sealed before stays readable.
const OF_SECRET: &str = "secret";

/// The text, when it names keys.
pub(super) fn checked(keys: SecretString) -> Result<SecretString, ConfigError> {
    let vault: CipherVault = keys.expose_secret().parse().map_err(|refusal| refused(&refusal))?;
    if vault.key_names().any(|name| name == OF_SECRET) {
        return Err(wrong(
            "vault_keys",
            "'secret' is what the key is called that is made of the secret; choose another",
        ));
    }
    Ok(keys)
}

/// The vault with these keys.
pub(super) fn vault(keys: Option<&SecretString>, secret: &Secret) -> Result<CipherVault, ConfigError> {
    let last = VaultKey::new(OF_SECRET, secret.key(PURPOSE)).map_err(|refusal| refused(&refusal))?;
    let keys = keys.map_or("", |keys| keys.expose_secret());
    Zeroizing::new(format!("{keys} {}", last.text().expose())).parse().map_err(|refusal| refused(&refusal))
}

fn refused(refusal: &crm_system::KeyRefusal) -> ConfigError {
    wrong("vault_keys", refusal.to_string())
}

#[cfg(test)]
mod tests {
    use crm_core::access::OrganizationId;
    use crm_core::inbox::connection::{SealedSecret, SecretPlace, SecretVault as _, VaultError};
    use crm_core::inbox::{Connection, ConnectionId};
    use crm_core::kernel::Secret as Hidden;
    use uuid::Uuid;

    use super::*;

    fn place() -> SecretPlace {
        let organization = OrganizationId::new(Uuid::from_u128(1));
        SecretPlace::of::<Connection>(organization, "token", ConnectionId::new(Uuid::from_u128(2)))
    }

    fn with(keys: &[&VaultKey]) -> CipherVault {
        let texts: Vec<_> = keys.iter().map(|key| key.text().expose().to_owned()).collect();
        let keys = (!texts.is_empty()).then(|| checked(texts.join(",").into()).unwrap());
        vault(keys.as_ref(), &Secret::new([7; 32])).unwrap()
    }

    fn seal(vault: &CipherVault) -> SealedSecret {
        vault.seal(&place(), &Hidden::new("token-canary")).unwrap()
    }

    #[test]
    fn a_new_key_in_front_seals_from_then_on_and_all_before_it_still_open() {
        let (old, new) = (VaultKey::fresh("2026-05").unwrap(), VaultKey::fresh("2026-11").unwrap());
        let stages = [with(&[]), with(&[&old]), with(&[&new, &old])];
        let sealed: Vec<_> = stages.iter().map(seal).collect();
        let last = &stages[2];
        for sealed in &sealed {
            assert_eq!(last.open(&place(), sealed).unwrap().expose(), "token-canary");
        }
        assert_eq!(sealed.iter().map(|sealed| last.is_current(sealed)).collect::<Vec<_>>(), [false, false, true]);
        // Once nothing is sealed under the former key any more, it can go; until then its name is told.
        let too_early = with(&[&new]).open(&place(), &sealed[1]).unwrap_err();
        assert_eq!(too_early, VaultError::UnknownKey("2026-05".to_owned()));
    }

    #[test]
    fn the_key_of_another_secret_opens_nothing() {
        let other = vault(None, &Secret::new([8; 32])).unwrap();
        assert_eq!(other.open(&place(), &seal(&with(&[]))).unwrap_err(), VaultError::CannotOpen);
    }

    #[test]
    fn a_key_that_is_none_is_told_of_by_the_key_of_the_configuration_and_is_not_shown() {
        let key = VaultKey::fresh("2026-11").unwrap();
        let twice = format!("{0} {0}", key.text().expose());
        let taken = format!("secret:{}", key.text().expose().split_once(':').unwrap().1);
        for text in ["", "canary", "2026-11:canary", "Canary!:AAAA", &twice, &taken] {
            let error = checked(text.to_owned().into()).unwrap_err();
            assert_eq!(error.key, "vault_keys", "{text}");
            assert!(!error.to_string().to_lowercase().contains("canary"), "{error}");
            assert!(!error.to_string().contains(key.text().expose()), "{error}");
        }
    }
}
