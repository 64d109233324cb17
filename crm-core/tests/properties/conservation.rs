//! What a lead holds is found again after its conversion: on what it became, and on the lead itself.

use std::collections::BTreeSet;

use crm_core::activity::{ActivityKind, ActivityLink, NewActivity};
use crm_core::conversion::{Conversion, ConversionChoices, MappingRule, NewDeal, Target};
use crm_core::custom_field::{CustomType, NewCustomField};
use crm_core::identity::{RecordKind, RecordRef};
use crm_core::kernel::{CustomKey, CustomValue, CustomValues, Number, Stored};
use crm_core::lead::{Lead, NewLead};
use crm_core::people::{Account, Contact, ContactPoint, NewAccount, NewContact, PointValue};
use crm_core::pipeline::{NewOpportunity, Opportunity, PipelinePatch};
use crm_core::store::Session;
use crm_core::testing::office::Office;
use proptest::prelude::*;
use serde_json::json;

use crate::run;

const KEYS: [&str; 3] = ["tier", "seen", "size"];
const TAGS: [&str; 4] = ["vip", "fair", "north", "old"];
const TARGETS: [RecordKind; 3] = [RecordKind::Contact, RecordKind::Account, RecordKind::Opportunity];

/// A lead, what is there already, where custom values go, and what is chosen.
#[derive(Clone, Debug)]
struct Case {
    tags: Vec<&'static str>,
    own_tags: Vec<&'static str>,
    emails: u8,
    values: Vec<bool>,
    own_values: Vec<bool>,
    mapping: Vec<(u8, u8)>,
    activities: u8,
    obstacle: Obstacle,
    /// Of account, contact and deal: 0 none, 1 new, 2 matching, 3 an existing one.
    choices: [u8; 3],
}

/// What the organization has in store besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    Nothing,
    /// The domain of the lead's website belongs to another account.
    HeldDomain,
    /// The first stage asks for this field.
    Guard(&'static str),
    /// A field that nobody has is required.
    Required,
    /// Others have the lead's values, which are unique.
    Taken,
    /// No pipeline takes deals.
    Closed,
}

fn obstacles() -> impl Strategy<Value = Obstacle> {
    use Obstacle::{Closed, Guard, HeldDomain, Nothing, Required, Taken};
    proptest::sample::select(vec![
        Nothing,
        HeldDomain,
        Guard("account_id"),
        Guard("next_step"),
        Required,
        Taken,
        Closed,
    ])
}

fn cases() -> impl Strategy<Value = Case> {
    let tags = || proptest::sample::subsequence(TAGS.to_vec(), 0..=TAGS.len());
    let values = || prop::collection::vec(any::<bool>(), KEYS.len());
    let mapping = prop::collection::btree_map((0..3_u8, 0..3_u8), Just(()), 0..=4);
    let mapping = mapping.prop_map(|rules| rules.into_keys().collect());
    (tags(), tags(), 0..3_u8, values(), values(), mapping, 0..4_u8, obstacles(), [0..4_u8, 0..4, 0..4]).prop_map(
        |(tags, own_tags, emails, values, own_values, mapping, activities, obstacle, choices)| Case {
            tags,
            own_tags,
            emails,
            values,
            own_values,
            mapping,
            activities,
            obstacle,
            choices,
        },
    )
}

fn key(number: u8) -> CustomKey {
    KEYS[usize::from(number)].parse().unwrap()
}

fn value(number: usize, whose: &str) -> CustomValue {
    match number {
        0 => CustomValue::Text(whose.parse().unwrap()),
        1 => CustomValue::Bool(whose == "lead"),
        _ => CustomValue::Number(Number::from_millionths(i64::try_from(whose.len()).unwrap())),
    }
}

fn values(held: &[bool], whose: &str) -> CustomValues {
    let held = held.iter().enumerate().filter(|(_, holds)| **holds);
    held.map(|(number, _)| (KEYS[number].parse().unwrap(), value(number, whose))).collect()
}

async fn add_fields(boss: &Session, unique: bool) {
    for record_kind in RecordKind::ALL {
        for (name, holds) in KEYS.into_iter().zip([CustomType::Text, CustomType::Bool, CustomType::Number]) {
            let new = NewCustomField {
                record_kind: *record_kind,
                key: name.parse().unwrap(),
                label: name.parse().unwrap(),
                holds,
                required: false,
                unique: unique && name == "tier" && *record_kind != RecordKind::Lead,
                filterable: false,
            };
            boss.custom_fields().create(new).await.unwrap();
        }
    }
}

