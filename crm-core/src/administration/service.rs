//! Commands on organizations, members, roles and teams, and the making of a [`Caller`].

use std::collections::BTreeSet;

use super::granting::{check_member, check_owner, check_role, is_owner, role_of};
use crate::access::{
    AccessRefusal, Caller, CustomRole, CustomRoleId, Member, MemberEvent, MemberId, NewMember, NewOrganization,
    Organization, OrganizationEvent, OrganizationId, Permission, PermissionSet, Reach, RoleEvent, RoleReach,
    StandardRole, Team, TeamEvent, TeamId, TeamMember, TeamTree,
};
use crate::kernel::text::Name;
use crate::kernel::{Id, Kind, Page, Predicate, Result, Rule, Stored};
use crate::store::{RecordNotFound, Session, UnitOfWork};

/// What the services of this slice refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberRefusal {
    /// The organization would be left without an active owner.
    #[error("this is the last active owner of the organization; make someone else an owner first")]
    LastOwner,
}

impl Rule for MemberRefusal {
    fn code(&self) -> &'static str {
        "member.last_owner"
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
}

/// Adds an organization and its first owner to a unit of work of that organization.
///
/// # Errors
/// `StoreError::SlugTaken` when another organization has the slug.
pub async fn found(
    uow: &mut UnitOfWork<'_>,
    new: NewOrganization,
    owner: NewMember,
) -> Result<(Stored<Organization>, Stored<Member>)> {
    let id = uow.organization();
    uow.tx().claim_slug(&new.slug, id).await?;
    let organization = Organization {
        slug: new.slug,
        name: new.name,
        default_currency: new.default_currency,
        time_zone: new.time_zone,
        region: new.region,
    };
    let organization = uow.fresh(id, organization);
    uow.insert_all(vec![(organization.clone(), OrganizationEvent::Created)]).await?;
    let owner = Member::new(NewMember { role: StandardRole::Owner, custom_role_id: None, ..owner });
    let owner = uow.insert(owner, MemberEvent::Added).await?;
    Ok((organization, owner))
}

/// Finds out what a member may do and whose records they see.
///
/// # Errors
/// `RecordNotFound` when the organization has no such member, `MemberInactive` when they may not sign in.
pub async fn caller_for(uow: &mut UnitOfWork<'_>, id: MemberId) -> Result<Caller> {
    let member = uow.get(id).await?;
    if !member.active {
        return Err(AccessRefusal::MemberInactive.into());
    }
    let missing =
        RecordNotFound { entity: "custom_role", id: member.custom_role_id.map_or_else(|| id.uuid(), Id::uuid) };
    let (permissions, reach) = role_of(uow, &member).await?.ok_or(missing)?;
    let reach = reach_of(uow, id, reach).await?;
    Ok(Caller::member(uow.organization(), id, permissions, reach))
}

async fn reach_of(uow: &mut UnitOfWork<'_>, id: MemberId, reach: RoleReach) -> Result<Reach> {
    let subtree = match reach {
        RoleReach::All => return Ok(Reach::All),
        RoleReach::Own => return Ok(Reach::Owners([id].into())),
        RoleReach::Team => false,
        RoleReach::Subtree => true,
    };
    let own = uow.list_all(&TeamMember::MEMBER.is(id)).await?;
    let mut teams: BTreeSet<TeamId> = own.iter().map(|pair| pair.team_id).collect();
    if subtree {
        teams = TeamTree::new(&uow.list_all(&Predicate::everything()).await?).subtree(&teams);
    }
    let colleagues = uow.list_all(&TeamMember::TEAM.is_one_of(teams)).await?;
    let mut owners: BTreeSet<MemberId> = colleagues.iter().map(|pair| pair.member_id).collect();
    owners.insert(id);
    Ok(Reach::Owners(owners.into_iter().collect()))
}

/// Commands on the caller's organization.
#[derive(Clone, Copy, Debug)]
pub struct Organizations<'a>(pub(crate) &'a Session);

