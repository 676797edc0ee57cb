//! One command: what is said to the engine, what it says, and the loop that joins them.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use crate::command::Command;
use crate::frame::{self, client, Event, IoRequest};
use crate::input::Input;
use crate::link::Link;
use crate::relay::{Relay, Stop};
use crate::sink::Sink;
use crate::sys::{self, POLLERR, POLLHUP, POLLIN, POLLOUT};
use crate::terminal::{self, Terminal};
use crate::wait::{Ready, Slot};

const RECONNECT_EVERY: Duration = Duration::from_millis(50);
const RECONNECT_FOR: Duration = Duration::from_secs(60);
/// So many interrupts within the time end this program, if the engine does not end the command.
const INTERRUPTS: usize = 3;
const INTERRUPTS_WITHIN: Duration = Duration::from_secs(3);
const LAST_WORDS: Duration = Duration::from_millis(500);

const RELAYED: [i32; 6] =
    [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2];
const OURS: [i32; 3] = [libc::SIGWINCH, libc::SIGTSTP, libc::SIGCONT];

/// How the command came to its end.
pub enum End {
    Status(u8),
    Failed(String),
}

pub struct Session {
    command: Command,
    /// None while the engine is away and may come back.
    link: Option<Link>,
    lost: Lost,
    resume: Option<Vec<Vec<u8>>>,
    replay: Option<Replay>,
    /// The engine has said something; before that it may not even have begun with the command.
    heard: bool,
    /// Signals that came while the engine was away.
    held_signals: Vec<i32>,
    signals: OwnedFd,
    interrupts: Vec<Instant>,
    terminal: Terminal,
    sinks: [Sink; 2],
    relay: Option<Relay>,
    input: Input,
}

/// What a command that is resumed writes again of the two outputs, in bytes.
#[derive(Default)]
struct Replay {
    written: [usize; 2],
    skip: [usize; 2],
}

impl Replay {
    /// What of the output is new.
    fn new_part<'a>(&mut self, stream: usize, bytes: &'a [u8]) -> &'a [u8] {
        let again = self.skip[stream].min(bytes.len());
        self.skip[stream] -= again;
        self.written[stream] += bytes.len() - again;
        &bytes[again..]
    }
}

struct Lost {
    since: Option<Instant>,
    next_try: Instant,
}

impl Session {
    pub fn new(command: Command, link: Link, terminal: Terminal) -> io::Result<Self> {
        let mut all = RELAYED.to_vec();
        all.extend_from_slice(&OURS);
        let now = Instant::now();
        Ok(Session {
            command,
            link: Some(link),
            lost: Lost { since: None, next_try: now },
            resume: None,
            replay: None,
            heard: false,
            held_signals: Vec::new(),
            signals: sys::signal_descriptor(&all, &RELAYED)?,
            interrupts: Vec::new(),
            terminal,
            sinks: [Sink::new(io::stdout().as_fd())?, Sink::new(io::stderr().as_fd())?],
            relay: None,
            input: Input::default(),
        })
    }

    /// Runs the command to its end. The terminal is as it was afterwards.
    pub fn run(mut self) -> End {
        let end = match self.hello() {
            Ok(()) => loop {
                if let Err(end) = self.turn() {
                    break end;
                }
            },
            Err(end) => end,
        };
        terminal::restore();
        if let Some(link) = self.link {
            link.send_and_close(LAST_WORDS);
        }
        end
    }

    fn hello(&mut self) -> Result<(), End> {
        let Some(link) = &mut self.link else { return Ok(()) };
        let payload = self.command.hello(self.resume.as_deref()).map_err(End::Failed)?;
        link.outgoing.push(client::HELLO, &payload);
        link.flush();
        Ok(())
    }

    fn turn(&mut self) -> Result<(), End> {
        self.dispatch()?;
        let ready = self.wait()?;
        if ready.any(Slot::Signals) {
            self.take_signals()?;
        }
        for (i, slot) in [Slot::Stdout, Slot::Stderr].into_iter().enumerate() {
            if ready.any(slot) {
                self.sinks[i].flush().or_else(|e| self.sink_failed(i, &e))?;
            }
        }
        if ready.asked(Slot::Link, POLLIN) && ready.events(Slot::Link) & (POLLIN | POLLHUP | POLLERR) != 0 {
            // Everything received before has been dispatched, or nothing would have been asked for.
            let alive = self.link.as_mut().is_some_and(Link::receive);
            if !alive {
                self.link_lost()?;
            }
        }
        if ready.any(Slot::Stdin) && self.reads_for_engine() {
            if let Some(link) = &mut self.link {
                self.input.read(&mut link.outgoing);
            }
        }
        self.move_relay(&ready)?;
        if let Some(link) = &mut self.link {
            link.flush();
        } else if Instant::now() >= self.lost.next_try {
            self.reconnect()?;
        }
        Ok(())
    }

    fn sinks_clear(&self) -> bool {
        self.sinks.iter().all(Sink::is_clear)
    }

