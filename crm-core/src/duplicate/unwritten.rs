//! What a batch has made and not yet written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::candidate::{Candidate, by_key, chosen_keys, judge};
use super::dedupe::MOST_HOLDERS;
use super::profile::Profile;
use crate::identity::{KeyKind, RecordRef};

/// What a batch has made and not yet written, to be compared with what comes after it in the same batch.
#[derive(Clone, Debug, Default)]
pub struct Unwritten {
    profiles: Vec<(RecordRef, Profile)>,
    by_key: HashMap<String, Vec<usize>>,
}

impl Unwritten {
    /// Adds a record that will be written.
    pub fn add(&mut self, record: RecordRef, profile: &Profile) {
        let place = self.profiles.len();
        for key in profile.keys().iter() {
            self.by_key.entry(key.to_owned()).or_default().push(place);
        }
        self.profiles.push((record, profile.clone()));
    }

    /// Those that may be the same as the profile, most certain first.
    #[must_use]
    pub fn candidates(&self, profile: &Profile) -> Vec<Candidate> {
        let keys = profile.blocking_keys();
        let holders = keys.iter().filter_map(|key| self.by_key.get(key)).filter(|all| all.len() <= MOST_HOLDERS);
        let places: BTreeSet<usize> = holders.flatten().copied().collect();
        let others = places.into_iter().filter_map(|place| self.profiles.get(place));
        judge(profile, others.map(|(record, own)| (*record, own)))
    }

    /// Those that share a key of one of these kinds with the profile.
    #[must_use]
    pub fn holders_of(&self, profile: &Profile, kinds: &[KeyKind]) -> Vec<Candidate> {
        let keys = chosen_keys(profile, kinds);
        let found = keys.iter().flat_map(|key| {
            let places = self.by_key.get(key).into_iter().flatten();
            places.filter_map(|place| self.profiles.get(*place)).map(move |(record, _)| (*record, key.as_str()))
        });
        let found: BTreeMap<RecordRef, &str> = found.collect();
        found.into_iter().map(|(record, key)| by_key(record, key)).collect()
    }
}
