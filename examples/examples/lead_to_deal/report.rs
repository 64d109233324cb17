//! What is printed, for a person to read.

use std::collections::BTreeMap;

use crm_core::conversion::{Outcome, Plan};
use crm_core::event::Event;
use crm_core::identity::RecordKind;
use crm_core::import::{ImportId, ImportKind, ImportReport, ImportRow, IssueKind, RowOutcome};
use crm_core::kernel::{Date, Direction, Explanation, Id, Page, Predicate, Result, Stored};
use crm_core::lead::Lead;
use crm_core::pipeline::{ForecastScope, Month};
use crm_examples::Office;
use serde::Deserialize;

/// How many examples of a kind are shown.
const SHOWN: usize = 8;

/// What became of the rows.
pub(crate) fn import(report: &ImportReport) {
    let counts = &report.import.counts;
    let of = match report.import.kind {
        ImportKind::Leads => "leads",
        ImportKind::Accounts => "accounts",
    };
    println!("Rows read {}, as {of}", counts.read);
    println!("  created  {:>7}   of these flagged as possible duplicates {}", counts.created, counts.flagged);
    println!("  linked   {:>7}   to somebody who was known already", counts.linked);
    println!("  updated  {:>7}", counts.updated);
    println!("  skipped  {:>7}   repeated {}", counts.skipped, counts.repeated);
    println!("  held     {:>7}   for a person to look at, by policy", counts.warned + counts.blocked);
    println!("  refused  {:>7}", counts.refused);
    let refused = report.issues.iter().filter(|issue| issue.kind == IssueKind::Error);
    for issue in refused.clone().take(SHOWN) {
        let column = issue.column_name.as_deref().map_or(String::new(), |column| format!(", column '{column}'"));
        let value = issue.value.as_deref().map_or(String::new(), |value| format!(" ('{value}')"));
        println!("    row {}{column}{value}: {} [{}]", issue.row_number, issue.message, issue.code);
    }
    if refused.clone().count() > SHOWN {
        println!("    … and {} more", refused.count() - SHOWN);
    }
    let notes = report.issues.iter().filter(|issue| issue.kind == IssueKind::Note).count();
    if notes > 0 {
        println!("  notes    {notes:>7}   on repaired or left-out values");
    }
}

/// The duplicates that were found, with their evidence.
pub(crate) async fn duplicates(office: &Office, import: ImportId) -> Result<()> {
    let session = &office.session;
    println!("\nDuplicates, linked without asking:");
    let linked =
        session.imports().rows(import, ImportRow::OUTCOME.is(RowOutcome::Linked.as_str()), &Page::first(3)).await?;
    for row in &linked {
        let Some(id) = row.record_id.filter(|_| row.record_kind == Some(RecordKind::Lead)) else { continue };
        let lead = session.leads().get(Id::new(id)).await?;
        println!("  row {} is {}", row.row_number, called(&lead));
        let history = session.leads().history(lead.id, &Page::first(50)).await?;
        let touched = history.iter().find_map(|event| event.data.pointer("/touched/why"));
        if let Some(why) = touched.and_then(|why| Explanation::deserialize(why).ok()) {
            println!("    {}", why.to_string().replace('\n', "\n    "));
        }
    }
    if linked.is_empty() {
        println!("  none");
    }
    println!("Possible duplicates, for a person to look at:");
    let flags = session.duplicates().surest_flags(3).await?;
    for flag in &flags {
        println!("  {}", flag.evidence.to_string().replace('\n', "\n  "));
    }
    if flags.is_empty() {
        println!("  none");
    }
    Ok(())
}

/// The ten best leads, each with the reasons for its score.
pub(crate) async fn best_leads(office: &Office) -> Result<()> {
    println!("\nThe ten best leads:");
    let page = Page::ordered(Lead::SCORE.field(), Direction::Descending, 10)?;
    for lead in office.session.leads().list(&Predicate::everything(), &page).await? {
        let score = office.session.scoring().score(lead.id).await?;
        let reasons = score.contributions().map(|reason| format!("{:+} {}", reason.points, reason.why));
        println!("  {:>4}  {}: {}", score.total, called(&lead), reasons.collect::<Vec<_>>().join(", "));
    }
    Ok(())
}