/// Puts in the way what the case says.
async fn obstruct(boss: &Session, obstacle: Obstacle) {
    match obstacle {
        Obstacle::Nothing => {}
        Obstacle::HeldDomain => {
            let domains = vec!["engine.example".parse().unwrap()];
            boss.accounts()
                .create(NewAccount { domains, ..NewAccount::named("Holder".parse().unwrap()) })
                .await
                .unwrap();
        }
        Obstacle::Guard(field) => {
            let pipeline = boss.pipelines().list().await.unwrap().remove(0);
            let stages = boss.pipelines().get(pipeline.id).await.unwrap().stages;
            let mut stages: Vec<_> = stages
                .iter()
                .map(|stage| {
                    json!({
                        "id": stage.id, "name": stage.name, "kind": stage.kind, "probability": stage.probability,
                        "forecast_category": stage.forecast_category, "guard": stage.guard,
                    })
                })
                .collect();
            stages[0]["guard"]["required_fields"] = json!([field]);
            let list = serde_json::from_value(json!({ "stages": stages })).unwrap();
            boss.pipelines().arrange(pipeline.id, pipeline.version, list).await.unwrap();
        }
        Obstacle::Required => {
            for record_kind in TARGETS {
                let new = NewCustomField {
                    record_kind,
                    key: "must".parse().unwrap(),
                    label: "must".parse().unwrap(),
                    holds: CustomType::Text,
                    required: true,
                    unique: false,
                    filterable: false,
                };
                boss.custom_fields().create(new).await.unwrap();
            }
        }
        Obstacle::Taken => {
            let custom = || values(&[true], "lead");
            let account = NewAccount { custom: custom(), ..NewAccount::named("Rival".parse().unwrap()) };
            boss.accounts().create(account).await.unwrap();
            let last_name = Some("Rival".parse().unwrap());
            boss.contacts().create(NewContact { last_name, custom: custom(), ..NewContact::default() }).await.unwrap();
            let deal = NewOpportunity { custom: custom(), ..NewOpportunity::named("Rival".parse().unwrap()) };
            boss.opportunities().create(deal).await.unwrap();
        }
        Obstacle::Closed => {
            let pipeline = boss.pipelines().list().await.unwrap().remove(0);
            let patch = PipelinePatch { active: Some(false), ..PipelinePatch::default() };
            boss.pipelines().change(pipeline.id, pipeline.version, patch).await.unwrap();
        }
    }
}

/// What an existing record held before.
struct Own {
    record: RecordRef,
    tags: Vec<String>,
    custom: CustomValues,
}

async fn existing(boss: &Session, case: &Case) -> Vec<Own> {
    let tags = || case.own_tags.iter().map(|tag| tag.parse().unwrap()).collect::<Vec<_>>();
    let custom = || values(&case.own_values, "record");
    let account = NewAccount { tags: tags(), custom: custom(), ..NewAccount::named("Old works".parse().unwrap()) };
    let contact = NewContact {
        last_name: Some("Babbage".parse().unwrap()),
        tags: tags(),
        custom: custom(),
        ..NewContact::default()
    };
    let deal = NewOpportunity { tags: tags(), custom: custom(), ..NewOpportunity::named("Old talk".parse().unwrap()) };
    let records = [
        RecordRef::new(RecordKind::Account, boss.accounts().create(account).await.unwrap().id),
        RecordRef::new(RecordKind::Contact, boss.contacts().create(contact).await.unwrap().id),
        RecordRef::new(RecordKind::Opportunity, boss.opportunities().create(deal).await.unwrap().id),
    ];
    let tags: Vec<_> = case.own_tags.iter().map(ToString::to_string).collect();
    records.map(|record| Own { record, tags: tags.clone(), custom: custom() }).into()
}

fn target<E>(choice: u8, own: &Own) -> Target<crm_core::kernel::Id<E>> {
    match choice {
        0 => Target::Nothing,
        1 => Target::New,
        2 => Target::Matching,
        _ => Target::Existing(crm_core::kernel::Id::new(own.record.id)),
    }
}

