//! What a shim does by running a program: asked for by a call, answered when the program has ended.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::bundle;
use crate::clock::Exit;
use crate::model::{Container, Key, Reply};
use crate::shim::{Shim, Target};
use crate::spawn::{self, Program};
use crate::sys::{self, pid_t};
use crate::ttrpc::{unknown, Failure, DEADLINE_EXCEEDED, UNKNOWN};

/// How much of a program's words is kept.
const WORDS: usize = 2048;
/// How long a logger may take to say that it is ready.
const LOGGER: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub enum What {
    Create,
    /// Create and start in one.
    Run,
    Restore,
    Start,
    Exec,
    Kill,
    Pause,
    Resume,
    Update,
    Checkpoint(String),
    Delete(Deletion),
    /// All processes that are left after the first one has ended.
    KillRest,
    /// Of a container that was not created as it should.
    Discard,
}

/// How far the deletion of a process has come.
#[derive(Debug)]
pub struct Deletion {
    pub began: Instant,
    /// Whether the runtime has forgotten the container; at once for an exec.
    pub forgotten: bool,
    /// Signals that the logger was sent.
    pub logger_told: u8,
}

pub struct Operation {
    pub what: What,
    pub key: Key,
    pub reply: Option<Reply>,
    deadline: Option<Instant>,
    /// Why it was ended before its time.
    given_up: Option<&'static str>,
    pub pid: pid_t,
    /// The token of what it says.
    words: Option<u64>,
    said: Vec<u8>,
    log: PathBuf,
    pub console: Option<(UnixListener, PathBuf)>,
    /// Files that are of no use afterwards.
    pub files: Vec<PathBuf>,
}

impl Operation {
    pub fn new(what: What, key: Key, reply: Option<Reply>, deadline: Option<Instant>) -> Self {
        Operation {
            what,
            key,
            reply,
            deadline,
            given_up: None,
            pid: 0,
            words: None,
            said: Vec::new(),
            log: PathBuf::new(),
            console: None,
            files: Vec::new(),
        }
    }

    pub fn wakes(&self) -> Option<Instant> {
        match &self.what {
            What::Delete(deletion) if deletion.forgotten => deletion.wakes(),
            _ => self.deadline.filter(|_| self.given_up.is_none()),
        }
    }

    pub fn hears(&mut self, words: &[u8]) {
        let room = WORDS.saturating_sub(self.said.len());
        self.said.extend_from_slice(&words[..words.len().min(room)]);
    }

    fn gives_streams(&self) -> bool {
        matches!(self.what, What::Create | What::Run | What::Restore | What::Exec)
    }

    /// What went wrong, in the runtime's own words if it has any.
    pub fn failure(&self, status: u32) -> Failure {
        if let Some(why) = self.given_up {
            return Failure::new(DEADLINE_EXCEEDED, format!("{}: {why}", self.describe()));
        }
        let said = String::from_utf8_lossy(&self.said);
        let words = match bundle::runtime_error(&self.log) {
            Some(words) => words,
            None if said.trim().is_empty() && status > 128 => {
                format!("the runtime was ended by signal {}", status - 128)
            }
            None if said.trim().is_empty() => {
                format!("the runtime ended with status {status} and said nothing")
            }
            None => said.trim().to_owned(),
        };
        Failure::new(UNKNOWN, format!("{}: {words}", self.describe()))
    }

    fn describe(&self) -> &'static str {
        match self.what {
            What::Create | What::Run => "OCI runtime create failed",
            What::Restore => "OCI runtime restore failed",
            What::Start => "OCI runtime start failed",
            What::Exec => "OCI runtime exec failed",
            What::Kill | What::KillRest => "OCI runtime kill failed",
            What::Pause => "OCI runtime pause failed",
            What::Resume => "OCI runtime resume failed",
            What::Update => "OCI runtime update failed",
            What::Checkpoint(_) => "OCI runtime checkpoint failed",
            What::Delete(_) | What::Discard => "OCI runtime delete failed",
        }
    }
}

/// What every call of a runtime begins with.
pub fn global_arguments(container: &Container, namespace: &str, log: &Path) -> Vec<String> {
    let mut arguments = vec![
        "--root".to_owned(),
        container.options.root_of(namespace),
        "--log".to_owned(),
        log.display().to_string(),
        "--log-format".to_owned(),
        "json".to_owned(),
    ];
    if container.options.systemd_cgroup {
        arguments.push("--systemd-cgroup".to_owned());
    }
    arguments
}

impl Shim {
    /// Runs the container's runtime with these arguments.
    pub fn launch(&mut self, mut operation: Operation, arguments: Vec<String>) -> Result<(), Failure> {
        let token = self.token();
        let namespace = self.settings.namespace.clone();
        let gives_streams = operation.gives_streams();
        let Some(container) = self.containers.any(&operation.key.id) else {
            return Err(Failure::new(UNKNOWN, "the container went meanwhile"));
        };
        let bundle = container.bundle.clone();
        let runtime = container.runtime.clone();
        let log_name = if gives_streams && operation.key.exec.is_empty() {
            "log.json".to_owned()
        } else {
            format!("log-{token}.json")
        };
        operation.log = bundle.join(log_name);
        let _ = fs::remove_file(&operation.log);
        operation.files.push(operation.log.clone());
        let mut line = global_arguments(container, &namespace, &operation.log);
        line.extend(arguments);

        let process = container.process_mut(&operation.key.exec);
        let mut streams = match process {
            Some(process) if gives_streams => std::mem::take(&mut process.io.child),
            _ => Vec::new(),
        };
        let mut words = None;
        if streams.is_empty() {
            let what = "prepare the runtime's streams";
            let (read, write) = sys::pipe().map_err(unknown(what))?;
            sys::set_nonblocking(read.as_fd()).map_err(unknown(what))?;
            let again = sys::again(&write).map_err(unknown(what))?;
            streams = vec![sys::null().map_err(unknown(what))?, write, again];
            words = Some(read);
        }
        let descriptors: Vec<_> = streams.iter().map(AsFd::as_fd).collect();
        operation.pid = spawn::spawn(&Program {
            path: &runtime,
            arguments: &line,
            folder: &bundle,
            descriptors: &descriptors,
            environment: &[],
            dies_with_us: true,
        })
        .map_err(|e| {
            let why = match e.kind() {
                io::ErrorKind::NotFound => bundle::gone(&runtime),
                _ => format!("{}: {e}", runtime.display()),
            };
            Failure::new(UNKNOWN, format!("{}: {why}", operation.describe()))
        })?;
        if let Some(words) = words {
            operation.words = self.watch_own(words, |fd| Target::Words(token, fd)).ok();
        }
        self.operations.insert(token, operation);
        Ok(())
    }

