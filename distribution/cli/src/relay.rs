//! The streams of a container: fifos that its shim serves, joined to our own streams. No byte of
//! them passes through the engine.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::feed::Feed;
use crate::fifo::{self, CHUNK, TURN};
use crate::frame::IoRequest;
use crate::sink::Sink;
use crate::sys;

/// How long a write end that something else holds is waited for after the container's end.
const SILENCE: Duration = Duration::from_secs(2);

/// Why a turn of the relay did not simply go on.
pub enum Stop {
    /// The user pressed the detach keys.
    Detached,
    /// Standard output (0) or error (1) cannot be written.
    Sink(usize, io::Error),
}

pub struct Relay {
    request: IoRequest,
    outputs: [Option<Output>; 2],
    feed: Option<Feed>,
    /// Our standard input is all passed on, or the container takes no more of it.
    input_ended: bool,
    told_input_end: bool,
    buffer: Vec<u8>,
    /// Since when nothing has come, once the container has ended.
    silent_since: Option<Instant>,
    /// The end is news: whether anybody still writes is asked at once, since a fifo that nobody has opened since does not
    /// report it.
    just_ended: bool,
}

struct Output {
    path: PathBuf,
    fifo: File,
}

/// What the relay waits for: descriptors, -1 for none.
pub struct Interest {
    pub stdin: bool,
    pub feed: (RawFd, i16),
    pub outputs: [RawFd; 2],
}

impl Relay {
    /// Opens what can be opened before the other ends are there. The error is one for the engine.
    pub fn open(request: IoRequest, stdin_terminal: bool) -> Result<Self, String> {
        let mut outputs = [None, None];
        for (output, path) in outputs.iter_mut().zip([&request.stdout, &request.stderr]) {
            if !path.is_empty() {
                *output = Some(Output::open(path)?);
            }
        }
        let feed = if request.wants_stdin && !request.stdin.is_empty() {
            let keys = request.terminal && stdin_terminal;
            Some(Feed::new(&request, keys)?)
        } else {
            None
        };
        Ok(Relay {
            request,
            outputs,
            feed,
            input_ended: false,
            told_input_end: false,
            buffer: Vec::new(),
            silent_since: None,
            just_ended: false,
        })
    }

    pub fn request(&self) -> &IoRequest {
        &self.request
    }

    /// The container has ended: no more input, and the outputs only until they are empty.
    pub fn end(&mut self) {
        self.feed = None;
        self.silent_since = Some(Instant::now());
        self.just_ended = true;
    }

    /// Ended and emptied, except perhaps for what the sinks still hold.
    pub fn is_done(&self) -> bool {
        self.silent_since.is_some() && self.outputs.iter().all(Option::is_none)
    }

    pub fn interest(&self, sinks: &[Sink; 2]) -> Interest {
        let output = |i: usize| match &self.outputs[i] {
            Some(output) if sinks[i].is_clear() => output.fifo.as_raw_fd(),
            _ => -1,
        };
        let feed = self.feed.as_ref();
        Interest {
            stdin: feed.is_some_and(Feed::wants_stdin),
            feed: feed.map_or((-1, 0), Feed::interest),
            outputs: [output(0), output(1)],
        }
    }

    /// The next moment at which something is to be done without an event.
    pub fn wakes_at(&self) -> Option<Instant> {
        let patience = if self.just_ended { Duration::ZERO } else { SILENCE };
        let silence = self.silent_since.map(|since| since + patience);
        let retry = self.feed.as_ref().and_then(Feed::tries_again_at);
        silence.into_iter().chain(retry).min()
    }

    /// Moves output; `ready` says which fifos have some.
    pub fn pump(&mut self, ready: [bool; 2], sinks: &mut [Sink; 2]) -> Result<(), Stop> {
        self.just_ended = false;
        for i in 0..2 {
            let ending = self.silent_since.is_some();
            if self.outputs[i].is_none() || !(ready[i] || ending) {
                continue;
            }
            match self.pump_one(i, &mut sinks[i]) {
                Ok(0) => {}
                Ok(_) => self.silent_since = self.silent_since.map(|_| Instant::now()),
                Err(e) => return Err(Stop::Sink(i, e)),
            }
        }
        if let Some(since) = self.silent_since {
            if sinks.iter().any(|sink| !sink.is_clear()) {
                self.silent_since = Some(Instant::now());
            } else if since.elapsed() >= SILENCE {
                self.outputs = [None, None];
            }
        }
        Ok(())
    }

    fn pump_one(&mut self, i: usize, sink: &mut Sink) -> io::Result<usize> {
        let mut moved = 0;
        while moved < TURN && sink.is_clear() {
            let Some(output) = &self.outputs[i] else { break };
            let count = match sink.splice_from(output.fifo.as_fd(), CHUNK) {
                Ok(count) => count,
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == ErrorKind::Unsupported => {
                    self.buffer.resize(CHUNK, 0);
                    match sys::read(output.fifo.as_fd(), &mut self.buffer) {
                        Ok(count) => {
                            sink.write(&self.buffer[..count])?;
                            count
                        }
                        Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                        Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                        // A fifo gives no other error; treated as its end.
                        Err(_) => 0,
                    }
                }
                Err(e) => return Err(e),
            };
            if count == 0 {
                // No writer: for now, or for good. A descriptor that saw one go would report it
                // for ever, a new one only reports what happens from now on.
                let again = if self.silent_since.is_some() { None } else { output.reopen() };
                self.outputs[i] = again;
                break;
            }
            moved += count;
        }
        Ok(moved)
    }

    /// Moves input; `ended` is set when our standard input comes to its end.
    pub fn feed(&mut self, stdin_ready: bool, feed_events: i16, ended: &mut bool) -> Result<(), Stop> {
        if let Some(feed) = &mut self.feed {
            if !feed.turn(stdin_ready, feed_events, ended)? {
                self.feed = None;
                self.input_ended = true;
            }
        }
        Ok(())
    }

    /// True once, when the engine has to hear that the input has ended.
    pub fn takes_input_end(&mut self) -> bool {
        let takes = self.input_ended && !self.told_input_end;
        self.told_input_end |= takes;
        takes
    }

    /// Another engine knows nothing of what the one before was told.
    pub fn begin_anew(&mut self) {
        self.told_input_end = false;
    }
}

impl Output {
    fn open(path: &[u8]) -> Result<Self, String> {
        let path = fifo::path(path)?;
        match fifo::open_for_reading(&path) {
            Ok(fifo) => Ok(Output { path, fifo }),
            Err(e) => Err(format!("cannot open {} for reading: {e}", path.display())),
        }
    }

    /// The new descriptor is there before the old one goes, so nothing in the fifo is lost.
    fn reopen(&self) -> Option<Self> {
        let fifo = fifo::open_for_reading(&self.path).ok()?;
        Some(Output { path: self.path.clone(), fifo })
    }
}
