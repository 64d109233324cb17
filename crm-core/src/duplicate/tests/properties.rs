//! What holds for all pairs of profiles.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::super::{AUTOMATIC, Profile, REPORT, dedupe, score};
use super::drafts::{any_draft, damage, draft};
use crate::identity::KeyKind;
use crate::kernel::EmailAddress;

/// Two profiles: of one person with damage, or of any two.
fn pair() -> impl Strategy<Value = (Profile, Profile)> {
    let damaged = (draft(), proptest::collection::vec(damage(), 0..4)).prop_map(|(draft, damages)| {
        let other = damages.iter().fold(draft.clone(), |draft, damage| damage.done_to(draft));
        (draft.profile(), other.profile())
    });
    let any_two = (draft(), draft()).prop_map(|(one, other)| (one.profile(), other.profile()));
    prop_oneof![2 => damaged, 1 => any_two]
}

fn share_a_key(a: &Profile, b: &Profile, without: Option<KeyKind>) -> bool {
    let keys = |profile: &Profile| -> BTreeSet<String> {
        profile.blocking_keys().into_iter().filter(|key| without.is_none() || KeyKind::of(key) != without).collect()
    };
    !keys(a).is_disjoint(&keys(b))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn it_does_not_matter_which_profile_comes_first((a, b) in pair()) {
        prop_assert_eq!(score(&a, &b).confidence, score(&b, &a).confidence);
    }

    #[test]
    fn nothing_is_more_like_a_profile_than_itself((a, b) in pair()) {
        prop_assert!(score(&a, &a).confidence >= score(&a, &b).confidence);
    }

    #[test]
    fn what_is_reported_shares_a_key((a, b) in pair()) {
        let judged = score(&a, &b);
        prop_assert!(judged.confidence < REPORT || share_a_key(&a, &b, None), "{}", judged.evidence);
    }

    #[test]
    fn an_address_that_both_get_never_makes_them_less_alike((a, b) in pair(), local in "[a-z]{3,8}|info") {
        let email = EmailAddress::parse(&format!("{local}@another.org")).unwrap();
        let before = score(&a, &b).confidence;
        let after = score(&a.clone().email(&email), &b.clone().email(&email)).confidence;
        prop_assert!(after >= before, "{before} before, {after} after");
    }

    #[test]
    fn blank_fields_change_nothing((a, b) in pair()) {
        let mut same = a.clone().city(" ").job_title("").at("");
        same.city.clone_from(&a.city);
        same.job_title.clone_from(&a.job_title);
        same.company.clone_from(&a.company);
        prop_assert_eq!(score(&same, &b), score(&a, &b));
        prop_assert_eq!(score(&Profile::default(), &b).confidence, 0);
    }

    #[test]
    fn the_weights_of_the_reasons_explain_the_confidence((a, b) in pair()) {
        let judged = score(&a, &b);
        let sum: i64 = judged.evidence.because.iter().filter_map(|reason| reason.weight).sum();
        let bounded = judged.evidence.because.iter().any(|reason| reason.weight.is_none());
        let certain = super::super::weights::certainty(i32::try_from(sum).unwrap());
        prop_assert!(bounded || certain == judged.confidence, "{sum}: {}", judged.evidence);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_judged_within_bounds(one in any_draft(), other in any_draft()) {
        let (a, b) = (one.profile(), other.profile());
        prop_assert!(score(&a, &b).confidence <= 1_000);
        let keys = a.keys();
        let most: usize = KeyKind::ALL.iter().map(|kind| kind.most()).sum();
        prop_assert!(keys.iter().count() <= most, "{} keys", keys.iter().count());
        for key in keys.iter() {
            prop_assert!(key.chars().count() <= 400 && KeyKind::of(key).is_some(), "{key}");
        }
    }

    #[test]
    fn a_list_gives_the_pairs_that_comparing_all_with_all_gives(drafts in proptest::collection::vec(draft(), 0..12)) {
        let profiles: Vec<Profile> = drafts.iter().map(super::drafts::Draft::profile).collect();
        let mut all = Vec::new();
        for (one, a) in profiles.iter().enumerate() {
            for (other, b) in profiles.iter().enumerate().skip(one + 1) {
                let confidence = score(a, b).confidence;
                if confidence >= REPORT {
                    all.push((one, other, confidence));
                }
            }
        }
        let found: Vec<_> = dedupe(&profiles).iter().map(|pair| (pair.one, pair.other, pair.confidence)).collect();
        prop_assert_eq!(found, all);
    }
}

/// Negative control of "what is reported shares a key": without any one kind of keys, some reported pair is missed.
#[test]
fn each_kind_of_key_is_needed() {
    let needed = [
        KeyKind::Email,
        KeyKind::Phone,
        KeyKind::FoldedEmail,
        KeyKind::NameCompany,
        KeyKind::NameCity,
        KeyKind::Name,
        KeyKind::Domain,
        KeyKind::Company,
    ];
    let mut runner = TestRunner::deterministic();
    let mut missed = BTreeSet::new();
    for _ in 0..20_000 {
        let (a, b) = pair().new_tree(&mut runner).unwrap().current();
        if missed.len() < needed.len() && score(&a, &b).confidence >= REPORT {
            missed.extend(needed.iter().filter(|kind| !share_a_key(&a, &b, Some(**kind))));
        }
    }
    // An address that is equal is equal folded too, so its own key is there for exact look-ups only.
    let expected: BTreeSet<KeyKind> = needed.into_iter().filter(|kind| *kind != KeyKind::Email).collect();
    assert_eq!(missed, expected);
}

/// Negative control of the bounds: chance does draw certain pairs and pairs that are nothing.
#[test]
fn the_drawn_pairs_are_of_every_sort() {
    let mut runner = TestRunner::deterministic();
    let confidences: Vec<u16> = (0..1_000)
        .map(|_| pair().new_tree(&mut runner).unwrap().current())
        .map(|(a, b)| score(&a, &b).confidence)
        .collect();
    let share = |wanted: &dyn Fn(u16) -> bool| confidences.iter().filter(|one| wanted(**one)).count();
    assert!(share(&|one| one >= AUTOMATIC) > 100);
    assert!(share(&|one| (REPORT..AUTOMATIC).contains(&one)) > 50);
    assert!(share(&|one| one < REPORT) > 100);
}
