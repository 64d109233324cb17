//! Lists: every test on every field, every order, and pages without gaps or doubles.

use serde_json::json;

use super::Check;
use super::bench::{Bench, Checked, holds, lead, member, same, team};
use crate::access::{Member, OrganizationId, Team};
use crate::agenda::Job;
use crate::kernel::{
    Cursor, Date, Direction, Entity, Field, FieldKind, Id, Page, Predicate, Stored, Test, Timestamp, Value, ValueRef,
    terms,
};
use crate::lead::Lead;
use crate::store::{Records, Store, Tx};

pub(super) const CHECKS: &[Check] = &[
    Check::new("a_list_holds_exactly_what_matches", |store| Box::pin(a_list_holds_exactly_what_matches(store))),
    Check::new("every_test_of_every_field_means_the_same", |store| {
        Box::pin(every_test_of_every_field_means_the_same(store))
    }),
    Check::new("custom_values_of_different_kinds_never_meet", |store| {
        Box::pin(custom_values_of_different_kinds_never_meet(store))
    }),
    Check::new("every_order_is_total", |store| Box::pin(every_order_is_total(store))),
    Check::new("pages_have_no_gaps_and_no_doubles", |store| Box::pin(pages_have_no_gaps_and_no_doubles(store))),
    Check::new("a_page_begins_behind_a_record_that_is_gone", |store| {
        Box::pin(a_page_begins_behind_a_record_that_is_gone(store))
    }),
    Check::new("a_wide_condition_is_answered", |store| Box::pin(a_wide_condition_is_answered(store))),
];

/// Leads with ties, gaps, neighbours and values that only look alike.
async fn leads(bench: &Bench<'_>, organization: OrganizationId) -> Checked<Vec<Stored<Lead>>> {
    let ada = bench.put_one(organization, member("ada@example.com")?).await?;
    let bob = bench.put_one(organization, member("bob@example.com")?).await?;
    let variants = [
        json!({}),
        json!({ "first_name": "a", "owner_id": ada.id, "tags": ["vip"], "custom": { "k": { "text": "1" } } }),
        json!({ "first_name": "ab", "status": "qualified", "custom": { "k": { "number": "0.000001" } } }),
        json!({ "first_name": "A", "employee_count": 0, "custom": { "k": { "bool": true } } }),
        json!({ "first_name": "ä", "employee_count": -5, "tags": ["a", "vip"], "custom": { "k": { "bool": false } } }),
        json!({ "first_name": "b", "owner_id": bob.id, "scored_at": Timestamp::MIN, "custom": { "k": { "date": "2026-01-01" } } }),
        json!({ "first_name": "～", "scored_at": Timestamp::MAX, "custom": { "k": { "text": "2026-01-01" } } }),
        json!({ "first_name": "a𠀀b", "owner_id": ada.id, "custom": { "k": { "money": { "minor": 1, "currency": "EUR" } } } }),
        json!({ "first_name": "%", "tags": ["A"], "custom": { "k": { "choices": ["blue", "red"] }, "j": { "choice": "red" } } }),
        json!({ "first_name": "'", "company": "a", "custom": { "k": { "choices": [] } } }),
        json!({ "first_name": "null", "status": "qualified", "custom": { "k": { "number": "0" } } }),
        json!({ "first_name": "ab", "email": "A@example.com", "owner_id": ada.id, "employee_count": 10 }),
    ];
    let mut rows = Vec::new();
    for (place, variant) in variants.into_iter().enumerate() {
        let score = i64::try_from(place % 4)? - 1;
        let mut json = serde_json::to_value(lead(score, None)?)?;
        if let (Some(lead), Some(variant)) = (json.as_object_mut(), variant.as_object()) {
            lead.extend(variant.clone());
        }
        let mut row = bench.row(serde_json::from_value::<Lead>(json)?);
        // Made in pairs, saved in threes: ties in both instants.
        row.created_at = row.created_at.plus(std::time::Duration::from_secs(u64::try_from(place / 2)?));
        row.updated_at = row.updated_at.minus(std::time::Duration::from_micros(u64::try_from(place / 3)?));
        rows.push(row);
    }
    bench.put(organization, &rows).await?;
    // Somebody else's leads must never be among them.
    let other = bench.organization().await?;
    bench.put_one(other, lead(0, None)?).await?;
    Ok(rows)
}

