//! Every call to the kernel that the standard library has no safe form of. All `unsafe` of this
//! program stands here, each with the reason why it is sound.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

pub use libc::{pollfd, termios, POLLERR, POLLHUP, POLLIN, POLLOUT};

/// What stands behind a descriptor, as far as reading and writing differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Pipe,
    Socket,
    Terminal,
    Other,
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

fn count(result: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// Waits for the events of `fds`; entries with a negative descriptor are passed over. A signal that
/// interrupts the wait looks like a time-out.
pub fn poll(fds: &mut [pollfd], timeout: Option<Duration>) -> io::Result<()> {
    let millis = match timeout {
        None => -1,
        // Rounded up, or the last part of a millisecond would be spent spinning.
        Some(t) => i32::try_from(t.as_micros().div_ceil(1000)).unwrap_or(i32::MAX),
    };
    for fd in fds.iter_mut() {
        fd.revents = 0;
    }
    // SAFETY: the pointer and the length describe one live, exclusively borrowed slice.
    match check(unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, millis) }) {
        Ok(_) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::Interrupted => {
            fds.iter_mut().for_each(|fd| fd.revents = 0);
            Ok(())
        }
        Err(e) => Err(e),
    }
}

/// CLOCK_MONOTONIC, in nanoseconds.
pub fn monotonic_nanos() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel fills the exclusively borrowed structure; this clock is always there.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

pub fn is_writable_now(fd: BorrowedFd<'_>) -> bool {
    let mut one = [pollfd { fd: fd.as_raw_fd(), events: POLLOUT, revents: 0 }];
    poll(&mut one, Some(Duration::ZERO)).is_ok() && one[0].revents != 0
}

pub fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the kernel writes at most `len` bytes into the exclusively borrowed buffer.
    count(unsafe { libc::read(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) })
}

pub fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the kernel only reads `len` bytes of the borrowed slice.
    count(unsafe { libc::write(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) })
}

/// Writes to a socket without waiting, whatever the mode of its (shared) description.
pub fn send(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: as in `write`.
    count(unsafe { libc::send(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) })
}

/// Moves bytes of which one side is a pipe, without waiting for a pipe and without copying them
/// through this process.
pub fn splice(from: BorrowedFd<'_>, to: BorrowedFd<'_>, length: usize) -> io::Result<usize> {
    let none = std::ptr::null_mut();
    let flags = libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK;
    // SAFETY: both descriptors are open for the length of the call; null offsets mean "at the
    // current position" and nothing of this process's memory is touched.
    count(unsafe { libc::splice(from.as_raw_fd(), none, to.as_raw_fd(), none, length, flags) })
}

/// Connects without waiting: an engine that does not accept is like one that is not there.
pub fn connect_now(path: &Path) -> io::Result<UnixStream> {
    // SAFETY: `sockaddr_un` is plain data, for which all-zero is a valid value.
    let mut address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    let name = path.as_os_str().as_bytes();
    if name.len() >= address.sun_path.len() {
        return Err(io::Error::from_raw_os_error(libc::ENAMETOOLONG));
    }
    for (to, &from) in address.sun_path.iter_mut().zip(name) {
        *to = from as libc::c_char;
    }
    let flags = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: the call takes integers only.
    let fd = check(unsafe { libc::socket(libc::AF_UNIX, flags, 0) })?;
    // SAFETY: the kernel has just opened it and nothing else owns it.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    let size = std::mem::size_of_val(&address) as libc::socklen_t;
    // SAFETY: the pointer and the size describe the address, whose path ends with a NUL.
    check(unsafe { libc::connect(socket.as_raw_fd(), (&raw const address).cast(), size) })?;
    Ok(UnixStream::from(socket))
}

