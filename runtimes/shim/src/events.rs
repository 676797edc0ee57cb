//! Tells the engine what happened: one event after the other, each again and again until it is taken.
//! While no engine is there they wait in memory, and beyond a few in a file of the bundle.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::clock::Time;
use crate::proto::{any, Writer};
use crate::sys::{self, Epoll};
use crate::ttrpc::{self, Frame, Inbox, Outbox, Request};

const SERVICE: &str = "containerd.services.events.ttrpc.v1.Events";
/// How many wait in memory.
const IN_MEMORY: usize = 32;
/// How long the file may grow. Exits and deletions, which are as few as processes, are kept beyond it.
const LONGEST_FILE: u64 = 4 << 20;
const FIRST_DELAY: Duration = Duration::from_millis(20);
const LONGEST_DELAY: Duration = Duration::from_secs(2);
/// An engine that does not answer for so long is asked again over a new connection.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// An engine need not keep a connection for each idle container.
const KEEP_LINK: Duration = Duration::from_secs(2);

struct Link {
    socket: UnixStream,
    inbox: Inbox,
    outbox: Outbox,
    stream: u32,
    asked: Option<Instant>,
    used: Instant,
    wants_room: bool,
}

/// Events that did not fit into memory, in the order in which they came.
struct Spill {
    path: PathBuf,
    file: Option<File>,
    from: u64,
    to: u64,
}

pub struct Events {
    address: PathBuf,
    namespace: String,
    token: u64,
    queue: VecDeque<Vec<u8>>,
    spill: Spill,
    link: Option<Link>,
    retry: Option<Instant>,
    delay: Duration,
    pub dropped: u64,
}

impl Events {
    /// `address` is the engine's socket for events; `token` is what epoll tells of the connection.
    pub fn new(address: &str, namespace: &str, file: &Path, token: u64) -> Self {
        Events {
            address: PathBuf::from(address.strip_prefix("unix://").unwrap_or(address)),
            namespace: namespace.to_owned(),
            token,
            queue: VecDeque::new(),
            spill: Spill { path: file.to_owned(), file: None, from: 0, to: 0 },
            link: None,
            retry: None,
            delay: FIRST_DELAY,
            dropped: 0,
        }
    }

