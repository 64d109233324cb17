//! What two leads hold is found again on the one that stays, whoever is chosen for each field.

use std::collections::{BTreeMap, BTreeSet};

use crm_core::activity::{ActivityKind, ActivityLink, NewActivity};
use crm_core::custom_field::{CustomType, NewCustomField};
use crm_core::event::Event;
use crm_core::identity::{RecordKind, RecordRef};
use crm_core::kernel::{CustomKey, CustomValue, CustomValues, Stored};
use crm_core::lead::{Lead, NewLead, Touch, TouchDetails};
use crm_core::merge::{Choice, MergeChoices};
use crm_core::scoring::{Engagement, NewEngagement};
use crm_core::store::Session;
use crm_core::testing::office::Office;
use proptest::prelude::*;

use crate::run;

const KEYS: [&str; 3] = ["tier", "plan", "size"];
const TAGS: [&str; 3] = ["vip", "fair", "north"];

/// What one of the two holds.
#[derive(Clone, Debug)]
struct Side {
    tags: Vec<bool>,
    values: Vec<bool>,
    emails: u8,
    company: bool,
    activities: u8,
    engagements: u8,
    touched: bool,
}

fn side() -> impl Strategy<Value = Side> {
    let flags = || prop::collection::vec(any::<bool>(), 3);
    (flags(), flags(), 0..4_u8, any::<bool>(), 0..3_u8, 0..3_u8, any::<bool>()).prop_map(
        |(tags, values, emails, company, activities, engagements, touched)| Side {
            tags,
            values,
            emails,
            company,
            activities,
            engagements,
            touched,
        },
    )
}

fn choices() -> impl Strategy<Value = BTreeMap<String, Choice>> {
    let field = prop_oneof![Just("company"), Just("email"), Just("source")].prop_map(str::to_owned);
    let choice = prop_oneof![Just(Choice::Keep), Just(Choice::Take), Just(Choice::FillEmpty)];
    prop::collection::btree_map(field, choice, 0..=3)
}

fn key(key: &str) -> CustomKey {
    key.parse().unwrap()
}

async fn lead(office: &Office, side: &Side, name: &str) -> Stored<Lead> {
    let boss = office.boss().await;
    let values = KEYS.iter().zip(&side.values).filter(|(_, held)| **held);
    let values = values.map(|(of, _)| (key(of), CustomValue::Text(name.parse().unwrap())));
    let mut emails = (0..side.emails).map(|n| format!("{n}@{name}.example").parse().unwrap());
    let new = NewLead {
        last_name: Some(name.parse().unwrap()),
        company: side.company.then(|| format!("{name} Ltd").parse().unwrap()),
        email: emails.next(),
        other_emails: emails.collect(),
        tags: TAGS.iter().zip(&side.tags).filter(|(_, held)| **held).map(|(tag, _)| tag.parse().unwrap()).collect(),
        custom: values.collect::<CustomValues>(),
        touch: side.touched.then(|| TouchDetails { source: Some(name.parse().unwrap()), ..TouchDetails::default() }),
        ..NewLead::default()
    };
    let lead = office.lead(new).await;
    let record = RecordRef::new(RecordKind::Lead, lead.id);
    for _ in 0..side.activities {
        let call = NewActivity::about(ActivityKind::Call, "Call".parse().unwrap(), vec![record]);
        boss.activities().create(call).await.unwrap();
    }
    for _ in 0..side.engagements {
        boss.scoring().record_engagement(NewEngagement::of(lead.id, "page_view".parse().unwrap())).await.unwrap();
    }
    boss.leads().get(lead.id).await.unwrap()
}

