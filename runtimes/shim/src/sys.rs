//! Every call to the kernel that the standard library has no safe form of. All `unsafe` of this
//! program stands here and in `spawn`, each with the reason why it is sound.

use std::ffi::{CStr, CString};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

pub use libc::{epoll_event, pid_t};

pub const IN: u32 = libc::EPOLLIN as u32;
pub const OUT: u32 = libc::EPOLLOUT as u32;

pub fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

fn count(result: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// A new descriptor that a call has just returned.
fn owned(result: libc::c_int) -> io::Result<OwnedFd> {
    let fd = check(result)?;
    // SAFETY: the kernel has just opened it and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

pub struct Epoll(OwnedFd);

impl Epoll {
    pub fn new() -> io::Result<Self> {
        // SAFETY: the call takes an integer only.
        owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) }).map(Epoll)
    }

    fn control(&self, operation: libc::c_int, fd: BorrowedFd<'_>, events: u32, token: u64) -> io::Result<()> {
        let mut event = epoll_event { events, u64: token };
        // SAFETY: the kernel only reads the event, which lives through the call.
        check(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, fd.as_raw_fd(), &mut event) }).map(drop)
    }

    pub fn add(&self, fd: BorrowedFd<'_>, events: u32, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, events, token)
    }

    pub fn modify(&self, fd: BorrowedFd<'_>, events: u32, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, events, token)
    }

    pub fn remove(&self, fd: BorrowedFd<'_>) {
        // One that is not there is fine.
        let _ = self.control(libc::EPOLL_CTL_DEL, fd, 0, 0);
    }

    /// How many of `events` were filled.
    pub fn wait(&self, events: &mut [epoll_event], timeout: Option<Duration>) -> usize {
        let millis = match timeout {
            None => -1,
            // Rounded up, or the last part of a millisecond would be spent spinning.
            Some(t) => i32::try_from(t.as_micros().div_ceil(1000)).unwrap_or(i32::MAX),
        };
        let most = i32::try_from(events.len()).unwrap_or(i32::MAX);
        // SAFETY: the pointer and the length describe one live, exclusively borrowed slice.
        let found = unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), most, millis) };
        // Nothing but an interrupt can fail here, which is like a time-out.
        usize::try_from(found).unwrap_or(0)
    }
}

/// Blocks every signal but those that tell of a fault of this program, and returns a descriptor that
/// becomes readable when a child has ended.
pub fn child_signals() -> io::Result<OwnedFd> {
    // SAFETY: `sigset_t` is plain data that the next calls set up.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: exclusively borrowed; the mask concerns this process, which has one thread.
    unsafe {
        libc::sigfillset(&mut set);
        for fault in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT] {
            libc::sigdelset(&mut set, fault);
        }
        check(libc::sigprocmask(libc::SIG_SETMASK, &set, std::ptr::null_mut()))?;
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGCHLD);
    }
    // SAFETY: -1 asks for a new descriptor; the set is initialised.
    owned(unsafe { libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) })
}

/// The next child that has ended, with its status as shells count it: 128 and the signal for one that
/// was killed.
pub fn reap() -> Option<(pid_t, u32)> {
    let mut status = 0;
    loop {
        // SAFETY: the kernel fills the exclusively borrowed integer.
        let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
        if pid <= 0 {
            return None;
        }
        if libc::WIFEXITED(status) {
            return Some((pid, libc::WEXITSTATUS(status) as u32));
        }
        if libc::WIFSIGNALED(status) {
            return Some((pid, 128 + libc::WTERMSIG(status) as u32));
        }
    }
}

/// Whether a child has closed its descriptors to end, or has ended; it stays to be reaped.
pub fn has_ended(pid: pid_t) -> bool {
    // The kernel closes them a moment before it says that the process has ended: one that has none left
    // has no open file at all.
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(true, |mut entries| entries.next().is_none())
}

pub fn kill(pid: pid_t, signal: i32) -> io::Result<()> {
    // SAFETY: the call takes integers only.
    check(unsafe { libc::kill(pid, signal) }).map(drop)
}

pub fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the kernel writes at most `len` bytes into the exclusively borrowed buffer.
    count(unsafe { libc::read(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) })
}

pub fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the kernel only reads `len` bytes of the borrowed slice.
    count(unsafe { libc::write(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) })
}

/// Moves bytes of which one side is a pipe, without copying them through this process.
pub fn splice(from: BorrowedFd<'_>, to: BorrowedFd<'_>, length: usize) -> io::Result<usize> {
    let none = std::ptr::null_mut();
    let flags = libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK;
    // SAFETY: both descriptors are open for the length of the call; null offsets mean "at the
    // current position" and nothing of this process's memory is touched.
    count(unsafe { libc::splice(from.as_raw_fd(), none, to.as_raw_fd(), none, length, flags) })
}