impl Organizations<'_> {
    /// The organization.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// let organization = session.organization().get().await?;
    /// assert_eq!(organization.id, office.organization);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn get(&self) -> Result<Stored<Organization>> {
        let mut uow = self.0.begin(Permission::OrganizationRead).await?;
        let id = uow.organization();
        uow.get(id).await
    }

    /// Changes everything about the organization but its slug.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// let own = session.organization().get().await?;
    /// let name = "Engines".parse()?;
    /// let own = session.organization().change(own.version, |own| own.name = name).await?;
    /// assert_eq!(own.name.as_str(), "Engines");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `StaleVersion` when it has moved on.
    pub async fn change(
        &self,
        version: i64,
        change: impl FnOnce(&mut Organization) + Send,
    ) -> Result<Stored<Organization>> {
        let mut uow = self.0.begin(Permission::OrganizationConfigure).await?;
        let id: OrganizationId = uow.organization();
        let mut row = uow.get_at(id, Some(version)).await?;
        let slug = row.slug.clone();
        change(&mut row.value);
        row.value.slug = slug;
        let row = uow.save(row, OrganizationEvent::Changed).await?;
        uow.commit().await?;
        Ok(row)
    }
}

/// Commands on members.
#[derive(Clone, Copy, Debug)]
pub struct Members<'a>(pub(crate) &'a Session);

impl Members<'_> {
    /// Adds a member.
    ///
    /// ```
    /// # use crm_core::access::{StandardRole};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let rita = session.members().add(office::person("rita", StandardRole::SalesRep)).await?;
    /// assert!(rita.active);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `StoreError::Duplicate` when the address belongs to a member already; `GrantRefusal`.
    pub async fn add(&self, new: NewMember) -> Result<Stored<Member>> {
        let mut uow = self.0.begin(Permission::MemberConfigure).await?;
        let member = Member::new(new);
        check_member(&mut uow, &member).await?;
        let member = uow.insert(member, MemberEvent::Added).await?;
        uow.commit().await?;
        Ok(member)
    }

    /// The member.
    ///
    /// ```
    /// # use crm_core::access::{StandardRole};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let owner = session.members().get(office.owner).await?;
    /// assert_eq!(owner.role, StandardRole::Owner);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn get(&self, id: MemberId) -> Result<Stored<Member>> {
        self.0.begin(Permission::MemberRead).await?.get(id).await
    }

    /// The members that match.
    ///
    /// ```
    /// # use crm_core::kernel::{Page, Predicate};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let members = session.members().list(&Predicate::everything(), &Page::first(50)).await?;
    /// assert_eq!(members.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn list(&self, filter: &Predicate<Member>, page: &Page<Member>) -> Result<Vec<Stored<Member>>> {
        self.0.begin(Permission::MemberRead).await?.list(filter, page).await
    }

    /// Gives the member another role.
    ///
    /// ```
    /// # use crm_core::access::{StandardRole};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let rita = session.members().add(office::person("rita", StandardRole::SalesRep)).await?;
    /// let rita = session.members().change_role(rita.id, StandardRole::Manager, None).await?;
    /// assert_eq!(rita.role, StandardRole::Manager);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`; `GrantRefusal`; `LastOwner` when nobody else is an active owner.
    pub async fn change_role(
        &self,
        id: MemberId,
        role: StandardRole,
        custom_role_id: Option<CustomRoleId>,
    ) -> Result<Stored<Member>> {
        self.change(id, MemberEvent::Changed, |member| {
            member.role = role;
            member.custom_role_id = custom_role_id;
        })
        .await
    }

    /// Takes away the right to sign in and to be given leads.
    ///
    /// ```
    /// # use crm_core::access::{StandardRole};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let rita = session.members().add(office::person("rita", StandardRole::SalesRep)).await?;
    /// let rita = session.members().deactivate(rita.id).await?;
    /// assert!(!rita.active);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`; `GrantRefusal` (an owner); `LastOwner` when nobody else is an active owner.
    pub async fn deactivate(&self, id: MemberId) -> Result<Stored<Member>> {
        self.change(id, MemberEvent::Deactivated, |member| member.active = false).await
    }

    /// Gives back what [`Members::deactivate`] took.
    ///
    /// ```
    /// # use crm_core::access::{StandardRole};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let rita = session.members().add(office::person("rita", StandardRole::SalesRep)).await?;
    /// session.members().deactivate(rita.id).await?;
    /// let rita = session.members().activate(rita.id).await?;
    /// assert!(rita.active);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `GrantRefusal`.
    pub async fn activate(&self, id: MemberId) -> Result<Stored<Member>> {
        self.change(id, MemberEvent::Activated, |member| member.active = true).await
    }

    async fn change(
        &self,
        id: MemberId,
        event: MemberEvent,
        change: impl FnOnce(&mut Member) + Send,
    ) -> Result<Stored<Member>> {
        let mut uow = self.0.begin(Permission::MemberConfigure).await?;
        // Whoever takes owners away holds the organization, so that two can't take the last two at once.
        let organization = uow.organization();
        uow.lock(organization).await?;
        let mut member = uow.lock(id).await?;
        if is_owner(&member) {
            check_owner(&mut uow).await?;
        }
        change(&mut member.value);
        if member.active {
            check_member(&mut uow, &member).await?;
        }
        let member = uow.save(member, event).await?;
        let owners = Member::ROLE
            .is(StandardRole::Owner.as_str())
            .and(Member::ACTIVE.is(true))
            .and(Predicate::Test(Member::CUSTOM_ROLE.field(), crate::kernel::Test::IsEmpty));
        if uow.list(&owners, &Page::first(1)).await?.is_empty() {
            return Err(MemberRefusal::LastOwner.into());
        }
        uow.commit().await?;
        Ok(member)
    }
}

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

