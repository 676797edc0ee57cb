//! How processes come into being: their streams, the runtime's command, and what it leaves.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use crate::bundle::{self, INIT_PID, ROOTFS};
use crate::cgroup::Cgroup;
use crate::clock::Exit;
use crate::model::{Key, Stage};
use crate::mounts;
use crate::operation::{Operation, What};
use crate::proto::Writer;
use crate::relay::Relay;
use crate::shim::{Running, Shim};
use crate::stdio::{open_source, Owner, Streams};
use crate::sys;
use crate::ttrpc::{unknown, Failure, UNKNOWN};

/// A longer path of a socket is reached by way of a descriptor of its folder.
const LONGEST_SOCKET: usize = 100;
/// What an exec that could not be started has ended with.
const NOT_STARTED: u32 = 255;

impl Shim {
    /// Opens the streams that a process was asked for with. Returns what tells that its logger is ready.
    pub fn open_streams(&mut self, key: &Key) -> Result<Option<OwnedFd>, Failure> {
        let namespace = self.settings.namespace.clone();
        let Some(container) = self.containers.any(&key.id) else { return Ok(None) };
        let owner = Owner {
            namespace: &namespace,
            id: &key.id,
            user: container.options.io_uid,
            group: container.options.io_gid,
            folder: &container.bundle.clone(),
        };
        let Some(process) = container.process_mut(&key.exec) else { return Ok(None) };
        let streams = Streams::open(&process.names, &owner).map_err(unknown("open the standard streams"))?;
        process.io.child = streams.child;
        process.io.holds = streams.holds;
        process.io.terminal_sink = streams.terminal_sink;
        let (logger, ready) = streams.logger.map_or((None, None), |l| (Some(l.pid), Some(l.ready)));
        process.io.logger = logger;
        for relay in streams.outputs {
            self.relay(key, relay, false, None);
        }
        if let Some(relay) = streams.stdin {
            self.relay(key, relay, true, None);
        }
        Ok(ready)
    }

    fn relay(&mut self, key: &Key, relay: Relay, input: bool, again: Option<String>) {
        let token = self.start_relay(Running { relay, owner: key.clone(), input, again });
        if let Some(process) = self.containers.any(&key.id).and_then(|c| c.process_mut(&key.exec)) {
            if input {
                process.io.stdin = Some(token);
            } else {
                process.io.outputs.push(token);
            }
        }
    }

    /// Runs the runtime for an operation that gives a process its streams.
    pub fn launch_streams(&mut self, mut operation: Operation) -> Result<(), Failure> {
        let token = self.token();
        let key = operation.key.clone();
        let gone = || Failure::new(UNKNOWN, "the container went meanwhile");
        let container = self.containers.any(&key.id).ok_or_else(gone)?;
        let bundle = container.bundle.clone();
        let options = container.options.clone();
        let restore = container.restore.clone().unwrap_or_default();
        let process = container.process_mut(&key.exec).ok_or_else(gone)?;
        let mut line: Vec<String> = Vec::new();
        let path = |path: &Path| path.display().to_string();
        let pid_file = pid_file(&bundle, &key.exec);
        let _ = fs::remove_file(&pid_file);
        match operation.what {
            What::Exec => {
                let spec = bundle.join(format!("exec-{token}.json"));
                operation.files.push(spec.clone());
                operation.files.push(pid_file.clone());
                fs::write(&spec, &process.spec).map_err(unknown("write the process of the exec"))?;
                line.extend(["exec".into(), "--process".into(), path(&spec), "--detach".into()]);
            }
            What::Restore => {
                line.extend(["restore", "--detach", "--image-path"].map(String::from));
                line.extend([
                    restore.checkpoint,
                    "--work-path".into(),
                    restore.work,
                    "--bundle".into(),
                    path(&bundle),
                ]);
            }
            What::Run => line.extend(["run".into(), "--detach".into(), "--bundle".into(), path(&bundle)]),
            _ => line.extend(["create".into(), "--bundle".into(), path(&bundle)]),
        }
        line.extend(["--pid-file".into(), path(&pid_file)]);
        if process.names.terminal {
            let (listener, file, said) =
                console(&bundle, token).map_err(unknown("make the console socket"))?;
            operation.files.push(file.clone());
            operation.console = Some((listener, file));
            line.extend(["--console-socket".into(), said]);
        }
        if key.exec.is_empty() {
            if options.no_pivot_root {
                line.push("--no-pivot".into());
            }
            if options.no_new_keyring && !matches!(operation.what, What::Restore) {
                line.push("--no-new-keyring".into());
            }
        }
        line.push(key.id);
        self.launch(operation, line)
    }

