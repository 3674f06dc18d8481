//! Pairs of people: one writes, the other receives.
//!
//! Owns the loop of a pair and what is measured in it. A message counts as delivered when the other side has it in her
//! hands and the writer was told that it is on disk; positions must be dense.

use crate::people::{Chain, Person, Prepared};
use crate::socket::{Conn, index, message};
use anyhow::{Context as _, Result, ensure};
use minicbor::{Decoder, Encoder};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use sotto_protocol::frame::ClientFrame;
use sotto_protocol::hash;
use sotto_protocol::ids::{Hash, Seq};
use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

const APPENDED: u8 = 3;
const PUSH: u8 = 6;
/// Signed at once when what was prepared runs out.
const LATE: usize = 64;
/// How often a receiver says how far she has read.
const CURSOR_EVERY: Duration = Duration::from_secs(1);

/// Under way at most, however fast one writes: the server takes 64 from one connection.
const OPEN_MAX: u64 = 48;

/// How a pair writes.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// So many under way at any time.
    Closed(usize),
    /// One after each span, whatever became of the ones before, up to [`OPEN_MAX`]; the first after the second span.
    Open(Duration, Duration),
}

impl Pace {
    fn lag(self) -> usize {
        match self {
            Self::Closed(in_flight) => in_flight,
            Self::Open(..) => 1,
        }
    }
}

/// What a pair has measured.
#[derive(Default)]
pub(crate) struct Sample {
    pub(crate) delivered: u64,
    /// From sending to receiving.
    pub(crate) latencies: Vec<Duration>,
    /// Times of storing, as the server stamps them: one for each flush.
    pub(crate) stamps: BTreeSet<u64>,
    /// Messages that had to be signed while the clock ran.
    pub(crate) signed_late: usize,
}

/// A pair.
pub(crate) struct Pair {
    sender: Conn,
    receiver: Conn,
    author: Rc<Person>,
    pub(crate) chain: Chain,
    /// The sealed text as CBOR.
    payload: Vec<u8>,
    payload_hash: Hash,
    prepared: Prepared,
    rng: ChaCha20Rng,
}

impl Pair {
    pub(crate) async fn new(
        server: SocketAddr,
        author: &Rc<Person>,
        reader: &Person,
        chain: Chain,
        sealed: &[u8],
        seed: [u8; 32],
    ) -> Result<Self> {
        let mut payload = Vec::with_capacity(sealed.len() + 3);
        Encoder::new(&mut payload).bytes(sealed)?;
        Ok(Self {
            sender: Conn::ready(server, author, chain.space).await?,
            receiver: Conn::ready(server, reader, chain.space).await?,
            author: author.clone(),
            chain,
            payload,
            payload_hash: hash::payload(sealed),
            prepared: Prepared::default(),
            rng: ChaCha20Rng::from_seed(seed),
        })
    }

    /// Signs messages before the clock runs.
    pub(crate) fn prepare(&mut self, count: usize, pace: Pace) -> Result<()> {
        self.chain.advance(&self.prepared);
        let Self { chain, author, payload_hash, rng, .. } = self;
        self.prepared = chain.prepare(author, *payload_hash, count, pace.lag(), rng)?;
        Ok(())
    }

    /// Writes for a while.
    pub(crate) async fn run(
        &mut self,
        pace: Pace,
        begin: Instant,
        span: Duration,
        most: u64,
    ) -> Result<Sample> {
        let mut sample = Sample::default();
        let mut under_way: VecDeque<Instant> = VecDeque::new();
        let (mut sent, mut acked) = (0_u64, 0_u64);
        let mut out = Vec::new();
        let mut next_seq = self.chain.seq + 1 + self.prepared.taken();
        let mut cursor_at = begin + CURSOR_EVERY;
        let mut due = match pace {
            Pace::Closed(_) => begin,
            Pace::Open(_, first) => begin + first,
        };
        loop {
            let now = clock();
            let over = now >= begin + span || sent >= most;
            while !over && may_send(pace, sent - sample.delivered.min(acked), now, &mut due) {
                self.frame(&mut out, pace, &mut sample)?;
                under_way.push_back(clock());
                sent += 1;
                if sent >= most {
                    break;
                }
            }
            if !out.is_empty() {
                self.sender.write(&out).await?;
                out.clear();
            }
            if over && sent == acked && sent == sample.delivered {
                return Ok(sample);
            }
            tokio::select! {
                ready = self.sender.readable() => {
                    ready?;
                    if self.sender.fill()? {
                        acked += acks(&mut self.sender)?;
                    }
                }
                ready = self.receiver.readable() => {
                    ready?;
                    if self.receiver.fill()? {
                        receive(&mut self.receiver, &mut next_seq, &mut under_way, &mut sample)?;
                        if clock() >= cursor_at {
                            cursor_at += CURSOR_EVERY;
                            let cursor = ClientFrame::Cursor { space: self.chain.space, seq: Seq(next_seq - 1) };
                            self.receiver.send(&cursor).await?;
                        }
                    }
                }
                () = tokio::time::sleep_until(due.into()),
                    if matches!(pace, Pace::Open(..)) && !over && sent - acked.min(sample.delivered) < OPEN_MAX => {}
                () = tokio::time::sleep_until((begin + span).into()), if !over => {}
            }
        }
    }

    fn frame(&mut self, out: &mut Vec<u8>, pace: Pace, sample: &mut Sample) -> Result<()> {
        if self.prepared.is_used_up() {
            self.prepare(LATE, pace)?;
            sample.signed_late += LATE;
        }
        let prefix = self.prepared.next().context("nothing prepared")?;
        message(out, &[prefix, &self.payload]);
        Ok(())
    }
}

fn may_send(pace: Pace, under_way: u64, now: Instant, due: &mut Instant) -> bool {
    match pace {
        Pace::Closed(in_flight) => under_way < in_flight as u64,
        Pace::Open(every, _) => {
            let is_due = now >= *due && under_way < OPEN_MAX;
            if is_due {
                *due += every;
            }
            is_due
        }
    }
}

/// Counts what the writer is told.
fn acks(conn: &mut Conn) -> Result<u64> {
    let mut acked = 0;
    while let Some(frame) = conn.next()? {
        if index(frame)? == APPENDED {
            acked += 1;
        }
    }
    Ok(acked)
}

fn receive(
    conn: &mut Conn,
    next_seq: &mut u64,
    under_way: &mut VecDeque<Instant>,
    sample: &mut Sample,
) -> Result<()> {
    let now = clock();
    while let Some(frame) = conn.next()? {
        if index(frame)? != PUSH {
            continue;
        }
        let mut d = Decoder::new(frame);
        let _ = (d.array()?, d.skip()?, d.array()?, d.u32()?, d.array()?, d.skip()?);
        for _ in 0..d.array()?.unwrap_or_default() {
            d.array()?;
            let (seq, at) = (d.u64()?, d.u64()?);
            d.skip()?;
            ensure!(seq == *next_seq, "position {seq} instead of {next_seq}");
            *next_seq += 1;
            sample.delivered += 1;
            sample.stamps.insert(at);
            let since = under_way.pop_front().context("a message that nobody sent")?;
            sample.latencies.push(now.duration_since(since));
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}
