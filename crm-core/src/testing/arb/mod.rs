//! Strategies: records of every kind out of small pools, so that chance makes them meet.
//!
//! A new kind of record joins with one implementation of [`Sample`] and one line in `testing/differential`.

mod activity;
mod billing;
mod import;
mod inbox;
mod judged;
mod judgement;
mod pipeline;
mod pools;
mod predicate;
mod samples;
mod sign_in;

use std::fmt::Debug;

use proptest::prelude::*;

use crate::kernel::{Entity, Stored};

pub use pools::{POOL, instant, pool_id};
pub use predicate::{page, predicate};

/// A kind of record of which samples can be drawn.
pub trait Sample: Entity {
    /// Values of this kind; those that refer to other records refer to [`pool_id`]s.
    fn sample() -> BoxedStrategy<Self>;
}

/// Stored records with identifiers of the pool, as a first save leaves them.
pub fn stored<E: Sample>() -> BoxedStrategy<Stored<E>> {
    let parts = (pools::any_id::<E>(), instant(), instant(), E::sample());
    parts
        .prop_map(|(id, created_at, updated_at, value)| Stored { id, version: 1, created_at, updated_at, value })
        .boxed()
}

/// One of these, each as likely as the next.
fn one_of<T: Clone + Debug + 'static>(items: &'static [T]) -> BoxedStrategy<T> {
    proptest::sample::select(items).boxed()
}
