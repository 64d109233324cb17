//! What conversion promises, on the memory store.

use serde_json::json;

use super::*;
use crate::access::StandardRole;
use crate::activity::{ActivityKind, NewActivity};
use crate::custom_field::{CustomType, NewCustomField};
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{CustomValue, CustomValues, Money};
use crate::lead::{Lead, LeadPatch, LeadStatus, NewLead};
use crate::people::{Account, Contact, NewAccount};
use crate::pipeline::{NewOpportunity, Opportunity, PipelinePatch, StageKind};
use crate::testing::office::Office;

fn told(office: &Office) -> NewLead {
    NewLead {
        first_name: Some("Mara".parse().unwrap()),
        last_name: Some("Keller".parse().unwrap()),
        company: Some("Fernhill Robotics".parse().unwrap()),
        email: Some("mara@fernhill.example".parse().unwrap()),
        other_emails: vec!["mk@home.example".parse().unwrap()],
        tags: vec!["vip".parse().unwrap()],
        owner_id: Some(office.owner),
        ..NewLead::default()
    }
}

fn deal() -> ConversionChoices {
    let amount = Some(Money::new(125_000, "EUR".parse().unwrap()));
    ConversionChoices::with_deal(NewDeal { amount, ..NewDeal::default() })
}

fn counts(office: &Office) -> (usize, usize, usize) {
    let organization = office.organization;
    (
        office.store.dump::<Account>(organization).len(),
        office.store.dump::<Contact>(organization).len(),
        office.store.dump::<Opportunity>(organization).len(),
    )
}

#[tokio::test]
async fn a_lead_becomes_account_contact_and_opportunity_and_keeps_everything() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let lead = office.lead(told(&office)).await;
    let about = vec![RecordRef::new(RecordKind::Lead, lead.id)];
    let call = NewActivity::about(ActivityKind::Call, "First call".parse().unwrap(), about);
    boss.activities().create(call).await.unwrap();
    let made = boss.conversions().convert(lead.id, &deal(), Some("one")).await.unwrap();
    assert_eq!(counts(&office), (1, 1, 1));
    let contact = boss.contacts().get(made.contact_id.unwrap()).await.unwrap();
    assert_eq!(contact.account_id, made.account_id);
    assert_eq!(contact.tags, lead.tags, "no tag is lost");
    let points = boss.contacts().points(contact.id).await.unwrap();
    assert_eq!(points.len(), 2, "no address is lost");
    let opportunity = boss.opportunities().get(made.opportunity_id.unwrap()).await.unwrap();
    assert_eq!((opportunity.account_id, opportunity.primary_contact_id), (made.account_id, made.contact_id));
    assert_eq!(opportunity.lead_id, Some(lead.id));
    for record in [
        RecordRef::new(RecordKind::Contact, contact.id),
        RecordRef::new(RecordKind::Opportunity, opportunity.id),
        RecordRef::new(RecordKind::Account, made.account_id.unwrap()),
    ] {
        let feed = boss.activities().timeline(record, &[], None, 50).await.unwrap();
        assert!(format!("{feed:?}").contains("First call"), "the call is in the feed of {record:?}");
    }
    let lead = boss.leads().get(lead.id).await.unwrap();
    assert_eq!(lead.status, LeadStatus::Converted);
    let refused = boss.leads().change(lead.id, lead.version, LeadPatch::default()).await.unwrap_err();
    assert_eq!(refused.code(), "lead.already_converted");
}

#[tokio::test]
async fn the_same_command_again_answers_with_the_first_result_and_another_is_refused() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let lead = office.lead(told(&office)).await;
    let first = boss.conversions().convert(lead.id, &deal(), Some("one")).await.unwrap();
    let again = boss.conversions().convert(lead.id, &deal(), Some("one")).await.unwrap();
    let keyless = boss.conversions().convert(lead.id, &deal(), None).await.unwrap();
    assert_eq!((&first, &first), (&again, &keyless));
    let other = boss.conversions().convert(lead.id, &deal(), Some("two")).await.unwrap_err();
    assert_eq!(other.code(), "conversion.converted_by_another");
    assert_eq!(counts(&office), (1, 1, 1));
}

