//! The files that a shim keeps in the folder of a container. `delete` of a later process depends on
//! them, so they say all that it takes to clean up.

use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::clock::{Exit, Time};
use crate::json::{quoted, Json};
use crate::proto::{Malformed, Message};
use crate::spawn;
use crate::sys::pid_t;

pub const OPTIONS: &str = "options.json";
pub const RUNTIME: &str = "runtime";
pub const INIT_PID: &str = "init.pid";
pub const ADDRESS: &str = "address";
pub const EXIT: &str = "felucca-exit.json";
pub const ROOTFS: &str = "rootfs";
const DEFAULT_ROOT: &str = "/run/containerd/runc";
/// Annotations by which containers share a shim, as containerd has them.
const GROUPS: [&str; 2] = ["io.containerd.runc.v2.group", "io.kubernetes.cri.sandbox-id"];

/// How the runtime is called: containerd's `runc.v1.Options`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub no_pivot_root: bool,
    pub no_new_keyring: bool,
    pub shim_cgroup: String,
    pub io_uid: u32,
    pub io_gid: u32,
    pub binary_name: String,
    pub root: String,
    pub systemd_cgroup: bool,
    pub criu_image_path: String,
    pub criu_work_path: String,
}

impl Options {
    /// Reads an Any with the options of runc's shims, or with a text that names the same keys as
    /// containerd's configuration does; anything else is none.
    pub fn parse(any: &[u8]) -> Result<Self, Malformed> {
        let any = Message::parse(any)?;
        let value = any.bytes(2);
        match any.text(1)?.rsplit('/').next() {
            Some("containerd.runc.v1.Options") => Self::of_runc(value),
            Some("runtimeoptions.v1.Options") => {
                let generic = Message::parse(value)?;
                let body = match generic.bytes(3) {
                    [] => fs::read_to_string(generic.text(2)?).unwrap_or_default(),
                    body => String::from_utf8_lossy(body).into_owned(),
                };
                Ok(Self::of_text(&body))
            }
            _ => Ok(Options::default()),
        }
    }

    fn of_runc(value: &[u8]) -> Result<Self, Malformed> {
        let message = Message::parse(value)?;
        let text = |number| message.text(number).map(str::to_owned);
        Ok(Options {
            no_pivot_root: message.flag(1),
            no_new_keyring: message.flag(2),
            shim_cgroup: text(3)?,
            io_uid: message.small(4),
            io_gid: message.small(5),
            binary_name: text(6)?,
            root: text(7)?,
            systemd_cgroup: message.flag(9),
            criu_image_path: text(10)?,
            criu_work_path: text(11)?,
        })
    }

    /// Lines of `BinaryName = "..."`.
    fn of_text(body: &str) -> Self {
        let mut options = Options::default();
        for line in body.lines() {
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim().trim_matches('"');
            match key.trim() {
                "BinaryName" => options.binary_name = value.to_owned(),
                "Root" => options.root = value.to_owned(),
                "SystemdCgroup" => options.systemd_cgroup = value == "true",
                "NoPivotRoot" => options.no_pivot_root = value == "true",
                "NoNewKeyring" => options.no_new_keyring = value == "true",
                "ShimCgroup" => options.shim_cgroup = value.to_owned(),
                "IoUid" => options.io_uid = value.parse().unwrap_or(0),
                "IoGid" => options.io_gid = value.parse().unwrap_or(0),
                "CriuImagePath" => options.criu_image_path = value.to_owned(),
                "CriuWorkPath" => options.criu_work_path = value.to_owned(),
                _ => {}
            }
        }
        options
    }

    /// Reads what `keep` wrote, or containerd's shim.
    pub fn kept(bundle: &Path) -> Self {
        let document = fs::read(bundle.join(OPTIONS)).unwrap_or_default();
        let mut options = Options::default();
        for (name, value) in Json::parse(&document).map(Json::entries).unwrap_or_default() {
            match name.as_str() {
                "binary_name" => options.binary_name = value.text().unwrap_or_default(),
                "root" => options.root = value.text().unwrap_or_default(),
                "systemd_cgroup" => options.systemd_cgroup = value.is_true(),
                _ => {}
            }
        }
        if options.binary_name.is_empty() {
            options.binary_name =
                fs::read_to_string(bundle.join(RUNTIME)).unwrap_or_default().trim().to_owned();
        }
        options
    }

