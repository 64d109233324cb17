//! Who may do what: organizations, their members, teams and roles, and the caller that all of it comes down to.
//!
//! An [`Organization`] is a tenant. A [`Member`] has one role, standard ([`StandardRole`]) or the tenant's own
//! ([`CustomRole`]): a set of [`Permission`]s and a [`Reach`], which says whose records the member sees. Teams form a
//! tree without cycles; a manager reaches the members of every team below the manager's own. All of it is resolved
//! once into a [`Caller`]; nothing else decides about access, and nothing asks twice.
//!
//! These are the rules and the records; the commands on them are in [`crate::administration`], above the store.
//!
//! Refused: a team below itself, two members with one address, a permission that the role has not.

mod caller;
mod member;
mod organization;
mod permission;
mod provider_link;
mod role;
mod team;

pub use caller::{AccessRefusal, Actor, Caller, Reach};
pub use member::{Member, MemberEvent, MemberId, NewMember};
pub use organization::{NewOrganization, Organization, OrganizationEvent, OrganizationId, Slug, TimeZone};
pub use permission::{Intent, Permission, PermissionSet};
pub use provider_link::{MalformedProviderLink, ProviderLink};
pub use role::{CustomRole, CustomRoleId, RoleEvent, RoleReach, StandardRole};
pub use team::{Team, TeamEvent, TeamId, TeamMember, TeamRefusal, TeamTree};
