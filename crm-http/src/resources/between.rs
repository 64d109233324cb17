//! Parameters that name a stretch of time.

use axum::http::StatusCode;
use crm_core::kernel::Timestamp;
use utoipa::PartialSchema as _;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder};

use crate::api::{Query, query_parameter, unknown_parameter};
use crate::problem::Problem;

/// A stretch of time.
#[derive(Debug)]
pub(super) struct Between {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Query for Between {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let (mut from, mut to) = (None, None);
        for (name, value) in pairs {
            match name.as_str() {
                "from" => from = Some(instant("from", &value)?),
                "to" => to = Some(instant("to", &value)?),
                _ => return Err(unknown_parameter(&name, "there are from and to")),
            }
        }
        let needed = |name: &str, value: Option<Timestamp>| value.map_or_else(|| instant(name, ""), Ok);
        Ok(Self { from: needed("from", from)?, to: needed("to", to)? })
    }
    fn parameters() -> Vec<Parameter> {
        let needed = |name, description, example: &str| {
            let parameter = ParameterBuilder::from(query_parameter(name, description, Timestamp::schema()));
            parameter.required(Required::True).example(Some(example.into())).build()
        };
        vec![
            needed("from", "From this instant on", "2026-11-01T00:00:00Z"),
            needed("to", "Up to this instant, not including", "2026-12-01T00:00:00Z"),
        ]
    }
}

/// An instant in a parameter.
pub(super) fn instant(name: &str, value: &str) -> Result<Timestamp, Problem> {
    value.parse().map_err(|_| {
        let detail = format!("'{name}' is no instant; write it like 2026-11-21T09:30:00Z");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "timestamp.malformed", detail).at(name)
    })
}
