//! `cargo xtask run`: the server, and what to do next.
//!
//! Owns the newcomer's first minute: build, start, say where to go, stop on Ctrl-C.

use crate::args::Args;
use crate::demo;
use crate::progress::doing;
use crate::sample::Sample;
use crate::server::{Ended, Server};
use crate::web::{self, Budgets};
use crate::workspace::{Profile, Workspace};
use anyhow::{Result, bail};
use std::io::Write as _;
use std::path::{Path, PathBuf};

const LISTEN_BY_DEFAULT: &str = "127.0.0.1:8080";
/// Another one, because browsers keep apart what belongs to different ports.
const LISTEN_WITH_SAMPLE: &str = "127.0.0.1:8081";
const DATA_BY_DEFAULT: &str = "./sotto-data";
const SAMPLE: &str = "demo";

/// Builds and starts the server, or runs the demonstration.
pub(crate) fn main(mut args: Args) -> Result<()> {
    let data = args.option("--data")?;
    let listen = args.option("--listen")?;
    let (sample, exchange) = (args.flag("--demo"), args.flag("--demo-exchange"));
    args.finish()?;
    if exchange && (data.is_some() || listen.is_some()) {
        bail!("--demo-exchange chooses a temporary folder and a free port by itself");
    }
    if sample && (data.is_some() || exchange) {
        bail!("--demo has a folder of its own, and goes with nothing but --listen");
    }

    let workspace = Workspace::open()?;
    if exchange {
        return demo::run(&workspace, &binaries(&workspace)?);
    }
    web::build(&workspace, Budgets::Shown)?;
    let binaries = binaries(&workspace)?;
    if sample {
        return serve_sample(&workspace, &binaries, listen.as_deref().unwrap_or(LISTEN_WITH_SAMPLE));
    }
    let data = data.map_or_else(|| workspace.root().join(DATA_BY_DEFAULT), PathBuf::from);
    let first_start = !data.exists();
    let mut server = started(&binaries, &data, listen.as_deref().unwrap_or(LISTEN_BY_DEFAULT))?;
    if first_start {
        server.wait_setup_link()?;
    }
    let address = server.wait_ready()?;
    say(&what_next(&address, server.setup_link()))?;
    serve(server)
}

fn serve_sample(workspace: &Workspace, binaries: &Path, listen: &str) -> Result<()> {
    let mut sample = Sample::open(workspace.target().join(SAMPLE))?;
    let mut server = started(binaries, &sample.data(), listen)?;
    if !sample.is_made() {
        doing("Letting the sample practice move in", || sample.make(&binaries.join("sotto"), &mut server))?;
    }
    let address = server.wait_ready()?;
    say(&sample.shown(&address)?)?;
    serve(server)
}

fn binaries(workspace: &Workspace) -> Result<PathBuf> {
    doing("Building the server and the command-line client (some minutes the first time)", || {
        workspace.build_binaries(Profile::Release)
    })
}

fn started(binaries: &Path, data: &Path, listen: &str) -> Result<Server> {
    eprintln!("==> Starting the server on {}", data.display());
    Server::start(&binaries.join("sotto-server"), data, listen)
}

fn serve(mut server: Server) -> Result<()> {
    match server.wait_end() {
        Ended::Interrupted => {
            eprintln!("Stopping the server");
            server.stop()
        }
        Ended::ByItself => bail!("the server stopped by itself; what it printed last says why"),
    }
}

fn what_next(address: &str, setup_link: Option<&str>) -> String {
    let begin = match setup_link {
        Some(link) => format!("To found your practice, open this link; it works once:\n\n  {link}\n"),
        None => format!("It has been started before. If it is set up, sign in at:\n\n  {address}\n"),
    };
    format!(
        "\nSotto is running at {address}.\n\n{begin}\n\
         The README shows how to do the same from a terminal.\nCtrl-C stops the server.\n"
    )
}

fn say(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
