//! What a shim knows of its containers and their processes.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Instant;

use crate::bundle::Options;
use crate::cgroup::Cgroup;
use crate::clock::Exit;
use crate::stdio::Names;
use crate::sys::pid_t;
use crate::ttrpc::{Failure, FAILED_PRECONDITION, NOT_FOUND};

/// Whom to answer: the token of the connection, and the stream within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    pub connection: u64,
    pub stream: u32,
}

/// Which process: of a container, the first one if `exec` is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub id: String,
    pub exec: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is being made: nobody may know of it yet.
    New,
    /// It does not run yet.
    Created,
    Running,
    Stopped,
}

/// The containers' `Status` of the task service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Created = 1,
    Running = 2,
    Stopped = 3,
    Paused = 4,
}

/// This side of a process's standard streams.
#[derive(Default)]
pub struct Io {
    /// What the process gets, until it has started.
    pub child: Vec<OwnedFd>,
    /// Tokens of the relays.
    pub stdin: Option<u64>,
    pub outputs: Vec<u64>,
    pub holds: Vec<OwnedFd>,
    pub logger: Option<pid_t>,
    pub master: Option<OwnedFd>,
    pub terminal_sink: Option<OwnedFd>,
}

pub struct Process {
    pub exec: String,
    pub pid: pid_t,
    pub stage: Stage,
    pub exit: Option<Exit>,
    pub names: Names,
    /// Of an exec: the OCI process.
    pub spec: Vec<u8>,
    pub io: Io,
    pub waiters: Vec<Reply>,
    /// While it is being started, its end is not told of.
    pub starting: bool,
    pub ended: Option<Exit>,
    pub deleting: bool,
}

impl Process {
    pub fn new(exec: &str, names: Names) -> Self {
        Process {
            exec: exec.to_owned(),
            pid: 0,
            stage: Stage::New,
            exit: None,
            names,
            spec: Vec::new(),
            io: Io::default(),
            waiters: Vec::new(),
            starting: false,
            ended: None,
            deleting: false,
        }
    }
}

/// Where a container that is to be restored comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restore {
    pub checkpoint: String,
    pub work: String,
}

/// How memory shortages are told of.
pub struct OomWatch {
    pub token: u64,
    pub fd: OwnedFd,
    /// Of version 1: the file by which it was asked for stays open.
    pub _control: Option<std::fs::File>,
    pub told: u64,
}

pub struct Container {
    pub id: String,
    pub bundle: PathBuf,
    pub options: Options,
    pub runtime: PathBuf,
    pub init: Process,
    pub execs: Vec<Process>,
    pub paused: bool,
    pub own_pids: bool,
    pub cgroup: Option<Cgroup>,
    pub oom: Option<OomWatch>,
    pub restore: Option<Restore>,
    /// The mounts of the root file system as they were asked for, until they are told of.
    pub rootfs: Vec<Vec<u8>>,
    /// Its first process has ended, but is not told of before the others.
    pub last_exit_waits: Option<Instant>,
}

impl Container {
    pub fn process(&self, exec: &str) -> Option<&Process> {
        if exec.is_empty() {
            Some(&self.init)
        } else {
            self.execs.iter().find(|p| p.exec == exec)
        }
    }

    pub fn process_mut(&mut self, exec: &str) -> Option<&mut Process> {
        if exec.is_empty() {
            Some(&mut self.init)
        } else {
            self.execs.iter_mut().find(|p| p.exec == exec)
        }
    }

    pub fn processes_mut(&mut self) -> impl Iterator<Item = &mut Process> {
        std::iter::once(&mut self.init).chain(&mut self.execs)
    }

    pub fn status(&self, process: &Process) -> Status {
        match process.stage {
            Stage::New | Stage::Created => Status::Created,
            Stage::Stopped => Status::Stopped,
            Stage::Running if self.paused && process.exec.is_empty() => Status::Paused,
            Stage::Running => Status::Running,
        }
    }
}

/// Whether this runtime's containers are processes of this machine and nothing else, so that a signal
/// to the process id is the same as one by way of the runtime.
pub fn is_plain(runtime: &std::path::Path) -> bool {
    let name = runtime.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    ["runc", "crun", "youki"].contains(&name)
}

/// The containers of a shim: one, or those of a pod.
#[derive(Default)]
pub struct Containers(Vec<Container>);

impl Containers {
    /// One that was created.
    pub fn get(&mut self, id: &str) -> Result<&mut Container, Failure> {
        self.any(id)
            .filter(|c| c.init.stage != Stage::New)
            .ok_or_else(|| Failure::new(NOT_FOUND, format!("container {id} is not here: not found")))
    }

    /// Also one that is being created.
    pub fn any(&mut self, id: &str) -> Option<&mut Container> {
        self.0.iter_mut().find(|c| c.id == id)
    }

    pub fn process(&mut self, key: &Key) -> Result<&mut Process, Failure> {
        let container = self.get(&key.id)?;
        container.process_mut(&key.exec).ok_or_else(|| {
            Failure::new(
                NOT_FOUND,
                format!("exec {} of container {} is not here: not found", key.exec, key.id),
            )
        })
    }

    /// The process, and it runs.
    pub fn running(&mut self, id: &str) -> Result<&mut Container, Failure> {
        let container = self.get(id)?;
        if container.init.stage == Stage::Running {
            Ok(container)
        } else {
            Err(Failure::new(FAILED_PRECONDITION, format!("container {id} is not running")))
        }
    }

    pub fn add(&mut self, container: Container) {
        self.0.push(container);
    }

    pub fn take(&mut self, id: &str) -> Option<Container> {
        let at = self.0.iter().position(|c| c.id == id)?;
        Some(self.0.swap_remove(at))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Container> {
        self.0.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Container> {
        self.0.iter_mut()
    }

    /// Whose process this is.
    pub fn owner(&mut self, pid: pid_t) -> Option<Key> {
        self.0.iter_mut().find_map(|container| {
            let id = container.id.clone();
            let found = container
                .processes_mut()
                .find(|p| p.pid == pid && p.stage != Stage::Stopped && p.ended.is_none());
            found.map(|p| Key { id, exec: p.exec.clone() })
        })
    }
}
