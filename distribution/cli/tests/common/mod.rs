//! A fake engine at the other end of the socket, and the client as a user starts it: with pipes or
//! in a terminal.

#![allow(dead_code)] // each test file uses its part

use std::ffi::{CString, OsStr};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const PATIENCE: Duration = Duration::from_secs(20);

pub const HELLO: u8 = 1;
pub const STDIN: u8 = 2;
pub const STDIN_EOF: u8 = 3;
pub const RESIZE: u8 = 4;
pub const SIGNAL: u8 = 5;
pub const IO_READY: u8 = 6;
pub const IO_FAILED: u8 = 7;
pub const IO_DETACHED: u8 = 8;
pub const IO_DONE: u8 = 9;
pub const IO_STDIN_END: u8 = 10;
pub const STDOUT: u8 = 65;
pub const STDERR: u8 = 66;
pub const STDIN_CREDIT: u8 = 67;
pub const RAW: u8 = 68;
pub const IO: u8 = 69;
pub const IO_END: u8 = 70;
pub const RESUME: u8 = 71;
pub const POSITION: u8 = 73;
pub const EXIT: u8 = 72;

pub fn pipe() -> (File, File) {
    let mut ends = [0; 2];
    // SAFETY: the kernel fills the array with two new descriptors, which are owned here only.
    unsafe {
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0);
        let [reader, writer] = ends.map(|fd| File::from(OwnedFd::from_raw_fd(fd)));
        (reader, writer)
    }
}

/// How many bytes nobody has read yet.
pub fn waiting(pipe: &File) -> usize {
    let mut count = 0;
    // SAFETY: FIONREAD fills the exclusively borrowed integer.
    let result = unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &mut count) };
    assert_eq!(result, 0);
    count as usize
}

fn is_readable(stream: &impl AsRawFd, within: Duration) -> bool {
    let mut fd = libc::pollfd { fd: stream.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one exclusively borrowed entry.
    unsafe { libc::poll(&mut fd, 1, within.as_millis() as i32) > 0 }
}

pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "in vain waited for: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A folder that is gone after the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("felucca-cli-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn fifo(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        let text = CString::new(path.as_os_str().as_bytes()).unwrap();
        // SAFETY: the string ends with a NUL and lives during the call.
        assert_eq!(unsafe { libc::mkfifo(text.as_ptr(), 0o600) }, 0);
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Engine {
    pub folder: Folder,
    pub socket: PathBuf,
    listener: Option<UnixListener>,
}

impl Engine {
    pub fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let socket = folder.path("shell.sock");
        let listener = Some(UnixListener::bind(&socket).unwrap());
        Engine { folder, socket, listener }
    }

    /// As if the engine had been killed, for new connections.
    pub fn stop(&mut self) {
        self.listener = None;
    }

    pub fn start_again(&mut self) {
        std::fs::remove_file(&self.socket).unwrap();
        self.listener = Some(UnixListener::bind(&self.socket).unwrap());
    }

    /// So many that nobody else gets a place in the queue until they are accepted.
    pub fn crowd(&self) -> Vec<UnixStream> {
        let listener = self.listener.as_ref().unwrap();
        // SAFETY: listening once more only changes the length of the queue.
        assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 1) }, 0);
        (0..2).map(|_| UnixStream::connect(&self.socket).unwrap()).collect()
    }

    pub fn accept(&self) -> Connection {
        let listener = self.listener.as_ref().unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut stream = None;
        eventually("a connection", || {
            stream = listener.accept().ok();
            stream.is_some()
        });
        let (stream, _) = stream.unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Connection(stream)
    }

    /// The connection of a client, and what its HELLO says.
    pub fn serve(&self) -> (Connection, Hello) {
        let mut connection = self.accept();
        let hello = connection.expect(HELLO);
        (connection, Hello::parse(&hello))
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_felucca"));
        command.arg("--socket").arg(&self.socket).args(arguments);
        let as_usual = || {
            // SAFETY: only system calls, as a child before its exec must.
            unsafe {
                for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT] {
                    libc::signal(signal, libc::SIG_DFL);
                }
            }
            Ok(())
        };
        // The tests may run where these are ignored, and the client lets them be so.
        // SAFETY: see there.
        unsafe { command.pre_exec(as_usual) };
        command
    }

    /// A client with pipes for its streams.
    pub fn client(&self, arguments: &[&str]) -> Client {
        Client::spawn(&mut self.command(arguments))
    }
}

