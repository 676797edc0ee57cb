//! Starts a program. The child shares this process's memory until it executes (as posix_spawn(3) does
//! it), so nothing is copied and a failure to execute comes back as a value.

use std::ffi::{CString, OsStr};
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::sys::pid_t;

/// What a program is started with. Its descriptors are numbered in their order, from 0.
pub struct Program<'a> {
    pub path: &'a Path,
    pub arguments: &'a [String],
    pub folder: &'a Path,
    pub descriptors: &'a [BorrowedFd<'a>],
    /// Comes on top of this process's environment.
    pub environment: &'a [(&'a str, &'a str)],
    /// Whether it is killed when this process dies.
    pub dies_with_us: bool,
}

/// Of the engine's environment, or of systemd's; none of a runtime's business.
const NOT_INHERITED: [&str; 5] =
    ["NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "GOMAXPROCS"];
const STACK: usize = 32 << 10;
/// Where the child keeps descriptors on their way to their places, above all places.
const ABOVE: RawFd = 10;

struct Child {
    path: CString,
    arguments: Vec<*const libc::c_char>,
    environment: Vec<*const libc::c_char>,
    folder: CString,
    descriptors: Vec<RawFd>,
    dies_with: Option<pid_t>,
    failed: i32,
}

pub fn spawn(program: &Program<'_>) -> io::Result<pid_t> {
    let path = c_string(program.path.as_os_str())?;
    let mut arguments = vec![path.clone()];
    for argument in program.arguments {
        arguments.push(c_string(OsStr::new(argument))?);
    }
    let mut environment = Vec::new();
    for (name, value) in std::env::vars_os() {
        if NOT_INHERITED.iter().all(|n| name != **n) && program.environment.iter().all(|(n, _)| name != **n) {
            environment.push(c_string(&join(&name, &value))?);
        }
    }
    for (name, value) in program.environment {
        environment.push(c_string(&join(OsStr::new(name), OsStr::new(value)))?);
    }
    let pointers = |texts: &[CString]| -> Vec<*const libc::c_char> {
        texts.iter().map(|t| t.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let mut child = Child {
        arguments: pointers(&arguments),
        environment: pointers(&environment),
        folder: c_string(program.folder.as_os_str())?,
        descriptors: program.descriptors.iter().map(AsRawFd::as_raw_fd).collect(),
        dies_with: program.dies_with_us.then(|| std::process::id() as pid_t),
        path,
        failed: 0,
    };
    // 16-byte units: the stack must be aligned like that.
    let mut stack = vec![0u128; STACK / 16];
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the child runs on a stack of its own, whose end is given since stacks grow downwards, and
    // this process, which has one thread, stands still until the child has executed or ended. All that
    // the child reads lives on the stack of this function. All signals are blocked, so no handler runs
    // in the shared memory.
    let pid = unsafe {
        let top = stack.as_mut_ptr().add(stack.len());
        libc::clone(run_child, top.cast(), flags, (&raw mut child).cast())
    };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    if child.failed != 0 {
        // It is reaped with all others; nobody knows its number.
        return Err(io::Error::from_raw_os_error(child.failed));
    }
    Ok(pid)
}

/// Runs in the child: only calls to the kernel, no allocation, no panic.
extern "C" fn run_child(argument: *mut libc::c_void) -> libc::c_int {
    // SAFETY: `spawn` passes its `Child`, and stands still.
    let child = unsafe { &mut *argument.cast::<Child>() };
    // SAFETY: plain calls to the kernel with integers, and with texts and arrays that end with a NUL
    // and live in the parent. Descriptors of the child are its own copies.
    unsafe {
        if let Err(errno) = prepare(child) {
            child.failed = errno;
            libc::_exit(127);
        }
        libc::execve(child.path.as_ptr(), child.arguments.as_ptr(), child.environment.as_ptr());
        child.failed = *libc::__errno_location();
        libc::_exit(127)
    }
}

/// # Safety
/// Only in the child, as `run_child` says.
unsafe fn prepare(child: &Child) -> Result<(), i32> {
    let check = |result: libc::c_int| {
        if result < 0 {
            // SAFETY: the address of this thread's error number is always valid.
            Err(unsafe { *libc::__errno_location() })
        } else {
            Ok(result)
        }
    };
    // SAFETY: by the caller's word.
    unsafe {
        if let Some(parent) = child.dies_with {
            check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))?;
            if libc::getppid() != parent {
                return Err(libc::ESRCH);
            }
        }
        let mut moved: [RawFd; 8] = [-1; 8];
        for (to, from) in moved.iter_mut().zip(&child.descriptors) {
            *to = check(libc::fcntl(*from, libc::F_DUPFD_CLOEXEC, ABOVE))?;
        }
        for (place, fd) in moved.iter().enumerate().take(child.descriptors.len()) {
            check(libc::dup2(*fd, place as RawFd))?;
        }
        check(libc::chdir(child.folder.as_ptr()))?;
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        check(libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut()))?;
    }
    Ok(())
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| io::Error::new(ErrorKind::InvalidInput, "a NUL within a text"))
}

