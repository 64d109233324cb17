//! The verbs: what goes in comes out, and a save names the version that it has seen.

use serde_json::json;

use super::Check;
use super::bench::{Bench, Checked, aborted, holds, lead, refused, same, team};
use crate::access::{Actor, Team};
use crate::event::Event;
use crate::kernel::{Entity, Page, Stored, Timestamp};
use crate::lead::Lead;
use crate::store::{Records, Store};

pub(super) const CHECKS: &[Check] = &[
    Check::new("an_inserted_record_is_found_as_it_was", |store| Box::pin(an_inserted_record_is_found_as_it_was(store))),
    Check::new("an_absent_record_is_not_found", |store| Box::pin(an_absent_record_is_not_found(store))),
    Check::new("an_update_replaces_the_record", |store| Box::pin(an_update_replaces_the_record(store))),
    Check::new("a_deleted_record_is_gone", |store| Box::pin(a_deleted_record_is_gone(store))),
    Check::new("a_stale_update_is_a_conflict", |store| Box::pin(a_stale_update_is_a_conflict(store))),
    Check::new("a_stale_delete_is_a_conflict", |store| Box::pin(a_stale_delete_is_a_conflict(store))),
    Check::new("an_identifier_is_given_once", |store| Box::pin(an_identifier_is_given_once(store))),
    Check::new("a_thousand_records_go_in_at_once", |store| Box::pin(a_thousand_records_go_in_at_once(store))),
    Check::new("a_refused_batch_adds_nothing", |store| Box::pin(a_refused_batch_adds_nothing(store))),
    Check::new("events_are_kept_in_their_order", |store| Box::pin(events_are_kept_in_their_order(store))),
];

/// A lead with something of every kind in it, at the edges of what there is.
fn full_lead() -> Checked<Lead> {
    let mut json = serde_json::to_value(lead(i64::MIN, None)?)?;
    let edges = json!({
        "first_name": "Zoë 'O\"Neil\\ 🐘 100%", "company": "名前 株式会社", "email": "Ada.Lovelace@Example.com",
        "other_emails": ["b@example.org", "a@example.org"], "employee_count": i64::MAX,
        "scored_at": Timestamp::MIN, "converted_at": Timestamp::MAX, "tags": ["a b", "vip"],
        "note": "first line\n\tsecond line",
        "custom": {
            "words": { "text": "null" }, "size": { "number": "-1.5" }, "price": { "money": { "minor": -1, "currency": "JPY" } },
            "day": { "date": "0001-01-01" }, "yes": { "bool": false }, "one": { "choice": "red" },
            "many": { "choices": ["blue", "red"] }, "none": { "choices": [] }
        },
    });
    if let (Some(lead), Some(edges)) = (json.as_object_mut(), edges.as_object()) {
        lead.extend(edges.clone());
    }
    Ok(serde_json::from_value(json)?)
}

async fn an_inserted_record_is_found_as_it_was(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let mut row = bench.row(full_lead()?);
    row.created_at = Timestamp::MIN;
    row.updated_at = Timestamp::from_micros(-1)?;
    bench.put(organization, std::slice::from_ref(&row)).await?;
    same("the lead", &bench.find(organization, row.id).await?.as_ref(), &Some(&row))?;
    let mut tx = bench.write(organization).await?;
    same("the locked lead", &Records::<Lead>::lock(&mut *tx, row.id).await?, &Some(row))
}

async fn an_absent_record_is_not_found(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let lead = bench.put_one(organization, lead(1, None)?).await?;
    same("an unknown team", &bench.find::<Team>(organization, bench.new_id()).await?, &None)?;
    // The same identifier under another kind is another record.
    let as_team = bench.find::<Team>(organization, crate::kernel::Id::new(lead.id.uuid())).await?;
    same("a lead's identifier as a team's", &as_team, &None)?;
    let mut tx = bench.write(organization).await?;
    same("an unknown team, locked", &Records::<Team>::lock(&mut *tx, bench.new_id()).await?, &None)
}

async fn an_update_replaces_the_record(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let (mut row, other) = (bench.row(full_lead()?), bench.row(lead(7, None)?));
    bench.put(organization, &[row.clone(), other.clone()]).await?;
    bench.clock.advance(std::time::Duration::from_secs(1));
    for score in [5, 6] {
        row = bench.next(&row, |lead| lead.score = score);
        bench.save(organization, &row).await?;
    }
    same("the version", &row.version, &3)?;
    same("the saved lead", &bench.find(organization, row.id).await?, &Some(row))?;
    same("the other lead", &bench.find(organization, other.id).await?, &Some(other))
}

