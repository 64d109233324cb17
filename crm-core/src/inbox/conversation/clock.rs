//! How soon an answer is due.

use super::model::ResponseClock;
use crate::inbox::connection::ResponseTargets;
use crate::inbox::hours::BusinessHours;
use crate::kernel::Timestamp;

impl ResponseClock {
    /// They wrote at an instant and wait for an answer. Due instants are fixed here, once; those who wait already keep
    /// theirs. Without a calendar all time is business time, and so it is with one that never opens.
    pub(crate) fn start(&mut self, at: Timestamp, targets: ResponseTargets, hours: Option<BusinessHours<'_>>) {
        if self.answered_up_to.is_some_and(|answer| answer >= at) {
            return;
        }
        let due = |seconds: Option<u32>| {
            ResponseTargets::span(seconds).map(|span| match hours {
                Some(hours) => hours.after(at, span).unwrap_or(at.plus(span)),
                None => at.plus(span),
            })
        };
        if self.waiting_since.is_none_or(|since| at < since) {
            self.waiting_since = Some(at);
            self.answer_is_first = self.first_answered_at.is_none();
            self.answer_due_at =
                due(if self.answer_is_first { targets.first_response_s } else { targets.next_response_s });
        }
        if self.resolution_due_at.is_none() {
            self.resolution_due_at = due(targets.resolution_s);
        }
    }

    /// We answered at an instant: nobody waits any more who had written before.
    pub(crate) fn answer(&mut self, at: Timestamp) {
        self.answered_up_to = self.answered_up_to.max(Some(at));
        if self.waiting_since.is_some_and(|since| since <= at) {
            self.first_answered_at = self.first_answered_at.or(Some(at));
            self.waiting_since = None;
            self.answer_due_at = None;
        }
    }

    /// Nothing is due while it is snoozed.
    pub(crate) fn pause(&mut self) {
        self.answer_due_at = None;
        self.resolution_due_at = None;
    }

    /// Nothing is due any more: it was closed.
    pub(crate) fn stop(&mut self) {
        self.waiting_since = None;
        self.pause();
    }

    /// Who has waited since before a pause waits anew from its end.
    pub(crate) fn resume(&mut self, now: Timestamp, targets: ResponseTargets, hours: Option<BusinessHours<'_>>) {
        if self.waiting_since.take().is_some() {
            self.start(now, targets, hours);
        }
    }

    /// The next instant at which a target is missed that was not told of.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let due = [self.answer_due_at, self.resolution_due_at].into_iter().flatten();
        due.filter(|at| !self.told.contains(at)).min()
    }

    /// The targets that are missed at an instant and were not told of, each once.
    pub(crate) fn missed(&mut self, now: Timestamp) -> Vec<(&'static str, Timestamp)> {
        let answer = if self.answer_is_first { "first_response" } else { "next_response" };
        let targets = [(answer, self.answer_due_at), ("resolution", self.resolution_due_at)];
        let due = targets.into_iter().filter_map(|(target, at)| at.filter(|at| *at <= now).map(|at| (target, at)));
        let missed: Vec<_> = due.filter(|(_, at)| !self.told.contains(at)).collect();
        self.told.extend(missed.iter().map(|(_, at)| *at));
        // Only the latest can come up again.
        let old = self.told.len().saturating_sub(4);
        self.told.drain(..old);
        missed
    }
}
