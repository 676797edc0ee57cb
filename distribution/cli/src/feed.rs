//! Our standard input on its way to a container.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::fifo::{self, CHUNK, TURN};
use crate::frame::IoRequest;
use crate::keys::{self, Matcher};
use crate::relay::Stop;
use crate::sys::{self, Kind};

const SLOWEST_RETRY: Duration = Duration::from_millis(50);

pub struct Feed {
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
}

impl Feed {
    pub fn new(request: &IoRequest, watch_keys: bool) -> Result<Self, String> {
        let path = fifo::path(&request.stdin)?;
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
        })
    }

    /// Whether there is a place for more of our standard input.
    pub fn wants_stdin(&self) -> bool {
        if self.splice {
            // Before the fifo is open there is nowhere to move anything to.
            self.fifo.is_some() && !self.full
        } else {
            self.pending.len() < CHUNK && (self.matcher.is_some() || self.pending.is_empty())
        }
    }

    /// When it is tried again to open the fifo.
    pub fn tries_again_at(&self) -> Option<Instant> {
        self.fifo.is_none().then_some(self.next_try)
    }

    /// Without a wish to write, the wait still tells when the reader has gone.
    pub fn interest(&self) -> (RawFd, i16) {
        match &self.fifo {
            Some(fifo) if self.full || !self.pending.is_empty() => (fifo.as_raw_fd(), sys::POLLOUT),
            Some(fifo) => (fifo.as_raw_fd(), 0),
            None => (-1, 0),
        }
    }

    /// Moves what can be moved; `ended` is set when our standard input comes to its end. False when
    /// this stream has come to its own, either way.
    pub fn turn(&mut self, stdin_ready: bool, events: i16, ended: &mut bool) -> Result<bool, Stop> {
        if events & sys::POLLERR != 0 || !self.try_open() {
            return Ok(false);
        }
        self.full = self.full && events & sys::POLLOUT == 0;
        if self.splice {
            return Ok(self.move_spliced(stdin_ready || events & sys::POLLOUT != 0, ended));
        }
        if stdin_ready && !*ended && self.wants_stdin() {
            *ended = self.read_stdin()?;
        }
        Ok(self.write_pending(*ended))
    }

    /// False if it can never be opened.
    fn try_open(&mut self) -> bool {
        if self.fifo.is_some() || Instant::now() < self.next_try {
            return true;
        }
        match fifo::open_for_writing(&self.path) {
            Ok(fifo) => {
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

    fn move_spliced(&mut self, ready: bool, ended: &mut bool) -> bool {
        let Some(fifo) = &self.fifo else { return true };
        if *ended {
            return false;
        }
        let mut moved = 0;
        while ready && moved < TURN {
            match sys::splice(io::stdin().as_fd(), fifo.as_fd(), CHUNK) {
                Ok(0) => {
                    *ended = true;
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

    /// True at the end of our standard input.
    fn read_stdin(&mut self) -> Result<bool, Stop> {
        let mut chunk = [0u8; 64 << 10];
        let count = match sys::read(io::stdin().as_fd(), &mut chunk) {
            Ok(count) => count,
            Err(e) if e.kind() == ErrorKind::WouldBlock || e.kind() == ErrorKind::Interrupted => {
                return Ok(false)
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
        Ok(count == 0)
    }

    fn write_pending(&mut self, ended: bool) -> bool {
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
        !ended
    }
}
