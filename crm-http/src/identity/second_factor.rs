//! The second factor: codes by time (RFC 6238), and the sealing of their secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use crm_core::access::OrganizationId;
use crm_core::inbox::connection::{SealedSecret, SecretPlace, SecretVault as _, VaultError};
use crm_core::kernel::{Secret as Hidden, Timestamp};
use crm_core::sign_in::{Credential, CredentialId};
use crm_system::{CipherVault, VaultKey};
use totp_rs::{Algorithm, Builder, Totp};

use crate::signing::Secret;

/// What its key is made for, and called.
const PURPOSE: &str = "second-factor";

/// Where the secret of a second factor is kept.
pub(super) fn place(organization: OrganizationId, credential: CredentialId) -> SecretPlace {
    SecretPlace::of::<Credential>(organization, "totp", credential)
}

fn vault(secret: &Secret) -> Result<CipherVault, VaultError> {
    let key = VaultKey::new(PURPOSE, secret.key(PURPOSE)).map_err(|_| VaultError::NoVault)?;
    CipherVault::new(vec![key]).map_err(|_| VaultError::NoVault)
}

/// The secret of a second factor as it is kept: sealed to its place, so that it is good nowhere else.
pub(super) fn seal(secret: &Secret, place: &SecretPlace, shared: &[u8]) -> Result<String, VaultError> {
    Ok(vault(secret)?.seal(place, &Hidden::new(STANDARD_NO_PAD.encode(shared)))?.0)
}

/// The secret behind a sealed text; nothing when it was sealed to another place.
pub(super) fn open(secret: &Secret, place: &SecretPlace, sealed: &str) -> Option<Vec<u8>> {
    let opened = vault(secret).ok()?.open(place, &SealedSecret(sealed.to_owned())).ok()?;
    STANDARD_NO_PAD.decode(opened.expose()).ok()
}

/// The generator of codes for a shared secret.
pub(super) fn codes(shared: Vec<u8>, account: &str) -> Option<Totp> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(shared)
        .with_issuer(Some("CRM"))
        .with_account_name(account.replace(':', "_"))
        .build()
        .ok()
}

/// The step whose code this is, at or beside the present one.
pub(super) fn step(codes: &Totp, code: &str, now: Timestamp) -> Option<i64> {
    let seconds = u64::try_from(now.micros().div_euclid(1_000_000)).ok()?;
    i64::try_from(codes.check(code, seconds)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_is_good_in_its_place_only() {
        let secret = Secret::new([7; 32]);
        let numbered = |number| uuid::Uuid::from_u128(number);
        let place = |number| place(OrganizationId::new(numbered(1)), CredentialId::new(numbered(number)));
        let sealed = seal(&secret, &place(1), b"shared").unwrap();
        assert!(!sealed.contains("shared") && !sealed.contains(&STANDARD_NO_PAD.encode("shared")));
        assert_eq!(open(&secret, &place(1), &sealed).unwrap(), b"shared");
        assert_eq!(open(&secret, &place(2), &sealed), None);
        assert_eq!(open(&Secret::new([8; 32]), &place(1), &sealed), None);
        assert_eq!(open(&secret, &place(1), "AAAA"), None);
    }

    #[test]
    fn the_code_of_the_step_beside_is_taken_and_others_are_not() {
        let codes = codes(vec![7; 20], "ada@example.com").unwrap();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).unwrap();
        let code = codes.generate(900).to_string();
        assert_eq!(step(&codes, &code, at(900)), Some(30));
        assert_eq!(step(&codes, &code, at(930)), Some(30));
        assert_eq!(step(&codes, &code, at(960)), None);
        assert_eq!(step(&codes, "000", at(900)), None);
    }
}
