//! What happens around signing in. No event carries a secret or its hash.

use serde::Serialize;

use crate::kernel::{DomainEvent, Timestamp};

/// What happens to credentials.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialEvent {
    /// A first password was chosen.
    Created,
    /// Another password was chosen.
    PasswordChanged,
    /// Too many attempts failed.
    Locked {
        /// Until when nothing is tried.
        until: Timestamp,
    },
    /// A second factor is asked for from now on.
    SecondFactorAdded,
    /// No second factor is asked for any more.
    SecondFactorRemoved,
}

impl DomainEvent for CredentialEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "credential.created",
            Self::PasswordChanged => "credential.password_changed",
            Self::Locked { .. } => "credential.locked",
            Self::SecondFactorAdded => "credential.second_factor_added",
            Self::SecondFactorRemoved => "credential.second_factor_removed",
        }
    }
}

/// What happens to families of refresh tokens.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInEvent {
    /// A member signed in.
    Opened,
    /// They signed out, or all of theirs were ended.
    Ended,
    /// A token came back that had been used: the family is ended.
    TokenReused,
}

impl DomainEvent for SignInEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Opened => "sign_in.opened",
            Self::Ended => "sign_in.ended",
            Self::TokenReused => "sign_in.token_reused",
        }
    }
}

/// What happens to keys for programs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyEvent {
    /// It was made.
    Created,
    /// It is not good any more.
    Revoked,
}

impl DomainEvent for ApiKeyEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "api_key.created",
            Self::Revoked => "api_key.revoked",
        }
    }
}

/// What happens to invitations.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationEvent {
    /// Somebody was invited.
    Created,
    /// They came.
    Accepted,
    /// It was taken back.
    Revoked,
}

impl DomainEvent for InvitationEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "invitation.created",
            Self::Accepted => "invitation.accepted",
            Self::Revoked => "invitation.revoked",
        }
    }
}

/// What happens to resets of passwords.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordResetEvent {
    /// Somebody asked for it.
    Requested,
    /// It was used.
    Used,
}

impl DomainEvent for PasswordResetEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Requested => "password_reset.requested",
            Self::Used => "password_reset.used",
        }
    }
}
