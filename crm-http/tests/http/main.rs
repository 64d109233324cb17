//! The API as a client sees it: requests in, answers out, mostly without a socket.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a test is its report")]

mod bodies;
mod document;
mod matrix;

mod office;
mod problems;
mod records;
mod repeated;
mod signing_in;
