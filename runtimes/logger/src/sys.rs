//! Every call to the kernel that the standard library has no safe form of. All `unsafe` of this
//! program stands here, each with the reason why it is sound.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

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

/// Locks a file for this writer (an open file description lock, so a child of ours holds it, too).
/// Who can take a read lock knows that nothing more is written. Not every file system has locks.
pub fn lock(file: &File, patience: Duration) {
    let end = Instant::now() + patience;
    while let Err(e) = set_lock(file, libc::F_WRLCK) {
        if !matches!(e.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) || Instant::now() >= end {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn unlock(file: &File) {
    let _ = set_lock(file, libc::F_UNLCK);
}

fn set_lock(file: &File, kind: libc::c_int) -> io::Result<()> {
    // SAFETY: `flock` is plain data; all zero means the whole file.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    // SAFETY: the structure lives during the call, which touches nothing else of this process.
    check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &lock) }).map(drop)
}

/// Leads a session of its own and lets go of the standard streams.
pub fn leave_the_parent() -> io::Result<()> {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    // SAFETY: these calls take integers and touch no memory of this process.
    unsafe {
        check(libc::setsid())?;
        for stream in 0..3 {
            check(libc::dup2(null.as_raw_fd(), stream))?;
        }
    }
    Ok(())
}

/// Goes on in a child. The parent waits for its end: a child that was killed is followed by this
/// program begun anew, any other takes the parent along.
pub fn outlive_a_kill() -> io::Result<()> {
    // SAFETY: this process has one thread, so the child has a whole copy of its state.
    let child = check(unsafe { libc::fork() })?;
    if child == 0 {
        return Ok(());
    }
    let mut status = 0;
    // SAFETY: the pointer is to a live integer.
    while let Err(e) = check(unsafe { libc::waitpid(child, &mut status, 0) }) {
        if e.kind() != io::ErrorKind::Interrupted {
            return Err(e);
        }
    }
    if libc::WIFSIGNALED(status) {
        // Who kills it again and again shall not make it run for nothing else.
        std::thread::sleep(Duration::from_millis(200));
        return Err(Command::new("/proc/self/exe").args(std::env::args_os().skip(1)).exec());
    }
    std::process::exit(libc::WEXITSTATUS(status))
}

/// Lets others go first.
pub fn yield_to_others() {
    // SAFETY: the call takes an integer; if it fails this process is in the way a little more.
    let _ = unsafe { libc::nice(10) };
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