#[tokio::test]
async fn of_many_conversions_at_once_one_happens() {
    let office = Office::open().await;
    let lead = office.lead(told(&office)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..64 {
        let (boss, id) = (office.boss().await, lead.id);
        tasks.spawn(
            async move { boss.conversions().convert(id, &deal(), Some(&format!("key {number}"))).await.is_ok() },
        );
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!((won, counts(&office)), (1, (1, 1, 1)));
}

#[tokio::test]
async fn a_plan_changes_nothing_and_a_stale_one_is_refused() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let lead = office.lead(told(&office)).await;
    let plan = boss.conversions().plan(lead.id, &deal()).await.unwrap();
    assert!(plan.violations.is_empty(), "{:?}", plan.violations);
    assert_eq!(counts(&office), (0, 0, 0));
    boss.leads().qualify(lead.id).await.unwrap();
    let refused = boss.conversions().execute(&plan, None).await.unwrap_err();
    assert_eq!(refused.code(), "conversion.stale_plan");
    assert_eq!(counts(&office), (0, 0, 0), "nothing is half done");
    let fresh = boss.conversions().plan(lead.id, &deal()).await.unwrap();
    boss.conversions().execute(&fresh, None).await.unwrap();
    assert_eq!(counts(&office), (1, 1, 1));
}

#[tokio::test]
async fn everything_in_the_way_is_named_at_once() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let lead = office.lead(NewLead { owner_id: None, company: None, ..told(&office) }).await;
    boss.leads().disqualify(lead.id, None).await.unwrap();
    let choices = ConversionChoices { account: Target::New, ..deal() };
    let refused = boss.conversions().convert(lead.id, &choices, None).await.unwrap_err();
    let codes: Vec<_> = refused.fields().iter().map(|field| field.code.as_str()).collect();
    assert_eq!(codes, ["lead.step_not_allowed", "conversion.no_owner", "conversion.no_company"]);
    assert_eq!(counts(&office), (0, 0, 0));
}

#[tokio::test]
async fn known_records_are_matched_filled_where_empty_and_never_overwritten() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let account = NewAccount {
        industry: Some("Robots".parse().unwrap()),
        domains: vec![crate::kernel::Domain::parse("fernhill.example").unwrap()],
        ..NewAccount::named("Fernhill".parse().unwrap())
    };
    let account = boss.accounts().create(account).await.unwrap();
    let new = NewLead { industry: Some("Toys".parse().unwrap()), city: Some("Bern".parse().unwrap()), ..told(&office) };
    let lead = office.lead(new).await;
    let plan = boss.conversions().plan(lead.id, &deal()).await.unwrap();
    assert!(matches!(plan.account, Outcome::Use(id, _) if id == account.id), "matched by domain");
    assert!(plan.fills.iter().any(|fill| fill.field == "city"));
    assert!(plan.conflicts.iter().any(|conflict| conflict.field == "industry"));
    boss.conversions().execute(&plan, None).await.unwrap();
    let account = boss.accounts().get(account.id).await.unwrap();
    assert_eq!(account.industry.as_deref(), Some("Robots"));
    assert_eq!(account.city.as_deref(), Some("Bern"));
}

#[tokio::test]
async fn each_case_of_new_existing_and_none_is_possible() {
    let office = Office::open().await;
    let boss = office.boss().await;
    for (account, contact, opportunity, expected) in [
        (Target::Nothing, Target::New, Target::Nothing, (0, 1, 0)),
        (Target::New, Target::Nothing, Target::Nothing, (1, 0, 0)),
        (Target::New, Target::New, Target::Nothing, (1, 1, 0)),
        (Target::Nothing, Target::New, Target::New, (0, 1, 1)),
    ] {
        let before = counts(&office);
        let lead = office.lead(NewLead { email: None, other_emails: Vec::new(), ..told(&office) }).await;
        let choices = ConversionChoices { account, contact, opportunity, ..ConversionChoices::without_deal() };
        boss.conversions().convert(lead.id, &choices, None).await.unwrap();
        let after = counts(&office);
        assert_eq!((after.0 - before.0, after.1 - before.1, after.2 - before.2), expected);
    }
    let nothing = office.lead(told(&office)).await;
    let choices =
        ConversionChoices { account: Target::Nothing, contact: Target::Nothing, ..ConversionChoices::without_deal() };
    assert_eq!(boss.conversions().convert(nothing.id, &choices, None).await.unwrap_err().code(), "conversion.blocked");
}

#[tokio::test]
async fn an_existing_deal_gets_the_people_it_lacks() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let deal = boss.opportunities().create(NewOpportunity::named("Old talk".parse().unwrap())).await.unwrap();
    let lead = office.lead(told(&office)).await;
    let choices = ConversionChoices { opportunity: Target::Existing(deal.id), ..ConversionChoices::without_deal() };
    let made = boss.conversions().convert(lead.id, &choices, None).await.unwrap();
    let deal = boss.opportunities().get(deal.id).await.unwrap();
    assert_eq!((deal.account_id, deal.primary_contact_id), (made.account_id, made.contact_id));
    assert_eq!(counts(&office), (1, 1, 1));
}

