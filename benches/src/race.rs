//! Figures beside their floors: measured in turns, so that whatever else the machine does falls on both alike.

use std::time::Duration;

use criterion::{Criterion, SamplingMode};

use crate::Load;

/// What was measured in one turn: the same number of operations of ours and of the floor, each timed by itself.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// Ours.
    pub ours: Vec<Duration>,
    /// The floor's.
    pub floor: Vec<Duration>,
    /// How long all of ours took, when several were under way at once; nothing when each waited for the one before.
    pub ours_wall: Option<Duration>,
    /// The same of the floor.
    pub floor_wall: Option<Duration>,
}

impl Round {
    /// Nothing but times of ours.
    #[must_use]
    pub fn without_floor(ours: Vec<Duration>) -> Self {
        Self { ours, ..Self::default() }
    }

    /// How long all of ours took.
    #[must_use]
    pub fn ours_time(&self) -> Duration {
        self.ours_wall.unwrap_or_else(|| self.ours.iter().sum())
    }

    /// How many times as long as one of the floor's one of ours took: by what was done in a while when many were under way
    /// at once, and else by the medians.
    fn ratio(&self) -> f64 {
        if let (Some(ours), Some(floor)) = (self.ours_wall, self.floor_wall) {
            let count = |times: &[Duration]| u64::try_from(times.len()).unwrap_or(u64::MAX);
            rate(count(&self.floor), floor) / rate(count(&self.ours), ours)
        } else {
            let median = |times| Percentiles::of(times).median.as_secs_f64();
            median(&self.ours) / median(&self.floor)
        }
    }

    fn add(&mut self, other: Self) {
        self.ours.extend(other.ours);
        self.floor.extend(other.floor);
        let sum = |one: Option<Duration>, other: Option<Duration>| Some(one.unwrap_or_default() + other?);
        self.ours_wall = sum(self.ours_wall, other.ours_wall);
        self.floor_wall = sum(self.floor_wall, other.floor_wall);
    }
}

/// What a figure is to reach.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// At least this many per cent of the floor's throughput.
    Share(f64),
    /// At most this many times the floor's time.
    Times(f64),
    /// 99 of 100 take at most so long.
    P99(Duration),
    /// The median takes at most so long.
    Median(Duration),
    /// At least so many in a second.
    Rate(f64),
    /// None is set.
    None,
}

/// The table that a run ends with.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<[String; 6]>,
}

/// How many turns count.
const TURNS: usize = 10;

/// Measures with criterion, which decides how long a turn is, for `seconds` in all; answers what was timed in the turns
/// that count. What criterion prints and keeps are the times of ours.
pub fn measured(criterion: &mut Criterion, name: &str, seconds: u64, mut turn: impl FnMut(u64) -> Round) -> Round {
    let mut turns: Vec<Round> = Vec::new();
    let mut group = criterion.benchmark_group("crm");
    group.sampling_mode(SamplingMode::Flat).sample_size(TURNS);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(seconds));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|count| {
            let round = turn(count);
            let time = round.ours_time();
            turns.push(round);
            time
        });
    });
    group.finish();
    let mut all = Round::default();
    // Those before were for warming up.
    for round in turns.into_iter().rev().take(TURNS) {
        all.add(round);
    }
    all
}

impl Report {
    /// Adds a line: the median and the 99th percentile of ours, the median of the floor, and how they compare.
    pub fn add(&mut self, what: &str, round: &Round, floor: &str, goal: Goal) {
        let (ours, bare) = (Percentiles::of(&round.ours), Percentiles::of(&round.floor));
        let ratio = round.ratio();
        let compared = if round.floor.is_empty() {
            "-".to_owned()
        } else {
            format!("{ratio:.2}x the time, {:.0} % of the rate", 100.0 / ratio)
        };
        let floor = if round.floor.is_empty() { "-".to_owned() } else { format!("{} ({floor})", shown(bare.median)) };
        self.lines.push([
            what.to_owned(),
            format!("{} / {}", shown(ours.median), shown(ours.p99)),
            floor,
            compared,
            goal.named(),
            goal.reached(&ours, ratio).to_owned(),
        ]);
    }

