//! The bound of the rotation, at every prefix, and that the check of it can fail.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use crate::access::MemberId;
use crate::assignment::{Rotation, RuleMember};
use crate::kernel::Id;

fn member(number: usize) -> MemberId {
    Id::new(Uuid::from_u128(u128::try_from(number).unwrap() + 1))
}

fn members(weights: &[i64]) -> Vec<RuleMember> {
    weights
        .iter()
        .enumerate()
        .map(|(number, weight)| RuleMember { member_id: member(number), weight: *weight })
        .collect()
}

fn rotation() -> Rotation {
    Rotation::new(Id::new(Uuid::nil()))
}

/// Whether `|nᵢ/wᵢ − nⱼ/wⱼ| ≤ max(1/wᵢ, 1/wⱼ)` for each two members, multiplied out: `|nᵢ·wⱼ − nⱼ·wᵢ| ≤ max(wᵢ, wⱼ)`.
fn is_fair(members: &[RuleMember], turns: &BTreeMap<MemberId, i64>) -> bool {
    let count = |member: &RuleMember| turns.get(&member.member_id).copied().unwrap_or(0);
    members
        .iter()
        .all(|i| members.iter().all(|j| (count(i) * j.weight - count(j) * i.weight).abs() <= i.weight.max(j.weight)))
}

/// Lets `pick` give out `leads` leads; the first prefix that is not fair.
fn first_unfair(members: &[RuleMember], leads: usize, mut pick: impl FnMut(usize) -> MemberId) -> Option<usize> {
    let mut turns = BTreeMap::new();
    (0..leads).find(|lead| {
        *turns.entry(pick(*lead)).or_default() += 1;
        !is_fair(members, &turns)
    })
}

