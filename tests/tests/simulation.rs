//! The deterministic simulation: many seeds, each a whole life of a practice.

use sotto_tests::sim::lanes::Lane;
use sotto_tests::sim::run::Setting;
use sotto_tests::sim::seeds::{Plan, guarded, run_all};

#[test]
fn every_seed_passes_every_auditor() {
    let plan = Plan::from_env();
    let reports = run_all(&plan);
    assert!(reports.is_empty(), "{}{} of {:?} failed", reports.concat(), reports.len(), plan.seeds);
}

#[test]
fn a_seed_replays_byte_for_byte() {
    for lane in Lane::ALL {
        let (first, again) = (guarded(lane, 5, Setting::default()), guarded(lane, 5, Setting::default()));
        assert_eq!(first.digest, again.digest, "lane {}", lane.name());
    }
}
