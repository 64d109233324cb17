//! Passwords: argon2id, a few at a time, with the same work whether the member exists or not.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use crm_core::kernel::{Kind, Result, Rule};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::signing::random;

/// Fewest and most characters of a new password.
const SHORTEST: usize = 12;
const LONGEST: usize = 256;

/// A password as it was typed. It shows itself nowhere.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Password(SecretString);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What is wrong with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is easily guessed.
    #[error("a password has at least {SHORTEST} characters; several words are easy to remember")]
    TooShort,
    /// It would cost too much to hash.
    #[error("a password has at most {LONGEST} characters")]
    TooLong,
    /// It cannot be hashed now.
    #[error("the password cannot be checked now; try again")]
    Unavailable,
}

impl Rule for PasswordError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort => "password.too_short",
            Self::TooLong => "password.too_long",
            Self::Unavailable => "password.unavailable",
        }
    }
    fn kind(&self) -> Kind {
        if *self == Self::Unavailable { Kind::Unavailable } else { Kind::Invalid }
    }
}

impl TryFrom<String> for Password {
    type Error = PasswordError;
    fn try_from(typed: String) -> std::result::Result<Self, PasswordError> {
        if typed.chars().count() > LONGEST { Err(PasswordError::TooLong) } else { Ok(Self(typed.into())) }
    }
}

impl Password {
    /// Refuses a password that is too short to be chosen anew.
    ///
    /// # Errors
    /// `TooShort`.
    pub fn check_new(&self) -> std::result::Result<(), PasswordError> {
        let long_enough = self.0.expose_secret().chars().count() >= SHORTEST;
        if long_enough { Ok(()) } else { Err(PasswordError::TooShort) }
    }
}

impl utoipa::__dev::ComposeSchema for Password {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        let password = ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST));
        password.format(Some(SchemaFormat::KnownFormat(KnownFormat::Password))).into()
    }
}
impl utoipa::ToSchema for Password {}

/// Hashes and verifies, as many at once as there are cores: each takes 19 MiB and some ten milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Passwords {
    turns: Arc<Semaphore>,
    /// The hash of a password that nobody has.
    nobodys: Arc<str>,
}

/// Parameters that OWASP recommends: 19 MiB, two passes, one lane.
fn argon2() -> std::result::Result<Argon2<'static>, PasswordError> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| PasswordError::Unavailable)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8]) -> std::result::Result<String, PasswordError> {
    let salt = random::<16>().map_err(|_| PasswordError::Unavailable)?;
    let hash = argon2()?.hash_password_with_salt(password, &salt).map_err(|_| PasswordError::Unavailable)?;
    Ok(hash.to_string())
}

/// Whether a hash was made with weaker parameters than those of today.
fn is_weak(hash: &str) -> bool {
    !hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
}

impl Passwords {
    pub(super) fn new() -> std::result::Result<Self, PasswordError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let nobody: [u8; 32] = random().map_err(|_| PasswordError::Unavailable)?;
        Ok(Self { turns: Arc::new(Semaphore::new(cores)), nobodys: hash(&nobody)?.into() })
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| PasswordError::Unavailable)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = job();
            drop(turn);
            done
        });
        Ok(done.await.map_err(|_| PasswordError::Unavailable)?)
    }

    /// The hash of a new password.
    pub(super) async fn hash(&self, password: &Password) -> Result<String> {
        password.check_new()?;
        let password = password.clone();
        Ok(self.work(move || hash(password.0.expose_secret().as_bytes())).await??)
    }

    /// Whether the password is the one of the hash; never, and with the same work, when there is none. Also a stronger
    /// hash of it, when the old one is weak.
    pub(super) async fn verify(&self, password: &Password, known: Option<&str>) -> Result<(bool, Option<String>)> {
        let against: Arc<str> = known.map_or_else(|| Arc::clone(&self.nobodys), Arc::from);
        let password = password.clone();
        let exists = known.is_some();
        self.work(move || {
            let typed = password.0.expose_secret().as_bytes();
            let right = PasswordHash::new(&against)
                .ok()
                .zip(argon2().ok())
                .is_some_and(|(hash, argon2)| argon2.verify_password(typed, &hash).is_ok());
            let right = right && exists;
            let stronger = (right && is_weak(&against)).then(|| hash(typed).ok()).flatten();
            (right, stronger)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::try_from(text.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn a_hash_has_todays_parameters_and_an_old_one_is_made_stronger() {
        let passwords = Passwords::new().unwrap();
        let right = password("correct horse battery");
        let hash = passwords.hash(&right).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash(&right).await.unwrap(), "each has its own salt");
        assert_eq!(passwords.verify(&right, Some(&hash)).await.unwrap(), (true, None));
        assert_eq!(passwords.verify(&password("wrong horse battery"), Some(&hash)).await.unwrap(), (false, None));
        assert_eq!(passwords.verify(&right, None).await.unwrap(), (false, None));
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
        let weak = weak.hash_password_with_salt(b"correct horse battery", &[7; 16]).unwrap().to_string();
        let (is_right, stronger) = passwords.verify(&right, Some(&weak)).await.unwrap();
        assert!(is_right);
        assert!(!is_weak(&stronger.unwrap()));
    }

    #[test]
    fn lengths_are_bounded_and_nothing_shows_itself() {
        assert_eq!(password("short").check_new(), Err(PasswordError::TooShort));
        assert!(Password::try_from("x".repeat(257)).is_err());
        assert_eq!(format!("{:?}", password("secret")), "Password(…)");
    }
}
