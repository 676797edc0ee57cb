//! Rotation, and a disk without room.

mod common;

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use common::{eventually, read_back, read_back_json, Folder, Logger, Noise};

#[test]
fn log_is_rotated_between_records() {
    let folder = Folder::new("rotation");
    let log = folder.path("log");
    let old = folder.path("log.1");
    let mut logger = Logger::start(&[("log", &log), ("max", Path::new("1000"))]);
    let mut all = Vec::new();
    let mut sizes = Vec::new();
    for i in 0..40 {
        let line = format!("line {i:>40}\n");
        all.extend_from_slice(line.as_bytes());
        logger.out().write_all(line.as_bytes()).unwrap();
        eventually("the line", || std::fs::read_to_string(&log).is_ok_and(|text| text.ends_with(&line)));
        sizes.push(std::fs::metadata(&log).unwrap().len());
    }
    logger.end();
    assert!(sizes.iter().all(|&size| size <= 1000), "{sizes:?}");
    let mut both = std::fs::read(&old).unwrap();
    assert!((900..=1000).contains(&both.len()), "{}", both.len());
    both.extend(std::fs::read(&log).unwrap());
    let kept = read_back(&both).stdout;
    assert!(kept.len() > 11 * 46 && all.ends_with(&kept), "the last lines are kept without a gap");
}

#[test]
fn batch_is_rotated_between_records() {
    let folder = Folder::new("batch");
    let log = folder.path("log");
    let mut logger = Logger::start(&[("log", &log), ("max", Path::new("20000"))]);
    let bytes = Noise(7).bytes(5 << 20);
    logger.out().write_all(&bytes).unwrap();
    logger.end();
    let mut both = std::fs::read(folder.path("log.1")).unwrap();
    let new = std::fs::read(&log).unwrap();
    assert!(both.len() <= 20000 && new.len() <= 20000, "{} {}", both.len(), new.len());
    both.extend(new);
    assert!(bytes.ends_with(&read_back(&both).stdout));
}

#[test]
fn record_longer_than_the_limit_has_a_file_of_its_own() {
    let folder = Folder::new("longer");
    let log = folder.path("log");
    let mut logger = Logger::start(&[("log", &log), ("max", Path::new("10"))]);
    logger.out().write_all(b"one\ntwo\n").unwrap();
    logger.end();
    assert_eq!(read_back(&std::fs::read(folder.path("log.1")).unwrap()).stdout, b"one\n");
    assert_eq!(read_back(&std::fs::read(&log).unwrap()).stdout, b"two\n");
}

#[test]
fn removed_log_begins_anew_at_rotation() {
    let folder = Folder::new("removed");
    let log = folder.path("log");
    let mut logger = Logger::start(&[("log", &log), ("max", Path::new("60"))]);
    logger.out().write_all(b"one\n").unwrap();
    eventually("the line", || std::fs::metadata(&log).unwrap().len() > 0);
    std::fs::remove_file(&log).unwrap();
    logger.out().write_all(b"two two two\n").unwrap();
    logger.end();
    assert_eq!(read_back(&std::fs::read(&log).unwrap()).stdout, b"two two two\n");
}

#[test]
fn rotation_that_fails_loses_nothing() {
    let folder = Folder::new("stuck");
    let log = folder.path("log");
    // A folder in the place of the old log cannot be replaced by a file.
    std::fs::create_dir_all(folder.path("log.1/x")).unwrap();
    let mut logger = Logger::start(&[("log", &log), ("max", Path::new("100"))]);
    logger.out().write_all(b"one one one one\ntwo\nthree\nfour\nfive\n").unwrap();
    logger.end();
    assert_eq!(read_back(&std::fs::read(&log).unwrap()).stdout, b"one one one one\ntwo\nthree\nfour\nfive\n");
}

#[test]
fn as_many_files_are_kept_as_asked_for() {
    let folder = Folder::new("files");
    let log = folder.path("log");
    let arguments = [
        ("log", log.as_path()),
        ("max", Path::new("20000")),
        ("files", Path::new("4")),
        ("format", Path::new("json")),
    ];
    let mut logger = Logger::start(&arguments);
    let bytes = Noise(11).bytes(2 << 20);
    logger.out().write_all(&bytes).unwrap();
    logger.end();
    let mut all = Vec::new();
    for name in ["log.3", "log.2", "log.1", "log"] {
        all.extend(std::fs::read(folder.path(name)).unwrap());
    }
    assert!(!folder.path("log.4").exists());
    assert!(bytes.ends_with(&read_back_json(&all).stdout));
}

#[test]
fn one_file_begins_anew() {
    let folder = Folder::new("one");
    let log = folder.path("log");
    let mut logger = Logger::start(&[("log", &log), ("max", Path::new("60")), ("files", Path::new("1"))]);
    logger.out().write_all(b"one one one\ntwo two two\n").unwrap();
    logger.end();
    assert_eq!(read_back(&std::fs::read(&log).unwrap()).stdout, b"two two two\n");
    assert!(!folder.path("log.1").exists());
}

/// A small disk. Needs the right to mount.
struct Disk(PathBuf);

