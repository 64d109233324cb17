//! Tests of reading and writing, by what they are about.

mod conformance;
mod damage;
mod encodings;
mod headers;
mod limits;
mod soundness;
mod writing;

use std::io::Read;

use super::{CsvError, CsvOptions, CsvReader, Record, RepairKind};

/// Column names, and rows or the errors in their place.
type Table = (Vec<String>, Vec<Result<Record, CsvError>>);

fn read(bytes: impl AsRef<[u8]>, options: &CsvOptions) -> Result<Table, CsvError> {
    let mut reader = CsvReader::open(bytes.as_ref(), options.clone())?;
    let rows = reader.by_ref().collect();
    Ok((reader.headers().to_vec(), rows))
}

/// Everything that a reading says, for comparison.
fn told(bytes: impl Read, options: &CsvOptions) -> String {
    match CsvReader::open(bytes, options.clone()) {
        Err(error) => format!("{error:?}"),
        Ok(mut reader) => {
            let rows: Vec<_> = reader.by_ref().collect();
            let (dialect, encoding) = (reader.dialect(), reader.encoding());
            format!("{:?} {:?} {dialect:?} {encoding:?} {rows:?}", reader.headers(), reader.header_repairs())
        }
    }
}

fn records(bytes: impl AsRef<[u8]>) -> Vec<Record> {
    let (_, rows) = read(bytes, &CsvOptions::default()).expect("a header");
    rows.into_iter().map(|row| row.expect("a row")).collect()
}

fn cells(bytes: impl AsRef<[u8]>) -> Vec<Vec<String>> {
    records(bytes).into_iter().map(|record| record.cells).collect()
}

fn kinds(record: &Record) -> Vec<RepairKind> {
    record.repairs.iter().map(|repair| repair.kind.clone()).collect()
}
