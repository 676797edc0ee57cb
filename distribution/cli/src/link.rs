//! The connection to the engine.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::frame::{Decoder, Outbox};
use crate::sys;

pub struct Link {
    stream: UnixStream,
    pub incoming: Decoder,
    pub outgoing: Outbox,
    /// The engine has closed its end: nothing more can be sent, but what it said last may still
    /// lie in the socket.
    deaf: bool,
}

impl Link {
    /// Waits for a busy engine to accept.
    pub fn connect(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_nonblocking(true)?;
        Ok(Self::over(stream))
    }

    /// Never waits: streams are being relayed meanwhile.
    pub fn connect_now(socket: &Path) -> io::Result<Self> {
        sys::connect_now(socket).map(Self::over)
    }

    fn over(stream: UnixStream) -> Self {
        Link { stream, incoming: Decoder::new(), outgoing: Outbox::default(), deaf: false }
    }

    pub fn fd(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    pub fn wants_to_send(&self) -> bool {
        !self.deaf && !self.outgoing.pending().is_empty()
    }

    /// Sends what can be sent now.
    pub fn flush(&mut self) {
        while self.wants_to_send() {
            match self.stream.write(self.outgoing.pending()) {
                Ok(count) => self.outgoing.sent(count),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.deaf = true;
                    self.outgoing.clear();
                }
            }
        }
    }

    /// Takes in what has come; false when nothing will ever come any more.
    pub fn receive(&mut self) -> bool {
        match self.stream.read(self.incoming.space()) {
            Ok(0) => false,
            Ok(count) => {
                self.incoming.filled(count);
                true
            }
            Err(e) => matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        }
    }

    /// Last words before this process ends, within a bounded time.
    pub fn send_and_close(mut self, patience: Duration) {
        let _ = self.stream.set_nonblocking(false);
        let _ = self.stream.set_write_timeout(Some(patience));
        if !self.deaf {
            let _ = self.stream.write_all(self.outgoing.pending());
        }
    }
}