/// Who got how many leads, and why some of the best went to whom.
pub(crate) async fn owners(office: &Office) -> Result<()> {
    println!("\nWho got which lead:");
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut page = Page::first(1_000);
    loop {
        let leads = office.session.leads().list(&Predicate::everything(), &page).await?;
        for lead in &leads {
            let owner = lead.owner_id.map_or("nobody yet", |owner| office.name_of(owner));
            *counts.entry(owner.to_owned()).or_default() += 1;
        }
        match leads.last() {
            Some(last) if leads.len() == 1_000 => page = page.following(last),
            _ => break,
        }
    }
    for (owner, count) in counts {
        println!("  {owner:<14} {count:>6}");
    }
    let page = Page::ordered(Lead::SCORE.field(), Direction::Descending, 3)?;
    for lead in office.session.leads().list(&Predicate::everything(), &page).await? {
        let history = office.session.leads().history(lead.id, &Page::first(50)).await?;
        let assigned: Option<&Stored<Event>> = history.iter().find(|event| event.name == "lead.assigned");
        let why = assigned.and_then(|event| event.data.pointer("/assigned/why/text")).and_then(|text| text.as_str());
        if let (Some(owner), Some(why)) = (lead.owner_id, why) {
            println!("  {} went to {}: {why}", called(&lead), office.name_of(owner));
        }
    }
    Ok(())
}

/// A plan in a few words.
pub(crate) fn plan(plan: &Plan) -> String {
    let account = outcome(&plan.account);
    let contact = outcome(&plan.contact);
    let deal = outcome(&plan.opportunity);
    let (fills, conflicts) = (plan.fills.len(), plan.conflicts.len());
    format!("account {account}, contact {contact}, deal {deal}; {fills} fields filled, {conflicts} conflicts kept")
}

fn outcome<N, I, P>(outcome: &Outcome<N, I, P>) -> &'static str {
    match outcome {
        Outcome::Make(_) => "new",
        Outcome::Use(..) => "known",
        Outcome::Nothing => "none",
    }
}

/// The board: count, amount and weighted amount of each stage.
pub(crate) async fn board(office: &Office) -> Result<()> {
    for pipeline in office.session.pipelines().list().await? {
        let board = office.session.pipelines().board(pipeline.id, Predicate::everything()).await?;
        println!("\nBoard '{}'", pipeline.name);
        println!("  {:<14} {:>6} {:>20} {:>20}", "stage", "deals", "amount", "weighted");
        for column in &board.columns {
            let name = column.stage.name.as_str();
            if column.totals.is_empty() {
                println!("  {name:<14} {:>6} {:>20} {:>20}", 0, "-", "-");
            }
            for total in &column.totals {
                let (amount, weighted) = (total.amount.to_string(), total.weighted.to_string());
                println!("  {name:<14} {:>6} {amount:>20} {weighted:>20}", total.count);
            }
        }
    }
    Ok(())
}

/// The forecast of this month and the six that follow.
pub(crate) async fn forecast(office: &Office) -> Result<()> {
    let today = office.session.ports().clock.now().date();
    let from = Month::of(today);
    let to = Month::of(Date::from_days(today.days() + 180)?);
    let scope = ForecastScope { from, to, undated: true, pipeline_id: None };
    let forecast = office.session.pipelines().forecast(scope).await?;
    println!("\nForecast");
    println!(
        "  {:<10} {:>6} {:>18} {:>18} {:>18} {:>18}",
        "month", "deals", "closed", "commit", "best case", "weighted"
    );
    for ((month, _), sum) in forecast.by_month()? {
        let month = month.map_or_else(|| "undated".to_owned(), |month| month.to_string());
        let (closed, weighted) = (sum.closed.to_string(), sum.weighted.to_string());
        let commit = sum.cumulative(crm_core::pipeline::ForecastCategory::Commit)?.to_string();
        let best = sum.cumulative(crm_core::pipeline::ForecastCategory::BestCase)?.to_string();
        println!("  {month:<10} {:>6} {closed:>18} {commit:>18} {best:>18} {weighted:>18}", sum.count);
    }
    Ok(())
}

fn called(lead: &Lead) -> String {
    let name = lead.full_name();
    match &lead.company {
        Some(company) if name.is_empty() => company.to_string(),
        Some(company) => format!("{name} of {company}"),
        None => name,
    }
}