    /// `name` is the event's name in `containerd.events`.
    pub fn push(&mut self, topic: &str, name: &str, event: Writer) {
        if self.address.as_os_str().is_empty() {
            return;
        }
        let envelope = Writer::new()
            .message(1, Time::now().message())
            .text(2, &self.namespace)
            .text(3, topic)
            .message(4, any(&format!("containerd.events.{name}"), &event.done()));
        let bytes = Writer::new().message(1, envelope).done();
        if self.spill.is_empty() && self.queue.len() < IN_MEMORY {
            self.queue.push_back(bytes);
        } else {
            let must = matches!(name, "TaskExit" | "TaskDelete");
            match self.spill.push(&bytes, must) {
                Ok(true) => {}
                Ok(false) => self.dropped += 1,
                // A full disk: what must not be lost stays in memory, if the order allows it.
                Err(_) if must && self.spill.is_empty() => self.queue.push_back(bytes),
                Err(_) => self.dropped += 1,
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.spill.is_empty()
    }

    /// Whether the engine is away, or would not take the last one.
    pub fn is_refused(&self) -> bool {
        self.retry.is_some()
    }

    /// The engine has been heard of: it may take events again.
    pub fn hurry(&mut self) {
        self.delay = FIRST_DELAY;
        if self.retry.is_some() {
            self.retry = Some(Instant::now());
        }
    }

    /// Does what there is to do by now; called after everything else.
    pub fn step(&mut self, epoll: &Epoll) {
        let now = Instant::now();
        if self.retry.is_some_and(|at| at > now) {
            return;
        }
        self.retry = None;
        if self.queue.is_empty() && !self.spill.is_empty() {
            self.spill.take(&mut self.queue, IN_MEMORY);
        }
        let result = match &self.link {
            Some(link) if link.asked.is_some_and(|at| now - at > ANSWER_WITHIN) => {
                Err(io::ErrorKind::TimedOut.into())
            }
            Some(link) if self.queue.is_empty() && now - link.used > KEEP_LINK => {
                self.unlink(epoll);
                Ok(())
            }
            _ => self.send(epoll, now),
        };
        if result.is_err() {
            self.fail(epoll);
        }
    }

    fn send(&mut self, epoll: &Epoll, now: Instant) -> io::Result<()> {
        let Some(event) = self.queue.front() else {
            return Ok(());
        };
        let link = match &mut self.link {
            Some(link) => link,
            none => {
                let socket = sys::connect_now(&self.address)?;
                if sys::peer_user(socket.as_fd())? != sys::user() {
                    return Err(io::ErrorKind::PermissionDenied.into());
                }
                epoll.add(socket.as_fd(), sys::IN, self.token)?;
                none.insert(Link {
                    socket,
                    inbox: Inbox::default(),
                    outbox: Outbox::default(),
                    stream: 0,
                    asked: None,
                    used: now,
                    wants_room: false,
                })
            }
        };
        if link.asked.is_none() {
            link.stream = if link.stream == 0 { 1 } else { link.stream.wrapping_add(2) };
            let request = Request {
                service: SERVICE,
                method: "Forward",
                payload: event,
                timeout_nanos: ANSWER_WITHIN.as_nanos() as u64,
            };
            link.outbox.push(link.stream, ttrpc::REQUEST, &request.write(&self.namespace));
            link.asked = Some(now);
            link.used = now;
        }
        link.outbox.flush(&link.socket)?;
        let wants_room = !link.outbox.is_empty();
        if wants_room != link.wants_room {
            link.wants_room = wants_room;
            let events = if wants_room { sys::IN | sys::OUT } else { sys::IN };
            epoll.modify(link.socket.as_fd(), events, self.token)?;
        }
        Ok(())
    }

    /// The connection has something to tell.
    pub fn ready(&mut self, epoll: &Epoll) {
        let Some(link) = &mut self.link else { return };
        let open = link.inbox.fill(&link.socket);
        while let Some(frame) = link.inbox.next() {
            let Frame::Message { stream, kind: ttrpc::RESPONSE, payload } = frame else { continue };
            if stream != link.stream || link.asked.is_none() {
                continue;
            }
            link.asked = None;
            match ttrpc::read_response(&payload) {
                // One that the engine can't read will not get better.
                Ok(Err(failure)) if failure.code == ttrpc::INVALID_ARGUMENT => {
                    self.dropped += 1;
                    self.queue.pop_front();
                }
                Ok(Ok(())) => {
                    self.queue.pop_front();
                    self.delay = FIRST_DELAY;
                }
                _ => {
                    self.fail(epoll);
                    return;
                }
            }
        }
        if !matches!(open, Ok(true)) {
            self.fail(epoll);
        }
    }

    /// Lets go of the connection, and tries again later if there is something to tell.
    fn fail(&mut self, epoll: &Epoll) {
        self.unlink(epoll);
        if !self.is_empty() {
            self.retry = Some(Instant::now() + self.delay);
            self.delay = (self.delay * 2).min(LONGEST_DELAY);
        }
    }

    fn unlink(&mut self, epoll: &Epoll) {
        if let Some(link) = self.link.take() {
            epoll.remove(link.socket.as_fd());
        }
    }

    /// When [`Events::step`] has something to do next.
    pub fn wakes(&self) -> Option<Instant> {
        let link = self.link.as_ref();
        let answer = link.and_then(|l| l.asked).map(|at| at + ANSWER_WITHIN + Duration::from_millis(1));
        let idle = link.filter(|l| l.asked.is_none()).map(|l| l.used + KEEP_LINK + Duration::from_millis(1));
        [self.retry, answer, idle].into_iter().flatten().min()
    }
}

impl Spill {
    fn is_empty(&self) -> bool {
        self.from == self.to
    }

    /// False if there is no room for one that need not be kept.
    fn push(&mut self, event: &[u8], must: bool) -> io::Result<bool> {
        if !must && self.to >= LONGEST_FILE {
            return Ok(false);
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let open =
                    OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&self.path)?;
                none.insert(open)
            }
        };
        let mut record = (event.len() as u32).to_le_bytes().to_vec();
        record.extend_from_slice(event);
        file.write_all_at(&record, self.to)?;
        self.to += record.len() as u64;
        Ok(true)
    }

