//! The CRM over a documented HTTP API: a router to nest in a host's axum app, and one binary that serves it.
//!
//! [`router`] takes a [`Crm`](crm_core::crm::Crm) and an [`Authenticator`], which says who asks; everything else follows
//! from the domain: what a caller may do, whether it is paid, and what of other tenants can be seen (nothing). A host
//! nests it under any prefix beside its own routes. The built-in sign-in is one implementation of the trait, see
//! [`identity`].
//!
//! Inside, an endpoint is declared once: its method and path, what it reads, and one call of a service. Routing, the
//! `OpenAPI` document, entity tags, idempotency keys and problems follow from the declaration, in [`api`].

pub mod api;
pub mod authenticator;
pub mod health;
pub mod identity;
pub mod list;
pub mod outside;
mod private;
pub mod problem;
pub mod protection;
mod resources;
#[cfg(feature = "server")]
pub mod server;
pub mod signing;
mod text;

mod facade;

pub use authenticator::Authenticator;
pub use facade::{Facade, Options, document, router, router_with};
pub use outside::Outside;
