//! The loop: reads both streams, writes the log in batches, and copies to who has attached.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::log::Log;
use crate::record::{Lines, Name, Prefix};
use crate::sys::{self, pollfd, POLLIN, POLLOUT};
use crate::tee::Tee;

/// The log is written when so much has come together, or when nothing more is there at the moment.
const BATCH: usize = 128 << 10;
/// How long the streams may take to end after SIGTERM. A containerd shim kills after 12 s.
const GRACE: Duration = Duration::from_secs(5);
/// How much is kept for a slow reader of the copy once the shim wants us to finish. Before, nothing
/// is read that it has not taken, so a container is as slow as whoever watches it.
const BACKLOG: usize = 1 << 20;
/// How often a loss is tried to be told of while nothing else is to be written.
const RETRY: Duration = Duration::from_secs(1);

pub struct Stream {
    /// None once it has ended.
    input: Option<File>,
    lines: Lines,
    prefix: Prefix,
    tee: Tee,
    /// What the tee has not taken yet.
    backlog: Vec<u8>,
}

impl Stream {
    pub fn new(name: Name, input: Option<File>, tee: Option<PathBuf>) -> io::Result<Self> {
        if let Some(input) = &input {
            sys::set_nonblocking(input)?;
        }
        Ok(Stream {
            input,
            lines: Lines::new(),
            prefix: Prefix::new(name),
            tee: Tee::new(tee),
            backlog: Vec::new(),
        })
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

    /// Reads what has come, for the tee and into `batch`. True if the batch is full: write it and go
    /// on with [`Stream::cut`].
    fn read(&mut self, batch: &mut Vec<u8>) -> bool {
        let Some(input) = &mut self.input else {
            return false;
        };
        let count = match input.read(self.lines.space()) {
            Ok(count) => count,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return false,
            // A pipe gives no other error; treated as its end.
            Err(_) => 0,
        };
        self.prefix.now();
        if count == 0 {
            self.lines.cut_rest(&self.prefix, batch);
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
        self.cut(batch)
    }

    fn cut(&mut self, batch: &mut Vec<u8>) -> bool {
        self.lines.cut(&self.prefix, batch, BATCH)
    }

    fn cut_rest(&mut self, batch: &mut Vec<u8>) {
        self.prefix.now();
        self.lines.cut_rest(&self.prefix, batch);
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
    log: Log,
    batch: Vec<u8>,
    signals: File,
    terminated: Option<Instant>,
    /// This is the child that goes on after the shim was let go.
    detached: bool,
}

impl Logger {
    pub fn new(streams: [Stream; 2], log: Log, signals: File) -> Self {
        Logger { streams, log, batch: Vec::new(), signals, terminated: None, detached: false }
    }

    pub fn run(&mut self) -> io::Result<()> {
        while !self.streams.iter().all(Stream::is_done) {
            let finishing = self.terminated.is_some();
            let [out, err] = &self.streams;
            let signals = pollfd { fd: self.signals.as_raw_fd(), events: POLLIN, revents: 0 };
            let mut fds = [
                out.input_interest(finishing),
                err.input_interest(finishing),
                out.tee_interest(),
                err.tee_interest(),
                signals,
            ];
            match sys::poll(&mut fds, self.timeout()) {
                Ok(0) => self.pause(),
                Ok(_) => {
                    let [out, err, out_tee, err_tee, signals] = fds.map(|fd| fd.revents != 0);
                    for (i, input, tee) in [(0, out, out_tee), (1, err, err_tee)] {
                        if tee {
                            self.streams[i].go_on_with_tee();
                        }
                        if input {
                            self.read(i);
                        }
                    }
                    if signals {
                        self.terminate();
                    }
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        self.write_batch();
        Ok(())
    }

    fn timeout(&self) -> Option<Duration> {
        if !self.batch.is_empty() {
            return Some(Duration::ZERO);
        }
        match self.terminated {
            Some(_) if self.detached => None,
            Some(_) if self.streams.iter().all(|s| s.input.is_none()) => Some(Duration::ZERO),
            Some(at) => Some((at + GRACE).saturating_duration_since(Instant::now())),
            None if self.log.has_loss() => Some(RETRY),
            None => None,
        }
    }

    /// Nothing can be read or copied at the moment.
    fn pause(&mut self) {
        if !self.batch.is_empty() || self.log.has_loss() {
            self.write_batch();
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
        let mut full = self.streams[i].read(&mut self.batch);
        while full {
            self.write_batch();
            full = self.streams[i].cut(&mut self.batch);
        }
    }

    /// Also tells of a loss, if there is one.
    fn write_batch(&mut self) {
        self.log.append(&self.batch);
        self.batch.clear();
    }

    /// The shim closes its ends and wants us to finish. Nothing that has come may be lost if it then
    /// kills; but what is still to come is taken, too.
    fn terminate(&mut self) {
        let mut record = [0; 128];
        while self.signals.read(&mut record).is_ok() {}
        self.terminated.get_or_insert_with(Instant::now);
        for stream in &mut self.streams {
            stream.cut_rest(&mut self.batch);
        }
        self.write_batch();
    }
}
