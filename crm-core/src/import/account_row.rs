//! A row as an account.

use super::ledger::IssueKind;
use super::reading::{Findings, Reading};
use super::source::SourceRow;
use super::target::Target;
use super::values;
use crate::access::MemberId;
use crate::kernel::{CustomValues, Money, Name, Note, PhoneNumber, Tag, Website};
use crate::people::{AccountStatus, NewAccount};
use crate::store::UnitOfWork;

/// What a row tells of an account; the name is there unless the findings keep the row out.
#[derive(Debug, Default)]
pub(super) struct AccountRow {
    pub(super) name: Option<Name>,
    pub(super) website: Option<Website>,
    pub(super) phone: Option<PhoneNumber>,
    pub(super) industry: Option<Name>,
    pub(super) employee_count: Option<i64>,
    pub(super) annual_revenue: Option<Money>,
    pub(super) city: Option<Name>,
    pub(super) country: Option<Name>,
    pub(super) status: Option<AccountStatus>,
    pub(super) owner_id: Option<MemberId>,
    pub(super) source: Option<Name>,
    pub(super) tags: Vec<Tag>,
    pub(super) custom: CustomValues,
    pub(super) note: Option<Note>,
}

/// Reads every mapped cell; what is wrong with any of them is among the findings.
pub(super) fn read_account(
    reading: &Reading,
    uow: &UnitOfWork<'_>,
    row: &SourceRow,
    findings: &mut Findings<'_>,
) -> AccountRow {
    let options = &reading.options;
    let mut read = AccountRow { tags: options.tags.clone(), ..AccountRow::default() };
    for (column, cell) in reading.cells(row) {
        match &column.target {
            Target::Name => read.name = findings.name(column, cell),
            Target::Website => read.website = findings.take(column, cell, Website::parse(cell)),
            Target::Phone(_) => read.phone = findings.phone(uow, column, cell),
            Target::Industry => read.industry = findings.name(column, cell),
            Target::EmployeeCount => read.employee_count = findings.employees(column, cell),
            Target::AnnualRevenue => {
                let amount = values::money(cell, options.decimal, reading.currency);
                read.annual_revenue = findings.take(column, cell, amount);
            }
            Target::City => read.city = findings.name(column, cell),
            Target::Country => read.country = findings.name(column, cell),
            Target::Source => read.source = findings.name(column, cell),
            Target::Status => {
                read.status = status(cell);
                if read.status.is_none() {
                    let message = "there is no such state; use prospect, active or inactive";
                    findings.bad(column, cell, "import.unknown_status", message.to_owned());
                }
            }
            Target::Owner => read.owner_id = findings.owner(column, cell),
            Target::Tags => read.tags.extend(findings.tags(column, cell)),
            Target::Note => read.note = findings.note(column, cell, read.note.take()),
            Target::Custom(_) => findings.custom(column, cell, &mut read.custom),
            _ => {}
        }
    }
    if read.name.is_none() && !findings.keep_out() {
        let message = "an account needs a name; map a column to 'name' and fill the cell";
        findings.add(IssueKind::Error, None, "account.anonymous", None, message.to_owned());
    }
    read
}

fn status(cell: &str) -> Option<AccountStatus> {
    let word = cell.to_lowercase();
    [AccountStatus::Prospect, AccountStatus::Active, AccountStatus::Inactive]
        .into_iter()
        .find(|status| status.as_str() == word)
}

impl AccountRow {
    /// The row as a new account; nothing without a name.
    pub(super) fn into_new(self, source: &Name) -> Option<NewAccount> {
        Some(NewAccount {
            parent_id: None,
            website: self.website,
            phone: self.phone,
            industry: self.industry,
            employee_count: self.employee_count,
            annual_revenue: self.annual_revenue,
            city: self.city,
            country: self.country,
            status: self.status.unwrap_or_default(),
            owner_id: self.owner_id,
            source: self.source.or_else(|| Some(source.clone())),
            tags: self.tags,
            custom: self.custom,
            note: self.note,
            domains: Vec::new(),
            name: self.name?,
        })
    }
}
