//! The log file: appended to in whole records, rotated, and silent about a full disk until there is
//! room to tell of it.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use crate::archive;
use crate::counters::Counters;
use crate::format::Format;
use crate::record::Loss;
use crate::sys;
use crate::time::Clock;

/// How the log is kept.
#[derive(Clone, Debug)]
pub struct Rules {
    pub format: Format,
    /// Beyond this length the file is rotated.
    pub most: Option<u64>,
    /// How many files there are, the one that is written included.
    pub files: u32,
    /// Whether older files are compressed.
    pub compresses: bool,
    /// Whether older files go when the disk is full; else what can't be written is dropped.
    pub gives_way: bool,
}

pub struct Log {
    path: PathBuf,
    file: File,
    /// The file's length, which nobody else changes.
    length: u64,
    rules: Rules,
    /// What is not told of yet.
    loss: Loss,
    reason: String,
    /// What compresses the file before this one.
    compressor: Option<Child>,
    clock: Clock,
    pub counters: Counters,
}

impl Log {
    /// Waits for another writer to end, up to `patience`; then there are two, and each record is still
    /// whole.
    pub fn open(path: &Path, rules: Rules, patience: Duration) -> io::Result<Self> {
        let (file, length) = open(path, rules.format)?;
        sys::lock(&file, patience);
        Ok(Log {
            path: path.to_owned(),
            file,
            length,
            rules,
            loss: Loss::default(),
            reason: String::new(),
            compressor: None,
            clock: Clock::new(),
            counters: Counters::open(&with_suffix(path, "lost")),
        })
    }

    /// Nothing more is written; who waits for that need not wait for what else this process does.
    pub fn unlock(&self) {
        sys::unlock(&self.file);
    }

    /// Appends whole records. What cannot be written is counted and dropped: a container must not
    /// hang for its log.
    pub fn append(&mut self, mut records: &[u8]) {
        if self.compressor.as_mut().is_some_and(|c| !matches!(c.try_wait(), Ok(None))) {
            self.compressor = None;
        }
        if self.has_loss() {
            return self.append_after_loss(records);
        }
        while !records.is_empty() {
            let (now, later) = records.split_at(self.room(records));
            if now.is_empty() {
                self.rotate();
                continue;
            }
            match self.write(now) {
                Ok(()) => records = later,
                Err((written, e)) => {
                    self.reason = e.to_string();
                    // The records that the disk took whole stay.
                    let whole = memchr::memrchr(b'\n', &now[..written]).map_or(0, |at| at + 1);
                    self.length += whole as u64;
                    self.cut_back();
                    if self.give_way(&e) {
                        return self.append_after_loss(&records[whole..]);
                    }
                    return self.lose(&records[whole..]);
                }
            }
        }
    }

    /// Tells of what was lost before it goes on. All or nothing, or a nearly full disk would be
    /// filled with notes.
    fn append_after_loss(&mut self, records: &[u8]) {
        self.clock.now();
        loop {
            let mut all = self.rules.format.note(&self.clock, &self.loss.tell(&self.reason));
            all.extend_from_slice(records);
            match self.write(&all) {
                Ok(()) => {
                    self.loss = Loss::default();
                    return;
                }
                Err((_, e)) => {
                    self.cut_back();
                    if !self.give_way(&e) {
                        return self.lose(records);
                    }
                }
            }
        }
    }

    fn lose(&mut self, records: &[u8]) {
        let mut lost = Loss::default();
        self.rules.format.count(records, &mut lost);
        self.loss.stdout += lost.stdout;
        self.loss.stderr += lost.stderr;
        self.counters.add(&lost);
    }