pub fn is_writable_now(fd: BorrowedFd<'_>) -> bool {
    polls(fd, libc::POLLOUT)
}

/// Whether there are bytes, or the end.
pub fn is_readable_now(fd: BorrowedFd<'_>) -> bool {
    polls(fd, libc::POLLIN)
}

fn polls(fd: BorrowedFd<'_>, events: libc::c_short) -> bool {
    let mut one = libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 };
    // SAFETY: one live, exclusively borrowed entry.
    unsafe { libc::poll(&mut one, 1, 0) == 1 }
}

/// A pipe, read end first.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0; 2];
    // SAFETY: the kernel fills the exclusively borrowed array.
    check(unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: the kernel has just opened both and nothing else owns them.
    Ok(unsafe { (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) })
}

pub fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: these calls take integers and touch no memory of this process.
    let flags = check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) })?;
    // SAFETY: as above.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK) }).map(drop)
}

/// The end of a fifo for reading or writing, without waiting for the other one.
pub fn open_fifo(path: &str, write: bool) -> io::Result<OwnedFd> {
    let file = OpenOptions::new().read(!write).write(write).custom_flags(libc::O_NONBLOCK).open(path)?;
    Ok(file.into())
}

pub fn null() -> io::Result<OwnedFd> {
    Ok(OpenOptions::new().read(true).write(true).open("/dev/null")?.into())
}

pub fn change_owner(fd: BorrowedFd<'_>, user: u32, group: u32) -> io::Result<()> {
    // SAFETY: the call takes integers only.
    check(unsafe { libc::fchown(fd.as_raw_fd(), user, group) }).map(drop)
}

/// The user of the process at the other end of a unix socket.
pub fn peer_user(socket: BorrowedFd<'_>) -> io::Result<u32> {
    let mut peer = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut size = std::mem::size_of_val(&peer) as libc::socklen_t;
    // SAFETY: the pointer and the size describe the exclusively borrowed structure.
    check(unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &mut size,
        )
    })?;
    Ok(peer.uid)
}

pub fn user() -> u32 {
    // SAFETY: takes nothing and always succeeds.
    unsafe { libc::geteuid() }
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
    let socket = owned(unsafe { libc::socket(libc::AF_UNIX, flags, 0) })?;
    let size = std::mem::size_of_val(&address) as libc::socklen_t;
    // SAFETY: the pointer and the size describe the address, whose path ends with a NUL.
    check(unsafe { libc::connect(socket.as_raw_fd(), (&raw const address).cast(), size) })?;
    Ok(UnixStream::from(socket))
}

/// Receives the descriptor that a runtime sends over its console socket; None if there is none (any
/// more).
pub fn receive_descriptor(socket: BorrowedFd<'_>) -> io::Result<Option<OwnedFd>> {
    let mut name = [0u8; 4096];
    let mut part = libc::iovec { iov_base: name.as_mut_ptr().cast(), iov_len: name.len() };
    // Aligned as the headers of control messages want it.
    let mut control = [0u64; 8];
    // SAFETY: `msghdr` is plain data, for which all-zero is a valid value.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = std::mem::size_of_val(&control) as _;
    // SAFETY: the message points to live buffers of the lengths that it says.
    count(unsafe { libc::recvmsg(socket.as_raw_fd(), &mut message, libc::MSG_CMSG_CLOEXEC) })?;
    let mut received = None;
    // SAFETY: the kernel has filled the control buffer, and these walk over it by its own lengths; each
    // descriptor in it is new and owned by nobody, so each is taken over exactly once.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(&message);
        while !header.is_null() {
            if (*header).cmsg_level == libc::SOL_SOCKET && (*header).cmsg_type == libc::SCM_RIGHTS {
                let data = libc::CMSG_DATA(header).cast::<RawFd>();
                let bytes = (*header).cmsg_len as usize - libc::CMSG_LEN(0) as usize;
                for i in 0..bytes / std::mem::size_of::<RawFd>() {
                    let fd = OwnedFd::from_raw_fd(data.add(i).read_unaligned());
                    received.get_or_insert(fd);
                }
            }
            header = libc::CMSG_NXTHDR(&message, header);
        }
    }
    Ok(received)
}

pub fn set_window_size(terminal: BorrowedFd<'_>, columns: u16, rows: u16) -> io::Result<()> {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCSWINSZ only reads the borrowed structure.
    check(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &size) }).map(drop)
}

fn path(text: &Path) -> io::Result<CString> {
    CString::new(text.as_os_str().as_bytes()).map_err(|_| ErrorKind::InvalidInput.into())
}

fn pointer(text: Option<&CStr>) -> *const libc::c_char {
    text.map_or(std::ptr::null(), CStr::as_ptr)
}

