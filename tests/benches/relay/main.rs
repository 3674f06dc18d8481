//! `cargo xtask bench relay`: how fast the relay is, next to what the machine could do at most.
//!
//! Starts the real server on a temporary directory, registers pairs of people through the account API, opens real
//! `WebSockets`, and lets one of each pair write messages of 1 KiB to the other, every one flushed before it counts.
//! Prints a table; never fails because of a time. Options: `--pairs 100 --in-flight 8 --seconds 10 --idle 2000
//! --drain 10000 --postgres`.

#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "measurements are rounded when they are printed"
)]

mod load;
mod people;
mod process;
mod raw;
mod report;
mod socket;

use anyhow::{Context as _, Result, bail, ensure};
use load::{Pace, Pair, Sample, clock};
use people::{Chain, Person};
use process::{Server, cpu, cpu_of_all, resident_kib};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use report::{Phase, Report};
use socket::Conn;
use sotto_client_core::content::{Content, ContentFrame, Message};
use sotto_client_core::crypto::keys::EraKey;
use sotto_client_core::crypto::seal::{self, ContentPlace};
use sotto_protocol::account::Ticket;
use sotto_protocol::codec::Text;
use sotto_protocol::frame::ClientFrame;
use sotto_protocol::ids::{AccountId, EraId, Hash, Millis, RecordId, Seq, SpaceId};
use sotto_protocol::roster::Role;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

/// Signed before the clock runs, for this many messages a second.
const PREPARED_PER_SECOND: usize = 40_000;
/// Messages a second of all pairs together at light load.
const LIGHT_PER_SECOND: u32 = 200;
const MESSAGE_BYTES: usize = 1024;

struct Options {
    pairs: usize,
    in_flight: usize,
    seconds: u64,
    idle: usize,
    drain: u64,
    postgres: bool,
}

impl Options {
    fn read() -> Result<Self> {
        let mut options =
            Self { pairs: 100, in_flight: 8, seconds: 10, idle: 2000, drain: 10_000, postgres: false };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut number = || -> Result<u64> {
                Ok(words.next().with_context(|| format!("{word} needs a number"))?.parse()?)
            };
            match word.as_str() {
                "--pairs" => options.pairs = usize::try_from(number()?)?.max(1),
                "--in-flight" => options.in_flight = usize::try_from(number()?)?.clamp(1, 64),
                "--seconds" => options.seconds = number()?.max(1),
                "--idle" => options.idle = usize::try_from(number()?)?,
                "--drain" => options.drain = number()?,
                "--postgres" => options.postgres = true,
                // Cargo says this to every benchmark.
                "--bench" => {}
                other => bail!("unknown option {other}; see tests/benches/relay/main.rs"),
            }
        }
        Ok(options)
    }
}

fn main() -> Result<()> {
    if std::env::args().any(|word| word == raw::ECHO) {
        return tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(raw::echo_server());
    }
    let options = Options::read()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = tokio::task::LocalSet::new().block_on(&runtime, measure(&options))?;
    report.print();
    Ok(())
}

/// Two people and the space they share.
struct Couple {
    host: Rc<Person>,
    guest: Rc<Person>,
    chain: Chain,
}

