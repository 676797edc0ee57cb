//! felucca-init: the first process of a container that wants one (`felucca run --init`).
//!
//! It starts the program, passes every signal on to it, reaps whatever has lost its parent, and
//! ends as the program does: with its status, or with 128 and the number of the signal that ended
//! it. It is linked statically, since it is mounted into any root file system.

use std::ffi::{CString, OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::exit;

/// A shell says so when it finds no program, and when it can't execute one.
const NOT_FOUND: i32 = 127;
const NOT_EXECUTABLE: i32 = 126;
/// What felucca itself ends with when it fails.
const FAILED: i32 = 125;

/// What goes wrong in this process itself must not wait to be passed on.
const OWN: [i32; 9] = [
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGABRT,
    libc::SIGTRAP,
    libc::SIGSYS,
    libc::SIGTTIN,
    libc::SIGTTOU,
];

fn main() {
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if arguments.first().is_some_and(|first| first == OsStr::new("--")) {
        arguments.remove(0);
    }
    if arguments.is_empty() {
        eprintln!("felucca-init: no program is named; write felucca-init [--] PROGRAM [ARGUMENT...]");
        exit(FAILED);
    }
    let arguments: Vec<CString> = arguments
        .into_iter()
        .map(|argument| CString::new(argument.into_vec()).expect("an argument has no zero byte"))
        .collect();

    let before = block_signals();
    // Orphans come here also when the pid namespace is somebody else's.
    // SAFETY: prctl with these arguments touches no memory.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
    // SAFETY: there is one thread only, so the child may do anything.
    match unsafe { libc::fork() } {
        -1 => {
            eprintln!("felucca-init: fork: {}", std::io::Error::last_os_error());
            exit(FAILED);
        }
        0 => run(&arguments, &before),
        child => exit(follow(child)),
    }
}

/// Blocks all signals that are passed on; returns the mask of before.
fn block_signals() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset and sigprocmask fill in what they are given.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        for signal in OWN {
            libc::sigdelset(set.as_mut_ptr(), signal);
        }
        libc::sigprocmask(libc::SIG_SETMASK, set.as_ptr(), before.as_mut_ptr());
        // Whoever started this may not have cared for its children.
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        // Giving the terminal away from the background would stop this process.
        libc::signal(libc::SIGTTIN, libc::SIG_IGN);
        libc::signal(libc::SIGTTOU, libc::SIG_IGN);
        before.assume_init()
    }
}

/// Becomes the program, in the foreground of the terminal if there is one.
fn run(arguments: &[CString], mask: &libc::sigset_t) -> ! {
    let mut pointers: Vec<*const libc::c_char> = arguments.iter().map(|a| a.as_ptr()).collect();
    pointers.push(std::ptr::null());
    // SAFETY: the pointers are those of the arguments, which live until the end, and a null.
    unsafe {
        libc::setpgid(0, 0);
        if libc::isatty(libc::STDIN_FILENO) == 1 {
            libc::tcsetpgrp(libc::STDIN_FILENO, libc::getpid());
        }
        libc::signal(libc::SIGTTIN, libc::SIG_DFL);
        libc::signal(libc::SIGTTOU, libc::SIG_DFL);
        libc::sigprocmask(libc::SIG_SETMASK, mask, std::ptr::null_mut());
        libc::execvp(pointers[0], pointers.as_ptr());
    }
    let error = std::io::Error::last_os_error();
    let program = OsStr::from_bytes(arguments[0].as_bytes());
    eprintln!("felucca-init: execute {}: {error}", program.to_string_lossy());
    let status = match error.raw_os_error() {
        Some(libc::ENOENT) => NOT_FOUND,
        _ => NOT_EXECUTABLE,
    };
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}

/// Passes signals on until the program has ended; returns its status.
fn follow(child: libc::pid_t) -> i32 {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset fills it in.
    let all = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        all.assume_init()
    };
    loop {
        // SAFETY: the set is valid, and nothing is to be known of the signal beyond its number.
        let signal = unsafe { libc::sigwaitinfo(&all, std::ptr::null_mut()) };
        match signal {
            libc::SIGCHLD => {
                if let Some(status) = reap(child) {
                    return status;
                }
            }
            signal if signal > 0 => {
                // SAFETY: kill touches no memory; the child is not reaped yet, so it is still it.
                unsafe { libc::kill(child, signal) };
            }
            _ => {} // interrupted
        }
    }
}

/// Takes all that have ended; returns the status of the program if it is among them.
fn reap(child: libc::pid_t) -> Option<i32> {
    let mut ended = None;
    loop {
        let mut status = 0;
        // SAFETY: status is valid.
        let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
        if pid <= 0 {
            return ended;
        }
        if pid == child {
            ended = Some(if libc::WIFSIGNALED(status) {
                128 + libc::WTERMSIG(status)
            } else {
                libc::WEXITSTATUS(status)
            });
        }
    }
}