    pub fn keep(&self, bundle: &Path) -> io::Result<()> {
        let document = format!(
            "{{\"binary_name\":{},\"root\":{},\"systemd_cgroup\":{}}}",
            quoted(&self.binary_name),
            quoted(&self.root),
            self.systemd_cgroup
        );
        fs::write(bundle.join(OPTIONS), document)?;
        fs::write(bundle.join(RUNTIME), &self.binary_name)
    }

    /// Where the runtime keeps the state of the containers of a namespace.
    pub fn root_of(&self, namespace: &str) -> String {
        let root = if self.root.is_empty() { DEFAULT_ROOT } else { &self.root };
        format!("{root}/{namespace}")
    }

    /// The runtime's binary: the one that is named, else runc, else crun.
    pub fn binary(&self) -> io::Result<std::path::PathBuf> {
        if self.binary_name.is_empty() {
            spawn::find("runc").or_else(|e| spawn::find("crun").map_err(|_| e))
        } else {
            spawn::find(&self.binary_name).map_err(|e| match e.kind() {
                io::ErrorKind::NotFound => io::Error::new(e.kind(), gone(Path::new(&self.binary_name))),
                _ => e,
            })
        }
    }
}

/// In words that nobody takes for those of a program that is missing in the container.
pub fn gone(runtime: &Path) -> String {
    format!("the runtime {} is gone; install it again", runtime.display())
}

/// The name under which containers share a shim, if the spec gives one.
pub fn group(spec: &[u8]) -> Option<String> {
    let annotations = Json::parse(spec)?.get("annotations")?;
    GROUPS.iter().find_map(|name| annotations.get(name)?.text())
}

/// Whether the container has process ids of its own, so that all its processes end with the first.
pub fn has_own_pids(spec: &[u8]) -> bool {
    let namespaces = Json::parse(spec).and_then(|s| s.get("linux")?.get("namespaces"));
    namespaces.map(Json::items).unwrap_or_default().iter().any(|namespace| {
        let text = |name| namespace.get(name).and_then(Json::text).unwrap_or_default();
        text("type") == "pid" && text("path").is_empty()
    })
}

/// The process spec of an exec, with the terminal that the call asks for.
pub fn process_spec(spec: &[u8], terminal: bool) -> Option<Vec<u8>> {
    let mut result = format!("{{\"terminal\":{terminal}");
    let spec = Json::parse(spec).filter(|s| s.raw().starts_with('{'))?;
    for (name, value) in spec.entries() {
        if name != "terminal" {
            result.push(',');
            result.push_str(&quoted(&name));
            result.push(':');
            result.push_str(value.raw());
        }
    }
    result.push('}');
    Some(result.into_bytes())
}

/// A name of hexadecimal digits, at most 64: short whatever it is made of, and the same each time.
pub fn short_name(of: &str, digits: usize) -> String {
    let digest = Sha256::digest(of);
    let mut name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    name.truncate(digits);
    name
}

pub fn read_pid(file: &Path) -> Option<pid_t> {
    fs::read_to_string(file).ok()?.trim().parse().ok().filter(|pid| *pid > 1)
}

/// Writes how the container ended, whole or not at all.
pub fn record_exit(bundle: &Path, pid: pid_t, exit: Exit) -> io::Result<()> {
    let document = format!(
        "{{\"pid\":{pid},\"exit_status\":{},\"seconds\":{},\"nanos\":{}}}",
        exit.status, exit.at.seconds, exit.at.nanos
    );
    let new = bundle.join("felucca-exit.new");
    fs::write(&new, document)?;
    fs::rename(new, bundle.join(EXIT))
}

/// What `record_exit` wrote.
pub fn recorded_exit(bundle: &Path) -> Option<(pid_t, Exit)> {
    let document = fs::read(bundle.join(EXIT)).ok()?;
    let record = Json::parse(&document)?;
    let number = |name| record.get(name).and_then(Json::number);
    let at = Time { seconds: number("seconds")?.try_into().ok()?, nanos: number("nanos")?.try_into().ok()? };
    let status = number("exit_status")?.try_into().ok()?;
    Some((number("pid")?.try_into().ok()?, Exit { status, at }))
}