    fn wait(&self) -> Result<Ready, End> {
        let mut ready = Ready::none();
        ready.set(Slot::Signals, self.signals.as_raw_fd(), POLLIN);
        ready.set(Slot::Stdout, self.sinks[0].waits_on(), POLLOUT);
        ready.set(Slot::Stderr, self.sinks[1].waits_on(), POLLOUT);
        let mut wakes_at = None;
        if let Some(link) = &self.link {
            // While our output is stuck nothing is read: so the engine is slowed down, too.
            let mut events = if self.sinks_clear() { POLLIN } else { 0 };
            if link.wants_to_send() {
                events |= POLLOUT;
            }
            ready.set(Slot::Link, if events == 0 { -1 } else { link.fd() }, events);
        } else {
            wakes_at = Some(self.lost.next_try);
        }
        let mut stdin = self.reads_for_engine();
        if let Some(relay) = &self.relay {
            let interest = relay.interest(&self.sinks);
            stdin = interest.stdin && !self.input.ended;
            ready.set(Slot::Feed, interest.feed.0, interest.feed.1);
            ready.set(Slot::Output, interest.outputs[0], POLLIN);
            ready.set(Slot::ErrorOutput, interest.outputs[1], POLLIN);
            wakes_at = wakes_at.into_iter().chain(relay.wakes_at()).min();
        }
        if stdin {
            ready.set(Slot::Stdin, io::stdin().as_raw_fd(), POLLIN);
        }
        let timeout = wakes_at.map(|at| at.saturating_duration_since(Instant::now()));
        ready.wait(timeout).map_err(|e| End::Failed(format!("cannot wait for input: {e}")))?;
        Ok(ready)
    }

    /// Acts on what the engine has said, until our output is stuck or all is done.
    fn dispatch(&mut self) -> Result<(), End> {
        while self.sinks_clear() {
            let Some(link) = &mut self.link else { return Ok(()) };
            let event = match link.incoming.next() {
                Ok(Some(event)) => event,
                Ok(None) => return Ok(()),
                Err(e) => {
                    return Err(End::Failed(format!(
                        "the engine at {} sent {e}: are `felucca` and `feluccad` of the same version?",
                        self.command.socket.display()
                    )))
                }
            };
            self.lost.since = None;
            self.heard = true;
            match event {
                Event::Output(i, bytes) => {
                    let bytes = self.replay.as_mut().map_or(bytes, |replay| replay.new_part(i, bytes));
                    let written = self.sinks[i].write(bytes);
                    written.or_else(|e| self.sink_failed(i, &e))?;
                }
                Event::Credit(bytes) => self.input.add_credit(bytes, &mut link.outgoing),
                Event::Raw(true) => self.terminal.raw(),
                Event::Raw(false) => {
                    terminal::restore();
                }
                Event::Io(request) => self.start_relay(request),
                Event::IoEnd => match &mut self.relay {
                    Some(relay) => relay.end(),
                    None => self.say(client::IO_DONE, &[]),
                },
                Event::Resume(arguments) => {
                    self.resume = Some(arguments);
                    self.replay = None;
                }
                Event::Position(arguments) => {
                    self.resume = Some(arguments);
                    // Said again at the beginning of a resumed command, of the same place.
                    let skip = self.replay.take().map_or([0; 2], |before| before.skip);
                    self.replay = Some(Replay { written: skip, skip });
                }
                Event::Exit(status) => return Err(End::Status(status)),
            }
        }
        Ok(())
    }

    fn say(&mut self, kind: u8, payload: &[u8]) {
        if let Some(link) = &mut self.link {
            link.outgoing.push(kind, payload);
        }
    }

    fn start_relay(&mut self, request: IoRequest) {
        if let Some(relay) = &self.relay {
            // After a reconnection the engine may ask for what goes on already.
            if relay.request() == &request {
                return self.say(client::IO_READY, &[]);
            }
            return self.say(client::IO_FAILED, b"the streams of another container are being relayed");
        }
        // Without input for the container the keys stay ours: ctrl-c must still make a signal.
        let raw = request.terminal && request.wants_stdin;
        match Relay::open(request, self.terminal.is_present()) {
            Ok(relay) => {
                self.relay = Some(relay);
                if raw {
                    self.terminal.raw();
                }
                self.say(client::IO_READY, &[]);
            }
            Err(reason) => self.refuse_io(&reason),
        }
    }

    fn refuse_io(&mut self, reason: &str) {
        let mut payload = Vec::new();
        frame::put_string(&mut payload, reason.as_bytes());
        self.say(client::IO_FAILED, &payload);
    }