    fn take(&mut self, into: &mut VecDeque<Vec<u8>>, most: usize) {
        for _ in 0..most {
            if self.is_empty() {
                break;
            }
            match self.file.as_ref().map(|file| read_record(file, self.from)) {
                Some(Ok(record)) => {
                    self.from += 4 + record.len() as u64;
                    into.push_back(record);
                }
                // Somebody else wrote into it; nothing in it can be trusted.
                _ => self.from = self.to,
            }
        }
        if self.is_empty() && self.file.take().is_some() {
            (self.from, self.to) = (0, 0);
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn read_record(file: &File, at: u64) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    file.read_exact_at(&mut length, at)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > ttrpc::LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut record = vec![0; length];
    file.read_exact_at(&mut record, at + 4)?;
    Ok(record)
}

/// Writes what a person may want to know into the fifo that the engine reads as the shim's log.
pub fn log(fifo: &Path, level: &str, message: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    let opened = OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(fifo);
    if let Ok(mut file) = opened {
        let now = Time::now().seconds;
        let line = format!("time={now} level={level} msg={}\n", crate::json::quoted(message));
        // If nobody reads it, nobody wants to know.
        let _ = file.write_all(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Message;
    use std::os::unix::net::UnixListener;

    fn names(events: &[Vec<u8>]) -> Vec<String> {
        let id = |bytes: &Vec<u8>| {
            let request = Request::parse(bytes).unwrap();
            let forward = Message::parse(request.payload).unwrap();
            let envelope = Message::parse(forward.bytes(1)).unwrap();
            let event = Message::parse(envelope.bytes(4)).unwrap();
            Message::parse(event.bytes(2)).unwrap().text(1).unwrap().to_owned()
        };
        events.iter().map(id).collect()
    }

    /// Answers what comes until so many were taken.
    fn serve(
        listener: &UnixListener,
        count: usize,
        events: &mut Events,
        epoll: &Epoll,
        refuse: usize,
    ) -> Vec<Vec<u8>> {
        let mut taken = Vec::new();
        let mut refused = 0;
        let mut peer: Option<(UnixStream, Inbox)> = None;
        let until = Instant::now() + Duration::from_secs(60);
        while taken.len() < count {
            assert!(Instant::now() < until, "{} of {count} events came", taken.len());
            events.step(epoll);
            if let Ok((socket, _)) = listener.accept() {
                socket.set_nonblocking(true).unwrap();
                peer = Some((socket, Inbox::default()));
            }
            if let Some((socket, inbox)) = &mut peer {
                let open = inbox.fill(&*socket).unwrap();
                while let Some(Frame::Message { stream, payload, .. }) = inbox.next() {
                    let mut outbox = Outbox::default();
                    let answer = if refused < refuse {
                        refused += 1;
                        Err(ttrpc::Failure::new(14, "not yet"))
                    } else {
                        taken.push(payload);
                        Ok(Vec::new())
                    };
                    outbox.push(stream, ttrpc::RESPONSE, &ttrpc::response(&answer));
                    outbox.flush(socket).unwrap();
                }
                if !open {
                    peer = None;
                }
            }
            let mut ready = [sys::epoll_event { events: 0, u64: 0 }; 4];
            if epoll.wait(&mut ready, Some(Duration::from_millis(1))) > 0 {
                events.ready(epoll);
            }
        }
        taken
    }

    #[test]
    fn events_come_in_order_though_the_engine_was_away() {
        let folder = std::env::temp_dir().join(format!("felucca-shim-events-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let socket = folder.join("events.sock");
        let file = folder.join("felucca-events");
        let epoll = Epoll::new().unwrap();
        let mut events = Events::new(socket.to_str().unwrap(), "ns", &file, 1);
        let wanted: Vec<String> = (0..200).map(|i| format!("c{i}")).collect();
        for id in &wanted {
            events.push("/tasks/oom", "TaskOOM", Writer::new().text(1, id));
            events.step(&epoll);
        }
        assert!(file.exists(), "nothing waits in the file");
        let listener = UnixListener::bind(&socket).unwrap();
        listener.set_nonblocking(true).unwrap();
        events.hurry();
        let taken = serve(&listener, 200, &mut events, &epoll, 2);
        assert_eq!(names(&taken), wanted);
        // The last answer is still to be read.
        let until = Instant::now() + Duration::from_secs(60);
        while !events.is_empty() {
            assert!(Instant::now() < until);
            events.ready(&epoll);
        }
        assert!(!file.exists(), "the file stayed");
        assert_eq!(events.dropped, 0);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_queue_that_is_full_keeps_exits() {
        let file = std::env::temp_dir().join(format!("felucca-shim-full-{}", std::process::id()));
        let mut events = Events::new("/nowhere", "ns", &file, 1);
        let long = "x".repeat(100_000);
        for _ in 0..100 {
            events.push("/tasks/oom", "TaskOOM", Writer::new().text(1, &long));
        }
        let dropped = events.dropped;
        assert!(dropped > 0, "the file has no bound");
        events.push("/tasks/exit", "TaskExit", Writer::new().text(1, "c"));
        assert_eq!(events.dropped, dropped);
        let mut all = std::mem::take(&mut events.queue);
        while !events.spill.is_empty() {
            events.spill.take(&mut all, 10);
        }
        let last = Message::parse(all.back().unwrap()).unwrap();
        assert_eq!(Message::parse(last.bytes(1)).unwrap().text(3), Ok("/tasks/exit"));
    }
}
