//! Lists of leads to import, made while they are read.

use std::io::Read;

use crm_core::csv::{CsvOptions, CsvReader};
use crm_core::import::{ImportCounts, ImportKind, ImportOptions, NewImport, fingerprint};
use crm_core::kernel::Name;

use crate::{Fault, Office, lead};

const HEADER: &str = "First name,Last name,Company,Job title,E-mail,Employees,Padding\n";

/// A CSV file of leads. One of ten rows is about somebody from the row before.
pub struct List {
    next: u64,
    end: u64,
    padding: String,
    unread: Vec<u8>,
}

impl List {
    /// Rows about the people from `first` on, each with so many bytes in a column that is not imported.
    #[must_use]
    pub fn new(first: u64, rows: u64, padding: usize) -> Self {
        Self { next: first, end: first + rows, padding: "x".repeat(padding), unread: HEADER.as_bytes().to_vec() }
    }

    fn row(&self, number: u64) -> Result<String, Fault> {
        let is_known = number % 10 == 9;
        let lead = lead(if is_known { number - 1 } else { number })?;
        let text = |value: Option<Name>| value.map(|name| name.to_string()).unwrap_or_default();
        let email = lead.email.map(|email| email.as_str().to_owned()).unwrap_or_default();
        let (first, last) = (text(lead.first_name), text(lead.last_name));
        // The one who comes again spells their given name another way.
        let first = if is_known { format!("{first}e") } else { first };
        let (company, job, padding) = (text(lead.company), text(lead.job_title), &self.padding);
        Ok(format!("{first},{last},{company},{job},{email},250,{padding}\n"))
    }
}

impl Read for List {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.unread.is_empty() && self.next < self.end {
            self.unread = self.row(self.next).map_err(std::io::Error::other)?.into_bytes();
            self.next += 1;
        }
        let count = self.unread.as_slice().read(buffer)?;
        self.unread.drain(..count);
        Ok(count)
    }
}

/// Imports a list through the whole way in: mapping, duplicates, scores, owners, ledger.
///
/// # Errors
/// Those of the import.
pub async fn import(office: &Office, name: &str, list: List) -> Result<ImportCounts, Fault> {
    let mut source = CsvReader::open(list, CsvOptions::default())?;
    let headers = source.headers().to_vec();
    let imports = office.session.imports();
    let new = NewImport {
        kind: ImportKind::Leads,
        source: Name::try_from("bench".to_owned())?,
        file_name: Name::try_from(name.to_owned())?,
        fingerprint: fingerprint(name.as_bytes())?,
        mapping: imports.guess(ImportKind::Leads, &headers).await?,
        headers,
        options: ImportOptions::default(),
    };
    let start = imports.start(new).await?;
    let report = imports.run(start.import().id, &mut source, &mut |_| {}).await?;
    Ok(report.import.counts)
}
