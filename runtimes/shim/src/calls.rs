//! The task service, in versions 2 and 3: the messages are the same.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::bundle::{process_spec, Options, ROOTFS};
use crate::clock::Exit;
use crate::exits::{ends_with_its_first, has_ended};
use crate::metrics;
use crate::model::{is_plain, Container, Key, Process, Reply, Restore, Stage};
use crate::mounts::{self, Mount};
use crate::operation::{Operation, What};
use crate::proto::{any, Message, Writer};
use crate::shim::Shim;
use crate::starts::wait_response;
use crate::stdio::Names;
use crate::sys;
use crate::ttrpc::{unknown, Failure, Request};
use crate::ttrpc::{
    ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED, UNKNOWN,
};

/// An answer at once, or None if it comes later.
type Answer = Result<Option<Vec<u8>>, Failure>;

/// Felucca's own service: `Run` takes what Create takes, and also starts the container.
const PRIVATE: &str = "felucca.shim.v1.Shim";
const LONGEST_ID: usize = 255;

fn nothing() -> Answer {
    Ok(Some(Vec::new()))
}

fn key(message: &Message<'_>) -> Result<Key, Failure> {
    Ok(Key { id: message.text(1)?.to_owned(), exec: message.text(2)?.to_owned() })
}

/// Ids become arguments of the runtime.
fn check_id(id: &str) -> Result<(), Failure> {
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b));
    if plain && (1..=LONGEST_ID).contains(&id.len()) && id.as_bytes()[0].is_ascii_alphanumeric() {
        Ok(())
    } else {
        Err(Failure::new(INVALID_ARGUMENT, format!("{id:?} is no id of a container")))
    }
}

impl Shim {
    pub fn call(&mut self, reply: Reply, request: &Request<'_>) -> Answer {
        let newer = !cfg!(feature = "previous-wire");
        let private = newer && request.service == PRIVATE;
        let task = request.service == "containerd.task.v2.Task"
            || newer && request.service == "containerd.task.v3.Task";
        if !private && !task {
            return Err(Failure::new(
                UNIMPLEMENTED,
                format!("service {} is not served here", request.service),
            ));
        }
        let message = Message::parse(request.payload)?;
        let deadline = (request.timeout_nanos > 0)
            .then(|| Instant::now().checked_add(Duration::from_nanos(request.timeout_nanos)))
            .flatten();
        if let Some(waits) = &mut self.waits {
            waits.spoken_to(reply.connection);
        }
        match request.method {
            "Assign" if private => self.assign(&message),
            _ if self.waits.is_some() && request.method != "Connect" => {
                Err(Failure::new(FAILED_PRECONDITION, "this shim waits to be told for which container it is"))
            }
            "Run" if private => self.create(reply, &message, deadline, What::Run),
            other if private => Err(Failure::new(UNIMPLEMENTED, format!("method {other} is not known"))),
            "State" => self.state(&key(&message)?),
            "Create" => self.create(reply, &message, deadline, What::Create),
            "Start" => self.start(reply, &key(&message)?, deadline),
            "Delete" => self.delete(reply, key(&message)?, deadline).map(|()| None),
            "Pids" => self.pids(message.text(1)?),
            "Pause" => self.freeze(reply, message.text(1)?, What::Pause, deadline),
            "Resume" => self.freeze(reply, message.text(1)?, What::Resume, deadline),
            "Checkpoint" => self.checkpoint(reply, &message, deadline),
            "Kill" => self.kill(reply, &message, deadline),
            "Exec" => self.exec(&message),
            "ResizePty" => self.resize(&message),
            "CloseIO" => self.close_io(&message),
            "Update" => self.update(reply, &message, deadline),
            "Wait" => self.wait(reply, &key(&message)?),
            "Stats" => self.stats(message.text(1)?),
            "Connect" => self.connect(message.text(1)?),
            "Shutdown" => {
                if self.containers.is_empty() {
                    self.end();
                }
                nothing()
            }
            other => Err(Failure::new(UNIMPLEMENTED, format!("method {other} is not known"))),
        }
    }

    fn state(&mut self, key: &Key) -> Answer {
        self.containers.process(key)?;
        let container = self.containers.get(&key.id)?;
        let Some(process) = container.process(&key.exec) else { return nothing() };
        let names = &process.names;
        let mut state = Writer::new()
            .text(1, &key.id)
            .text(2, &container.bundle.display().to_string())
            .number(3, process.pid as u64)
            .number(4, container.status(process) as u64)
            .text(5, &names.stdin)
            .text(6, &names.stdout)
            .text(7, &names.stderr)
            .number(8, names.terminal.into());
        if let Some(Exit { status, at }) = process.exit {
            state = state.number(9, status.into()).message(10, at.message());
        }
        Ok(Some(state.text(11, &key.exec).done()))
    }

