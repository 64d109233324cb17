//! The slice against a real store in memory, and its rules against chance.

mod fixture;
mod layout;
mod reports;
mod states;
mod steps;