proptest! {
    #[test]
    fn turns_follow_the_weights_at_every_prefix(weights in vec(1_i64..=1_000, 1..12), leads in 1_usize..400) {
        let members = members(&weights);
        let mut rotation = rotation();
        let unfair = first_unfair(&members, leads, |_| rotation.take(&members).unwrap().member_id);
        prop_assert_eq!(unfair, None);
    }

    #[test]
    fn with_equal_weights_counts_differ_by_at_most_one(count in 1_usize..20, leads in 1_usize..400) {
        let members = members(&vec![1; count]);
        let mut rotation = rotation();
        let mut turns = vec![0; count];
        for _ in 0..leads {
            let next = rotation.take(&members).unwrap().member_id;
            turns[members.iter().position(|one| one.member_id == next).unwrap()] += 1;
            prop_assert!(turns.iter().max().unwrap() - turns.iter().min().unwrap() <= 1);
        }
    }

    /// Members come and go at random. In every stretch in which two are both there throughout, they get turns by their
    /// weights, to within one turn of each: nobody starves, and nobody makes up for an absence.
    #[test]
    fn coming_and_going_neither_starves_nor_favours_anyone(
        weights in vec(1_i64..=20, 2..7), shifts in vec((any::<u8>(), 1_usize..30), 1..20)
    ) {
        let all = members(&weights);
        let mut rotation = rotation();
        // For each two members the turns since both are there without a break.
        let mut since: BTreeMap<(usize, usize), (i64, i64)> = BTreeMap::new();
        for (present, leads) in shifts {
            let here = |index: usize| present >> index & 1 == 1;
            let eligible: Vec<_> = all.iter().enumerate().filter(|(index, _)| here(*index)).map(|(_, one)| *one).collect();
            for _ in 0..leads {
                let Some(turn) = rotation.take(&eligible) else {
                    prop_assert!(eligible.is_empty());
                    continue;
                };
                let winner = all.iter().position(|one| one.member_id == turn.member_id).unwrap();
                prop_assert!(here(winner));
                for i in 0..all.len() {
                    for j in 0..all.len() {
                        if !(here(i) && here(j)) {
                            since.remove(&(i, j));
                            continue;
                        }
                        let (of_i, of_j) = since.entry((i, j)).or_default();
                        *of_i += i64::from(winner == i);
                        *of_j += i64::from(winner == j);
                        let (wi, wj) = (all[i].weight, all[j].weight);
                        prop_assert!((*of_i * wj - *of_j * wi).abs() <= wi + wj, "{i} {j} {of_i} {of_j} {all:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn looking_at_who_is_next_takes_no_turn(weights in vec(1_i64..=20, 1..7), leads in 0_usize..50) {
        let members = members(&weights);
        let mut rotation = rotation();
        for _ in 0..leads {
            let before = rotation.clone();
            let next = rotation.next(&members);
            prop_assert_eq!(&rotation, &before);
            prop_assert_eq!(rotation.take(&members), next);
        }
    }

    #[test]
    fn a_rotation_that_was_stored_goes_on_as_if_it_was_not(weights in vec(1_i64..=20, 1..7), leads in 0_usize..50) {
        let members = members(&weights);
        let (mut kept, mut stored) = (rotation(), rotation());
        for _ in 0..leads {
            stored = serde_json::from_value(serde_json::to_value(&stored).unwrap()).unwrap();
            prop_assert_eq!(stored.take(&members), kept.take(&members));
        }
    }
}

/// How 50 leads are shared by three, of whom two were away for the 1000 leads before.
fn shares_after_an_absence(mut take: impl FnMut(&[RuleMember]) -> MemberId) -> Vec<i64> {
    let all = members(&[1, 1, 3]);
    for _ in 0..1_000 {
        take(&all[..1]);
    }
    let mut turns: BTreeMap<MemberId, i64> = BTreeMap::new();
    for _ in 0..50 {
        *turns.entry(take(&all)).or_default() += 1;
    }
    all.iter().map(|one| turns.get(&one.member_id).copied().unwrap_or(0)).collect()
}

#[test]
fn who_is_away_for_long_gets_no_burst_on_return_and_neither_does_who_is_new() {
    let mut rotation = rotation();
    assert_eq!(shares_after_an_absence(|eligible| rotation.take(eligible).unwrap().member_id), [10, 10, 30]);
}

#[test]
fn another_weight_counts_from_now_on() {
    let mut rotation = rotation();
    for _ in 0..300 {
        rotation.take(&members(&[1, 1]));
    }
    let changed = members(&[1, 3]);
    let mut second = 0;
    for _ in 0..40 {
        second += i64::from(rotation.take(&changed).unwrap().member_id == member(1));
    }
    assert_eq!(second, 30);
}

#[test]
fn with_nobody_eligible_nobody_is_next_and_nothing_moves() {
    let mut rotation = rotation();
    rotation.take(&members(&[1]));
    let before = rotation.clone();
    assert_eq!(rotation.take(&[]), None);
    assert_eq!(rotation, before);
}

/// Negative controls: the checks above catch pickers that are not fair.
#[test]
fn unfair_pickers_are_caught() {
    let all = members(&[1, 2, 5]);
    assert_eq!(first_unfair(&all, 100, |_| member(0)), Some(1), "always the first");
    assert_eq!(first_unfair(&all, 100, |lead| member(lead % 3)), Some(3), "in turn, whatever the weights");
    let in_blocks = |lead: usize| member([0, 1, 1, 2, 2, 2, 2, 2][lead % 8]);
    assert!(first_unfair(&all, 100, in_blocks).is_some(), "right in the sum, in blocks");

    // Turns over weight, and nothing about absences: those who return make up for them in one burst.
    let mut counts: BTreeMap<MemberId, i64> = BTreeMap::new();
    let shares = shares_after_an_absence(|eligible| {
        let ratio = |one: &&RuleMember| counts.get(&one.member_id).copied().unwrap_or(0) * 60 / one.weight;
        let next = eligible.iter().min_by_key(ratio).unwrap().member_id;
        *counts.entry(next).or_default() += 1;
        next
    });
    assert_eq!(shares[0], 0);
}