async fn a_list_holds_exactly_what_matches(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let rows = leads(&bench, organization).await?;
    let mut tx = bench.read(organization).await?;
    // Written out by hand, so that not everything rests on the evaluation in Rust.
    let wanted: [(&str, Predicate<Lead>, &[usize]); 8] = [
        ("everything", Predicate::everything(), &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        ("nothing", Predicate::nothing(), &[]),
        ("an exact text", Lead::FIRST_NAME.is("ab"), &[2, 11]),
        ("a prefix", Lead::FIRST_NAME.starts_with("a"), &[1, 2, 7, 11]),
        ("no value", Lead::FIRST_NAME.is_empty(), &[0]),
        (
            "not at least, with absent values",
            Lead::EMPLOYEE_COUNT.at_least(0).negated(),
            &[0, 1, 2, 4, 5, 6, 7, 8, 9, 10],
        ),
        ("a tag", Lead::TAGS.has(&"vip".parse()?), &[1, 4]),
        ("one of several choices", Lead::CUSTOM.value("k", Test::Equals(Value::Text("red".to_owned()))), &[8]),
    ];
    for (what, predicate, wanted) in wanted {
        let found = Records::<Lead>::list(&mut *tx, &predicate, &Page::first(1_000)).await?;
        let found: Vec<_> = found.iter().map(|row| rows.iter().position(|own| own.id == row.id)).collect();
        let wanted: Vec<_> = wanted.iter().copied().map(Some).collect();
        same(what, &found, &wanted)?;
    }
    Ok(())
}

async fn every_test_of_every_field_means_the_same(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let rows = leads(&bench, organization).await?;
    let mut jobs = Vec::new();
    for (place, due) in [Timestamp::MIN, bench.now(), bench.now(), Timestamp::MAX].into_iter().enumerate() {
        let job = Job::at(due, ["a.b", "a.c"].get(place % 2).copied().unwrap_or_default(), json!(null));
        jobs.push(bench.row(if place > 1 { job.unique(format!("k{place}")) } else { job }));
    }
    bench.put(organization, &jobs).await?;
    let members = bench.all::<Member>(organization).await?;
    let mut tx = bench.read(organization).await?;
    try_every_test(&mut *tx, &rows).await?;
    try_every_test(&mut *tx, &jobs).await?;
    try_every_test(&mut *tx, &members).await
}

async fn try_every_test<'t, E: Entity>(tx: &mut (dyn Tx + 't), rows: &[Stored<E>]) -> Checked
where
    dyn Tx + 't: Records<E>,
{
    let strangers = [
        Value::Text("a".to_owned()),
        Value::Integer(1),
        Value::Bool(true),
        Value::Uuid(uuid::Uuid::nil()),
        Value::Time(Timestamp::MIN),
        Value::Date(Date::from_days(0)?),
    ];
    for field in Field::SYSTEM.into_iter().chain(E::FIELDS.iter().copied()) {
        let held = rows.iter().filter_map(|row| (field.read)(row).to_value());
        let mut values: Vec<Value> = held.chain(strangers.iter().cloned()).collect();
        values.sort();
        values.dedup();
        let mut tests =
            vec![Test::IsEmpty, Test::In(Vec::new()), Test::In(values.iter().step_by(2).cloned().collect())];
        tests.extend(values.iter().flat_map(each_comparison));
        for row in rows {
            if let ValueRef::Tags(tags) = (field.read)(row) {
                tests.extend(tags.iter().map(|tag| Test::HasTag(tag.as_str().to_owned())));
            }
        }
        tests.push(Test::HasTag("a".to_owned()));
        // Prefixes whose next text is another length, or beyond a gap, or not there at all.
        tests.extend(
            ["a\u{10ffff}", "\u{d7ff}", "\u{10ffff}", "a𠀀", "～"].map(|prefix| Test::Prefix(prefix.to_owned())),
        );
        for test in tests {
            agree(tx, rows, &Predicate::Test(field, test)).await?;
        }
    }
    Ok(())
}