#[derive(Debug)]
pub struct Hello {
    pub version: u8,
    pub terminals: u8,
    pub rows: u16,
    pub columns: u16,
    pub directory: Vec<u8>,
    pub arguments: Vec<Vec<u8>>,
    pub environment: Vec<Vec<u8>>,
}

impl Hello {
    fn parse(payload: &[u8]) -> Self {
        let mut rest = &payload[6..];
        let directory = string(&mut rest);
        let arguments = list(&mut rest);
        let environment = list(&mut rest);
        assert!(rest.is_empty());
        Hello {
            version: payload[0],
            terminals: payload[1],
            rows: u16::from_be_bytes([payload[2], payload[3]]),
            columns: u16::from_be_bytes([payload[4], payload[5]]),
            directory,
            arguments,
            environment,
        }
    }
}

fn number(rest: &mut &[u8]) -> usize {
    let (number, later) = rest.split_at(4);
    *rest = later;
    u32::from_be_bytes(number.try_into().unwrap()) as usize
}

pub fn string(rest: &mut &[u8]) -> Vec<u8> {
    let length = number(rest);
    let (text, later) = rest.split_at(length);
    *rest = later;
    text.to_vec()
}

fn list(rest: &mut &[u8]) -> Vec<Vec<u8>> {
    (0..number(rest)).map(|_| string(rest)).collect()
}

pub fn put(payload: &mut Vec<u8>, text: &[u8]) {
    payload.extend_from_slice(&(text.len() as u32).to_be_bytes());
    payload.extend_from_slice(text);
}

pub struct Connection(pub UnixStream);

impl Connection {
    pub fn send(&mut self, kind: u8, payload: &[u8]) {
        self.try_send(kind, payload).unwrap();
    }

    pub fn try_send(&mut self, kind: u8, payload: &[u8]) -> std::io::Result<()> {
        let mut bytes = (payload.len() as u32).to_be_bytes().to_vec();
        bytes.push(kind);
        bytes.extend_from_slice(payload);
        self.0.write_all(&bytes)
    }

    /// The next frame; None at the end of the connection.
    pub fn receive(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut header = [0; 5];
        match self.0.read_exact(&mut header) {
            Ok(()) => {}
            Err(e) if matches!(e.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                return None
            }
            Err(e) => panic!("no frame came: {e}"),
        }
        let mut payload = vec![0; u32::from_be_bytes(header[..4].try_into().unwrap()) as usize];
        self.0.read_exact(&mut payload).unwrap();
        Some((header[4], payload))
    }

    pub fn expect(&mut self, kind: u8) -> Vec<u8> {
        let (mut found, mut payload) = self.receive().expect("the client has gone");
        if found == IO_STDIN_END && kind != IO_STDIN_END {
            // It comes whenever the input happens to end; tests that are about it ask for it.
            (found, payload) = self.receive().expect("the client has gone");
        }
        assert_eq!(found, kind, "{:?}", String::from_utf8_lossy(&payload));
        payload
    }

    pub fn expect_signal(&mut self, signal: i32) {
        assert_eq!(self.expect(SIGNAL), signal.to_be_bytes());
    }

    /// True if the client says nothing for a while.
    pub fn is_silent(&mut self) -> bool {
        !is_readable(&self.0, Duration::from_millis(100))
    }

    pub fn credit(&mut self, bytes: u32) {
        self.send(STDIN_CREDIT, &bytes.to_be_bytes());
    }

    pub fn resume(&mut self, arguments: &[&str]) {
        self.send_list(RESUME, arguments);
    }

    pub fn position(&mut self, arguments: &[&str]) {
        self.send_list(POSITION, arguments);
    }

    fn send_list(&mut self, kind: u8, texts: &[&str]) {
        let mut payload = (texts.len() as u32).to_be_bytes().to_vec();
        texts.iter().for_each(|text| put(&mut payload, text.as_bytes()));
        self.send(kind, &payload);
    }

