//! Signing in and all that goes with it, between the secrets here and what the domain remembers.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use axum::http::header;
use axum::http::request::Parts;
use crm_core::access::{Caller, Member, MemberId, NewMember, NewOrganization, OrganizationId, Slug, StandardRole};
use crm_core::crm::Crm;
use crm_core::kernel::{EmailAddress, Name, Result, Stored};
use crm_core::sign_in::{
    ApiKey, Credential, Invitation, Known, NewApiKey, NewInvitation, PasswordReset, SignIn, SignInRefusal,
};
use crm_core::store::Session;
use serde::Serialize;
use utoipa::ToSchema;

use super::mail::{Mail, Mailer};
use super::password::{Password, PasswordError, Passwords};
use super::second_factor;
use super::token::{ACCESS_SECONDS, AccessTokens, Named, fresh, read};
use crate::authenticator::{Authenticator, Unauthenticated};
use crate::signing::{Secret, random};

const REFRESH: &str = "refresh-token";
const KEY: &str = "api-key";
const INVITATION: &str = "invitation";
const RESET: &str = "password-reset";
/// What keys for programs begin with, so that leaked ones are found by their look.
const KEY_PREFIX: &str = "crm_key_";

/// The tokens of a sign-in.
#[derive(Serialize, ToSchema)]
pub struct SignedIn {
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token is over.
    expires_in: i64,
    /// Good once, for the next tokens.
    refresh_token: String,
    organization_id: OrganizationId,
    member_id: MemberId,
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn").field("member_id", &self.member_id).finish_non_exhaustive()
    }
}

