//! Running an organization: its founding, its members, teams and roles, and the making of a caller.
//!
//! The records and rules are those of [`crate::access`]; here are the commands, above the store. [`caller_for`] is
//! where role and teams become permissions and reach, once for a request.
//!
//! Refused: the last active owner leaving, giving more than one has ([`GrantRefusal`]), a team below itself, a second
//! organization of the same slug. Said: `organization.…`, `member.…`, `team.…`, `custom_role.…`.

mod granting;
mod roles;
mod service;
mod teams;

pub use granting::GrantRefusal;
pub use roles::Roles;
pub use service::{MemberRefusal, Members, Organizations, caller_for, found};
pub use teams::Teams;

#[cfg(test)]
mod tests;
