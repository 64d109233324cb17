//! Counters against what they count.

use std::collections::BTreeMap;

use super::look::{Look, Pages};
use crate::billing::{UsageCounter, UsageRecord};
use crate::import::{Import, ImportCounts, ImportRow};
use crate::kernel::{Entity, Result};

pub(super) async fn inspect(look: &mut Look<'_, '_>) -> Result<()> {
    imports(look).await?;
    usage(look).await
}

async fn imports(look: &mut Look<'_, '_>) -> Result<()> {
    let mut pages = Pages::<Import>::all();
    loop {
        let imports = look.next(&mut pages).await?;
        if imports.is_empty() {
            return Ok(());
        }
        for import in imports {
            let mut counted = ImportCounts::default();
            let mut rows = Pages::of(ImportRow::IMPORT.is(import.id));
            loop {
                let batch = look.next(&mut rows).await?;
                if batch.is_empty() {
                    break;
                }
                for row in &batch {
                    counted.count(row.outcome);
                }
            }
            if counted != import.counts {
                let problem = format!("it counts {} rows, and {} are there", import.counts.read, counted.read);
                look.complain("import", Import::NAME, import.id.uuid(), problem);
            }
        }
    }
}

async fn usage(look: &mut Look<'_, '_>) -> Result<()> {
    let mut used: BTreeMap<_, i64> = BTreeMap::new();
    let mut records = Pages::<UsageRecord>::all();
    loop {
        let batch = look.next(&mut records).await?;
        if batch.is_empty() {
            break;
        }
        // In the order in which they were counted: what is given back never leaves less than nothing.
        for record in batch {
            let used = used.entry((record.meter, record.meter.period().start(record.occurred_at))).or_default();
            *used = used.saturating_add(record.quantity).max(0);
        }
    }
    let mut counters = Pages::<UsageCounter>::all();
    loop {
        let batch = look.next(&mut counters).await?;
        if batch.is_empty() {
            return Ok(());
        }
        for counter in batch {
            let sum = used.get(&(counter.meter, counter.period_start)).copied().unwrap_or_default();
            if sum != counter.used {
                let problem = format!("it counts {}, and its records add up to {sum}", counter.used);
                look.complain("usage", UsageCounter::NAME, counter.id.uuid(), problem);
            }
        }
    }
}