/// The built-in sign-in. Clones share it.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    crm: Crm,
    secret: Secret,
    passwords: Passwords,
    tokens: AccessTokens,
    mailer: Box<dyn Mailer>,
    /// Where people go with a token from a mail.
    address: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// A sign-in whose keys are made of `secret` and whose mails name `address`.
    ///
    /// # Errors
    /// `PasswordError::Unavailable` when the system gives no random bytes.
    pub fn new(
        crm: Crm,
        secret: Secret,
        mailer: impl Mailer,
        address: String,
    ) -> std::result::Result<Self, PasswordError> {
        let tokens = AccessTokens::new(&secret).ok_or(PasswordError::Unavailable)?;
        let (passwords, mailer) = (Passwords::new()?, Box::new(mailer));
        Ok(Self(Arc::new(Inner { crm, secret, passwords, tokens, mailer, address })))
    }

    /// A session of the product itself, before anybody has signed in.
    pub(super) fn product(&self, organization: OrganizationId) -> Session {
        self.0.crm.session(Caller::system(organization, "sign-in"))
    }

    /// Founds an organization with its owner, who is signed in.
    ///
    /// # Errors
    /// `PasswordError`, `StoreError::SlugTaken`.
    pub async fn register(
        &self,
        new: NewOrganization,
        name: Name,
        email: EmailAddress,
        password: &Password,
    ) -> Result<SignedIn> {
        let hash = self.0.passwords.hash(password).await?;
        let owner = NewMember { name, email, role: StandardRole::Owner, custom_role_id: None };
        // One commit: an owner without a password could neither sign in nor register again.
        let (organization, owner) = self.0.crm.found_with_password(new, owner, hash).await?;
        self.enter(&self.product(organization.id), owner).await
    }

    /// Signs a member in.
    ///
    /// # Errors
    /// `SignInRefusal::Refused` whatever is wrong; `SecondFactorNeeded` when the password is right and no code came.
    pub async fn login(
        &self,
        slug: &Slug,
        email: &EmailAddress,
        password: &Password,
        code: Option<&str>,
    ) -> Result<SignedIn> {
        let organization = self.0.crm.organization_by_slug(slug).await?;
        let session = organization.map(|organization| self.product(organization));
        let known = match &session {
            Some(session) => session.sign_ins().known(email).await?,
            None => None,
        };
        let hash = known.as_ref().map(|known| known.credential.password_hash.as_str());
        let (right, stronger) = self.0.passwords.verify(password, hash).await?;
        let (Some(session), Some(known)) = (session, known) else { return Err(SignInRefusal::Refused.into()) };
        let now = session.ports().clock.now();
        if known.credential.is_locked(now) {
            return Err(SignInRefusal::Refused.into());
        }
        let step = code.and_then(|code| self.step(&session, &known.member, &known.credential, code));
        if !right || (known.credential.needs_code() && code.is_some() && step.is_none()) {
            session.sign_ins().fail(known.credential.id).await?;
            return Err(SignInRefusal::Refused.into());
        }
        if known.credential.needs_code() && code.is_none() {
            return Err(SignInRefusal::SecondFactorNeeded.into());
        }
        if let Some(hash) = stronger {
            session.sign_ins().strengthen(known.credential.id, hash).await?;
        }
        self.open(&session, &known, step.filter(|_| known.credential.needs_code())).await
    }

    async fn enter(&self, session: &Session, member: Stored<Member>) -> Result<SignedIn> {
        let credential = session.sign_ins().credential(member.id).await?.ok_or(SignInRefusal::Refused)?;
        self.open(session, &Known { member, credential }, None).await
    }

    async fn open(&self, session: &Session, known: &Known, step: Option<i64>) -> Result<SignedIn> {
        let organization = session.caller().organization();
        let id = session.sign_ins().new_id::<SignIn>();
        let (token, hash) = fresh(&self.0.secret, REFRESH, &Named { organization, id, generation: 1 })?;
        let opened = session.sign_ins().open(known, step, id, hash).await?;
        self.signed_in(session, &opened, token)
    }

    fn signed_in(&self, session: &Session, row: &Stored<SignIn>, refresh_token: String) -> Result<SignedIn> {
        let organization_id = session.caller().organization();
        let now = session.ports().clock.now();
        let token = self.0.tokens.issue(organization_id, row.member_id, row.id, now);
        let access_token = token.ok_or(PasswordError::Unavailable)?;
        let (token_type, expires_in, member_id) = ("Bearer", ACCESS_SECONDS, row.member_id);
        Ok(SignedIn { access_token, token_type, expires_in, refresh_token, organization_id, member_id })
    }

    /// Takes a refresh token and makes the next tokens.
    ///
    /// # Errors
    /// `TokenRefused`; a token that comes back a second time ends its family.
    pub async fn refresh(&self, token: &str) -> Result<SignedIn> {
        let (named, hash) = read::<SignIn>(&self.0.secret, REFRESH, token).ok_or(SignInRefusal::TokenRefused)?;
        let session = self.product(named.organization);
        let following = Named { generation: named.generation + 1, ..named };
        let (next, next_hash) = fresh(&self.0.secret, REFRESH, &following)?;
        let renewed = session.sign_ins().renew(named.id, named.generation, &hash, next_hash).await?;
        // A member who may not sign in any more gets no further tokens.
        self.0.crm.caller(named.organization, renewed.member_id).await.map_err(|_| SignInRefusal::TokenRefused)?;
        self.signed_in(&session, &renewed, next)
    }

    /// Ends the sign-in of a refresh token; nothing when it is worth nothing.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn logout(&self, token: &str) -> Result<()> {
        match read::<SignIn>(&self.0.secret, REFRESH, token) {
            Some((named, _)) => self.product(named.organization).sign_ins().end(named.id).await,
            None => Ok(()),
        }
    }

    /// Mails a reset, when there is such a member; nobody hears whether there is.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn forgot(&self, slug: &Slug, email: &EmailAddress) -> Result<()> {
        let Some(organization) = self.0.crm.organization_by_slug(slug).await? else { return Ok(()) };
        let session = self.product(organization);
        let Some(member) = session.sign_ins().member(email).await? else { return Ok(()) };
        let id = session.sign_ins().new_id::<PasswordReset>();
        let (token, hash) = fresh(&self.0.secret, RESET, &Named { organization, id, generation: 1 })?;
        session.sign_ins().request_reset(id, member.id, hash).await?;
        let body = format!(
            "Somebody, hopefully you, asked for a new password. Choose one within the hour:\n\n{}#reset={token}\n\n\
             If it was not you, there is nothing to do.",
            self.0.address
        );
        let mail = Mail { to: member.value.email, subject: "A new password".to_owned(), body };
        // The answer must not tell that there is such a member, so a mail that fails is for the log.
        if self.0.mailer.send(mail).await.is_err() {
            tracing::error!("the mail of a reset was not sent");
        }
        Ok(())
    }

    /// Gives another password to whoever holds the token of a reset.
    ///
    /// # Errors
    /// `ResetRefused`, `PasswordError`.
    pub async fn reset(&self, token: &str, password: &Password) -> Result<()> {
        let (named, hash) = read::<PasswordReset>(&self.0.secret, RESET, token).ok_or(SignInRefusal::ResetRefused)?;
        let password = self.0.passwords.hash(password).await?;
        self.product(named.organization).sign_ins().reset(named.id, &hash, password).await
    }

    /// Gives a member another password; they must know the present one.
    ///
    /// # Errors
    /// `Refused` when the present one is wrong, `PasswordError`.
    pub async fn change_password(&self, session: &Session, present: &Password, next: &Password) -> Result<()> {
        let (product, credential) = self.proven(session, present).await?;
        let hash = self.0.passwords.hash(next).await?;
        product.sign_ins().set_password(credential.member_id, hash).await
    }

    /// The credential of whoever asks, once they have proven to know its password.
    async fn proven(&self, session: &Session, password: &Password) -> Result<(Session, Stored<Credential>)> {
        let caller = session.caller();
        let member = caller.member_id().ok_or(SignInRefusal::Refused)?;
        let product = self.product(caller.organization());
        let credential = product.sign_ins().credential(member).await?;
        let hash = credential.as_ref().map(|row| row.password_hash.as_str());
        let (right, _) = self.0.passwords.verify(password, hash).await?;
        let credential = credential.ok_or(SignInRefusal::Refused)?;
        if credential.is_locked(product.ports().clock.now()) {
            return Err(SignInRefusal::Refused.into());
        }
        if !right {
            product.sign_ins().fail(credential.id).await?;
            return Err(SignInRefusal::Refused.into());
        }
        Ok((product, credential))
    }

    /// Invites somebody, by mail.
    ///
    /// # Errors
    /// `AlreadyMember`, `MailFailed`; those of the door.
    pub async fn invite(&self, session: &Session, new: NewInvitation) -> Result<Stored<Invitation>> {
        let organization = session.caller().organization();
        let id = session.sign_ins().new_id::<Invitation>();
        let (token, hash) = fresh(&self.0.secret, INVITATION, &Named { organization, id, generation: 1 })?;
        let row = session.sign_ins().invite(id, new, hash).await?;
        let body = format!("You are invited. Come in within a week:\n\n{}#invitation={token}", self.0.address);
        self.0.mailer.send(Mail { to: row.email.clone(), subject: "You are invited".to_owned(), body }).await?;
        Ok(row)
    }

    /// Makes a member of whoever holds the token of an invitation; they are signed in.
    ///
    /// # Errors
    /// `InvitationRefused`, `PasswordError`.
    pub async fn accept(&self, token: &str, name: Name, password: &Password) -> Result<SignedIn> {
        let read = read::<Invitation>(&self.0.secret, INVITATION, token);
        let (named, hash) = read.ok_or(SignInRefusal::InvitationRefused)?;
        let password = self.0.passwords.hash(password).await?;
        let session = self.product(named.organization);
        let member = session.sign_ins().accept(named.id, &hash, name, password).await?;
        self.enter(&session, member).await
    }

    /// Makes a key for programs that may do at most what whoever asks may. The key itself is shown this once.
    ///
    /// # Errors
    /// `Refused` when no member asks.
    pub async fn create_key(&self, session: &Session, mut new: NewApiKey) -> Result<(Stored<ApiKey>, String)> {
        let caller = session.caller();
        let member = caller.member_id().ok_or(SignInRefusal::Refused)?;
        let organization = caller.organization();
        new.scopes = Some(new.scopes.unwrap_or(caller.permissions()).intersection(caller.permissions()));
        let product = self.product(organization);
        let id = product.sign_ins().new_id::<ApiKey>();
        let (text, _) = fresh(&self.0.secret, KEY, &Named { organization, id, generation: 1 })?;
        let key = format!("{KEY_PREFIX}{text}");
        let hash = crate::signing::digest(&[text.as_bytes()]);
        Ok((product.sign_ins().create_key(id, member, new, hash).await?, key))
    }

    /// Offers a second factor: its secret in base 32, and the address that apps read as a picture.
    ///
    /// # Errors
    /// `Refused` when the password is wrong, `SecondFactorPresent`.
    pub async fn offer_code(&self, session: &Session, password: &Password) -> Result<(String, String)> {
        let (product, credential) = self.proven(session, password).await?;
        let shared: [u8; 20] = random()?;
        let place = second_factor::place(session.caller().organization(), credential.id);
        let sealed = second_factor::seal(&self.0.secret, &place, &shared)?;
        let member = product.members().get(credential.member_id).await?;
        let codes = second_factor::codes(shared.to_vec(), member.email.as_str()).ok_or(PasswordError::Unavailable)?;
        product.sign_ins().offer_code(credential.id, sealed).await?;
        let url = codes.to_url().map_err(|_| PasswordError::Unavailable)?;
        let base32 = totp_rs::Secret::from(shared).to_base32();
        Ok((base32, url))
    }

    /// Asks for codes from now on, once a first one has come.
    ///
    /// # Errors
    /// `CodeRefused`.
    pub async fn confirm_code(&self, session: &Session, code: &str) -> Result<()> {
        let caller = session.caller();
        let member = caller.member_id().ok_or(SignInRefusal::Refused)?;
        let product = self.product(caller.organization());
        let credential = product.sign_ins().credential(member).await?.ok_or(SignInRefusal::CodeRefused)?;
        let member = product.members().get(member).await?;
        let step = self.step(session, &member, &credential, code).ok_or(SignInRefusal::CodeRefused)?;
        product.sign_ins().confirm_code(credential.id, step).await
    }

    /// Asks for codes no more.
    ///
    /// # Errors
    /// `Refused` when the password is wrong.
    pub async fn remove_code(&self, session: &Session, password: &Password) -> Result<()> {
        let (product, credential) = self.proven(session, password).await?;
        product.sign_ins().remove_code(credential.id).await
    }

    fn step(
        &self,
        session: &Session,
        member: &Stored<Member>,
        credential: &Stored<Credential>,
        code: &str,
    ) -> Option<i64> {
        let totp = credential.totp.as_ref()?;
        let place = second_factor::place(session.caller().organization(), credential.id);
        let shared = second_factor::open(&self.0.secret, &place, &totp.sealed)?;
        let codes = second_factor::codes(shared, member.email.as_str())?;
        second_factor::step(&codes, code, self.0.crm.ports().clock.now())
    }
}

#[async_trait]
impl Authenticator for Identity {
    async fn authenticate(&self, head: &Parts) -> Result<Caller> {
        let value = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = value.and_then(|value| value.split_once(' ')).ok_or(Unauthenticated)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Unauthenticated.into());
        }
        let refused = |error: crm_core::kernel::Error| match error.kind() {
            // A member who is gone or deactivated is nobody.
            crm_core::kernel::Kind::NotFound | crm_core::kernel::Kind::Forbidden => Unauthenticated.into(),
            _ => error,
        };
        if let Some(text) = token.strip_prefix(KEY_PREFIX) {
            let (named, hash) = read::<ApiKey>(&self.0.secret, KEY, text).ok_or(Unauthenticated)?;
            return self.product(named.organization).sign_ins().caller_of_key(named.id, &hash).await.map_err(refused);
        }
        let now = self.0.crm.ports().clock.now();
        let claims = self.0.tokens.read(token, now).ok_or(Unauthenticated)?;
        self.product(claims.org).sign_ins().caller_of(claims.sid, claims.sub).await.map_err(refused)
    }
}
