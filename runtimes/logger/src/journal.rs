//! A copy of each line for systemd's journal, in its native protocol. The journal never holds the
//! container up for longer than a moment: what it does not take is counted and dropped.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::record::Name;

/// While so much waits, nothing more is read of the container's output.
const MOST: usize = 256 << 10;
/// A journal that takes nothing for so long is stuck, until it takes something again.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a journal that is gone is looked for.
const RETRY: Duration = Duration::from_secs(1);

pub struct Journal {
    path: PathBuf,
    /// What every entry says, ready to be sent.
    fields: Vec<u8>,
    socket: Option<UnixDatagram>,
    waiting: VecDeque<Vec<u8>>,
    size: usize,
    /// When it was seen to take nothing, and nothing since.
    full_since: Option<Instant>,
    stuck: bool,
    tried: Option<Instant>,
    /// Lines that it has not been told of yet.
    untold: u64,
    /// Lines that are not counted yet.
    pub uncounted: u64,
}

impl Journal {
    /// `fields`: `NAME=value`, one a line.
    pub fn new(path: PathBuf, fields: &[u8]) -> Self {
        let mut fields = fields.to_vec();
        if !fields.is_empty() && !fields.ends_with(b"\n") {
            fields.push(b'\n');
        }
        Journal {
            path,
            fields,
            socket: None,
            waiting: VecDeque::new(),
            size: 0,
            full_since: None,
            stuck: false,
            tried: None,
            untold: 0,
            uncounted: 0,
        }
    }

    /// A line, or a piece of one.
    pub fn push(&mut self, name: Name, text: &[u8], complete: bool) {
        if self.stuck && !self.recovers() {
            self.lose(1);
            return;
        }
        if self.untold > 0 {
            let note = self.note();
            self.untold = 0;
            self.enqueue(note);
        }
        let entry = self.entry(name, text, complete);
        self.enqueue(entry);
        if self.waiting.len() == 1 {
            self.send();
        }
    }

    fn note(&self) -> Vec<u8> {
        let text = format!("felucca-logger: {} lines did not reach the journal", self.untold);
        self.entry(Name::Stderr, text.as_bytes(), true)
    }

    /// Whether a stuck journal takes something again: the note of what it has missed.
    fn recovers(&mut self) -> bool {
        self.connect();
        let note = self.note();
        match self.socket.as_ref().map(|socket| socket.send(&note)) {
            Some(Ok(_)) => {
                self.untold = 0;
                self.stuck = false;
                self.full_since = None;
                true
            }
            Some(Err(e)) if !matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                self.socket = None;
                false
            }
            _ => false,
        }
    }

    fn enqueue(&mut self, entry: Vec<u8>) {
        self.size += entry.len();
        self.waiting.push_back(entry);
    }

    fn entry(&self, name: Name, text: &[u8], complete: bool) -> Vec<u8> {
        let mut entry = Vec::with_capacity(self.fields.len() + text.len() + 64);
        entry.extend_from_slice(&self.fields);
        entry.extend_from_slice(match name {
            Name::Stdout => b"PRIORITY=6\n",
            Name::Stderr => b"PRIORITY=3\n",
        });
        if !complete {
            entry.extend_from_slice(b"CONTAINER_PARTIAL_MESSAGE=true\n");
        }
        entry.extend_from_slice(b"MESSAGE=");
        entry.extend_from_slice(text);
        entry.push(b'\n');
        entry
    }

    /// Whether the container has to wait.
    pub fn is_full(&self) -> bool {
        self.size >= MOST && !self.stuck
    }

    /// What to wait on for room.
    pub fn fd(&self) -> RawFd {
        match &self.socket {
            Some(socket) if !self.waiting.is_empty() => socket.as_raw_fd(),
            _ => -1,
        }
    }

    /// When to look again, if nothing happens before.
    pub fn timeout(&self) -> Option<Duration> {
        if self.waiting.is_empty() {
            return None;
        }
        let end = match (self.full_since, self.tried) {
            (_, Some(tried)) if self.socket.is_none() => tried + RETRY,
            (Some(since), _) => since + PATIENCE,
            _ => return Some(Duration::ZERO),
        };
        Some(end.saturating_duration_since(Instant::now()) + Duration::from_millis(1))
    }

    /// Sends what it takes at the moment.
    pub fn send(&mut self) {
        self.connect();
        loop {
            let Some(first) = self.waiting.front() else {
                return;
            };
            let Some(socket) = &self.socket else {
                return self.wait_or_give_up();
            };
            match socket.send(first) {
                Ok(_) => {
                    if let Some(entry) = self.waiting.pop_front() {
                        self.size -= entry.len();
                    }
                    self.full_since = None;
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return self.wait_or_give_up(),
                Err(e) if e.raw_os_error() == Some(libc::EMSGSIZE) => {
                    if let Some(entry) = self.waiting.pop_front() {
                        self.size -= entry.len();
                        self.lose(1);
                    }
                }
                Err(_) => {
                    self.socket = None;
                    return self.wait_or_give_up();
                }
            }
        }
    }

    fn connect(&mut self) {
        if self.socket.is_some() || self.tried.is_some_and(|at| at.elapsed() < RETRY) {
            return;
        }
        self.tried = Some(Instant::now());
        self.socket = self.open().ok();
    }

    fn open(&self) -> io::Result<UnixDatagram> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.connect(&self.path)?;
        Ok(socket)
    }

    fn wait_or_give_up(&mut self) {
        let since = *self.full_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= PATIENCE {
            self.give_up();
        }
    }

    /// Drops what waits.
    fn give_up(&mut self) {
        self.stuck = true;
        let count = self.waiting.len() as u64;
        self.waiting.clear();
        self.size = 0;
        self.lose(count);
    }

    fn lose(&mut self, lines: u64) {
        self.untold += lines;
        self.uncounted += lines;
    }

    /// Gives the rest a last chance.
    pub fn finish(&mut self) {
        let end = Instant::now() + PATIENCE;
        self.send();
        while !self.waiting.is_empty() && Instant::now() < end {
            let mut fds = [crate::sys::pollfd { fd: self.fd(), events: crate::sys::POLLOUT, revents: 0 }];
            let _ = crate::sys::poll(&mut fds, Some(Duration::from_millis(50)));
            self.send();
        }
        if !self.waiting.is_empty() {
            self.give_up();
        }
    }
}