/// Commands on teams.
#[derive(Clone, Copy, Debug)]
pub struct Teams<'a>(pub(crate) &'a Session);

impl Teams<'_> {
    /// Makes a team.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// let team = session.teams().create("North".parse()?, None).await?;
    /// let below = session.teams().create("Far north".parse()?, Some(team.id)).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `StoreError::Duplicate` when there is one of this name, `MissingReference` when there is no such parent.
    pub async fn create(&self, name: Name, parent_id: Option<TeamId>) -> Result<Stored<Team>> {
        let mut uow = self.0.begin(Permission::MemberConfigure).await?;
        let team = uow.insert(Team { name, parent_id }, TeamEvent::Created).await?;
        uow.commit().await?;
        Ok(team)
    }

    /// All teams.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let team = session.teams().create("North".parse()?, None).await?;
    /// assert_eq!(session.teams().list().await?.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn list(&self) -> Result<Vec<Stored<Team>>> {
        self.0.begin(Permission::MemberRead).await?.list_all(&Predicate::everything()).await
    }

    /// Puts a team below another, or at the top.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let team = session.teams().create("North".parse()?, None).await?;
    /// let all = session.teams().create("All".parse()?, None).await?;
    /// let team = session.teams().place(team.id, Some(all.id)).await?;
    /// assert_eq!(team.parent_id, Some(all.id));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`; `TeamRefusal::Cycle` when it would stand below itself.
    pub async fn place(&self, id: TeamId, parent_id: Option<TeamId>) -> Result<Stored<Team>> {
        let mut uow = self.0.begin(Permission::MemberConfigure).await?;
        // Two moves at once could close a circle that neither sees.
        let organization = uow.organization();
        uow.lock(organization).await?;
        let mut team = uow.get(id).await?;
        if let Some(parent) = parent_id {
            TeamTree::new(&uow.list_all(&Predicate::everything()).await?).check_move(id, parent)?;
        }
        team.value.parent_id = parent_id;
        let team = uow.save(team, TeamEvent::Changed).await?;
        uow.commit().await?;
        Ok(team)
    }

    /// Lets a member join a team.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let team = session.teams().create("North".parse()?, None).await?;
    /// session.teams().join(team.id, office.owner).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`; `StoreError::Duplicate` when they are in it already.
    pub async fn join(&self, team_id: TeamId, member_id: MemberId) -> Result<()> {
        let mut uow = self.0.begin(Permission::MemberConfigure).await?;
        let team = uow.get(team_id).await?;
        uow.get(member_id).await?;
        uow.add_parts(vec![TeamMember { team_id, member_id }]).await?;
        uow.say(&team, &TeamEvent::Joined(member_id))?;
        uow.commit().await
    }

    /// Lets a member leave a team.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let team = session.teams().create("North".parse()?, None).await?;
    /// session.teams().join(team.id, office.owner).await?;
    /// session.teams().leave(team.id, office.owner).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when they are not in it.
    pub async fn leave(&self, team_id: TeamId, member_id: MemberId) -> Result<()> {
        let mut uow = self.0.begin(Permission::MemberConfigure).await?;
        let team = uow.get(team_id).await?;
        let pair = TeamMember::TEAM.is(team_id).and(TeamMember::MEMBER.is(member_id));
        let pair = uow.list(&pair, &Page::first(1)).await?.pop();
        let pair = pair.ok_or(RecordNotFound { entity: "team_member", id: Id::uuid(member_id) })?;
        uow.remove_part(&pair).await?;
        uow.say(&team, &TeamEvent::Left(member_id))?;
        uow.commit().await
    }
}
