//! The streams of a container: fifos that its shim serves, joined to our own streams. No byte of
//! them passes through the engine.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::frame::IoRequest;
use crate::keys::{self, Matcher};
use crate::sink::Sink;
use crate::sys::{self, Kind};

/// One read, one splice.
const CHUNK: usize = 256 << 10;
/// What one stream may move before the others get their turn.
const TURN: usize = 4 << 20;
/// A fifo of this size lets a shim and us take turns less often.
const FIFO_SIZE: i32 = 256 << 10;
/// How long a write end that something else holds is waited for after the container's end.
const SILENCE: Duration = Duration::from_secs(2);
const SLOWEST_RETRY: Duration = Duration::from_millis(50);

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
    buffer: Vec<u8>,
    /// Since when nothing has come, once the container has ended.
    silent_since: Option<Instant>,
}

struct Output {
    path: PathBuf,
    fifo: File,
}

/// Our standard input on its way to the container.
struct Feed {
    path: PathBuf,
    /// None until the shim has opened its end: a write end cannot be opened before without
    /// holding a read end too, and then the shim's end would not be the last one to go.
    fifo: Option<File>,
    next_try: Instant,
    delay: Duration,
    pending: Vec<u8>,
    written: usize,
    matcher: Option<Matcher>,
    splice: bool,
    /// The last splice stopped at a full fifo, not at an empty input.
    full: bool,
    eof: bool,
}

/// What the relay waits for: descriptors, -1 for none.
pub struct Interest {
    pub stdin: bool,
    pub feed: (RawFd, i16),
    pub outputs: [RawFd; 2],
}

impl Relay {
    /// Opens what can be opened before the other ends are there. The error is one for the engine.
    pub fn open(request: IoRequest, stdin_eof: bool, stdin_terminal: bool) -> Result<Self, String> {
        let mut outputs = [None, None];
        for (output, path) in outputs.iter_mut().zip([&request.stdout, &request.stderr]) {
            if !path.is_empty() {
                *output = Some(Output::open(path)?);
            }
        }
        let feed = if request.wants_stdin && !request.stdin.is_empty() {
            let keys = request.terminal && stdin_terminal;
            Some(Feed::new(&request, keys, stdin_eof)?)
        } else {
            None
        };
        Ok(Relay {
            request,
            outputs,
            feed,
            buffer: Vec::new(),
            silent_since: None,
        })
    }

    pub fn request(&self) -> &IoRequest {
        &self.request
    }

    /// The container has ended: no more input, and the outputs only until they are empty.
    pub fn end(&mut self) {
        self.feed = None;
        self.silent_since = Some(Instant::now());
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
        let silence = self.silent_since.map(|since| since + SILENCE);
        let retry = self
            .feed
            .as_ref()
            .filter(|feed| feed.fifo.is_none())
            .map(|feed| feed.next_try);
        silence.into_iter().chain(retry).min()
    }

    /// Moves output; `ready` says which fifos have some.
    pub fn pump(&mut self, ready: [bool; 2], sinks: &mut [Sink; 2]) -> Result<(), Stop> {
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
                let again = if self.silent_since.is_some() {
                    None
                } else {
                    output.reopen()
                };
                self.outputs[i] = again;
                break;
            }
            moved += count;
        }
        Ok(moved)
    }

    /// Moves input. `stdin_ready` and `feed_ready` are what the wait said of them. Sets `stdin_eof`
    /// when our standard input is used up.
    pub fn feed(&mut self, stdin_ready: bool, feed_events: i16, stdin_eof: &mut bool) -> Result<(), Stop> {
        let Some(feed) = &mut self.feed else { return Ok(()) };
        feed.eof |= *stdin_eof;
        let goes_on = feed.turn(stdin_ready, feed_events)?;
        *stdin_eof |= feed.eof;
        if !goes_on {
            self.feed = None;
        }
        Ok(())
    }
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// Refuses whatever is no fifo, and says so.
fn expect_fifo(path: &Path) -> Result<(), String> {
    match std::fs::metadata(path) {
        Ok(found) if found.file_type().is_fifo() => Ok(()),
        Ok(_) => Err(format!("{} is not a fifo", path.display())),
        Err(e) => Err(format!("{}: {e}", path.display())),
    }
}

impl Output {
    fn open(path: &[u8]) -> Result<Self, String> {
        let path = path_of(path);
        expect_fifo(&path)?;
        Self::open_fifo(&path).map_err(|e| format!("cannot open {} for reading: {e}", path.display()))
    }

    fn open_fifo(path: &Path) -> io::Result<Self> {
        let fifo = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)?;
        if sys::kind(fifo.as_fd()) != Kind::Pipe {
            return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a fifo"));
        }
        sys::enlarge_pipe(fifo.as_fd(), FIFO_SIZE);
        Ok(Output {
            path: path.to_owned(),
            fifo,
        })
    }

    /// The new descriptor is there before the old one goes, so nothing in the fifo is lost.
    fn reopen(&self) -> Option<Self> {
        Self::open_fifo(&self.path).ok()
    }
}

