//! Tests of judgements, of what holds for all profiles, and of the look-up in a store.

mod drafts;
mod flags;
mod judgements;
mod lookup;
mod policies;
mod properties;
