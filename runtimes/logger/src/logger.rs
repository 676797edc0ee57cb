//! The loop: reads both streams, writes the log in batches, and copies to who has attached.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::format::Format;
use crate::journal::Journal;
use crate::log::Log;
use crate::record::{Lines, Name};
use crate::sys::{self, pollfd, POLLIN, POLLOUT};
use crate::tee::Tee;
use crate::time::Clock;

/// The log is written when so much has come together, or when nothing more is there at the moment.
const BATCH: usize = 128 << 10;
/// How long the streams may take to end after SIGTERM. A containerd shim kills after 12 s.
const GRACE: Duration = Duration::from_secs(5);
/// How much is kept for a slow reader of the copy once the shim wants us to finish. Before, nothing
/// is read that it has not taken, so a container is as slow as whoever watches it.
const BACKLOG: usize = 1 << 20;
/// How often a loss is tried to be told of while nothing else is to be written.
const RETRY: Duration = Duration::from_secs(1);

/// How often a logger that nobody has written to yet looks whether anybody still can.
const LOOK: Duration = Duration::from_secs(1);

/// Where the pieces of the streams go.
pub struct Store {
    /// None: nothing is kept.
    pub log: Option<Log>,
    pub format: Format,
    pub journal: Option<Journal>,
    batch: Vec<u8>,
    clock: Clock,
}

impl Store {
    pub fn new(log: Option<Log>, format: Format, journal: Option<Journal>) -> Self {
        Store { log, format, journal, batch: Vec::new(), clock: Clock::new() }
    }

    /// Takes a piece of a line; says whether there is enough to be written.
    fn put(&mut self, name: Name, text: &[u8], complete: bool) -> bool {
        if self.log.is_some() {
            self.format.put(&self.clock, name, text, complete, &mut self.batch);
        }
        if let Some(journal) = &mut self.journal {
            journal.push(name, text, complete);
        }
        self.batch.len() >= BATCH
    }

    /// Also tells of a loss, if there is one.
    fn write(&mut self) {
        if let Some(log) = &mut self.log {
            log.append(&self.batch);
            if let Some(journal) = self.journal.as_mut().filter(|journal| journal.uncounted > 0) {
                log.counters.add_journal(journal.uncounted);
                journal.uncounted = 0;
            }
        }
        self.batch.clear();
    }

    fn has_loss(&self) -> bool {
        self.log.as_ref().is_some_and(Log::has_loss)
            || self.journal.as_ref().is_some_and(|journal| journal.uncounted > 0)
    }

    fn is_full(&self) -> bool {
        self.journal.as_ref().is_some_and(Journal::is_full)
    }
}

pub struct Stream {
    /// None once it has ended.
    input: Option<File>,
    name: Name,
    lines: Lines,
    tee: Tee,
    /// What the tee has not taken yet.
    backlog: Vec<u8>,
}

impl Stream {
    pub fn new(name: Name, input: Option<File>, tee: Option<PathBuf>) -> io::Result<Self> {
        if let Some(input) = &input {
            sys::set_nonblocking(input)?;
        }
        Ok(Stream { input, name, lines: Lines::new(), tee: Tee::new(tee), backlog: Vec::new() })
    }

    fn is_done(&self) -> bool {
        self.input.is_none() && self.backlog.is_empty()
    }

    fn input_interest(&self, finishing: bool) -> pollfd {
        let most = if finishing { BACKLOG } else { 1 };
        let input = self.input.as_ref().filter(|_| self.backlog.len() < most);
        pollfd { fd: input.map_or(-1, AsRawFd::as_raw_fd), events: POLLIN, revents: 0 }
    }

    fn tee_interest(&self) -> pollfd {
        pollfd { fd: if self.backlog.is_empty() { -1 } else { self.tee.fd() }, events: POLLOUT, revents: 0 }
    }

    /// Reads what has come, for the tee and the store. True if there is enough to be written: write
    /// it and go on with [`Stream::cut`].
    fn read(&mut self, store: &mut Store) -> bool {
        let Some(input) = &mut self.input else {
            return false;
        };
        let count = match input.read(self.lines.space()) {
            Ok(count) => count,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return false,
            // A pipe gives no other error; treated as its end.
            Err(_) => 0,
        };
        store.clock.now();
        if count == 0 {
            self.lines.cut_rest(|text, complete| store.put(self.name, text, complete));
            self.input = None;
        } else {
            let new = self.lines.filled(count);
            if self.backlog.is_empty() {
                let taken = self.tee.offer(new);
                self.backlog.extend_from_slice(&new[taken..]);
            } else {
                self.backlog.extend_from_slice(new);
            }
        }
        self.end_tee();
        self.cut(store)
    }

    fn cut(&mut self, store: &mut Store) -> bool {
        self.lines.cut(|text, complete| store.put(self.name, text, complete))
    }

    fn cut_rest(&mut self, store: &mut Store) {
        store.clock.now();
        self.lines.cut_rest(|text, complete| store.put(self.name, text, complete));
    }

