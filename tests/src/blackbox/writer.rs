//! Clients in this process that write without pause, over real sockets and into real homes.

use super::database::run;
use super::{PATIENCE, now};
use sotto_cli::home::Home;
use sotto_cli::host::Host;
use sotto_cli::net::Net;
use sotto_client_core::io::{Command, Draft, Event, MessageId};
use sotto_protocol::ids::Seq;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// How many messages of one writer may wait for their acknowledgement.
const IN_FLIGHT: usize = 8;

/// What writers share.
#[derive(Debug, Default)]
pub struct Load {
    stop: AtomicBool,
    acknowledged: AtomicUsize,
}

/// A text, and where the server said that it is.
pub type Written = BTreeMap<String, (String, Seq)>;

impl Load {
    /// Acknowledgements so far, of all writers.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Tells the writers to come to an end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Writes into the home's first conversation until told to stop, then waits until all of it is acknowledged.
    /// Gives each text with its record's id and position.
    pub fn write(&self, home: &Path, name: &str) -> Written {
        run(self.write_all(home, name))
    }

    async fn write_all(&self, home: &Path, name: &str) -> Written {
        let home = Home::open(home).await.expect("open the home");
        let net = Net::new(None).expect("a network");
        let mut host = Host::open(home, Some(net)).await.expect("open the client");
        let space = host.client().spaces().first().expect("a conversation").id;
        let mut waiting: BTreeMap<MessageId, String> = BTreeMap::new();
        let mut written = Written::new();
        let mut count = 0_usize;
        let mut last_progress = now();
        loop {
            let stopping = self.stop.load(Ordering::SeqCst);
            if stopping && waiting.is_empty() {
                break;
            }
            while !stopping && waiting.len() < IN_FLIGHT {
                let text = format!("{name} {count}");
                count += 1;
                let draft = Draft::Message { text: text.clone(), bring: false, show_at: None };
                host.command(Command::Write { space, id: None, draft }).await.expect("write");
                let queued = |event: &Event| match event {
                    Event::Queued { id, .. } => Some(Ok(*id)),
                    Event::Delivered { id, seq, .. } => Some(Err((*id, *seq))),
                    _ => None,
                };
                loop {
                    match host.run_until(queued, None).await.expect("the host goes on").expect("an event") {
                        Ok(id) => {
                            assert!(waiting.insert(id, text).is_none());
                            break;
                        }
                        Err((id, seq)) => self.note(&mut waiting, &mut written, id, seq),
                    }
                }
            }
            let look = tokio::time::Instant::now() + Duration::from_millis(50);
            match host.next_event(Some(look)).await.expect("the host goes on") {
                Some(Event::Delivered { id, seq, .. }) => {
                    last_progress = now();
                    self.note(&mut waiting, &mut written, id, seq);
                }
                Some(Event::Refused { code, .. }) => panic!("{name}: refused: {code}"),
                Some(Event::Alarm { alarm, .. }) => panic!("{name}: {alarm:?}"),
                _ => {}
            }
            assert!(last_progress.elapsed() < PATIENCE, "{name}: nothing is acknowledged any more");
        }
        host.close().await.expect("close the home");
        written
    }

    fn note(
        &self,
        waiting: &mut BTreeMap<MessageId, String>,
        written: &mut Written,
        id: MessageId,
        seq: Seq,
    ) {
        let text = waiting.remove(&id).expect("acknowledged once");
        let doubled = written.insert(text, (id.record.to_string(), seq));
        assert!(doubled.is_none());
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }
}
