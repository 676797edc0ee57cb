//! The short commands of a shim: `start`, `delete`, `-info` and `-v`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::bundle::{self, Options};
use crate::clock::Exit;
use crate::deletes::delete_response;
use crate::mounts;
use crate::proto::{any, Message, Writer};
use crate::shim::{Settings, Shim};
use crate::sys;
use crate::waiting::{self, Waiting};

const NAME: &str = "io.containerd.felucca.v2";
/// Where sockets are unless the caller says otherwise: their paths must be short.
const SOCKETS: &str = "/run/felucca-shim";
/// The version of the task service that the longer form of the answer names.
const TASK_VERSION: u64 = 3;
/// What `delete` says of a container whose end nobody saw: it was killed by it.
const KILLED: u32 = 137;
const MOST_INPUT: u64 = 4 << 20;
const LEAST_SCORE: i32 = 1;

/// The command line, as containerd makes it: Go's flags, and a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    pub namespace: String,
    pub id: String,
    pub address: String,
    pub bundle: String,
    pub version: bool,
    pub info: bool,
    pub command: String,
}

impl Arguments {
    pub fn parse(given: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut arguments = Arguments::default();
        let mut given = given.map(|a| a.into_string().map_err(|a| format!("{a:?} is no text")));
        while let Some(argument) = given.next().transpose()? {
            let Some(flag) = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')) else {
                arguments.command = argument;
                continue;
            };
            let (name, mut value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (flag, None),
            };
            match name {
                "debug" => continue,
                "v" => arguments.version = true,
                "info" => arguments.info = true,
                "namespace" | "id" | "address" | "bundle" | "publish-binary" | "socket" => {
                    if value.is_none() {
                        value = given.next().transpose()?;
                    }
                    let value = value.ok_or_else(|| format!("the flag -{name} needs a value"))?;
                    match name {
                        "namespace" => arguments.namespace = value,
                        "id" => arguments.id = value,
                        "address" => arguments.address = value,
                        "bundle" => arguments.bundle = value,
                        _ => {}
                    }
                }
                _ => return Err(format!("unknown flag -{name}")),
            }
        }
        Ok(arguments)
    }
}

/// What the caller of `start` wrote to standard input.
#[derive(Debug, Default, PartialEq, Eq)]
struct Params {
    /// Whether it is the newer form, which wants an answer of the newer form.
    newer: bool,
    events: String,
    sockets: String,
    options: Options,
}

impl Params {
    /// An Any of options has the same field numbers as the newer form, so that one counts only if it
    /// names this container.
    fn parse(input: &[u8], arguments: &Arguments) -> Self {
        let message = Message::parse(input).unwrap_or_default();
        let names_us = message.text(1) == Ok(&arguments.id) && message.text(2) == Ok(&arguments.namespace);
        if input.is_empty() || !names_us {
            return Params { options: Options::parse(input).unwrap_or_default(), ..Params::default() };
        }
        let text = |number| message.text(number).unwrap_or_default().to_owned();
        let mut options = Options::default();
        for extension in message.all(8) {
            let value = Message::parse(extension).map(|m| m.bytes(1).to_vec()).unwrap_or_default();
            if let Ok(found) = Options::parse(&value) {
                if found != Options::default() {
                    options = found;
                }
            }
        }
        Params { newer: true, events: text(5), sockets: text(9), options }
    }
}

fn stdin() -> Vec<u8> {
    let mut input = Vec::new();
    // What can't be read is like nothing.
    let _ = io::stdin().take(MOST_INPUT).read_to_end(&mut input);
    input
}

pub fn print_version() {
    println!("felucca-shim:\n  Version:  {}\n  Protocol: task service v2 and v3", env!("CARGO_PKG_VERSION"));
}

/// Starts the shim of a container, or finds the one that it shares, and prints its address.
pub fn start(arguments: &Arguments) -> Result<(), String> {
    if arguments.id.is_empty() || arguments.namespace.is_empty() {
        return Err("start needs -id and -namespace".to_owned());
    }
    let params = Params::parse(&stdin(), arguments);
    let bundle = std::env::current_dir().map_err(|e| format!("look for the bundle: {e}"))?;
    let spec = fs::read("config.json").unwrap_or_default();
    let group = bundle::group(&spec).unwrap_or_else(|| arguments.id.clone());
    drop(spec);
    let folder = if params.sockets.is_empty() { SOCKETS } else { &params.sockets };
    let name = format!("{}/{}/{group}", arguments.address, arguments.namespace);
    let socket = Path::new(folder).join(bundle::short_name(&name, 40));

    make_sockets(folder)?;
    // One at a time looks who listens: two that share a shim may start at once.
    let lock = File::open(folder)
        .and_then(|f| sys::lock(&f).map(|()| f))
        .map_err(|e| format!("lock {folder}: {e}"))?;
    let address = format!("unix://{}", socket.display());
    let newer = params.newer && !cfg!(feature = "previous-wire");
    let answer = if newer { newer_answer(&address) } else { address.clone().into_bytes() };
    fs::write(bundle::ADDRESS, &address).map_err(|e| format!("write the address down: {e}"))?;
    if UnixStream::connect(&socket).is_ok() {
        return print(&answer);
    }
    let _ = fs::remove_file(&socket);
    let listener = listen(&socket)?;
    drop(lock);
    let events = events_address(&params, arguments);
    // The child serves before anybody can ask for the address.
    if sys::fork_away().map_err(|e| format!("fork: {e}"))? {
        drop(answer);
        serve(arguments, &params, bundle, socket, listener, &events);
        std::process::exit(0);
    }
    std::mem::forget(listener);
    print(&answer)
}

