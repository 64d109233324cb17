//! Engagements, copies, thresholds and jobs, with a store.

use super::office::{DAY, Office, ada, draft_of, each, kind, name, once, who};
use crate::event::Event;
use crate::kernel::{Clock, Kind, Page, Patch};
use crate::lead::{Lead, LeadPatch};
use crate::scoring::{Decay, Engagement, NewEngagement, NewScoringRule, RECHECK, RESCORE, ScoreState, Threshold};

const REACHED: &str = "lead.score_threshold_reached";
const LEFT: &str = "lead.score_threshold_left";
const SCORED: &str = "lead.scored";

async fn office_with_threshold() -> Office {
    let office = Office::open().await;
    let criteria = vec![who("Vice president", 20, Lead::JOB_TITLE.starts_with("VP")), each("form_submitted", 40)];
    let change = |new: &mut NewScoringRule| {
        new.decay = Some(Decay::default());
        new.threshold = Some(Threshold { at: 50, release: 45 });
    };
    office.add_rule(criteria, change).await;
    office
}

#[tokio::test]
async fn a_new_lead_carries_its_score_and_its_reasons() {
    let office = office_with_threshold().await;
    let lead = office.add_lead(ada()).await;
    assert_eq!((lead.score, lead.scored_at), (20, Some(office.clock.now())));
    let score = office.scoring().score(lead.id).await.unwrap();
    assert_eq!(score.total, 20);
    assert_eq!(office.told(lead.id), Vec::<String>::new());
}

#[tokio::test]
async fn an_engagement_with_a_known_key_is_recorded_once() {
    let office = office_with_threshold().await;
    let lead = office.add_lead(ada()).await;
    let new = NewEngagement {
        source_key: Some("forms:17".parse().unwrap()),
        ..NewEngagement::of(lead.id, kind("form_submitted"))
    };
    let first = office.scoring().record_engagement(new.clone()).await.unwrap();
    let again = office.scoring().record_engagement(new).await.unwrap();
    assert_eq!(first.id, again.id);
    assert_eq!(office.store.dump::<Engagement>(office.organization).len(), 1);
    assert_eq!(office.lead(lead.id).score, 60);
    assert_eq!(office.told(lead.id), [SCORED, REACHED]);

    // Without a key the same thing twice is two things.
    office.engage(lead.id, "form_submitted").await;
    assert_eq!(office.lead(lead.id).score, 100);
}

#[tokio::test]
async fn a_source_key_of_another_leads_engagement_is_refused_and_tells_nothing_of_it() {
    let office = office_with_threshold().await;
    let (theirs, ours) = (office.add_lead(ada()).await, office.add_lead(ada()).await);
    let keyed = |lead| NewEngagement {
        source_key: Some("forms:17".parse().unwrap()),
        details: serde_json::json!({"salary": "secret"}),
        ..NewEngagement::of(lead, kind("form_submitted"))
    };
    office.scoring().record_engagement(keyed(theirs.id)).await.unwrap();
    let refused = office.scoring().record_engagement(keyed(ours.id)).await.unwrap_err();
    assert_eq!((refused.code(), refused.kind()), ("engagement.source_key_taken", Kind::Conflict));
    assert_eq!(refused.fields()[0].field, "source_key");
    assert!(!format!("{refused:?}").contains("secret") && !format!("{refused:?}").contains(&theirs.id.to_string()));
    assert_eq!((office.lead(theirs.id).score, office.lead(ours.id).score), (60, 20));
    assert!(
        office.scoring().record_engagement(keyed(theirs.id)).await.is_ok(),
        "control: for its own lead it is known"
    );
}

#[tokio::test]
async fn an_engagement_from_a_clock_ahead_of_ours_happens_now() {
    let office = office_with_threshold().await;
    let lead = office.add_lead(ada()).await;
    let ahead = Some(office.clock.now().plus(DAY));
    let new = NewEngagement { occurred_at: ahead, ..NewEngagement::of(lead.id, kind("form_submitted")) };
    let recorded = office.scoring().record_engagement(new).await.unwrap();
    assert_eq!(recorded.occurred_at, office.clock.now());
    assert_eq!(office.lead(lead.id).score, 60);
}