    /// Before a process is started, its logger must be ready.
    pub fn launch_after_logger(
        &mut self,
        mut operation: Operation,
        ready: Option<std::os::fd::OwnedFd>,
    ) -> Result<(), Failure> {
        let Some(ready) = ready else {
            return self.launch_streams(operation);
        };
        let token = self.token();
        let soon = Instant::now() + LOGGER;
        operation.deadline = Some(operation.deadline.map_or(soon, |at| at.min(soon)));
        self.watch_own(ready, |fd| Target::Logger(token, fd)).map_err(unknown("wait for the logger"))?;
        self.operations.insert(token, operation);
        Ok(())
    }

    pub fn logger_is_ready(&mut self, operation: u64, token: u64) {
        let mut byte = [0];
        let said = match self.target(token) {
            Some(Target::Logger(_, ready)) => {
                sys::read(ready.as_fd(), &mut byte).is_ok_and(|count| count == 1)
            }
            _ => false,
        };
        self.forget(token);
        let Some(operation) = self.operations.remove(&operation) else { return };
        let (key, reply, what) = (operation.key.clone(), operation.reply, operation.describe());
        // Some loggers say nothing and go on; of one that has ended nothing can be hoped for.
        let lives = said
            || self
                .containers
                .any(&key.id)
                .and_then(|c| c.process(&key.exec))
                .is_some_and(|process| process.io.logger.is_some_and(|pid| !sys::has_ended(pid)));
        let launched = if lives {
            self.launch_streams(operation)
        } else {
            Err(Failure::new(UNKNOWN, format!("{what}: its logger has ended before it was ready")))
        };
        if let Err(failure) = launched {
            self.not_started(&key);
            if let Some(reply) = reply {
                self.answer(reply, Err(failure));
            }
        }
    }

    /// The end of a child: of a runtime, a logger or a container's process.
    pub fn child_ended(&mut self, pid: pid_t, exit: Exit) {
        let operation = self.operations.iter().find(|(_, o)| o.pid == pid).map(|(token, _)| *token);
        if let Some(token) = operation {
            return self.operation_ended(token, exit.status);
        }
        for container in self.containers.iter_mut() {
            for process in container.processes_mut() {
                if process.io.logger == Some(pid) {
                    process.io.logger = None;
                    return;
                }
            }
        }
        match self.containers.owner(pid) {
            Some(key) => self.process_ended(&key, exit),
            // It may be one whose runtime has not said so yet.
            None if self.operations.values().any(Operation::gives_streams) => self.early.push((pid, exit)),
            None => {}
        }
    }

    fn operation_ended(&mut self, token: u64, status: u32) {
        let Some(mut operation) = self.operations.remove(&token) else { return };
        operation.pid = 0;
        if let Some(words) = operation.words.take() {
            self.hear_last(&mut operation, words);
        }
        let reply = operation.reply;
        let files = std::mem::take(&mut operation.files);
        let result = self.finish(operation, status);
        for file in files {
            let _ = fs::remove_file(file);
        }
        if let (Some(reply), Some(result)) = (reply, result) {
            self.answer(reply, result);
        }
        if !self.operations.values().any(Operation::gives_streams) {
            self.early.clear();
        }
    }

    fn hear_last(&mut self, operation: &mut Operation, token: u64) {
        if let Some(Target::Words(_, fd)) = self.target(token) {
            let mut part = [0u8; 1024];
            while let Ok(count @ 1..) = sys::read(fd.as_fd(), &mut part) {
                operation.hears(&part[..count]);
                if operation.said.len() >= WORDS {
                    break;
                }
            }
        }
        self.forget(token);
    }

    pub fn tick_operations(&mut self, now: Instant) {
        let mut unstarted = Vec::new();
        let mut deletions = Vec::new();
        for (token, operation) in &mut self.operations {
            if matches!(operation.what, What::Delete(_)) {
                deletions.push(*token);
            }
            let late = operation.deadline.is_some_and(|at| at <= now) && operation.given_up.is_none();
            if !late {
                continue;
            }
            if operation.pid == 0 {
                if !matches!(operation.what, What::Delete(_)) {
                    unstarted.push(*token);
                }
            } else {
                operation.given_up = Some("it took too long and was ended");
                // Its end answers.
                let _ = sys::kill(operation.pid, libc::SIGKILL);
            }
        }
        for token in unstarted {
            if let Some(operation) = self.operations.remove(&token) {
                self.not_started(&operation.key);
                if let Some(reply) = operation.reply {
                    let what = format!("{}: its logger was not ready in time", operation.describe());
                    self.answer(reply, Err(Failure::new(DEADLINE_EXCEEDED, what)));
                }
            }
        }
        for token in deletions {
            self.go_on_deleting(token, now);
        }
    }
}
