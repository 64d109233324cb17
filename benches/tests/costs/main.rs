//! What things cost that must not become dearer unnoticed: statements of commands, and memory of the access check.

#![expect(unsafe_code, reason = "whoever counts what is allocated is an allocator")]

mod allocations;
mod statements;
