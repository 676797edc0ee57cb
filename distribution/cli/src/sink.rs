//! Standard output and standard error, written to without ever waiting inside a write.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;

use crate::sys::{self, Kind};

/// The most that a pipe takes without waiting when it says that it is writable (PIPE_BUF).
const SURE_FOR_PIPE: usize = 4096;
/// The same of a terminal: its driver says so with this many characters still waiting.
const SURE_FOR_TERMINAL: usize = 256;

pub struct Sink {
    fd: OwnedFd,
    kind: Kind,
    /// The most that one write may hold so that it cannot wait.
    most: usize,
    /// What was accepted and could not be written yet.
    pending: Vec<u8>,
    written: usize,
    /// A splice found the pipe behind it full.
    full: bool,
    can_splice: bool,
}

impl Sink {
    /// Takes the stream over. The description behind it is shared with other processes (the shell,
    /// a pager) and must stay blocking for them; so a pipe or terminal is opened once more.
    pub fn new(stream: BorrowedFd<'_>) -> io::Result<Self> {
        let kind = sys::kind(stream);
        let again = || {
            let path = format!("/proc/self/fd/{}", stream.as_raw_fd());
            let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
            OpenOptions::new().write(true).custom_flags(flags).open(path)
        };
        let (fd, most) = match kind {
            Kind::Pipe | Kind::Terminal => match again() {
                Ok(own) => (OwnedFd::from(own), usize::MAX),
                Err(_) if kind == Kind::Pipe => (stream.try_clone_to_owned()?, SURE_FOR_PIPE),
                Err(_) => (stream.try_clone_to_owned()?, SURE_FOR_TERMINAL),
            },
            _ => (stream.try_clone_to_owned()?, usize::MAX),
        };
        // To a file it was measured to gain nothing.
        let can_splice = kind == Kind::Pipe;
        Ok(Sink { fd, kind, most, pending: Vec::new(), written: 0, full: false, can_splice })
    }

    /// Whether it would take more.
    pub fn is_clear(&self) -> bool {
        self.pending.is_empty() && !self.full
    }

    /// What to wait on until it takes more; -1 if it does so now.
    pub fn waits_on(&self) -> RawFd {
        if self.is_clear() {
            -1
        } else {
            self.fd.as_raw_fd()
        }
    }

    /// Writes what can be written now and keeps the rest.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.pending.extend_from_slice(bytes);
            return self.flush();
        }
        let done = self.write_now(bytes)?;
        self.pending.extend_from_slice(&bytes[done..]);
        Ok(())
    }

    /// Goes on with what was kept.
    pub fn flush(&mut self) -> io::Result<()> {
        self.full = false;
        if self.pending.is_empty() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        let result = self.write_now(&pending[self.written..]);
        self.pending = pending;
        self.written += result?;
        if self.written == self.pending.len() {
            self.pending.clear();
            self.written = 0;
        }
        Ok(())
    }

    fn write_now(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < bytes.len() {
            if self.most < usize::MAX && !sys::is_writable_now(self.fd.as_fd()) {
                break;
            }
            let piece = &bytes[done..bytes.len().min(done.saturating_add(self.most))];
            let result = match self.kind {
                Kind::Socket => sys::send(self.fd.as_fd(), piece),
                _ => sys::write(self.fd.as_fd(), piece),
            };
            match result {
                Ok(count) => done += count,
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(done)
    }

    /// Moves up to `most` bytes from a fifo straight to the stream. `Unsupported`: use reads and
    /// writes. `WouldBlock`: the fifo is empty, or the stream is full, and then it is not clear.
    pub fn splice_from(&mut self, fifo: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        if !self.can_splice {
            return Err(ErrorKind::Unsupported.into());
        }
        match sys::splice(fifo, self.fd.as_fd(), most) {
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                self.full = !sys::is_writable_now(self.fd.as_fd());
                Err(e)
            }
            result => result,
        }
    }
}
