//! `cargo xtask sim`: simulated runs, one seed each.
//!
//! Owns how seeds are handed to the simulation: `SOTTO_SEEDS` holds a count (`40` is `0..40`) or a range
//! (`7..8`), `SOTTO_LANE` the name of the only lane to run. A run is a pure function of lane and seed.

use crate::args::Args;
use crate::workspace::{Workspace, run};
use anyhow::{Context as _, Result, ensure};
use std::ops::Range;

const SEEDS_BY_DEFAULT: u64 = 40;

/// Replays one seed, a range of them, or the first few.
pub(crate) fn main(mut args: Args) -> Result<()> {
    let seeds = seeds(&mut args)?;
    let lane = args.option("--lane")?;
    args.finish()?;

    let workspace = Workspace::open()?;
    let mut command = workspace.cargo("test");
    command.args(["--workspace", "--test", "simulation", "--", "--nocapture"]);
    command.env("SOTTO_SEEDS", format!("{}..{}", seeds.start, seeds.end));
    if let Some(lane) = lane {
        command.env("SOTTO_LANE", lane);
    }
    run(&mut command)
}

fn seeds(args: &mut Args) -> Result<Range<u64>> {
    let one = args.number::<u64>("--seed")?;
    let many = args.option("--seeds")?;
    match (one, many) {
        (Some(seed), None) => Ok(seed..seed.saturating_add(1)),
        (None, Some(text)) => range(&text),
        (None, None) => Ok(0..SEEDS_BY_DEFAULT),
        (Some(_), Some(_)) => anyhow::bail!("give --seed or --seeds, not both"),
    }
}

fn range(text: &str) -> Result<Range<u64>> {
    let (start, end) =
        text.split_once("..").with_context(|| format!("a range looks like 0..100, not {text:?}"))?;
    let parse = |side: &str| side.parse::<u64>().with_context(|| format!("{side:?} is no seed"));
    let range = parse(start)?..parse(end)?;
    ensure!(!range.is_empty(), "the range {text} holds no seed");
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_two_ends_and_something_between() {
        assert_eq!(range("3..9").unwrap(), 3..9);
        for bad in ["3", "9..3", "3..3", "a..b", "..", "-1..2"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }
}