#[tokio::test]
async fn custom_values_go_where_the_mapping_says_and_a_wrong_mapping_is_refused() {
    let office = Office::open().await;
    let boss = office.boss().await;
    for (record_kind, key, holds) in [
        (RecordKind::Lead, "tier", CustomType::Text),
        (RecordKind::Lead, "seen", CustomType::Bool),
        (RecordKind::Contact, "level", CustomType::Text),
        (RecordKind::Contact, "flag", CustomType::Date),
    ] {
        let new = NewCustomField {
            record_kind,
            key: key.parse().unwrap(),
            label: key.parse().unwrap(),
            holds,
            required: false,
            unique: false,
            filterable: false,
        };
        boss.custom_fields().create(new).await.unwrap();
    }
    let rule = |from: &str, to: &str| MappingRule {
        from: from.parse().unwrap(),
        to_kind: RecordKind::Contact,
        to: to.parse().unwrap(),
    };
    for (rules, code) in [
        (vec![rule("absent", "level")], "conversion_mapping.unknown_field"),
        (vec![rule("seen", "flag")], "conversion_mapping.different_types"),
        (vec![rule("tier", "level"), rule("tier", "level")], "conversion_mapping.target_twice"),
    ] {
        assert_eq!(boss.conversions().set_mapping(rules).await.unwrap_err().code(), code);
    }
    boss.conversions().set_mapping(vec![rule("tier", "level")]).await.unwrap();
    let custom: CustomValues = [
        ("tier".parse().unwrap(), CustomValue::Text("gold".parse().unwrap())),
        ("seen".parse().unwrap(), CustomValue::Bool(true)),
    ]
    .into_iter()
    .collect();
    let lead = office.lead(NewLead { custom: custom.clone(), ..told(&office) }).await;
    let plan = boss.conversions().plan(lead.id, &deal()).await.unwrap();
    assert_eq!(plan.stays_on_lead, ["seen".parse().unwrap()]);
    let made = boss.conversions().execute(&plan, None).await.unwrap();
    let contact = boss.contacts().get(made.contact_id.unwrap()).await.unwrap();
    assert_eq!(contact.custom.find("level"), Some(&CustomValue::Text("gold".parse().unwrap())));
    assert_eq!(boss.leads().get(lead.id).await.unwrap().custom, custom, "what goes nowhere stays on the lead");
}

#[tokio::test]
async fn converting_needs_the_permissions_of_what_is_made() {
    let office = Office::open().await;
    let viewer = office.hire("Vera", StandardRole::Viewer).await;
    let lead = office.lead(told(&office)).await;
    let refused = office.session_of(viewer).await.conversions().convert(lead.id, &deal(), None).await.unwrap_err();
    assert_eq!(refused.code(), "permission.missing");
    let stranger = office.neighbour("next-door").await;
    let refused = stranger.boss().await.conversions().convert(lead.id, &deal(), None).await.unwrap_err();
    assert_eq!(refused.code(), "record.not_found");
    assert_eq!(office.store.dump::<Lead>(office.organization).len(), 1);
}