/// What was lost, as sentences. `spoil` may damage what is looked at, as a control.
async fn lost(
    sides: &[Side; 2],
    fields: BTreeMap<String, Choice>,
    spoil: impl AsyncFnOnce(&Session, &Stored<Lead>),
) -> Vec<String> {
    let office = Office::open().await;
    let boss = office.boss().await;
    for name in KEYS {
        let (label, holds) = (name.parse().unwrap(), CustomType::Text);
        let (required, unique, filterable) = (false, true, true);
        let record_kind = RecordKind::Lead;
        let new = NewCustomField { record_kind, key: key(name), label, holds, required, unique, filterable };
        boss.custom_fields().create(new).await.unwrap();
    }
    let one = lead(&office, &sides[0], "byron").await;
    let other = lead(&office, &sides[1], "king").await;
    let choices = MergeChoices { fields, ..MergeChoices::default() };
    let merged = boss.merges().merge_leads(one.id, other.id, &choices).await.unwrap();
    spoil(&boss, &merged).await;
    let merged = boss.leads().get(other.id).await.unwrap();

    let mut lost = Vec::new();
    let tags = one.tags.iter().chain(&other.tags);
    lost.extend(tags.filter(|tag| !merged.tags.contains(tag)).map(|tag| format!("tag {tag}")));
    let held: BTreeSet<_> = merged.emails().map(|email| email.key().to_owned()).collect();
    let emails = one.emails().chain(other.emails());
    lost.extend(emails.filter(|email| !held.contains(email.key())).map(|email| format!("address {email}")));
    for name in KEYS {
        let (own, others) = (one.custom.find(name), other.custom.find(name));
        if merged.custom.find(name) != own.or(others) {
            lost.push(format!("custom value {name}"));
        }
    }
    let links = office.store.dump::<ActivityLink>(office.organization);
    let about = links.iter().filter(|link| link.record_id == merged.id.uuid()).count();
    if about != usize::from(sides[0].activities + sides[1].activities) {
        lost.push(format!("activities, of which {about} are left"));
    }
    let engagements = office.store.dump::<Engagement>(office.organization);
    let done = engagements.iter().filter(|engagement| engagement.lead_id == merged.id).count();
    if done != usize::from(sides[0].engagements + sides[1].engagements) {
        lost.push(format!("engagements, of which {done} are left"));
    }
    let touches = office.store.dump::<Touch>(office.organization);
    let touches = touches.iter().filter(|touch| touch.record_id == merged.id.uuid()).count();
    if touches != usize::from(u8::from(sides[0].touched) + u8::from(sides[1].touched)) {
        lost.push(format!("touches, of which {touches} are left"));
    }
    // What finds no place on the one that stays can be read in what was told of it.
    let events = office.store.dump::<Event>(office.organization);
    let told = events.iter().find(|event| event.name == "lead.merged").unwrap();
    if told.data["merged"]["was"] != serde_json::to_value(&other.value).unwrap() {
        lost.push("the whole of the other".to_owned());
    }
    lost
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_is_lost_in_a_merge(one in side(), other in side(), fields in choices()) {
        let lost = run(lost(&[one, other], fields, async |_, _| ()));
        prop_assert!(lost.is_empty(), "{:?}", lost);
    }
}

#[test]
fn a_merge_that_loses_something_is_noticed() {
    let side = Side {
        tags: vec![true; 3],
        values: vec![true; 3],
        emails: 2,
        company: true,
        activities: 1,
        engagements: 1,
        touched: true,
    };
    let sides = [side.clone(), side];
    assert_eq!(run(lost(&sides, BTreeMap::new(), async |_, _| ())), Vec::<String>::new());
    let spoilt = run(lost(&sides, BTreeMap::new(), async |boss, merged| {
        let patch = serde_json::json!({ "tags": [], "custom": {}, "other_emails": [] });
        let patch = serde_json::from_value(patch).unwrap();
        boss.leads().change(merged.id, merged.version, patch).await.unwrap();
    }));
    for part in ["tag vip", "address", "custom value plan"] {
        assert!(spoilt.join("; ").contains(part), "{part} is not in {spoilt:?}");
    }
}
