//! Starts the logger as a shim does, and reads its log back.

#![allow(dead_code)] // each test file uses its part

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn pipe() -> (File, File) {
    let mut ends = [0; 2];
    // SAFETY: the kernel fills the array with two new descriptors, which are owned here only.
    unsafe {
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
        let [reader, writer] = ends.map(|fd| File::from(OwnedFd::from_raw_fd(fd)));
        (reader, writer)
    }
}

pub fn mkfifo(path: &Path) {
    let path = std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: the string ends with a NUL and lives during the call.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
}

pub fn kill(process: u32, signal: i32) {
    // SAFETY: sends a signal to a child that is not waited for yet.
    assert_eq!(unsafe { libc::kill(process as i32, signal) }, 0);
}

/// A folder that is gone after the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("felucca-logger-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn fifo(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        mkfifo(&path);
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Logger {
    pub child: Child,
    pub stdout: Option<File>,
    pub stderr: Option<File>,
    ready: File,
}

impl Logger {
    /// Without waiting for it to be ready.
    pub fn launch(arguments: &[(&str, &Path)]) -> Self {
        let (out_reader, stdout) = pipe();
        let (err_reader, stderr) = pipe();
        let (ready, ready_writer) = pipe();
        let passed = [&out_reader, &err_reader, &ready_writer].map(|file| file.as_raw_fd());
        let mut command = Command::new(env!("CARGO_BIN_EXE_felucca-logger"));
        for (name, value) in arguments {
            command.arg(name).arg(value);
        }
        command.env("CONTAINER_ID", "c1").env("CONTAINER_NAMESPACE", "ns1");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        // SAFETY: `pass` only makes system calls, as a child before its exec must.
        unsafe { command.pre_exec(move || pass(passed)) };
        let child = command.spawn().unwrap();
        Logger { child, stdout: Some(stdout), stderr: Some(stderr), ready }
    }

    pub fn start(arguments: &[(&str, &Path)]) -> Self {
        let mut logger = Self::launch(arguments);
        assert_eq!(logger.wait_ready(), [0], "one byte, then the end");
        logger
    }

    /// What comes on the ready descriptor until it is closed.
    pub fn wait_ready(&mut self) -> Vec<u8> {
        let mut said = Vec::new();
        self.ready.read_to_end(&mut said).unwrap();
        said
    }

    pub fn out(&self) -> &File {
        self.stdout.as_ref().unwrap()
    }

    pub fn err(&self) -> &File {
        self.stderr.as_ref().unwrap()
    }

    pub fn close(&mut self) {
        self.stdout = None;
        self.stderr = None;
    }

    pub fn wait(&mut self) -> i32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < end, "the logger does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn end(&mut self) {
        self.close();
        assert_eq!(self.wait(), 0);
    }
}

impl Drop for Logger {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes the descriptors 3, 4 and 5, even where those numbers are in use.
fn pass(descriptors: [RawFd; 3]) -> std::io::Result<()> {
    let mut copies = [0; 3];
    // SAFETY: these calls take integers only.
    unsafe {
        for (copy, fd) in copies.iter_mut().zip(descriptors) {
            *copy = libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 100);
        }
        for (number, copy) in (3..).zip(copies) {
            if libc::dup2(copy, number) < 0 {
                return Err(std::io::Error::last_os_error());
            }
        }
    }
    Ok(())
}

/// The streams that a log stands for, checked for its form on the way.
#[derive(Default, PartialEq, Eq)]
pub struct Streams {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub notes: Vec<String>,
}

pub fn read_back(log: &[u8]) -> Streams {
    let mut streams = Streams::default();
    assert!(log.is_empty() || log.ends_with(b"\n"), "the last record is whole");
    for record in log.split_inclusive(|&b| b == b'\n') {
        let (time, rest) = record.split_at(30);
        check_time(time);
        let stream = match &rest[..8] {
            b" stdout " => &mut streams.stdout,
            b" stderr " => &mut streams.stderr,
            other => panic!("no stream: {:?}", String::from_utf8_lossy(other)),
        };
        let space = rest[8..].iter().position(|&b| b == b' ').unwrap() + 8;
        let text = &rest[space + 1..];
        match &rest[8..space] {
            b"F" => stream.extend_from_slice(text),
            b"P" => stream.extend_from_slice(&text[..text.len() - 1]),
            b"F:lost" => streams.notes.push(String::from_utf8_lossy(text).into_owned()),
            other => panic!("no tag: {:?}", String::from_utf8_lossy(other)),
        }
        assert!(text.len() <= 16385, "a text of {} bytes", text.len());
    }
    streams
}

