//! The loop: one thread that waits for everything at once, and never for one thing alone.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::clock::Exit;
use crate::events::{self, Events};
use crate::model::{Containers, Key, Reply};
use crate::operation::Operation;
use crate::relay::{Next, Relay};
use crate::sys::{self, epoll_event, pid_t, Epoll};
use crate::ttrpc::{self, Failure, Frame, Inbox, Outbox, Request};
use crate::waiting::Waiting;

const LISTENER: u64 = 1;
const CHILDREN: u64 = 2;
pub const EVENTS: u64 = 3;
const FIRST_FREE: u64 = 8;
/// How long events may keep a shim that was asked to end; and if the engine does not take them.
const LAST_WORDS: Duration = Duration::from_secs(3);
const UNHEARD: Duration = Duration::from_millis(300);
/// An accept that fails fails again at once while descriptors are short.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

pub struct Connection {
    socket: UnixStream,
    inbox: Inbox,
    outbox: Outbox,
    wants_room: bool,
}

/// What a token of epoll stands for.
pub enum Target {
    Connection(Connection),
    Relay(u64),
    /// The descriptor on which the logger of an operation says that it is ready.
    Logger(u64, OwnedFd),
    /// What the runtime of an operation says.
    Words(u64, OwnedFd),
    Oom(String),
}

pub struct Running {
    pub relay: Relay,
    pub owner: Key,
    pub input: bool,
    /// Of typed input: the fifo, to be opened again when whoever typed has left.
    pub again: Option<String>,
}

pub struct Settings {
    pub namespace: String,
    pub log: PathBuf,
    pub socket: PathBuf,
}

pub struct Shim {
    pub settings: Settings,
    pub epoll: Epoll,
    children: OwnedFd,
    listener: Option<UnixListener>,
    accept_at: Option<Instant>,
    next_token: u64,
    targets: BTreeMap<u64, Target>,
    pub relays: BTreeMap<u64, Running>,
    pub operations: BTreeMap<u64, Operation>,
    pub containers: Containers,
    pub events: Events,
    /// Ends of processes that nobody has told of yet: their runtime has not said which they are.
    pub early: Vec<(pid_t, Exit)>,
    ends: Option<Instant>,
    /// It was started ahead, and nobody has said for which container.
    pub waits: Option<Waiting>,
    trim: bool,
}

impl Shim {
    pub fn new(settings: Settings, listener: UnixListener, events_address: &str) -> io::Result<Self> {
        let epoll = Epoll::new()?;
        let children = sys::child_signals()?;
        listener.set_nonblocking(true)?;
        epoll.add(listener.as_fd(), sys::IN, LISTENER)?;
        epoll.add(children.as_fd(), sys::IN, CHILDREN)?;
        let queue = std::path::Path::new("felucca-events");
        let events = Events::new(events_address, &settings.namespace, &std::path::absolute(queue)?, EVENTS);
        Ok(Shim {
            settings,
            epoll,
            children,
            listener: Some(listener),
            accept_at: None,
            next_token: FIRST_FREE,
            targets: BTreeMap::new(),
            relays: BTreeMap::new(),
            operations: BTreeMap::new(),
            containers: Containers::default(),
            events,
            early: Vec::new(),
            ends: None,
            waits: None,
            trim: false,
        })
    }

    pub fn log(&self, level: &str, message: &str) {
        events::log(&self.settings.log, level, message);
    }

    pub fn token(&mut self) -> u64 {
        self.next_token += 1;
        self.next_token
    }

    /// Serves until it is asked to end.
    pub fn run(&mut self) {
        let mut ready = [epoll_event { events: 0, u64: 0 }; 32];
        loop {
            let now = Instant::now();
            let mut timeout = self.wakes().map(|at| at.saturating_duration_since(now));
            if self.trim && timeout != Some(Duration::ZERO) {
                // Before a longer wait, what is free goes back to the kernel.
                let found = self.epoll.wait(&mut ready, Some(Duration::ZERO));
                if found == 0 {
                    self.trim = false;
                    sys::trim_memory();
                } else {
                    timeout = Some(Duration::ZERO);
                    self.dispatch(&ready[..found]);
                }
            }
            let found = self.epoll.wait(&mut ready, timeout);
            self.dispatch(&ready[..found]);
            let now = Instant::now();
            if self.is_forsaken(now) {
                let _ = std::fs::remove_file(&self.settings.socket);
                return;
            }
            let unheard = |at: Instant| self.events.is_refused() && at <= now + (LAST_WORDS - UNHEARD);
            if self.ends.is_some_and(|at| self.events.is_empty() || at <= now || unheard(at)) {
                return;
            }
        }
    }

    /// Whether it waits for a container that nobody will name.
    fn is_forsaken(&mut self, now: Instant) -> bool {
        let is_open = |connection| self.targets.contains_key(&connection);
        self.waits.as_ref().is_some_and(|waits| waits.is_over(is_open, now))
    }