    /// Removes the oldest file to make room, if that is the rule and there is one.
    fn give_way(&mut self, e: &io::Error) -> bool {
        if !self.rules.gives_way || !matches!(e.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT)) {
            return false;
        }
        let both = |number| [archive::name(&self.numbered(number)), self.numbered(number)];
        for old in (1..self.rules.files).rev().flat_map(both) {
            let Ok(found) = std::fs::symlink_metadata(&old) else {
                continue;
            };
            if std::fs::remove_file(&old).is_ok() {
                let lost = Loss { removed: found.len(), ..Loss::default() };
                self.loss.removed += lost.removed;
                self.counters.add(&lost);
                return true;
            }
        }
        false
    }

    /// Whether a loss is still to be told of.
    pub fn has_loss(&self) -> bool {
        !self.loss.is_none()
    }

    /// How many bytes of `records` may be written before the file is too long. Never nothing for an
    /// empty file: a record that is longer than the limit has to go somewhere.
    fn room(&self, records: &[u8]) -> usize {
        let Some(most) = self.rules.most else {
            return records.len();
        };
        let room = usize::try_from(most.saturating_sub(self.length)).unwrap_or(usize::MAX);
        if records.len() <= room {
            return records.len();
        }
        match memchr::memrchr(b'\n', &records[..room]) {
            Some(last) => last + 1,
            None if self.length > 0 => 0,
            None => memchr::memchr(b'\n', records).map_or(records.len(), |first| first + 1),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
        let mut done = 0;
        while done < bytes.len() {
            match self.file.write(&bytes[done..]) {
                Ok(0) => return Err((done, ErrorKind::WriteZero.into())),
                Ok(count) => done += count,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err((done, e)),
            }
        }
        self.length += done as u64;
        Ok(())
    }

    /// Takes half a record back.
    fn cut_back(&mut self) {
        if self.file.set_len(self.length).is_err() {
            // It stays; at least what follows must begin behind it.
            self.length = self.file.metadata().map_or(self.length, |m| m.len());
        }
    }

    fn numbered(&self, number: u32) -> PathBuf {
        with_suffix(&self.path, &number.to_string())
    }

    /// The file becomes `<path>.1`, the older ones count up, the oldest goes, and a new one begins.
    /// If that fails, the old one goes on.
    fn rotate(&mut self) {
        if let Some(mut compressor) = self.compressor.take() {
            // It writes the file that is to be renamed now. Docker's logger waits as well.
            let _ = compressor.wait();
        }
        let result = self.make_place().and_then(|old| {
            self.begin().inspect_err(|_| {
                if let Some(old) = &old {
                    let _ = std::fs::rename(old, &self.path);
                }
            })
        });
        match result {
            Ok(next) => {
                self.become_file(next);
                if self.rules.compresses && self.rules.files > 1 {
                    // Without one the file stays as it is.
                    self.compressor = archive::start(&self.numbered(1)).ok();
                }
            }
            // Someone removed the log: a new one is what they want.
            Err(e) if e.kind() == ErrorKind::NotFound => match self.begin() {
                Ok(next) => self.become_file(next),
                Err(_) => self.postpone_rotation(),
            },
            Err(_) => self.postpone_rotation(),
        }
    }

    /// Frees the name of the log; says under which one its file is now, if it still is.
    fn make_place(&self) -> io::Result<Option<PathBuf>> {
        if self.rules.files < 2 {
            return std::fs::remove_file(&self.path).map(|()| None);
        }
        for number in (1..self.rules.files - 1).rev() {
            let (from, to) = (self.numbered(number), self.numbered(number + 1));
            move_to(&from, &to, &archive::name(&to))?;
            move_to(&archive::name(&from), &archive::name(&to), &to)?;
        }
        let old = self.numbered(1);
        std::fs::rename(&self.path, &old)?;
        let _ = std::fs::remove_file(archive::name(&old));
        Ok(Some(old))
    }

    fn begin(&self) -> io::Result<(File, u64)> {
        let next = self.open_new()?;
        sys::lock(&next.0, Duration::ZERO);
        Ok(next)
    }

    /// Readers know a file by its number on the disk, also when it is compressed and its number is
    /// free again: a new one must not get that.
    fn open_new(&self) -> io::Result<(File, u64)> {
        let mut next = open(&self.path, self.rules.format)?;
        let taken: Vec<u64> = match self.rules.compresses {
            true => (1..self.rules.files)
                .filter_map(|n| archive::inode(&archive::name(&self.numbered(n))))
                .collect(),
            false => Vec::new(),
        };
        let mut aside = Vec::new();
        while aside.len() < taken.len() && taken.contains(&next.0.metadata()?.ino()) {
            let place = with_suffix(&self.path, &format!("aside{}", aside.len()));
            std::fs::rename(&self.path, &place)?;
            aside.push(place);
            next = open(&self.path, self.rules.format)?;
        }
        for place in aside {
            let _ = std::fs::remove_file(place);
        }
        Ok(next)
    }

    fn become_file(&mut self, (file, length): (File, u64)) {
        (self.file, self.length) = (file, length);
    }

    /// Lets the file grow by once more its limit before the next attempt.
    fn postpone_rotation(&mut self) {
        self.rules.most = self.rules.most.map(|most| self.length.saturating_add(most));
    }
}

/// Moves a file, if there is one, in place of what has the other form of the new name.
fn move_to(from: &Path, to: &Path, other: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Ok(()) => {
            let _ = std::fs::remove_file(other);
            Ok(())
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.to_owned().into_os_string();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

/// Opens the log for appending whole records and says how long it is. What a killed writer left of
/// half a record is removed.
fn open(path: &Path, format: Format) -> io::Result<(File, u64)> {
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o640)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let length = found.len();
    let from = length.saturating_sub(format.longest() as u64);
    let mut tail = vec![0; usize::try_from(length - from).unwrap_or(0)];
    file.read_exact_at(&mut tail, from)?;
    let whole = memchr::memrchr(b'\n', &tail).map_or(0, |at| at + 1);
    let kept = from + whole as u64;
    if kept < length {
        file.set_len(kept)?;
    }
    Ok((file, kept))
}
