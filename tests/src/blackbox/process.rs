//! A child process whose output is kept.

use super::{PATIENCE, now};
use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Both streams, as far as they have come.
#[derive(Default)]
struct Said {
    out: Vec<u8>,
    err: Vec<u8>,
    open: usize,
}

type Shared = Arc<(Mutex<Said>, Condvar)>;

/// A running child. Killed by its own id when dropped.
pub struct Process {
    child: Child,
    said: Shared,
    line: String,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Exit code; none after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Process {
    /// Starts a command. It reads nothing.
    pub fn start(command: Command) -> Self {
        Self::start_with(command, Stdio::null())
    }

    /// Starts a command that reads what is said to it ([`Process::say`]).
    pub fn start_listening(command: Command) -> Self {
        Self::start_with(command, Stdio::piped())
    }

    fn start_with(mut command: Command, input: Stdio) -> Self {
        let line = format!("{command:?}");
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{line}: {e}"));
        let said: Shared = Arc::default();
        said.0.lock().unwrap_or_else(PoisonError::into_inner).open = 2;
        keep(child.stdout.take().expect("piped"), said.clone(), |said| &mut said.out);
        keep(child.stderr.take().expect("piped"), said.clone(), |said| &mut said.err);
        Self { child, said, line }
    }

    /// Says a line to it.
    pub fn say(&mut self, text: &str) {
        let input = self.child.stdin.as_mut().expect("it listens");
        writeln!(input, "{text}").unwrap_or_else(|e| panic!("{}: {e}", self.line));
    }

    /// Waits until something is found in its output. Panics when the process ends before.
    pub fn wait_for<T>(&self, what: &str, mut find: impl FnMut(&str, &str) -> Option<T>) -> T {
        let Some(found) = self.wait_or_end(PATIENCE, &mut find) else {
            let (out, err) = self.said();
            panic!("{} did not say {what}.\nstdout: {out}\nstderr: {err}", self.line)
        };
        found
    }

    /// The same; nothing when the process ended, or the time is over, before it was found.
    pub fn wait_or_end<T>(&self, time: Duration, mut find: impl FnMut(&str, &str) -> Option<T>) -> Option<T> {
        let deadline = now() + time;
        let (said, changed) = &*self.said;
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let found = find(&String::from_utf8_lossy(&said.out), &String::from_utf8_lossy(&said.err));
            if found.is_some() || said.open == 0 {
                return found;
            }
            let left = deadline.saturating_duration_since(now());
            if left.is_zero() {
                return None;
            }
            said = changed.wait_timeout(said, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What it has said so far: standard output and standard error.
    pub fn said(&self) -> (String, String) {
        let said = self.said.0.lock().unwrap_or_else(PoisonError::into_inner);
        (String::from_utf8_lossy(&said.out).into_owned(), String::from_utf8_lossy(&said.err).into_owned())
    }

    /// Sends a signal by name, as `kill` knows it.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{name} {id}");
    }

    /// SIGKILL.
    pub fn kill(mut self) -> Ended {
        self.child.kill().unwrap_or_else(|e| panic!("{}: {e}", self.line));
        self.end()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let closed = self.wait_or_end(PATIENCE, |_, _| None::<()>);
        assert!(closed.is_none());
        let open = self.said.0.lock().unwrap_or_else(PoisonError::into_inner).open;
        let (out, err) = self.said();
        assert_eq!(open, 0, "{} does not end.\nstdout: {out}\nstderr: {err}", self.line);
        let status = self.child.wait().unwrap_or_else(|e| panic!("{}: {e}", self.line));
        Ended { code: status.code(), out, err }
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep(mut stream: impl Read + Send + 'static, shared: Shared, of: fn(&mut Said) -> &mut Vec<u8>) {
    thread::spawn(move || {
        let mut bytes = [0; 8192];
        loop {
            let read = stream.read(&mut bytes).unwrap_or(0);
            let (said, changed) = &*shared;
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            if read == 0 {
                said.open -= 1;
            }
            of(&mut said).extend_from_slice(&bytes[..read]);
            changed.notify_all();
            if read == 0 {
                return;
            }
        }
    });
}
