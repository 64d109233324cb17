//! A row as a lead.

use super::list::split;
use super::reading::{Findings, ReadColumn, Reading};
use super::source::SourceRow;
use super::target::Target;
use crate::kernel::{EmailAddress, Label, Line, Name, PhoneNumber, Website};
use crate::lead::{LeadStatus, NewLead};
use crate::store::UnitOfWork;

/// What a row tells of a lead.
#[derive(Debug, Default)]
pub(super) struct LeadRow {
    pub(super) lead: NewLead,
    pub(super) external_id: Option<Line<200>>,
    pub(super) status: Option<(LeadStatus, Option<Label>)>,
}

/// Reads every mapped cell; what is wrong with any of them is among the findings.
pub(super) fn read_lead(
    reading: &Reading,
    uow: &UnitOfWork<'_>,
    row: &SourceRow,
    findings: &mut Findings<'_>,
) -> LeadRow {
    let mut read =
        LeadRow { lead: NewLead { tags: reading.options.tags.clone(), ..NewLead::default() }, ..LeadRow::default() };
    let mut emails: Vec<EmailAddress> = Vec::new();
    let mut phones: Vec<PhoneNumber> = Vec::new();
    let mut full_name = None;
    for (column, cell) in reading.cells(row) {
        let lead = &mut read.lead;
        match &column.target {
            Target::FirstName => lead.first_name = findings.name(column, cell),
            Target::LastName => lead.last_name = findings.name(column, cell),
            Target::FullName => full_name = Some((column, cell)),
            Target::Company => lead.company = findings.name(column, cell),
            Target::JobTitle => lead.job_title = findings.name(column, cell),
            Target::Email(_) => emails.extend(findings.email(column, cell)),
            Target::OtherEmails => {
                emails.extend(split(cell, &[';', ',']).iter().filter_map(|part| findings.email(column, part)));
            }
            Target::Phone(_) => phones.extend(findings.phone(uow, column, cell)),
            Target::OtherPhones => {
                phones.extend(split(cell, &[';']).iter().filter_map(|part| findings.phone(uow, column, part)));
            }
            Target::Website => lead.website = findings.take(column, cell, Website::parse(cell)),
            Target::Industry => lead.industry = findings.name(column, cell),
            Target::EmployeeCount => lead.employee_count = findings.employees(column, cell),
            Target::City => lead.city = findings.name(column, cell),
            Target::Country => lead.country = findings.name(column, cell),
            Target::Source => lead.source = findings.name(column, cell),
            Target::Campaign => lead.campaign = findings.name(column, cell),
            Target::Status => read.status = findings.lead_status(column, cell),
            Target::Owner => lead.owner_id = findings.owner(column, cell),
            Target::Tags => lead.tags.extend(findings.tags(column, cell)),
            Target::Note => lead.note = findings.note(column, cell, lead.note.take()),
            Target::ExternalId => read.external_id = findings.take(column, cell, Line::cleaned(cell)),
            Target::Custom(_) => findings.custom(column, cell, &mut lead.custom),
            Target::Ignore | Target::Name | Target::AnnualRevenue => {}
        }
    }
    if let Some((column, cell)) = full_name
        && read.lead.first_name.is_none()
        && read.lead.last_name.is_none()
    {
        (read.lead.first_name, read.lead.last_name) = split_name(findings, column, cell);
    }
    let mut emails = distinct(emails, EmailAddress::key).into_iter();
    read.lead.email = emails.next();
    read.lead.other_emails = emails.collect();
    let mut phones = distinct(phones, PhoneNumber::key).into_iter();
    read.lead.phone = phones.next();
    read.lead.other_phones = phones.collect();
    read
}

/// Given and family name: behind the comma and before it, else all words but the last and the last one.
fn split_name(findings: &mut Findings<'_>, column: &ReadColumn, cell: &str) -> (Option<Name>, Option<Name>) {
    let (first, last) = match cell.split_once(',') {
        Some((last, first)) => (first, last),
        None => cell.trim().rsplit_once(char::is_whitespace).unwrap_or((cell, "")),
    };
    let mut name = |part: &str| (!part.trim().is_empty()).then(|| findings.name(column, part)).flatten();
    (name(first), name(last))
}

fn distinct<T>(values: Vec<T>, key: impl Fn(&T) -> &str) -> Vec<T> {
    let mut kept: Vec<T> = Vec::with_capacity(values.len());
    for value in values {
        if kept.iter().all(|known| key(known) != key(&value)) {
            kept.push(value);
        }
    }
    kept
}