/// mount(2). Empty texts are as if they were not given.
pub fn mount(source: &str, target: &Path, kind: &str, flags: libc::c_ulong, data: &str) -> io::Result<()> {
    let text = |value: &str| -> io::Result<Option<CString>> {
        (!value.is_empty()).then(|| path(Path::new(value))).transpose()
    };
    let (source, kind, data) = (text(source)?, text(kind)?, text(data)?);
    let target = path(target)?;
    // SAFETY: each pointer is null or a text that ends with a NUL and lives through the call.
    check(unsafe {
        libc::mount(
            pointer(source.as_deref()),
            target.as_ptr(),
            pointer(kind.as_deref()),
            flags,
            pointer(data.as_deref()).cast(),
        )
    })
    .map(drop)
}

/// Detaches what is mounted at exactly this place.
pub fn unmount(target: &Path) -> io::Result<()> {
    let target = path(target)?;
    // SAFETY: a text that ends with a NUL and lives through the call.
    check(unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH | libc::UMOUNT_NOFOLLOW) }).map(drop)
}

pub fn change_folder(folder: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the call takes an integer only.
    check(unsafe { libc::fchdir(folder.as_raw_fd()) }).map(drop)
}

/// A descriptor that tells of memory shortages in a cgroup of version 1.
pub fn event_descriptor() -> io::Result<OwnedFd> {
    // SAFETY: the call takes integers only.
    owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })
}

/// A descriptor that becomes readable when a file is written to.
pub fn watch_file(file: &Path) -> io::Result<OwnedFd> {
    // SAFETY: the call takes an integer only.
    let watch = owned(unsafe { libc::inotify_init1(libc::IN_CLOEXEC | libc::IN_NONBLOCK) })?;
    let file = path(file)?;
    // SAFETY: a text that ends with a NUL and lives through the call.
    check(unsafe { libc::inotify_add_watch(watch.as_raw_fd(), file.as_ptr(), libc::IN_MODIFY) })?;
    Ok(watch)
}

/// Waits until nobody else has this lock; it goes with the descriptor.
pub fn lock(file: &File) -> io::Result<()> {
    // SAFETY: the call takes integers only.
    check(unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) }).map(drop)
}

/// Closes all descriptors from this one on, whoever left them open.
///
/// # Safety
/// Nothing in this process may own one of them.
pub unsafe fn close_from(first: RawFd) {
    // SAFETY: by the caller's word. An old kernel that does not know the call leaves them open.
    unsafe { libc::syscall(libc::SYS_close_range, first as libc::c_uint, libc::c_uint::MAX, 0) };
}

/// Puts a descriptor in the place of another.
///
/// # Safety
/// Nothing in this process may own the place, other than the standard streams.
pub unsafe fn replace(place: RawFd, by: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: by the caller's word.
    check(unsafe { libc::dup2(by.as_raw_fd(), place) }).map(drop)
}

/// Goes on in a child that belongs to no session of the parent's; true in the child.
pub fn fork_away() -> io::Result<bool> {
    // SAFETY: this process has one thread, so the child has a whole copy of its state.
    if check(unsafe { libc::fork() })? != 0 {
        return Ok(false);
    }
    // SAFETY: takes nothing; the child of a fork leads no group, so it can't fail.
    unsafe { libc::setsid() };
    Ok(true)
}

/// Shows other words in the list of processes, as far as there is room where the arguments were. They
/// must not be read again.
pub fn set_title(words: &[&str]) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields are counted behind the name, which may hold anything: arg_start and arg_end are 48 and 49.
    let mut fields = stat.rsplit(')').next().unwrap_or("").split_whitespace().skip(45);
    let mut field = || fields.next().and_then(|field| field.parse::<usize>().ok());
    let (Some(begin), Some(end)) = (field(), field()) else { return };
    if begin == 0 || end <= begin {
        return;
    }
    let title: Vec<u8> = words.iter().flat_map(|word| word.bytes().chain([0])).collect();
    let length = title.len().min(end - begin - 1);
    // SAFETY: the kernel has put the arguments of this process into this writable part of its stack, and
    // says where; nothing refers to them any more, and the one thread is here.
    unsafe {
        std::ptr::copy_nonoverlapping(title.as_ptr(), begin as *mut u8, length);
        std::ptr::write_bytes((begin + length) as *mut u8, 0, end - begin - length);
    }
}

/// Orphans below this process become its children, so that their exit statuses come here.
pub fn adopt_orphans() -> io::Result<()> {
    // SAFETY: the call takes integers only.
    check(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }).map(drop)
}

/// Gives freed memory back to the kernel: a shim lives long and does little.
pub fn trim_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes an integer, and no other thread allocates.
    unsafe {
        libc::malloc_trim(0)
    };
}

/// Dup of a descriptor.
pub fn again(fd: impl AsFd) -> io::Result<OwnedFd> {
    fd.as_fd().try_clone_to_owned()
}
