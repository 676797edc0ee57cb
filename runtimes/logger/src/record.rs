//! The records of the log (docs/log-format.md): one line each, in the format of Kubernetes' CRI.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The longest text of one record; what is longer goes on in the next.
pub const LONGEST: usize = 16 << 10;
/// Time, stream and tag before the text.
pub const PREFIX: usize = TIME + 10;
const TIME: usize = 30;
const TAG: usize = TIME + 8;
/// The first letter in which the streams' names differ.
const STREAM: usize = TIME + 4;

/// What one read may add, beyond a line that is still waiting for its end. A buffer of this size is
/// mapped, not taken from the heap: only the pages that a stream really uses cost memory.
const ROOM: usize = 128 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Stdout,
    Stderr,
}

/// The beginning of every record of one stream, with the time of its last read.
pub struct Prefix {
    bytes: [u8; PREFIX],
    second: u64,
}

impl Prefix {
    pub fn new(name: Name) -> Self {
        let mut bytes = *b"1970-01-01T00:00:00.000000000Z stdout F ";
        if name == Name::Stderr {
            bytes[TIME + 1..TIME + 7].copy_from_slice(b"stderr");
        }
        Prefix { bytes, second: 0 }
    }

    pub fn now(&mut self) {
        self.set(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
    }

    fn set(&mut self, since_epoch: Duration) {
        if self.second != since_epoch.as_secs() {
            self.second = since_epoch.as_secs();
            let (year, month, day) = civil(self.second / 86_400);
            let second = self.second % 86_400;
            self.digits(0, 4, year);
            self.digits(5, 2, month);
            self.digits(8, 2, day);
            self.digits(11, 2, second / 3600);
            self.digits(14, 2, second / 60 % 60);
            self.digits(17, 2, second % 60);
        }
        self.digits(20, 9, u64::from(since_epoch.subsec_nanos()));
    }

    fn digits(&mut self, at: usize, count: usize, mut number: u64) {
        for byte in self.bytes[at..at + count].iter_mut().rev() {
            *byte = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }

    fn time(&self) -> &[u8] {
        &self.bytes[..TIME]
    }
}

/// The Gregorian date of a day after 1970-01-01. Years begin in March here, so that the leap day is
/// a year's last.
fn civil(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468; // since 0000-03-01
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let first = (153 * month + 2) / 5;
    let january = u64::from(month >= 10);
    (era * 400 + year + january, if month < 10 { month + 3 } else { month - 9 }, day - first + 1)
}

/// Cuts one stream into records.
pub struct Lines {
    buffer: Box<[u8]>,
    /// Where the first byte lies that is in no record yet.
    start: usize,
    /// Up to where no newline is known to be, at least `start`.
    searched: usize,
    end: usize,
}

impl Lines {
    pub fn new() -> Self {
        Lines { buffer: vec![0; LONGEST + 1 + ROOM].into_boxed_slice(), start: 0, searched: 0, end: 0 }
    }

    /// Where the next bytes of the stream go; never empty after [`Lines::cut`] has returned false.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.searched -= self.start;
            self.start = 0;
        }
        &mut self.buffer[self.end..]
    }

    /// `count` bytes have come: these.
    pub fn filled(&mut self, count: usize) -> &[u8] {
        self.end += count;
        &self.buffer[self.end - count..self.end]
    }

    /// Appends records to `batch` until it has `enough` bytes (true: call again) or the rest is a
    /// line without an end (false).
    pub fn cut(&mut self, prefix: &Prefix, batch: &mut Vec<u8>, enough: usize) -> bool {
        let mut newlines = memchr::memchr_iter(b'\n', &self.buffer[self.searched..self.end]);
        let base = self.searched;
        while batch.len() < enough {
            let Some(newline) = newlines.next().map(|at| base + at) else {
                self.searched = self.end;
                while self.end - self.start > LONGEST {
                    self.start = partial(prefix, &self.buffer, self.start, batch);
                }
                return false;
            };
            while newline - self.start > LONGEST {
                self.start = partial(prefix, &self.buffer, self.start, batch);
            }
            batch.extend_from_slice(&prefix.bytes);
            batch.extend_from_slice(&self.buffer[self.start..=newline]);
            self.start = newline + 1;
            self.searched = self.start;
        }
        true
    }

    /// Makes a record of a line that has no end yet, or never will.
    pub fn cut_rest(&mut self, prefix: &Prefix, batch: &mut Vec<u8>) {
        if self.start < self.end {
            put_partial(prefix, &self.buffer[self.start..self.end], batch);
            (self.start, self.searched) = (self.end, self.end);
        }
    }
}

/// One record of the longest text from `start` on; returns where the next begins.
fn partial(prefix: &Prefix, buffer: &[u8], start: usize, batch: &mut Vec<u8>) -> usize {
    put_partial(prefix, &buffer[start..start + LONGEST], batch);
    start + LONGEST
}

fn put_partial(prefix: &Prefix, text: &[u8], batch: &mut Vec<u8>) {
    let tag = batch.len() + TAG;
    batch.extend_from_slice(&prefix.bytes);
    batch[tag] = b'P';
    batch.extend_from_slice(text);
    batch.push(b'\n');
}

/// How many bytes of each stream could not be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    pub stdout: u64,
    pub stderr: u64,
}