fn each_comparison(value: &Value) -> Vec<Test> {
    let value = || value.clone();
    let mut tests = vec![
        Test::Equals(value()),
        Test::In(vec![value()]),
        Test::AtLeast(value()),
        Test::Above(value()),
        Test::AtMost(value()),
        Test::Below(value()),
    ];
    if let Value::Text(text) = value() {
        tests.push(Test::Prefix(text.chars().take(1).collect()));
        tests.push(Test::Prefix(text));
        tests.push(Test::Prefix(String::new()));
    }
    tests
}

/// Checks that the store's list of what matches, and of what does not, is what evaluation in Rust says.
async fn agree<'t, E: Entity>(tx: &mut (dyn Tx + 't), rows: &[Stored<E>], predicate: &Predicate<E>) -> Checked
where
    dyn Tx + 't: Records<E>,
{
    for predicate in [predicate.clone(), predicate.clone().negated()] {
        let found = Records::<E>::list(tx, &predicate, &Page::first(1_000)).await?;
        let wanted: Vec<_> = rows.iter().filter(|row| predicate.matches(row)).map(|row| row.id).collect();
        same(&format!("{predicate:?}"), &found.iter().map(|row| row.id).collect(), &wanted)?;
    }
    Ok(())
}

async fn custom_values_of_different_kinds_never_meet(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let mut rows = leads(&bench, organization).await?;
    // Values come, change and go; what is searched for follows.
    if let [first, second, ..] = rows.as_mut_slice() {
        *first = bench.next(first, |lead| lead.custom = second.custom.clone());
        bench.save(organization, first).await?;
        *second = bench.next(second, |lead| {
            lead.custom = crate::kernel::CustomValues::default();
            lead.tags = Vec::new();
        });
        bench.save(organization, second).await?;
    }
    let mut values: Vec<Value> = rows.iter().flat_map(terms).map(|term| term.value).collect();
    values.extend([Value::Integer(0), Value::Text("0".to_owned()), Value::Text(String::new())]);
    values.sort();
    values.dedup();
    let mut tests: Vec<Test> = values.iter().flat_map(each_comparison).collect();
    tests.extend([Test::IsEmpty, Test::In(values), Test::In(Vec::new()), Test::HasTag("vip".to_owned())]);
    let mut tx = bench.read(organization).await?;
    for test in tests {
        for key in ["k", "j", "absent", "", "k'"] {
            agree(&mut *tx, &rows, &Lead::CUSTOM.value(key, test.clone())).await?;
        }
        agree(&mut *tx, &rows, &Predicate::Custom(Lead::TAGS.field(), "k".to_owned(), test)).await?;
    }
    Ok(())
}

fn orders<E>() -> impl Iterator<Item = Field<E>>
where
    E: Entity,
{
    let fields = Field::SYSTEM.into_iter().chain(E::FIELDS.iter().copied());
    fields.filter(|field| !field.optional && !matches!(field.kind, FieldKind::Tags | FieldKind::Custom))
}

const DIRECTIONS: [Direction; 2] = [Direction::Ascending, Direction::Descending];

fn sorted<E: Entity>(rows: &[Stored<E>], order: Field<E>, direction: Direction) -> Vec<Id<E>> {
    let mut places: Vec<_> = rows.iter().map(|row| ((order.read)(row).to_value(), row.id)).collect();
    places.sort();
    if direction == Direction::Descending {
        places.reverse();
    }
    places.into_iter().map(|(_, id)| id).collect()
}