async fn measure(options: &Options) -> Result<Report> {
    let folder = tempfile::Builder::new().prefix("sotto-bench-").tempdir()?;
    let postgres = if options.postgres { Some(sotto_server::testing::Postgres::start()?) } else { None };
    let database = postgres.as_ref().map(sotto_server::testing::Postgres::fresh_database).transpose()?;
    let start = || Server::start(&folder.path().join("data"), database.as_deref());
    let mut rng = ChaCha20Rng::from_seed([42; 32]);

    say("raw limits of the machine");
    let mut report = Report { pairs: options.pairs, in_flight: options.in_flight, ..Report::default() };
    report.database = if options.postgres { "PostgreSQL" } else { "SQLite" };
    report.flushes = raw::flushes(folder.path())?;
    (report.verify, report.read_key) = raw::verify(&[7; 300])?;

    say("registering");
    let server = start()?;
    let couples = register(&server, options.pairs, &mut rng).await?;
    // Memory is measured on a server that has done nothing else.
    server.stop()?;
    let server = start()?;
    say("idle connections");
    idle(&server, &couples, options.idle, &mut report).await?;

    say("connecting pairs");
    let sealed = sealed_text(&mut rng)?;
    report.message_bytes = sealed.len();
    let mut pairs = Vec::new();
    for (couple, seed) in couples.iter().zip(0_u64..) {
        let mut pair_seed = [1; 32];
        pair_seed.iter_mut().zip(seed.to_be_bytes()).for_each(|(to, from)| *to = from);
        let (chain, guest, host) = (couple.chain.clone(), &couple.guest, &couple.host);
        pairs.push(Pair::new(server.address, guest, host, chain, &sealed, pair_seed).await?);
    }
    let span = Duration::from_secs(options.seconds);
    for (name, pace) in
        [("one in flight", Pace::Closed(1)), ("many in flight", Pace::Closed(options.in_flight))]
    {
        let rate = PREPARED_PER_SECOND * options.seconds as usize;
        say(&format!("{name}: signing"));
        prepare(&mut pairs, rate, pace)?;
        say(&format!("{name}: {} s", options.seconds));
        let phase;
        (pairs, phase) = run(&server, pairs, |_| pace, span, u64::MAX).await?;
        match pace {
            Pace::Closed(1) => report.single = phase,
            _ => report.many = phase,
        }
    }
    let every = Duration::from_secs(1) * options.pairs as u32 / LIGHT_PER_SECOND;
    let light = |n: usize| Pace::Open(every, every * n as u32 / options.pairs as u32);
    prepare(&mut pairs, LIGHT_PER_SECOND as usize * 10, Pace::Closed(1))?;
    say("light load: 5 s");
    (pairs, report.light) = run(&server, pairs, light, Duration::from_secs(5), u64::MAX).await?;

    say("a device that returns");
    let mut pair = pairs.swap_remove(0);
    // The server takes 2,000 frames a second from one connection.
    let pace = Pace::Open(Duration::from_micros(600), Duration::ZERO);
    let missing = options.drain.saturating_sub(pair.chain.seq);
    if missing > 0 {
        pair.prepare(missing as usize, pace)?;
        let done = pair.run(pace, clock(), Duration::from_hours(1), missing).await?;
        ensure!(done.delivered == missing, "not everything was delivered");
        pair.prepare(0, pace)?;
    }
    let couple = couples.first().context("no pair")?;
    let used = cpu(server.pid())?;
    report.drained = options.drain.min(pair.chain.seq);
    report.drain = drain(server.address, &couple.host, &pair.chain, report.drained).await?;
    report.drain_cpu = cpu(server.pid())?.saturating_sub(used);
    drop((pair, pairs));
    server.stop()?;

    say("raw limits with the same batches");
    let row = sealed.len() + report::ROW_BYTES_BESIDES;
    for phase in [&mut report.single, &mut report.many] {
        (phase.bare_rate, phase.bare_cpu) = raw::group_commits(folder.path(), phase.batch().max(1), row)?;
    }
    (report.echo_rate, report.echo_cpu) = raw::echoes(options.pairs, options.in_flight, row).await?;
    Ok(report)
}

#[expect(clippy::print_stderr, reason = "says what it is at")]
fn say(what: &str) {
    eprintln!("   … {what}");
}

/// The payload of a message of 1 KiB, sealed as clients do.
fn sealed_text(rng: &mut ChaCha20Rng) -> Result<Vec<u8>> {
    let text = Text::new("m".repeat(MESSAGE_BYTES))?;
    let content = Content::Message(Message { text, bring: false, show_at: None });
    let plain = ContentFrame { sent_at: Millis(1), content }.to_bytes()?;
    let (space, era) = (SpaceId::ZERO, EraId::ZERO);
    let key = EraKey::generate(rng).derive_record(space, era);
    let place = ContentPlace { space, era, author: AccountId::ZERO, record: RecordId::ZERO };
    Ok(seal::seal_content(&key, &place, &plain, rng))
}

/// An owner invites therapists, each of whom invites a client.
async fn register(server: &Server, pairs: usize, rng: &mut ChaCha20Rng) -> Result<Vec<Couple>> {
    let link = server.setup.as_ref().context("no set-up link")?;
    let owner = Person::new("owner", Role::OwnerTherapist, rng)?;
    let practice = Text::new("The practice")?;
    let ticket = Ticket::Setup { token: Hash(link.token.0), practice, role: owner.role };
    owner.register(server.address, ticket, Vec::new(), rng).await?;
    let mut owners = Conn::open(server.address).await?;
    owners.sign_in(&owner).await?;
    let mut couples = Vec::new();
    for n in 0..pairs {
        let host = Person::new(&format!("therapist{n}"), Role::Therapist, rng)?;
        join(server.address, &host, &owner, &mut owners, rng).await?;
        let mut hosts = Conn::open(server.address).await?;
        hosts.sign_in(&host).await?;
        let guest = Person::new(&format!("client{n}"), Role::Client, rng)?;
        let chain = join(server.address, &guest, &host, &mut hosts, rng).await?;
        couples.push(Couple { host: Rc::new(host), guest: Rc::new(guest), chain });
    }
    Ok(couples)
}

