//! The copy for whoever attaches.

mod common;

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use common::{eventually, kill, read_back, Folder, Logger, Noise};

fn attach(fifo: &Path) -> File {
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(fifo).unwrap()
}

/// Reads until `count` bytes have come, or the end (None).
fn read(fifo: &mut File, count: usize) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    let end = Instant::now() + common::PATIENCE;
    while all.len() < count {
        assert!(Instant::now() < end, "{} of {count} bytes came", all.len());
        match fifo.read(&mut chunk) {
            Ok(0) => return None,
            Ok(n) => all.extend_from_slice(&chunk[..n]),
            Err(e) if e.kind() == ErrorKind::WouldBlock => std::thread::sleep(Duration::from_millis(1)),
            Err(e) => panic!("{e}"),
        }
    }
    Some(all)
}

fn read_to_end(mut fifo: File) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(bytes) = read(&mut fifo, 1) {
        all.extend_from_slice(&bytes);
    }
    all
}

#[test]
fn reader_before_the_start_sees_all_and_the_end() {
    let folder = Folder::new("before");
    let (log, out, err) = (folder.path("log"), folder.fifo("out"), folder.fifo("err"));
    let (out_reader, err_reader) = (attach(&out), attach(&err));
    let mut logger = Logger::start(&[("log", &log), ("stdout", &out), ("stderr", &err)]);
    logger.out().write_all(b"one\ntwo").unwrap();
    logger.stdout = None;
    assert_eq!(read_to_end(out_reader), b"one\ntwo");
    // A stream's copy ends with the stream, and one without any output ends, too.
    assert!(logger.child.try_wait().unwrap().is_none());
    logger.end();
    assert_eq!(read_to_end(err_reader), b"");
    assert_eq!(read_back(&std::fs::read(&log).unwrap()).stdout, b"one\ntwo");
}

#[test]
fn readers_come_and_go() {
    let folder = Folder::new("come-and-go");
    let (log, out) = (folder.path("log"), folder.path("out"));
    let mut logger = Logger::start(&[("log", &log), ("stdout", &out)]);
    let mut all = Vec::new();
    let mut say = |logger: &Logger, text: &str| {
        logger.out().write_all(text.as_bytes()).unwrap();
        all.extend_from_slice(text.as_bytes());
        eventually("the log", || std::fs::read_to_string(&log).unwrap().ends_with(text));
    };
    say(&logger, "no fifo yet\n");
    common::mkfifo(&out);
    say(&logger, "nobody there\n");
    for round in 0..3 {
        let mut reader = attach(&out);
        let text = format!("for reader {round}\n");
        say(&logger, &text);
        assert_eq!(read(&mut reader, text.len()).unwrap(), text.as_bytes());
        drop(reader);
        // A child that another test is just starting may hold a copy for a moment.
        eventually("no reader at all", || {
            OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(&out).is_err()
        });
        say(&logger, "again nobody\n");
    }
    logger.end();
    assert_eq!(read_back(&std::fs::read(&log).unwrap()).stdout, all);
}

#[test]
fn what_is_no_fifo_is_not_written_to() {
    let folder = Folder::new("no-fifo");
    let (log, out) = (folder.path("log"), folder.path("out"));
    std::fs::write(&out, "precious").unwrap();
    let mut logger = Logger::start(&[("log", &log), ("stdout", &out)]);
    logger.out().write_all(b"text\n").unwrap();
    logger.end();
    assert_eq!(std::fs::read(&out).unwrap(), b"precious");
    assert_eq!(read_back(&std::fs::read(&log).unwrap()).stdout, b"text\n");
}

#[test]
fn slow_reader_slows_down_and_gets_everything() {
    let folder = Folder::new("slow");
    let (log, out) = (folder.path("log"), folder.fifo("out"));
    let mut reader = attach(&out);
    let mut logger = Logger::start(&[("log", &log), ("stdout", &out)]);
    let mut noise = Noise(4711);
    let bytes = noise.bytes(4 << 20);
    let sent = bytes.clone();
    let mut pipe = logger.stdout.take().unwrap();
    let writer = std::thread::spawn(move || pipe.write_all(&sent).unwrap());
    std::thread::sleep(Duration::from_millis(200));
    assert!(!writer.is_finished(), "a reader that does not read holds the container up");
    // The other stream goes on meanwhile.
    logger.err().write_all(b"error\n").unwrap();
    eventually("the other stream", || !read_back(&std::fs::read(&log).unwrap()).stderr.is_empty());

    let mut got = Vec::new();
    while got.len() < bytes.len() {
        let Some(piece) = read(&mut reader, 1) else { break };
        got.extend_from_slice(&piece);
        if noise.next() % 16 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    writer.join().unwrap();
    logger.end();
    assert!(got == bytes, "the copy differs");
    assert!(read_back(&std::fs::read(&log).unwrap()).stdout == bytes, "the log differs");
    assert_eq!(read_to_end(reader), b"");
}

#[test]
fn reader_that_goes_in_the_middle_frees_the_container() {
    let folder = Folder::new("middle");
    let (log, out) = (folder.path("log"), folder.fifo("out"));
    let reader = attach(&out);
    let mut logger = Logger::start(&[("log", &log), ("stdout", &out)]);
    let bytes = b"0123456789abcde\n".repeat(64 << 10);
    let sent = bytes.clone();
    let mut pipe = logger.stdout.take().unwrap();
    let writer = std::thread::spawn(move || pipe.write_all(&sent).unwrap());
    std::thread::sleep(Duration::from_millis(100));
    assert!(!writer.is_finished());
    drop(reader);
    writer.join().unwrap();
    logger.end();
    assert!(read_back(&std::fs::read(&log).unwrap()).stdout == bytes);
}

/// What a containerd shim does at Delete: closes its ends, sends SIGTERM and waits.
#[test]
fn shim_does_not_wait_for_a_slow_reader() {
    let folder = Folder::new("delete");
    let (log, out) = (folder.path("log"), folder.fifo("out"));
    let reader = attach(&out);
    let mut logger = Logger::start(&[("log", &log), ("stdout", &out)]);
    let bytes = b"0123456789abcde\n".repeat(10 << 10);
    logger.out().write_all(&bytes).unwrap();
    logger.close();
    std::thread::sleep(Duration::from_millis(50));
    assert!(logger.child.try_wait().unwrap().is_none(), "it waits for the reader");
    let begun = Instant::now();
    kill(logger.child.id(), libc::SIGTERM);
    assert_eq!(logger.wait(), 0);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(read_back(&std::fs::read(&log).unwrap()).stdout == bytes, "the log is complete");
    assert!(read_to_end(reader) == bytes, "and so is the copy");
}

#[test]
fn shim_does_not_wait_for_a_stream_that_stays_open() {
    let folder = Folder::new("stays-open");
    let log = folder.path("log");
    let mut logger = Logger::start(&[("log", &log)]);
    let left_over = logger.out().try_clone().unwrap();
    logger.close();
    kill(logger.child.id(), libc::SIGTERM);
    let begun = Instant::now();
    assert_eq!(logger.wait(), 0);
    assert!(begun.elapsed() > Duration::from_secs(4) && begun.elapsed() < Duration::from_secs(10));
    (&left_over).write_all(b"late\n").unwrap();
    eventually("the late line", || read_back(&std::fs::read(&log).unwrap()).stdout == b"late\n");
    drop(left_over);
}