    /// Paths of stdin, stdout and stderr, empty for none.
    pub fn io(&mut self, flags: u8, paths: [&Path; 3], keys: &str) {
        let mut payload = vec![flags];
        paths.iter().for_each(|path| put(&mut payload, path.as_os_str().as_bytes()));
        put(&mut payload, keys.as_bytes());
        self.send(IO, &payload);
    }

    pub fn exit(&mut self, status: u8) {
        self.send(EXIT, &[status]);
    }
}

pub fn none() -> &'static Path {
    Path::new("")
}

/// Opens a fifo as a shim does, once the client is there.
pub fn shim_opens(path: &Path, write: bool) -> File {
    let mut file = None;
    eventually("the client's end of a fifo", || {
        let options = &mut OpenOptions::new();
        file = options.read(!write).write(write).custom_flags(libc::O_NONBLOCK).open(path).ok();
        file.is_some()
    });
    let file = file.unwrap();
    // SAFETY: these calls take integers only.
    unsafe {
        let flags = libc::fcntl(file.as_raw_fd(), libc::F_GETFL);
        assert_eq!(libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags & !libc::O_NONBLOCK), 0);
    }
    file
}

/// Opens a fifo for reading and waits for the client to open it for writing.
pub fn shim_reads(path: &Path) -> File {
    File::open(path).unwrap()
}

pub struct Client {
    pub child: Child,
}

impl Client {
    pub fn spawn(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Client { child: command.spawn().unwrap() }
    }

    pub fn spawn_with(command: &mut Command, stdin: impl Into<Stdio>, stdout: impl Into<Stdio>) -> Self {
        command.stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        Client { child: command.spawn().unwrap() }
    }

    pub fn kill(&self, signal: i32) {
        // SAFETY: sends a signal to a child that is not waited for yet.
        assert_eq!(unsafe { libc::kill(self.child.id() as i32, signal) }, 0);
    }

    pub fn close_stdin(&mut self) {
        self.child.stdin = None;
    }

    pub fn type_in(&mut self, text: &[u8]) {
        self.child.stdin.as_mut().unwrap().write_all(text).unwrap();
    }

    /// The next bytes of its standard output.
    pub fn read_out(&mut self, count: usize) -> Vec<u8> {
        let stdout = self.child.stdout.as_mut().unwrap();
        let mut bytes = vec![0; count];
        let mut done = 0;
        while done < count {
            assert!(is_readable(stdout, PATIENCE), "{done} of {count} bytes came");
            let more = stdout.read(&mut bytes[done..]).unwrap();
            assert!(more > 0, "the end after {done} of {count} bytes");
            done += more;
        }
        bytes
    }