pub fn kind(fd: BorrowedFd<'_>) -> Kind {
    // SAFETY: `stat` is plain data, for which all-zero is a valid value.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel fills the exclusively borrowed structure.
    if unsafe { libc::fstat(fd.as_raw_fd(), &mut stat) } != 0 {
        return Kind::Other;
    }
    match stat.st_mode & libc::S_IFMT {
        libc::S_IFREG => Kind::File,
        libc::S_IFIFO => Kind::Pipe,
        libc::S_IFSOCK => Kind::Socket,
        libc::S_IFCHR if get_termios(fd).is_ok() => Kind::Terminal,
        _ => Kind::Other,
    }
}

/// Asks for a larger pipe; a refusal (the user's share is used up) only costs speed.
pub fn enlarge_pipe(fd: BorrowedFd<'_>, bytes: i32) {
    // SAFETY: the call takes an integer and touches no memory of this process.
    let _ = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETPIPE_SZ, bytes) };
}

pub fn get_termios(fd: BorrowedFd<'_>) -> io::Result<termios> {
    // SAFETY: `termios` is plain data, for which all-zero is a valid value.
    let mut modes: termios = unsafe { std::mem::zeroed() };
    // SAFETY: the call fills the exclusively borrowed structure.
    check(unsafe { libc::tcgetattr(fd.as_raw_fd(), &mut modes) })?;
    Ok(modes)
}

/// Takes a bare number, for it is also called from the panic hook, which has no borrow at hand.
pub fn set_termios(fd: RawFd, modes: &termios) -> io::Result<()> {
    // SAFETY: the call reads the borrowed structure; a descriptor that is closed gives EBADF.
    check(unsafe { libc::tcsetattr(fd, libc::TCSANOW, modes) }).map(drop)
}

pub fn make_raw(modes: &mut termios) {
    // SAFETY: only changes fields of the exclusively borrowed structure.
    unsafe { libc::cfmakeraw(modes) };
}

/// Rows and columns.
pub fn window_size(fd: BorrowedFd<'_>) -> Option<(u16, u16)> {
    // SAFETY: `winsize` is plain data, for which all-zero is a valid value.
    let mut size: libc::winsize = unsafe { std::mem::zeroed() };
    // SAFETY: TIOCGWINSZ fills the exclusively borrowed structure.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCGWINSZ, &mut size) }).ok()?;
    Some((size.ws_row, size.ws_col))
}

/// Blocks `signals` and returns a non-blocking descriptor that they are read from. A signal of
/// `keep_ignored` that the parent had set to be ignored (nohup, a background job) is left out.
pub fn signal_descriptor(signals: &[i32], keep_ignored: &[i32]) -> io::Result<OwnedFd> {
    // SAFETY: `sigset_t` and `sigaction` are plain data; sigemptyset sets the former up.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: exclusively borrowed, as below.
    unsafe { libc::sigemptyset(&mut set) };
    for &signal in signals {
        // SAFETY: as above.
        let mut old: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: with a null new action the call only fills `old`.
        check(unsafe { libc::sigaction(signal, std::ptr::null(), &mut old) })?;
        if old.sa_sigaction != libc::SIG_IGN || !keep_ignored.contains(&signal) {
            // SAFETY: the set was initialised above, the number is a constant of libc.
            check(unsafe { libc::sigaddset(&mut set, signal) })?;
        }
    }
    // SAFETY: reads the initialised set; this program has one thread.
    check(unsafe { libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()) })?;
    let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
    // SAFETY: -1 asks for a new descriptor; the set is initialised.
    let fd = check(unsafe { libc::signalfd(-1, &set, flags) })?;
    // SAFETY: the kernel has just opened it and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The next pending signal of a descriptor of [`signal_descriptor`], if there is one.
pub fn next_signal(fd: BorrowedFd<'_>) -> Option<i32> {
    let mut record = [0u8; std::mem::size_of::<libc::signalfd_siginfo>()];
    match read(fd, &mut record) {
        // The number is the record's first field.
        Ok(n) if n == record.len() => Some(i32::from_ne_bytes([record[0], record[1], record[2], record[3]])),
        _ => None,
    }
}

/// Stops this process as job control does; returns when it is continued.
pub fn stop_self() {
    // SAFETY: sends a signal to this process, nothing else.
    unsafe { libc::raise(libc::SIGSTOP) };
}