    fn move_relay(&mut self, ready: &Ready) -> Result<(), End> {
        let Some(relay) = &mut self.relay else {
            return Ok(());
        };
        let fifos = [ready.any(Slot::Output), ready.any(Slot::ErrorOutput)];
        let result = relay.pump(fifos, &mut self.sinks).and_then(|()| {
            relay.feed(ready.any(Slot::Stdin), ready.events(Slot::Feed), &mut self.input.ended)
        });
        self.tell_input_end();
        let Some(relay) = &self.relay else {
            return Ok(());
        };
        match result {
            Ok(()) if relay.is_done() && self.sinks.iter().all(Sink::is_clear) => {
                self.relay = None;
                terminal::restore();
                self.say(client::IO_DONE, &[]);
                Ok(())
            }
            Ok(()) => Ok(()),
            Err(Stop::Sink(i, e)) => self.sink_failed(i, &e),
            Err(Stop::Detached) => {
                self.relay = None;
                terminal::restore();
                if self.link.is_none() {
                    // The container goes on, and nobody is there who could say more of it.
                    return Err(End::Status(0));
                }
                self.say(client::IO_DETACHED, &[]);
                Ok(())
            }
        }
    }

    /// The shim keeps a write end of its own open until the engine has it closed.
    fn tell_input_end(&mut self) {
        if self.link.is_some() && self.relay.as_mut().is_some_and(Relay::takes_input_end) {
            self.say(client::IO_STDIN_END, &[]);
        }
    }

    /// Whether standard input is for the engine, and may be read now.
    fn reads_for_engine(&self) -> bool {
        let room = self.link.as_ref().map_or(0, |link| self.input.room(&link.outgoing));
        self.relay.is_none() && room > 0
    }

    fn take_signals(&mut self) -> Result<(), End> {
        while let Some(signal) = sys::next_signal(self.signals.as_fd()) {
            match signal {
                libc::SIGINT | libc::SIGTERM | libc::SIGHUP | libc::SIGQUIT if !self.heard => {
                    return Err(End::Status(128 + signal as u8));
                }
                libc::SIGWINCH => self.tell_size(),
                libc::SIGTSTP => self.terminal.suspend(),
                libc::SIGCONT => self.tell_size(),
                libc::SIGINT => {
                    let now = Instant::now();
                    self.interrupts.retain(|&at| now - at < INTERRUPTS_WITHIN);
                    self.interrupts.push(now);
                    if self.interrupts.len() >= INTERRUPTS {
                        return Err(End::Status(130));
                    }
                    self.tell_signal(signal);
                }
                _ => self.tell_signal(signal),
            }
        }
        Ok(())
    }

    fn tell_size(&mut self) {
        let (rows, columns) = Terminal::size();
        if rows == 0 && columns == 0 {
            return;
        }
        let [a, b] = rows.to_be_bytes();
        let [c, d] = columns.to_be_bytes();
        self.say(client::RESIZE, &[a, b, c, d]);
    }

    fn tell_signal(&mut self, signal: i32) {
        if self.link.is_some() {
            self.say(client::SIGNAL, &signal.to_be_bytes());
        } else if !self.held_signals.contains(&signal) {
            self.held_signals.push(signal);
        }
    }

    /// Standard output (0) or error (1) takes no more: the command ends, and quietly if only its
    /// reader has gone.
    fn sink_failed(&mut self, i: usize, error: &io::Error) -> Result<(), End> {
        let name = ["output", "error"][i];
        if error.kind() == ErrorKind::BrokenPipe {
            self.tell_signal(libc::SIGPIPE);
            return Err(End::Status(141));
        }
        if error.raw_os_error() == Some(libc::EIO) && self.terminal.is_present() {
            // The terminal was closed.
            self.tell_signal(libc::SIGHUP);
            return Err(End::Status(129));
        }
        self.tell_signal(libc::SIGPIPE);
        Err(End::Failed(format!("cannot write to standard {name}: {error}")))
    }

    fn link_lost(&mut self) -> Result<(), End> {
        self.link = None;
        if self.resume.is_none() {
            return Err(End::Failed(format!(
                "the engine at {} went away before the command ended: see its log, start it again, and look \
                 with `felucca ps` at what became of the command",
                self.command.socket.display()
            )));
        }
        let now = Instant::now();
        self.lost.since.get_or_insert(now);
        self.lost.next_try = now;
        self.input.begin_anew();
        if let Some(replay) = &mut self.replay {
            replay.skip = replay.written;
        }
        Ok(())
    }

    fn reconnect(&mut self) -> Result<(), End> {
        match Link::connect_now(&self.command.socket) {
            Ok(link) => {
                self.link = Some(link);
                self.hello()?;
                if let Some(relay) = &mut self.relay {
                    relay.begin_anew();
                }
                self.tell_input_end();
                for signal in std::mem::take(&mut self.held_signals) {
                    self.tell_signal(signal);
                }
                Ok(())
            }
            Err(e) => {
                let now = Instant::now();
                if self.lost.since.is_some_and(|since| now - since >= RECONNECT_FOR) {
                    return Err(End::Failed(format!(
                        "the engine at {} went away and did not come back within {} s ({e}): containers go on \
                         without it; start it again and look at them with `felucca ps`",
                        self.command.socket.display(),
                        RECONNECT_FOR.as_secs()
                    )));
                }
                self.lost.next_try = now + RECONNECT_EVERY;
                Ok(())
            }
        }
    }
}
