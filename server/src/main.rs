//! `sotto-server`: the command line.
//!
//! Owns the ambient world: arguments, clock, entropy, signals, output. Everything else is in the library.

use anyhow::Context as _;
use clap::Parser as _;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use sotto_protocol::ids::Millis;
use sotto_protocol::link::{LinkSecret, Origin, SetupLink};
use sotto_server::clock::Clock;
use sotto_server::config::{Cli, Command, Config, Serve};
use sotto_server::defects::Defects;
use sotto_server::factor::Factors;
use sotto_server::opaque::Opaque;
use sotto_server::push::{Notices, Sending, Timing};
use sotto_server::relay::Relay;
use sotto_server::service::{Entrance, Service};
use sotto_server::start::{Opened, StartError, open, write_high_water};
use sotto_server::throttle::Throttle;
use sotto_server::tokens::Tokens;
use sotto_server::transport::{Running, Start, WEB_FILES, read_web_files, start};
use sotto_server::{backup, doctor, tls};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How often the high-water mark is written.
const MARK_EVERY: Duration = Duration::from_secs(2);

#[derive(Default)]
struct SystemClock {
    behind: Duration,
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the server's one look at the clock")]
    fn now(&self) -> Millis {
        let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let since = since.saturating_sub(self.behind);
        Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(run(cli.command)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

/// Whether all is well.
async fn run(command: Command) -> anyhow::Result<bool> {
    let out = &mut std::io::stdout();
    match command {
        Command::Serve(options) => serve(*options).await?,
        Command::Doctor(options) => return Ok(doctor::run(&options, out).await?),
        Command::BackupKey(options) => backup::new_key(&options, out)?,
        Command::Backup(options) => backup::write(&options, SystemClock::default().now(), out).await?,
        Command::Verify(options) => return Ok(backup::verify(&options, out).await?),
        Command::Restore(options) => backup::restore(&options, &mut generator()?, out).await?,
    }
    Ok(true)
}

fn fail(error: &anyhow::Error) -> ExitCode {
    // Nowhere is left to say that standard error is closed.
    let _ = writeln!(std::io::stderr(), "sotto-server: {error:#}");
    ExitCode::FAILURE
}

#[expect(clippy::disallowed_methods, reason = "the server's one draw of entropy; everything derives from it")]
fn generator() -> anyhow::Result<ChaCha20Rng> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|e| anyhow::anyhow!("no entropy: {e}"))?;
    Ok(ChaCha20Rng::from_seed(seed))
}

async fn serve(options: Serve) -> anyhow::Result<()> {
    let config = options.check()?;
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log).context("--log")?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    let mut rng = generator()?;
    let tls = config.tls.as_ref().map(|files| tls::server_config(&files.cert, &files.key)).transpose()?;
    // Before anything is created: a port that is taken must not leave a half-made server behind.
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("--listen {}", config.listen))?;
    // From here on a signal stops the server in good order.
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let Opened { data, secrets, push_key, store, setup, restored } = open(&config, &mut rng).await?;
    if restored {
        tracing::warn!(
            "the data is an older copy: it gets a new incarnation id, and devices hand back what it lacks"
        );
    }
    let service = Service::open(store.clone(), Defects::none()).await?;
    let incarnation = service.incarnation();
    let push = config.push.clone().zip(push_key);
    let notices = push.as_ref().map(|(push, key)| Notices::new(key.public(), push.hosts.clone()));
    let relay = Relay::with_notices(service, notices);
    let origin = origin(&config, listener.local_addr()?)?;
    let factors = Factors::new(&secrets.server, Some(&origin));
    let entrance =
        Entrance::new(Opaque::new(secrets.setup), Tokens::new(&secrets.server), factors, Throttle::default());
    let behind_proxy = config.behind_proxy;
    let public_url = config.public_url.clone();
    let clock = Arc::new(SystemClock { behind: config.clock_behind });
    if !config.clock_behind.is_zero() {
        tracing::warn!(
            seconds = config.clock_behind.as_secs(),
            "the clock is behind: for making samples only"
        );
    }
    let sending = push.map(|(push, key)| Sending {
        relay: relay.clone(),
        key: Arc::new(key),
        contact: push.contact,
        clock: clock.clone(),
        rng: ChaCha20Rng::from_rng(&mut rng),
        timing: Timing::default(),
    });
    let web = match &config.web {
        Some(folder) => {
            read_web_files(folder).with_context(|| format!("no web app in {}", folder.display()))?
        }
        None => WEB_FILES,
    };
    let app = !web.is_empty();
    let with = Start { relay, entrance, clock, rng, tls, behind_proxy, public_url, web, sending };
    let running = start(listener, with)?;
    announce(&origin, setup, &running, config.tls.is_some(), app)?;
    tracing::info!(incarnation = incarnation.short(), "serving");
    let marking = tokio::spawn(keep_mark(store.clone(), data.path().to_owned()));
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    tracing::info!("stopping");
    running.stop().await;
    marking.abort();
    mark(&store, data.path())?;
    store.db().close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Where links lead: the public address, or where the server listens.
fn origin(config: &Config, address: std::net::SocketAddr) -> anyhow::Result<Origin> {
    let text = match &config.public_url {
        Some(url) => url.to_string(),
        None if config.tls.is_some() => format!("https://{address}"),
        None => format!("http://{address}"),
    };
    Ok(Origin::parse(&text)?)
}

fn announce(
    origin: &Origin,
    setup: Option<LinkSecret>,
    running: &Running,
    tls: bool,
    app: bool,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if let Some(token) = setup {
        writeln!(out, "Set-up link: {}", SetupLink { origin: origin.clone(), token }.to_text())?;
    }
    if app {
        writeln!(out, "Web app: {origin}/")?;
    }
    let scheme = if tls { "https" } else { "http" };
    writeln!(out, "Listening on {scheme}://{}", running.address())?;
    out.flush()?;
    Ok(())
}

async fn keep_mark(store: Arc<sotto_server::store::SqlStore>, data: PathBuf) {
    let mut every = tokio::time::interval(MARK_EVERY);
    let mut last = 0;
    loop {
        every.tick().await;
        let records = store.records_known();
        if records != last {
            last = records;
            if let Err(error) = mark(&store, &data) {
                tracing::warn!(%error, "the high-water mark was not written");
            }
        }
    }
}

fn mark(store: &sotto_server::store::SqlStore, data: &std::path::Path) -> Result<(), StartError> {
    if store.db().is_shared() { Ok(()) } else { write_high_water(data, store.records_known()) }
}
