//! The same command again, however often and in whatever order, changes nothing and answers the same.

use crm_core::conversion::{ConversionChoices, NewDeal};
use crm_core::intake::{CaptureOutcome, OnMatch, Submission};
use crm_core::lead::{Lead, NewLead};
use crm_core::testing::office::Office;
use proptest::prelude::*;

use crate::{everything, run};

fn submission(person: u8, number: Option<u8>, on_match: OnMatch) -> Submission {
    let lead = NewLead {
        last_name: Some(["Lovelace", "Babbage", "Menabrea"][usize::from(person)].parse().unwrap()),
        email: Some(format!("p{person}@engine{person}.example").parse().unwrap()),
        ..NewLead::default()
    };
    let external_id = number.map(|number| format!("row {number}").parse().unwrap());
    Submission { external_id, on_match, ..Submission::new("list".parse().unwrap(), lead) }
}

/// Whether anything was changed by the submissions that came before under the same identifier.
async fn changed_by_repetition(batches: &[Vec<(u8, u8, OnMatch)>], identified: bool) -> bool {
    let office = Office::open().await;
    let boss = office.boss().await;
    let batches: Vec<Vec<_>> = batches
        .iter()
        .map(|batch| {
            let one = |(person, number, on_match): &(u8, u8, OnMatch)| {
                submission(*person, identified.then_some(*number), *on_match)
            };
            batch.iter().map(one).collect()
        })
        .collect();
    for batch in &batches {
        boss.intake().capture(batch.clone()).await.unwrap();
    }
    let before = everything(&office.store, office.organization);
    for batch in batches.iter().rev() {
        for outcome in boss.intake().capture(batch.clone()).await.unwrap() {
            let repeated = matches!(outcome, Ok(CaptureOutcome::Repeated { record: Some(_) }));
            assert!(repeated || !identified, "{outcome:?}");
        }
    }
    everything(&office.store, office.organization) != before
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_captured_once_is_captured_once(
        batches in prop::collection::vec(
            prop::collection::vec(
                (0..3_u8, 0..6_u8, prop::sample::select(vec![OnMatch::Policy, OnMatch::Create, OnMatch::Skip, OnMatch::FillEmpty])),
                1..4,
            ),
            1..4,
        ),
    ) {
        prop_assert!(!run(changed_by_repetition(&batches, true)));
    }

    #[test]
    fn what_was_converted_once_is_converted_once(
        keys in prop::collection::vec(prop::option::of(0..3_u8), 1..6),
        deal in any::<bool>(),
    ) {
        run(async {
            let office = Office::open().await;
            let boss = office.boss().await;
            let new = NewLead { owner_id: Some(office.owner), company: Some("Engines".parse().unwrap()), ..submission(0, None, OnMatch::Create).lead };
            let lead = office.lead(new).await;
            let choices =
                if deal { ConversionChoices::with_deal(NewDeal::default()) } else { ConversionChoices::without_deal() };
            let first = boss.conversions().convert(lead.id, &choices, Some("key 0")).await.unwrap();
            let before = everything(&office.store, office.organization);
            for key in keys {
                let name = key.map(|key| format!("key {key}"));
                match boss.conversions().convert(lead.id, &choices, name.as_deref()).await {
                    Ok(again) => assert!(again == first && key.is_none_or(|key| key == 0)),
                    Err(other) => {
                        assert_eq!(other.code(), "conversion.converted_by_another");
                        assert!(key.is_some_and(|key| key != 0));
                    }
                }
            }
            assert_eq!(everything(&office.store, office.organization), before);
            assert_eq!(office.store.dump::<Lead>(office.organization).len(), 1);
        });
    }
}

#[test]
fn repetition_without_an_identifier_is_noticed() {
    let batches = vec![vec![(0, 0, OnMatch::Create)]];
    assert!(!run(changed_by_repetition(&batches, true)));
    assert!(run(changed_by_repetition(&batches, false)), "a second lead is made, and nobody notices");
}
