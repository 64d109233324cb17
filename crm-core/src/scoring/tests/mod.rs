//! Tests of scoring: the arithmetic alone, then with a store.

mod computing;
mod keeping;
mod looking_back;
mod office;
mod properties;
mod rules;
