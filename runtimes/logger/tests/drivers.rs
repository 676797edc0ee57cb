//! Docker's format, the journal, and fifos instead of a shim's pipes.

mod common;

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use common::{eventually, read_back, read_back_json, Folder, Logger, Noise, PATIENCE};

fn json() -> (&'static str, &'static Path) {
    ("format", Path::new("json"))
}

#[test]
fn json_comes_back_exactly() {
    let folder = Folder::new("json");
    let log = folder.path("log");
    let mut logger = Logger::start(&[("log", &log), json()]);
    let out = Noise(5).bytes(3 << 20);
    let err = Noise(6).bytes(1 << 20);
    std::thread::scope(|scope| {
        scope.spawn(|| logger.out().write_all(&out).unwrap());
        scope.spawn(|| logger.err().write_all(&err).unwrap());
    });
    logger.end();
    let streams = read_back_json(&std::fs::read(&log).unwrap());
    assert!(streams.stdout == out && streams.stderr == err);
    assert!(streams.notes.is_empty());
}

#[test]
fn json_is_continued_after_whole_records() {
    let folder = Folder::new("continued");
    let log = folder.path("log");
    std::fs::write(&log, b"{\"log\":\"torn").unwrap();
    let mut logger = Logger::start(&[("log", &log), json()]);
    logger.out().write_all(b"whole").unwrap();
    logger.end();
    assert_eq!(read_back_json(&std::fs::read(&log).unwrap()).stdout, b"whole");
}

#[test]
fn nothing_is_kept_if_that_is_wanted_and_readers_are_served() {
    let folder = Folder::new("none");
    let fifo = folder.fifo("copy");
    let mut reader = OpenOptions::new().read(true).write(true).open(&fifo).unwrap();
    let log = folder.path("log");
    let mut logger = Logger::start(&[("format", Path::new("none")), ("log", &log), ("stdout", &fifo)]);
    logger.out().write_all(b"seen").unwrap();
    let mut seen = [0; 4];
    reader.read_exact(&mut seen).unwrap();
    assert_eq!(&seen, b"seen");
    logger.end();
    assert!(!log.exists());
}

/// Starts it as the engine does: it is ready when it has ended, and goes on in a child.
fn start_with_fifos(folder: &Folder, log: &Path) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_felucca-logger"))
        .args(["format", "json", "log"])
        .arg(log)
        .arg("in.stdout")
        .arg(folder.path("in-out"))
        .arg("in.stderr")
        .arg(folder.path("in-err"))
        .output()
        .unwrap()
}

/// Whether somebody still writes the log.
fn is_written(log: &Path) -> bool {
    let file = OpenOptions::new().read(true).open(log).unwrap();
    // SAFETY: `flock` is plain data, and lives during the call.
    unsafe {
        let mut lock: libc::flock = std::mem::zeroed();
        lock.l_type = libc::F_RDLCK as libc::c_short;
        assert_eq!(libc::fcntl(std::os::fd::AsRawFd::as_raw_fd(&file), libc::F_OFD_GETLK, &mut lock), 0);
        i32::from(lock.l_type) != libc::F_UNLCK
    }
}

#[test]
fn fifos_are_read_until_their_writers_have_gone() {
    let folder = Folder::new("fifos");
    let log = folder.path("log");
    folder.fifo("in-out");
    folder.fifo("in-err");
    let started = start_with_fifos(&folder, &log);
    assert!(started.status.success(), "{started:?}");
    assert!(is_written(&log));
    let mut out = OpenOptions::new().write(true).open(folder.path("in-out")).unwrap();
    let mut err = OpenOptions::new().write(true).open(folder.path("in-err")).unwrap();
    out.write_all(b"one\ntwo").unwrap();
    drop(out);
    err.write_all(b"three\n").unwrap();
    assert!(is_written(&log));
    drop(err);
    eventually("the end of the logger", || !is_written(&log));
    let streams = read_back_json(&std::fs::read(&log).unwrap());
    assert_eq!((&streams.stdout[..], &streams.stderr[..]), (&b"one\ntwo"[..], &b"three\n"[..]));
}

#[test]
fn logger_of_fifos_that_are_taken_away_ends() {
    let folder = Folder::new("away");
    let log = folder.path("log");
    let fifos = [folder.fifo("in-out"), folder.fifo("in-err")];
    assert!(start_with_fifos(&folder, &log).status.success());
    fifos.iter().for_each(|fifo| std::fs::remove_file(fifo).unwrap());
    eventually("the end of the logger", || !is_written(&log));
}