#[tokio::test]
async fn a_website_whose_domain_another_account_holds_stays_with_that_account() {
    let office = Office::open().await;
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let boss = office.boss().await;
    let domains = vec![crate::kernel::Domain::parse("fernhill.example").unwrap()];
    let holder = NewAccount { domains, ..NewAccount::named("Fernhill Holding".parse().unwrap()) };
    let holder = boss.accounts().create(holder).await.unwrap();
    let own = NewAccount { owner_id: Some(rep), ..NewAccount::named("Fernhill Shop".parse().unwrap()) };
    let own = boss.accounts().create(own).await.unwrap();
    let website = Some("https://www.fernhill.example".parse().unwrap());
    let lead = office.lead(NewLead { website, owner_id: Some(rep), ..told(&office) }).await;
    let choices = ConversionChoices { account: Target::Existing(own.id), ..ConversionChoices::without_deal() };
    let of_domains = |plan: &Plan| {
        let conflicts: Vec<_> = plan.conflicts.iter().filter(|conflict| conflict.field == "domains").collect();
        assert_eq!(conflicts.len(), 1, "{conflicts:?}");
        conflicts[0].record
    };
    let plan = boss.conversions().plan(lead.id, &choices).await.unwrap();
    assert_eq!(plan.violations, []);
    assert_eq!(of_domains(&plan), Some(RecordRef::new(RecordKind::Account, holder.id)));

    // The rep does not see the holder, so the plan does not tell which account it is.
    let session = office.session_of(rep).await;
    let plan = session.conversions().plan(lead.id, &choices).await.unwrap();
    assert_eq!(of_domains(&plan), None);
    session.conversions().execute(&plan, None).await.unwrap();
    assert_eq!(boss.accounts().get(own.id).await.unwrap().website, None);
    assert_eq!(boss.accounts().domains(holder.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_plan_knows_the_stage_and_its_guard() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let pipeline = boss.pipelines().list().await.unwrap().remove(0);
    let stages = boss.pipelines().get(pipeline.id).await.unwrap().stages;
    let mut list: Vec<_> = stages
        .iter()
        .map(|stage| {
            json!({
                "id": stage.id, "name": stage.name, "kind": stage.kind, "probability": stage.probability,
                "forecast_category": stage.forecast_category, "guard": stage.guard,
            })
        })
        .collect();
    list[0]["guard"]["required_fields"] = json!(["expected_close", "account_id"]);
    let list = serde_json::from_value(json!({ "stages": list })).unwrap();
    let pipeline = boss.pipelines().arrange(pipeline.id, pipeline.version, list).await.unwrap().pipeline;
    let lead = office.lead(told(&office)).await;
    let codes = async |choices: &ConversionChoices| {
        let plan = boss.conversions().plan(lead.id, choices).await.unwrap();
        if !plan.violations.is_empty() {
            let refused = boss.conversions().convert(lead.id, choices, None).await.unwrap_err();
            assert_eq!(refused.code(), "conversion.blocked");
            assert_eq!(refused.fields().len(), plan.violations.len());
        }
        plan.violations.into_iter().map(|one| format!("{}: {}", one.field, one.code)).collect::<Vec<_>>()
    };
    assert_eq!(codes(&deal()).await, ["deal.expected_close: guard.field_empty"], "an account will be made");
    let alone = ConversionChoices { account: Target::Nothing, ..deal() };
    let both = ["deal.expected_close: guard.field_empty", "deal.account_id: guard.field_empty"];
    assert_eq!(codes(&alone).await, both);
    let won = stages.iter().find(|stage| stage.kind == StageKind::Won).unwrap();
    let at_the_end = ConversionChoices::with_deal(NewDeal { stage_id: Some(won.id), ..NewDeal::default() });
    assert_eq!(codes(&at_the_end).await, ["deal.stage_id: opportunity.not_an_open_stage"]);
    let expected_close = Some("2026-12-24".parse().unwrap());
    let sound = ConversionChoices::with_deal(NewDeal { expected_close, ..NewDeal::default() });
    assert_eq!(codes(&sound).await, [""; 0]);
    let closed = PipelinePatch { active: Some(false), ..PipelinePatch::default() };
    boss.pipelines().change(pipeline.id, pipeline.version, closed).await.unwrap();
    assert_eq!(codes(&sound).await, ["deal: pipeline.none_active"]);
    assert_eq!(counts(&office), (0, 0, 0));
}

#[tokio::test]
async fn the_plan_knows_what_custom_fields_demand() {
    let office = Office::open().await;
    let boss = office.boss().await;
    for (record_kind, key, required, unique) in [
        (RecordKind::Lead, "number", false, false),
        (RecordKind::Account, "number", false, true),
        (RecordKind::Contact, "region", true, false),
    ] {
        let new = NewCustomField {
            record_kind,
            key: key.parse().unwrap(),
            label: key.parse().unwrap(),
            holds: CustomType::Text,
            required,
            unique,
            filterable: false,
        };
        boss.custom_fields().create(new).await.unwrap();
    }
    let custom: CustomValues =
        [("number".parse().unwrap(), CustomValue::Text("K-7".parse().unwrap()))].into_iter().collect();
    let rival = NewAccount { custom: custom.clone(), ..NewAccount::named("Rival".parse().unwrap()) };
    let rival = boss.accounts().create(rival).await.unwrap();
    let lead = office.lead(NewLead { custom, ..told(&office) }).await;
    let refused = boss.conversions().convert(lead.id, &deal(), None).await.unwrap_err();
    let found: Vec<_> = refused.fields().iter().map(|one| format!("{}: {}", one.field, one.code)).collect();
    assert_eq!(
        found,
        ["account.custom.number: custom_field.taken", "contact.custom.region: custom_field.required"],
        "{refused}"
    );
    assert_eq!(counts(&office), (1, 0, 0), "nothing but the rival is there");

    // Whoever has the value already keeps it.
    let choices = ConversionChoices {
        account: Target::Existing(rival.id),
        contact: Target::Nothing,
        ..ConversionChoices::without_deal()
    };
    boss.conversions().convert(lead.id, &choices, None).await.unwrap();
}