    fn dispatch(&mut self, ready: &[epoll_event]) {
        for event in ready {
            let token = event.u64;
            match token {
                LISTENER => self.accept(),
                CHILDREN => self.reap(),
                EVENTS => self.events.ready(&self.epoll),
                _ => self.ready(token),
            }
        }
        self.trim |= ready.iter().any(|event| event.u64 < FIRST_FREE);
        self.tick();
        self.events.step(&self.epoll);
    }

    fn ready(&mut self, token: u64) {
        match self.targets.get(&token) {
            Some(Target::Connection(_)) => self.serve(token),
            Some(Target::Relay(relay)) => {
                let relay = *relay;
                self.pump(relay);
            }
            Some(Target::Logger(operation, _)) => {
                let operation = *operation;
                self.logger_is_ready(operation, token);
            }
            Some(Target::Words(operation, fd)) => {
                let mut part = [0u8; 1024];
                let count = sys::read(fd.as_fd(), &mut part);
                let operation = *operation;
                match count {
                    Ok(0) | Err(_) => self.forget(token),
                    Ok(count) => {
                        if let Some(operation) = self.operations.get_mut(&operation) {
                            operation.hears(&part[..count]);
                        }
                    }
                }
            }
            Some(Target::Oom(id)) => {
                let id = id.clone();
                self.look_for_oom(&id);
            }
            // It went in the same round.
            None => {}
        }
    }

    /// When there is something to do though nothing happens.
    fn wakes(&self) -> Option<Instant> {
        let operations = self.operations.values().filter_map(Operation::wakes);
        operations
            .chain(self.events.wakes())
            .chain(self.ends)
            .chain(self.waits.as_ref().and_then(Waiting::wakes))
            .chain(self.accept_at)
            .chain(self.exits_wake())
            .min()
    }

    fn tick(&mut self) {
        let now = Instant::now();
        if self.accept_at.is_some_and(|at| at <= now) {
            self.accept_at = None;
            if let Some(listener) = &self.listener {
                let _ = self.epoll.add(listener.as_fd(), sys::IN, LISTENER);
            }
        }
        self.tick_operations(now);
        self.tick_exits(now);
    }

    /// Waits for a descriptor.
    pub fn watch(&mut self, fd: &OwnedFd, target: impl FnOnce(u64) -> Target) -> io::Result<u64> {
        let token = self.token();
        self.epoll.add(fd.as_fd(), sys::IN, token)?;
        self.targets.insert(token, target(token));
        Ok(token)
    }

    /// As `watch`, of a descriptor that belongs to the target.
    pub fn watch_own(&mut self, fd: OwnedFd, target: impl FnOnce(OwnedFd) -> Target) -> io::Result<u64> {
        let token = self.token();
        self.epoll.add(fd.as_fd(), sys::IN, token)?;
        self.targets.insert(token, target(fd));
        Ok(token)
    }

    pub fn target(&self, token: u64) -> Option<&Target> {
        self.targets.get(&token)
    }

    /// Waits no more for what this token stands for, and closes it.
    pub fn forget(&mut self, token: u64) {
        match self.targets.remove(&token) {
            Some(Target::Connection(connection)) => self.epoll.remove(connection.socket.as_fd()),
            Some(Target::Logger(_, fd) | Target::Words(_, fd)) => self.epoll.remove(fd.as_fd()),
            Some(Target::Relay(_) | Target::Oom(_)) | None => {}
        }
    }