/// Tags and custom values of a record.
fn held(office: &Office, record: RecordRef) -> (BTreeSet<String>, CustomValues) {
    fn of<E: Clone>(rows: Vec<Stored<E>>, id: uuid::Uuid) -> E {
        rows.into_iter().find(|row| row.id.uuid() == id).unwrap().value
    }
    let organization = office.organization;
    let (tags, custom) = match record.kind {
        RecordKind::Contact => {
            let one = of(office.store.dump::<Contact>(organization), record.id);
            (one.tags, one.custom)
        }
        RecordKind::Account => {
            let one = of(office.store.dump::<Account>(organization), record.id);
            (one.tags, one.custom)
        }
        RecordKind::Opportunity => {
            let one = of(office.store.dump::<Opportunity>(organization), record.id);
            (one.tags, one.custom)
        }
        RecordKind::Lead => {
            let one = of(office.store.dump::<Lead>(organization), record.id);
            (one.tags, one.custom)
        }
    };
    (tags.iter().map(|tag| tag.as_str().to_owned()).collect(), custom)
}

fn key_of(point: &Stored<ContactPoint>) -> Option<String> {
    match &point.value.value {
        PointValue::Email(email) => Some(email.key().to_owned()),
        PointValue::Phone(_) => None,
    }
}

fn links(office: &Office, record: RecordRef) -> BTreeSet<uuid::Uuid> {
    let links = office.store.dump::<ActivityLink>(office.organization);
    links.into_iter().filter(|link| link.record() == record).map(|link| link.activity_id.uuid()).collect()
}

