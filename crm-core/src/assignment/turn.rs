//! Turns with something else than leads: whoever is next of a rule's members, by the same rotation and availability.

use super::availability::Availability;
use super::decide::{Assignment, divide, explain};
use super::model::AssignmentRuleId;
use super::rotation::Rotation;
use super::staff::{Obstacle, Staff};
use crate::access::{Member, MemberId};
use crate::kernel::{Entity, Page, Result};
use crate::store::{StoreError, UnitOfWork};

/// Lets the next member of a rule take a turn, whatever it is that they are given. Nobody, when nobody can.
///
/// # Errors
/// `RecordNotFound` when there is no such rule; `StoreError::Conflict` when someone else takes turns at the same time.
pub async fn take_turn(
    uow: &mut UnitOfWork<'_>,
    rule: AssignmentRuleId,
    except: Option<MemberId>,
) -> Result<Assignment> {
    let rule = uow.get(rule).await?;
    if !rule.active {
        return Ok(Assignment::none(format!("the assignment rule '{}' is not active", rule.name)));
    }
    let known = uow.list_of_anyone(&Rotation::RULE.is(rule.id), &Page::first(1)).await?.pop();
    let mut rotation = match known {
        Some(known) => {
            let gone = StoreError::Conflict { entity: Rotation::NAME };
            uow.lock_of_anyone(known.id).await?.ok_or(gone)?
        }
        None => uow
            .add_parts(vec![Rotation::new(rule.id)])
            .await?
            .pop()
            .ok_or(StoreError::Conflict { entity: Rotation::NAME })?,
    };
    let staff = Staff::load(uow, &[&rule]).await?;
    let (eligible, skipped) = divide(&rule, &staff, except, uow.now());
    let turn = rotation.value.take(&eligible);
    if turn.is_some() {
        rotation.value.keep_members(&rule.members);
        uow.save_part(rotation).await?;
    }
    Ok(explain(&rule, &staff, turn, skipped))
}

/// What keeps a member from looking after something now; nothing, when they can.
///
/// # Errors
/// Those of the store.
pub async fn absence(uow: &mut UnitOfWork<'_>, member: MemberId) -> Result<Option<Obstacle>> {
    let Some(known) = uow.find::<Member>(member).await? else { return Ok(Some(Obstacle::Gone)) };
    if !known.active {
        return Ok(Some(Obstacle::Inactive));
    }
    let availability = uow.list(&Availability::MEMBER.is(member), &Page::first(1)).await?.pop();
    let away = availability.and_then(|row| row.away_until).filter(|until| *until > uow.now());
    Ok(away.map(Obstacle::Away))
}
