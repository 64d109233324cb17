//! `/imports`: a file comes in by one request, tried first or for good.

use std::io::Cursor;

use axum::body::Bytes;
use crm_core::access::Permission as P;
use crm_core::csv::{CsvOptions, CsvReader};
use crm_core::import::{
    Import, ImportId, ImportIssue, ImportKind, ImportMapping, ImportMappingId, ImportOptions, ImportRow, Mapping,
    NewImport, fingerprint,
};
use crm_core::kernel::{Error, FieldProblem, InvalidInput, Name};
use crm_core::store::{RecordNotFound, Session};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::views::{Beginning, ImportReportView};
use crate::api::{
    Api, Call, Created, Csv, File, Json, Many, Nothing, Plain, Query, Record, delete, get, post, query_parameter,
    unknown_parameter,
};
use crate::facade::Options;
use crate::list::ListQuery;
use crate::problem::Problem;

/// What to do with the file in the body.
#[derive(Debug)]
struct Upload {
    kind: ImportKind,
    source: Name,
    file_name: Name,
    mapping: Option<Mapping>,
    options: ImportOptions,
    dry_run: bool,
}

impl Query for Upload {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let (mut kind, mut source, mut file_name) = (ImportKind::Leads, None, None);
        let (mut mapping, mut options, mut dry_run) = (None, ImportOptions::default(), false);
        for (name, value) in pairs {
            match name.as_str() {
                "kind" => kind = json(&name, &format!("\"{}\"", value.replace(['"', '\\'], "")))?,
                "source" => source = Some(text(&name, &value)?),
                "file_name" => file_name = Some(text(&name, &value)?),
                "mapping" => mapping = Some(json(&name, &value)?),
                "options" => options = json(&name, &value)?,
                "dry_run" => dry_run = value == "true",
                _ => {
                    let known = "there are kind, source, file_name, mapping, options and dry_run";
                    return Err(unknown_parameter(&name, known));
                }
            }
        }
        let usual = |name: &str| text("source", name);
        let source = source.map_or_else(|| usual("import"), Ok)?;
        let file_name = file_name.map_or_else(|| usual("upload.csv"), Ok)?;
        Ok(Self { kind, source, file_name, mapping, options, dry_run })
    }
    fn parameters() -> Vec<Parameter> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let kinds = text().enum_values(Some(["leads", "accounts"]));
        let dry_run = ObjectBuilder::new().schema_type(Type::Boolean);
        vec![
            query_parameter("kind", "What the file holds; leads, unless said otherwise", kinds),
            query_parameter("source", "Where the records come from", text().max_length(Some(200))),
            query_parameter("file_name", "Name of the file", text().max_length(Some(200))),
            query_parameter("mapping", "What the columns are, as JSON; guessed, when it is absent", text()),
            query_parameter("options", "How to read and match, as JSON", text()),
            query_parameter("dry_run", "Say what would become of each row and change nothing", dry_run),
        ]
    }
}

fn json<T: DeserializeOwned>(name: &str, value: &str) -> Result<T, Problem> {
    serde_json::from_str(value).map_err(|error| {
        let detail = format!("'{name}' cannot be read: {error}");
        Problem::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, "input.invalid", detail).at(name)
    })
}

