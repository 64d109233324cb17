//! What only this store can do wrong. What every store must do is in `tests/sqlite.rs`.

mod files;
mod indexes;
mod trouble;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crm_core::access::{OrganizationId, Team};
use crm_core::kernel::{Id, Stored, Timestamp};
use uuid::Uuid;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("crm-sqlite-unit-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("crm.db")
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn organization() -> OrganizationId {
    Id::new(Uuid::from_u128(1))
}

fn team(number: u128) -> Stored<Team> {
    let value = Team { name: format!("team {number}").parse().unwrap(), parent_id: None };
    let now = Timestamp::from_micros(1).unwrap();
    Stored { id: Id::new(Uuid::from_u128(number)), version: 1, created_at: now, updated_at: now, value }
}
