//! The API as a client sees it: requests in, answers out, mostly without a socket.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a test is its report")]

mod billing;
mod bodies;
mod document;
mod journey;
mod matrix;

mod office;
mod outside;
mod problems;
mod records;
mod repeated;
mod signing_in;
mod social;
mod webhooks;
