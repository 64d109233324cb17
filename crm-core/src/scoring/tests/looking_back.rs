//! Past scores, computed again.

use super::office::{DAY, Office, ada, draft_of, each, name, who};
use crate::kernel::{Clock, Patch};
use crate::lead::{Lead, LeadPatch};
use crate::scoring::Decay;

#[tokio::test]
async fn the_past_is_scored_as_it_was_scored_then() {
    let office = Office::open().await;
    let criteria = vec![
        who("Vice president", 20, Lead::JOB_TITLE.starts_with("VP")),
        who("Qualified", 7, Lead::STATUS.is("qualified")),
        each("form_submitted", 40),
    ];
    office.add_rule(criteria, |new| new.decay = Some(Decay::default())).await;
    let before = office.clock.now();
    office.clock.advance(DAY);
    let lead = office.add_lead(ada()).await.id;
    let mut instants = vec![before];
    let mut then = vec![0];

    for step in 0..7 {
        office.clock.advance(DAY * 9);
        match step {
            0 | 4 => drop(office.engage(lead, "form_submitted").await),
            1 => {
                let patch = LeadPatch { job_title: Patch::Set(name("Intern")), ..LeadPatch::default() };
                let version = office.lead(lead).version;
                office.session.leads().change(lead, version, patch).await.unwrap();
            }
            2 => drop(office.session.leads().qualify(lead).await.unwrap()),
            3 => {
                let rule = office.scoring().rules().await.unwrap().into_iter().find(|rule| rule.active).unwrap();
                let mut new = draft_of(&rule);
                new.criteria[2].points = 10;
                office.scoring().change_rule(rule.id, rule.version, new).await.unwrap();
            }
            5 => drop(office.session.leads().disqualify(lead, None).await.unwrap()),
            _ => {}
        }
        instants.push(office.clock.now());
        then.push(office.scoring().score(lead).await.unwrap().total);
    }
    assert_eq!(then, [0, 60, 40, 47, 17, 24, 17, 17]);

    let history = office.scoring().history(lead, &instants).await.unwrap();
    assert_eq!(history.iter().map(|score| score.total).collect::<Vec<_>>(), then);
    assert_eq!(history.iter().map(|score| score.at).collect::<Vec<_>>(), instants);
    for score in &history {
        assert_eq!(score.contributions().map(|line| line.points).sum::<i64>(), score.total);
    }
}

#[tokio::test]
async fn too_many_instants_are_refused() {
    let office = Office::open().await;
    let lead = office.add_lead(ada()).await.id;
    let error = office.scoring().history(lead, &vec![office.clock.now(); 367]).await.unwrap_err();
    assert_eq!(error.fields()[0].field, "instants");
}