    /// Adds a line about something that was done `count` times in `time`, beside a floor when there is one.
    pub fn add_rate(&mut self, what: &str, count: u64, time: Duration, floor: Option<(&str, Duration)>, goal: Goal) {
        let rate = rate(count, time);
        let (floored, compared) = match floor {
            Some((name, bare)) => (
                format!("{:.0}/s ({name})", self::rate(count, bare)),
                format!("{:.0} % of the rate", 100.0 * bare.as_secs_f64() / time.as_secs_f64()),
            ),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let reached = match goal {
            Goal::Rate(least) => verdict(rate >= least),
            Goal::Share(least) => {
                verdict(floor.is_some_and(|(_, bare)| bare.as_secs_f64() / time.as_secs_f64() * 100.0 >= least))
            }
            _ => "",
        };
        self.lines.push([what.to_owned(), format!("{rate:.0}/s"), floored, compared, goal.named(), reached.to_owned()]);
    }

    /// Adds a line that says in words what was measured.
    pub fn say(&mut self, what: &str, measured: &str, goal: &str, is_reached: bool) {
        let none = || "-".to_owned();
        self.lines.push([
            what.to_owned(),
            measured.to_owned(),
            none(),
            none(),
            goal.to_owned(),
            verdict(is_reached).to_owned(),
        ]);
    }

    /// Adds a line about two loads: requests in a second, median and 99th percentile of both, and the share of the floor's
    /// rate. `most` is the most that a request of ours may compute, database included.
    pub fn add_load(&mut self, what: &str, ours: &Load, floor: &Load, goal: Goal, most: Option<Duration>) {
        let count = |load: &Load| u64::try_from(load.times.len()).unwrap_or(0);
        let described = |load: &Load| {
            let times = Percentiles::of(&load.times);
            let rate = rate(count(load), load.wall);
            (rate, format!("{rate:.0}/s, {} / {}", shown(times.median), shown(times.p99)))
        };
        let ((own, ours_shown), (bare, floor_shown)) = (described(ours), described(floor));
        let share = 100.0 * own / bare;
        let each = |load: &Load| load.computed?.checked_div(u32::try_from(load.times.len()).ok()?);
        let computed = |load: &Load| each(load).map_or_else(|| "-".to_owned(), shown);
        let reached = match goal {
            Goal::Share(least) => verdict(share >= least),
            _ => "",
        };
        let limit = most.map(|most| format!("; <= {} computed", shown(most))).unwrap_or_default();
        let within = most.zip(each(ours)).map(|(most, each)| verdict(each <= most));
        self.lines.push([
            what.to_owned(),
            format!("{ours_shown}; {} computed", computed(ours)),
            format!("{floor_shown}; {} computed (axum and sqlx, bare)", computed(floor)),
            format!("{share:.0} % of the rate"),
            format!("{}{limit}", goal.named()),
            format!("{reached}{}", within.map(|within| format!("; {within}")).unwrap_or_default()),
        ]);
    }

    /// Prints the table, as it can be put into a document.
    pub fn print(&self) {
        eprintln!("\n| what | ours, median / p99 | floor | compared | goal | reached |");
        eprintln!("|---|---|---|---|---|---|");
        for line in &self.lines {
            eprintln!("| {} |", line.join(" | "));
        }
    }
}

impl Goal {
    fn named(self) -> String {
        match self {
            Self::Share(percent) => format!(">= {percent:.0} % of the floor's rate"),
            Self::Times(times) => format!("<= {times}x the floor's time"),
            Self::P99(most) => format!("p99 <= {}", shown(most)),
            Self::Median(most) => format!("<= {}", shown(most)),
            Self::Rate(least) => format!(">= {least:.0}/s"),
            Self::None => "-".to_owned(),
        }
    }

    fn reached(self, ours: &Percentiles, ratio: f64) -> &'static str {
        let own = ours.median.as_secs_f64();
        match self {
            Self::Share(percent) => verdict(100.0 / ratio >= percent),
            Self::Times(times) => verdict(ratio <= times),
            Self::P99(most) => verdict(ours.p99 <= most),
            Self::Median(most) => verdict(ours.median <= most),
            Self::Rate(least) => verdict(1.0 / own >= least),
            Self::None => "",
        }
    }
}

fn verdict(is_reached: bool) -> &'static str {
    if is_reached { "yes" } else { "NO" }
}

fn rate(count: u64, time: Duration) -> f64 {
    let count = u32::try_from(count).map_or(f64::INFINITY, f64::from);
    count / time.as_secs_f64()
}

struct Percentiles {
    median: Duration,
    p99: Duration,
}

impl Percentiles {
    fn of(times: &[Duration]) -> Self {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        let at = |percent: usize| sorted.get(sorted.len() * percent / 100).copied().unwrap_or_default();
        Self { median: at(50), p99: at(99) }
    }
}

fn shown(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        _ if micros < 1.0 => format!("{:.0} ns", micros * 1e3),
        _ if micros < 100.0 => format!("{micros:.2} µs"),
        _ if micros < 10_000.0 => format!("{micros:.0} µs"),
        _ => format!("{:.0} ms", micros / 1e3),
    }
}
