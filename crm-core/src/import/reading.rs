//! What reading the cells of a row rests on, and what is found on the way.

use std::collections::BTreeMap;

use super::ledger::{ImportIssue, IssueKind};
use super::list::split;
use super::model::{Import, ImportId};
use super::options::{BadValues, ImportOptions, UnknownOwner};
use super::source::SourceRow;
use super::target::{ImportKind, Target};
use super::values;
use crate::access::{Member, MemberId};
use crate::custom_field::Schema;
use crate::kernel::{
    Currency, CustomValues, EmailAddress, FieldProblem, Label, Name, Note, PhoneNumber, Predicate, Region, Result,
    Rule, Stored, Tag, Text, TextError,
};
use crate::lead::{LeadStatus, StatusLabel};
use crate::store::UnitOfWork;

/// Longest part of a cell that an issue repeats, in characters.
const LONGEST_VALUE: usize = 200;

/// A column that is read.
#[derive(Clone, Debug)]
pub(super) struct ReadColumn {
    pub(super) index: usize,
    pub(super) header: String,
    pub(super) target: Target,
}

/// Everything that reading cells rests on; loaded once for a batch.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) import_id: ImportId,
    pub(super) kind: ImportKind,
    pub(super) headers: Vec<String>,
    pub(super) columns: Vec<ReadColumn>,
    pub(super) options: ImportOptions,
    pub(super) schema: Schema,
    pub(super) currency: Currency,
    region: Option<Region>,
    /// Members by the key of their address and by name; nothing for a name that several have.
    owners: BTreeMap<String, Option<MemberId>>,
    /// States by the tenant's own names for them.
    labels: BTreeMap<String, (LeadStatus, Label)>,
}

/// What is found in one row.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    reading: &'a Reading,
    row: i64,
    line: i64,
    pub(super) issues: Vec<ImportIssue>,
}

impl Reading {
    /// Loads members, states and custom fields.
    pub(super) async fn load(uow: &mut UnitOfWork<'_>, import: &Stored<Import>) -> Result<Self> {
        let organization = uow.organization();
        let organization = uow.get(organization).await?;
        let mut owners = BTreeMap::new();
        let members: Vec<Stored<Member>> = uow.list_all(&Member::ACTIVE.is(true)).await?;
        for member in &members {
            let name = owners.entry(member.value.name.to_lowercase()).or_insert(Some(member.id));
            name.take_if(|known| *known != member.id);
        }
        // An address names one member, whatever others are called.
        owners.extend(members.iter().map(|member| (member.email.key().to_owned(), Some(member.id))));
        let labels: Vec<Stored<StatusLabel>> = uow.list_all(&Predicate::everything()).await?;
        let mut columns: Vec<_> = import
            .headers
            .iter()
            .enumerate()
            .map(|(index, header)| ReadColumn {
                index,
                header: header.clone(),
                target: import.mapping.target(header).clone(),
            })
            .filter(|column| column.target != Target::Ignore)
            .collect();
        // Addresses and numbers in the order of their count, everything else as in the file.
        columns.sort_by(|one, other| one.target.cmp(&other.target));
        Ok(Self {
            import_id: import.id,
            kind: import.kind,
            headers: import.headers.clone(),
            columns,
            schema: Schema::load(uow, import.kind.record()).await?,
            currency: import.options.currency.unwrap_or(organization.default_currency),
            region: import.options.region.or(organization.region),
            options: import.options.clone(),
            owners,
            labels: labels.into_iter().map(|row| (row.label.to_lowercase(), (row.status, row.value.label))).collect(),
        })
    }

    /// The mapped cells of a row that are not blank.
    pub(super) fn cells<'r>(&'r self, row: &'r SourceRow) -> impl Iterator<Item = (&'r ReadColumn, &'r str)> {
        self.columns.iter().filter_map(|column| {
            let cell = row.cells.get(column.index)?.trim();
            (!cell.is_empty()).then_some((column, cell))
        })
    }

    /// Begins to judge a row.
    pub(super) fn findings(&self, row: u64, line: u64) -> Findings<'_> {
        let whole = |number| i64::try_from(number).unwrap_or(i64::MAX);
        Findings { reading: self, row: whole(row), line: whole(line), issues: Vec::new() }
    }
}

