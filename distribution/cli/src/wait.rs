//! What the loop waits for.

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use crate::sys::{self, pollfd};

#[derive(Clone, Copy)]
#[repr(usize)]
pub enum Slot {
    Signals,
    Link,
    Stdin,
    Feed,
    Output,
    ErrorOutput,
    Stdout,
    Stderr,
}

const SLOTS: usize = 8;

/// The descriptors of one wait, a slot each, and what the wait found.
pub struct Ready([pollfd; SLOTS]);

impl Ready {
    pub fn none() -> Self {
        let unused = pollfd { fd: -1, events: 0, revents: 0 };
        Ready([unused; SLOTS])
    }

    /// Waits in this slot, too; not for a negative descriptor.
    pub fn set(&mut self, slot: Slot, fd: RawFd, events: i16) {
        self.0[slot as usize].fd = fd;
        self.0[slot as usize].events = events;
    }

    /// Whether these events were waited for.
    pub fn asked(&self, slot: Slot, events: i16) -> bool {
        let slot = &self.0[slot as usize];
        slot.fd >= 0 && slot.events & events != 0
    }

    pub fn events(&self, slot: Slot) -> i16 {
        self.0[slot as usize].revents
    }

    pub fn any(&self, slot: Slot) -> bool {
        self.events(slot) != 0
    }

    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        sys::poll(&mut self.0, timeout)
    }
}
