//! A small engine for the tests: it makes bundles, starts shims, calls them and takes their events.
//! All runs as root with the machine's own runtimes.

#![allow(dead_code)]

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::proto::{any, Message, Writer};
use crate::ttrpc::{self, Frame, Inbox, Outbox, Request};

pub const SHIM: &str = env!("CARGO_BIN_EXE_felucca-shim");
pub const NAMESPACE: &str = "test";
/// Longer than anything takes on a slow and busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// One that was told of: its topic, the container, the id of the process, and the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub topic: String,
    pub id: String,
    pub process: String,
    pub status: u64,
}

/// Takes events as an engine does, until it is dropped.
pub struct Engine {
    pub socket: PathBuf,
    pub events: Arc<Mutex<Vec<Event>>>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Engine {
    pub fn start(socket: &Path, events: Arc<Mutex<Vec<Event>>>) -> Self {
        let _ = fs::remove_file(socket);
        let listener = UnixListener::bind(socket).unwrap();
        listener.set_nonblocking(true).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (taken, stopped) = (events.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let mut peers: Vec<(UnixStream, Inbox)> = Vec::new();
            while !stopped.load(Ordering::SeqCst) {
                if let Ok((socket, _)) = listener.accept() {
                    socket.set_nonblocking(true).unwrap();
                    peers.push((socket, Inbox::default()));
                }
                peers.retain_mut(|(socket, inbox)| {
                    let open = inbox.fill(&*socket).unwrap_or(false);
                    while let Some(Frame::Message { stream, payload, .. }) = inbox.next() {
                        taken.lock().unwrap().push(event(&payload));
                        let mut outbox = Outbox::default();
                        outbox.push(stream, ttrpc::RESPONSE, &ttrpc::response(&Ok(Vec::new())));
                        let _ = outbox.flush(socket);
                    }
                    open
                });
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        Engine { socket: socket.to_owned(), events, stop, thread: Some(thread) }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
        let _ = fs::remove_file(&self.socket);
    }
}

fn event(request: &[u8]) -> Event {
    let request = Request::parse(request).unwrap();
    assert_eq!((request.service, request.method), ("containerd.services.events.ttrpc.v1.Events", "Forward"));
    let forward = Message::parse(request.payload).unwrap();
    let envelope = Message::parse(forward.bytes(1)).unwrap();
    assert_eq!(envelope.text(2), Ok(NAMESPACE));
    let topic = envelope.text(3).unwrap().to_owned();
    let any = Message::parse(envelope.bytes(4)).unwrap();
    assert!(any.text(1).unwrap().starts_with("containerd.events.Task"));
    let event = Message::parse(any.bytes(2)).unwrap();
    let text = |number| event.text(number).unwrap_or_default().to_owned();
    let (process, status) = match topic.as_str() {
        "/tasks/exit" => (text(2), event.number(4)),
        "/tasks/delete" => (text(1), event.number(3)),
        "/tasks/exec-added" | "/tasks/exec-started" => (text(2), 0),
        _ => (text(1), 0),
    };
    Event { topic, id: text(1), process, status }
}

/// What a container is to be.
#[derive(Clone)]
pub struct Wanted {
    pub arguments: Vec<String>,
    pub terminal: bool,
    pub own_pids: bool,
    pub annotations: String,
    pub resources: String,
}

impl Wanted {
    pub fn shell(script: &str) -> Self {
        Self::program(&["/bin/sh", "-c", script])
    }

    pub fn program(arguments: &[&str]) -> Self {
        Wanted {
            arguments: arguments.iter().map(|a| (*a).to_owned()).collect(),
            terminal: false,
            own_pids: true,
            annotations: String::new(),
            resources: String::new(),
        }
    }
}

pub fn quoted(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|t| format!("{t:?}")).collect();
    texts.join(",")
}

/// A process of an exec.
pub fn process(arguments: &[&str], terminal: bool) -> Vec<u8> {
    let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
    let arguments = quoted(&arguments);
    let spec = format!(
        "{{\"terminal\":{terminal},\"user\":{{\"uid\":0,\"gid\":0}},\"args\":[{arguments}],\"env\":[\"PATH=/bin\"],\"cwd\":\"/\"}}"
    );
    any("types.containerd.io/opencontainers/runtime-spec/1/Process", spec.as_bytes()).done()
}

/// A folder with a shim in it, and what belongs to that.
pub struct Bench {
    pub folder: PathBuf,
    pub id: String,
    pub bundle: PathBuf,
    pub runtime: PathBuf,
    pub events: Arc<Mutex<Vec<Event>>>,
    pub engine: Option<Engine>,
}

impl Bench {
    pub fn new(runtime: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let id = format!("t{}-{number}", std::process::id());
        let folder = PathBuf::from(format!("/tmp/felucca-shim-test-{id}"));
        let bundle = folder.join("bundle");
        fs::create_dir_all(bundle.join("rootfs")).unwrap();
        let bin = folder.join("image/bin");
        fs::create_dir_all(&bin).unwrap();
        for name in ["dev", "proc", "tmp"] {
            fs::create_dir_all(folder.join("image").join(name)).unwrap();
        }
        fs::copy("/bin/busybox", bin.join("busybox")).expect("busybox-static is not installed");
        let names = [
            "sh", "echo", "cat", "sleep", "true", "dd", "stty", "kill", "tr", "head", "seq", "yes", "wc",
            "ps",
        ];
        for name in names {
            symlink("busybox", bin.join(name)).unwrap();
        }
        let events = Arc::new(Mutex::new(Vec::new()));
        let engine = Some(Engine::start(&folder.join("events.sock"), events.clone()));
        let runtime = PathBuf::from(runtime);
        Bench { folder, id, bundle, runtime, events, engine }
    }

    pub fn write_spec(&self, bundle: &Path, id: &str, wanted: &Wanted) {
        let pid = if wanted.own_pids { "{\"type\":\"pid\"}," } else { "" };
        let spec = format!(
            "{{\"ociVersion\":\"1.0.2\",\"process\":{{\"terminal\":{},\"user\":{{\"uid\":0,\"gid\":0}},\"args\":[{}],\
             \"env\":[\"PATH=/bin\"],\"cwd\":\"/\"}},\"root\":{{\"path\":\"rootfs\"}},\"annotations\":{{{}}},\
             \"mounts\":[{{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}},\
             {{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}},\
             {{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":[\"newinstance\",\"ptmxmode=0666\"]}}],\
             \"linux\":{{\"cgroupsPath\":\"/felucca-shim-test-{id}\",\"resources\":{{{}}},\
             \"namespaces\":[{pid}{{\"type\":\"mount\"}},{{\"type\":\"ipc\"}},{{\"type\":\"uts\"}},{{\"type\":\"network\"}}]}}}}",
            wanted.terminal,
            quoted(&wanted.arguments),
            wanted.annotations,
            wanted.resources
        );
        fs::write(bundle.join("config.json"), spec).unwrap();
    }

    fn command(&self, bundle: &Path, id: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(SHIM);
        command
            .args(["-namespace", NAMESPACE, "-address"])
            .arg(self.folder.join("engine.sock"))
            .args(["-publish-binary", "/nowhere", "-id", id])
            .args(arguments)
            .current_dir(bundle)
            .env("TTRPC_ADDRESS", self.folder.join("events.sock"))
            .stdin(Stdio::null());
        command
    }

    /// Runs `start` with this on its standard input; what it printed.
    pub fn start_with(&self, bundle: &Path, id: &str, input: &[u8]) -> Vec<u8> {
        let mut child = self
            .command(bundle, id, &["start"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "start: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "start complains: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Runs `wait`; what it printed.
    pub fn wait_started(&self) -> Vec<u8> {
        let room = "x".repeat(120);
        let output = self.command(Path::new("/"), &room, &["wait"]).output().unwrap();
        assert!(output.status.success(), "wait: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    pub fn start(&self, wanted: &Wanted) -> Client {
        self.write_spec(&self.bundle, &self.id, wanted);
        let address = String::from_utf8(self.start_with(&self.bundle, &self.id, b"")).unwrap();
        Client::connect(address.strip_prefix("unix://").unwrap(), &self.id)
    }

    /// Runs `delete`; the status that it tells.
    pub fn delete(&self) -> u64 {
        let bundle = self.bundle.display().to_string();
        let output = self.command(&self.bundle, &self.id, &["-bundle", &bundle, "delete"]).output().unwrap();
        assert!(output.status.success(), "delete: {}", String::from_utf8_lossy(&output.stderr));
        Message::parse(&output.stdout).unwrap().number(2)
    }

    pub fn options(&self) -> Writer {
        let root = self.folder.join("runtime").display().to_string();
        let options = Writer::new().text(6, &self.runtime.display().to_string()).text(7, &root);
        any("containerd.runc.v1.Options", &options.done())
    }

    /// A request of Create.
    pub fn creation(&self, io: [&str; 3], terminal: bool) -> Writer {
        self.creation_in(&self.bundle, &self.id, io, terminal)
    }

    pub fn creation_in(&self, bundle: &Path, id: &str, io: [&str; 3], terminal: bool) -> Writer {
        let image = self.folder.join("image").display().to_string();
        let mount = Writer::new().text(1, "bind").text(2, &image).text(4, "rbind").text(4, "rw");
        Writer::new()
            .text(1, id)
            .text(2, &bundle.display().to_string())
            .message(3, mount)
            .number(4, terminal.into())
            .text(5, io[0])
            .text(6, io[1])
            .text(7, io[2])
            .message(10, self.options())
    }

    pub fn fifo(&self, name: &str) -> String {
        let path = self.folder.join(name).display().to_string();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    /// Events that were told of by now, without the ones of memory.
    pub fn topics(&self) -> Vec<String> {
        self.events.lock().unwrap().iter().map(|e| e.topic.trim_start_matches("/tasks/").to_owned()).collect()
    }

    pub fn wait_for_event(&self, topic: &str, process: &str) -> Event {
        until(&format!("{topic} of {process}, got {:?}", self.topics()), || {
            let events = self.events.lock().unwrap();
            events.iter().find(|e| e.topic == topic && e.process == process).cloned()
        })
    }

    pub fn is_mounted(&self) -> bool {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        mounts.lines().any(|line| line.contains(&self.folder.display().to_string()))
    }

    /// Processes whose working folder or command line is of this bench.
    pub fn processes(&self) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let cwd = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
            let number = entry.file_name().to_string_lossy().parse::<u32>();
            if number.is_ok_and(|n| n != std::process::id())
                && (cwd.starts_with(&self.folder) || line.contains(&self.id))
            {
                found.push(format!("{:?} {line}", entry.file_name()));
            }
        }
        found
    }

    /// What has to be true at the end of every test.
    pub fn nothing_stays(&self) {
        until(&format!("the end of {:?}", self.processes()), || self.processes().is_empty().then_some(()));
        assert!(!self.is_mounted(), "something is mounted");
        let sockets = fs::read_to_string(self.bundle.join("address")).unwrap_or_default();
        let socket = sockets.trim_start_matches("unix://");
        assert!(!Path::new(socket).exists() || socket.is_empty(), "its socket stays");
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.engine = None;
        if std::thread::panicking() {
            // So that a failed test leaves nothing, too.
            let _ = Command::new("sh")
                .args(["-c", "for p in /proc/[0-9]*; do case $(readlink $p/cwd) in \"$0\"*) kill -9 ${p#/proc/};; esac; done"])
                .arg(&self.folder)
                .status();
            let bundle = self.bundle.display().to_string();
            let _ = self.command(&self.bundle, &self.id, &["-bundle", &bundle, "delete"]).output();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A connection to a shim.
pub struct Client {
    pub socket: UnixStream,
    pub path: PathBuf,
    inbox: Inbox,
    stream: u32,
    pub id: String,
    /// Answers that came before they were asked for.
    early: Vec<(u32, Vec<u8>)>,
}

pub type Answer = Result<Vec<u8>, (u32, String)>;

impl Client {
    pub fn connect(path: &str, id: &str) -> Self {
        let socket = UnixStream::connect(path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let path = PathBuf::from(path);
        Client { socket, path, inbox: Inbox::default(), stream: 1, id: id.to_owned(), early: Vec::new() }
    }

    pub fn send_to(&mut self, service: &str, method: &str, payload: Writer, timeout: Duration) -> u32 {
        let stream = self.stream;
        self.stream += 2;
        let payload = payload.done();
        let timeout_nanos = timeout.as_nanos() as u64;
        let request = Request { service, method, payload: &payload, timeout_nanos };
        let mut outbox = Outbox::default();
        outbox.push(stream, ttrpc::REQUEST, &request.write(NAMESPACE));
        outbox.flush(&self.socket).unwrap();
        assert!(outbox.is_empty());
        stream
    }

    pub fn send(&mut self, method: &str, payload: Writer) -> u32 {
        self.send_to("containerd.task.v2.Task", method, payload, Duration::ZERO)
    }

    pub fn answer(&mut self, stream: u32) -> Answer {
        loop {
            if let Some(at) = self.early.iter().position(|(s, _)| *s == stream) {
                let (_, payload) = self.early.remove(at);
                let response = Message::parse(&payload).unwrap();
                let status = Message::parse(response.bytes(1)).unwrap();
                return match status.small(1) {
                    0 => Ok(response.bytes(2).to_vec()),
                    code => Err((code, status.text(2).unwrap().to_owned())),
                };
            }
            while let Some(Frame::Message { stream, payload, .. }) = self.inbox.next() {
                self.early.push((stream, payload));
            }
            if self.early.iter().all(|(s, _)| *s != stream) {
                let mut part = [0; 4096];
                let count = loop {
                    match self.socket.read(&mut part) {
                        Err(e) if e.kind() == ErrorKind::Interrupted => {}
                        other => break other.expect("no answer came"),
                    }
                };
                assert!(count > 0, "the shim has closed the connection");
                self.inbox.fill(&part[..count]).unwrap();
            }
        }
    }

    pub fn call(&mut self, method: &str, payload: Writer) -> Answer {
        let stream = self.send(method, payload);
        self.answer(stream)
    }

    pub fn own(&self) -> Writer {
        Writer::new().text(1, &self.id)
    }

    pub fn of_exec(&self, exec: &str) -> Writer {
        self.own().text(2, exec)
    }

    /// A call that must work, and a number of its answer.
    pub fn number(&mut self, method: &str, payload: Writer, field: u32) -> u64 {
        let answer = self.call(method, payload).unwrap_or_else(|e| panic!("{method}: {e:?}"));
        Message::parse(&answer).unwrap().number(field)
    }

    pub fn wait(&mut self, exec: &str) -> u64 {
        let request = self.of_exec(exec);
        self.number("Wait", request, 1)
    }

    pub fn delete(&mut self, exec: &str) -> u64 {
        let request = self.of_exec(exec);
        self.number("Delete", request, 2)
    }

    pub fn exec(&mut self, exec: &str, arguments: &[&str], io: [&str; 3], terminal: bool) -> u64 {
        let request = self
            .of_exec(exec)
            .number(3, terminal.into())
            .text(4, io[0])
            .text(5, io[1])
            .text(6, io[2])
            .bytes(7, &process(arguments, terminal));
        self.call("Exec", request).unwrap();
        let start = self.of_exec(exec);
        self.number("Start", start, 1)
    }

    pub fn kill(&mut self, exec: &str, signal: u64) -> Answer {
        let request = self.of_exec(exec).number(3, signal);
        self.call("Kill", request)
    }

    pub fn shim_pid(&mut self) -> u64 {
        let request = self.own();
        self.number("Connect", request, 1)
    }

    /// Ends an idle shim, and sees it gone.
    pub fn shutdown(mut self, bench: &Bench) {
        let request = self.own();
        self.call("Shutdown", request).unwrap();
        bench.nothing_stays();
    }

    /// Kills the container and all that belongs to it.
    pub fn finish(mut self, bench: &Bench) {
        let _ = self.kill("", 9);
        self.wait("");
        self.delete("");
        self.shutdown(bench);
    }
}

/// Reads a fifo to its end in another thread.
pub fn reader(path: &str) -> std::thread::JoinHandle<Vec<u8>> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).unwrap();
    std::thread::spawn(move || {
        let mut file = file;
        let mut all = Vec::new();
        let mut part = vec![0; 65536];
        let end = Instant::now() + PATIENCE;
        loop {
            match file.read(&mut part) {
                // Nobody has opened the other end yet, or all have left.
                Ok(0) if all.is_empty() && Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(1))
                }
                Ok(0) => return all,
                Ok(count) => all.extend_from_slice(&part[..count]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    assert!(
                        Instant::now() < end,
                        "the fifo has no end; it said {}",
                        String::from_utf8_lossy(&all)
                    );
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(e) => panic!("{e}"),
            }
        }
    })
}

/// What a fifo has said so far.
pub struct Watcher(Arc<Mutex<Vec<u8>>>);

impl Watcher {
    pub fn new(path: &str) -> Self {
        let mut file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let all = said.clone();
        // Holds the fifo open, and ends with the test.
        std::thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(count) = file.read(&mut part) {
                all.lock().unwrap().extend_from_slice(&part[..count]);
            }
        });
        Watcher(said)
    }

    pub fn waits_for(&self, text: &str) {
        let said = || String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned();
        let end = Instant::now() + PATIENCE;
        while !said().contains(text) {
            assert!(Instant::now() < end, "{text:?} does not come in {:?}", said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