    fn create(
        &mut self,
        reply: Reply,
        message: &Message<'_>,
        deadline: Option<Instant>,
        what: What,
    ) -> Answer {
        let id = message.text(1)?;
        check_id(id)?;
        if self.containers.any(id).is_some() {
            return Err(Failure::new(ALREADY_EXISTS, format!("container {id} is here already")));
        }
        let bundle = PathBuf::from(message.text(2)?);
        if !bundle.is_absolute() || !bundle.is_dir() {
            let what = format!("the bundle {} is no absolute path of a folder", bundle.display());
            return Err(Failure::new(INVALID_ARGUMENT, what));
        }
        let options = Options::parse(message.bytes(10))?;
        let mut rootfs = Vec::new();
        let mut mounts = Vec::new();
        for mount in message.all(3) {
            mounts.push(Mount::parse(mount)?);
            rootfs.push(mount.to_vec());
        }
        let names = Names {
            terminal: message.flag(4),
            stdin: message.text(5)?.to_owned(),
            stdout: message.text(6)?.to_owned(),
            stderr: message.text(7)?.to_owned(),
        };
        let checkpoint = message.text(8)?;
        let restore = restore(checkpoint, &options, &bundle)?;
        let runtime = options.binary().map_err(unknown("OCI runtime create failed"))?;
        if matches!(what, What::Run) && !(is_plain(&runtime) && checkpoint.is_empty()) {
            let message = format!("{} is not known to create and start in one", runtime.display());
            return Err(Failure::new(UNIMPLEMENTED, message));
        }
        let kept = Options { binary_name: runtime.display().to_string(), ..options.clone() };
        kept.keep(&bundle).map_err(unknown("write down the options of the runtime"))?;
        mount(&mounts, &bundle)?;
        let own_pids = ends_with_its_first(&bundle);
        let mut init = Process::new("", names);
        init.starting = matches!(what, What::Run);
        self.containers.add(Container {
            id: id.to_owned(),
            bundle,
            options,
            runtime,
            init,
            execs: Vec::new(),
            paused: false,
            own_pids,
            cgroup: None,
            oom: None,
            restore,
            rootfs,
            last_exit_waits: None,
        });
        let key = Key { id: id.to_owned(), exec: String::new() };
        let begun = self.open_streams(&key).and_then(|ready| {
            if !checkpoint.is_empty() {
                // It comes into being when it is started.
                if let Some(container) = self.containers.any(id) {
                    container.init.stage = Stage::Created;
                }
                self.tell_created(id);
                return Ok(Some(Vec::new()));
            }
            let operation = Operation::new(what, key.clone(), Some(reply), deadline);
            self.launch_after_logger(operation, ready).map(|()| None)
        });
        begun.inspect_err(|_| self.not_started(&key))
    }

    fn start(&mut self, reply: Reply, key: &Key, deadline: Option<Instant>) -> Answer {
        let container = self.containers.get(&key.id)?;
        let restores = key.exec.is_empty() && container.restore.is_some();
        let init_runs = container.init.stage == Stage::Running && container.init.ended.is_none();
        let process = self.containers.process(key)?;
        if process.stage != Stage::Created || process.starting || has_ended(process) {
            let what =
                format!("process {:?} of container {} was started before, or has ended", key.exec, key.id);
            return Err(Failure::new(FAILED_PRECONDITION, what));
        }
        if !key.exec.is_empty() && !init_runs {
            return Err(Failure::new(FAILED_PRECONDITION, format!("container {} is not running", key.id)));
        }
        process.starting = true;
        let result = if !key.exec.is_empty() {
            self.open_streams(key).and_then(|ready| {
                let operation = Operation::new(What::Exec, key.clone(), Some(reply), deadline);
                self.launch_after_logger(operation, ready)
            })
        } else if restores {
            self.launch_streams(Operation::new(What::Restore, key.clone(), Some(reply), deadline))
        } else {
            let operation = Operation::new(What::Start, key.clone(), Some(reply), deadline);
            self.launch(operation, vec!["start".to_owned(), key.id.clone()])
        };
        match result {
            Ok(()) => Ok(None),
            Err(failure) => {
                if key.exec.is_empty() && !restores {
                    self.start_is_over(key);
                } else {
                    self.not_started(key);
                }
                Err(failure)
            }
        }
    }

