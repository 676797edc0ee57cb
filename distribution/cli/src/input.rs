//! Our standard input, as far as it goes to the engine: within its credit.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;

use crate::frame::{client, Outbox};
use crate::sys;

const CHUNK: usize = 64 << 10;
/// Frames that wait to be sent; beyond it nothing more is read.
const OUTGOING_LIMIT: usize = 256 << 10;

#[derive(Default)]
pub struct Input {
    /// Standard input has come to its end, whoever read it.
    pub ended: bool,
    told: bool,
    credit: u64,
    asked_for: bool,
}

impl Input {
    /// A new connection begins without credit, and does not know of the end.
    pub fn begin_anew(&mut self) {
        *self = Input { ended: self.ended, ..Input::default() };
    }

    pub fn add_credit(&mut self, bytes: u32, outgoing: &mut Outbox) {
        self.credit = self.credit.saturating_add(u64::from(bytes));
        self.asked_for = true;
        self.tell_end(outgoing);
    }

    /// How much may be read now.
    pub fn room(&self, outgoing: &Outbox) -> usize {
        if self.ended {
            return 0;
        }
        let most = CHUNK.min(OUTGOING_LIMIT.saturating_sub(outgoing.pending().len()));
        usize::try_from(self.credit).map_or(most, |credit| most.min(credit))
    }

    /// Reads what is there, at most [`Input::room`].
    pub fn read(&mut self, outgoing: &mut Outbox) {
        let mut chunk = [0u8; CHUNK];
        let most = self.room(outgoing);
        match sys::read(io::stdin().as_fd(), &mut chunk[..most]) {
            Err(e) if e.kind() == ErrorKind::WouldBlock || e.kind() == ErrorKind::Interrupted => {}
            // An error (EIO: the terminal has gone) is an end, too.
            Ok(0) | Err(_) => {
                self.ended = true;
                self.tell_end(outgoing);
            }
            Ok(count) => {
                self.credit -= count as u64;
                outgoing.push(client::STDIN, &chunk[..count]);
            }
        }
    }

    /// Once a connection, and only to a command that asked for input.
    fn tell_end(&mut self, outgoing: &mut Outbox) {
        if self.ended && self.asked_for && !self.told {
            self.told = true;
            outgoing.push(client::STDIN_EOF, &[]);
        }
    }
}
