//! What stands in the log.

mod common;

use std::io::{Read, Write};
use std::path::Path;

use common::{eventually, kill, read_back, Folder, Logger, Noise};

#[test]
fn both_streams_come_back_exactly() {
    let folder = Folder::new("both");
    let log = folder.path("log");
    let mut logger = Logger::start(&[("log", &log)]);
    logger.out().write_all(b"one\n\nthree without end").unwrap();
    logger.err().write_all(b"\0error\n").unwrap();
    logger.end();
    let bytes = std::fs::read(&log).unwrap();
    let streams = read_back(&bytes);
    assert_eq!(streams.stdout, b"one\n\nthree without end");
    assert_eq!(streams.stderr, b"\0error\n");
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.lines().count(), 4);
    assert!(text.contains(" stdout F one\n"), "{text}");
    assert!(text.contains(" stdout P three without end\n"), "{text}");
}

#[test]
fn line_is_there_at_once() {
    let folder = Folder::new("at-once");
    let log = folder.path("log");
    let mut logger = Logger::start(&[("log", &log)]);
    for line in 1..=20 {
        logger.out().write_all(format!("line {line}\nbegun").as_bytes()).unwrap();
        eventually("the line", || {
            let text = String::from_utf8(std::fs::read(&log).unwrap()).unwrap();
            assert!(!text.ends_with("begun\n"), "a line without its end was written");
            text.ends_with(&format!("line {line}\n"))
        });
    }
    logger.end();
}

#[test]
fn time_is_that_of_the_read() {
    let folder = Folder::new("time");
    let log = folder.path("log");
    let mut logger = Logger::start(&[("log", &log)]);
    let now = || {
        let out = std::process::Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%S.%NZ"]).output().unwrap();
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    };
    let before = now();
    logger.err().write_all(b"x\n").unwrap();
    logger.end();
    let after = now();
    let log = String::from_utf8(std::fs::read(&log).unwrap()).unwrap();
    assert!(before.as_str() < &log[..30] && &log[..30] < after.as_str(), "{before} {log} {after}");
}

#[test]
fn any_lines_come_back_exactly() {
    let folder = Folder::new("any");
    let log = folder.path("log");
    let mut logger = Logger::start(&[("log", &log)]);
    let feed = |mut pipe: std::fs::File, seed: u64| {
        std::thread::spawn(move || {
            let mut noise = Noise(seed);
            let mut bytes = noise.bytes(24 << 20);
            bytes.pop();
            // In pieces of any size.
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let size = [1, 100, 5000, 100_000][(noise.next() % 4) as usize];
                let (now, later) = rest.split_at(rest.len().min(size));
                pipe.write_all(now).unwrap();
                rest = later;
            }
            bytes
        })
    };
    let stdout = feed(logger.stdout.take().unwrap(), 88_172_645_463_325_252);
    let stderr = feed(logger.stderr.take().unwrap(), 1_234_567_891_011);
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    logger.end();
    let streams = read_back(&std::fs::read(&log).unwrap());
    assert!(streams.stdout == stdout, "stdout differs");
    assert!(streams.stderr == stderr, "stderr differs");
}

/// 256 MB, checked as it is read back: neither side holds it all.
#[test]
fn much_output_comes_back_exactly() {
    const LINES: u64 = 2_600_000;
    let folder = Folder::new("much");
    let log = folder.path("log");
    let mut logger = Logger::start(&[("log", &log)]);
    let line = |i: u64| format!("{i:012} {:x<86}", i % 10);
    {
        let mut out = std::io::BufWriter::with_capacity(64 << 10, logger.stdout.take().unwrap());
        for i in 0..LINES {
            writeln!(out, "{}", line(i)).unwrap();
        }
        out.flush().unwrap();
    }
    logger.end();
    let mut reader = std::io::BufReader::with_capacity(1 << 20, std::fs::File::open(&log).unwrap());
    let mut record = [0; 40 + 100];
    for i in 0..LINES {
        reader.read_exact(&mut record).unwrap();
        let expected = line(i);
        assert!(record[30..40] == *b" stdout F ", "record {i}");
        assert!(record[40..139] == *expected.as_bytes() && record[139] == b'\n', "record {i}");
    }
    assert_eq!(reader.read(&mut record).unwrap(), 0);
}

#[test]
fn log_is_continued_after_whole_records() {
    let folder = Folder::new("continued");
    let log = folder.path("log");
    let old = "2026-01-01T00:00:00.000000000Z stdout F old\n";
    std::fs::write(&log, format!("{old}2026-01-01T00:00:00.000000001Z stdo")).unwrap();
    let mut logger = Logger::start(&[("log", &log)]);
    logger.out().write_all(b"new\n").unwrap();
    logger.end();
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.starts_with(old), "{text}");
    assert_eq!(read_back(text.as_bytes()).stdout, b"old\nnew\n");
}

#[test]
fn sigterm_writes_what_has_come_and_goes_on() {
    let folder = Folder::new("sigterm");
    let log = folder.path("log");
    let mut logger = Logger::start(&[("log", &log)]);
    for signal in [libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGPIPE, libc::SIGXFSZ] {
        kill(logger.child.id(), signal);
    }
    logger.out().write_all(b"half ").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(std::fs::read(&log).unwrap(), b"");
    kill(logger.child.id(), libc::SIGTERM);
    eventually("the half line", || std::fs::read_to_string(&log).unwrap().ends_with(" stdout P half \n"));
    logger.out().write_all(b"line\n").unwrap();
    logger.end();
    assert_eq!(read_back(&std::fs::read(&log).unwrap()).stdout, b"half line\n");
}

#[test]
fn arguments_in_any_order_and_empty_values() {
    let folder = Folder::new("order");
    let log = folder.path("log");
    let none = Path::new("");
    let mut logger = Logger::start(&[("stderr", none), ("max", none), ("log", &log), ("stdout", none)]);
    logger.out().write_all(b"x\n").unwrap();
    logger.end();
    assert_eq!(read_back(&std::fs::read(&log).unwrap()).stdout, b"x\n");
}

#[test]
fn bad_arguments_fail_before_ready() {
    let folder = Folder::new("bad");
    let log = folder.path("log");
    let link = folder.path("link");
    std::os::unix::fs::symlink("/etc/hostname", &link).unwrap();
    let missing = folder.path("none/log");
    let fifo = folder.fifo("fifo");
    for (arguments, word) in [
        (vec![], "`log`"),
        (vec![("log", Path::new(""))], "`log`"),
        (vec![("log", missing.as_path())], "does its folder exist?"),
        (vec![("log", link.as_path())], "link"),
        (vec![("log", fifo.as_path())], "fifo: it is not a regular file"),
        (vec![("log", log.as_path()), ("max", Path::new("12k"))], "12k"),
        (vec![("log", log.as_path()), ("max", Path::new("0"))], "max"),
        (vec![("log", log.as_path()), ("format", Path::new("xml"))], "format"),
        (vec![("log", log.as_path()), ("files", Path::new("0"))], "files"),
        (vec![("log", log.as_path()), ("full", Path::new("panic"))], "full"),
        (vec![("log", log.as_path()), ("size", Path::new("1"))], "unknown"),
        (vec![("log", log.as_path()), ("in.stdout", log.as_path())], "is no fifo"),
    ] {
        let mut logger = Logger::launch(&arguments);
        assert_eq!(logger.wait_ready(), [], "{word}");
        assert_eq!(logger.wait(), 1, "{word}");
        let mut message = String::new();
        logger.child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
        assert!(message.starts_with("felucca-logger ns1/c1: "), "{message}");
        assert!(message.contains(word), "{message}");
    }
}
