//! How processes end, and what is told of it: after everything that happened before.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::bundle::{self, has_own_pids};
use crate::cgroup::{oom_kills, Cgroup};
use crate::clock::Exit;
use crate::model::{Container, Key, OomWatch, Process, Stage};
use crate::operation::{Operation, What};
use crate::proto::Writer;
use crate::shim::{Shim, Target};
use crate::starts::wait_response;
use crate::sys;

/// How long the exit of a container's first process is held back for those of its execs.
const OTHERS: Duration = Duration::from_secs(10);

impl Shim {
    pub fn tell_created(&mut self, id: &str) {
        let Ok(container) = self.containers.get(id) else { return };
        let names = &container.init.names;
        let io = Writer::new()
            .text(1, &names.stdin)
            .text(2, &names.stdout)
            .text(3, &names.stderr)
            .number(4, names.terminal.into());
        let mut event = Writer::new().text(1, id).text(2, &container.bundle.display().to_string());
        for mount in std::mem::take(&mut container.rootfs) {
            event = event.bytes(3, &mount);
        }
        let checkpoint = container.restore.as_ref().map_or("", |r| &r.checkpoint);
        let event = event.message(4, io).text(5, checkpoint).number(6, container.init.pid as u64);
        self.events.push("/tasks/create", "TaskCreate", event);
    }

    pub fn tell_started(&mut self, key: &Key) {
        let Ok(process) = self.containers.process(key) else { return };
        let pid = process.pid as u64;
        if key.exec.is_empty() {
            let event = Writer::new().text(1, &key.id).number(2, pid);
            self.events.push("/tasks/start", "TaskStart", event);
        } else {
            let event = Writer::new().text(1, &key.id).text(2, &key.exec).number(3, pid);
            self.events.push("/tasks/exec-started", "TaskExecStarted", event);
        }
    }

    /// A process of a container has ended.
    pub fn process_ended(&mut self, key: &Key, exit: Exit) {
        let Some(container) = self.containers.any(&key.id) else { return };
        let own_pids = container.own_pids;
        let Some(process) = container.process_mut(&key.exec) else { return };
        if process.starting {
            process.ended = Some(exit);
            return;
        }
        if !key.exec.is_empty() {
            self.stopped(key, exit);
            return self.tick_exits(Instant::now());
        }
        process.ended = Some(exit);
        container.last_exit_waits = Some(Instant::now() + OTHERS);
        if !own_pids {
            self.kill_rest(&key.id);
        }
        self.tick_exits(Instant::now());
    }

    /// What shared its process ids with others outlives the first process, until it is ended here.
    fn kill_rest(&mut self, id: &str) {
        let key = Key { id: id.to_owned(), exec: String::new() };
        let deadline = Some(Instant::now() + OTHERS);
        let operation = Operation::new(What::KillRest, key, None, deadline);
        let line = ["kill", "--all", id, "KILL"].map(String::from).to_vec();
        if let Err(failure) = self.launch(operation, line) {
            self.log("warning", &format!("container {id}: its last processes: {}", failure.message));
        }
    }

    pub fn exits_wake(&self) -> Option<Instant> {
        self.containers.iter().filter_map(|c| c.last_exit_waits).min()
    }

    /// Tells of the exits that were held back and need not be any more.
    pub fn tick_exits(&mut self, now: Instant) {
        let operations = &self.operations;
        let over = |container: &Container| {
            let killing =
                operations.values().any(|o| matches!(o.what, What::KillRest) && o.key.id == container.id);
            let others = container.execs.iter().any(|p| p.starting || p.stage == Stage::Running);
            container.last_exit_waits.is_some_and(|until| until <= now || !(killing || others))
        };
        let ended: Vec<String> = self.containers.iter().filter(|c| over(c)).map(|c| c.id.clone()).collect();
        for id in ended {
            let Some(container) = self.containers.any(&id) else { continue };
            container.last_exit_waits = None;
            let Some(exit) = container.init.ended.take() else { continue };
            self.look_for_oom(&id);
            self.stopped(&Key { id, exec: String::new() }, exit);
        }
    }

