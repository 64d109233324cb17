//! The commands of signing in. The facade verifies and seals; what is remembered, and when to refuse, is decided here.
//!
//! A facade calls them in a session of the product itself, since nobody has signed in yet; inviting and taking back are
//! done in the session of whoever does it.

use std::time::Duration;

use super::api_key::{ApiKey, ApiKeyId, NewApiKey};
use super::credential::{Credential, CredentialId};
use super::event::{ApiKeyEvent, CredentialEvent, InvitationEvent, PasswordResetEvent, SignInEvent};
use super::invitation::{Invitation, InvitationId, NewInvitation};
use super::password_reset::{PasswordReset, PasswordResetId};
use super::refusal::SignInRefusal;
use super::session::{Presented, SignIn, SignInId};
use crate::access::{Caller, Member, MemberEvent, MemberId, NewMember, Permission};
use crate::administration::caller_for;
use crate::kernel::email::EmailAddress;
use crate::kernel::text::Name;
use crate::kernel::{Id, Page, Predicate, Result, Stored, Timestamp};
use crate::store::{Session, UnitOfWork};

/// How long a sign-in lasts at most, however often it is renewed.
const LONGEST_SIGN_IN: Duration = Duration::from_hours(30 * 24);
/// How long an invitation is good.
const INVITATION: Duration = Duration::from_hours(7 * 24);
/// How long a reset is good.
const RESET: Duration = Duration::from_hours(1);

/// A member who can sign in with a password.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Who.
    pub member: Stored<Member>,
    /// Their password and second factor.
    pub credential: Stored<Credential>,
}

/// Commands of signing in.
#[derive(Clone, Copy, Debug)]
pub struct SignIns<'a>(pub(crate) &'a Session);

