//! The copy of a stream for whoever has attached to the container: a fifo that may have a reader.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::PathBuf;

/// Held open from the moment a reader is found until it has gone or the stream ends.
pub struct Tee {
    path: Option<PathBuf>,
    fifo: Option<File>,
}

impl Tee {
    pub fn new(path: Option<PathBuf>) -> Self {
        let mut tee = Tee { path, fifo: None };
        tee.attach();
        tee
    }

    /// Nothing but a fifo is ever written to, and one that nobody reads cannot be opened.
    fn attach(&mut self) {
        if self.fifo.is_some() {
            return;
        }
        if let Some(path) = &self.path {
            let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW;
            let opened = OpenOptions::new().write(true).custom_flags(flags).open(path);
            self.fifo = opened.ok().filter(|f| f.metadata().is_ok_and(|m| m.file_type().is_fifo()));
        }
    }

    /// The stream is complete: closes the fifo for good.
    pub fn end(&mut self) {
        *self = Tee { path: None, fifo: None };
    }

    /// What to wait on when a copy was not taken whole.
    pub fn fd(&self) -> RawFd {
        self.fifo.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// A new piece of the stream; whoever has come since the last one gets it. Returns how much was
    /// taken: all of it, where nobody reads.
    pub fn offer(&mut self, bytes: &[u8]) -> usize {
        self.attach();
        self.go_on(bytes)
    }

    /// The rest of a piece, for the same reader only.
    pub fn go_on(&mut self, bytes: &[u8]) -> usize {
        let mut done = 0;
        while done < bytes.len() {
            let Some(fifo) = &mut self.fifo else {
                return bytes.len();
            };
            match fifo.write(&bytes[done..]) {
                Ok(count) => done += count,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                // EPIPE: the reader has gone.
                Err(_) => self.fifo = None,
            }
        }
        done
    }
}
