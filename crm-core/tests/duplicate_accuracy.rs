//! How well duplicates are found in lists whose truth is known. Run with `--release -- --nocapture` to see the figures.
//!
//! The lists are read in place from `../shared/data`, beside the project; where that is absent, the tests say that they
//! were skipped. Nothing is tuned to single rows: the weights are those of the product.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a panic in a test is its report"
)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use crm_core::duplicate::{AUTOMATIC, Pair, Profile, dedupe, groups};
use crm_core::kernel::phone::{DigitsOnly, PhoneNumbers};
use crm_core::kernel::{EmailAddress, Region, Website};

struct Labelled {
    profiles: Vec<Profile>,
    truth: Vec<String>,
}

struct Accuracy {
    precision: f64,
    f1: f64,
}

type Row = BTreeMap<String, String>;

fn read(name: &str, truth: &str, profile: impl Fn(&Row) -> Profile) -> Option<Labelled> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if !path.exists() {
        // Not by println, which the harness keeps to itself when a test passes.
        std::io::stderr().write_all(format!("skipped: ../shared/data/{name} is not there\n").as_bytes()).unwrap();
        return None;
    }
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows: Vec<Row> = reader.deserialize().map(Result::unwrap).collect();
    Some(Labelled {
        profiles: rows.iter().map(profile).collect(),
        truth: rows.iter().map(|row| row[truth].clone()).collect(),
    })
}

fn with_points(profile: Profile, row: &Row, emails: &[&str], phones: &[&str]) -> Profile {
    let profile = emails
        .iter()
        .filter_map(|column| EmailAddress::parse(&row[*column]).ok())
        .fold(profile, |profile, email| profile.email(&email));
    phones
        .iter()
        .filter_map(|column| DigitsOnly.parse(&row[*column], Some(Region::parse("US").unwrap())).ok())
        .fold(profile, |profile, phone| profile.phone(&phone))
}

fn lead(row: &Row) -> Profile {
    let profile = Profile::person(Some(&row["First Name"]), Some(&row["Last Name"])).at(&row["Company"]);
    let website = Website::parse(&row["Website"]).ok();
    let profile = website.iter().fold(profile, Profile::website);
    with_points(profile, row, &["Email 1", "Email 2"], &["Phone 1", "Phone 2"])
}

fn person(row: &Row) -> Profile {
    let profile = Profile::person(Some(&row["first_name"]), Some(&row["last_name"])).at(&row["company"]);
    with_points(profile.city(&row["city"]), row, &["email"], &["phone"])
}

fn pairs_within(groups: impl Iterator<Item = usize>) -> usize {
    groups.map(|size| size * (size - 1) / 2).sum()
}

fn accuracy(label: &str, said: &[(usize, usize)], truth: &[String]) -> Accuracy {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for cluster in truth {
        *sizes.entry(cluster).or_default() += 1;
    }
    let wanted = pairs_within(sizes.into_values());
    let right = said.iter().filter(|(one, other)| truth[*one] == truth[*other]).count();
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    let (precision, recall) = (share(right, said.len()), share(right, wanted));
    let f1 = 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE);
    println!(
        "{label}: precision {precision:.4}, recall {recall:.4}, F1 {f1:.4} ({right} of {wanted} true pairs, {} said)",
        said.len()
    );
    Accuracy { precision, f1 }
}

fn certain(pairs: &[Pair]) -> Vec<(usize, usize)> {
    pairs.iter().filter(|pair| pair.confidence >= AUTOMATIC).map(|pair| (pair.one, pair.other)).collect()
}

fn timed(label: &str, list: &Labelled) -> Vec<Pair> {
    let start = Instant::now();
    let pairs = dedupe(&list.profiles);
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{label}: {} records in {seconds:.3} s, {:.0} records/s",
        list.profiles.len(),
        list.profiles.len() as f64 / seconds
    );
    pairs
}

fn grouped(pairs: &[Pair]) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    for group in groups(pairs, AUTOMATIC) {
        for (index, one) in group.iter().enumerate() {
            all.extend(group.iter().skip(index + 1).map(|other| (*one, *other)));
        }
    }
    all
}

#[test]
fn leads_of_a_generated_list_are_found_again() {
    let Some(list) = read("leads-duplicates-10000.csv", "Account Id", lead) else { return };
    let pairs = timed("leads", &list);
    let found = accuracy("leads, certain pairs", &certain(&pairs), &list.truth);
    accuracy("leads, groups of certain pairs", &grouped(&pairs), &list.truth);
    assert!(found.f1 >= 0.99 && found.precision >= 0.995);
    // The same findings against a truth that was moved by one row: the figures must notice.
    let mut moved = list.truth.clone();
    moved.rotate_left(1);
    assert!(accuracy("leads, truth moved by a row", &certain(&pairs), &moved).f1 < 0.1);
}

#[test]
fn people_with_errors_in_every_field_are_found_again() {
    let Some(list) = read("people-100k.csv", "cluster", person) else { return };
    let pairs = timed("people", &list);
    let found = accuracy("people, certain pairs", &certain(&pairs), &list.truth);
    let all: Vec<_> = pairs.iter().map(|pair| (pair.one, pair.other)).collect();
    accuracy("people, reported pairs", &all, &list.truth);
    accuracy("people, groups of certain pairs", &grouped(&pairs), &list.truth);
    assert!(found.f1 >= 0.95 && found.precision >= 0.998);
}