    fn stopped(&mut self, key: &Key, exit: Exit) {
        let Some(container) = self.containers.any(&key.id) else { return };
        let bundle = container.bundle.clone();
        let Some(process) = container.process_mut(&key.exec) else { return };
        process.stage = Stage::Stopped;
        process.exit = Some(exit);
        process.io.child.clear();
        let pid = process.pid;
        let stdin = process.io.stdin;
        let waiters = std::mem::take(&mut process.waiters);
        if key.exec.is_empty() {
            if let Err(e) = bundle::record_exit(&bundle, pid, exit) {
                self.log("error", &format!("container {}: its exit was not written down: {e}", key.id));
            }
        }
        if let Some(token) = stdin {
            self.stop_relay(token);
        }
        let id = if key.exec.is_empty() { &key.id } else { &key.exec };
        let event = Writer::new()
            .text(1, &key.id)
            .text(2, id)
            .number(3, pid as u64)
            .number(4, exit.status.into())
            .message(5, exit.at.message());
        self.events.push("/tasks/exit", "TaskExit", event);
        for reply in waiters {
            self.answer(reply, Ok(wait_response(exit)));
        }
    }

    /// Asks the kernel to tell when the container has too little memory.
    pub fn watch_oom(&mut self, id: &str) {
        let Some(cgroup) = self.containers.any(id).and_then(|c| c.cgroup.clone()) else { return };
        let Ok((fd, control)) = watch(&cgroup) else { return };
        let watched = self.watch(&fd, |_| Target::Oom(id.to_owned()));
        let told = oom_kills(&cgroup);
        if let (Ok(token), Some(container)) = (watched, self.containers.any(id)) {
            container.oom = Some(OomWatch { token, fd, _control: control, told });
        }
    }

    pub fn look_for_oom(&mut self, id: &str) {
        let Some(container) = self.containers.any(id) else { return };
        let (Some(cgroup), Some(watch)) = (&container.cgroup, &mut container.oom) else { return };
        let mut record = [0u8; 512];
        let rang = sys::read(watch.fd.as_fd(), &mut record).is_ok();
        while sys::read(watch.fd.as_fd(), &mut record).is_ok() {}
        let kills = oom_kills(cgroup);
        // Version 1 rings before it kills, and once more when the group goes.
        let before_the_kill =
            rang && cgroup.controller("memory").is_some_and(|m| m.join("cgroup.procs").exists());
        if kills > watch.told || before_the_kill && container.init.exit.is_none() {
            watch.told = kills.max(watch.told + u64::from(before_the_kill));
            self.events.push("/tasks/oom", "TaskOOM", Writer::new().text(1, id));
        }
    }

    /// Forgets what a container was watched by.
    pub fn stop_watching_oom(&mut self, container: &mut Container) {
        if let Some(watch) = container.oom.take() {
            self.epoll.remove(watch.fd.as_fd());
            self.forget(watch.token);
        }
    }
}

fn watch(cgroup: &Cgroup) -> std::io::Result<(std::os::fd::OwnedFd, Option<std::fs::File>)> {
    use std::os::fd::AsRawFd;
    if let Some(memory) = cgroup.controller("memory") {
        let control = std::fs::File::open(memory.join("memory.oom_control"))?;
        let event = sys::event_descriptor()?;
        let registration = format!("{} {}", event.as_raw_fd(), control.as_raw_fd());
        std::fs::write(memory.join("cgroup.event_control"), registration)?;
        return Ok((event, Some(control)));
    }
    match &cgroup.v2 {
        Some(folder) => Ok((sys::watch_file(&folder.join("memory.events"))?, None)),
        None => Err(std::io::ErrorKind::NotFound.into()),
    }
}

/// Whether all processes of a container end with its first one.
pub fn ends_with_its_first(bundle: &std::path::Path) -> bool {
    std::fs::read(bundle.join("config.json")).is_ok_and(|spec| has_own_pids(&spec))
}

/// Whether it has ended, told or not.
pub fn has_ended(process: &Process) -> bool {
    process.stage == Stage::Stopped || process.ended.is_some()
}
