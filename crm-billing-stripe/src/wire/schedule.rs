//! Plans of coming changes.

use serde::Deserialize;

use super::{HasId, Link};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Schedule {
    pub(crate) id: String,
    pub(crate) current_phase: Option<CurrentPhase>,
    #[serde(default)]
    pub(crate) phases: Vec<Phase>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct CurrentPhase {
    pub(crate) start_date: i64,
    pub(crate) end_date: i64,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Phase {
    pub(crate) start_date: i64,
    #[serde(default)]
    pub(crate) items: Vec<PhaseItem>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PhaseItem {
    pub(crate) price: Link,
    pub(crate) quantity: Option<i64>,
}

impl HasId for Schedule {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
}
