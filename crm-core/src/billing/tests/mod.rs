//! What must hold of billing whatever happens, and the tests that show it.
//!
//! | invariant | shown by |
//! |---|---|
//! | 1. any order, repetition and interleaving of events ends in the same | `invariants_1_and_2_every_order_loss_and_repetition_of_events_ends_in_the_truth`, `any_order_number_and_loss_of_events_ends_with_the_access_that_was_paid_for`, `postgresql_comes_to_the_same_access` |
//! | 2. so does any loss, followed by one sweep | the same, and `lost_webhooks_are_made_up_for_by_one_sweep` |
//! | 3. writing twice is writing once, versions only rise, an older fetch never wins | `invariant_3_an_older_fetch_never_overwrites_a_newer_one`, `invariant_3_every_change_raises_the_version_and_nothing_else_does` |
//! | 4. what has ended stays ended | `invariant_4_what_has_ended_stays_ended` |
//! | 5. every encoding of one state is the same state | `invariant_5_both_encodings_of_an_end_are_the_same_decision`, `invariant_5_a_subscription_in_the_old_shape_is_the_same_subscription` |
//! | 6. unknown fields and words are no errors and open nothing | `invariant_6_words_that_we_do_not_know_never_raise_access`, `unknown_fields_change_nothing`, `unknown_words_and_prices_open_nothing` |
//! | 7. what is kept at hand is what would be decided, at every instant | `invariant_7_the_answer_is_what_is_decided_at_every_instant`, `invariant_7_the_answer_is_what_is_decided_for_any_subscription` |
//! | 8. access ends with the subscription; less paid never opens more | `invariant_8_access_ends_with_the_subscription_and_never_grows_by_taking_away`, `invariant_8_a_worse_state_never_raises_a_level` |
//! | 9. one customer's events leave the others as they were | `invariant_9_what_happens_to_one_customer_leaves_the_other_as_it_was`, `events_of_one_customer_leave_others_as_they_are` |
//! | 10. a crash anywhere ends in the same and charges once | `invariant_10_a_crash_between_any_two_steps_ends_in_the_same_and_charges_once`, `invariant_10_an_answer_that_is_lost_anywhere_changes_nothing`, `invariant_10_a_command_that_fails_after_its_effect_has_it_once`, `a_command_whose_key_is_forgotten_is_looked_for_before_it_is_sent_again` |
//! | 11. no forged or changed webhook is let in, and none panics | `every_vector_has_its_verdict`, `a_flipped_bit_anywhere_is_refused`, `checking_never_panics` |
//! | 12. each threshold warns once in a period, the lesser ones first | `invariant_12_each_threshold_warns_once_and_a_raised_limit_warns_anew`, `thresholds_are_exact_and_never_skip_a_lesser_one` |

mod access;
mod cache;
mod commands;
mod convergence;
mod crashes;
mod dunning;
mod fixture;
mod members;
mod plan;
mod provisional;
mod reversals;
mod simulation;
mod syncing;
mod usage;

/// The sources of the tests of a folder and of those within it.
fn sources(folder: &std::path::Path, read: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, read);
        } else {
            read.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_test_of_the_table_is_there() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = String::new();
    for folder in ["src/billing/tests", "../crm-billing-stripe/tests/stripe"] {
        sources(&here.join(folder), &mut all);
    }
    let table = include_str!("mod.rs").lines().filter(|line| line.starts_with("//! | "));
    let named: Vec<&str> = table.flat_map(|line| line.split('`').skip(1).step_by(2)).collect();
    assert!(named.len() > 20, "{named:?}");
    let missing: Vec<_> = named.iter().filter(|name| !all.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
