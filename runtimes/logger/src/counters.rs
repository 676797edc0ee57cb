//! What was lost since the log began, in a small file beside it. Its text keeps its length, so that
//! it is overwritten where it is: a full disk has no room for more.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::record::Loss;

pub struct Counters {
    path: PathBuf,
    file: Option<File>,
    lost: Loss,
    /// Lines that journald has not taken.
    journal: u64,
}

impl Counters {
    pub fn open(path: &Path) -> Self {
        let mut counters = Counters { path: path.to_owned(), file: None, lost: Loss::default(), journal: 0 };
        counters.file = counters.read().ok();
        counters
    }

    /// What an earlier logger has counted stays counted.
    fn read(&mut self) -> io::Result<File> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o640)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(&self.path)?;
        if !file.metadata()?.is_file() {
            return Err(ErrorKind::InvalidInput.into());
        }
        let mut text = String::new();
        (&mut file).take(1024).read_to_string(&mut text)?;
        for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let value: u64 = value.parse().unwrap_or(0);
            match name {
                "stdout" => self.lost.stdout += value,
                "stderr" => self.lost.stderr += value,
                "removed" => self.lost.removed += value,
                "journal" => self.journal += value,
                _ => {}
            }
        }
        file.write_all_at(self.text().as_bytes(), 0)?;
        Ok(file)
    }

    pub fn add(&mut self, lost: &Loss) {
        self.lost.stdout += lost.stdout;
        self.lost.stderr += lost.stderr;
        self.lost.removed += lost.removed;
        self.write();
    }

    pub fn add_journal(&mut self, lines: u64) {
        self.journal += lines;
        self.write();
    }

    fn write(&mut self) {
        if self.file.is_none() {
            self.file = self.read().ok();
        }
        if let Some(file) = &self.file {
            // Nothing can be done if it fails; the log tells of the loss as well.
            let _ = file.write_all_at(self.text().as_bytes(), 0);
        }
    }

    fn text(&self) -> String {
        let Loss { stdout, stderr, removed } = self.lost;
        format!(
            "stdout={stdout:020}\nstderr={stderr:020}\nremoved={removed:020}\njournal={:020}\n",
            self.journal
        )
    }
}