    fn exec(&mut self, message: &Message<'_>) -> Answer {
        let key = key(message)?;
        let container = self.containers.get(&key.id)?;
        if key.exec.is_empty() {
            return Err(Failure::new(INVALID_ARGUMENT, "an exec needs an id"));
        }
        if container.process(&key.exec).is_some() {
            let what = format!("exec {} of container {} is here already", key.exec, key.id);
            return Err(Failure::new(ALREADY_EXISTS, what));
        }
        if has_ended(&container.init) {
            return Err(Failure::new(FAILED_PRECONDITION, format!("container {} is not running", key.id)));
        }
        let names = Names {
            terminal: message.flag(3),
            stdin: message.text(4)?.to_owned(),
            stdout: message.text(5)?.to_owned(),
            stderr: message.text(6)?.to_owned(),
        };
        let spec = Message::parse(message.bytes(7))?;
        let mut process = Process::new(&key.exec, names);
        process.spec = process_spec(spec.bytes(2), process.names.terminal)
            .ok_or_else(|| Failure::new(INVALID_ARGUMENT, "the process of the exec is no JSON"))?;
        process.stage = Stage::Created;
        container.execs.push(process);
        let event = Writer::new().text(1, &key.id).text(2, &key.exec);
        self.events.push("/tasks/exec-added", "TaskExecAdded", event);
        nothing()
    }

    fn kill(&mut self, reply: Reply, message: &Message<'_>, deadline: Option<Instant>) -> Answer {
        let key = key(message)?;
        let (signal, all) = (message.small(3), message.flag(4));
        let signal = i32::try_from(signal).ok().filter(|s| (0..=64).contains(s));
        let Some(signal) = signal else {
            return Err(Failure::new(INVALID_ARGUMENT, format!("{} is no signal", message.small(3))));
        };
        let container = self.containers.get(&key.id)?;
        let direct = !key.exec.is_empty() || is_plain(&container.runtime) && !all && !container.paused;
        let process = self.containers.process(&key)?;
        if has_ended(process) {
            return Err(Failure::new(NOT_FOUND, "process already finished: not found"));
        }
        if process.pid == 0 {
            return Err(Failure::new(FAILED_PRECONDITION, "process not created"));
        }
        if direct {
            // A child that was not waited for yet keeps its id, so this hits nobody else.
            return match sys::kill(process.pid, signal) {
                Ok(()) => nothing(),
                Err(e) if e.raw_os_error() == Some(libc::ESRCH) => {
                    Err(Failure::new(NOT_FOUND, "process already finished: not found"))
                }
                Err(e) => Err(unknown("send the signal")(e)),
            };
        }
        let mut line = vec!["kill".to_owned()];
        if all {
            line.push("--all".to_owned());
        }
        line.extend([key.id.clone(), signal.to_string()]);
        self.launch(Operation::new(What::Kill, key, Some(reply), deadline), line).map(|()| None)
    }

    fn freeze(&mut self, reply: Reply, id: &str, what: What, deadline: Option<Instant>) -> Answer {
        self.containers.running(id)?;
        let verb = if matches!(what, What::Pause) { "pause" } else { "resume" };
        let key = Key { id: id.to_owned(), exec: String::new() };
        let line = vec![verb.to_owned(), id.to_owned()];
        self.launch(Operation::new(what, key, Some(reply), deadline), line).map(|()| None)
    }

    fn update(&mut self, reply: Reply, message: &Message<'_>, deadline: Option<Instant>) -> Answer {
        let id = message.text(1)?;
        let resources = Message::parse(message.bytes(2))?;
        let token = self.token();
        let container = self.containers.get(id)?;
        let file = container.bundle.join(format!("resources-{token}.json"));
        std::fs::write(&file, resources.bytes(2)).map_err(unknown("write the limits down"))?;
        let key = Key { id: id.to_owned(), exec: String::new() };
        let mut operation = Operation::new(What::Update, key, Some(reply), deadline);
        let line =
            vec!["update".to_owned(), "--resources".to_owned(), file.display().to_string(), id.to_owned()];
        operation.files.push(file);
        self.launch(operation, line).map(|()| None)
    }

