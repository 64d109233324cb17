//! `/analytics`: figures over leads, deals and activities. Those of billing and of the inbox stand with their slices.

use crm_core::access::Permission as P;
use crm_core::analytics::{ActivityFigures, Dashboard, DealFigures, LeadFigures, Period};
use crm_core::kernel::Error;
use crm_core::pipeline::PipelineId;
use crm_core::store::Session;
use utoipa::PartialSchema as _;
use utoipa::openapi::path::Parameter;

use super::between::Between;
use crate::api::{Api, Call, Plain, Query, get, query_parameter};
use crate::problem::Problem;

/// A period, and of which pipeline.
#[derive(Debug)]
struct DealsBetween {
    between: Between,
    pipeline_id: Option<PipelineId>,
}

impl Query for DealsBetween {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let (own, others): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| name == "pipeline_id");
        let id = |(name, value): &(String, String)| {
            value.parse().map_err(|error| Problem::from(Error::from(error)).at(name.as_str()))
        };
        Ok(Self { between: Between::read(others)?, pipeline_id: own.last().map(id).transpose()? })
    }
    fn parameters() -> Vec<Parameter> {
        let pipeline = query_parameter("pipeline_id", "Of this pipeline only", PipelineId::schema());
        Between::parameters().into_iter().chain([pipeline]).collect()
    }
}

impl Between {
    fn period(&self) -> Result<Period, Problem> {
        Ok(Period::new(self.from, self.to).map_err(Error::from)?)
    }
}

pub(super) fn declare(api: &mut Api) {
    api.document.tag("analytics", "Figures of what one sees");
    let endpoint = get("/analytics/dashboard").tag("analytics").says("What is there and waits, in numbers");
    let endpoint = endpoint.explains("What one may not read is absent. It belongs to the basic service.");
    api.add(endpoint, |s: Session, _: Call| async move { s.analytics().dashboard().await.map(Plain::<Dashboard>) });
    let endpoint = get("/analytics/leads").tag("analytics").says("Leads that were made in a period, as they stand now");
    let endpoint = endpoint.explains("Their states, sources and owners, and which share of them was converted.");
    api.add(endpoint.needs(P::AnalyticsRead), |s: Session, c: Call<(), Between>| async move {
        Ok::<_, Problem>(Plain::<LeadFigures>(s.analytics().leads(c.query.period()?).await?))
    });
    let endpoint = get("/analytics/pipeline").tag("analytics").says("Deals of a period, and those that are open now");
    let endpoint = endpoint.explains("Those that were made, won and lost in it, and which share of them was won.");
    api.add(endpoint.needs(P::AnalyticsRead), |s: Session, c: Call<(), DealsBetween>| async move {
        let DealsBetween { between, pipeline_id } = c.query;
        Ok::<_, Problem>(Plain::<DealFigures>(s.analytics().deals(between.period()?, pipeline_id).await?))
    });
    let endpoint = get("/analytics/activities").tag("analytics").says("Activities made, done and due in a period");
    let endpoint = endpoint.explains("By kind and by member, with those that are overdue.");
    api.add(endpoint.needs(P::AnalyticsRead), |s: Session, c: Call<(), Between>| async move {
        Ok::<_, Problem>(Plain::<ActivityFigures>(s.analytics().activities(c.query.period()?).await?))
    });
}