async fn join(
    server: SocketAddr,
    guest: &Person,
    host: &Person,
    hosts: &mut Conn,
    rng: &mut ChaCha20Rng,
) -> Result<Chain> {
    let id = host.invite(hosts, guest.role, rng).await?;
    let (founding, chain) = guest.found(host, id, rng)?;
    guest.register(server, Ticket::Invitation { id }, founding, rng).await?;
    Ok(chain)
}

/// Memory that idle connections cost, before and after signing in.
async fn idle(server: &Server, couples: &[Couple], wanted: usize, report: &mut Report) -> Result<()> {
    let people: Vec<_> = couples.iter().flat_map(|c| [(&c.host, &c.chain), (&c.guest, &c.chain)]).collect();
    // The server takes 32 of each account.
    let wanted = wanted.min(people.len() * 32);
    let mut warm = Vec::new();
    for (person, chain) in people.iter().take(50) {
        warm.push(Conn::ready(server.address, person, chain.space).await?);
    }
    drop(warm);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = resident_kib(server.pid())?;
    let mut conns = Vec::new();
    for _ in 0..wanted {
        conns.push(Conn::open(server.address).await?);
    }
    let greeted = resident_kib(server.pid())?;
    for (conn, (person, chain)) in conns.iter_mut().zip(people.iter().cycle()) {
        conn.sign_in(person).await?;
        conn.subscribe(chain.space).await?;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let signed_in = resident_kib(server.pid())?;
    report.idle = wanted;
    report.server_kib = before;
    report.idle_greeted_kib = f64::from(greeted.saturating_sub(before)) / wanted.max(1) as f64;
    report.idle_kib = f64::from(signed_in.saturating_sub(before)) / wanted.max(1) as f64;
    Ok(())
}

/// Signs before the clock runs.
fn prepare(pairs: &mut [Pair], messages: usize, pace: Pace) -> Result<()> {
    let each = messages / pairs.len().max(1);
    pairs.iter_mut().try_for_each(|pair| pair.prepare(each, pace))
}

/// Lets all pairs write at the same time.
async fn run(
    server: &Server,
    pairs: Vec<Pair>,
    pace: impl Fn(usize) -> Pace,
    span: Duration,
    most: u64,
) -> Result<(Vec<Pair>, Phase)> {
    let count = pairs.len();
    let (begin, server_used, own_used) = (clock(), cpu(server.pid())?, cpu(std::process::id())?);
    let all_used = cpu_of_all()?;
    let mut tasks = Vec::new();
    for (n, mut pair) in pairs.into_iter().enumerate() {
        let pace = pace(n);
        tasks.push(tokio::task::spawn_local(async move {
            let sample = pair.run(pace, begin, span, most).await?;
            anyhow::Ok((pair, sample))
        }));
    }
    let (mut pairs, mut all) = (Vec::with_capacity(count), Sample::default());
    for task in tasks {
        let (pair, sample) = task.await??;
        pairs.push(pair);
        all.delivered += sample.delivered;
        all.latencies.extend(sample.latencies);
        all.stamps.extend(sample.stamps);
        all.signed_late += sample.signed_late;
    }
    let span = begin.elapsed();
    let server_used = cpu(server.pid())?.saturating_sub(server_used);
    let own_used = cpu(std::process::id())?.saturating_sub(own_used);
    let others = cpu_of_all()?.saturating_sub(all_used + server_used + own_used);
    Ok((pairs, Phase::of(all, span, [server_used, own_used, others])))
}

/// A device that was away reads what it lacks, page after page.
async fn drain(server: SocketAddr, person: &Person, chain: &Chain, count: u64) -> Result<Duration> {
    let begin = clock();
    let mut conn = Conn::ready(server, person, chain.space).await?;
    let mut after = chain.seq - count;
    while after < chain.seq {
        let (space, limit) = (chain.space, 256);
        conn.send(&ClientFrame::Read { req: 9, space, after: Seq(after), limit }).await?;
        after = page(&mut conn, after).await?;
    }
    Ok(begin.elapsed())
}

/// Index of `ServerBody::Page`.
const PAGE: u8 = 5;

async fn page(conn: &mut Conn, after: u64) -> Result<u64> {
    loop {
        if let Some(frame) = conn.next()? {
            ensure!(socket::index(frame)? == PAGE, "no page");
            let mut d = minicbor::Decoder::new(frame);
            let _ = (d.array()?, d.skip()?, d.array()?, d.u32()?, d.array()?, d.u32()?, d.skip()?);
            let mut last = after;
            for _ in 0..d.array()?.unwrap_or_default() {
                d.array()?;
                ensure!(d.u64()? == last + 1, "a gap");
                last += 1;
                let _ = (d.u64()?, d.skip()?);
            }
            ensure!(last > after, "an empty page");
            return Ok(last);
        }
        conn.more().await?;
    }
}
