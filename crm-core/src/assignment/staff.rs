//! Who could take a lead now: the members of the rules, as they stand at one instant.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::availability::Availability;
use super::model::AssignmentRule;
use crate::access::{Member, MemberId};
use crate::kernel::{Field, Predicate, Result, Stored, Test, Timestamp, Value};
use crate::store::UnitOfWork;

/// Why a member is passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// They are not a member of the organization any more.
    Gone,
    /// They are deactivated.
    Inactive,
    /// They are away until then.
    Away(Timestamp),
    /// They own as many open leads as they may.
    Full {
        /// How many they own.
        open: i64,
        /// How many they may own.
        cap: i64,
    },
    /// The lead is to pass from them to someone else.
    HasItAlready,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("no member any more"),
            Self::Inactive => f.write_str("deactivated"),
            Self::Away(until) => write!(f, "away until {until}"),
            Self::Full { open, cap } => write!(f, "owns {open} open leads of at most {cap}"),
            Self::HasItAlready => f.write_str("has the lead already"),
        }
    }
}

/// A member who was passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Skipped {
    /// Who.
    pub member_id: MemberId,
    /// Their name.
    pub name: String,
    /// Why.
    pub because: Obstacle,
}

/// How a member stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Their name.
    pub name: String,
    /// Whether they may be given leads at all.
    pub active: bool,
    /// They are away before this instant.
    pub away_until: Option<Timestamp>,
    /// The most open leads that they may own.
    pub open_lead_cap: Option<i64>,
    /// How many they own; nothing is counted for whoever has no cap.
    pub open_leads: i64,
}

/// The members of the rules, as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staff(BTreeMap<MemberId, Standing>);

impl Staff {
    /// Staff made up by hand.
    #[must_use]
    pub fn new(standings: impl IntoIterator<Item = (MemberId, Standing)>) -> Self {
        Self(standings.into_iter().collect())
    }

    /// Reads how the members of the rules stand.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn load(uow: &mut UnitOfWork<'_>, rules: &[&Stored<AssignmentRule>]) -> Result<Self> {
        let ids = members_of(rules);
        let limits = limits_of(uow, &ids).await?;
        Self::with(uow, &ids, &limits).await
    }

    /// Reads how the members of the rules stand and holds the availabilities of those who have a cap, in the order of
    /// identifiers, until the transaction ends. Saving the one of whoever gets a lead keeps two rules from filling them
    /// over their cap at once.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn hold(
        uow: &mut UnitOfWork<'_>,
        rules: &[&Stored<AssignmentRule>],
    ) -> Result<(Self, Vec<Stored<Availability>>)> {
        let ids = members_of(rules);
        let mut limits = limits_of(uow, &ids).await?;
        for limit in limits.iter_mut().filter(|limit| limit.open_lead_cap.is_some()) {
            if let Some(held) = uow.lock_of_anyone(limit.id).await? {
                *limit = held;
            }
        }
        let staff = Self::with(uow, &ids, &limits).await?;
        limits.retain(|limit| limit.open_lead_cap.is_some());
        Ok((staff, limits))
    }

    async fn with(uow: &mut UnitOfWork<'_>, ids: &[MemberId], limits: &[Stored<Availability>]) -> Result<Self> {
        let mut standings = BTreeMap::new();
        let wanted: Vec<_> = ids.iter().map(|id| Value::Uuid(id.uuid())).collect();
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let capped = limits.iter().filter(|limit| limit.open_lead_cap.is_some()).map(|limit| limit.member_id);
        let capped: Vec<_> = capped.collect();
        let open = if capped.is_empty() { BTreeMap::new() } else { uow.tx().open_leads(&capped).await? };
        for member in uow.list_all(&Predicate::<Member>::Test(Field::ID, Test::In(wanted))).await? {
            let limit = limits.iter().find(|limit| limit.member_id == member.id);
            let open_lead_cap = limit.and_then(|limit| limit.open_lead_cap);
            let open_leads = open.get(&member.id).copied().unwrap_or_default();
            let away_until = limit.and_then(|limit| limit.away_until);
            let (name, active) = (member.name.to_string(), member.active);
            standings.insert(member.id, Standing { name, active, away_until, open_lead_cap, open_leads });
        }
        Ok(Self(standings))
    }

    /// What keeps a member from taking a lead now; nothing, when they can.
    #[must_use]
    pub fn obstacle(&self, member: MemberId, now: Timestamp) -> Option<Obstacle> {
        let Some(standing) = self.0.get(&member) else { return Some(Obstacle::Gone) };
        if !standing.active {
            return Some(Obstacle::Inactive);
        }
        if let Some(until) = standing.away_until.filter(|until| *until > now) {
            return Some(Obstacle::Away(until));
        }
        let (open, cap) = (standing.open_leads, standing.open_lead_cap?);
        (open >= cap).then_some(Obstacle::Full { open, cap })
    }

    /// Their name.
    #[must_use]
    pub fn name(&self, member: MemberId) -> String {
        self.0.get(&member).map_or_else(|| member.to_string(), |standing| standing.name.clone())
    }

    /// They own one more open lead.
    pub fn gave(&mut self, member: MemberId) {
        if let Some(standing) = self.0.get_mut(&member) {
            standing.open_leads = standing.open_leads.saturating_add(1);
        }
    }
}

fn members_of(rules: &[&Stored<AssignmentRule>]) -> Vec<MemberId> {
    let mut ids: Vec<MemberId> = rules.iter().flat_map(|rule| &rule.members).map(|one| one.member_id).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Their availabilities, by identifier.
async fn limits_of(uow: &mut UnitOfWork<'_>, members: &[MemberId]) -> Result<Vec<Stored<Availability>>> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let mut limits = uow.list_all(&Availability::MEMBER.is_one_of(members.iter().copied())).await?;
    limits.sort_by_key(|limit| limit.id);
    Ok(limits)
}