impl SignIns<'_> {
    async fn begin(&self) -> Result<UnitOfWork<'_>> {
        self.0.begin(Permission::MemberConfigure).await
    }

    /// A fresh identifier, for a secret that must name its record before that is stored.
    #[must_use]
    pub fn new_id<E>(&self) -> Id<E> {
        let ports = self.0.ports();
        Id::new(ports.ids.next(ports.clock.now()))
    }

    /// The active member with this address who has a password.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn known(&self, email: &EmailAddress) -> Result<Option<Known>> {
        let mut uow = self.0.begin(Permission::MemberRead).await?;
        let own = Member::EMAIL_KEY.is(email.key()).and(Member::ACTIVE.is(true));
        let Some(member) = uow.list(&own, &Page::first(1)).await?.pop() else { return Ok(None) };
        let credential = credential_of(&mut uow, member.id).await?;
        Ok(credential.map(|credential| Known { member, credential }))
    }

    /// The active member with this address, with or without a password.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn member(&self, email: &EmailAddress) -> Result<Option<Stored<Member>>> {
        let mut uow = self.0.begin(Permission::MemberRead).await?;
        let own = Member::EMAIL_KEY.is(email.key()).and(Member::ACTIVE.is(true));
        Ok(uow.list(&own, &Page::first(1)).await?.pop())
    }

    /// What the member of an open sign-in may do.
    ///
    /// # Errors
    /// `TokenRefused` when it has ended or is another's; `MemberInactive`.
    pub async fn caller_of(&self, id: SignInId, member: MemberId) -> Result<Caller> {
        let mut uow = self.0.begin(Permission::MemberRead).await?;
        let now = uow.now();
        let row = uow.find(id).await?;
        if !row.is_some_and(|row| row.member_id == member && row.ended_at.is_none() && now < row.expires_at) {
            return Err(SignInRefusal::TokenRefused.into());
        }
        caller_for(&mut uow, member).await
    }

    /// What a program with a key may do: what its member may, within the key's scopes.
    ///
    /// # Errors
    /// `TokenRefused` when the key is not good; `MemberInactive`.
    pub async fn caller_of_key(&self, id: ApiKeyId, key_hash: &str) -> Result<Caller> {
        let mut uow = self.0.begin(Permission::MemberRead).await?;
        let now = uow.now();
        let key = uow.find(id).await?.filter(|row| row.is_good(key_hash, now)).ok_or(SignInRefusal::TokenRefused)?;
        let caller = caller_for(&mut uow, key.member_id).await?;
        Ok(match key.scopes {
            Some(scopes) => caller.limited_to(scopes),
            None => caller,
        })
    }

    /// The credential of a member.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn credential(&self, member: MemberId) -> Result<Option<Stored<Credential>>> {
        credential_of(&mut self.0.begin(Permission::MemberRead).await?, member).await
    }

    /// Gives a member a password, for the first time or anew; then every sign-in of theirs ends.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn set_password(&self, member: MemberId, hash: String) -> Result<()> {
        let mut uow = self.begin().await?;
        set_password(&mut uow, member, hash).await?;
        uow.commit().await
    }

    /// Replaces a hash by a stronger one of the same password; nothing else changes.
    ///
    /// # Errors
    /// `StoreError::Conflict`.
    pub async fn strengthen(&self, id: CredentialId, hash: String) -> Result<()> {
        let mut uow = self.begin().await?;
        let mut row = uow.lock(id).await?;
        row.value.password_hash = hash;
        uow.save(row, CredentialEvent::PasswordChanged).await?;
        uow.commit().await
    }

    /// Counts an attempt that failed.
    ///
    /// # Errors
    /// `RecordNotFound`, and those of the store.
    pub async fn fail(&self, id: CredentialId) -> Result<()> {
        let mut uow = self.begin().await?;
        let mut row = uow.lock(id).await?;
        match row.value.fail(uow.now()) {
            Some(event) => uow.save(row, event).await.map(drop)?,
            None => write_quietly(&mut uow, row).await?,
        }
        uow.commit().await
    }

    /// Opens a sign-in of a member whose password, and the code of `step` when one is asked for, were right.
    ///
    /// # Errors
    /// `Refused` when the credential is locked or the code was taken before.
    pub async fn open(&self, known: &Known, step: Option<i64>, id: SignInId, hash: String) -> Result<Stored<SignIn>> {
        let mut uow = self.begin().await?;
        let mut row = uow.lock(known.credential.id).await?;
        if row.is_locked(uow.now()) || row.needs_code() != step.is_some() {
            return Err(SignInRefusal::Refused.into());
        }
        if let Some(step) = step {
            row.value.take_code(step).map_err(|_| SignInRefusal::Refused)?;
        }
        if row.failures > 0 || step.is_some() {
            row.value.pass();
            write_quietly(&mut uow, row).await?;
        }
        let opened = open(&mut uow, known.member.id, id, hash).await?;
        uow.commit().await?;
        Ok(opened)
    }

    /// Takes the newest token of a family and makes the next, whose hash is `next`.
    ///
    /// # Errors
    /// `TokenRefused`; a used token ends its family.
    pub async fn renew(&self, id: SignInId, generation: i64, hash: &str, next: String) -> Result<Stored<SignIn>> {
        let mut uow = self.begin().await?;
        let Ok(mut row) = uow.lock(id).await else { return Err(SignInRefusal::TokenRefused.into()) };
        match row.judge(generation, hash, uow.now()) {
            Presented::Newest => {
                row.value.generation += 1;
                row.value.token_hash = next;
                let row = renewed(&mut uow, row).await?;
                uow.commit().await?;
                Ok(row)
            }
            Presented::Used => {
                row.value.ended_at = Some(uow.now());
                uow.save(row, SignInEvent::TokenReused).await?;
                uow.commit().await?;
                Err(SignInRefusal::TokenRefused.into())
            }
            Presented::Worthless => Err(SignInRefusal::TokenRefused.into()),
        }
    }

    /// Whether the sign-in is open.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn is_open(&self, id: SignInId) -> Result<bool> {
        let mut uow = self.0.begin(Permission::MemberRead).await?;
        let now = uow.now();
        let row = uow.find(id).await?;
        Ok(row.is_some_and(|row| row.ended_at.is_none() && now < row.expires_at))
    }

    /// Ends a sign-in; nothing when it has ended.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn end(&self, id: SignInId) -> Result<()> {
        let mut uow = self.begin().await?;
        let Some(mut row) = uow.find(id).await?.filter(|row| row.ended_at.is_none()) else { return Ok(()) };
        row.value.ended_at = Some(uow.now());
        uow.save(row, SignInEvent::Ended).await?;
        uow.commit().await
    }

    /// Ends all sign-ins of a member.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn end_all(&self, member: MemberId) -> Result<()> {
        let mut uow = self.begin().await?;
        end_all(&mut uow, member).await?;
        uow.commit().await
    }

    /// Offers a second factor that is not asked for until a first code has proven it.
    ///
    /// # Errors
    /// `SecondFactorPresent`.
    pub async fn offer_code(&self, id: CredentialId, sealed: String) -> Result<()> {
        let mut uow = self.begin().await?;
        let mut row = uow.lock(id).await?;
        row.value.offer_code(sealed)?;
        write_quietly(&mut uow, row).await?;
        uow.commit().await
    }

    /// Proves the second factor by the code of a step that the facade found right.
    ///
    /// # Errors
    /// `CodeRefused` when the step was taken before.
    pub async fn confirm_code(&self, id: CredentialId, step: i64) -> Result<()> {
        let mut uow = self.begin().await?;
        let mut row = uow.lock(id).await?;
        match row.value.take_code(step)? {
            Some(event) => uow.save(row, event).await.map(drop)?,
            None => write_quietly(&mut uow, row).await?,
        }
        uow.commit().await
    }

    /// Asks for no second factor any more.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn remove_code(&self, id: CredentialId) -> Result<()> {
        let mut uow = self.begin().await?;
        let mut row = uow.lock(id).await?;
        row.value.totp = None;
        uow.save(row, CredentialEvent::SecondFactorRemoved).await?;
        uow.commit().await
    }

    /// Makes a key for programs that act for a member.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn create_key(
        &self,
        id: ApiKeyId,
        member_id: MemberId,
        new: NewApiKey,
        key_hash: String,
    ) -> Result<Stored<ApiKey>> {
        let mut uow = self.begin().await?;
        let NewApiKey { name, scopes, expires_at } = new;
        let row = uow.fresh(id, ApiKey { member_id, name, key_hash, scopes, expires_at, revoked_at: None });
        uow.insert_all(vec![(row.clone(), ApiKeyEvent::Created)]).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// The key, when it is good.
    ///
    /// # Errors
    /// `TokenRefused` when it is not.
    pub async fn key(&self, id: ApiKeyId, key_hash: &str) -> Result<Stored<ApiKey>> {
        let mut uow = self.0.begin(Permission::MemberRead).await?;
        let now = uow.now();
        let row = uow.find(id).await?.filter(|row| row.is_good(key_hash, now));
        Ok(row.ok_or(SignInRefusal::TokenRefused)?)
    }

    /// The keys of a member.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn keys_of(&self, member: MemberId) -> Result<Vec<Stored<ApiKey>>> {
        self.0.begin(Permission::MemberRead).await?.list_all(&ApiKey::MEMBER.is(member)).await
    }

    /// Takes a key of a member back.
    ///
    /// # Errors
    /// `RecordNotFound` when the member has no such key.
    pub async fn revoke_key(&self, id: ApiKeyId, member: MemberId) -> Result<()> {
        let mut uow = self.begin().await?;
        let mut row = uow.get(id).await?;
        if row.member_id != member {
            return Err(crate::store::RecordNotFound { entity: "api_key", id: id.uuid() }.into());
        }
        row.value.revoked_at = Some(uow.now());
        uow.save(row, ApiKeyEvent::Revoked).await?;
        uow.commit().await
    }

    /// Invites somebody; the token behind the hash goes to them by mail.
    ///
    /// # Errors
    /// `AlreadyMember`.
    pub async fn invite(&self, id: InvitationId, new: NewInvitation, token_hash: String) -> Result<Stored<Invitation>> {
        let mut uow = self.begin().await?;
        if !uow.list(&Member::EMAIL_KEY.is(new.email.key()), &Page::first(1)).await?.is_empty() {
            return Err(SignInRefusal::AlreadyMember.into());
        }
        let NewInvitation { email, role, custom_role_id } = new;
        let expires_at = uow.now().plus(INVITATION);
        let row = Invitation { email, role, custom_role_id, token_hash, expires_at, closed_at: None };
        let row = uow.fresh(id, row);
        uow.insert_all(vec![(row.clone(), InvitationEvent::Created)]).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// All invitations, the earliest first.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn invitations(&self) -> Result<Vec<Stored<Invitation>>> {
        self.begin().await?.list_all(&Predicate::everything()).await
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn revoke_invitation(&self, id: InvitationId) -> Result<()> {
        let mut uow = self.begin().await?;
        let mut row = uow.get(id).await?;
        row.value.closed_at = Some(row.closed_at.unwrap_or(uow.now()));
        uow.save(row, InvitationEvent::Revoked).await?;
        uow.commit().await
    }

    /// Makes a member of whoever holds the invitation's token.
    ///
    /// # Errors
    /// `InvitationRefused` when it is over, accepted or another's.
    pub async fn accept(
        &self,
        id: InvitationId,
        token_hash: &str,
        name: Name,
        password: String,
    ) -> Result<Stored<Member>> {
        let mut uow = self.begin().await?;
        let Ok(mut row) = uow.lock(id).await else { return Err(SignInRefusal::InvitationRefused.into()) };
        if !row.is_good(token_hash, uow.now()) {
            return Err(SignInRefusal::InvitationRefused.into());
        }
        row.value.closed_at = Some(uow.now());
        let row = uow.save(row, InvitationEvent::Accepted).await?;
        let Invitation { email, role, custom_role_id, .. } = row.value;
        let member =
            uow.insert(Member::new(NewMember { name, email, role, custom_role_id }), MemberEvent::Added).await?;
        set_password(&mut uow, member.id, password).await?;
        uow.commit().await?;
        Ok(member)
    }

    /// Notes that a member asked for a reset; the token behind the hash goes to them by mail.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn request_reset(&self, id: PasswordResetId, member_id: MemberId, token_hash: String) -> Result<()> {
        let mut uow = self.begin().await?;
        let row = PasswordReset { member_id, token_hash, expires_at: uow.now().plus(RESET), used_at: None };
        let row = uow.fresh(id, row);
        uow.insert_all(vec![(row, PasswordResetEvent::Requested)]).await?;
        uow.commit().await
    }

    /// Gives another password to whoever holds the reset's token, and ends every sign-in of theirs.
    ///
    /// # Errors
    /// `ResetRefused` when it is over, used or another's.
    pub async fn reset(&self, id: PasswordResetId, token_hash: &str, password: String) -> Result<()> {
        let mut uow = self.begin().await?;
        let Ok(mut row) = uow.lock(id).await else { return Err(SignInRefusal::ResetRefused.into()) };
        if !row.is_good(token_hash, uow.now()) {
            return Err(SignInRefusal::ResetRefused.into());
        }
        row.value.used_at = Some(uow.now());
        let row = uow.save(row, PasswordResetEvent::Used).await?;
        set_password(&mut uow, row.member_id, password).await?;
        uow.commit().await
    }
}

