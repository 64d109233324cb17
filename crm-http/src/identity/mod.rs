//! The built-in sign-in: passwords, short access tokens, rotating refresh tokens, second factors, invitations and keys
//! for programs. A host that has its own sign-in uses none of it.
//!
//! [`Identity`] is an [`Authenticator`](crate::Authenticator), and [`declare`] adds its endpoints to the API. What is
//! remembered is in [`crm_core::sign_in`]; here are the secrets: hashing, signing, sealing, and the mails that carry
//! them. One secret makes all keys; who has it can sign in as anybody, so it stands in a file or the environment and
//! never in the database.

mod endpoints;
pub mod mail;
mod password;
mod second_factor;
mod service;
mod token;

pub use endpoints::declare;
pub use password::{Password, PasswordError};
pub use service::{Identity, SignedIn};
