//! Pauses that Meta asked for, kept until they are over.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crm_core::kernel::Timestamp;

use super::usage::Usage;

/// Until when which account, and the whole app, is to be left alone.
#[derive(Default)]
pub(super) struct Throttle {
    pauses: Mutex<Pauses>,
}

#[derive(Default)]
struct Pauses {
    app: Option<Timestamp>,
    accounts: BTreeMap<String, Timestamp>,
}

impl Throttle {
    /// How long calls for this account have to wait yet.
    pub(super) fn pause(&self, account: &str, now: Timestamp) -> Option<Duration> {
        let pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        let until = pauses.app.max(pauses.accounts.get(account).copied())?;
        Some(until.since(now)).filter(|pause| !pause.is_zero())
    }

    /// Keeps what an answer asked for. Pauses that are over are forgotten.
    pub(super) fn note(&self, account: &str, usage: Usage, now: Timestamp) {
        if usage.pause().is_none() {
            return;
        }
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.accounts.retain(|_, until| *until > now);
        if let Some(pause) = usage.app {
            pauses.app = pauses.app.max(Some(now.plus(pause)));
        }
        if let Some(pause) = usage.account {
            let until = now.plus(pause);
            let known = pauses.accounts.entry(account.to_owned()).or_insert(until);
            *known = until.max(*known);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_holds_its_account_until_it_is_over() {
        let throttle = Throttle::default();
        let start = Timestamp::from_micros(0).unwrap();
        let minute = Duration::from_mins(1);
        throttle.note("a", Usage { account: Some(minute), ..Usage::default() }, start);
        assert_eq!(throttle.pause("a", start), Some(minute));
        assert_eq!(throttle.pause("b", start), None);
        assert_eq!(throttle.pause("a", start.plus(minute)), None);
        throttle.note("a", Usage { account: Some(Duration::from_secs(1)), ..Usage::default() }, start);
        assert_eq!(throttle.pause("a", start), Some(minute), "a shorter wish does not shorten a longer one");
    }

    #[test]
    fn a_pause_of_the_app_holds_every_account() {
        let throttle = Throttle::default();
        let start = Timestamp::from_micros(0).unwrap();
        throttle.note("a", Usage { app: Some(Duration::from_mins(1)), ..Usage::default() }, start);
        assert!(throttle.pause("b", start).is_some());
    }
}