    fn checkpoint(&mut self, reply: Reply, message: &Message<'_>, deadline: Option<Instant>) -> Answer {
        let (id, path) = (message.text(1)?, message.text(2)?);
        let container = self.containers.running(id)?;
        let options = Message::parse(message.bytes(3))?;
        let options = Message::parse(options.bytes(2))?;
        let image = Some(options.text(8)?).filter(|p| !p.is_empty()).unwrap_or(path);
        let work = match options.text(9)? {
            "" => container.bundle.join("criu-work"),
            given => PathBuf::from(given),
        };
        std::fs::create_dir_all(&work).map_err(unknown("make the working folder of the checkpoint"))?;
        let mut line = ["checkpoint", "--image-path", image, "--work-path"].map(String::from).to_vec();
        line.push(work.display().to_string());
        if !options.flag(1) {
            line.push("--leave-running".to_owned());
        }
        let flags = [(2, "--tcp-established"), (3, "--ext-unix-sk"), (4, "--shell-job"), (5, "--file-locks")];
        line.extend(
            flags.iter().filter(|(field, _)| options.flag(*field)).map(|(_, flag)| (*flag).to_owned()),
        );
        for namespace in options.all(6) {
            line.extend(["--empty-ns".to_owned(), String::from_utf8_lossy(namespace).into_owned()]);
        }
        for (field, flag) in [(7, "--manage-cgroups-mode"), (10, "--parent-path")] {
            if options.has(field) {
                line.extend([flag.to_owned(), options.text(field)?.to_owned()]);
            }
        }
        line.push(id.to_owned());
        let key = Key { id: id.to_owned(), exec: String::new() };
        let what = What::Checkpoint(image.to_owned());
        self.launch(Operation::new(what, key, Some(reply), deadline), line).map(|()| None)
    }

    fn resize(&mut self, message: &Message<'_>) -> Answer {
        let process = self.containers.process(&key(message)?)?;
        let size = |number| u16::try_from(message.small(number)).unwrap_or(u16::MAX);
        if let Some(master) = &process.io.master {
            use std::os::fd::AsFd;
            sys::set_window_size(master.as_fd(), size(3), size(4)).map_err(unknown("resize the terminal"))?;
        }
        nothing()
    }

    /// What was written before still goes through.
    fn close_io(&mut self, message: &Message<'_>) -> Answer {
        let process = self.containers.process(&key(message)?)?;
        if let (true, Some(token)) = (message.flag(3), process.io.stdin) {
            if let Some(running) = self.relays.get_mut(&token) {
                running.relay.draining = true;
            }
            self.pump(token);
        }
        nothing()
    }

    fn wait(&mut self, reply: Reply, key: &Key) -> Answer {
        let process = self.containers.process(key)?;
        match process.exit {
            Some(exit) => Ok(Some(wait_response(exit))),
            None => {
                process.waiters.push(reply);
                Ok(None)
            }
        }
    }

    fn pids(&mut self, id: &str) -> Answer {
        let container = self.containers.get(id)?;
        let mut pids = container.cgroup.as_ref().map(|c| c.processes()).unwrap_or_default();
        if pids.is_empty() && container.init.pid > 0 && !has_ended(&container.init) {
            pids.push(container.init.pid as u32);
        }
        let mut response = Writer::new();
        for pid in pids {
            let mut info = Writer::new().number(1, pid.into());
            let running = |p: &&Process| p.pid as u32 == pid && p.stage != Stage::Stopped;
            if let Some(exec) = container.execs.iter().find(running) {
                let details = Writer::new().text(1, &exec.exec).done();
                info = info.message(2, any("containerd.runc.v1.ProcessDetails", &details));
            }
            response = response.message(1, info);
        }
        Ok(Some(response.done()))
    }

    fn stats(&mut self, id: &str) -> Answer {
        let container = self.containers.get(id)?;
        match &container.cgroup {
            Some(cgroup) if !has_ended(&container.init) => {
                Ok(Some(Writer::new().message(1, metrics::metrics(cgroup)).done()))
            }
            _ => Err(Failure::new(NOT_FOUND, format!("container {id} has no cgroup: not found"))),
        }
    }

    fn connect(&mut self, id: &str) -> Answer {
        let task = self.containers.any(id).map_or(0, |c| c.init.pid);
        let response = Writer::new().number(1, std::process::id().into()).number(2, task as u64);
        Ok(Some(response.text(3, env!("CARGO_PKG_VERSION")).done()))
    }

