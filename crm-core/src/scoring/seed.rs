//! The rule that an organization begins with: sensible for most, meant to be changed.

use super::model::{
    Basis, Behaviour, Counting, Criterion, Decay, GroupCaps, NewScoringRule, ScoringRule, ScoringRuleEvent, Threshold,
};
use crate::kernel::text::{Label, Name};
use crate::kernel::{Column, Predicate, Result, Stored};
use crate::lead::Lead;
use crate::store::UnitOfWork;

/// Adds [`default_rule`] to an organization.
///
/// # Errors
/// Those of the store.
pub async fn seed_default(uow: &mut UnitOfWork<'_>) -> Result<Stored<ScoringRule>> {
    uow.insert(ScoringRule::new(default_rule()?), ScoringRuleEvent::Created).await
}

/// 0 to 100 points: up to 35 for who they are, 40 for what the company is, 50 for what they do, of which a quarter fades
/// every 30 days. A lead deserves attention at 50 and no longer below 40.
///
/// # Errors
/// None in practice: the texts are constants.
pub fn default_rule() -> Result<NewScoringRule> {
    let leads_company = [
        "Chief",
        "CEO",
        "CFO",
        "COO",
        "CTO",
        "CMO",
        "President",
        "Owner",
        "Founder",
        "Co-Founder",
        "Managing Director",
    ];
    let leads_department = ["VP", "Vice President", "SVP", "EVP", "Director", "Head of"];
    let warm = ["Referral", "Partner Program", "Webinars", "Networking Event", "Trade Show", "Website Form"];
    let criteria = vec![
        who("Has an e-mail address", 10, Lead::EMAIL.is_empty().negated())?,
        who("Leads the company", 20, begins(&Lead::JOB_TITLE, &leads_company))?,
        who("Leads a department", 12, begins(&Lead::JOB_TITLE, &leads_department))?,
        who("Still learning", -15, begins(&Lead::JOB_TITLE, &["Student", "Intern", "Trainee"]))?,
        what("Company is known", 5, Lead::COMPANY.is_empty().negated())?,
        what("Company has a website", 5, Lead::WEBSITE.is_empty().negated())?,
        what("50 to 999 employees", 15, Lead::EMPLOYEE_COUNT.at_least(50).and(Lead::EMPLOYEE_COUNT.below(1_000)))?,
        what("1,000 employees or more", 20, Lead::EMPLOYEE_COUNT.at_least(1_000))?,
        what("Warm source", 10, Lead::SOURCE.is_one_of(warm))?,
        what("Cold source", -5, Lead::SOURCE.is_one_of(["Cold Call", "Purchased List"]))?,
        did("Opened an e-mail", 1, "email_opened", Counting::Each, Some(5))?,
        did("Followed a link in an e-mail", 4, "email_clicked", Counting::Each, Some(16))?,
        did("Visited a page", 2, "page_visited", Counting::Each, Some(10))?,
        did("Sent a form", 12, "form_submitted", Counting::Each, Some(24))?,
        did("Booked a meeting", 25, "meeting_booked", Counting::Once, None)?,
        did("Unsubscribed", -30, "email_unsubscribed", Counting::Once, None)?,
    ];
    Ok(NewScoringRule {
        name: Name::parse("Lead score")?,
        active: true,
        position: 0,
        criteria,
        group_caps: GroupCaps { demographic: Some(35), firmographic: Some(40), behavioural: Some(50) },
        lowest: Some(0),
        highest: Some(100),
        decay: Some(Decay::default()),
        threshold: Some(Threshold { at: 50, release: 40 }),
    })
}

fn who(name: &str, points: i64, condition: Predicate<Lead>) -> Result<Criterion> {
    Ok(Criterion { name: Label::parse(name)?, points, when: Basis::Demographic(condition) })
}

fn what(name: &str, points: i64, condition: Predicate<Lead>) -> Result<Criterion> {
    Ok(Criterion { name: Label::parse(name)?, points, when: Basis::Firmographic(condition) })
}

fn did(name: &str, points: i64, kind: &str, counts: Counting, cap: Option<i64>) -> Result<Criterion> {
    let behaviour = Behaviour { kind: kind.parse()?, counts, cap };
    Ok(Criterion { name: Label::parse(name)?, points, when: Basis::Behavioural(behaviour) })
}

fn begins(column: &Column<Lead, String>, prefixes: &[&str]) -> Predicate<Lead> {
    Predicate::Any(prefixes.iter().map(|prefix| column.starts_with(*prefix)).collect())
}