    fn go_on_with_tee(&mut self) {
        let taken = self.tee.go_on(&self.backlog);
        self.backlog.drain(..taken);
        self.end_tee();
    }

    /// Whoever reads the copy sees its end as soon as it is complete.
    fn end_tee(&mut self) {
        if self.is_done() {
            self.tee.end();
        }
    }
}

pub struct Logger {
    streams: [Stream; 2],
    store: Store,
    signals: File,
    /// Something has come, so the other ends of the streams were opened.
    begun: bool,
    terminated: Option<Instant>,
    /// This is the child that goes on after the shim was let go.
    detached: bool,
}

impl Logger {
    /// `begun`: whether the other ends of the streams are open already.
    pub fn new(streams: [Stream; 2], store: Store, signals: File, begun: bool) -> Self {
        Logger { streams, store, signals, begun, terminated: None, detached: false }
    }

    pub fn run(&mut self) -> io::Result<()> {
        while !self.streams.iter().all(Stream::is_done) {
            // A journal that is full holds the container up, until it is given up.
            let finishing = self.terminated.is_some();
            let waits = self.store.is_full() && !finishing;
            let [out, err] = &self.streams;
            let event = |fd, events| pollfd { fd, events, revents: 0 };
            let mut fds = [
                if waits { event(-1, 0) } else { out.input_interest(finishing) },
                if waits { event(-1, 0) } else { err.input_interest(finishing) },
                out.tee_interest(),
                err.tee_interest(),
                event(self.signals.as_raw_fd(), POLLIN),
                event(self.store.journal.as_ref().map_or(-1, Journal::fd), POLLOUT),
            ];
            match sys::poll(&mut fds, self.timeout()) {
                Ok(0) if !self.begun && self.is_abandoned() => return Ok(()),
                Ok(0) => self.pause(),
                Ok(_) => {
                    let [out, err, out_tee, err_tee, signals, journal] = fds.map(|fd| fd.revents != 0);
                    for (i, input, tee) in [(0, out, out_tee), (1, err, err_tee)] {
                        if tee {
                            self.streams[i].go_on_with_tee();
                        }
                        if input {
                            self.begun = true;
                            self.read(i);
                        }
                    }
                    if let Some(to) = self.store.journal.as_mut().filter(|_| journal) {
                        to.send();
                    }
                    if signals {
                        self.terminate();
                    }
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
            if self.streams.iter().all(|stream| stream.input.is_none()) {
                self.complete();
            }
        }
        self.complete();
        Ok(())
    }

    /// All is stored, though somebody may still read the copy.
    fn complete(&mut self) {
        if let Some(journal) = &mut self.store.journal {
            journal.finish();
        }
        if self.store.has_loss() || !self.store.batch.is_empty() {
            self.store.write();
        }
        if let Some(log) = &self.store.log {
            log.unlock();
        }
    }

    /// The fifos have no names any more, so nobody will ever write to them.
    fn is_abandoned(&self) -> bool {
        let inputs = self.streams.iter().filter_map(|stream| stream.input.as_ref());
        inputs.filter_map(|input| input.metadata().ok()).all(|found| found.nlink() == 0)
    }

    fn timeout(&self) -> Option<Duration> {
        if !self.store.batch.is_empty() {
            return Some(Duration::ZERO);
        }
        let journal = self.store.journal.as_ref().and_then(Journal::timeout);
        let other = match self.terminated {
            Some(_) if self.detached => None,
            Some(_) if self.streams.iter().all(|s| s.input.is_none()) => Some(Duration::ZERO),
            Some(at) => Some((at + GRACE).saturating_duration_since(Instant::now())),
            None if !self.begun => Some(LOOK),
            None if self.store.has_loss() => Some(RETRY),
            None => None,
        };
        match (journal, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Nothing can be read or copied at the moment.
    fn pause(&mut self) {
        if let Some(journal) = &mut self.store.journal {
            journal.send();
        }
        if !self.store.batch.is_empty() || self.store.has_loss() {
            self.store.write();
        }
        let waited = |at: &Instant| at.elapsed() >= GRACE || self.streams.iter().all(|s| s.input.is_none());
        if !self.detached && self.terminated.as_ref().is_some_and(waited) {
            // Who waits for our end need not wait for a slow reader of the copy, or for a process
            // that holds a stream open. All that has come so far is in the log.
            self.detached = true;
            // Without a child this process goes on, and may be killed.
            let _ = sys::go_on_in_a_child();
        }
    }

    fn read(&mut self, i: usize) {
        let mut full = self.streams[i].read(&mut self.store);
        while full {
            self.store.write();
            full = self.streams[i].cut(&mut self.store);
        }
    }

    /// The shim closes its ends and wants us to finish. Nothing that has come may be lost if it then
    /// kills; but what is still to come is taken, too.
    fn terminate(&mut self) {
        let mut record = [0; 128];
        while self.signals.read(&mut record).is_ok() {}
        self.terminated.get_or_insert_with(Instant::now);
        for stream in &mut self.streams {
            stream.cut_rest(&mut self.store);
        }
        self.store.write();
    }
}
