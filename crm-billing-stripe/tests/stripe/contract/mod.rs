//! Stripe's own specification as judge: every request that can be sent, and every answer that can be read.

mod openapi;
mod requests;
