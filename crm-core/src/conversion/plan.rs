//! The plan: what a conversion will do, decided without doing anything.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use super::choices::{ConversionChoices, Target};
use super::facts::Facts;
use super::obstacles;
use crate::access::MemberId;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{CustomKey, CustomValues, Domain, Explanation, Name, Patch, Stored, Tag, Website};
use crate::lead::{Lead, LeadId, LeadStatus};
use crate::people::{
    Account, AccountId, AccountPatch, Contact, ContactId, ContactPatch, NewAccount, NewContact, NewContactPoint,
    PointValue,
};
use crate::pipeline::{NewOpportunity, Opportunity, OpportunityId, OpportunityPatch};

/// What becomes of one of the three records.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<N, I, P> {
    /// A new one is made. References among the new ones are set when they are made.
    Make(Box<N>),
    /// This one is used, with these changes.
    Use(I, Box<P>),
    /// There will be none.
    Nothing,
}

/// An empty field of an existing record that gets the lead's value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fill {
    /// Which record.
    pub record: RecordRef,
    /// Name of the field; `custom.KEY` for custom ones.
    pub field: String,
    /// The value.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub value: Json,
}

/// A field in which an existing record and the lead differ. The record's own value stays.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ConversionConflict))]
pub struct Conflict {
    /// Which record; none when the caller may not see it.
    pub record: Option<RecordRef>,
    /// Name of the field; `custom.KEY` for custom ones.
    pub field: String,
    /// The record's value, which stays.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub kept: Json,
    /// The lead's value, which remains readable on the lead.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub not_taken: Json,
}

/// Something that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Violation {
    /// The choice to change, or the field of the record to be: `account.custom.tier`, `deal.expected_close`.
    pub field: String,
    /// Stable identifier of the form `noun.reason`.
    pub code: String,
    /// What is wrong and what to do, as a sentence.
    pub problem: String,
}

/// What a conversion will do.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The lead.
    pub lead_id: LeadId,
    /// Who becomes responsible for what is made and for the lead's open activities.
    pub owner_id: Option<MemberId>,
    /// The versions of the records that the plan rests on.
    pub based_on: BTreeMap<RecordRef, i64>,
    /// What becomes of the company.
    pub account: Outcome<NewAccount, AccountId, AccountPatch>,
    /// What becomes of the person.
    pub contact: Outcome<NewContact, ContactId, ContactPatch>,
    /// Addresses and numbers that an existing contact gets.
    pub new_points: Vec<NewContactPoint>,
    /// What becomes of the deal.
    pub opportunity: Outcome<NewOpportunity, OpportunityId, OpportunityPatch>,
    /// Empty fields of existing records that are filled.
    pub fills: Vec<Fill>,
    /// Fields in which existing records keep their own value.
    pub conflicts: Vec<Conflict>,
    /// Custom values that go nowhere and stay on the lead.
    pub stays_on_lead: Vec<CustomKey>,
    /// Everything that stands in the way; empty when the plan can be executed.
    pub violations: Vec<Violation>,
    /// Why records were matched.
    pub reasons: Vec<Explanation>,
}

