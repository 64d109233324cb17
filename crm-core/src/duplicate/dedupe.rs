//! Duplicates within one list, in memory.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::profile::Profile;
use super::score::{REPORT, confidence};

/// A key that more records share than this tells nothing: it is passed over.
pub const MOST_HOLDERS: usize = 100;

/// Two profiles of a list that may be of one person or company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Place of the first in the list.
    pub one: usize,
    /// Place of the second, behind the first.
    pub other: usize,
    /// Thousandths of certainty, at least [`REPORT`].
    pub confidence: u16,
}

/// The pairs of a list that are worth a look, in the order of the list. [`super::score`] tells why.
///
/// Compared are those that share a [blocking key](Profile::blocking_keys) with at most [`MOST_HOLDERS`].
#[must_use]
pub fn dedupe(profiles: &[Profile]) -> Vec<Pair> {
    let mut found = Vec::new();
    for (one, other) in blocked(profiles) {
        let (Some(a), Some(b)) = (profiles.get(one), profiles.get(other)) else { continue };
        let confidence = confidence(a, b);
        if confidence >= REPORT {
            found.push(Pair { one, other, confidence });
        }
    }
    found
}

/// The pairs that share a key, each once, sorted.
fn blocked(profiles: &[Profile]) -> Vec<(usize, usize)> {
    let mut holders: Vec<(u64, usize)> = Vec::with_capacity(profiles.len() * 8);
    for (place, profile) in profiles.iter().enumerate() {
        holders.extend(profile.blocking_keys().iter().map(|key| (hash(key), place)));
    }
    holders.sort_unstable();
    let mut pairs = Vec::new();
    for block in holders.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() <= MOST_HOLDERS) {
        for (index, (_, one)) in block.iter().enumerate() {
            let others = block.iter().skip(index + 1).filter(|(_, other)| other != one);
            pairs.extend(others.map(|(_, other)| (*one, *other)));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Two keys of one hash only cause a comparison too many.
fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Puts what is connected by pairs of at least this certainty together: groups of two or more, each sorted.
#[must_use]
pub fn groups(pairs: &[Pair], least: u16) -> Vec<Vec<usize>> {
    let mut leaders: BTreeMap<usize, usize> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.confidence >= least) {
        let (one, other) = (leader(&mut leaders, pair.one), leader(&mut leaders, pair.other));
        leaders.insert(one.max(other), one.min(other));
    }
    let members: Vec<usize> = leaders.keys().copied().collect();
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for member in members {
        let leader = leader(&mut leaders, member);
        groups.entry(leader).or_default().push(member);
    }
    groups.into_values().collect()
}

/// The first of the group that a member belongs to; on the way, everyone learns it.
fn leader(leaders: &mut BTreeMap<usize, usize>, member: usize) -> usize {
    let mut trail = vec![member];
    let mut present = member;
    loop {
        let next = *leaders.entry(present).or_insert(present);
        if next == present {
            break;
        }
        trail.push(next);
        present = next;
    }
    for passed in trail {
        leaders.insert(passed, present);
    }
    present
}
