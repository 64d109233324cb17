//! Which adapter serves which platform.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::capability::Capabilities;
use super::gateway::ChannelGateway;
use super::platform::Platform;
use crate::inbox::connection::{NoVault, SecretVault};
use crate::inbox::hours::{UtcOnly, Zones};
use crate::inbox::media::{MediaShelf, NoShelf};
use crate::kernel::{Kind, Rule};

/// What the inbox of a host needs from outside: its channels and the vault for their tokens. Clones share them.
#[derive(Clone)]
pub struct Channels {
    by_platform: Arc<BTreeMap<Platform, Channel>>,
    vault: Arc<dyn SecretVault>,
    shelf: Arc<dyn MediaShelf>,
    zones: Arc<dyn Zones>,
}

impl Default for Channels {
    /// No channel, no vault, no shelf, and UTC alone.
    fn default() -> Self {
        Self {
            by_platform: Arc::default(),
            vault: Arc::new(NoVault),
            shelf: Arc::new(NoShelf),
            zones: Arc::new(UtcOnly),
        }
    }
}

#[derive(Clone)]
struct Channel {
    gateway: Arc<dyn ChannelGateway>,
    capabilities: Capabilities,
}

/// The host has no adapter for a platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this installation has no channel for {0}; ask its operator to configure one")]
pub struct NoSuchChannel(pub Platform);

impl Rule for NoSuchChannel {
    fn code(&self) -> &'static str {
        "channel.not_configured"
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
}

impl Channels {
    /// The same with another adapter, which takes over the platforms that it serves.
    #[must_use]
    pub fn with(self, gateway: impl ChannelGateway + 'static) -> Self {
        let gateway: Arc<dyn ChannelGateway> = Arc::new(gateway);
        self.with_shared(&gateway)
    }

    /// The same with an adapter that the host keeps a hand on.
    #[must_use]
    pub fn with_shared(mut self, gateway: &Arc<dyn ChannelGateway>) -> Self {
        let served = gateway.platforms();
        let mut channels = Arc::unwrap_or_clone(std::mem::take(&mut self.by_platform));
        for (platform, capabilities) in served {
            channels.insert(platform, Channel { gateway: Arc::clone(gateway), capabilities });
        }
        Self { by_platform: Arc::new(channels), ..self }
    }

    /// The same with a vault for tokens.
    #[must_use]
    pub fn with_vault(self, vault: impl SecretVault + 'static) -> Self {
        Self { vault: Arc::new(vault), ..self }
    }

    /// The same with the world's time zones, for business calendars.
    #[must_use]
    pub fn with_zones(self, zones: impl Zones + 'static) -> Self {
        Self { zones: Arc::new(zones), ..self }
    }

    /// The world's time zones.
    #[must_use]
    pub fn zones(&self) -> &dyn Zones {
        &*self.zones
    }

    /// The same with a place for media that came in.
    #[must_use]
    pub fn with_shelf(self, place: impl MediaShelf + 'static) -> Self {
        Self { shelf: Arc::new(place), ..self }
    }

    /// The place for media that came in.
    #[must_use]
    pub fn shelf(&self) -> &dyn MediaShelf {
        &*self.shelf
    }

    /// The vault for tokens.
    #[must_use]
    pub fn vault(&self) -> &dyn SecretVault {
        &*self.vault
    }

    /// What the platform allows.
    ///
    /// # Errors
    /// `NoSuchChannel`.
    pub fn capabilities(&self, platform: &Platform) -> Result<Capabilities, NoSuchChannel> {
        self.channel(platform).map(|channel| channel.capabilities)
    }

    /// The adapter for the platform.
    ///
    /// # Errors
    /// `NoSuchChannel`.
    pub fn gateway(&self, platform: &Platform) -> Result<&dyn ChannelGateway, NoSuchChannel> {
        self.channel(platform).map(|channel| &*channel.gateway)
    }

    /// The platforms that there is an adapter for.
    pub fn platforms(&self) -> impl Iterator<Item = &Platform> {
        self.by_platform.keys()
    }

    fn channel(&self, platform: &Platform) -> Result<&Channel, NoSuchChannel> {
        self.by_platform.get(platform).ok_or_else(|| NoSuchChannel(platform.clone()))
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_platform.keys()).finish()
    }
}
