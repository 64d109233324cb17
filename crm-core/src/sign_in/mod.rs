//! Signing in: what the built-in sign-in of a facade remembers of members. A host with its own sign-in needs none of it.
//!
//! [`Credential`] is a password's hash with its failures and second factor, [`SignIn`] a family of refresh tokens of
//! which the newest alone is good, [`ApiKey`] a key for programs, [`Invitation`] and [`PasswordReset`] are promises that
//! hold once. Secrets come in hashed or sealed; this slice has no cryptography. Failed attempts lock a credential for a
//! while that doubles.
//!
//! Refused, each in one way whatever is wrong: a sign-in, a token, an invitation, a reset. An old token that comes back
//! ends its family, for somebody has stolen it. Said: `credential.…`, `sign_in.…`, `api_key.…`, `invitation.…`,
//! `password_reset.…`.

mod api_key;
mod credential;
mod event;
mod invitation;
mod password_reset;
mod refusal;
mod service;
mod session;

#[cfg(test)]
mod tests;

pub use api_key::{ApiKey, ApiKeyId, NewApiKey};
pub use credential::{Credential, CredentialId, Totp};
pub use event::{ApiKeyEvent, CredentialEvent, InvitationEvent, PasswordResetEvent, SignInEvent};
pub use invitation::{Invitation, InvitationId, NewInvitation};
pub use password_reset::{PasswordReset, PasswordResetId};
pub use refusal::SignInRefusal;
pub(crate) use service::set_password;
pub use service::{Known, SignIns};
pub use session::{SignIn, SignInId};
