//! Every call to the kernel that the standard library has no safe form of. All `unsafe` of this
//! program stands here, each with the reason why it is sound.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

pub use libc::{pollfd, POLLIN, POLLOUT};

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Takes over a descriptor that the parent has passed by its number; None if it has not.
///
/// # Safety
/// Nothing else in this process may own the number.
pub unsafe fn inherited(number: RawFd) -> Option<File> {
    // SAFETY: the call only asks whether the number is open, and marks it not to be inherited.
    check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) }).ok()?;
    // SAFETY: it is open, and by the caller's word nobody else owns it.
    Some(unsafe { File::from_raw_fd(number) })
}

pub fn set_nonblocking(file: &File) -> io::Result<()> {
    // SAFETY: these calls take integers and touch no memory of this process.
    let flags = check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) })?;
    // SAFETY: as above.
    check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK) }).map(drop)
}

/// Waits for the events of `fds`; entries with a negative descriptor are passed over. Says how many
/// have something to tell.
pub fn poll(fds: &mut [pollfd], timeout: Option<Duration>) -> io::Result<usize> {
    let millis = match timeout {
        None => -1,
        Some(t) => i32::try_from(t.as_micros().div_ceil(1000)).unwrap_or(i32::MAX),
    };
    // SAFETY: the pointer and the length describe one live, exclusively borrowed slice.
    let count = check(unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, millis) })?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Blocks every signal that can be blocked, and returns a non-blocking descriptor from which
/// SIGTERM is read.
pub fn only_sigterm() -> io::Result<File> {
    // SAFETY: `sigset_t` is plain data that the next calls set up.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: exclusively borrowed; the mask concerns this process, which has one thread.
    unsafe {
        libc::sigfillset(&mut set);
        check(libc::sigprocmask(libc::SIG_SETMASK, &set, std::ptr::null_mut()))?;
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGTERM);
    }
    // SAFETY: -1 asks for a new descriptor; the set is initialised.
    let fd = check(unsafe { libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) })?;
    // SAFETY: the kernel has just opened it and nothing else owns it.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) }))
}

/// Goes on in a child; the parent ends here with status 0, so whoever waits for it waits no longer.
pub fn go_on_in_a_child() -> io::Result<()> {
    // SAFETY: this process has one thread, so the child has a whole copy of its state.
    match check(unsafe { libc::fork() })? {
        0 => Ok(()),
        // SAFETY: ends this process at once, without running what the child will run at its end.
        _ => unsafe { libc::_exit(0) },
    }
}
