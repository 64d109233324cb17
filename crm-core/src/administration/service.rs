//! Commands on organizations and members, and the making of a [`Caller`].

use std::collections::BTreeSet;

use super::granting::{check_member, check_owner, is_owner, role_of};
use crate::access::{
    AccessRefusal, Caller, CustomRoleId, Member, MemberEvent, MemberId, NewMember, NewOrganization, Organization,
    OrganizationEvent, OrganizationId, Permission, Reach, RoleReach, StandardRole, TeamId, TeamMember, TeamTree,
};
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