/// What was lost, as sentences; nothing when all is there. `spoil` may damage what is looked at, as a control.
#[expect(clippy::too_many_lines, reason = "one story, told from the lead to what became of it")]
async fn lost(case: &Case, spoil: impl AsyncFnOnce(&Session, &Stored<Conversion>)) -> Option<Vec<String>> {
    let office = Office::open().await;
    let boss = office.boss().await;
    add_fields(&boss, case.obstacle == Obstacle::Taken).await;
    // A pair of one key may not go to one field twice; the first wish for each target field counts.
    let mut taken = BTreeSet::new();
    let rules: Vec<_> = case.mapping.iter().filter(|(from, to)| taken.insert((*from, *to))).collect();
    let rules: Vec<_> = rules
        .into_iter()
        .map(|(from, to)| MappingRule { from: key(*from), to_kind: TARGETS[usize::from(*to)], to: key(*from) })
        .collect();
    boss.conversions().set_mapping(rules.clone()).await.unwrap();
    let existing = existing(&boss, case).await;
    obstruct(&boss, case.obstacle).await;
    let emails: Vec<_> = (0..case.emails).map(|n| format!("ada{n}@engine.example").parse().unwrap()).collect();
    let new = NewLead {
        last_name: Some("Lovelace".parse().unwrap()),
        company: Some("Engines".parse().unwrap()),
        website: (case.obstacle == Obstacle::HeldDomain).then(|| "https://engine.example".parse().unwrap()),
        email: emails.first().cloned(),
        other_emails: emails.iter().skip(1).cloned().collect(),
        tags: case.tags.iter().map(|tag| tag.parse().unwrap()).collect(),
        custom: values(&case.values, "lead"),
        owner_id: Some(office.owner),
        ..NewLead::default()
    };
    let lead = office.lead(new).await;
    let from = RecordRef::new(RecordKind::Lead, lead.id);
    for number in 0..case.activities {
        let subject = format!("Call {number}").parse().unwrap();
        boss.activities().create(NewActivity::about(ActivityKind::Call, subject, vec![from])).await.unwrap();
    }
    let [account, contact, deal] = case.choices;
    let choices = ConversionChoices {
        account: target(account, &existing[0]),
        contact: target(contact, &existing[1]),
        opportunity: target(deal, &existing[2]),
        deal: Some(NewDeal::default()),
        ..ConversionChoices::without_deal()
    };
    let plan = boss.conversions().plan(lead.id, &choices).await.unwrap();
    let made = match boss.conversions().convert(lead.id, &choices, None).await {
        Ok(made) => made,
        Err(refused) => {
            assert_eq!(refused.code(), "conversion.blocked", "{refused}");
            assert!(!plan.violations.is_empty(), "refused without a reason in the plan");
            return None;
        }
    };
    assert_eq!(plan.violations, [], "the plan saw something in the way, and it went all the same");
    spoil(&boss, &made).await;

    let mut lost = Vec::new();
    let became: Vec<RecordRef> = [
        made.contact_id.map(|id| RecordRef::new(RecordKind::Contact, id)),
        made.account_id.map(|id| RecordRef::new(RecordKind::Account, id)),
        made.opportunity_id.map(|id| RecordRef::new(RecordKind::Opportunity, id)),
    ]
    .into_iter()
    .flatten()
    .collect();
    for record in &became {
        let (tags, custom) = held(&office, *record);
        let own = existing.iter().find(|own| own.record == *record);
        let wanted = case.tags.iter().map(ToString::to_string).chain(own.iter().flat_map(|own| own.tags.clone()));
        lost.extend(wanted.filter(|tag| !tags.contains(tag)).map(|tag| format!("tag {tag} of {record:?}")));
        for (key, value) in own.iter().flat_map(|own| own.custom.iter()) {
            if custom.get(key) != Some(value) {
                lost.push(format!("the record's own {key} of {record:?}"));
            }
        }
        for rule in rules.iter().filter(|rule| rule.to_kind == record.kind) {
            let kept = own.and_then(|own| own.custom.get(&rule.to));
            if custom.get(&rule.to) != kept.or(lead.custom.get(&rule.from)) {
                lost.push(format!("custom value {} of {record:?}", rule.from));
            }
        }
        let missing = links(&office, from).difference(&links(&office, *record)).count();
        if missing > 0 {
            lost.push(format!("{missing} activities of {record:?}"));
        }
    }
    if let Some(contact) = made.contact_id {
        let points = office.store.dump::<ContactPoint>(office.organization);
        let points: BTreeSet<_> =
            points.iter().filter(|point| point.contact_id == contact).filter_map(key_of).collect();
        lost.extend(lead.emails().filter(|one| !points.contains(one.key())).map(|one| format!("address {one}")));
    }
    // What goes nowhere can be read on the lead, and the plan names it.
    let (tags, custom) = held(&office, from);
    if tags.len() != case.tags.len()
        || custom != lead.custom
        || links(&office, from).len() != usize::from(case.activities)
    {
        lost.push("something of the lead itself".to_owned());
    }
    for (key, _) in lead.custom.iter() {
        let goes = rules.iter().any(|rule| rule.from == *key && became.iter().any(|one| one.kind == rule.to_kind));
        if goes == plan.stays_on_lead.contains(key) {
            lost.push(format!("what the plan says of {key}"));
        }
    }
    Some(lost)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn nothing_is_lost_in_a_conversion(case in cases()) {
        let lost = run(lost(&case, async |_, _| ()));
        prop_assert!(lost.as_ref().is_none_or(Vec::is_empty), "{:?}", lost);
    }
}

#[test]
fn a_conversion_that_loses_something_is_noticed() {
    let case = Case {
        tags: vec!["vip"],
        own_tags: vec!["old"],
        emails: 2,
        values: vec![true; 3],
        own_values: vec![false; 3],
        mapping: vec![(0, 0), (1, 1)],
        activities: 1,
        obstacle: Obstacle::Nothing,
        choices: [1, 1, 1],
    };
    assert_eq!(run(lost(&case, async |_, _| ())), Some(Vec::new()));
    let spoilt = run(lost(&case, async |boss, made| {
        let contact = boss.contacts().get(made.contact_id.unwrap()).await.unwrap();
        let point = boss.contacts().points(contact.id).await.unwrap().remove(1);
        boss.contacts().remove_point(contact.id, point.id).await.unwrap();
        let account = boss.accounts().get(made.account_id.unwrap()).await.unwrap();
        let patch = serde_json::json!({ "tags": [], "custom": {} });
        boss.accounts().change(account.id, account.version, serde_json::from_value(patch).unwrap()).await.unwrap();
    }));
    let spoilt = spoilt.unwrap().join("; ");
    for part in ["address", "tag vip", "custom value seen"] {
        assert!(spoilt.contains(part), "{part} is not in {spoilt}");
    }
    let forbidden = Case { choices: [0, 0, 0], ..case };
    assert_eq!(run(lost(&forbidden, async |_, _| ())), None, "a refused conversion is not counted");
}
