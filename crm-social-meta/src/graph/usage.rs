//! How much of its allowance a connection has used, by the headers of Graph's answers.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value as Json;

/// From this share of the allowance on (in percent), the client pauses.
const CROWDED_PERCENT: u64 = 90;
/// How long to pause when crowded and Meta names no time.
const CROWDED_PAUSE: Duration = Duration::from_mins(1);
/// No header may hold us up for longer than this.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// What the headers of an answer ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How long no account of the app may be used.
    pub app: Option<Duration>,
    /// How long this account may not be used.
    pub account: Option<Duration>,
}

impl Usage {
    /// Reads `Retry-After`, `X-App-Usage`, `X-Page-Usage` and `X-Business-Use-Case-Usage`. What can't be read is
    /// passed over.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Self {
        let mut usage = Self { app: crowded(&json(headers, "x-app-usage")), account: None };
        usage.wait(crowded(&json(headers, "x-page-usage")));
        if let Json::Object(businesses) = json(headers, "x-business-use-case-usage") {
            for case in businesses.values().filter_map(Json::as_array).flatten() {
                let minutes = case.get("estimated_time_to_regain_access").and_then(Json::as_u64).unwrap_or_default();
                usage.wait(Some(Duration::from_secs(minutes.saturating_mul(60))));
                usage.wait(crowded(case).filter(|_| minutes == 0));
            }
        }
        let seconds = headers.get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
        usage.wait(seconds.map(Duration::from_secs));
        usage
    }

    /// The longer of both pauses.
    #[must_use]
    pub fn pause(&self) -> Option<Duration> {
        self.app.max(self.account)
    }

    fn wait(&mut self, pause: Option<Duration>) {
        let pause = pause.filter(|pause| !pause.is_zero()).map(|pause| pause.min(LONGEST_PAUSE));
        self.account = self.account.max(pause);
    }
}

/// A pause when one of the shares (in percent of the allowance) is nearly used up.
fn crowded(counts: &Json) -> Option<Duration> {
    let share = |name: &str| counts.get(name).and_then(Json::as_u64).unwrap_or_default();
    let most = ["call_count", "total_time", "total_cputime"].into_iter().map(share).max();
    most.filter(|percent| *percent >= CROWDED_PERCENT).map(|_| CROWDED_PAUSE)
}

fn json(headers: &HeaderMap, name: &str) -> Json {
    headers.get(name).and_then(|value| serde_json::from_slice(value.as_bytes()).ok()).unwrap_or(Json::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(headers: &[(&'static str, &'static str)]) -> Usage {
        Usage::read(&headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect())
    }

    #[test]
    fn the_longest_wish_counts() {
        let business = r#"{"1":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":5}]}"#;
        let both = usage(&[("retry-after", "30"), ("x-business-use-case-usage", business)]);
        assert_eq!(both, Usage { app: None, account: Some(Duration::from_mins(5)) });
        assert_eq!(usage(&[("retry-after", "30")]).pause(), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_crowded_connection_pauses_and_a_quiet_one_does_not() {
        assert_eq!(usage(&[("x-app-usage", r#"{"call_count":89}"#)]), Usage::default());
        assert_eq!(usage(&[("x-app-usage", r#"{"call_count":90}"#)]).app, Some(CROWDED_PAUSE));
    }

    #[test]
    fn nonsense_in_headers_is_passed_over_and_a_pause_has_an_end() {
        assert_eq!(usage(&[("retry-after", "soon"), ("x-app-usage", "{"), ("x-page-usage", "[]")]), Usage::default());
        assert_eq!(usage(&[("retry-after", "99999999999")]).account, Some(LONGEST_PAUSE));
    }
}
