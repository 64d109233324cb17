//! Tests of assignment: fairness alone, then with a store and with many at once.

mod fairness;
mod office;
mod rules;
mod waiting;
mod with_a_store;