/// The last complaint in the log of a runtime.
pub fn runtime_error(log: &Path) -> Option<String> {
    let log = fs::read(log).ok()?;
    let lines = log.split(|b| *b == b'\n').rev();
    lines
        .filter_map(Json::parse)
        .find(|line| line.get("level").and_then(Json::text).as_deref() == Some("error"))?
        .get("msg")?
        .text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{any, Writer};

    #[test]
    fn names_stay_what_they_were() {
        assert_eq!(short_name("abc", 16), "ba7816bf8f01cfea");
        assert_eq!(short_name("", 99).len(), 64);
    }

    #[test]
    fn options_of_each_kind_are_read() {
        let runc = Writer::new().number(1, 1).text(6, "crun").text(7, "/r").number(9, 1).number(4, 5).done();
        let options = Options::parse(&any("containerd.runc.v1.Options", &runc).done()).unwrap();
        assert!(options.no_pivot_root && options.systemd_cgroup && !options.no_new_keyring);
        assert_eq!(
            (options.binary_name.as_str(), options.root_of("n").as_str(), options.io_uid),
            ("crun", "/r/n", 5)
        );

        let body = b"# x\nBinaryName = \"/bin/x\"\n SystemdCgroup = true\n";
        let generic = Writer::new().bytes(3, body).done();
        let options = Options::parse(&any("x/runtimeoptions.v1.Options", &generic).done()).unwrap();
        assert!(options.systemd_cgroup && options.binary_name == "/bin/x");

        assert_eq!(Options::parse(&any("other", b"\xff").done()), Ok(Options::default()));
        assert_eq!(Options::parse(&[]), Ok(Options::default()));
        assert_eq!(Options::default().root_of("n"), "/run/containerd/runc/n");
    }

    #[test]
    fn files_read_back() {
        let folder = std::env::temp_dir().join(format!("felucca-shim-bundle-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let options = Options {
            binary_name: "a \"b\"".into(),
            root: "/r".into(),
            systemd_cgroup: true,
            ..Options::default()
        };
        options.keep(&folder).unwrap();
        assert_eq!(Options::kept(&folder), options);
        fs::remove_file(folder.join(OPTIONS)).unwrap();
        assert_eq!(Options::kept(&folder).binary_name, "a \"b\"");

        assert_eq!(recorded_exit(&folder), None);
        let exit = Exit { status: 137, at: Time { seconds: 5, nanos: 6 } };
        record_exit(&folder, 77, exit).unwrap();
        assert_eq!(recorded_exit(&folder), Some((77, exit)));

        let log = folder.join("log.json");
        fs::write(&log, "{\"level\":\"error\",\"msg\":\"one\"}\n{\"level\":\"error\",\"msg\":\"t\\\"wo\"}\n{\"level\":\"info\",\"msg\":\"x\"}\nrubbish\n").unwrap();
        assert_eq!(runtime_error(&log).as_deref(), Some("t\"wo"));
        for (text, pid) in [("77\n", Some(77)), ("", None), ("1", None), ("-3", None)] {
            fs::write(folder.join(INIT_PID), text).unwrap();
            assert_eq!(read_pid(&folder.join(INIT_PID)), pid, "{text:?}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn specs_are_looked_into() {
        let spec = br#"{"annotations":{"io.kubernetes.cri.sandbox-id":"pod"},"linux":{"namespaces":[{"type":"pid"}]}}"#;
        assert_eq!(group(spec).as_deref(), Some("pod"));
        assert!(has_own_pids(spec));
        assert!(!has_own_pids(
            br#"{"linux":{"namespaces":[{"type":"pid","path":"/proc/1/ns/pid"},{"type":"net"}]}}"#
        ));
        assert_eq!(group(b"{}"), None);
        let process = process_spec(br#"{"args":["a"],"terminal":false,"cwd":"/"}"#, true).unwrap();
        assert_eq!(String::from_utf8(process).unwrap(), r#"{"terminal":true,"args":["a"],"cwd":"/"}"#);
        assert_eq!(process_spec(b"rubbish", true), None);
    }
}