/// Starts a shim ahead of the container that it will be for: whoever asks says later which, over the
/// connection that it keeps until then.
pub fn wait(arguments: &Arguments) -> Result<(), String> {
    let params = Params::parse(&stdin(), arguments);
    let folder = if params.sockets.is_empty() { SOCKETS } else { &params.sockets };
    make_sockets(folder)?;
    waiting::remove_abandoned(Path::new(folder));
    let socket = waiting::socket(Path::new(folder));
    let listener = listen(&socket)?;
    if sys::fork_away().map_err(|e| format!("fork: {e}"))? {
        let root = PathBuf::from("/");
        let served = std::env::set_current_dir(&root).and_then(|()| leave_the_caller(&params.options));
        let settings = Settings { namespace: String::new(), log: root.join("dev/null"), socket };
        if let Ok(mut shim) = served.and_then(|()| Shim::new(settings, listener, "")) {
            shim.waits = Some(Waiting::begin());
            shim.run();
        }
        std::process::exit(0);
    }
    std::mem::forget(listener);
    print(&newer_answer(&format!("unix://{}", socket.display())))
}

fn print(answer: &[u8]) -> Result<(), String> {
    let mut out = io::stdout();
    out.write_all(answer).and_then(|()| out.flush()).map_err(|e| format!("print the address: {e}"))
}

fn newer_answer(address: &str) -> Vec<u8> {
    let metadata = Writer::new().text(1, "felucca.shim").text(2, env!("CARGO_PKG_VERSION"));
    Writer::new().number(1, TASK_VERSION).text(2, address).text(3, "ttrpc").message(5, metadata).done()
}

fn make_sockets(folder: &str) -> Result<(), String> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|e| format!("make {folder}: {e}"))
}

fn listen(socket: &Path) -> Result<UnixListener, String> {
    let about = |what: &str| format!("{what} {}", socket.display());
    let listener = UnixListener::bind(socket).map_err(|e| format!("{}: {e}", about("listen on")))?;
    fs::set_permissions(socket, fs::Permissions::from_mode(0o600))
        .map_err(|e| format!("{}: {e}", about("guard")))?;
    Ok(listener)
}

fn events_address(params: &Params, arguments: &Arguments) -> String {
    let given = [params.events.clone(), std::env::var("TTRPC_ADDRESS").unwrap_or_default()];
    match given.into_iter().find(|a| !a.is_empty()) {
        Some(address) => address,
        None if arguments.address.is_empty() => String::new(),
        None => format!("{}.ttrpc", arguments.address),
    }
}

fn serve(
    arguments: &Arguments,
    params: &Params,
    bundle: PathBuf,
    socket: PathBuf,
    listener: UnixListener,
    events: &str,
) {
    let log = bundle.join("log");
    let result = leave_the_caller(&params.options).and_then(|()| {
        let settings = Settings { namespace: arguments.namespace.clone(), log: log.clone(), socket };
        Shim::new(settings, listener, events)
    });
    match result {
        Ok(mut shim) => shim.run(),
        Err(e) => crate::events::log(&log, "error", &format!("the shim does not serve: {e}")),
    }
}

/// No stream and no limit of the caller's stays.
fn leave_the_caller(options: &Options) -> io::Result<()> {
    let null: OwnedFd = sys::null()?;
    for place in 0..3 {
        // SAFETY: standard streams, which nothing else here owns.
        unsafe { sys::replace(place, null.as_fd()) }?;
    }
    sys::adopt_orphans()?;
    protect_less();
    if !options.shim_cgroup.is_empty() {
        move_to(&options.shim_cgroup);
    }
    Ok(())
}

/// The kernel should rather end a shim than the engine that started it.
fn protect_less() {
    let score =
        fs::read_to_string("/proc/self/oom_score_adj").ok().and_then(|s| s.trim().parse::<i32>().ok());
    if let Some(score) = score.filter(|s| *s < 1000) {
        let _ = fs::write("/proc/self/oom_score_adj", (score + LEAST_SCORE).to_string());
    }
}

/// Goes into a cgroup of every hierarchy that takes it.
fn move_to(group: &str) {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    for line in mounts.lines() {
        let Some((before, after)) = line.split_once(" - ") else { continue };
        if let (Some(place), true) = (before.split(' ').nth(4), after.starts_with("cgroup")) {
            let folder = Path::new(place).join(group.trim_matches('/'));
            if fs::create_dir_all(&folder).is_ok() {
                let _ = fs::write(folder.join("cgroup.procs"), "0");
            }
        }
    }
}

