//! `sotto`: Sotto for a terminal.
//!
//! Owns the process: arguments in, exit code out. Refuses to know what commands do ([`commands`]). Invariant: the
//! exit code is one of those that `--help` lists.

mod args;
mod commands;
mod error;
mod json;
mod password;
mod print;
mod resolve;
mod words;

use args::Args;
use clap::Parser as _;
use error::{CliError, Exit};
use print::Out;
use sotto_cli::ambient;
use std::io;
use std::process::ExitCode;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(refused) => return usage(&refused).into(),
    };
    // Logs are for developers: on request only, and never with contents.
    if let Ok(filter) = EnvFilter::try_from_env("SOTTO_LOG") {
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    }
    ambient::set_behind(Duration::from_secs(args.clock_behind));
    let out = Out { json: args.json };
    run(args, out).unwrap_or_else(|error| ended(&error, out)).into()
}

fn run(args: Args, out: Out) -> Result<Exit, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let exit = runtime.block_on(commands::run(args, out));
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    exit
}

fn ended(error: &CliError, out: Out) -> Exit {
    match error {
        // Whoever read the output has stopped reading; that is how pipes end.
        CliError::Output(gone) if gone.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        error => {
            out.error(error);
            error.exit()
        }
    }
}

fn usage(refused: &clap::Error) -> Exit {
    // Clap has not parsed it, so the one word that matters is looked for by hand.
    let json = std::env::args_os().any(|word| word == "--json");
    if refused.use_stderr() && json {
        let message = refused.render().to_string();
        Out { json }.failure("Usage", 1000, message.trim_end());
        return Exit::Usage;
    }
    // Help and version go to standard output, the rest to standard error; nothing can be done if that fails.
    let _ = refused.print();
    if refused.use_stderr() { Exit::Usage } else { Exit::Done }
}
