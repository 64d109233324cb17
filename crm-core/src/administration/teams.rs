//! Commands on teams.

use crate::access::{MemberId, Permission, Team, TeamEvent, TeamId, TeamMember, TeamTree};
use crate::kernel::text::Name;
use crate::kernel::{Id, Page, Predicate, Result, Stored};
use crate::store::{RecordNotFound, Session};

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

    /// Gives a team another name.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let team = session.teams().create("North".parse()?, None).await?;
    /// let team = session.teams().rename(team.id, "Far north".parse()?).await?;
    /// assert_eq!(team.name.as_str(), "Far north");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`; `StoreError::Duplicate` when there is one of this name.
    pub async fn rename(&self, id: TeamId, name: Name) -> Result<Stored<Team>> {
        let mut uow = self.0.begin(Permission::MemberConfigure).await?;
        let mut team = uow.get(id).await?;
        team.value.name = name;
        let team = uow.save(team, TeamEvent::Changed).await?;
        uow.commit().await?;
        Ok(team)
    }

    /// Removes a team that has no teams below it. Its members stay in the organization.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let team = session.teams().create("North".parse()?, None).await?;
    /// session.teams().join(team.id, office.owner).await?;
    /// session.teams().delete(team.id).await?;
    /// assert!(session.teams().list().await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`; `StoreError::StillReferenced` while there are teams below it.
    pub async fn delete(&self, id: TeamId) -> Result<()> {
        let mut uow = self.0.begin(Permission::MemberConfigure).await?;
        let team = uow.get(id).await?;
        for pair in uow.list_all(&TeamMember::TEAM.is(id)).await? {
            uow.remove_part(&pair).await?;
        }
        uow.delete(team, TeamEvent::Deleted).await?;
        uow.commit().await
    }
}