impl Findings<'_> {
    /// Whether something keeps the row out.
    pub(super) fn keep_out(&self) -> bool {
        self.issues.iter().any(|issue| issue.kind == IssueKind::Error)
    }

    /// Adds an issue.
    pub(super) fn add(
        &mut self,
        kind: IssueKind,
        column: Option<&str>,
        code: &str,
        value: Option<&str>,
        message: String,
    ) {
        self.issues.push(ImportIssue {
            import_id: self.reading.import_id,
            row_number: self.row,
            line_number: self.line,
            column_name: column.map(str::to_owned),
            code: code.to_owned(),
            value: value.map(shown),
            message,
            kind,
        });
    }

    /// Names what was mended in the row before it came here.
    pub(super) fn note_repairs(&mut self, row: &SourceRow) {
        for note in &row.notes {
            let index = note.column.and_then(|number| number.checked_sub(1));
            let reading = self.reading;
            let column = index.and_then(|index| reading.headers.get(index)).map(String::as_str);
            let value = index.and_then(|index| row.cells.get(index)).map(String::as_str);
            self.add(IssueKind::Note, column, "csv.repaired", value, note.message.clone());
        }
    }

    /// The value, or an issue about the cell.
    pub(super) fn take<T, E: Rule>(
        &mut self,
        column: &ReadColumn,
        cell: &str,
        value: std::result::Result<T, E>,
    ) -> Option<T> {
        let error = match value {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        self.bad(column, cell, error.code(), error.to_string());
        None
    }

    /// Says that a cell can't be read.
    pub(super) fn bad(&mut self, column: &ReadColumn, cell: &str, code: &str, message: String) {
        let kind = match self.reading.options.bad_values {
            BadValues::Refuse => IssueKind::Error,
            BadValues::DropAndNote => IssueKind::Note,
        };
        self.add(kind, Some(&column.header), code, Some(cell), message);
    }

    /// Says why the row as a whole is refused, column by column where these can be named.
    pub(super) fn refuse(&mut self, error: &crate::kernel::Error) {
        if error.fields().is_empty() {
            self.add(IssueKind::Error, None, error.code(), None, error.to_string());
        }
        for FieldProblem { field, code, message } in error.fields() {
            let reading = self.reading;
            let column = reading.columns.iter().find(|column| column.target.to_string() == *field);
            self.add(IssueKind::Error, column.map(|column| column.header.as_str()), code, None, message.clone());
        }
    }

    pub(super) fn name(&mut self, column: &ReadColumn, cell: &str) -> Option<Name> {
        self.take(column, cell, Name::cleaned(cell))
    }

    pub(super) fn email(&mut self, column: &ReadColumn, cell: &str) -> Option<EmailAddress> {
        self.take(column, cell, EmailAddress::parse(cell))
    }

    pub(super) fn phone(&mut self, uow: &UnitOfWork<'_>, column: &ReadColumn, cell: &str) -> Option<PhoneNumber> {
        let phones = &uow.session().ports().phones;
        self.take(column, cell, phones.parse(cell, self.reading.region))
    }

    pub(super) fn tags(&mut self, column: &ReadColumn, cell: &str) -> Vec<Tag> {
        let tags: Vec<_> = split(cell, &[';', ',']);
        tags.iter().filter_map(|tag| self.take(column, cell, Tag::parse(tag))).collect()
    }

    /// Adds a cell to what other columns have noted already.
    pub(super) fn note(&mut self, column: &ReadColumn, cell: &str, before: Option<Note>) -> Option<Note> {
        let text = before.as_ref().map_or_else(|| cell.to_owned(), |before| format!("{before}\n\n{cell}"));
        let note: std::result::Result<Note, TextError> = Text::cleaned(&text);
        self.take(column, cell, note).or(before)
    }

    pub(super) fn employees(&mut self, column: &ReadColumn, cell: &str) -> Option<i64> {
        self.take(column, cell, values::count(cell, self.reading.options.decimal))
    }

    /// The member, by address or name. One who is not known is noted or bad, as was chosen.
    pub(super) fn owner(&mut self, column: &ReadColumn, cell: &str) -> Option<MemberId> {
        let key = EmailAddress::parse(cell).map_or_else(|_| cell.to_lowercase(), |email| email.key().to_owned());
        let (code, message) = match self.reading.owners.get(&key) {
            Some(Some(owner)) => return Some(*owner),
            Some(None) => ("import.ambiguous_owner", "several members have this name; write the address instead"),
            None => ("import.unknown_owner", "no active member has this address or name; add them, or correct it"),
        };
        match self.reading.options.unknown_owner {
            UnknownOwner::BadValue => self.bad(column, cell, code, message.to_owned()),
            UnknownOwner::LeaveUnassigned => {
                let message = format!("left without an owner: {message}");
                self.add(IssueKind::Note, Some(&column.header), code, Some(cell), message);
            }
        }
        None
    }

    /// A state by its own name or the tenant's.
    pub(super) fn lead_status(&mut self, column: &ReadColumn, cell: &str) -> Option<(LeadStatus, Option<Label>)> {
        let word = cell.to_lowercase();
        if let Some((status, label)) = self.reading.labels.get(&word) {
            return Some((*status, Some(label.clone())));
        }
        let mut open = LeadStatus::ALL.iter().filter(|status| **status != LeadStatus::Converted);
        if let Some(status) = open.find(|status| status.as_str() == word) {
            return Some((*status, None));
        }
        let labels: Vec<_> = self.reading.labels.values().map(|(_, label)| label.as_str()).collect();
        let known = [&["new", "contacted", "qualified", "unqualified"], labels.as_slice()].concat().join(", ");
        self.bad(column, cell, "import.unknown_status", format!("there is no such state; use one of: {known}"));
        None
    }

    /// Adds the value of a custom field.
    pub(super) fn custom(&mut self, column: &ReadColumn, cell: &str, values: &mut CustomValues) {
        let Target::Custom(key) = &column.target else { return };
        let Some(field) = self.reading.schema.field(key) else { return };
        let options = &self.reading.options;
        let value = values::custom(cell, &field.holds, options.decimal, options.dates, self.reading.currency);
        if let Some(value) = self.take(column, cell, value) {
            values.set(key.clone(), value);
        }
    }
}

/// The beginning of a cell, without what nobody can see.
fn shown(value: &str) -> String {
    value.chars().filter(|character| !character.is_control()).take(LONGEST_VALUE).collect()
}