async fn credential_of(uow: &mut UnitOfWork<'_>, member: MemberId) -> Result<Option<Stored<Credential>>> {
    Ok(uow.list(&Credential::MEMBER.is(member), &Page::first(1)).await?.pop())
}

async fn open(
    uow: &mut UnitOfWork<'_>,
    member_id: MemberId,
    id: SignInId,
    token_hash: String,
) -> Result<Stored<SignIn>> {
    let expires_at: Timestamp = uow.now().plus(LONGEST_SIGN_IN);
    let row = uow.fresh(id, SignIn { member_id, token_hash, generation: 1, expires_at, ended_at: None });
    uow.insert_all(vec![(row.clone(), SignInEvent::Opened)]).await?;
    Ok(row)
}

/// Gives a member a password, for the first time or anew; then every sign-in of theirs ends.
pub(crate) async fn set_password(uow: &mut UnitOfWork<'_>, member: MemberId, hash: String) -> Result<()> {
    match credential_of(uow, member).await? {
        Some(mut row) => {
            let event = row.value.set_password(hash);
            uow.save(row, event).await?;
            end_all(uow, member).await
        }
        None => uow.insert(Credential::new(member, hash), CredentialEvent::Created).await.map(drop),
    }
}

async fn end_all(uow: &mut UnitOfWork<'_>, member: MemberId) -> Result<()> {
    for mut row in uow.list_all(&SignIn::MEMBER.is(member)).await? {
        if row.ended_at.is_none() {
            row.value.ended_at = Some(uow.now());
            uow.save(row, SignInEvent::Ended).await?;
        }
    }
    Ok(())
}

/// Counters move without an event: the trail tells of locks, not of every attempt.
async fn write_quietly(uow: &mut UnitOfWork<'_>, row: Stored<Credential>) -> Result<()> {
    uow.save_part(row).await.map(drop)
}

/// A renewal is no event either: a client renews every quarter of an hour.
async fn renewed(uow: &mut UnitOfWork<'_>, row: Stored<SignIn>) -> Result<Stored<SignIn>> {
    uow.save_part(row).await
}
