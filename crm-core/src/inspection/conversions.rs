//! Leads that are converted, and what they live on as.

use std::collections::BTreeSet;

use super::look::{Look, Pages};
use crate::conversion::Conversion;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{Entity, Result};
use crate::lead::{Lead, LeadStatus};

const RULE: &str = "conversion";

pub(super) async fn inspect(look: &mut Look<'_, '_>) -> Result<()> {
    let mut pages = Pages::<Lead>::all();
    loop {
        let leads = look.next(&mut pages).await?;
        if leads.is_empty() {
            break;
        }
        let of_leads = Conversion::LEAD.is_one_of(leads.iter().map(|lead| lead.id));
        let has: BTreeSet<_> = look.uow.list_all_of_anyone(&of_leads).await?.iter().map(|row| row.lead_id).collect();
        for lead in leads {
            let is_converted = lead.status == LeadStatus::Converted;
            if is_converted != has.contains(&lead.id) {
                let problem =
                    if is_converted { "it is converted into nothing" } else { "it has a conversion and is open" };
                look.complain(RULE, Lead::NAME, lead.id.uuid(), problem);
            }
            if is_converted != lead.converted_at.is_some() {
                look.complain(RULE, Lead::NAME, lead.id.uuid(), "its state and the time of its conversion differ");
            }
        }
    }
    let mut pages = Pages::<Conversion>::all();
    loop {
        let conversions = look.next(&mut pages).await?;
        if conversions.is_empty() {
            return Ok(());
        }
        for row in conversions {
            let made = [
                Some(RecordRef::new(RecordKind::Lead, row.lead_id)),
                row.contact_id.map(|id| RecordRef::new(RecordKind::Contact, id)),
                row.account_id.map(|id| RecordRef::new(RecordKind::Account, id)),
                row.opportunity_id.map(|id| RecordRef::new(RecordKind::Opportunity, id)),
            ];
            for record in look.missing(made.into_iter().flatten()).await? {
                let problem = format!("its {} {} is not there", record.kind.as_str(), record.id);
                look.complain(RULE, Conversion::NAME, row.id.uuid(), problem);
            }
        }
    }
}