impl Feed {
    fn new(request: &IoRequest, watch_keys: bool, eof: bool) -> Result<Self, String> {
        let path = path_of(&request.stdin);
        expect_fifo(&path)?;
        let matcher = if watch_keys {
            let text = String::from_utf8_lossy(&request.detach_keys);
            Some(Matcher::new(keys::parse(&text)?))
        } else {
            None
        };
        let splice = matcher.is_none() && matches!(sys::kind(io::stdin().as_fd()), Kind::Pipe | Kind::File);
        Ok(Feed {
            path,
            fifo: None,
            next_try: Instant::now(),
            delay: Duration::from_millis(1),
            pending: Vec::new(),
            written: 0,
            matcher,
            splice,
            full: false,
            eof,
        })
    }

    fn wants_stdin(&self) -> bool {
        let room = if self.splice {
            // Before the fifo is open there is nowhere to move anything to.
            self.fifo.is_some() && !self.full
        } else {
            self.pending.len() < CHUNK && (self.matcher.is_some() || self.pending.is_empty())
        };
        !self.eof && room
    }

    /// Without a wish to write, the wait still tells when the reader has gone.
    fn interest(&self) -> (RawFd, i16) {
        match &self.fifo {
            Some(fifo) if self.full || !self.pending.is_empty() => (fifo.as_raw_fd(), sys::POLLOUT),
            Some(fifo) => (fifo.as_raw_fd(), 0),
            None => (-1, 0),
        }
    }

    /// False when this stream has come to its end, either way.
    fn turn(&mut self, stdin_ready: bool, events: i16) -> Result<bool, Stop> {
        if events & sys::POLLERR != 0 || !self.try_open() {
            return Ok(false);
        }
        self.full = self.full && events & sys::POLLOUT == 0;
        if self.splice {
            return Ok(self.move_spliced(stdin_ready || events & sys::POLLOUT != 0));
        }
        if stdin_ready && self.wants_stdin() {
            self.read_stdin()?;
        }
        Ok(self.write_pending())
    }

    /// False if it can never be opened.
    fn try_open(&mut self) -> bool {
        if self.fifo.is_some() || Instant::now() < self.next_try {
            return true;
        }
        match OpenOptions::new()
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&self.path)
        {
            Ok(fifo) => {
                sys::enlarge_pipe(fifo.as_fd(), FIFO_SIZE);
                self.fifo = Some(fifo);
                true
            }
            Err(e) if e.raw_os_error() == Some(libc::ENXIO) || e.kind() == ErrorKind::Interrupted => {
                self.next_try = Instant::now() + self.delay;
                self.delay = (self.delay * 2).min(SLOWEST_RETRY);
                true
            }
            Err(_) => false,
        }
    }

    fn move_spliced(&mut self, ready: bool) -> bool {
        let Some(fifo) = &self.fifo else { return true };
        if self.eof {
            return false;
        }
        let mut moved = 0;
        while ready && moved < TURN {
            match sys::splice(io::stdin().as_fd(), fifo.as_fd(), CHUNK) {
                Ok(0) => {
                    self.eof = true;
                    return false;
                }
                Ok(count) => moved += count,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    self.full = !sys::is_writable_now(fifo.as_fd());
                    break;
                }
                Err(e) if e.raw_os_error() == Some(libc::EINVAL) => {
                    self.splice = false;
                    break;
                }
                // EPIPE: the container takes no more.
                Err(_) => return false,
            }
        }
        true
    }

    fn read_stdin(&mut self) -> Result<(), Stop> {
        let mut chunk = [0u8; 64 << 10];
        let count = match sys::read(io::stdin().as_fd(), &mut chunk) {
            Ok(count) => count,
            Err(e) if e.kind() == ErrorKind::WouldBlock || e.kind() == ErrorKind::Interrupted => {
                return Ok(())
            }
            // EIO: the terminal has gone.
            Err(_) => 0,
        };
        match &mut self.matcher {
            Some(matcher) if count == 0 => matcher.finish(&mut self.pending),
            Some(matcher) => {
                if matcher.feed(&chunk[..count], &mut self.pending) {
                    return Err(Stop::Detached);
                }
            }
            None => self.pending.extend_from_slice(&chunk[..count]),
        }
        self.eof = count == 0;
        Ok(())
    }

    fn write_pending(&mut self) -> bool {
        let Some(fifo) = &self.fifo else { return true };
        while self.written < self.pending.len() {
            match sys::write(fifo.as_fd(), &self.pending[self.written..]) {
                Ok(count) => self.written += count,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
        }
        self.pending.clear();
        self.written = 0;
        !self.eof
    }
}

/// Reads our standard input for a frame; an error counts as its end.
pub fn read_stdin(stdin: BorrowedFd<'_>, buffer: &mut [u8]) -> Option<usize> {
    match sys::read(stdin, buffer) {
        Ok(count) => Some(count),
        Err(e) if e.kind() == ErrorKind::WouldBlock || e.kind() == ErrorKind::Interrupted => None,
        Err(_) => Some(0),
    }
}