fn join(name: &OsStr, value: &OsStr) -> std::ffi::OsString {
    let mut text = name.as_bytes().to_vec();
    text.push(b'=');
    text.extend_from_slice(value.as_bytes());
    std::ffi::OsString::from_vec(text)
}

/// Finds a program as a shell does.
pub fn find(name: &str) -> io::Result<PathBuf> {
    let usable =
        |path: &Path| path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    if name.contains('/') {
        let path = PathBuf::from(name);
        return match path.metadata() {
            Err(e) => Err(io::Error::new(e.kind(), format!("{name}: {e}"))),
            Ok(_) if usable(&path) => Ok(path),
            Ok(_) => Err(io::Error::new(ErrorKind::PermissionDenied, format!("{name}: permission denied"))),
        };
    }
    let folders = std::env::var_os("PATH")
        .unwrap_or_else(|| "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into());
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| usable(path)).ok_or_else(
        || io::Error::new(ErrorKind::NotFound, format!("{name}: executable file not found in $PATH")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys;
    use std::io::Read;
    use std::os::fd::AsFd;

    fn status(pid: pid_t) -> i32 {
        let mut status = 0;
        // SAFETY: the kernel fills the exclusively borrowed integer.
        assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
        libc::WEXITSTATUS(status)
    }

    #[test]
    fn spawn_passes_descriptors_environment_and_folder() {
        let null = sys::null().unwrap();
        let (mut read, write) = sys::pipe().map(|(r, w)| (std::fs::File::from(r), w)).unwrap();
        let script = "echo \"$PWD $X ${NOTIFY_SOCKET-none}\" >&3; exit 7";
        std::env::set_var("NOTIFY_SOCKET", "/x");
        let program = Program {
            path: &find("sh").unwrap(),
            arguments: &["-c".to_owned(), script.to_owned()],
            folder: Path::new("/"),
            descriptors: &[null.as_fd(), null.as_fd(), null.as_fd(), write.as_fd()],
            environment: &[("X", "y")],
            dies_with_us: false,
        };
        let pid = spawn(&program).unwrap();
        drop(write);
        let mut said = String::new();
        read.read_to_string(&mut said).unwrap();
        assert_eq!(said, "/ y none\n");
        assert_eq!(status(pid), 7);
    }

    #[test]
    fn spawn_of_what_is_no_program_fails() {
        let program = Program {
            path: Path::new("/etc/passwd"),
            arguments: &[],
            folder: Path::new("/"),
            descriptors: &[],
            environment: &[],
            dies_with_us: false,
        };
        assert_eq!(spawn(&program).unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert_eq!(find("no-such-program").unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(find("/etc/passwd").unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
}
