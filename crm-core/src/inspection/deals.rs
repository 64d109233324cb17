//! Deals and the stages that they stand in.

use std::collections::BTreeMap;

use super::look::{Look, Pages};
use crate::kernel::{Entity, Predicate, Result};
use crate::pipeline::{Opportunity, Stage, StageKind};

const RULE: &str = "stage";

pub(super) async fn inspect(look: &mut Look<'_, '_>) -> Result<()> {
    let stages = look.uow.list_all_of_anyone::<Stage>(&Predicate::everything()).await?;
    let stages: BTreeMap<_, _> = stages.into_iter().map(|stage| (stage.id, stage.value)).collect();
    let mut pages = Pages::<Opportunity>::all();
    loop {
        let deals = look.next(&mut pages).await?;
        if deals.is_empty() {
            return Ok(());
        }
        for deal in deals {
            let problem = match stages.get(&deal.stage_id) {
                None => "its stage is not there",
                Some(stage) if stage.pipeline_id != deal.pipeline_id => "its stage is one of another pipeline",
                Some(stage) if stage.kind != deal.status => "it is not open, won or lost as its stage is",
                Some(_) if (deal.status == StageKind::Open) == deal.closed_at.is_some() => {
                    "its state and the time of its end differ"
                }
                Some(_) => continue,
            };
            look.complain(RULE, Opportunity::NAME, deal.id.uuid(), problem);
        }
    }
}
