//! What a member may give to others: no more than they have themselves. Owners are made and unmade by owners only.

use crate::access::{AccessRefusal, Member, Permission, PermissionSet, Reach, RoleReach, StandardRole};
use crate::kernel::{Kind, Result, Rule};
use crate::store::UnitOfWork;

/// What a member may not give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantRefusal {
    /// The giver has not got the permission.
    #[error("your own role has no permission '{}', so you cannot give it; ask an owner of the organization", .0.name())]
    Permission(Permission),
    /// The giver sees fewer records.
    #[error("the role would see more records than you do; choose a smaller reach, or ask an owner of the organization")]
    Reach,
    /// The giver is no owner.
    #[error("only an owner makes someone an owner or changes one; ask an owner of the organization")]
    OwnersOnly,
}

impl Rule for GrantRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Permission(_) => "role.permission_beyond_own",
            Self::Reach => "role.reach_beyond_own",
            Self::OwnersOnly => "member.owners_only",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Forbidden
    }
}

/// Whether the member has the one role that nobody but an owner gives.
pub(super) fn is_owner(member: &Member) -> bool {
    member.role == StandardRole::Owner && member.custom_role_id.is_none()
}

/// What a member's role allows; nothing when their custom role is not there.
pub(super) async fn role_of(uow: &mut UnitOfWork<'_>, member: &Member) -> Result<Option<(PermissionSet, RoleReach)>> {
    Ok(match member.custom_role_id {
        Some(role) => uow.find(role).await?.map(|role| (role.permissions, role.reach)),
        None => Some((member.role.permissions(), member.role.reach())),
    })
}

/// Checks that the caller may let this member have what they have.
pub(super) async fn check_member(uow: &mut UnitOfWork<'_>, member: &Member) -> Result<()> {
    if is_owner(member) {
        return check_owner(uow).await;
    }
    // A role that is not there is refused by the store, as any missing reference.
    if let Some((permissions, reach)) = role_of(uow, member).await? {
        check_role(uow, permissions, reach).await?;
    }
    Ok(())
}

/// Checks that the caller has all of this themselves.
pub(super) async fn check_role(uow: &mut UnitOfWork<'_>, permissions: PermissionSet, reach: RoleReach) -> Result<()> {
    let caller = uow.caller();
    if let Some(missing) = permissions.iter().find(|permission| caller.check(*permission).is_err()) {
        return Err(GrantRefusal::Permission(missing).into());
    }
    let Some(id) = caller.member_id().filter(|_| *caller.reach() != Reach::All) else { return Ok(()) };
    let giver = uow.get(id).await?;
    match role_of(uow, &giver).await? {
        Some((_, own)) if reach <= own => Ok(()),
        _ => Err(GrantRefusal::Reach.into()),
    }
}

/// Checks that the caller is an owner, or the product itself.
pub(super) async fn check_owner(uow: &mut UnitOfWork<'_>) -> Result<()> {
    let Some(id) = uow.caller().member_id() else { return Ok(()) };
    let giver = uow.get(id).await?;
    if !giver.active {
        return Err(AccessRefusal::MemberInactive.into());
    }
    if is_owner(&giver) { Ok(()) } else { Err(GrantRefusal::OwnersOnly.into()) }
}
