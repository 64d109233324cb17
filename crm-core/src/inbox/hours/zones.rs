//! The port to the world's time zones.

use crate::access::TimeZone;
use crate::kernel::{Kind, Rule, Timestamp};

/// A zone that the host does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this installation does not know the time zone {}; choose another, or ask its operator", .0.as_str())]
pub struct UnknownZone(pub TimeZone);

impl Rule for UnknownZone {
    fn code(&self) -> &'static str {
        "time_zone.unknown"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// Knows what clocks on the wall show. A host gives one that reads the IANA list.
pub trait Zones: Send + Sync {
    /// By how many seconds the zone's clocks are ahead of UTC at an instant.
    ///
    /// # Errors
    /// `UnknownZone`.
    fn offset(&self, zone: &TimeZone, at: Timestamp) -> Result<i32, UnknownZone>;
}

/// Knows UTC and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct UtcOnly;

impl Zones for UtcOnly {
    fn offset(&self, zone: &TimeZone, _: Timestamp) -> Result<i32, UnknownZone> {
        if *zone == TimeZone::utc() { Ok(0) } else { Err(UnknownZone(zone.clone())) }
    }
}