#[tokio::test]
async fn details_that_are_too_large_and_unknown_leads_are_refused() {
    let office = office_with_threshold().await;
    let lead = office.add_lead(ada()).await;
    let details = serde_json::json!("x".repeat(20_000));
    let new = NewEngagement { details, ..NewEngagement::of(lead.id, kind("form_submitted")) };
    let error = office.scoring().record_engagement(new).await.unwrap_err();
    assert_eq!((error.kind(), error.fields()[0].field.as_str()), (Kind::Invalid, "details"));
    let stranger = NewEngagement::of(crate::kernel::Id::new(uuid::Uuid::nil()), kind("form_submitted"));
    assert_eq!(office.scoring().record_engagement(stranger).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn a_total_that_stays_is_not_told_of_and_leaves_the_lead_alone() {
    let office = office_with_threshold().await;
    let lead = office.add_lead(ada()).await;
    office.engage(lead.id, "something_that_no_rule_counts").await;
    assert_eq!(office.told(lead.id), Vec::<String>::new());
    assert_eq!(office.lead(lead.id).version, 1);
}

#[tokio::test]
async fn a_threshold_is_told_of_once_and_again_only_after_it_was_left() {
    let office = office_with_threshold().await;
    let lead = office.add_lead(ada()).await;
    office.engage(lead.id, "form_submitted").await;
    office.engage(lead.id, "form_submitted").await;
    assert_eq!(office.told(lead.id), [SCORED, REACHED, SCORED], "60, then 100");

    // 100 fades to 80, 65, 53, 45 and 38. At 45 it is below 50 and not below 45: nothing.
    for (days, expected) in [(30, 80), (60, 65), (90, 53), (120, 45)] {
        office.clock.set(lead.created_at.plus(DAY * days));
        assert_eq!(office.run_due().await, u32::from(days == 30), "the rescoring of the new rule");
        assert_eq!(office.scoring().score(lead.id).await.unwrap().total, expected);
    }
    assert_eq!(office.told(lead.id), [SCORED, REACHED, SCORED, SCORED]);
    let jobs = office.jobs(RECHECK);
    assert_eq!(jobs.iter().map(|job| job.due_at).collect::<Vec<_>>(), [lead.created_at.plus(DAY * 150)]);

    office.clock.set(lead.created_at.plus(DAY * 150));
    assert_eq!(office.run_due().await, 1);
    assert_eq!(office.told(lead.id)[4..], [SCORED, LEFT]);
    assert_eq!(office.lead(lead.id).score, 38);
    assert!(office.jobs(RECHECK).is_empty(), "nothing that fades lifts the total again");

    office.engage(lead.id, "form_submitted").await;
    assert_eq!(office.told(lead.id)[6..], [SCORED, REACHED]);
}

#[tokio::test]
async fn a_penalty_that_fades_lets_a_lead_reach_the_threshold_by_itself() {
    let office = Office::open().await;
    let criteria = vec![who("Vice president", 60, Lead::JOB_TITLE.starts_with("VP")), once("email_bounced", -40)];
    let change = |new: &mut NewScoringRule| {
        new.decay = Some(Decay::default());
        new.threshold = Some(Threshold { at: 50, release: 30 });
    };
    office.add_rule(criteria, change).await;
    office.run_due().await;
    let lead = office.add_lead(ada()).await;
    assert_eq!(office.told(lead.id), [REACHED]);
    office.engage(lead.id, "email_bounced").await;
    assert_eq!(office.told(lead.id)[1..], [SCORED, LEFT], "20");
    // 40 of penalty: 30, 22, 16, 12, 9. At 60 - 9 the threshold is reached.
    let due = office.jobs(RECHECK)[0].due_at;
    assert_eq!(due, lead.created_at.plus(DAY * 150));
    office.clock.set(due);
    assert_eq!(office.run_due().await, 1);
    assert_eq!(office.told(lead.id)[3..], [SCORED, REACHED]);
    assert_eq!(office.lead(lead.id).score, 51);
}

#[tokio::test]
async fn a_lead_that_comes_in_above_the_threshold_reaches_it() {
    let office = Office::open().await;
    let everyone = vec![who("Vice president", 60, Lead::JOB_TITLE.starts_with("VP"))];
    office.add_rule(everyone, |new| new.threshold = Some(Threshold { at: 50, release: 30 })).await;
    let lead = office.add_lead(ada()).await;
    assert_eq!(office.told(lead.id), [REACHED]);
    let states = office.store.dump::<ScoreState>(office.organization);
    assert_eq!(states.iter().map(|state| (state.lead_id, state.above)).collect::<Vec<_>>(), [(lead.id, true)]);
}

#[tokio::test]
async fn a_changed_rule_rescores_every_lead_page_by_page() {
    let office = Office::open().await;
    let everyone = vec![who("Vice president", 10, Lead::JOB_TITLE.starts_with("VP"))];
    office.add_rule(everyone, |_| {}).await;
    let mut leads = Vec::new();
    for _ in 0..5 {
        leads.push(office.add_lead(ada()).await.id);
    }
    let rule = office.scoring().rules().await.unwrap().into_iter().find(|rule| rule.active).unwrap();
    let mut new = draft_of(&rule);
    new.criteria[0].points = 33;
    office.scoring().change_rule(rule.id, rule.version, new).await.unwrap();
    assert_eq!(office.jobs(RESCORE).len(), 1, "one job, however many rules changed");

    let after = office.scoring().rescore_all(None, 2).await.unwrap();
    assert_eq!(after, Some(leads[1]));
    assert_eq!(leads.iter().map(|id| office.lead(*id).score).collect::<Vec<_>>(), [33, 33, 10, 10, 10]);
    let after = office.scoring().rescore_all(after, 2).await.unwrap();
    assert_eq!(office.scoring().rescore_all(after, 2).await.unwrap(), None);
    assert!(leads.iter().all(|id| office.lead(*id).score == 33));
    assert_eq!(office.told(leads[4]), [SCORED]);
    office.run_due().await;
    assert!(office.jobs(RESCORE).is_empty());
    assert_eq!(office.told(leads[4]), [SCORED], "nothing was left to do");
}

#[tokio::test]
async fn engagements_recorded_at_once_are_all_counted() {
    let office = office_with_threshold().await;
    let lead = office.add_lead(ada()).await.id;
    let mut tasks = Vec::new();
    for number in 0..16 {
        let session = office.session.clone();
        // Every key comes twice.
        let source_key = Some(format!("forms:{}", number / 2).parse().unwrap());
        let new = NewEngagement { source_key, ..NewEngagement::of(lead, kind("form_submitted")) };
        tasks.push(tokio::spawn(async move {
            loop {
                match session.scoring().record_engagement(new.clone()).await {
                    Ok(_) => break,
                    Err(error) => assert_eq!(error.code(), "record.changed_meanwhile"),
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(office.store.dump::<Engagement>(office.organization).len(), 8);
    assert_eq!(office.lead(lead).score, 20 + 8 * 40);
    let reached = office.told(lead).into_iter().filter(|name| name == REACHED).count();
    assert_eq!(reached, 1);
}

#[tokio::test]
async fn a_removed_lead_is_forgotten() {
    let office = office_with_threshold().await;
    let lead = office.add_lead(ada()).await;
    office.engage(lead.id, "form_submitted").await;
    assert_eq!(office.jobs(RECHECK).len(), 1);
    let row = office.lead(lead.id);
    office.session.leads().delete(row.id, row.version).await.unwrap();
    assert!(office.jobs(RECHECK).is_empty());
    assert!(office.store.dump::<Engagement>(office.organization).is_empty());
    assert!(office.store.dump::<ScoreState>(office.organization).is_empty());
    assert!(!office.store.dump::<Event>(office.organization).is_empty());
}

#[tokio::test]
async fn engagements_are_listed_by_lead() {
    let office = office_with_threshold().await;
    let (one, other) = (office.add_lead(ada()).await.id, office.add_lead(ada()).await.id);
    office.engage(one, "form_submitted").await;
    office.engage(other, "email_opened").await;
    let listed = office.scoring().engagements(other, &Page::first(10)).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(), ["email_opened"]);
}

#[tokio::test]
async fn a_changed_lead_is_scored_anew_with_the_next_due_work() {
    let office = Office::open().await;
    office.add_rule(vec![who("In Bern", 30, Lead::CITY.is("Bern"))], |_| {}).await;
    office.run_due().await;
    let lead = office.add_lead(ada()).await;
    let patch = LeadPatch { city: Patch::Set(name("Bern")), ..LeadPatch::default() };
    let lead = office.session.leads().change(lead.id, lead.version, patch).await.unwrap();
    assert_eq!((lead.score, office.run_due().await), (0, 1));
    assert_eq!(office.lead(lead.id).score, 30);
    assert_eq!(office.told(lead.id), ["lead.changed", "lead.scored"]);
    // However often it changes until then, it is scored once.
    office.session.leads().contact(lead.id).await.unwrap();
    office.session.leads().qualify(lead.id).await.unwrap();
    assert_eq!(office.run_due().await, 1);
}

#[tokio::test]
async fn a_copy_of_the_score_stands_in_nobodys_way() {
    let office = office_with_threshold().await;
    let seen = office.add_lead(ada()).await;
    office.engage(seen.id, "form_submitted").await;
    assert_eq!(office.lead(seen.id).version, seen.version + 1, "control: the copy was saved");
    let patch = |city: &str| LeadPatch { city: Patch::Set(name(city)), ..LeadPatch::default() };
    let leads = office.session.leads();
    let changed = leads.change(seen.id, seen.version, patch("Bern")).await.unwrap();
    assert_eq!((changed.city.as_deref(), changed.score), (Some("Bern"), 60));
    // What somebody changed in between still does, also when a score was copied after it.
    office.engage(seen.id, "form_submitted").await;
    for version in [seen.version, changed.version - 1, changed.version + 2] {
        let stale = leads.change(seen.id, version, patch("Rome")).await.unwrap_err();
        assert_eq!(stale.code(), "record.stale_version", "{version}");
    }
    assert!(leads.change(seen.id, changed.version, patch("Rome")).await.is_ok());
}