    /// The runtime says that the process is there. Returns its id.
    pub fn started(&mut self, operation: &mut Operation) -> Result<u32, Failure> {
        let key = operation.key.clone();
        let gone = || Failure::new(UNKNOWN, "the container went meanwhile");
        let container = self.containers.any(&key.id).ok_or_else(gone)?;
        let pid = bundle::read_pid(&pid_file(&container.bundle, &key.exec))
            .ok_or_else(|| Failure::new(UNKNOWN, "the runtime ended with status 0 and left no process"))?;
        let names = container.process(&key.exec).ok_or_else(gone)?.names.clone();
        if let Some((listener, _)) = operation.console.take() {
            let master = receive(&listener).map_err(unknown("take the terminal from the runtime"))?;
            self.take_terminal(&key, master, &names.stdin).map_err(unknown("use the terminal"))?;
        }
        let container = self.containers.any(&key.id).ok_or_else(gone)?;
        let process = container.process_mut(&key.exec).ok_or_else(gone)?;
        process.pid = pid;
        process.stage = if matches!(operation.what, What::Create) { Stage::Created } else { Stage::Running };
        if key.exec.is_empty() {
            container.cgroup = Cgroup::of(pid).ok();
            self.watch_oom(&key.id);
        }
        if matches!(operation.what, What::Create | What::Run) {
            self.tell_created(&key.id);
        }
        if !matches!(operation.what, What::Create) {
            self.tell_started(&key);
        }
        if let Some(at) = self.early.iter().position(|(early, _)| *early == pid) {
            let (_, exit) = self.early.swap_remove(at);
            self.process_ended(&key, exit);
        }
        Ok(pid as u32)
    }

    /// A terminal shows on one relay, and is typed into by another.
    fn take_terminal(&mut self, key: &Key, master: OwnedFd, stdin: &str) -> io::Result<()> {
        sys::set_nonblocking(master.as_fd())?;
        let Some(process) = self.containers.any(&key.id).and_then(|c| c.process_mut(&key.exec)) else {
            return Ok(());
        };
        let sink = process.io.terminal_sink.take().map_or_else(sys::null, Ok)?;
        let shows = Relay::new(sys::again(&master)?, sink, false);
        let typed = sys::again(&master)?;
        process.io.master = Some(master);
        self.relay(key, shows, false, None);
        if !stdin.is_empty() {
            let relay = Relay::new(open_source(stdin)?, typed, false);
            self.relay(key, relay, true, Some(stdin.to_owned()));
        }
        Ok(())
    }

    /// Takes everything back of a process that did not come into being.
    pub fn not_started(&mut self, key: &Key) {
        let Some(process) = self.containers.any(&key.id).and_then(|c| c.process_mut(&key.exec)) else {
            return;
        };
        process.io.child.clear();
        let outputs = process.io.outputs.clone();
        let stdin = process.io.stdin;
        // What the runtime complained of goes where the container's words would have gone.
        for token in outputs.iter().copied() {
            self.pump(token);
        }
        for token in outputs.into_iter().chain(stdin) {
            self.stop_relay(token);
        }
        let Some(container) = self.containers.any(&key.id) else { return };
        let restored_later = container.restore.is_some() && container.init.stage != Stage::New;
        if key.exec.is_empty() && !restored_later {
            if let Some(container) = self.containers.take(&key.id) {
                mounts::unmount_all(&container.bundle.join(ROOTFS));
            }
            return;
        }
        if let Some(process) = container.process_mut(&key.exec) {
            process.io = crate::model::Io { logger: process.io.logger, ..Default::default() };
            process.stage = Stage::Stopped;
            process.starting = false;
            let exit = Exit::now(NOT_STARTED);
            process.exit = Some(exit);
            let waiters = std::mem::take(&mut process.waiters);
            for reply in waiters {
                self.answer(reply, Ok(wait_response(exit)));
            }
        }
    }
}

pub fn wait_response(exit: Exit) -> Vec<u8> {
    Writer::new().number(1, exit.status.into()).message(2, exit.at.message()).done()
}

fn pid_file(bundle: &Path, exec: &str) -> PathBuf {
    if exec.is_empty() {
        return bundle.join(INIT_PID);
    }
    // Ids of execs are whatever clients make them.
    bundle.join(format!("exec-{}.pid", crate::bundle::short_name(exec, 16)))
}

/// A socket on which the runtime sends the terminal: the listener, its file, and how it is named to the
/// runtime.
fn console(bundle: &Path, token: u64) -> io::Result<(UnixListener, PathBuf, String)> {
    let file = bundle.join(format!("console-{token}.sock"));
    let mut name = file.display().to_string();
    let folder = fs::File::open(bundle)?;
    if name.len() > LONGEST_SOCKET {
        use std::os::fd::AsRawFd;
        name = format!("/proc/{}/fd/{}/console-{token}.sock", std::process::id(), folder.as_raw_fd());
        // Open until the runtime has come and gone; one a terminal with a long path.
        std::mem::forget(folder);
    }
    let listener = UnixListener::bind(&name)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok((listener, file, name))
}

/// The runtime has ended, so what it sent is there.
fn receive(listener: &UnixListener) -> io::Result<OwnedFd> {
    let (socket, _) = listener.accept()?;
    socket.set_nonblocking(true)?;
    sys::receive_descriptor(socket.as_fd())?.ok_or_else(|| io::Error::other("it sent none"))
}
