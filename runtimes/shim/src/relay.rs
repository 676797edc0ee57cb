//! Moves what a container writes to whoever reads it, and back. Between pipes and files the kernel
//! does it without a copy in this process; of a terminal it passes through a small buffer.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use crate::sys;

/// What is to be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// More from the source.
    Source,
    /// Room at the sink.
    Sink,
    /// Nothing: it is over.
    End,
}

pub struct Relay {
    pub source: OwnedFd,
    pub sink: OwnedFd,
    /// Whether the kernel can move the bytes by itself.
    splices: bool,
    /// Read, and not taken by the sink yet.
    pending: Vec<u8>,
    /// The source will not say anything more of which the sink should know.
    pub draining: bool,
    pub last_progress: Instant,
    pub waits_for: Next,
}

/// At most so much is asked of the kernel at once, and so often before others get their turn.
const SPLICE: usize = 1 << 20;
const ROUNDS: usize = 16;
const COPY: usize = 4096;

impl Relay {
    /// Both must not wait; a regular file never does.
    pub fn new(source: OwnedFd, sink: OwnedFd, splices: bool) -> Self {
        Relay {
            source,
            sink,
            splices,
            pending: Vec::new(),
            draining: false,
            last_progress: Instant::now(),
            waits_for: Next::Source,
        }
    }

    /// Moves what there is.
    pub fn pump(&mut self) -> Next {
        for _ in 0..ROUNDS {
            let moved = if !self.pending.is_empty() {
                self.write_pending()
            } else if self.splices {
                self.splice()
            } else {
                self.copy()
            };
            match moved {
                Ok(None) => self.last_progress = Instant::now(),
                Ok(Some(next)) => return next,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    // Which side it was is asked, source first: a sink may have got room meanwhile.
                    if !sys::is_readable_now(self.source.as_fd()) {
                        return if self.draining { Next::End } else { Next::Source };
                    }
                    if !sys::is_writable_now(self.sink.as_fd()) {
                        return Next::Sink;
                    }
                }
                Err(e) => match self.broken(&e) {
                    None => {}
                    Some(next) => return next,
                },
            }
        }
        if self.pending.is_empty() {
            Next::Source
        } else {
            Next::Sink
        }
    }

    fn splice(&mut self) -> io::Result<Option<Next>> {
        let moved = sys::splice(self.source.as_fd(), self.sink.as_fd(), SPLICE)?;
        Ok((moved == 0).then_some(Next::End))
    }

    fn copy(&mut self) -> io::Result<Option<Next>> {
        let mut part = [0u8; COPY];
        let count = match sys::read(self.source.as_fd(), &mut part) {
            // Nobody has the other side of the terminal open any more.
            Err(e) if e.raw_os_error() == Some(libc::EIO) => 0,
            other => other?,
        };
        if count == 0 {
            return Ok(Some(Next::End));
        }
        self.pending.extend_from_slice(&part[..count]);
        Ok(None)
    }

    fn write_pending(&mut self) -> io::Result<Option<Next>> {
        match sys::write(self.sink.as_fd(), &self.pending) {
            Ok(count) => {
                self.pending.drain(..count);
                if self.pending.is_empty() {
                    self.pending = Vec::new();
                }
                Ok(None)
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(Some(Next::Sink)),
            Err(e) => Err(e),
        }
    }

    /// The sink does not take it. A container must not hang, or be killed, for a full disk: what it
    /// goes on to write is thrown away.
    fn broken(&mut self, e: &io::Error) -> Option<Next> {
        match e.raw_os_error() {
            // Not a file that the kernel moves bytes from or to by itself.
            Some(libc::EINVAL) if self.splices => {
                self.splices = false;
                None
            }
            // The container has closed its input.
            Some(libc::EPIPE) => Some(Next::End),
            _ => match sys::null() {
                Ok(null) => {
                    self.sink = null;
                    self.pending = Vec::new();
                    None
                }
                Err(_) => Some(Next::End),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Read, Write};

    fn pipe() -> (OwnedFd, OwnedFd) {
        let (read, write) = sys::pipe().unwrap();
        sys::set_nonblocking(read.as_fd()).unwrap();
        sys::set_nonblocking(write.as_fd()).unwrap();
        (read, write)
    }

    #[test]
    fn pump_moves_all_and_waits_for_the_slower_side() {
        for splices in [true, false] {
            let (source, input) = pipe();
            let (output, sink) = pipe();
            let mut relay = Relay::new(source, sink, splices);
            assert_eq!(relay.pump(), Next::Source);
            let (mut input, mut output) = (File::from(input), File::from(output));
            let wanted: Vec<u8> = (0..300_000u32).map(|i| (i / 7) as u8).collect();
            let (mut written, mut read) = (0, Vec::new());
            let mut waited_for_the_sink = false;
            while read.len() < wanted.len() {
                while let Ok(count) = input.write(&wanted[written..]) {
                    written += count;
                    if written == wanted.len() {
                        break;
                    }
                }
                let next = relay.pump();
                waited_for_the_sink |= next == Next::Sink;
                assert_ne!(next, Next::End);
                let mut part = [0; 10_000];
                if let Ok(count) = output.read(&mut part) {
                    read.extend_from_slice(&part[..count]);
                }
            }
            assert!(read == wanted, "splices={splices}: what came is not what was written");
            assert!(waited_for_the_sink, "splices={splices}");
            drop(input);
            assert_eq!(relay.pump(), Next::End);
        }
    }

    #[test]
    fn pump_throws_away_what_a_full_disk_does_not_take() {
        let (source, input) = pipe();
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut relay = Relay::new(source, full.into(), true);
        let mut input = File::from(input);
        input.write_all(b"lost").unwrap();
        assert_eq!(relay.pump(), Next::Source);
        input.write_all(b"lost, too").unwrap();
        drop(input);
        assert_eq!(relay.pump(), Next::End);
    }

    #[test]
    fn pump_of_a_draining_relay_ends_with_what_there_is() {
        let (source, input) = pipe();
        let (output, sink) = pipe();
        let mut relay = Relay::new(source, sink, true);
        let mut input = File::from(input);
        input.write_all(b"last").unwrap();
        relay.draining = true;
        assert_eq!(relay.pump(), Next::End);
        let mut read = [0; 9];
        assert_eq!(File::from(output).read(&mut read).unwrap(), 4);
    }
}
