//! Turning the best leads into deals, and moving these through the stages.

use crm_core::conversion::{ConversionChoices, NewDeal};
use crm_core::kernel::{Date, Direction, Money, Page, Predicate, Result, Stored};
use crm_core::lead::{Lead, LeadStatus};
use crm_core::pipeline::{Closing, Move, Opportunity, OpportunityPatch, Outcome, StageKind};
use crm_examples::Office;

/// How many of the best leads become deals.
const DEALS: u32 = 40;

/// Qualifies and converts the best leads, then moves, wins and loses some of their deals. What was done in an earlier
/// run is not done again: a conversion answers with its first result, and a deal that has moved is left where it is.
pub(crate) async fn work(office: &Office) -> Result<()> {
    let session = &office.session;
    let page = Page::ordered(Lead::SCORE.field(), Direction::Descending, DEALS)?;
    let best = session.leads().list(&Predicate::everything(), &page).await?;
    let (mut blocked, mut before) = (0, 0);
    for (place, lead) in best.iter().enumerate() {
        if lead.owner_id.is_none() || lead.status == LeadStatus::Unqualified {
            blocked += 1;
            continue;
        }
        if matches!(lead.status, LeadStatus::New | LeadStatus::Contacted) {
            session.leads().qualify(lead.id).await?;
        }
        before += usize::from(lead.status == LeadStatus::Converted);
        convert(office, place, lead).await?;
    }
    let converted = best.len() - blocked - before;
    println!("\nConverted {converted} of the best leads; {before} were converted before, {blocked} left out.");
    Ok(())
}

async fn convert(office: &Office, place: usize, lead: &Stored<Lead>) -> Result<()> {
    let session = &office.session;
    // The deals of an example need amounts; these are made up from the place in the list.
    let place = i64::try_from(place).unwrap_or(0);
    let amount = Money::new(500_000 + place * 125_000, office.organization.default_currency);
    let month = u32::try_from(place % 3).unwrap_or(0) + 1;
    let today = session.ports().clock.now().date();
    let expected_close = Date::from_days(today.days() + i64::from(month) * 30).ok();
    let deal = NewDeal { amount: Some(amount), expected_close, ..NewDeal::default() };
    let choices = ConversionChoices::with_deal(deal);
    let plan = if place == 0 { Some(session.conversions().plan(lead.id, &choices).await) } else { None };
    if let Some(Ok(plan)) = plan.filter(|_| lead.status != LeadStatus::Converted) {
        println!("\nThe first conversion as planned: {}", crate::report::plan(&plan));
    }
    let key = format!("lead_to_deal:{}", lead.id);
    let conversion = session.conversions().convert(lead.id, &choices, Some(&key)).await?;
    if let Some(id) = conversion.opportunity_id {
        let deal = session.opportunities().get(id).await?;
        if deal.version == 1 {
            advance(office, place, deal).await?;
        }
    }
    Ok(())
}

/// Lets a fresh deal take as many steps as its place in the list says.
async fn advance(office: &Office, place: i64, mut deal: Stored<Opportunity>) -> Result<()> {
    let session = &office.session;
    let stages = session.pipelines().get(deal.pipeline_id).await?.stages;
    let open: Vec<_> = stages.iter().filter(|stage| stage.kind == StageKind::Open).collect();
    let steps = usize::try_from(place % 5).unwrap_or(0);
    for stage in open.iter().skip(1).take(steps) {
        let wish = Move { stage_id: stage.id, change: OpportunityPatch::default() };
        deal = session.opportunities().move_to(deal.id, deal.version, wish).await?;
    }
    let ending = match place % 8 {
        4 => Some(Outcome::Won),
        7 => Some(Outcome::Lost),
        _ => None,
    };
    let Some(ending) = ending else { return Ok(()) };
    let reasons = session.pipelines().reasons().await?;
    let Some(reason) = reasons.iter().find(|reason| reason.kind == ending) else { return Ok(()) };
    let closing = Closing { reason_id: reason.id, note: None, stage_id: None };
    match ending {
        Outcome::Won => session.opportunities().win(deal.id, deal.version, closing).await?,
        Outcome::Lost => session.opportunities().lose(deal.id, deal.version, closing).await?,
    };
    Ok(())
}
