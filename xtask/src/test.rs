//! `cargo xtask test`: chooses steps, runs and times them, reports.
//!
//! Owns the report: a table, and as last line `N passed, N failed`. Stops at the first failure unless told to keep
//! going; steps that did not get their turn are listed as such.

use crate::args::Args;
use crate::progress::now;
use crate::steps::{Context, STEPS, Step};
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

/// Runs the checks.
pub(crate) fn main(mut args: Args) -> Result<()> {
    let (quick, keep_going, list) = (args.flag("--quick"), args.flag("--keep-going"), args.flag("--list"));
    let names: Vec<String> = std::iter::from_fn(|| args.positional()).collect();
    args.finish()?;
    let steps = chosen(&names, quick)?;
    if list {
        return print(&listed(&steps));
    }

    let context = Context { workspace: Workspace::open()?, quick };
    let report = carry_out(&context, &steps, keep_going);
    print(&report.text())?;
    match report.count(|result| matches!(result, Verdict::Failed)) {
        0 => Ok(()),
        _ => bail!("some checks failed"),
    }
}

fn chosen(names: &[String], quick: bool) -> Result<Vec<&'static Step>> {
    if names.is_empty() {
        return Ok(STEPS.iter().filter(|step| step.quick || !quick).collect());
    }
    let find = |name: &String| {
        let all = || STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ");
        STEPS
            .iter()
            .find(|step| step.name == name)
            .with_context(|| format!("there is no step {name:?}, only {}", all()))
    };
    names.iter().map(find).collect()
}

fn carry_out(context: &Context, steps: &[&'static Step], keep_going: bool) -> Report {
    let mut report = Report::default();
    let mut stopped = false;
    for step in steps {
        if stopped {
            report.rows.push(Row { name: step.name, verdict: Verdict::NotRun, took: Duration::ZERO });
            continue;
        }
        eprintln!("== {}: {}", step.name, step.about);
        let started = now();
        let verdict = match (step.run)(context) {
            Ok(()) => Verdict::Passed,
            Err(error) => {
                eprintln!("xtask: {error:#}");
                stopped = !keep_going;
                Verdict::Failed
            }
        };
        report.rows.push(Row { name: step.name, verdict, took: now().duration_since(started) });
    }
    report
}

enum Verdict {
    Passed,
    Failed,
    NotRun,
}

struct Row {
    name: &'static str,
    verdict: Verdict,
    took: Duration,
}

#[derive(Default)]
struct Report {
    rows: Vec<Row>,
}

impl Report {
    fn count(&self, of: impl Fn(&Verdict) -> bool) -> usize {
        self.rows.iter().filter(|row| of(&row.verdict)).count()
    }

    fn text(&self) -> String {
        let mut text = String::from("\n");
        for row in &self.rows {
            let verdict = match row.verdict {
                Verdict::Passed => "passed".to_owned(),
                Verdict::Failed => "FAILED".to_owned(),
                Verdict::NotRun => "not run, an earlier step failed".to_owned(),
            };
            let _ = writeln!(text, "{:<12} {:>8.1} s  {verdict}", row.name, row.took.as_secs_f64());
        }
        let passed = self.count(|verdict| matches!(verdict, Verdict::Passed));
        let failed = self.count(|verdict| matches!(verdict, Verdict::Failed));
        let skipped = self.count(|verdict| matches!(verdict, Verdict::NotRun));
        let _ = write!(text, "\n{passed} passed, {failed} failed");
        if skipped > 0 {
            let _ = write!(text, ", {skipped} skipped");
        }
        text.push('\n');
        text
    }
}

fn listed(steps: &[&'static Step]) -> String {
    let lines: Vec<String> = steps.iter().map(|step| format!("{:<12} {}\n", step.name, step.about)).collect();
    lines.concat()
}

fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &'static str, verdict: Verdict) -> Row {
        Row { name, verdict, took: Duration::from_millis(1500) }
    }

    #[test]
    fn the_report_closes_on_the_counts() {
        let rows = vec![row("a", Verdict::Passed), row("b", Verdict::Failed)];
        assert!(Report { rows }.text().ends_with("\n1 passed, 1 failed\n"));
        let rows = vec![row("a", Verdict::Passed), row("b", Verdict::Failed), row("c", Verdict::NotRun)];
        let text = Report { rows }.text();
        assert!(text.contains("1.5 s  not run"));
        assert!(text.ends_with("\n1 passed, 1 failed, 1 skipped\n"));
    }

    #[test]
    fn quick_is_a_part_of_all_and_unknown_steps_are_refused() {
        let quick = chosen(&[], true).unwrap();
        assert!(quick.len() < chosen(&[], false).unwrap().len());
        assert_eq!(chosen(&["unit".to_owned()], false).unwrap().len(), 1);
        assert!(chosen(&["units".to_owned()], false).is_err());
    }
}