/// As [`read_back`], of docker's format.
pub fn read_back_json(log: &[u8]) -> Streams {
    let mut streams = Streams::default();
    assert!(log.is_empty() || log.ends_with(b"\n"), "the last record is whole");
    for record in log.split_inclusive(|&b| b == b'\n') {
        let rest = record.strip_prefix(b"{\"log\":\"").expect("the text first");
        let end = string_end(rest);
        let (text, rest) = (&rest[..end], std::str::from_utf8(&rest[end..]).expect("no text"));
        let (stream, rest) = rest.strip_prefix("\",\"stream\":\"").unwrap().split_at(6);
        let (time, rest) = rest.strip_prefix("\",\"time\":\"").unwrap().split_at(30);
        check_time(time.as_bytes());
        let raw =
            rest.strip_prefix("\",\"attrs\":{\"felucca.bytes\":\"").and_then(|r| r.strip_suffix("\"}}\n"));
        let lost = rest == "\",\"attrs\":{\"felucca.lost\":\"1\"}}\n";
        assert!(raw.is_some() || lost || rest == "\"}\n", "{rest}");
        let bytes = unescape(text, raw.unwrap_or_default());
        match stream {
            _ if lost => streams.notes.push(String::from_utf8(bytes).unwrap()),
            "stdout" => streams.stdout.extend(bytes),
            "stderr" => streams.stderr.extend(bytes),
            other => panic!("no stream: {other}"),
        }
    }
    streams
}

fn string_end(text: &[u8]) -> usize {
    let mut at = 0;
    while text[at] != b'"' {
        assert!(text[at] >= 0x20, "a control character");
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at
}

fn unescape(text: &[u8], raw: &str) -> Vec<u8> {
    let mut raw = raw.as_bytes().chunks(2).map(|two| hex(std::str::from_utf8(two).unwrap()) as u8);
    let mut bytes = Vec::new();
    let mut rest = std::str::from_utf8(text).expect("UTF-8");
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let escape = &rest[at + 1..];
        let used = match escape.as_bytes()[0] {
            b'u' => {
                let code = hex(&escape[1..5]);
                bytes.push(if code == 0xfffd { raw.next().unwrap() } else { code as u8 });
                5
            }
            b'n' => {
                bytes.push(b'\n');
                1
            }
            b'r' => {
                bytes.push(b'\r');
                1
            }
            b't' => {
                bytes.push(b'\t');
                1
            }
            byte => {
                bytes.push(byte);
                1
            }
        };
        rest = &escape[used..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    assert!(raw.next().is_none(), "a byte too many");
    bytes
}

fn hex(digits: &str) -> u32 {
    u32::from_str_radix(digits, 16).unwrap()
}

fn check_time(time: &[u8]) {
    for (i, &byte) in time.iter().enumerate() {
        let fits = match i {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 => byte == b':',
            19 => byte == b'.',
            29 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        };
        assert!(fits, "no time: {:?}", String::from_utf8_lossy(time));
    }
}

pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "in vain waited for: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A stream of bytes that looks random and is the same each time.
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Lines of at least `count` bytes together.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            self.line(&mut bytes);
        }
        bytes
    }

    /// A line of any length, with any bytes.
    fn line(&mut self, to: &mut Vec<u8>) {
        let most = [2, 40, 200, 20_000, 70_000][(self.next() % 100).saturating_sub(95) as usize];
        let length = self.next() % most;
        for _ in 0..length {
            let byte = self.next() as u8;
            to.push(if byte == b'\n' { 0 } else { byte });
        }
        to.push(b'\n');
    }
}