/// Plans the conversion of a lead.
#[must_use]
pub fn plan(facts: &Facts, choices: &ConversionChoices) -> Plan {
    let mut draft = Draft {
        facts,
        lead: &facts.lead.value,
        owner: choices.owner_id.or(facts.lead.owner_id),
        overwrite_source: choices.overwrite_source,
        based_on: BTreeMap::from([(RecordRef::new(RecordKind::Lead, facts.lead.id), facts.lead.version)]),
        fills: Vec::new(),
        conflicts: Vec::new(),
        violations: Vec::new(),
    };
    draft.check_lead(choices);
    let account = draft.account(choices);
    let (contact, new_points) = draft.contact(choices);
    let opportunity = draft.opportunity(choices);
    draft.violations.extend(obstacles::of_custom_fields(facts, &account, &contact, &opportunity));
    if let Outcome::Make(deal) = &opportunity {
        draft.violations.extend(obstacles::of_new_deal(facts, deal, &account, &contact));
    }
    let mapped: Vec<_> = facts
        .mapping
        .rules
        .iter()
        .filter(|rule| match rule.to_kind {
            RecordKind::Account => !matches!(account, Outcome::Nothing),
            RecordKind::Contact => !matches!(contact, Outcome::Nothing),
            RecordKind::Opportunity => !matches!(opportunity, Outcome::Nothing),
            RecordKind::Lead => false,
        })
        .collect();
    let stays = draft.lead.custom.iter().map(|(key, _)| key);
    let stays_on_lead = stays.filter(|key| !mapped.iter().any(|rule| rule.from == **key)).cloned().collect();
    Plan {
        lead_id: facts.lead.id,
        owner_id: draft.owner,
        based_on: draft.based_on,
        account,
        contact,
        new_points,
        opportunity,
        fills: draft.fills,
        conflicts: draft.conflicts,
        stays_on_lead,
        violations: draft.violations,
        reasons: facts.account_match.iter().chain(&facts.contact_match).cloned().collect(),
    }
}

struct Draft<'f> {
    facts: &'f Facts,
    lead: &'f Lead,
    owner: Option<MemberId>,
    overwrite_source: bool,
    based_on: BTreeMap<RecordRef, i64>,
    fills: Vec<Fill>,
    conflicts: Vec<Conflict>,
    violations: Vec<Violation>,
}

