//! The few kinds of argument the tasks take.
//!
//! Owns splitting a command line into flags, options and positional words. Invariant: [`Args::finish`] refuses
//! whatever no task asked for, so a mistyped flag is never ignored.

use anyhow::{Context as _, Result, bail};
use std::collections::VecDeque;
use std::str::FromStr;

/// What is left of a command line.
pub(crate) struct Args {
    words: VecDeque<String>,
    passed_on: Vec<String>,
}

impl Args {
    /// The arguments of this process.
    pub(crate) fn from_environment() -> Self {
        Self::new(std::env::args().skip(1))
    }

    fn new(words: impl IntoIterator<Item = String>) -> Self {
        let mut words: VecDeque<String> = words.into_iter().collect();
        let passed_on = match words.iter().position(|word| word == "--") {
            Some(at) => words.split_off(at).into_iter().skip(1).collect(),
            None => Vec::new(),
        };
        Self { words, passed_on }
    }

    /// Takes `--name` if it is there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        match self.words.iter().position(|word| word == name) {
            Some(at) => self.words.remove(at).is_some(),
            None => false,
        }
    }

    /// Takes `--name VALUE` or `--name=VALUE` if it is there.
    pub(crate) fn option(&mut self, name: &str) -> Result<Option<String>> {
        let prefix = format!("{name}=");
        let Some(at) = self.words.iter().position(|word| word == name || word.starts_with(&prefix)) else {
            return Ok(None);
        };
        let word = self.words.remove(at).unwrap_or_default();
        if let Some(value) = word.strip_prefix(&prefix) {
            return Ok(Some(value.to_owned()));
        }
        let value = self.words.remove(at).with_context(|| format!("{name} needs a value"))?;
        Ok(Some(value))
    }

    /// Takes `--name N` if it is there.
    pub(crate) fn number<N: FromStr>(&mut self, name: &str) -> Result<Option<N>> {
        let Some(text) = self.option(name)? else { return Ok(None) };
        let number = text.parse().ok().with_context(|| format!("{name} needs a number, not {text:?}"))?;
        Ok(Some(number))
    }

    /// Takes the next word that is no flag.
    pub(crate) fn positional(&mut self) -> Option<String> {
        let at = self.words.iter().position(|word| !word.starts_with("--"))?;
        self.words.remove(at)
    }

    /// Takes what stood after `--`.
    pub(crate) fn passed_on(&mut self) -> Vec<String> {
        std::mem::take(&mut self.passed_on)
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self) -> Result<()> {
        match self.words.into_iter().chain(self.passed_on).next() {
            Some(word) => bail!("{word:?} is not understood here; `cargo xtask help` lists what is"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn flags_options_and_words_are_taken_in_any_order() {
        let mut args = args("test --quick unit --seeds 1..5 --data=here -- --raw");
        assert_eq!(args.positional().as_deref(), Some("test"));
        assert!(args.flag("--quick"));
        assert!(!args.flag("--quick"));
        assert_eq!(args.option("--seeds").unwrap().as_deref(), Some("1..5"));
        assert_eq!(args.option("--data").unwrap().as_deref(), Some("here"));
        assert_eq!(args.positional().as_deref(), Some("unit"));
        assert_eq!(args.passed_on(), ["--raw"]);
        args.finish().unwrap();
    }

    #[test]
    fn a_mistyped_flag_is_refused() {
        let mut args = args("test --quik");
        args.positional();
        assert!(args.finish().is_err());
    }

    #[test]
    fn a_number_must_be_one() {
        assert_eq!(args("--seed 7").number::<u64>("--seed").unwrap(), Some(7));
        assert!(args("--seed seven").number::<u64>("--seed").is_err());
        assert!(args("--seed").number::<u64>("--seed").is_err());
    }
}
