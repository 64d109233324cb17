//! Leads as a file: every field under the name by which it can be imported again.

use std::collections::BTreeMap;
use std::io::Write;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value as Json;

use super::list::join;
use super::refusal::ImportRefusal;
use crate::access::{Member, MemberId, Permission};
use crate::csv::{Cell, CsvWriter};
use crate::custom_field::{CustomField, Schema};
use crate::identity::RecordKind;
use crate::kernel::page::LARGEST_PAGE;
use crate::kernel::{CustomValue, DomainEvent, EmailAddress, Page, PhoneNumber, Predicate, Result, Stored};
use crate::lead::Lead;
use crate::store::Session;

/// The names of the columns, without custom fields: those that an import knows.
const COLUMNS: [&str; 20] = [
    "first_name",
    "last_name",
    "company",
    "job_title",
    "email",
    "other_emails",
    "phone",
    "other_phones",
    "website",
    "industry",
    "employee_count",
    "city",
    "country",
    "source",
    "campaign",
    "status",
    "owner",
    "tags",
    "note",
    "external_id",
];

/// Somebody took leads out. It is said of the organization.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum ExportEvent {
    /// Before the first lead is written, so that an export that is cut off is known too.
    Begun {
        filter: Json,
    },
    Exported {
        count: u64,
        filter: Json,
    },
}

impl DomainEvent for ExportEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Begun { .. } => "lead.export_begun",
            Self::Exported { .. } => "lead.exported",
        }
    }
}

/// Writes the leads that match and that the caller may see, with their custom fields, page by page; answers how many.
///
/// The columns have the names that an import knows, so that the file can be imported again as it is. Formulas are
/// defused: read it with [`crate::csv::CsvOptions::unneutralise`]. The export is written down before the first lead
/// leaves, and again with the count in the end.
///
/// # Errors
/// Those of the door (`LeadExport`); `ImportRefusal::Unwritable`.
pub async fn export_leads<W: Write + Send>(session: &Session, filter: &Predicate<Lead>, writer: W) -> Result<u64> {
    let (schema, owners) = begin(session, filter).await?;
    let fields: Vec<&CustomField> = schema.fields().collect();
    let mut file = CsvWriter::new(writer);
    let custom: Vec<String> = fields.iter().map(|field| format!("custom.{}", field.key)).collect();
    let headers = COLUMNS.into_iter().chain(custom.iter().map(String::as_str));
    file.write(headers.map(Cell::Text)).map_err(ImportRefusal::from)?;
    let mut page = Page::first(LARGEST_PAGE);
    let mut count = 0;
    loop {
        // One short transaction for each page, so that a slow reader of the file holds nobody up.
        let leads = session.begin(Permission::LeadExport).await?.list(filter, &page).await?;
        let Some(last) = leads.last() else { break };
        page = page.following(last);
        for lead in &leads {
            let texts = texts(lead, &owners, &fields);
            file.write(texts.iter().map(Text::cell)).map_err(ImportRefusal::from)?;
            count += 1;
        }
    }
    file.finish().map_err(ImportRefusal::from)?;
    say(session, ExportEvent::Exported { count, filter: filter.to_json() }).await?;
    Ok(count)
}

async fn begin(session: &Session, filter: &Predicate<Lead>) -> Result<(Schema, BTreeMap<MemberId, String>)> {
    say(session, ExportEvent::Begun { filter: filter.to_json() }).await?;
    let mut uow = session.begin(Permission::LeadExport).await?;
    let members: Vec<Stored<Member>> = uow.list_all(&Predicate::everything()).await?;
    let owners = members.into_iter().map(|member| (member.id, member.email.as_str().to_owned())).collect();
    Ok((Schema::load(&mut uow, RecordKind::Lead).await?, owners))
}

async fn say(session: &Session, event: ExportEvent) -> Result<()> {
    let mut uow = session.begin(Permission::LeadExport).await?;
    let organization = uow.organization();
    let organization = uow.get(organization).await?;
    uow.say(&organization, &event)?;
    uow.commit().await
}

/// A cell that owns its text.
enum Text {
    Words(String),
    Number(Decimal),
    Nothing,
}

impl Text {
    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Words(words) => Cell::Text(words),
            Self::Number(number) => Cell::Number(*number),
            Self::Nothing => Cell::Empty,
        }
    }

    fn words(words: Option<impl AsRef<str>>) -> Self {
        words.map_or(Self::Nothing, |words| Self::Words(words.as_ref().to_owned()))
    }

    fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Self {
        let words = join(items);
        if words.is_empty() { Self::Nothing } else { Self::Words(words) }
    }
}

fn texts(lead: &Stored<Lead>, owners: &BTreeMap<MemberId, String>, fields: &[&CustomField]) -> Vec<Text> {
    let mut texts = vec![
        Text::words(lead.first_name.as_ref()),
        Text::words(lead.last_name.as_ref()),
        Text::words(lead.company.as_ref()),
        Text::words(lead.job_title.as_ref()),
        Text::words(lead.email.as_ref().map(EmailAddress::as_str)),
        Text::list(lead.other_emails.iter().map(EmailAddress::as_str)),
        Text::words(lead.phone.as_ref().map(PhoneNumber::as_str)),
        Text::list(lead.other_phones.iter().map(PhoneNumber::as_str)),
        Text::words(lead.website.as_ref()),
        Text::words(lead.industry.as_ref()),
        lead.employee_count.map_or(Text::Nothing, |count| Text::Number(count.into())),
        Text::words(lead.city.as_ref()),
        Text::words(lead.country.as_ref()),
        Text::words(lead.source.as_ref()),
        Text::words(lead.campaign.as_ref()),
        Text::words(Some(lead.status_label.as_ref().map_or(lead.status.as_str(), |label| label.as_str()))),
        Text::words(lead.owner_id.and_then(|owner| owners.get(&owner))),
        Text::list(lead.tags.iter()),
        Text::words(lead.note.as_ref()),
        Text::words(Some(lead.id.to_string())),
    ];
    texts.extend(fields.iter().map(|field| lead.custom.get(&field.key).map_or(Text::Nothing, custom)));
    texts
}

fn custom(value: &CustomValue) -> Text {
    match value {
        CustomValue::Text(text) => Text::words(Some(text)),
        CustomValue::Number(number) => Text::Number((*number).into()),
        CustomValue::Money(money) => Text::Words(format!("{} {}", money.amount(), money.currency())),
        CustomValue::Date(date) => Text::Words(date.to_string()),
        CustomValue::Bool(answer) => Text::words(Some(if *answer { "yes" } else { "no" })),
        CustomValue::Choice(choice) => Text::words(Some(choice)),
        CustomValue::Choices(choices) => Text::list(choices),
    }
}
