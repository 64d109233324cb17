//! Teams: a tree, and who belongs where.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::member::{Member, MemberId};
use crate::kernel::text::Name;
use crate::kernel::{
    Column, DomainEvent, Entity, Field, Id, Key, Kind, Part, Reference, Rule, Stored, Value, ValueRef,
};

/// Identifier of a team.
pub type TeamId = Id<Team>;

/// A division, region or team: a node of the organization's tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Team {
    /// Name for people, unique within the organization.
    pub name: Name,
    /// The team above; nothing at the top.
    pub parent_id: Option<TeamId>,
}

impl Team {
    /// Name of the team.
    pub const NAME_FIELD: Column<Self, String> = Column::required("name", |row| ValueRef::Text(row.name.as_str()));
    /// The team above.
    pub const PARENT: Column<Self, TeamId> =
        Column::optional("parent_id", |row| row.parent_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid())));
}

impl Entity for Team {
    const NAME: &'static str = "team";
    const FIELDS: &'static [Field<Self>] = &[Self::NAME_FIELD.field(), Self::PARENT.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "name",
        columns: &["name"],
        read: |team| Some(vec![Value::Text(team.name.as_str().to_owned())]),
    }];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "parent_id", target: "team", read: |team| team.parent_id.map(Id::uuid) }];
}

/// That a member belongs to a team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeamMember {
    /// The team.
    pub team_id: TeamId,
    /// The member.
    pub member_id: MemberId,
}

impl TeamMember {
    /// The team.
    pub const TEAM: Column<Self, TeamId> =
        Column::required_indexed("team_id", |row| ValueRef::Uuid(row.team_id.uuid()));
    /// The member.
    pub const MEMBER: Column<Self, MemberId> =
        Column::required_key("member_id", |row| ValueRef::Uuid(row.member_id.uuid()));
}

impl Entity for TeamMember {
    const NAME: &'static str = "team_member";
    const FIELDS: &'static [Field<Self>] = &[Self::TEAM.field(), Self::MEMBER.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "pair",
        columns: &["team_id", "member_id"],
        read: |pair| Some(vec![Value::Uuid(pair.team_id.uuid()), Value::Uuid(pair.member_id.uuid())]),
    }];
    const REFERENCES: &'static [Reference<Self>] = &[
        Reference { column: "team_id", target: Team::NAME, read: |pair| Some(pair.team_id.uuid()) },
        Reference { column: "member_id", target: Member::NAME, read: |pair| Some(pair.member_id.uuid()) },
    ];
}
impl Part for TeamMember {}

/// What a tree of teams refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TeamRefusal {
    /// A team would stand below itself.
    #[error("team {child} cannot stand below team {parent}, which stands below it; move {parent} out first")]
    Cycle {
        /// The team to move.
        child: TeamId,
        /// Where it should go.
        parent: TeamId,
    },
}

impl Rule for TeamRefusal {
    fn code(&self) -> &'static str {
        "team.cycle"
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
}

/// All teams of an organization, as a tree.
#[derive(Clone, Debug, Default)]
pub struct TeamTree {
    parents: BTreeMap<TeamId, Option<TeamId>>,
}

impl TeamTree {
    /// Reads the tree from the teams.
    #[must_use]
    pub fn new(teams: &[Stored<Team>]) -> Self {
        Self { parents: teams.iter().map(|team| (team.id, team.parent_id)).collect() }
    }

    /// These teams and all that stand below one of them.
    #[must_use]
    pub fn subtree(&self, roots: &BTreeSet<TeamId>) -> BTreeSet<TeamId> {
        self.parents.keys().copied().filter(|team| self.upward(*team).any(|above| roots.contains(&above))).collect()
    }

    /// Checks that `child` may stand below `parent`.
    ///
    /// # Errors
    /// `Cycle` when `parent` is `child` or stands below it.
    pub fn check_move(&self, child: TeamId, parent: TeamId) -> Result<(), TeamRefusal> {
        if self.upward(parent).any(|above| above == child) { Err(TeamRefusal::Cycle { child, parent }) } else { Ok(()) }
    }

    /// The team and those above it, from below; ends even if the stored tree were broken.
    fn upward(&self, team: TeamId) -> impl Iterator<Item = TeamId> {
        std::iter::successors(Some(team), |team| self.parents.get(team).copied().flatten()).take(self.parents.len() + 1)
    }
}

/// What happens to teams.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamEvent {
    /// It was made.
    Created,
    /// It was renamed or moved.
    Changed,
    /// It was removed.
    Deleted,
    /// A member joined.
    Joined(MemberId),
    /// A member left.
    Left(MemberId),
}

impl DomainEvent for TeamEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "team.created",
            Self::Changed => "team.changed",
            Self::Deleted => "team.deleted",
            Self::Joined(_) => "team.member_joined",
            Self::Left(_) => "team.member_left",
        }
    }
}