impl Draft<'_> {
    fn check_lead(&mut self, choices: &ConversionChoices) {
        if !self.lead.status.may_become(LeadStatus::Converted) {
            let status = self.lead.status.as_str();
            self.block(
                "lead",
                "lead.step_not_allowed",
                format!("a lead that is {status} cannot be converted; reopen it first"),
            );
        }
        if self.owner.is_none() {
            self.block("owner_id", "conversion.no_owner", "nobody is responsible for the lead; name an owner");
        }
        let nothing = choices.account == Target::Nothing
            && choices.contact == Target::Nothing
            && choices.opportunity == Target::Nothing;
        if nothing {
            self.block("contact", "conversion.nothing", "the lead would become nothing; choose at least one record");
        }
    }

    fn account(&mut self, choices: &ConversionChoices) -> Outcome<NewAccount, AccountId, AccountPatch> {
        if choices.account == Target::Nothing {
            return Outcome::Nothing;
        }
        if let Some(account) = &self.facts.account {
            let record = RecordRef::new(RecordKind::Account, account.id);
            self.based_on.insert(record, account.version);
            return Outcome::Use(account.id, Box::new(self.enriched_account(record, account)));
        }
        match (&self.lead.company, choices.account) {
            (Some(company), _) => Outcome::Make(Box::new(self.new_account(company.clone()))),
            // A person without a company: matching finds nothing, and that is no mistake.
            (None, Target::Matching) => Outcome::Nothing,
            (None, _) => {
                self.block("account", "conversion.no_company", "the lead names no company; choose an account or none");
                Outcome::Nothing
            }
        }
    }

    fn new_account(&mut self, name: Name) -> NewAccount {
        let facts = self.facts;
        for (domain, holder) in &facts.domain_holders {
            self.keep_domain(domain, *holder);
        }
        let free = self.facts.free_domains();
        let website = self.lead.website.clone();
        let own_site = website.as_ref().and_then(Website::registrable_domain);
        let website_is_free = own_site.is_none_or(|domain| domain.is_free_mail() || free.contains(&domain));
        let lead = self.lead;
        NewAccount {
            website: website.filter(|_| website_is_free),
            industry: lead.industry.clone(),
            employee_count: lead.employee_count,
            city: lead.city.clone(),
            country: lead.country.clone(),
            source: lead.source.clone(),
            owner_id: self.owner,
            tags: lead.tags.clone(),
            custom: self.mapped(RecordKind::Account),
            domains: free.into_iter().collect(),
            ..NewAccount::named(name)
        }
    }

    /// Notes that a domain stays with the account that holds it.
    fn keep_domain(&mut self, domain: &Domain, holder: Option<AccountId>) {
        let (kept, not_taken) = (Json::from(domain.as_str()), Json::from(domain.as_str()));
        let record = holder.map(|id| RecordRef::new(RecordKind::Account, id));
        self.conflicts.push(Conflict { record, field: "domains".to_owned(), kept, not_taken });
    }

    /// The lead's website, unless its domain belongs to another account: a new website brings its domain.
    fn website_for(&mut self, account: &Stored<Account>) -> Option<Website> {
        let website = self.lead.website.clone();
        let domain = website.as_ref().filter(|_| account.website.is_none()).and_then(Website::registrable_domain);
        let facts = self.facts;
        let elsewhere = facts
            .domain_holders
            .iter()
            .find(|(held, holder)| Some(held) == domain.as_ref() && *holder != Some(account.id));
        match elsewhere {
            Some((domain, holder)) => {
                self.keep_domain(domain, *holder);
                None
            }
            None => website,
        }
    }

    fn enriched_account(&mut self, record: RecordRef, account: &Stored<Account>) -> AccountPatch {
        let lead = self.lead;
        let website = self.website_for(account);
        let owner = self.owner;
        AccountPatch {
            website: self.fill(record, "website", account.website.as_ref(), website.as_ref()),
            industry: self.fill(record, "industry", account.industry.as_ref(), lead.industry.as_ref()),
            employee_count: self.fill(
                record,
                "employee_count",
                account.employee_count.as_ref(),
                lead.employee_count.as_ref(),
            ),
            city: self.fill(record, "city", account.city.as_ref(), lead.city.as_ref()),
            country: self.fill(record, "country", account.country.as_ref(), lead.country.as_ref()),
            owner_id: self.fill_silently(record, "owner_id", account.owner_id.as_ref(), owner.as_ref()),
            source: self.source(record, account.source.as_ref()),
            tags: self.united(record, &account.tags),
            custom: self.filled_custom(record, &account.custom),
            ..AccountPatch::default()
        }
    }

    fn contact(
        &mut self,
        choices: &ConversionChoices,
    ) -> (Outcome<NewContact, ContactId, ContactPatch>, Vec<NewContactPoint>) {
        if choices.contact == Target::Nothing {
            return (Outcome::Nothing, Vec::new());
        }
        if let Some((contact, points)) = &self.facts.contact {
            let record = RecordRef::new(RecordKind::Contact, contact.id);
            self.based_on.insert(record, contact.version);
            let chosen = self.facts.account.as_ref().map(|account| account.id);
            if let (Some(own), Some(chosen)) = (contact.account_id, chosen)
                && own != chosen
            {
                let problem = "the contact belongs to another account; choose that account or another contact";
                self.block("contact", "conversion.contact_of_another_account", problem);
            }
            let fresh = self.points().into_iter().filter(|new| {
                let known = |point: &PointValue| point.kind() == new.value.kind() && point.key() == new.value.key();
                !points.iter().any(|point| known(&point.value.value))
            });
            let fresh: Vec<_> = fresh.collect();
            for point in &fresh {
                let value = Json::from(point.value.key());
                self.fills.push(Fill { record, field: point.value.kind().as_str().to_owned(), value });
            }
            let patch = self.enriched_contact(record, &contact.value);
            return (Outcome::Use(contact.id, Box::new(patch)), fresh);
        }
        let lead = self.lead;
        let points = self.points();
        let nameless = lead.first_name.is_none() && lead.last_name.is_none() && points.is_empty();
        match choices.contact {
            // A company without a person: matching finds nobody, and that is no mistake.
            Target::Matching if nameless => (Outcome::Nothing, Vec::new()),
            _ if nameless => {
                let problem = "the lead names no person, address or number; choose a contact or none";
                self.block("contact", "conversion.no_person", problem);
                (Outcome::Nothing, Vec::new())
            }
            _ => {
                let contact = NewContact {
                    first_name: lead.first_name.clone(),
                    last_name: lead.last_name.clone(),
                    job_title: lead.job_title.clone(),
                    department: None,
                    account_id: None,
                    city: lead.city.clone(),
                    country: lead.country.clone(),
                    owner_id: self.owner,
                    source: lead.source.clone(),
                    campaign: lead.campaign.clone(),
                    tags: lead.tags.clone(),
                    custom: self.mapped(RecordKind::Contact),
                    note: lead.note.clone(),
                    points,
                };
                (Outcome::Make(Box::new(contact)), Vec::new())
            }
        }
    }

    fn enriched_contact(&mut self, record: RecordRef, contact: &Contact) -> ContactPatch {
        let lead = self.lead;
        let owner = self.owner;
        ContactPatch {
            first_name: self.fill(record, "first_name", contact.first_name.as_ref(), lead.first_name.as_ref()),
            last_name: self.fill(record, "last_name", contact.last_name.as_ref(), lead.last_name.as_ref()),
            job_title: self.fill(record, "job_title", contact.job_title.as_ref(), lead.job_title.as_ref()),
            city: self.fill(record, "city", contact.city.as_ref(), lead.city.as_ref()),
            country: self.fill(record, "country", contact.country.as_ref(), lead.country.as_ref()),
            note: self.fill(record, "note", contact.note.as_ref(), lead.note.as_ref()),
            owner_id: self.fill_silently(record, "owner_id", contact.owner_id.as_ref(), owner.as_ref()),
            source: self.source(record, contact.source.as_ref()),
            campaign: self.fill_silently(record, "campaign", contact.campaign.as_ref(), lead.campaign.as_ref()),
            tags: self.united(record, &contact.tags),
            custom: self.filled_custom(record, &contact.custom),
            ..ContactPatch::default()
        }
    }

    fn points(&self) -> Vec<NewContactPoint> {
        let emails = self.lead.emails().cloned().map(PointValue::Email);
        let phones = self.lead.phones().cloned().map(PointValue::Phone);
        emails.chain(phones).map(|value| NewContactPoint { value, label: None }).collect()
    }

    fn block(&mut self, field: &'static str, code: &'static str, problem: impl Into<String>) {
        let (field, code) = (field.to_owned(), code.to_owned());
        self.violations.push(Violation { field, code, problem: problem.into() });
    }

    /// Fills an empty field; notes a conflict when both have different values.
    fn fill<T: Serialize + Clone>(
        &mut self,
        record: RecordRef,
        field: &str,
        own: Option<&T>,
        lead: Option<&T>,
    ) -> Patch<T> {
        let json = |value: &T| serde_json::to_value(value).unwrap_or_default();
        match (own, lead) {
            (None, Some(value)) => {
                self.fills.push(Fill { record, field: field.to_owned(), value: json(value) });
                Patch::Set(value.clone())
            }
            (Some(own), Some(value)) => {
                let (kept, not_taken) = (json(own), json(value));
                if kept != not_taken {
                    self.conflicts.push(Conflict { record: Some(record), field: field.to_owned(), kept, not_taken });
                }
                Patch::Keep
            }
            (_, None) => Patch::Keep,
        }
    }

    /// Fills an empty field; a value that is there is nobody's mistake.
    fn fill_silently<T: Serialize + Clone>(
        &mut self,
        record: RecordRef,
        field: &str,
        own: Option<&T>,
        lead: Option<&T>,
    ) -> Patch<T> {
        if own.is_some() { Patch::Keep } else { self.fill(record, field, own, lead) }
    }

    fn source(&mut self, record: RecordRef, own: Option<&Name>) -> Patch<Name> {
        let own = own.filter(|_| !self.overwrite_source);
        let lead = self.lead.source.clone();
        self.fill_silently(record, "source", own, lead.as_ref())
    }

    fn united(&mut self, record: RecordRef, own: &[Tag]) -> Option<Vec<Tag>> {
        let fresh: Vec<_> = self.lead.tags.iter().filter(|tag| !own.contains(tag)).cloned().collect();
        if fresh.is_empty() {
            return None;
        }
        let value = fresh.iter().map(Tag::as_str).collect();
        self.fills.push(Fill { record, field: "tags".to_owned(), value });
        Some(own.iter().cloned().chain(fresh).collect())
    }

    fn mapped(&self, kind: RecordKind) -> CustomValues {
        self.facts.mapping.values_for(kind, &self.lead.custom)
    }

    fn filled_custom(&mut self, record: RecordRef, own: &CustomValues) -> Option<CustomValues> {
        let mut next = own.clone();
        for (key, value) in self.mapped(record.kind).iter() {
            let field = format!("custom.{key}");
            if let Patch::Set(value) = self.fill(record, &field, own.get(key), Some(value)) {
                next.set(key.clone(), value);
            }
        }
        (next != *own).then_some(next)
    }

    fn opportunity(&mut self, choices: &ConversionChoices) -> Outcome<NewOpportunity, OpportunityId, OpportunityPatch> {
        if let Some(opportunity) = &self.facts.opportunity {
            let record = RecordRef::new(RecordKind::Opportunity, opportunity.id);
            self.based_on.insert(record, opportunity.version);
            if opportunity.closed_at.is_some() {
                let problem = "the deal is closed; reopen it, choose another or make a new one";
                self.block("opportunity", "conversion.closed_opportunity", problem);
            }
            let chosen = self.facts.account.as_ref().map(|account| account.id);
            if opportunity.account_id.is_some()
                && choices.account != Target::Nothing
                && opportunity.account_id != chosen
            {
                let problem = "the deal belongs to another account; choose that account or another deal";
                self.block("opportunity", "conversion.opportunity_of_another_account", problem);
            }
            let patch = self.enriched_opportunity(record, &opportunity.value);
            return Outcome::Use(opportunity.id, Box::new(patch));
        }
        if choices.opportunity == Target::Nothing {
            return Outcome::Nothing;
        }
        let deal = choices.deal.clone().unwrap_or_default();
        let lead = self.lead;
        let Some(name) = deal.name.or_else(|| lead.company.clone()).or_else(|| Name::try_from(lead.full_name()).ok())
        else {
            self.block("deal.name", "conversion.unnamed_deal", "the lead has neither name nor company; name the deal");
            return Outcome::Nothing;
        };
        Outcome::Make(Box::new(NewOpportunity {
            pipeline_id: deal.pipeline_id,
            stage_id: deal.stage_id,
            amount: deal.amount,
            expected_close: deal.expected_close,
            owner_id: self.owner,
            source: lead.source.clone(),
            campaign: lead.campaign.clone(),
            tags: lead.tags.clone(),
            custom: self.mapped(RecordKind::Opportunity),
            lead_id: Some(self.facts.lead.id),
            ..NewOpportunity::named(name)
        }))
    }

    fn enriched_opportunity(&mut self, record: RecordRef, opportunity: &Opportunity) -> OpportunityPatch {
        let (campaign, owner) = (self.lead.campaign.clone(), self.owner);
        OpportunityPatch {
            owner_id: self.fill_silently(record, "owner_id", opportunity.owner_id.as_ref(), owner.as_ref()),
            source: self.source(record, opportunity.source.as_ref()),
            campaign: self.fill_silently(record, "campaign", opportunity.campaign.as_ref(), campaign.as_ref()),
            tags: self.united(record, &opportunity.tags),
            custom: self.filled_custom(record, &opportunity.custom),
            ..OpportunityPatch::default()
        }
    }
}