async fn a_deleted_record_is_gone(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let (row, other) = (bench.row(full_lead()?), bench.row(lead(7, None)?));
    bench.put(organization, &[row.clone(), other.clone()]).await?;
    bench.remove(organization, &row).await?;
    same("the removed lead", &bench.find(organization, row.id).await?, &None)?;
    same("what is left", &bench.all(organization).await?, &vec![other.clone()])?;
    // The identifier is free again, and nothing of the old record clings to it.
    let again = Stored { value: lead(8, None)?, ..row };
    bench.put(organization, std::slice::from_ref(&again)).await?;
    same("the lead under the old identifier", &bench.all(organization).await?, &vec![again, other])?;
    let mut tx = bench.read(organization).await?;
    let tagged = Records::<Lead>::list(&mut *tx, &Lead::TAGS.has(&"vip".parse()?), &Page::first(10)).await?;
    same("the leads with the old one's tag", &tagged, &Vec::new())
}

async fn a_stale_update_is_a_conflict(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let first = bench.put_one(organization, team("first", None)?).await?;
    let second = bench.next(&first, |_| ());
    bench.save(organization, &second).await?;
    let absent = bench.row(team("absent", None)?);
    let late = [("the version that is there", 2), ("a version that was skipped", 4), ("an old version", 1)];
    let late = late.map(|(what, version)| (what, Stored { version, ..second.clone() }));
    for (what, row) in late.into_iter().chain([("an absent record", bench.next(&absent, |_| ()))]) {
        let mut tx = bench.write(organization).await?;
        refused(what, Records::<Team>::update(&mut *tx, &row).await, "record.changed_meanwhile")?;
        aborted(tx).await?;
    }
    same("the teams", &bench.all(organization).await?, &vec![second])
}

async fn a_stale_delete_is_a_conflict(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let first = bench.put_one(organization, team("first", None)?).await?;
    let second = bench.next(&first, |_| ());
    bench.save(organization, &second).await?;
    let tries = [("an old version", first.id, 1), ("a later version", first.id, 3), ("absent", bench.new_id(), 1)];
    for (what, id, version) in tries {
        let mut tx = bench.write(organization).await?;
        refused(what, Records::<Team>::delete(&mut *tx, id, version).await, "record.changed_meanwhile")?;
        aborted(tx).await?;
    }
    same("the teams", &bench.all(organization).await?, &vec![second])
}

async fn an_identifier_is_given_once(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let row = bench.put_one(organization, team("first", None)?).await?;
    let again = Stored { value: team("second", None)?, ..row.clone() };
    refused("a known identifier", bench.put(organization, &[again]).await, "record.duplicate")?;
    let new = bench.row(team("third", None)?);
    let twice = [new.clone(), Stored { value: team("fourth", None)?, ..new }];
    refused("an identifier twice", bench.put(organization, &twice).await, "record.duplicate")?;
    same("the teams", &bench.all(organization).await?, &vec![row])
}

async fn a_thousand_records_go_in_at_once(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let mut rows = Vec::new();
    for number in 0..1_000 {
        rows.push(bench.row(team(&format!("team {number}"), rows.last().map(|above: &Stored<Team>| above.id))?));
    }
    bench.put(organization, &rows).await?;
    let found = bench.all::<Team>(organization).await?;
    same("how many were found", &found.len(), &rows.len())?;
    holds("that all are found as they were", found == rows)?;
    // Nothing at all is a batch too.
    bench.put::<Team>(organization, &[]).await?;
    Ok(())
}

async fn a_refused_batch_adds_nothing(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let mut rows = Vec::new();
    for number in 0..300 {
        rows.push(bench.row(team(&format!("team {}", number.min(298)), None)?));
    }
    refused("a batch whose last two collide", bench.put(organization, &rows).await, "record.duplicate")?;
    same("the teams", &bench.all::<Team>(organization).await?, &Vec::new())
}

async fn events_are_kept_in_their_order(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let mut events = Vec::new();
    for version in 1..=20 {
        events.push(bench.row(Event {
            name: "team.changed".to_owned(),
            entity: Team::NAME.to_owned(),
            record_id: organization.uuid(),
            record_version: version,
            occurred_at: bench.now(),
            actor: Actor::System("test".to_owned()),
            cause_id: (version > 1).then_some(organization.uuid()),
            correlation_id: organization.uuid(),
            data: json!({ "changed": [null, version, 1.5, "ü", { "deep": true }], "": {} }),
        }));
    }
    bench.put(organization, &events).await?;
    same("the events", &bench.all(organization).await?, &events)
}
