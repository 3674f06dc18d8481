//! Many seeds, on all cores.
//!
//! Owns the environment (`SOTTO_SEEDS`, `SOTTO_LANE`, `SOTTO_LOUD`) and the report of a failed seed with the one
//! command that replays it.

use super::auditors::Finding;
use super::lanes::Lane;
use super::run::{Outcome, Setting, run};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Seeds unless told otherwise.
const SEEDS_BY_DEFAULT: Range<u64> = 0..40;
/// Failed seeds that are reported; then the rest is left.
const REPORTS_MAX: usize = 5;

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Seeds.
    pub seeds: Range<u64>,
    /// The only lane, if one was named.
    pub lane: Option<Lane>,
    /// What is switched on.
    pub setting: Setting,
}

impl Plan {
    /// What the environment asks for.
    pub fn from_env() -> Self {
        let seeds = std::env::var("SOTTO_SEEDS").ok();
        let lane = std::env::var("SOTTO_LANE").ok();
        let loud = std::env::var_os("SOTTO_LOUD").is_some();
        Self {
            setting: Setting { loud, ..Setting::default() },
            ..Self::of(seeds.as_deref(), lane.as_deref())
        }
    }

    /// The plan of seeds (a count, or `A..B`) and the name of a lane.
    pub fn of(seeds: Option<&str>, lane: Option<&str>) -> Self {
        Self {
            seeds: seeds.map_or(SEEDS_BY_DEFAULT, |text| {
                parse(text).unwrap_or_else(|| panic!("SOTTO_SEEDS is a count or A..B, not {text:?}"))
            }),
            lane: lane.map(|name| Lane::parse(name).unwrap_or_else(|| panic!("there is no lane {name:?}"))),
            setting: Setting::default(),
        }
    }
}

fn parse(text: &str) -> Option<Range<u64>> {
    match text.split_once("..") {
        Some((from, to)) => Some(from.parse().ok()?..to.parse().ok()?),
        None => Some(0..text.parse().ok()?),
    }
}

/// Runs one seed; a panic inside is a finding like others.
pub fn guarded(lane: Lane, seed: u64, setting: Setting) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| run(lane, seed, setting))).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Outcome {
            digest: String::new(),
            alarms: Vec::new(),
            finding: Some(Finding::new("panic", said.unwrap_or_default())),
            tail: String::new(),
        }
    })
}

/// The report of a failed seed, with the command that replays it.
pub fn report(lane: Lane, seed: u64, finding: &Finding, tail: &str) -> String {
    format!(
        "\n{tail}\nlane {}, seed {seed}: the auditor `{}` found: {}\nreplay with: cargo xtask sim --lane {} --seed {seed}\n",
        lane.name(),
        finding.auditor,
        finding.what,
        lane.name(),
    )
}

/// Runs all of a plan on all cores; the reports of what failed.
pub fn run_all(plan: &Plan) -> Vec<String> {
    let next = AtomicU64::new(plan.seeds.start);
    let reports = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= plan.seeds.end
                        || reports
                            .lock()
                            .is_ok_and(|r: std::sync::MutexGuard<'_, Vec<String>>| r.len() >= REPORTS_MAX)
                    {
                        return;
                    }
                    let lane = plan.lane.unwrap_or_else(|| Lane::of_seed(seed));
                    let outcome = guarded(lane, seed, plan.setting);
                    if let Some(finding) = outcome.finding
                        && let Ok(mut reports) = reports.lock()
                    {
                        reports.push(report(lane, seed, &finding, &outcome.tail));
                    }
                }
            });
        }
    });
    reports.into_inner().unwrap_or_default()
}
