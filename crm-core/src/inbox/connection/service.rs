//! Commands on connections.

use super::model::{Connection, ConnectionEvent, ConnectionId, ConnectionRefusal, ConnectionStatus};
use super::settings::ConnectionSettings;
use super::vault::{SecretPlace, SecretVault, VaultError};
use crate::access::{Permission, ProviderLink};
use crate::inbox::channel::{Account, AuthorisationGrant, Channels, ConnectedAccount, Health, Platform};
use crate::inbox::health;
use crate::kernel::{Name, Page, Predicate, Result, Stored};
use crate::store::{Session, UnitOfWork};

/// Commands on connections.
#[derive(Clone, Copy)]
pub struct Connections<'a> {
    pub(crate) session: &'a Session,
    pub(crate) channels: &'a Channels,
}

/// The column that the token is in.
const TOKEN: &str = "token";

impl Connections<'_> {
    /// All connections.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let all = inbox.connections().all().await?;
    /// assert_eq!(all[0].external_id, "4711");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn all(&self) -> Result<Vec<Stored<Connection>>> {
        self.session.begin(Permission::InboxRead).await?.list_all(&Predicate::everything()).await
    }

    /// A connection.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let number = inbox.connections().get(desk.connection).await?;
    /// assert_eq!(number.name.as_str(), "Front desk");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn get(&self, id: ConnectionId) -> Result<Stored<Connection>> {
        self.session.begin(Permission::InboxRead).await?.get(id).await
    }

    /// The connections whose token the vault does not open, and why: what an operator looks at after a change of keys.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # let crm = &desk.office.crm;
    /// # let session = crm.session(crm_core::access::Caller::system(desk.office.organization, "operator"));
    /// # let inbox = session.inbox(crm.channels());
    /// assert_eq!(inbox.connections().unopened().await?, []);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `PermissionMissing` to all but the product itself.
    pub async fn unopened(&self) -> Result<Vec<(ConnectionId, VaultError)>> {
        let mut uow = self.session.begin(Permission::AgendaRun).await?;
        let organization = uow.organization();
        let rows: Vec<Stored<Connection>> = uow.list_all(&Predicate::everything()).await?;
        let trouble = |row: Stored<Connection>| {
            let place = SecretPlace::of(organization, TOKEN, row.id);
            Some((row.id, self.vault().open(&place, row.token.as_ref()?).err()?))
        };
        Ok(rows.into_iter().filter_map(trouble).collect())
    }

    /// Exchanges what a person brought from the platform's permission page for the accounts that it gives access to;
    /// [`Connections::connect`] takes the chosen one.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::{Platform, channel::AuthorisationGrant};
    /// # use crm_core::kernel::Secret;
    /// let grant = AuthorisationGrant {
    ///     code: Secret::new("what the permission page gave"),
    ///     redirect_uri: Some("https://crm.example.com/connected".to_owned()),
    ///     login: None,
    ///     parent_id: None,
    ///     external_id: None,
    ///     pin: None,
    /// };
    /// for account in inbox.connections().accounts(&Platform::WHATSAPP, &grant).await? {
    ///     inbox.connections().connect(&account).await?;
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `PermissionMissing`, `NoSuchChannel`, `ChannelFailure`.
    pub async fn accounts(&self, platform: &Platform, grant: &AuthorisationGrant) -> Result<Vec<ConnectedAccount>> {
        // The door is asked before the platform, and closed again: nothing is held while the platform thinks.
        drop(self.session.begin(Permission::InboxConfigure).await?);
        Ok(self.channels.gateway(platform)?.connect(platform, grant).await?)
    }

    /// Connects an account, or connects it again: the row, its settings and its conversations stay.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::testing::social::FrontDesk;
    /// let number = inbox.connections().connect(&FrontDesk::account("4712")).await?;
    /// let again = inbox.connections().connect(&FrontDesk::account("4712")).await?;
    /// assert_eq!(number.id, again.id);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `StoreError::ProviderLinkTaken` when another organization has it, `VaultError`, `ChannelFailure` when the platform
    /// will not tell us what happens; then nothing is connected.
    pub async fn connect(&self, connected: &ConnectedAccount) -> Result<Stored<Connection>> {
        let account = &connected.account;
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let link = ProviderLink::new(account.platform.as_str(), &account.external_id)?;
        uow.tx().claim_link(&link).await?;
        if let Some(parent) = &account.parent_id {
            // What is told of the account above reaches whoever has one of those below, the first of them.
            let parent = parent_link(&account.platform, parent)?;
            if self.session.ports().store.organization_by_link(&parent).await?.is_none() {
                uow.tx().claim_link(&parent).await?;
            }
        }
        let known = find_connection(&mut uow, &account.platform, &account.external_id).await?;
        let id = known.as_ref().map_or_else(|| uow.new_id(), |row| row.id);
        let token = self.vault().seal(&SecretPlace::of(uow.organization(), TOKEN, id), &account.token)?;
        let fresh = Connection {
            platform: account.platform.clone(),
            external_id: account.external_id.clone(),
            parent_id: account.parent_id.clone(),
            login: account.login.clone(),
            name: Name::cleaned(&connected.name)?,
            handle: connected.handle.clone(),
            status: ConnectionStatus::Active,
            status_reason: None,
            scopes: connected.scopes.clone(),
            token: Some(token),
            token_expires_at: connected.token_expires_at,
            paused_until: None,
            pause_reason: None,
            settings: known.as_ref().map(|row| row.settings.clone()).unwrap_or_default(),
        };
        let event = ConnectionEvent::Connected {
            platform: fresh.platform.clone(),
            external_id: fresh.external_id.clone(),
            scopes: fresh.scopes.clone(),
        };
        let row = if let Some(mut row) = known {
            row.value = fresh;
            uow.save(row, event).await?
        } else {
            let row = uow.fresh(id, fresh);
            uow.insert_all(vec![(row.clone(), event)]).await?;
            row
        };
        health::watch(&mut uow, row.id).await?;
        uow.commit().await?;
        // Our own door is open by now, so that nothing that the platform tells at once is turned away.
        if let Err(failure) = self.channels.gateway(&account.platform)?.subscribe(account).await {
            self.expire(row.id, &failure.to_string()).await?;
            return Err(failure.into());
        }
        Ok(row)
    }

    /// Gives a connection up: asks the platform to tell us no more, then wipes the token and frees the account.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let number = inbox.connections().disconnect(desk.connection).await?;
    /// assert_eq!(number.token, None);
    /// assert_eq!(inbox.get(desk.conversation).await?.unread, 1, "what was said stays");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`. What the platform refuses is no hindrance.
    pub async fn disconnect(&self, id: ConnectionId) -> Result<Stored<Connection>> {
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let row = uow.get(id).await?;
        drop(uow);
        if let Ok(account) = account_of(self.vault(), self.session, &row) {
            let _ = self.channels.gateway(&row.platform)?.unsubscribe(&account).await;
        }
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let mut row = uow.lock(id).await?;
        uow.tx().release_link(&row.link()?).await?;
        if let Some(parent) = &row.parent_id {
            let others = Connection::PARENT_ID.is(parent.clone()).and(Connection::STATUS.is("disconnected").negated());
            if uow.list(&others, &Page::first(2)).await?.iter().all(|other| other.id == id) {
                uow.tx().release_link(&parent_link(&row.platform, parent)?).await?;
            }
        }
        let event = row.value.disconnect();
        let row = uow.save(row, event).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// Lets a connection behave otherwise.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::connection::{ConnectionSettings, LeadPolicy};
    /// let number = inbox.connections().get(desk.connection).await?;
    /// let settings = ConnectionSettings { leads: LeadPolicy::Create, ..number.settings.clone() };
    /// inbox.connections().configure(number.id, number.version, settings).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `InvalidInput`.
    pub async fn configure(
        &self,
        id: ConnectionId,
        version: i64,
        settings: ConnectionSettings,
    ) -> Result<Stored<Connection>> {
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        row.value.settings = settings.checked()?;
        let row = uow.save(row, ConnectionEvent::Configured).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// Sending goes on before a pause has ended.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let number = inbox.connections().resume(desk.connection).await?;
    /// assert_eq!(number.paused_until, None);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn resume(&self, id: ConnectionId) -> Result<Stored<Connection>> {
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let mut row = uow.lock(id).await?;
        let event = row.value.resume();
        let row = uow.save(row, event).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// What the platform says of a connection's token now.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// assert!(inbox.connections().health(desk.connection).await?.valid);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ConnectionRefusal`, `ChannelFailure`.
    pub async fn health(&self, id: ConnectionId) -> Result<Health> {
        let row = self.get(id).await?;
        let account = account_of(self.vault(), self.session, &row)?;
        Ok(self.channels.gateway(&row.platform)?.health(&account).await?)
    }

    /// Looks at a connection as happens every day: renews its token, asks for lost reports, notes what it permits, and
    /// seals the token anew when the vault has a new key.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::connection::ConnectionStatus;
    /// let number = inbox.connections().check(desk.connection).await?;
    /// assert_eq!(number.status, ConnectionStatus::Active);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ConnectionRefusal`, `VaultError`, `ChannelFailure`.
    pub async fn check(&self, id: ConnectionId) -> Result<Stored<Connection>> {
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let (row, now) = (uow.get(id).await?, uow.now());
        drop(uow);
        let seen = health::look(self.channels, self.session, &row, now).await?;
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let row = health::note(self.channels, &mut uow, id, seen).await?;
        uow.commit().await?;
        Ok(row)
    }

    fn vault(&self) -> &dyn SecretVault {
        self.channels.vault()
    }

    async fn expire(&self, id: ConnectionId, reason: &str) -> Result<()> {
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let mut row = uow.lock(id).await?;
        let event = row.value.expire(reason)?;
        uow.save(row, event).await?;
        uow.commit().await
    }
}

/// The account above others, as the installation knows it.
pub(crate) fn parent_link(
    platform: &Platform,
    parent: &str,
) -> std::result::Result<ProviderLink, crate::access::MalformedProviderLink> {
    ProviderLink::new(&format!("{platform}/parent"), parent)
}

/// The connection of an account, connected or not.
pub(crate) async fn find_connection(
    uow: &mut UnitOfWork<'_>,
    platform: &Platform,
    external_id: &str,
) -> Result<Option<Stored<Connection>>> {
    let same = Connection::EXTERNAL_ID.is(external_id).and(Connection::PLATFORM.is(platform.as_str()));
    Ok(uow.list_of_anyone(&same, &Page::first(1)).await?.pop())
}

/// The account of a connection with its token opened, for one call.
///
/// # Errors
/// `ConnectionRefusal::Disconnected`, `VaultError`.
pub(crate) fn account_of(vault: &dyn SecretVault, session: &Session, row: &Stored<Connection>) -> Result<Account> {
    let sealed = row.token.as_ref().ok_or(ConnectionRefusal::Disconnected)?;
    let place = SecretPlace::of(session.caller().organization(), TOKEN, row.id);
    Ok(Account {
        platform: row.platform.clone(),
        external_id: row.external_id.clone(),
        parent_id: row.parent_id.clone(),
        login: row.login.clone(),
        token: vault.open(&place, sealed)?,
    })
}