async fn every_order_is_total(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let rows = leads(&bench, organization).await?;
    let mut tx = bench.read(organization).await?;
    for order in orders::<Lead>() {
        for direction in DIRECTIONS {
            let page = Page::ordered(order, direction, 1_000)?;
            let found = Records::<Lead>::list(&mut *tx, &Predicate::everything(), &page).await?;
            let found: Vec<_> = found.iter().map(|row| row.id).collect();
            same(&format!("leads by {order:?}, {direction:?}"), &found, &sorted(&rows, order, direction))?;
        }
    }
    Ok(())
}

async fn pages_have_no_gaps_and_no_doubles(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let rows = leads(&bench, organization).await?;
    let mut tx = bench.read(organization).await?;
    let filter = Lead::SCORE.at_least(0);
    let matching: Vec<_> = rows.into_iter().filter(|row| filter.matches(row)).collect();
    for order in orders::<Lead>() {
        for direction in DIRECTIONS {
            for limit in [1, 2, 5] {
                let what = format!("leads by {order:?}, {direction:?}, {limit} at a time");
                let mut page = Page::ordered(order, direction, limit)?;
                let mut walked = Vec::new();
                while walked.len() <= matching.len() {
                    let rows = Records::<Lead>::list(&mut *tx, &filter, &page).await?;
                    holds(&format!("{what}: the limit"), rows.len() <= usize::try_from(limit)?)?;
                    let Some(last) = rows.last() else { break };
                    page = page.following(last);
                    walked.extend(rows.iter().map(|row| row.id));
                }
                same(&what, &walked, &sorted(&matching, order, direction))?;
            }
        }
    }
    Ok(())
}

async fn a_page_begins_behind_a_record_that_is_gone(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let mut rows = Vec::new();
    for name in ["d", "c", "b", "a"] {
        rows.push(bench.row(team(name, None)?));
    }
    bench.put(organization, &rows).await?;
    let page = Page::ordered(Team::NAME_FIELD.field(), Direction::Ascending, 2)?;
    let [_, _, second, first] = rows.as_slice() else { return holds("four teams", false) };
    let (behind_first, behind_second) = (page.following(first), page.following(second));
    for row in [first, second] {
        bench.remove(organization, row).await?;
    }
    let mut tx = bench.read(organization).await?;
    for page in [page.clone(), behind_first, behind_second] {
        let found = Records::<Team>::list(&mut *tx, &Predicate::everything(), &page).await?;
        let names: Vec<_> = found.iter().map(|row| row.name.as_str()).collect();
        same("what is left", &names, &vec!["c", "d"])?;
    }
    // Among equal values the identifier decides, also one that no record has.
    let cursor = Cursor { value: Value::Text("c".to_owned()), id: uuid::Uuid::max() };
    let found = Records::<Team>::list(&mut *tx, &Predicate::everything(), &page.after(cursor)?).await?;
    same("behind every c", &found.iter().map(|row| row.name.as_str()).collect(), &vec!["d"])
}

async fn a_wide_condition_is_answered(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let organization = bench.organization().await?;
    let rows = leads(&bench, organization).await?;
    let mut tx = bench.read(organization).await?;
    let many: Vec<i64> = (-2_500..2_500).collect();
    agree(&mut *tx, &rows, &Lead::SCORE.is_one_of(many.clone())).await?;
    let parts: Vec<_> = many.into_iter().map(|score| Lead::SCORE.is(score)).collect();
    agree(&mut *tx, &rows, &Predicate::Any(parts.clone())).await?;
    agree(&mut *tx, &rows, &Predicate::All(parts)).await?;
    let deep = (0..60).fold(Lead::SCORE.is(1), |inner, score| {
        Predicate::Any(vec![Lead::SCORE.is(score), Predicate::All(vec![inner.negated(), Predicate::everything()])])
    });
    agree(&mut *tx, &rows, &deep).await
}