/// Cleans up after a shim that is gone: no process, mount or socket of its container stays.
pub fn delete(arguments: &Arguments) -> Result<(), String> {
    let here = std::env::current_dir().map_err(|e| format!("look for the bundle: {e}"))?;
    let bundle = match arguments.bundle.as_str() {
        "" => here,
        given => PathBuf::from(given),
    };
    let recorded = bundle::recorded_exit(&bundle);
    let pid = bundle::read_pid(&bundle.join(bundle::INIT_PID)).unwrap_or(0);
    let options = Options::kept(&bundle);
    let kept = bundle.join(bundle::RUNTIME).exists();
    let mut complaint = None;
    if kept {
        complaint = force_delete(&options, arguments, &bundle).err();
    }
    mounts::unmount_all(&bundle.join(bundle::ROOTFS));
    remove_socket(&bundle);
    if let Some(complaint) = complaint {
        eprintln!("{complaint}");
    }
    let (pid, exit) = recorded.unwrap_or_else(|| (pid, Exit::now(KILLED)));
    let mut out = io::stdout();
    out.write_all(&delete_response(pid, exit))
        .and_then(|()| out.flush())
        .map_err(|e| format!("print the answer: {e}"))
}

fn force_delete(options: &Options, arguments: &Arguments, bundle: &Path) -> Result<(), String> {
    let runtime = options.binary().map_err(|e| format!("delete {}: {e}", arguments.id))?;
    let root = options.root_of(&arguments.namespace);
    let mut line = vec!["--root".to_owned(), root];
    if options.systemd_cgroup {
        line.push("--systemd-cgroup".to_owned());
    }
    line.extend(["delete", "--force", &arguments.id].map(String::from));
    let output = std::process::Command::new(&runtime)
        .args(&line)
        .current_dir(bundle)
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|e| format!("{}: {e}", runtime.display()))?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() || words.contains("does not exist") {
        Ok(())
    } else {
        Err(format!("{} delete --force {}: {}", runtime.display(), arguments.id, words.trim()))
    }
}

/// Nobody listens on it any more, or it is a pod's that others share.
fn remove_socket(bundle: &Path) {
    let address = fs::read_to_string(bundle.join(bundle::ADDRESS)).unwrap_or_default();
    if let Some(socket) = address.trim().strip_prefix("unix://") {
        let refused = |e: io::Error| e.kind() == io::ErrorKind::ConnectionRefused;
        if UnixStream::connect(socket).is_err_and(refused) {
            let _ = fs::remove_file(socket);
        }
    }
}

/// Prints what this shim is, and what the runtime of the given options can do.
pub fn info() -> Result<(), String> {
    let input = stdin();
    let options = Options::parse(&input).unwrap_or_default();
    let version = Writer::new().text(1, env!("CARGO_PKG_VERSION"));
    let mut info = Writer::new().text(1, NAME).message(2, version);
    if !input.is_empty() && Message::parse(&input).is_ok() {
        info = info.bytes(3, &input);
    }
    if let Some(features) = features(&options) {
        let url = "types.containerd.io/opencontainers/runtime-spec/1/features/Features";
        info = info.message(4, any(url, features.as_bytes()));
    }
    let mut out = io::stdout();
    out.write_all(&info.done()).and_then(|()| out.flush()).map_err(|e| format!("print the answer: {e}"))
}

/// Not every runtime knows the question.
fn features(options: &Options) -> Option<String> {
    let runtime = options.binary().ok()?;
    let output = std::process::Command::new(runtime)
        .arg("features")
        .stdin(std::process::Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && text.starts_with('{')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn flags_are_read_as_go_does() {
        let wanted = Arguments {
            namespace: "n".into(),
            id: "i".into(),
            address: "/a".into(),
            command: "start".into(),
            ..Arguments::default()
        };
        assert_eq!(parse("-namespace n --id=i -address /a -publish-binary /p -debug start"), Ok(wanted));
        assert_eq!(parse("-id").unwrap_err(), "the flag -id needs a value");
        assert_eq!(parse("-nonsense").unwrap_err(), "unknown flag -nonsense");
        assert!(parse("-v").unwrap().version && parse("-info").unwrap().info);
    }

    #[test]
    fn only_parameters_that_name_the_container_are_the_newer_form() {
        let arguments = Arguments { namespace: "n".into(), id: "i".into(), ..Arguments::default() };
        let newer = Writer::new().text(1, "i").text(2, "n").text(5, "/e").text(9, "/s").done();
        let params = Params::parse(&newer, &arguments);
        assert!(params.newer && params.events == "/e" && params.sockets == "/s");
        let other = Writer::new().text(1, "other").text(2, "n").done();
        assert!(!Params::parse(&other, &arguments).newer);
        let runc = Writer::new().text(3, "/shims").done();
        let options = any("containerd.runc.v1.Options", &runc).done();
        assert_eq!(Params::parse(&options, &arguments).options.shim_cgroup, "/shims");
        assert_eq!(Params::parse(&[], &arguments), Params::default());
        assert_eq!(Params::parse(b"\xff\xff", &arguments), Params::default());
    }
}