    pub fn status(&mut self) -> i32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < end, "the client does not end");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What is left of its output, its messages, and its status.
    pub fn end(&mut self) -> (String, String, i32) {
        let status = self.status();
        let rest = |stream: &mut dyn Read| {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let out = self.child.stdout.as_mut().map_or(String::new(), |s| rest(s));
        let err = self.child.stderr.as_mut().map_or(String::new(), |s| rest(s));
        (out, err, status)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A terminal whose keyboard and screen are the test's.
pub struct Screen {
    pub master: Option<File>,
    pub line: File,
    pub shown: Vec<u8>,
}

impl Screen {
    pub fn new(rows: u16, columns: u16) -> Self {
        let (mut master, mut line) = (0, 0);
        let size = window(rows, columns);
        let none = std::ptr::null_mut();
        // SAFETY: openpty fills the two numbers; the descriptors are owned here only.
        let (master, line) = unsafe {
            assert_eq!(libc::openpty(&mut master, &mut line, none, none.cast(), &size), 0);
            for fd in [master, line] {
                libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC);
            }
            (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(line))
        };
        Screen { master: Some(File::from(master)), line: File::from(line), shown: Vec::new() }
    }

    /// Starts a client as the leader of a session on this terminal.
    pub fn client(&self, mut command: Command) -> Client {
        let stream = || Stdio::from(self.line.try_clone().unwrap());
        command.stdin(stream()).stdout(stream()).stderr(stream());
        let begin_session = || {
            // SAFETY: only system calls, as a child before its exec must.
            unsafe {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
            }
            Ok(())
        };
        // SAFETY: see there.
        unsafe { command.pre_exec(begin_session) };
        Client { child: command.spawn().unwrap() }
    }

    pub fn type_in(&self, keys: &[u8]) {
        self.master.as_ref().unwrap().write_all(keys).unwrap();
    }

    pub fn resize(&self, rows: u16, columns: u16) {
        let size = window(rows, columns);
        // SAFETY: TIOCSWINSZ reads the borrowed structure.
        let result =
            unsafe { libc::ioctl(self.master.as_ref().unwrap().as_raw_fd(), libc::TIOCSWINSZ, &size) };
        assert_eq!(result, 0);
    }

    pub fn is_raw(&self) -> bool {
        // SAFETY: `termios` is plain data that tcgetattr fills.
        let modes = unsafe {
            let mut modes: libc::termios = std::mem::zeroed();
            assert_eq!(libc::tcgetattr(self.line.as_raw_fd(), &mut modes), 0);
            modes
        };
        let of_lines = libc::ICANON | libc::ISIG | libc::ECHO;
        let raw = modes.c_lflag & of_lines == 0 && modes.c_oflag & libc::OPOST == 0;
        let cooked = modes.c_lflag & of_lines == of_lines && modes.c_oflag & libc::OPOST != 0;
        assert!(raw || cooked, "half raw");
        raw
    }

    pub fn wait_raw(&self, raw: bool) {
        eventually(if raw { "raw mode" } else { "the modes of before" }, || self.is_raw() == raw);
    }

    /// Reads the screen until it shows `text`.
    pub fn wait_shown(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        let mut chunk = [0; 4096];
        while !self.shown.windows(text.len()).any(|part| part == text.as_bytes()) {
            assert!(Instant::now() < end, "{:?} is shown", String::from_utf8_lossy(&self.shown));
            let master = self.master.as_mut().unwrap();
            if is_readable(master, Duration::from_millis(100)) {
                let count = master.read(&mut chunk).unwrap();
                self.shown.extend_from_slice(&chunk[..count]);
            }
        }
    }
}

fn window(rows: u16, columns: u16) -> libc::winsize {
    libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

/// FNV-1a over 8 bytes at a time: fast, and any change of order or content shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hash(pub u64, pub u64);

impl Hash {
    pub fn new() -> Self {
        Hash(0xcbf2_9ce4_8422_2325, 0)
    }

    /// Reads to the end. Pieces that are no multiple of 8 are joined first.
    pub fn read(mut self, stream: &mut impl Read) -> Self {
        let mut buffer = vec![0; 1 << 20];
        let mut held = 0;
        loop {
            let count = stream.read(&mut buffer[held..]).unwrap();
            let whole = if count == 0 { held } else { (held + count) / 8 * 8 };
            self.add(&buffer[..whole]);
            if count == 0 {
                return self;
            }
            buffer.copy_within(whole..held + count, 0);
            held = held + count - whole;
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        for eight in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..eight.len()].copy_from_slice(eight);
            self.0 = (self.0 ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.1 += bytes.len() as u64;
    }
}

/// Writes `total` bytes in pieces of changing size, and gives their hash.
pub fn write_much(mut to: impl Write, total: usize) -> Hash {
    let mut block = vec![0u8; 1 << 20];
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    block.chunks_exact_mut(8).for_each(|eight| eight.copy_from_slice(&next().to_le_bytes()));
    let mut written = 0;
    let mut sent = Vec::new();
    let mut hash = Hash::new();
    while written < total {
        let size = [4096, 64 << 10, 1 << 20, 1000][(next() % 4) as usize].min(total - written);
        // Every piece is another: a lost or doubled one shows.
        let mark = next().to_le_bytes();
        block[..8].copy_from_slice(&mark);
        to.write_all(&block[..size]).unwrap();
        sent.extend_from_slice(&block[..size]);
        if sent.len() >= 1 << 20 || written + size == total {
            let whole = if written + size == total { sent.len() } else { sent.len() / 8 * 8 };
            hash.add(&sent[..whole]);
            sent.drain(..whole);
        }
        written += size;
    }
    hash
}

pub fn os(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}