    /// What a program that has ended was run for. None if the answer comes later, or nobody asked.
    pub fn finish(&mut self, mut operation: Operation, status: u32) -> Option<Result<Vec<u8>, Failure>> {
        let key = operation.key.clone();
        match operation.what {
            What::Create | What::Run | What::Restore | What::Exec => {
                let result =
                    if status == 0 { self.started(&mut operation) } else { Err(operation.failure(status)) };
                return Some(self.started_or_not(&key, status, result));
            }
            What::Delete(_) => return self.forgotten(operation, status),
            What::Start => {
                let failure = (status != 0).then(|| operation.failure(status));
                return Some(self.start_ended(&key, failure));
            }
            What::KillRest | What::Discard => {
                if status != 0 {
                    let failure = operation.failure(status);
                    self.log("info", &format!("container {}: {}", key.id, failure.message));
                }
                self.tick_exits(Instant::now());
                return None;
            }
            _ => {}
        }
        if status != 0 {
            let mut failure = operation.failure(status);
            if matches!(operation.what, What::Kill) && says_it_is_gone(&failure.message) {
                failure.code = NOT_FOUND;
            }
            return Some(Err(failure));
        }
        let paused = match &operation.what {
            What::Pause => Some(true),
            What::Resume => Some(false),
            _ => None,
        };
        if let (Some(paused), Ok(container)) = (paused, self.containers.get(&key.id)) {
            container.paused = paused;
        }
        let event = Writer::new().text(1, &key.id);
        match operation.what {
            What::Pause => self.events.push("/tasks/paused", "TaskPaused", event),
            What::Resume => self.events.push("/tasks/resumed", "TaskResumed", event),
            What::Checkpoint(path) => {
                self.events.push("/tasks/checkpointed", "TaskCheckpointed", event.text(2, &path));
            }
            _ => {}
        }
        Some(Ok(Vec::new()))
    }

    fn started_or_not(
        &mut self,
        key: &Key,
        status: u32,
        result: Result<u32, Failure>,
    ) -> Result<Vec<u8>, Failure> {
        match result {
            Ok(pid) => {
                if !key.exec.is_empty() || self.containers.any(&key.id).is_some_and(|c| c.init.starting) {
                    self.start_is_over(key);
                }
                Ok(Writer::new().number(1, pid.into()).done())
            }
            Err(failure) => {
                let discards = key.exec.is_empty() && (status == 0 || status > 128);
                if discards {
                    self.discard(key);
                }
                self.not_started(key);
                Err(failure)
            }
        }
    }

    /// Half a container may be left.
    fn discard(&mut self, key: &Key) {
        let operation =
            Operation::new(What::Discard, key.clone(), None, Some(Instant::now() + Duration::from_secs(10)));
        let line = vec!["delete".to_owned(), "--force".to_owned(), key.id.clone()];
        if let Err(failure) = self.launch(operation, line) {
            self.log("warning", &failure.message);
        }
    }

    fn start_ended(&mut self, key: &Key, failure: Option<Failure>) -> Result<Vec<u8>, Failure> {
        let Ok(process) = self.containers.process(key) else {
            return Err(Failure::new(UNKNOWN, "the container went meanwhile"));
        };
        let pid = process.pid;
        if failure.is_none() {
            process.stage = Stage::Running;
            self.tell_started(key);
        }
        self.start_is_over(key);
        match failure {
            None => Ok(Writer::new().number(1, pid as u64).done()),
            Some(failure) => Err(failure),
        }
    }

    /// From here on the end of the process is told of, also if it came before.
    fn start_is_over(&mut self, key: &Key) {
        let Ok(process) = self.containers.process(key) else { return };
        process.starting = false;
        if let Some(exit) = process.ended.take() {
            self.process_ended(key, exit);
        }
    }
}

fn mount(mounts: &[Mount], bundle: &Path) -> Result<(), Failure> {
    if mounts.is_empty() {
        return Ok(());
    }
    let rootfs = bundle.join(ROOTFS);
    std::fs::create_dir_all(&rootfs).map_err(unknown("make the folder of the root file system"))?;
    mounts::mount_all(mounts, &rootfs).map_err(unknown("mount the root file system"))
}

fn restore(checkpoint: &str, options: &Options, bundle: &Path) -> Result<Option<Restore>, Failure> {
    if checkpoint.is_empty() {
        return Ok(None);
    }
    let work = match options.criu_work_path.as_str() {
        "" => bundle.join("criu-work").display().to_string(),
        given => given.to_owned(),
    };
    std::fs::create_dir_all(&work).map_err(unknown("make the working folder of the restore"))?;
    Ok(Some(Restore { checkpoint: checkpoint.to_owned(), work }))
}

/// Whether a runtime's complaint means that there is nothing left to signal.
fn says_it_is_gone(message: &str) -> bool {
    let message = message.to_lowercase();
    ["process already finished", "not running", "no such process", "does not exist"]
        .iter()
        .any(|m| message.contains(m))
}
