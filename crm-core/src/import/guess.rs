//! Guessing from the header which column becomes which field.
//!
//! Names in English, and the usual ones in German, Spanish and French. A guess is a proposal for a person; what it does
//! not recognise it ignores, and no two columns are proposed for one field.

use std::collections::BTreeSet;

use super::mapping::{MappedColumn, Mapping};
use super::target::{ImportKind, Target};
use crate::csv::header::best_match;
use crate::custom_field::Schema;

type Words = &'static [(&'static str, &'static [&'static str])];

/// Fields that both kinds have.
const SHARED: Words = &[
    ("ignore", &["index", "row", "no", "nr", "error", "import error", "founded", "updated at", "created at"]),
    (
        "website",
        &[
            "web",
            "url",
            "homepage",
            "web site",
            "company website",
            "domain",
            "webseite",
            "internetseite",
            "sitio web",
            "página web",
            "site web",
            "site internet",
        ],
    ),
    ("industry", &["sector", "branche", "industria", "secteur", "secteur d'activité"]),
    (
        "employee_count",
        &[
            "employees",
            "number of employees",
            "headcount",
            "company size",
            "mitarbeiter",
            "mitarbeiterzahl",
            "anzahl mitarbeiter",
            "empleados",
            "número de empleados",
            "effectif",
            "nombre d'employés",
        ],
    ),
    ("city", &["town", "stadt", "ort", "ciudad", "localidad", "ville"]),
    ("country", &["land", "país", "pays"]),
    (
        "phone",
        &[
            "phone number",
            "telephone",
            "tel",
            "mobile",
            "mobile phone",
            "cell",
            "cell phone",
            "work phone",
            "telefon",
            "telefonnummer",
            "handy",
            "teléfono",
            "móvil",
            "téléphone",
            "portable",
        ],
    ),
    ("tags", &["tag", "labels", "keywords", "schlagwörter", "etiquetas", "étiquettes", "mots clés"]),
    (
        "note",
        &[
            "notes",
            "comment",
            "comments",
            "description",
            "remarks",
            "bemerkung",
            "notiz",
            "notizen",
            "kommentar",
            "beschreibung",
            "notas",
            "comentarios",
            "descripción",
            "remarques",
            "commentaire",
        ],
    ),
    ("source", &["lead source", "quelle", "herkunft", "fuente", "origen", "origine"]),
    (
        "owner",
        &[
            "lead owner",
            "account owner",
            "owner email",
            "owner name",
            "assigned to",
            "besitzer",
            "zuständig",
            "verantwortlich",
            "propietario",
            "responsable",
            "propriétaire",
        ],
    ),
];

const OF_LEADS: Words = &[
    ("first_name", &["given name", "forename", "vorname", "nombre", "prénom"]),
    (
        "last_name",
        &["surname", "family name", "nachname", "familienname", "apellido", "apellidos", "nom", "nom de famille"],
    ),
    (
        "full_name",
        &[
            "name",
            "contact",
            "contact name",
            "lead name",
            "person",
            "vollständiger name",
            "nombre completo",
            "nom complet",
        ],
    ),
    (
        "company",
        &[
            "company name",
            "organization",
            "organisation",
            "organization name",
            "account",
            "account name",
            "employer",
            "firma",
            "unternehmen",
            "empresa",
            "entreprise",
            "société",
        ],
    ),
    (
        "job_title",
        &["title", "position", "role", "job", "berufsbezeichnung", "funktion", "cargo", "puesto", "poste", "fonction"],
    ),
    ("other_emails", &["further emails", "additional emails"]),
    (
        "email",
        &[
            "mail",
            "email address",
            "mail address",
            "e-mail-adresse",
            "correo",
            "correo electrónico",
            "courriel",
            "adresse e-mail",
        ],
    ),
    ("other_phones", &["further phones", "additional phones"]),
    ("campaign", &["utm campaign", "kampagne", "campaña", "campagne"]),
    ("status", &["lead status", "estado", "statut"]),
    // Not "account id": that is the number of a company, which several leads may share.
    ("external_id", &["id", "lead id", "contact id", "record id", "customer id", "kundennummer"]),
];

const OF_ACCOUNTS: Words = &[
    (
        "name",
        &[
            "company",
            "company name",
            "organization",
            "organisation",
            "organization name",
            "account",
            "account name",
            "firma",
            "unternehmen",
            "firmenname",
            "empresa",
            "nombre",
            "entreprise",
            "société",
            "nom",
        ],
    ),
    ("annual_revenue", &["revenue", "turnover", "umsatz", "jahresumsatz", "ingresos", "chiffre d'affaires"]),
    ("status", &["account status", "estado", "statut"]),
];

/// Proposes a mapping for a header.
#[must_use]
pub fn guess(kind: ImportKind, headers: &[String], schema: &Schema) -> Mapping {
    let custom: Vec<(String, [&str; 2])> = schema
        .fields()
        .map(|field| (format!("custom.{}", field.key), [field.key.as_str(), field.label.as_str()]))
        .collect();
    let own = match kind {
        ImportKind::Leads => OF_LEADS,
        ImportKind::Accounts => OF_ACCOUNTS,
    };
    // Fields of the product come before the tenant's own, which are reached as `custom.KEY` always.
    let mut vocabulary: Vec<(&str, &[&str])> = own.iter().chain(SHARED).copied().collect();
    vocabulary.extend(custom.iter().map(|(name, words)| (name.as_str(), words.as_slice())));
    let mut taken = BTreeSet::new();
    let columns = headers.iter().map(|header| {
        let target = best_match(header, &vocabulary).and_then(|(name, number)| {
            let target: Target = name.parse().ok()?;
            free(kind, &target, number, &taken)
        });
        let target = target.unwrap_or(Target::Ignore);
        if !target.takes_many() {
            taken.insert(target.clone());
        }
        MappedColumn { header: header.clone(), target }
    });
    Mapping { columns: columns.collect() }
}

/// Whether a list is of people or of companies, by what its columns would be of either. People have names of their own,
/// addresses, jobs and employers; a list that has none of these, and tells of a company's size, trade or website, is one of
/// companies. A name alone could be anybody's.
pub(super) fn guess_kind(as_leads: &Mapping, as_accounts: &Mapping) -> ImportKind {
    let has = |mapping: &Mapping, of: fn(&Target) -> bool| mapping.columns.iter().any(|column| of(&column.target));
    let of_a_person = |target: &Target| {
        matches!(
            target,
            Target::FirstName
                | Target::LastName
                | Target::JobTitle
                | Target::Company
                | Target::Email(_)
                | Target::OtherEmails
        )
    };
    let of_a_company = |target: &Target| {
        matches!(target, Target::Website | Target::Industry | Target::EmployeeCount | Target::AnnualRevenue)
    };
    let is_named = |target: &Target| *target == Target::Name;
    let companies = has(as_accounts, is_named) && has(as_accounts, of_a_company) && !has(as_leads, of_a_person);
    if companies { ImportKind::Accounts } else { ImportKind::Leads }
}

/// The field that a column can still become: a further address or number takes the next free place.
fn free(kind: ImportKind, target: &Target, number: Option<u32>, taken: &BTreeSet<Target>) -> Option<Target> {
    let is_free = |target: &Target| kind.has(target) && (target.takes_many() || !taken.contains(target));
    let numbered = |number| target.numbered(number).filter(&is_free);
    match target {
        Target::Email(_) | Target::Phone(_) => number.and_then(numbered).or_else(|| (1..=20).find_map(numbered)),
        _ => Some(target.clone()).filter(is_free),
    }
}
