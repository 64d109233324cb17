//! Which adapter serves which platform.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::capability::Capabilities;
use super::gateway::ChannelGateway;
use super::platform::Platform;
use crate::kernel::{Kind, Rule};

/// The channels of a host. Clones share them.
#[derive(Clone, Default)]
pub struct Channels(Arc<BTreeMap<Platform, Channel>>);

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
        self.with_shared(Arc::new(gateway))
    }

    /// The same with an adapter that the host keeps a hand on.
    #[must_use]
    pub fn with_shared(self, gateway: Arc<dyn ChannelGateway>) -> Self {
        let mut channels = Arc::unwrap_or_clone(self.0);
        for (platform, capabilities) in gateway.platforms() {
            channels.insert(platform, Channel { gateway: Arc::clone(&gateway), capabilities });
        }
        Self(Arc::new(channels))
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
        self.0.keys()
    }

    fn channel(&self, platform: &Platform) -> Result<&Channel, NoSuchChannel> {
        self.0.get(platform).ok_or_else(|| NoSuchChannel(platform.clone()))
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
