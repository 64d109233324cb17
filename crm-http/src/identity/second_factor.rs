//! The second factor: codes by time (RFC 6238), and the sealing of their secrets.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use crm_core::kernel::Timestamp;
use totp_rs::{Algorithm, Builder, Totp};

use crate::signing::{NoChance, Secret, random};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

const PURPOSE: &str = "second-factor";
const NONCE: usize = 24;

/// The secret of a second factor as it is kept: sealed to its place, so that it is good nowhere else.
pub(super) fn seal(secret: &Secret, place: &str, shared: &[u8]) -> Result<Option<String>, NoChance> {
    let nonce: [u8; NONCE] = random()?;
    let cipher = XChaCha20Poly1305::new(&secret.key(PURPOSE).into());
    let payload = Payload { msg: shared, aad: place.as_bytes() };
    let Ok(sealed) = cipher.encrypt(&XNonce::from(nonce), payload) else { return Ok(None) };
    let all: Vec<u8> = nonce.into_iter().chain(sealed).collect();
    Ok(Some(STANDARD_NO_PAD.encode(all)))
}

/// The secret behind a sealed text; nothing when it was sealed to another place.
pub(super) fn open(secret: &Secret, place: &str, sealed: &str) -> Option<Vec<u8>> {
    let mut nonce = STANDARD_NO_PAD.decode(sealed).ok()?;
    if nonce.len() < NONCE {
        return None;
    }
    let sealed = nonce.split_off(NONCE);
    let nonce: [u8; NONCE] = nonce.try_into().ok()?;
    let cipher = XChaCha20Poly1305::new(&secret.key(PURPOSE).into());
    cipher.decrypt(&XNonce::from(nonce), Payload { msg: &sealed, aad: place.as_bytes() }).ok()
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
        let sealed = seal(&secret, "org/1", b"shared").unwrap().unwrap();
        assert_eq!(open(&secret, "org/1", &sealed).unwrap(), b"shared");
        assert_eq!(open(&secret, "org/2", &sealed), None);
        assert_eq!(open(&Secret::new([8; 32]), "org/1", &sealed), None);
        assert_eq!(open(&secret, "org/1", "AAAA"), None);
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