impl Loss {
    pub fn is_none(&self) -> bool {
        *self == Loss::default()
    }

    /// Counts what whole records stand for.
    pub fn add(&mut self, records: &[u8]) {
        for record in records.split_inclusive(|&b| b == b'\n') {
            // The newline of the record stands for one of the stream only if the line ends there.
            let bytes = (record.len() - PREFIX - usize::from(record[TAG] == b'P')) as u64;
            match record[STREAM] {
                b'o' => self.stdout += bytes,
                _ => self.stderr += bytes,
            }
        }
    }

    /// The record that tells of the loss, at the place where it happened.
    pub fn note(&self, prefix: &Prefix, reason: &str) -> Vec<u8> {
        let mut note = prefix.time().to_vec();
        let Loss { stdout, stderr } = self;
        note.extend_from_slice(
            format!(" stderr F:lost felucca-logger: lost {stdout} bytes of stdout and {stderr} of stderr: {reason}\n")
                .as_bytes(),
        );
        note
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME_TEXT: &str = "2026-11-24T13:00:00.123456789Z";

    fn prefix(name: Name) -> Prefix {
        let mut prefix = Prefix::new(name);
        prefix.set(Duration::new(1_795_525_200, 123_456_789));
        prefix
    }

    /// What the records say, without the time.
    fn cut(pieces: &[&[u8]], enough: usize) -> String {
        let prefix = prefix(Name::Stdout);
        let mut lines = Lines::new();
        let mut log = Vec::new();
        let mut batch = Vec::new();
        for piece in pieces {
            lines.space()[..piece.len()].copy_from_slice(piece);
            lines.filled(piece.len());
            while lines.cut(&prefix, &mut batch, enough) {
                log.append(&mut batch);
            }
            log.append(&mut batch);
        }
        lines.cut_rest(&prefix, &mut log);
        String::from_utf8(log).unwrap().replace(&format!("{TIME_TEXT} stdout "), "")
    }

    #[test]
    fn prefix_formats_time() {
        assert_eq!(prefix(Name::Stdout).bytes, *format!("{TIME_TEXT} stdout F ").as_bytes());
        assert_eq!(prefix(Name::Stderr).bytes, *format!("{TIME_TEXT} stderr F ").as_bytes());
        for (second, text) in [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (951_782_399, "2000-02-28T23:59:59.000000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000000Z"),
            (951_868_800, "2000-03-01T00:00:00.000000000Z"),
            (1_709_164_800, "2024-02-29T00:00:00.000000000Z"),
            (1_767_225_599, "2025-12-31T23:59:59.000000000Z"),
            (1_767_225_600, "2026-01-01T00:00:00.000000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000000Z"),
        ] {
            let mut prefix = Prefix::new(Name::Stdout);
            prefix.set(Duration::from_secs(second));
            assert_eq!(std::str::from_utf8(prefix.time()).unwrap(), text);
        }
    }

    #[test]
    fn cut_makes_one_record_a_line() {
        assert_eq!(cut(&[b"one\ntwo\n\nthree"], 1 << 20), "F one\nF two\nF \nP three\n");
        assert_eq!(cut(&[b"on", b"e\ntw", b"o\n"], 1 << 20), "F one\nF two\n");
        assert_eq!(cut(&[b"a\nb\nc\nd"], 1), "F a\nF b\nF c\nP d\n");
        assert_eq!(cut(&[b""], 1), "");
    }

    #[test]
    fn cut_splits_long_lines() {
        let longest = "x".repeat(LONGEST);
        let line = |tail: &str| format!("{longest}{tail}");
        assert_eq!(cut(&[line("\n").as_bytes()], 1 << 20), format!("F {longest}\n"));
        assert_eq!(cut(&[longest.as_bytes(), b"\n"], 1 << 20), format!("F {longest}\n"));
        assert_eq!(cut(&[longest.as_bytes()], 1 << 20), format!("P {longest}\n"));
        assert_eq!(cut(&[line("y\n").as_bytes()], 1 << 20), format!("P {longest}\nF y\n"));
        assert_eq!(cut(&[line("y").as_bytes(), b"z"], 1 << 20), format!("P {longest}\nP yz\n"));
        let twice = format!("{longest}{longest}");
        assert_eq!(cut(&[twice.as_bytes(), b"\n"], 1), format!("P {longest}\nF {longest}\n"));
    }

    #[test]
    fn loss_counts_bytes_of_the_streams() {
        let mut records = Vec::new();
        for (name, text) in [(Name::Stdout, "one\n\ntwo"), (Name::Stderr, "three\n")] {
            let mut lines = Lines::new();
            lines.space()[..text.len()].copy_from_slice(text.as_bytes());
            lines.filled(text.len());
            lines.cut(&prefix(name), &mut records, usize::MAX);
            lines.cut_rest(&prefix(name), &mut records);
        }
        let mut loss = Loss::default();
        loss.add(&records);
        assert_eq!(loss, Loss { stdout: 8, stderr: 6 });
        assert_eq!(
            String::from_utf8(loss.note(&prefix(Name::Stdout), "disk full")).unwrap(),
            format!("{TIME_TEXT} stderr F:lost felucca-logger: lost 8 bytes of stdout and 6 of stderr: disk full\n")
        );
    }
}
