//! The pure domain of an embeddable, multi-tenant CRM.
//!
//! A deterministic core decides, one generic store remembers, thin adapters talk to the outside. Layers, from the
//! ground up (each may use only what stands below it): `kernel` values; `access`, `paywall`, `event`,
//! `agenda`, `command` and `store` as ground rules; records (`people`, `lead`, `pipeline`, `activity`); judgements
//! (`duplicate`, `scoring`, `assignment`, `conversion`, `intake`); what deals with the outside (`billing`, `inbox`); and
//! `crm`, the face that a host links.

#![cfg_attr(test, expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a panic in a test is its report"))]

pub mod access;
pub mod activity;
pub mod administration;
pub mod agenda;
pub mod analytics;
pub mod assignment;
pub mod billing;
pub mod command;
pub mod conversion;
pub mod crm;
#[cfg(feature = "csv")]
pub mod csv;
pub mod custom_field;
pub mod duplicate;
pub mod event;
pub mod identity;
pub mod import;
pub mod inbox;
pub mod inspection;
pub mod intake;
pub mod kernel;
pub mod lead;
pub mod merge;
pub mod paywall;
pub mod people;
pub mod pipeline;
pub mod removal;
pub mod scoring;
pub mod sign_in;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
