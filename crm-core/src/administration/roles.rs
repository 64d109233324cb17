//! Commands on the roles that an organization makes itself.

use super::granting::check_role;
use crate::access::{CustomRole, CustomRoleId, Permission, PermissionSet, RoleEvent, RoleReach};
use crate::kernel::text::Name;
use crate::kernel::{Predicate, Result, Stored};
use crate::store::Session;

/// Commands on custom roles.
#[derive(Clone, Copy, Debug)]
pub struct Roles<'a>(pub(crate) &'a Session);

impl Roles<'_> {
    /// Makes a role.
    ///
    /// ```
    /// # use crm_core::access::{PermissionSet, RoleReach};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let role = session.roles().create("Auditor".parse()?, PermissionSet::reading(), RoleReach::All).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `StoreError::Duplicate` when there is one of this name; `GrantRefusal`.
    pub async fn create(&self, name: Name, permissions: PermissionSet, reach: RoleReach) -> Result<Stored<CustomRole>> {
        let mut uow = self.0.begin(Permission::MemberConfigure).await?;
        check_role(&mut uow, permissions, reach).await?;
        let role = uow.insert(CustomRole { name, permissions, reach }, RoleEvent::Created).await?;
        uow.commit().await?;
        Ok(role)
    }

    /// All roles of the organization's own.
    ///
    /// ```
    /// # use crm_core::access::{PermissionSet, RoleReach};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # session.roles().create("Auditor".parse()?, PermissionSet::reading(), RoleReach::All).await?;
    /// assert_eq!(session.roles().list().await?.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn list(&self) -> Result<Vec<Stored<CustomRole>>> {
        self.0.begin(Permission::MemberRead).await?.list_all(&Predicate::everything()).await
    }

    /// Changes what a role allows.
    ///
    /// ```
    /// # use crm_core::access::{PermissionSet, RoleReach};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let role = session.roles().create("Auditor".parse()?, PermissionSet::reading(), RoleReach::All).await?;
    /// let role = session.roles().change(role.id, role.version, PermissionSet::reading(), RoleReach::Own).await?;
    /// assert_eq!(role.reach, RoleReach::Own);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `GrantRefusal`.
    pub async fn change(
        &self,
        id: CustomRoleId,
        version: i64,
        permissions: PermissionSet,
        reach: RoleReach,
    ) -> Result<Stored<CustomRole>> {
        let mut uow = self.0.begin(Permission::MemberConfigure).await?;
        check_role(&mut uow, permissions, reach).await?;
        let mut role = uow.get_at(id, Some(version)).await?;
        role.value.permissions = permissions;
        role.value.reach = reach;
        let role = uow.save(role, RoleEvent::Changed).await?;
        uow.commit().await?;
        Ok(role)
    }

    /// Removes a role that no member has.
    ///
    /// ```
    /// # use crm_core::access::{PermissionSet, RoleReach};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let role = session.roles().create("Auditor".parse()?, PermissionSet::reading(), RoleReach::All).await?;
    /// session.roles().delete(role.id).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`; `StoreError::StillReferenced` while a member has it.
    pub async fn delete(&self, id: CustomRoleId) -> Result<()> {
        let mut uow = self.0.begin(Permission::MemberConfigure).await?;
        let role = uow.get(id).await?;
        uow.delete(role, RoleEvent::Deleted).await?;
        uow.commit().await
    }
}