fn text(name: &str, value: &str) -> Result<Name, Problem> {
    value.parse().map_err(|error| Problem::from(Error::from(error)).at(name))
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
struct Uploaded {
    /// How it began; nothing for a dry run.
    start: Option<Beginning>,
    /// What the columns were taken for.
    mapping: Mapping,
    report: ImportReportView,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Headers {
    kind: ImportKind,
    headers: Vec<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MappingToSave {
    name: Name,
    kind: ImportKind,
    mapping: Mapping,
}

async fn upload(s: &Session, wish: Upload, file: Bytes) -> Result<Uploaded, Error> {
    let print = fingerprint(Cursor::new(&file))?;
    let mut rows = CsvReader::open(Cursor::new(file), CsvOptions::default())?;
    let headers = rows.headers().to_vec();
    let mapping = match wish.mapping {
        Some(mapping) => mapping,
        None => s.imports().guess(wish.kind, &headers).await?,
    };
    let new = NewImport {
        kind: wish.kind,
        source: wish.source,
        file_name: wish.file_name,
        fingerprint: print,
        headers,
        mapping: mapping.clone(),
        options: wish.options,
    };
    let mut quiet = |_: &crm_core::import::Progress| ();
    if wish.dry_run {
        let report = s.imports().dry_run(new, &mut rows, &mut quiet).await?;
        return Ok(Uploaded { start: None, mapping, report: report.into() });
    }
    let start = s.imports().start(new).await?;
    let report = s.imports().run(start.import().id, &mut rows, &mut quiet).await?;
    Ok(Uploaded { start: Some(Beginning::from(&start)), mapping, report: report.into() })
}

pub(super) fn declare(api: &mut Api, options: &Options) {
    api.document.tag("imports", "Files of records");
    let endpoint = post("/imports").tag("imports").says("Takes in a file of records").needs(P::LeadImport);
    let endpoint = endpoint.takes_up_to(options.largest_import).explains(
        "The same file is taken in once: sent again, an interrupted import goes on and a finished one answers with its \
         report. Rows that are refused do not stop the others; `/imports/{id}/errors` is a file of them.",
    );
    api.add(endpoint, |s: Session, c: Call<(), Upload, Csv>| async move {
        Box::pin(upload(&s, c.query, c.body.0)).await.map(Plain)
    });
    let endpoint = post("/imports/guess").tag("imports").says("What columns seem to be").needs(P::LeadImport);
    api.add(endpoint, |s: Session, c: Call<(), (), Json<Headers>>| async move {
        let Headers { kind, headers } = c.body.0;
        if headers.len() > 1_000 {
            let problem = FieldProblem::new("headers", "import.too_many_columns", "at most 1,000 columns");
            return Err(Error::from(InvalidInput(vec![problem])));
        }
        s.imports().guess(kind, &headers).await.map(Plain)
    });
    let endpoint = get("/imports").tag("imports").says("Lists imports").needs(P::LeadImport);
    api.add(endpoint, |s: Session, c: Call<(), ListQuery<Import>>| async move {
        let reader = s.clone();
        let read = |filter, page| async move { reader.imports().list(&filter, &page).await };
        c.query.answer(&c.facade, &s, read).await
    });
    let endpoint = get("/imports/{id}").tag("imports").says("What became of an import").needs(P::LeadImport);
    api.add(endpoint, |s: Session, c: Call<ImportId>| async move {
        s.imports().report(c.path).await.map(|report| Plain(ImportReportView::from(report)))
    });
    let endpoint = get("/imports/{id}/issues").tag("imports").says("What is wrong with its rows").needs(P::LeadImport);
    api.add(endpoint, |s: Session, c: Call<ImportId, ListQuery<ImportIssue>>| async move {
        let (id, reader) = (c.path, s.clone());
        let read = |_, page| async move { reader.imports().issues(id, &page).await };
        c.query.answer(&c.facade, &s, read).await
    });
    let endpoint = get("/imports/{id}/rows").tag("imports").says("What became of its rows").needs(P::LeadImport);
    api.add(endpoint, |s: Session, c: Call<ImportId, ListQuery<ImportRow>>| async move {
        let (id, reader) = (c.path, s.clone());
        let read = |filter, page| async move { reader.imports().rows(id, filter, &page).await };
        c.query.answer(&c.facade, &s, read).await
    });
    let endpoint =
        get("/imports/{id}/errors").tag("imports").says("Its refused rows as a file, to mend and send again");
    api.add(endpoint.needs(P::LeadImport), |s: Session, c: Call<ImportId>| async move {
        let mut bytes = Vec::new();
        s.imports().write_error_file(c.path, &mut bytes).await?;
        Ok::<_, Problem>(File { name: "errors.csv", bytes })
    });
    let endpoint = get("/import-mappings").tag("imports").says("Lists saved mappings").needs(P::LeadImport);
    api.add(endpoint, |s: Session, _: Call| async move {
        let rows = s.imports().mappings().await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<ImportMapping>>>()))
    });
    let endpoint = post("/import-mappings").tag("imports").says("Saves a mapping under a name").needs(P::LeadImport);
    api.add(endpoint, |s: Session, c: Call<(), (), Json<MappingToSave>>| async move {
        let MappingToSave { name, kind, mapping } = c.body.0;
        s.imports().save_mapping(name, kind, mapping).await.map(|row| Created(Record(row)))
    });
    let endpoint = delete("/import-mappings/{id}").tag("imports").says("Removes a saved mapping").guarded();
    api.add(endpoint.needs(P::LeadImport), |s: Session, c: Call<ImportMappingId>| async move {
        let present = async {
            let row = s.imports().mappings().await?.into_iter().find(|row| row.id == c.path);
            row.ok_or_else(|| RecordNotFound { entity: "import_mapping", id: c.path.uuid() }.into())
        };
        let version = c.version(present).await?;
        s.imports().delete_mapping(c.path, version).await.map(|()| Nothing).map_err(Problem::from)
    });
}