impl Disk {
    fn new(folder: &Folder, size: &str) -> Self {
        let path = folder.path("disk");
        std::fs::create_dir(&path).unwrap();
        let options = format!("size={size}");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "felucca-test"]).arg(&path).status();
        assert!(mounted.unwrap().success(), "this test mounts a small tmpfs and needs root for it");
        Disk(path)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn full_disk_drops_counts_and_tells() {
    let folder = Folder::new("full");
    let disk = Disk::new(&folder, "256k");
    let log = disk.0.join("log");
    let ballast = disk.0.join("ballast");
    std::fs::write(&ballast, vec![0; 128 << 10]).unwrap();
    let mut logger = Logger::start(&[("log", &log)]);

    // Far more than there is room for: and the writer is not held up.
    let mut noise = Noise(99);
    let mut sent = noise.bytes(2 << 20);
    logger.out().write_all(&sent).unwrap();
    logger.err().write_all(b"also lost, or not\n").unwrap();
    eventually("empty pipes", || waiting(logger.out()) == 0 && waiting(logger.err()) == 0);
    // The tail may have found a place, with a note before it. Now there is none at all.
    let mut filler = File::create(disk.0.join("filler")).unwrap();
    while filler.write(&[0; 4096]).is_ok() {}
    let more = noise.bytes(60_000);
    logger.out().write_all(&more).unwrap();
    sent.extend_from_slice(&more);
    eventually("an empty pipe", || waiting(logger.out()) == 0);
    std::thread::sleep(Duration::from_millis(100));
    assert!(std::fs::metadata(&log).unwrap().len() <= 128 << 10);

    // Room again: the loss is told without waiting for more output, and all goes on.
    std::fs::remove_file(&ballast).unwrap();
    filler.set_len(0).unwrap();
    eventually("the note", || {
        let bytes = std::fs::read(&log).unwrap();
        String::from_utf8_lossy(&bytes[last_record(&bytes)..]).contains(" stderr F:lost ")
    });
    logger.out().write_all(b"after\n").unwrap();
    sent.extend_from_slice(b"after\n");
    logger.end();

    // What is stored and what is said to be lost is what was sent, in this order.
    let bytes = std::fs::read(&log).unwrap();
    let mut place = 0;
    let mut stored = 0;
    let mut lost_of_stderr = 0;
    let mut notes = 0;
    for record in bytes.split_inclusive(|&b| b == b'\n') {
        let piece = read_back(record);
        if let [note] = &piece.notes[..] {
            let [out, err] = lost(note);
            place += out;
            lost_of_stderr += err;
            notes += 1;
        }
        assert!(sent[place..].starts_with(&piece.stdout));
        place += piece.stdout.len();
        stored += piece.stdout.len();
    }
    assert_eq!(place, sent.len());
    assert!(notes >= 1 && stored > 10_000, "{notes} notes, {stored} bytes");
    assert_eq!(read_back(&bytes).stderr.len() + lost_of_stderr, 18);
    assert!(bytes.ends_with(b" stdout F after\n"));
}

/// Where the last record of a log begins.
fn last_record(log: &[u8]) -> usize {
    let body = log.strip_suffix(b"\n").unwrap_or(log);
    body.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1)
}

/// The two numbers of a note.
fn lost(note: &str) -> [usize; 2] {
    let rest = note.strip_prefix("felucca-logger: lost ").unwrap();
    let rest = rest.strip_suffix(" of stderr: No space left on device (os error 28)\n").unwrap();
    let (out, err) = rest.split_once(" bytes of stdout and ").unwrap();
    [out.parse().unwrap(), err.parse().unwrap()]
}

/// How many bytes the logger has not read yet.
fn waiting(pipe: &File) -> i32 {
    let mut count = 0;
    // SAFETY: FIONREAD fills the exclusively borrowed integer.
    let result = unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &mut count) };
    assert_eq!(result, 0);
    count
}

#[test]
fn full_disk_removes_older_files_if_that_is_the_rule() {
    let folder = Folder::new("way");
    let disk = Disk::new(&folder, "256k");
    let log = disk.0.join("log");
    let arguments = [
        ("log", log.as_path()),
        ("max", Path::new("60000")),
        ("files", Path::new("9")),
        ("full", Path::new("rotate")),
        ("format", Path::new("json")),
    ];
    let mut logger = Logger::start(&arguments);
    let line = [b"0123456789".repeat(50), b"\n".to_vec()].concat();
    for _ in 0..2000 {
        logger.out().write_all(&line).unwrap();
    }
    logger.out().write_all(b"the last\n").unwrap();
    logger.end();
    let mut all = Vec::new();
    for name in ["log.8", "log.7", "log.6", "log.5", "log.4", "log.3", "log.2", "log.1", "log"] {
        all.extend(std::fs::read(disk.0.join(name)).unwrap_or_default());
    }
    let kept = read_back_json(&all);
    assert!(kept.stdout.ends_with(b"the last\n"));
    assert!(kept.stdout.len() > 100_000, "{}", kept.stdout.len());
    let note = kept.notes.last().expect("a note");
    assert!(
        note.starts_with("felucca-logger: lost 0 bytes of stdout and 0 of stderr and removed "),
        "{note}"
    );
    let counted = std::fs::read_to_string(disk.0.join("log.lost")).unwrap();
    let removed = counted.lines().find_map(|line| line.strip_prefix("removed=")).unwrap();
    assert!(removed.parse::<u64>().unwrap() > 500_000, "{counted}");
    assert!(counted.contains("stdout=00000000000000000000\n"), "{counted}");
}

#[test]
fn losses_are_counted_beside_the_log() {
    let folder = Folder::new("counted");
    let disk = Disk::new(&folder, "64k");
    let log = disk.0.join("log");
    std::fs::write(disk.0.join("log.lost"), "stdout=5\nstderr=7\n").unwrap();
    let mut logger = Logger::start(&[("log", &log)]);
    let sent = Noise(3).bytes(500_000);
    logger.out().write_all(&sent).unwrap();
    logger.end();
    let stored = read_back(&std::fs::read(&log).unwrap()).stdout.len();
    let counted = std::fs::read_to_string(disk.0.join("log.lost")).unwrap();
    assert!(counted.starts_with(&format!("stdout={:020}\n", sent.len() - stored + 5)), "{counted} {stored}");
    assert!(counted.contains("stderr=00000000000000000007\n"), "{counted}");
}
