//! The API as a client sees it: requests in, answers out, mostly without a socket.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a test is its report")]

mod analytics;
mod billing;
mod bodies;
mod client;
mod database;
mod document;
mod events;
mod journey;
mod leaky;
mod matrix;
mod office;
mod outage;
mod outside;
mod problems;
mod records;
mod repeated;
mod schema;
mod serving;
mod signing_in;
mod social;
mod webhooks;
