//! The log file: appended to in whole records, rotated, and silent about a full disk until there is
//! room to tell of it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::record::{Loss, Name, Prefix};

pub struct Log {
    path: PathBuf,
    file: File,
    /// The file's length, which nobody else changes.
    length: u64,
    /// Beyond this length the file is rotated.
    most: Option<u64>,
    loss: Loss,
    reason: String,
    clock: Prefix,
}

impl Log {
    pub fn open(path: &Path, most: Option<u64>) -> io::Result<Self> {
        let (file, length) = open(path)?;
        Ok(Log {
            path: path.to_owned(),
            file,
            length,
            most,
            loss: Loss::default(),
            reason: String::new(),
            clock: Prefix::new(Name::Stderr),
        })
    }

    /// Appends whole records. What cannot be written is counted and dropped: a container must not
    /// hang for its log.
    pub fn append(&mut self, mut records: &[u8]) {
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
                    self.loss.add(&records[whole..]);
                    return;
                }
            }
        }
    }

    /// Tells of what was lost before it goes on. All or nothing, or a nearly full disk would be
    /// filled with notes.
    fn append_after_loss(&mut self, records: &[u8]) {
        self.clock.now();
        let mut all = self.loss.note(&self.clock, &self.reason);
        all.extend_from_slice(records);
        match self.write(&all) {
            Ok(()) => self.loss = Loss::default(),
            Err(_) => {
                self.cut_back();
                self.loss.add(records);
            }
        }
    }

    /// Whether a loss is still to be told of.
    pub fn has_loss(&self) -> bool {
        !self.loss.is_none()
    }

    /// How many bytes of `records` may be written before the file is too long. Never nothing for an
    /// empty file: a record that is longer than the limit has to go somewhere.
    fn room(&self, records: &[u8]) -> usize {
        let Some(most) = self.most else {
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

    /// The file becomes `<path>.1`, and a new one begins. If that fails, the old one goes on.
    fn rotate(&mut self) {
        let mut old = self.path.clone().into_os_string();
        old.push(".1");
        let result = std::fs::rename(&self.path, &old).and_then(|()| {
            open(&self.path).inspect_err(|_| {
                let _ = std::fs::rename(&old, &self.path);
            })
        });
        match result {
            Ok((file, length)) => (self.file, self.length) = (file, length),
            // Someone removed the log: a new one is what they want.
            Err(e) if e.kind() == ErrorKind::NotFound => match open(&self.path) {
                Ok((file, length)) => (self.file, self.length) = (file, length),
                Err(_) => self.postpone_rotation(),
            },
            Err(_) => self.postpone_rotation(),
        }
    }

    /// Lets the file grow by once more its limit before the next attempt.
    fn postpone_rotation(&mut self) {
        self.most = self.most.map(|most| self.length.saturating_add(most));
    }
}

/// Opens the log for appending whole records and says how long it is. What a killed writer left of
/// half a record is removed.
fn open(path: &Path) -> io::Result<(File, u64)> {
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
    // No record is longer than this.
    let longest = (crate::record::LONGEST + crate::record::PREFIX + 1) as u64;
    let from = length.saturating_sub(longest);
    let mut tail = vec![0; usize::try_from(length - from).unwrap_or(0)];
    file.read_exact_at(&mut tail, from)?;
    let whole = memchr::memrchr(b'\n', &tail).map_or(0, |at| at + 1);
    let kept = from + whole as u64;
    if kept < length {
        file.set_len(kept)?;
    }
    Ok((file, kept))
}
