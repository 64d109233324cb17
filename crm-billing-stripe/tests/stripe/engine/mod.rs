//! The domain's billing with this adapter before it: whatever order, number or loss of webhooks, access comes out right.

mod bad_input;
mod flow;
mod gateway;
mod house;
mod index;
mod postgres;
mod reversals;
mod scenario;
mod seeds;