#[test]
fn logger_of_missing_fifos_says_so() {
    let folder = Folder::new("missing");
    let started = start_with_fifos(&folder, &folder.path("log"));
    assert_eq!(started.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&started.stderr).contains("cannot open the fifo"), "{started:?}");
}

/// The lines that the journal got, without the entries' other fields.
fn messages(journal: &UnixDatagram) -> Vec<String> {
    let mut messages = Vec::new();
    let mut entry = vec![0; 100_000];
    while let Ok(length) = journal.recv(&mut entry) {
        let text = String::from_utf8(entry[..length].to_vec()).unwrap();
        let (fields, message) = text.split_once("MESSAGE=").unwrap();
        assert!(fields.starts_with("SYSLOG_IDENTIFIER=web\nCONTAINER_ID=c1\nPRIORITY="), "{fields}");
        messages.push(message.trim_end().to_owned());
    }
    messages
}

#[test]
fn journal_gets_each_line_and_the_log_too() {
    let folder = Folder::new("journal");
    let (log, socket) = (folder.path("log"), folder.path("socket"));
    let journal = UnixDatagram::bind(&socket).unwrap();
    let fields = Path::new("SYSLOG_IDENTIFIER=web\nCONTAINER_ID=c1");
    let mut logger = Logger::start(&[("log", &log), ("journal", &socket), ("fields", fields)]);
    logger.out().write_all(b"one\n").unwrap();
    let mut entry = [0; 1000];
    let length = journal.recv(&mut entry).unwrap();
    assert_eq!(
        std::str::from_utf8(&entry[..length]).unwrap(),
        "SYSLOG_IDENTIFIER=web\nCONTAINER_ID=c1\nPRIORITY=6\nMESSAGE=one\n"
    );
    logger.err().write_all(b"two").unwrap();
    logger.end();
    let length = journal.recv(&mut entry).unwrap();
    assert!(entry[..length].ends_with(b"PRIORITY=3\nCONTAINER_PARTIAL_MESSAGE=true\nMESSAGE=two\n"));
    assert_eq!(read_back(&std::fs::read(&log).unwrap()).stdout, b"one\n");
}

#[test]
fn stuck_journal_is_given_up_and_told_of_it() {
    let folder = Folder::new("stuck-journal");
    let (log, socket) = (folder.path("log"), folder.path("socket"));
    let journal = UnixDatagram::bind(&socket).unwrap();
    let fields = Path::new("SYSLOG_IDENTIFIER=web\nCONTAINER_ID=c1");
    let mut logger = Logger::start(&[("log", &log), ("journal", &socket), ("fields", fields)]);
    // Nobody reads the journal's socket. The container gets on, and all is in the log.
    let line = "x".repeat(1000) + "\n";
    let begun = Instant::now();
    for _ in 0..2000 {
        logger.out().write_all(line.as_bytes()).unwrap();
    }
    assert!(begun.elapsed() < PATIENCE);
    eventually("the log", || {
        std::fs::read(&log).is_ok_and(|log| read_back(&log).stdout.len() == 2000 * 1001)
    });
    let counted = || std::fs::read_to_string(folder.path("log.lost")).unwrap();
    eventually("the count", || !counted().contains("journal=00000000000000000000"));

    // It reads again: it is told of what it missed.
    journal.set_nonblocking(true).unwrap();
    let before = messages(&journal);
    assert!(before.iter().all(|message| message.len() == 1000), "{before:?}");
    logger.out().write_all(b"after\n").unwrap();
    let mut then = Vec::new();
    eventually("the line after", || {
        then.extend(messages(&journal));
        then.last().is_some_and(|message| message == "after")
    });
    let missed = 2000 - before.len();
    assert_eq!(
        then,
        [format!("felucca-logger: {missed} lines did not reach the journal"), "after".to_owned()]
    );
    logger.end();
    assert!(counted().contains(&format!("journal={missed:020}")), "{}", counted());
}

#[test]
fn journal_that_is_not_there_holds_nobody_up() {
    let folder = Folder::new("no-journal");
    let log = folder.path("log");
    let socket = folder.path("socket");
    let mut logger = Logger::start(&[("log", &log), ("journal", &socket)]);
    logger.out().write_all(b"one\n").unwrap();
    logger.end();
    assert_eq!(read_back(&std::fs::read(&log).unwrap()).stdout, b"one\n");
    let counted = std::fs::read_to_string(folder.path("log.lost")).unwrap();
    assert!(counted.contains("journal=00000000000000000001"), "{counted}");
}
