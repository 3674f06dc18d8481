//! The table.
//!
//! Owns what is printed: each figure next to its aim and to the raw limit measured in the same run.

use crate::load::Sample;
use std::time::Duration;

/// What the server stores of a message besides its payload: header, signature, hashes and ids.
pub(crate) const ROW_BYTES_BESIDES: usize = 520;
/// Processors of this machine.
fn cores() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64)
}

/// One way of writing, measured.
#[derive(Default)]
pub(crate) struct Phase {
    delivered: u64,
    seconds: f64,
    server: Duration,
    client: Duration,
    others: Duration,
    flushes: usize,
    signed_late: usize,
    latencies: Vec<Duration>,
    /// The bare loop with the same batch.
    pub(crate) bare_rate: f64,
    pub(crate) bare_cpu: Duration,
}

impl Phase {
    pub(crate) fn of(sample: Sample, span: Duration, [server, client, others]: [Duration; 3]) -> Self {
        let mut latencies = sample.latencies;
        latencies.sort_unstable();
        let (delivered, seconds) = (sample.delivered, span.as_secs_f64());
        let (flushes, signed_late) = (sample.stamps.len(), sample.signed_late);
        Self {
            delivered,
            seconds,
            server,
            client,
            others,
            flushes,
            signed_late,
            latencies,
            ..Self::default()
        }
    }

    /// Messages that shared a flush, on average.
    pub(crate) fn batch(&self) -> usize {
        (self.delivered as f64 / self.flushes.max(1) as f64).round() as usize
    }

    fn rate(&self) -> f64 {
        self.delivered as f64 / self.seconds.max(f64::EPSILON)
    }

    fn cpu_ms(&self) -> f64 {
        ms(self.server) / self.delivered.max(1) as f64
    }

    fn quantile(&self, of_thousand: usize) -> f64 {
        let at = self.latencies.len() * of_thousand / 1000;
        self.latencies.get(at.min(self.latencies.len().saturating_sub(1))).map_or(0.0, |l| ms(*l))
    }

    fn cores_of(&self, used: Duration) -> f64 {
        used.as_secs_f64() / self.seconds.max(f64::EPSILON)
    }

    /// Processors that the load client and everything else on the machine left over.
    fn cores_left(&self) -> f64 {
        (cores() - self.cores_of(self.client) - self.cores_of(self.others)).max(0.01)
    }
}

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) database: &'static str,
    pub(crate) pairs: usize,
    pub(crate) in_flight: usize,
    pub(crate) message_bytes: usize,
    pub(crate) single: Phase,
    pub(crate) many: Phase,
    pub(crate) light: Phase,
    pub(crate) idle: usize,
    pub(crate) server_kib: u32,
    pub(crate) idle_greeted_kib: f64,
    pub(crate) idle_kib: f64,
    pub(crate) drained: u64,
    pub(crate) drain: Duration,
    pub(crate) drain_cpu: Duration,
    pub(crate) flushes: f64,
    pub(crate) verify: Duration,
    pub(crate) read_key: Duration,
    pub(crate) echo_rate: f64,
    pub(crate) echo_cpu: Duration,
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn us(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000_000.0
}

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn row(what: &str, value: &str, aim: &str, reached: Option<bool>) {
    let verdict = match reached {
        Some(true) => "reached",
        Some(false) => "missed",
        None => "",
    };
    println!("| {what:<50} | {value:>16} | {aim:>12} | {verdict:<7} |");
}

impl Report {
    #[expect(clippy::print_stdout, reason = "this is what it is for")]
    pub(crate) fn print(&self) {
        println!(
            "\n{} pairs, messages of 1 KiB ({} bytes sealed), {}, {} cores shared with the load client\n",
            self.pairs,
            self.message_bytes,
            self.database,
            cores()
        );
        row("relay", "measured", "aim", None);
        println!("|{}|{}:|{}:|{}|", "-".repeat(52), "-".repeat(17), "-".repeat(13), "-".repeat(9));
        self.writing();
        self.light();
        self.connections();
        self.raw();
        let late = self.single.signed_late + self.many.signed_late;
        if late > 0 {
            println!(
                "\n{late} messages had to be signed while the clock ran: the load client was slower for it."
            );
        }
    }