    fn accept(&mut self) {
        loop {
            let Some(listener) = &self.listener else { return };
            match listener.accept() {
                Ok((socket, _)) => {
                    if sys::peer_user(socket.as_fd()).is_ok_and(|user| user == sys::user()) {
                        self.admit(socket);
                    } else {
                        self.log("warning", "a process of another user was refused");
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.epoll.remove(listener.as_fd());
                    self.accept_at = Some(Instant::now() + ACCEPT_AGAIN);
                    return;
                }
            }
        }
    }

    fn admit(&mut self, socket: UnixStream) {
        let token = self.token();
        let watched =
            socket.set_nonblocking(true).and_then(|()| self.epoll.add(socket.as_fd(), sys::IN, token));
        if watched.is_ok() {
            let connection =
                Connection { socket, inbox: Inbox::default(), outbox: Outbox::default(), wants_room: false };
            self.targets.insert(token, Target::Connection(connection));
            self.events.hurry();
        }
    }

    fn serve(&mut self, token: u64) {
        let Some(Target::Connection(connection)) = self.targets.get_mut(&token) else { return };
        let open = connection.inbox.fill(&connection.socket);
        while let Some(Target::Connection(connection)) = self.targets.get_mut(&token) {
            let Some(frame) = connection.inbox.next() else { break };
            self.take(token, frame);
        }
        self.flush(token);
        if !matches!(open, Ok(true)) {
            self.forget(token);
        }
    }

    fn take(&mut self, connection: u64, frame: Frame) {
        match frame {
            Frame::TooLong { stream, length } => {
                let what = format!("a message of {length} bytes is longer than {} bytes", ttrpc::LONGEST);
                self.answer(Reply { connection, stream }, Err(Failure::new(ttrpc::RESOURCE_EXHAUSTED, what)));
            }
            Frame::Message { stream, kind: ttrpc::REQUEST, payload } => {
                let reply = Reply { connection, stream };
                if stream % 2 == 0 {
                    let what = "the stream of a call must be odd";
                    return self.answer(reply, Err(Failure::new(ttrpc::INVALID_ARGUMENT, what)));
                }
                let result = match Request::parse(&payload) {
                    Ok(request) => self.call(reply, &request),
                    Err(malformed) => Err(malformed.into()),
                };
                match result {
                    Ok(None) => {}
                    Ok(Some(payload)) => self.answer(reply, Ok(payload)),
                    Err(failure) => self.answer(reply, Err(failure)),
                }
            }
            // Streams are not spoken here; nobody waits for an answer.
            Frame::Message { .. } => {}
        }
    }

    /// Answers a call, if whoever made it is still there.
    pub fn answer(&mut self, reply: Reply, result: Result<Vec<u8>, Failure>) {
        if let Some(Target::Connection(connection)) = self.targets.get_mut(&reply.connection) {
            connection.outbox.push(reply.stream, ttrpc::RESPONSE, &ttrpc::response(&result));
            self.flush(reply.connection);
        }
    }

    fn flush(&mut self, token: u64) {
        let Some(Target::Connection(connection)) = self.targets.get_mut(&token) else { return };
        let flushed = connection.outbox.flush(&connection.socket);
        let wants_room = !connection.outbox.is_empty();
        let watched = if wants_room == connection.wants_room {
            Ok(())
        } else {
            connection.wants_room = wants_room;
            let events = if wants_room { sys::IN | sys::OUT } else { sys::IN };
            self.epoll.modify(connection.socket.as_fd(), events, token)
        };
        if flushed.and(watched).is_err() {
            self.forget(token);
        }
    }

    /// Starts to move what there is.
    pub fn start_relay(&mut self, running: Running) -> u64 {
        let token = self.token();
        self.targets.insert(token, Target::Relay(token));
        // A file that epoll does not take is always ready.
        let _ = self.epoll.add(running.relay.source.as_fd(), sys::IN, token);
        self.relays.insert(token, running);
        token
    }

    pub fn pump(&mut self, token: u64) {
        let Some(running) = self.relays.get_mut(&token) else { return };
        let relay = &mut running.relay;
        let next = relay.pump();
        if next == Next::End {
            return self.relay_ended(token);
        }
        if next != relay.waits_for {
            relay.waits_for = next;
            // Removed from one side: a source that has ended would be told of again and again.
            let (from, to, events) = match next {
                Next::Sink => (&relay.source, &relay.sink, sys::OUT),
                _ => (&relay.sink, &relay.source, sys::IN),
            };
            self.epoll.remove(from.as_fd());
            let _ = self.epoll.add(to.as_fd(), events, token);
        }
    }

    fn relay_ended(&mut self, token: u64) {
        let Some(running) = self.relays.get(&token) else { return };
        let again = running.again.clone().filter(|_| !running.relay.draining);
        if let Some(source) = again.and_then(|name| crate::stdio::open_source(&name).ok()) {
            // Whoever typed has left. Somebody else may come, so the fifo is opened afresh.
            if let Some(running) = self.relays.get_mut(&token) {
                self.epoll.remove(running.relay.source.as_fd());
                running.relay.source = source;
                let _ = self.epoll.add(running.relay.source.as_fd(), sys::IN, token);
            }
            return;
        }
        self.stop_relay(token);
    }

    /// Closes both sides.
    pub fn stop_relay(&mut self, token: u64) {
        self.targets.remove(&token);
        let Some(running) = self.relays.remove(&token) else { return };
        self.epoll.remove(running.relay.source.as_fd());
        self.epoll.remove(running.relay.sink.as_fd());
        if let Some(container) = self.containers.any(&running.owner.id) {
            if let Some(process) = container.process_mut(&running.owner.exec) {
                if running.input {
                    process.io.stdin = None;
                } else {
                    process.io.outputs.retain(|t| *t != token);
                }
            }
        }
    }

    fn reap(&mut self) {
        let mut record = [0u8; 128];
        while sys::read(self.children.as_fd(), &mut record).is_ok() {}
        while let Some((pid, status)) = sys::reap() {
            self.child_ended(pid, Exit::now(status));
        }
    }

    /// Goes, once the last events are told.
    pub fn end(&mut self) {
        if self.ends.is_none() {
            self.ends = Some(Instant::now() + LAST_WORDS);
            if let Some(listener) = self.listener.take() {
                self.epoll.remove(listener.as_fd());
                let _ = std::fs::remove_file(&self.settings.socket);
            }
        }
    }
}
