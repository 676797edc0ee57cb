//! Older files, compressed; and a logger that is killed while its container goes on.

mod common;

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{eventually, kill, read_back, Folder, Logger, Noise};

fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn older_files_are_compressed_and_say_what_they_were() {
    let folder = Folder::new("compressed");
    let log = folder.path("log");
    let sent = Noise(5).bytes(400_000);
    let arguments: [(&str, &Path); 4] = [
        ("log", &log),
        ("max", Path::new("50000")),
        ("files", Path::new("30")),
        ("compress", Path::new("true")),
    ];
    let mut logger = Logger::start(&arguments);
    logger.out().write_all(&sent).unwrap();
    logger.end();
    // The last one is still at work, perhaps.
    eventually("all are compressed", || {
        !folder.path("log.1").exists() && !folder.path("log.1.part").exists()
    });
    let mut stored = Vec::new();
    let mut inodes = vec![std::fs::metadata(&log).unwrap().ino()];
    for number in (1..30).rev() {
        let path = folder.path(&format!("log.{number}.gz"));
        if path.exists() {
            let bytes = unpacked(&path);
            let head = std::fs::read(&path).unwrap();
            assert_eq!(head[12..16], [b'F', b'e', 16, 0]);
            inodes.push(u64::from_le_bytes(head[16..24].try_into().unwrap()));
            assert_eq!(u64::from_le_bytes(head[24..32].try_into().unwrap()), bytes.len() as u64);
            stored.extend(bytes);
        }
        assert!(!folder.path(&format!("log.{number}")).exists(), "{number}");
    }
    assert!(inodes.len() > 5, "{inodes:?}");
    stored.extend(std::fs::read(&log).unwrap());
    assert!(read_back(&stored).stdout == sent, "nothing is lost or doubled");
    let count = inodes.len();
    inodes.sort_unstable();
    inodes.dedup();
    assert_eq!(inodes.len(), count, "no two files are known by one number");
}

#[test]
fn both_forms_count_up_together_and_the_oldest_goes() {
    let folder = Folder::new("both");
    let log = folder.path("log");
    let arguments = |compress| -> [(&'static str, &Path); 4] {
        [("log", &log), ("max", Path::new("100")), ("files", Path::new("4")), ("compress", compress)]
    };
    let line = [b'x'; 70];
    let rounds = |compress: &'static str, count: usize| {
        let mut logger = Logger::start(&arguments(Path::new(compress)));
        for _ in 0..count {
            logger.out().write_all(&line).unwrap();
            logger.out().write_all(b"\n").unwrap();
        }
        logger.end();
        eventually("the last is done", || !folder.path("log.1.part").exists());
    };
    let there = |name: &str| folder.path(name).exists();
    rounds("true", 3);
    eventually("compressed", || !there("log.1"));
    assert!(there("log.1.gz") && there("log.2.gz"));
    rounds("false", 1);
    assert!(there("log.1") && !there("log.1.gz") && there("log.2.gz") && there("log.3.gz"));
    rounds("false", 2);
    assert!(there("log.2") && there("log.3") && !there("log.2.gz") && !there("log.3.gz"));
}

#[test]
fn logger_of_fifos_that_is_killed_is_followed_by_another() {
    let folder = Folder::new("killed");
    let (log, out, err) = (folder.path("log"), folder.fifo("out"), folder.fifo("err"));
    let hold = |path: &Path| OpenOptions::new().read(true).write(true).open(path).unwrap();
    // As the shim does.
    let (mut shim_out, shim_err) = (hold(&out), hold(&err));
    let started = Command::new(env!("CARGO_BIN_EXE_felucca-logger"))
        .args(["log".as_ref(), log.as_os_str(), "in.stdout".as_ref(), out.as_os_str()])
        .args(["in.stderr".as_ref(), err.as_os_str()])
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(started.success());
    shim_out.write_all(b"one\n").unwrap();
    let text = || read_back(&std::fs::read(&log).unwrap_or_default()).stdout;
    eventually("the first line is stored", || text() == b"one\n");
    for process in children_that_read(&out) {
        kill(process, libc::SIGKILL);
    }
    shim_out.write_all(b"two\n").unwrap();
    eventually("the next one goes on", || text() == b"one\ntwo\n");
    drop((shim_out, shim_err));
    eventually("all have ended", || readers(&out).is_empty());
}

/// The processes that have a file open, but this one.
fn readers(path: &Path) -> Vec<u32> {
    let own = std::process::id();
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok());
    let has = |pid: &u32| {
        std::fs::read_dir(format!("/proc/{pid}/fd"))
            .is_ok_and(|fds| fds.flatten().any(|fd| std::fs::read_link(fd.path()).is_ok_and(|to| to == path)))
    };
    all.filter(|&pid| pid != own).filter(has).collect()
}

/// Those of them whose parent is one of them: the loggers, not what watches over them.
fn children_that_read(path: &Path) -> Vec<u32> {
    let all = readers(path);
    let parent = |pid: &u32| -> Option<u32> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
    };
    let children: Vec<u32> =
        all.iter().copied().filter(|pid| parent(pid).is_some_and(|p| all.contains(&p))).collect();
    assert!(!children.is_empty(), "{all:?}");
    children
}