    fn writing(&self) {
        for (phase, in_flight) in [(&self.single, 1), (&self.many, self.in_flight)] {
            let aim = (in_flight > 1).then_some(22_000.0);
            let name = format!("delivered a second, {in_flight} in flight for each pair");
            let aim_text = aim.map_or(String::new(), |aim| format!("≥ {aim:.0}"));
            row(&name, &format!("{:.0}", phase.rate()), &aim_text, aim.map(|aim| phase.rate() >= aim));
            let bare = phase.rate() / phase.bare_rate.max(1.0);
            row("  of the bare SQLite loop with the same batch", &percent(bare), "", None);
            let parts = (phase.bare_cpu + self.verify + self.echo_cpu).as_secs_f64().max(f64::EPSILON);
            let limit = (phase.cores_left() / parts).min(phase.bare_rate);
            let share = phase.rate() / limit.max(1.0);
            row("  of the bare parts on the cores left over", &percent(share), "≥ 70 %", Some(share >= 0.7));
            let cpu = phase.cpu_ms();
            row("  server CPU for a message, ms", &format!("{cpu:.3}"), "≤ 0.060", Some(cpu <= 0.06));
            let checking = ms(self.verify + self.read_key);
            let share = format!("{checking:.3} = {}", percent(checking / cpu.max(f64::EPSILON)));
            row("    of it checking the signature, ms", &share, "", None);
            let [server, client, others] =
                [phase.server, phase.client, phase.others].map(|c| phase.cores_of(c));
            let cores = format!("{server:.2} {client:.2} {others:.2}");
            row("  cores used by server, load client, all others", &cores, "", None);
            row("  messages in a flush", &phase.batch().to_string(), "", None);
            let times = format!("{:.1} / {:.1}", phase.quantile(500), phase.quantile(990));
            row("  send to receive at this load, p50 / p99, ms", &times, "", None);
        }
    }

    fn light(&self) {
        let (p50, p99) = (self.light.quantile(500), self.light.quantile(990));
        let name = format!("send to receive at {:.0} a second, p50, ms", self.light.rate());
        row(&name, &format!("{p50:.2}"), "≤ 1", Some(p50 <= 1.0));
        row("  p99, ms", &format!("{p99:.2}"), "≤ 3", Some(p99 <= 3.0));
    }

    fn connections(&self) {
        let name = format!("memory of a connection, {} idle, signed in, KiB", self.idle);
        row(&name, &format!("{:.1}", self.idle_kib), "≤ 12", Some(self.idle_kib <= 12.0));
        row("  before signing in, KiB", &format!("{:.1}", self.idle_greeted_kib), "", None);
        row("  of the server before, KiB", &self.server_kib.to_string(), "", None);
        let drain = self.drain.as_secs_f64();
        let name = format!("{} messages to a device that returns, s", self.drained);
        row(&name, &format!("{drain:.3}"), "≤ 0.2", Some(drain <= 0.2));
        row("  server CPU for that, s", &format!("{:.2}", self.drain_cpu.as_secs_f64()), "", None);
    }

    fn raw(&self) {
        row("flushes of the disk a second", &format!("{:.0}", self.flushes), "", None);
        for phase in [&self.single, &self.many] {
            let name = format!("bare SQLite loop, {} in a batch, rows a second", phase.batch());
            row(&name, &format!("{:.0}", phase.bare_rate), "", None);
            row("  CPU for a row, µs", &format!("{:.1}", us(phase.bare_cpu)), "", None);
        }
        let name = format!("bare WebSocket echo, {} in flight, a second", self.in_flight);
        row(&name, &format!("{:.0}", self.echo_rate), "", None);
        row("  server CPU for one, µs", &format!("{:.1}", us(self.echo_cpu)), "", None);
        row("bare Ed25519 verify_strict, µs", &format!("{:.1}", us(self.verify)), "", None);
        row("  reading a key from its bytes, µs", &format!("{:.1}", us(self.read_key)), "", None);
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
