//! The terminal on standard input: its raw mode, and the promise that it never outlives us.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Mutex;

use crate::sys;

/// The modes to go back to, while the terminal is raw. Global, for the panic hook needs them too.
static COOKED: Mutex<Option<sys::termios>> = Mutex::new(None);

pub struct Terminal {
    /// Whether standard input is a terminal; else there are no modes to change.
    present: bool,
}

impl Terminal {
    /// Also sees to it that a panic gives the terminal back before it speaks.
    pub fn new() -> Self {
        let speak = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            speak(panic);
        }));
        Terminal { present: io::stdin().is_terminal() }
    }

    pub fn is_present(&self) -> bool {
        self.present
    }

    /// Into raw mode: every key goes through as bytes, output is not changed either.
    pub fn raw(&self) {
        let Ok(mut cooked) = COOKED.try_lock() else { return };
        if !self.present || cooked.is_some() {
            return;
        }
        let stdin = io::stdin();
        if let Ok(modes) = sys::get_termios(stdin.as_fd()) {
            let mut raw = modes;
            sys::make_raw(&mut raw);
            // Remembered first: a change that is not recorded could not be taken back.
            *cooked = Some(modes);
            if sys::set_termios(stdin.as_raw_fd(), &raw).is_err() {
                *cooked = None;
            }
        }
    }

    /// Stops this process with the terminal as the shell left it, and goes on as before afterwards.
    pub fn suspend(&self) {
        let was_raw = restore();
        sys::stop_self();
        if was_raw {
            self.raw();
        }
    }

    /// Rows and columns of the first of our streams that has any; 0 and 0 without a terminal.
    pub fn size() -> (u16, u16) {
        sys::window_size(io::stdout().as_fd())
            .or_else(|| sys::window_size(io::stdin().as_fd()))
            .or_else(|| sys::window_size(io::stderr().as_fd()))
            .unwrap_or((0, 0))
    }

    /// One bit a stream that is a terminal, as HELLO has them.
    pub fn streams() -> u8 {
        u8::from(io::stdin().is_terminal())
            | (u8::from(io::stdout().is_terminal()) << 1)
            | (u8::from(io::stderr().is_terminal()) << 2)
    }
}

/// Back to the modes from before raw mode; true if it was raw. May be called any number of times.
pub fn restore() -> bool {
    let modes = COOKED.try_lock().ok().and_then(|mut cooked| cooked.take());
    match modes {
        Some(modes) => {
            let _ = sys::set_termios(libc::STDIN_FILENO, &modes);
            true
        }
        None => false,
    }
}
