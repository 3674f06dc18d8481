//! `cargo xtask run`: the server, and what to type next.
//!
//! Owns the newcomer's first minute: build, start, show the commands of an exchange, stop on Ctrl-C.

use crate::args::Args;
use crate::demo;
use crate::exchange;
use crate::server::{Ended, Server};
use crate::workspace::{Profile, Workspace};
use anyhow::{Result, bail};
use std::path::PathBuf;

const LISTEN_BY_DEFAULT: &str = "127.0.0.1:8080";
const DATA_BY_DEFAULT: &str = "./sotto-data";
const TRY_FOLDER: &str = "target/try";

/// Builds and starts the server, or runs the demonstration.
pub(crate) fn main(mut args: Args) -> Result<()> {
    let data = args.option("--data")?;
    let listen = args.option("--listen")?;
    let demonstrate = args.flag("--demo-exchange");
    args.finish()?;
    if demonstrate && (data.is_some() || listen.is_some()) {
        bail!("--demo-exchange chooses a temporary folder and a free port by itself");
    }

    let workspace = Workspace::open()?;
    eprintln!("Building the server and the command-line client (the first time takes some minutes)");
    let binaries = workspace.build_binaries(Profile::Release)?;
    if demonstrate {
        return demo::run(&workspace, &binaries);
    }
    let data = data.map_or_else(|| workspace.root().join(DATA_BY_DEFAULT), PathBuf::from);
    let first_start = !data.exists();
    let mut server =
        Server::start(&binaries.join("sotto-server"), &data, listen.as_deref().unwrap_or(LISTEN_BY_DEFAULT))?;
    if first_start {
        server.wait_setup_link()?;
    }
    let address = server.wait_ready()?;
    eprintln!("{}", what_next(&address, server.setup_link()));
    match server.wait_end() {
        Ended::Interrupted => {
            eprintln!("Stopping the server");
            server.stop()
        }
        Ended::ByItself => bail!("the server stopped by itself; what it printed last says why"),
    }
}

fn what_next(address: &str, setup_link: Option<&str>) -> String {
    let program = "target/release/sotto";
    match setup_link {
        Some(link) => format!(
            "\nTo try an exchange, paste this into another terminal, in the same folder:\n\n{}\n\nCtrl-C stops the server.\n",
            exchange::script(program, TRY_FOLDER, link)
        ),
        None => format!(
            "\nThis server has been started before. Once it is set up, sign in on any device with:\n\n\
             {program} --home {TRY_FOLDER}/another login {address} HANDLE --password-file FILE\n\n\
             Ctrl-C stops the server.\n"
        ),
    }
}
