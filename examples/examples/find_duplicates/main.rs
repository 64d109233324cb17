//! Finds the duplicates in any list of people, tells why, and measures itself against a column that knows the truth.
//!
//! `cargo run --release --example find_duplicates -- FILE.csv --truth COLUMN`

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use crm_core::csv::header::best_match;
use crm_core::csv::{CsvOptions, CsvReader};
use crm_core::duplicate::{AUTOMATIC, Pair, Profile, dedupe, score};
use crm_core::kernel::{EmailAddress, MetadataPhoneNumbers, PhoneNumbers, Region, Website};

/// Finds the duplicates in a list of people.
#[derive(Parser)]
#[command(name = "find_duplicates")]
struct Arguments {
    /// A CSV file with one person in each row.
    file: PathBuf,
    /// A column in which rows of one person have the same value: precision and recall are measured against it.
    #[arg(long)]
    truth: Option<String>,
    /// Country of telephone numbers that name none.
    #[arg(long, default_value = "US")]
    region: String,
    /// How many explained pairs to print.
    #[arg(long, default_value_t = 3)]
    show: usize,
}

const COLUMNS: &[(&str, &[&str])] = &[
    ("first", &["first name", "given name", "firstname", "vorname"]),
    ("last", &["last name", "family name", "surname", "lastname", "nachname"]),
    ("company", &["company", "organization", "organisation", "account name", "firma"]),
    ("email", &["email", "e mail", "mail", "email address"]),
    ("phone", &["phone", "telephone", "mobile", "phone number", "telefon"]),
    ("website", &["website", "url", "web", "homepage"]),
    ("city", &["city", "town", "ort", "suburb"]),
    ("job", &["job title", "title", "position"]),
];

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let name = arguments.file.display();
    let file = File::open(&arguments.file).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let reader = CsvReader::open(file, CsvOptions::default())?;
    let headers = reader.headers().to_vec();
    let truth = match &arguments.truth {
        None => None,
        Some(column) => Some(
            headers
                .iter()
                .position(|header| header == column)
                .ok_or_else(|| format!("{name} has no column '{column}'; it has {}", headers.join(", ")))?,
        ),
    };
    let region = Region::parse(&arguments.region)?;
    let roles: Vec<_> = headers.iter().map(|header| best_match(header, COLUMNS).map(|(role, _)| role)).collect();
    let (mut profiles, mut clusters) = (Vec::new(), Vec::new());
    for record in reader {
        let record = match record {
            Ok(record) => record,
            Err(error) if !error.is_fatal() => {
                eprintln!("{error}");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        clusters.push(truth.and_then(|column| record.cells.get(column)).cloned().unwrap_or_default());
        profiles.push(profile(&roles, &record.cells, region));
    }
    let start = Instant::now();
    let pairs = dedupe(&profiles);
    let elapsed = start.elapsed();
    let rate = u128::try_from(profiles.len())? * 1_000 / elapsed.as_millis().max(1);
    let certain: Vec<Pair> = pairs.iter().copied().filter(|pair| pair.confidence >= AUTOMATIC).collect();
    println!("{} rows in {elapsed:.2?}: {rate} rows/s", profiles.len());
    println!("{} pairs are certainly the same, {} more are worth a look", certain.len(), pairs.len() - certain.len());
    if truth.is_some() {
        measured(&certain, &clusters);
    }
    for pair in certain.iter().take(arguments.show) {
        if let (Some(one), Some(other)) = (profiles.get(pair.one), profiles.get(pair.other)) {
            println!("\nrows {} and {}: {}", pair.one + 1, pair.other + 1, score(one, other).evidence);
        }
    }
    Ok(())
}

/// The person in a row. A cell that is no address or number is left out, as any list has some.
fn profile(roles: &[Option<&str>], cells: &[String], region: Region) -> Profile {
    let of = |wanted: &str| {
        let mut own = roles.iter().zip(cells).filter(move |(role, _)| **role == Some(wanted));
        own.next().map(|(_, cell)| cell.as_str()).filter(|cell| !cell.trim().is_empty())
    };
    let mut profile = Profile::person(of("first"), of("last"));
    profile = of("company").into_iter().fold(profile, Profile::at);
    profile = of("city").into_iter().fold(profile, Profile::city);
    profile = of("job").into_iter().fold(profile, Profile::job_title);
    for (role, cell) in roles.iter().zip(cells) {
        match role {
            Some("email") => profile = EmailAddress::parse(cell).iter().fold(profile, Profile::email),
            Some("phone") => {
                profile = MetadataPhoneNumbers.parse(cell, Some(region)).iter().fold(profile, Profile::phone);
            }
            Some("website") => profile = Website::parse(cell).iter().fold(profile, Profile::website),
            _ => {}
        }
    }
    profile
}

/// Precision, recall and F1 of the certain pairs, in ten-thousandths.
fn measured(said: &[Pair], clusters: &[String]) {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for cluster in clusters {
        *sizes.entry(cluster).or_default() += 1;
    }
    let wanted: usize = sizes.values().map(|size| size * (size - 1) / 2).sum();
    let right = said.iter().filter(|pair| clusters.get(pair.one) == clusters.get(pair.other)).count();
    let share = |part: usize, whole: usize| part * 10_000 / whole.max(1);
    let shown = |share: usize| format!("{}.{:04}", share / 10_000, share % 10_000);
    println!(
        "precision {}, recall {}, F1 {} ({right} of {wanted} true pairs)",
        shown(share(right, said.len())),
        shown(share(right, wanted)),
        shown(share(2 * right, said.len() + wanted))
    );
}
