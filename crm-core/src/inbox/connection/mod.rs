//! Our accounts at the platforms.
//!
//! active → expired (the token works no more; it still receives) → active again; any → disconnected (token wiped) →
//! active again, with its row and its conversations. Refused: an account that another organization of the installation
//! has connected. Tokens are sealed by a [`SecretVault`] for their row and column.

mod model;
mod service;
mod settings;
#[cfg(test)]
mod tests;
mod vault;

pub use model::{Connection, ConnectionEvent, ConnectionId, ConnectionRefusal, ConnectionStatus};
pub use service::Connections;
pub(crate) use service::{account_of, find_connection, parent_link};
pub use settings::{ConnectionSettings, LeadPolicy, ReopenPolicy, ResponseTargets};
#[cfg(feature = "testing")]
pub use vault::MockSecretVault;
pub use vault::{NoVault, SealedSecret, SecretPlace, SecretVault, VaultError};
