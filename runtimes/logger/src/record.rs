//! One stream as the pieces that become records: its lines, the long ones in several.

/// The longest text of one record; what is longer goes on in the next.
pub const LONGEST: usize = 16 << 10;

/// What one read may add, beyond a line that is still waiting for its end. A buffer of this size is
/// mapped, not taken from the heap: only the pages that a stream really uses cost memory.
const ROOM: usize = 128 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Stdout,
    Stderr,
}

impl Name {
    pub fn text(self) -> &'static str {
        match self {
            Name::Stdout => "stdout",
            Name::Stderr => "stderr",
        }
    }
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

    /// Hands pieces to `put` until that says that it has enough (true: call again) or the rest is a
    /// line without an end (false). Its second argument: a newline follows the piece in the stream.
    pub fn cut(&mut self, mut put: impl FnMut(&[u8], bool) -> bool) -> bool {
        let mut newlines = memchr::memchr_iter(b'\n', &self.buffer[self.searched..self.end]);
        let base = self.searched;
        loop {
            let Some(newline) = newlines.next().map(|at| base + at) else {
                self.searched = self.end;
                while self.end - self.start > LONGEST {
                    put(&self.buffer[self.start..self.start + LONGEST], false);
                    self.start += LONGEST;
                }
                return false;
            };
            while newline - self.start > LONGEST {
                put(&self.buffer[self.start..self.start + LONGEST], false);
                self.start += LONGEST;
            }
            let enough = put(&self.buffer[self.start..newline], true);
            self.start = newline + 1;
            self.searched = self.start;
            if enough {
                return true;
            }
        }
    }

    /// Makes a piece of a line that has no end yet, or never will.
    pub fn cut_rest(&mut self, mut put: impl FnMut(&[u8], bool) -> bool) {
        if self.start < self.end {
            put(&self.buffer[self.start..self.end], false);
            (self.start, self.searched) = (self.end, self.end);
        }
    }
}

/// What the log lacks and has not told of yet, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    pub stdout: u64,
    pub stderr: u64,
    /// Of older parts of the log that were removed to make room.
    pub removed: u64,
}

impl Loss {
    pub fn is_none(&self) -> bool {
        *self == Loss::default()
    }

    /// What the log says of it.
    pub fn tell(&self, reason: &str) -> String {
        let Loss { stdout, stderr, removed } = self;
        let older = match removed {
            0 => String::new(),
            _ => format!(" and removed {removed} bytes of older log"),
        };
        format!("felucca-logger: lost {stdout} bytes of stdout and {stderr} of stderr{older}: {reason}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]], enough: usize) -> String {
        let mut lines = Lines::new();
        let mut log = String::new();
        for piece in pieces {
            lines.space()[..piece.len()].copy_from_slice(piece);
            lines.filled(piece.len());
            loop {
                let mut count = 0;
                let full = lines.cut(|text, complete| {
                    log += &shown(text, complete);
                    count += 1;
                    count >= enough
                });
                if !full {
                    break;
                }
            }
        }
        lines.cut_rest(|text, complete| {
            log += &shown(text, complete);
            false
        });
        log
    }

    fn shown(text: &[u8], complete: bool) -> String {
        format!("{} {}\n", if complete { 'F' } else { 'P' }, std::str::from_utf8(text).unwrap())
    }

    #[test]
    fn cut_makes_one_record_a_line() {
        assert_eq!(cut(&[b"one\ntwo\n\nthree"], 99), "F one\nF two\nF \nP three\n");
        assert_eq!(cut(&[b"on", b"e\ntw", b"o\n"], 99), "F one\nF two\n");
        assert_eq!(cut(&[b"a\nb\nc\nd"], 1), "F a\nF b\nF c\nP d\n");
        assert_eq!(cut(&[b""], 1), "");
    }

    #[test]
    fn cut_splits_long_lines() {
        let longest = "x".repeat(LONGEST);
        let line = |tail: &str| format!("{longest}{tail}");
        assert_eq!(cut(&[line("\n").as_bytes()], 99), format!("F {longest}\n"));
        assert_eq!(cut(&[longest.as_bytes(), b"\n"], 99), format!("F {longest}\n"));
        assert_eq!(cut(&[longest.as_bytes()], 99), format!("P {longest}\n"));
        assert_eq!(cut(&[line("y\n").as_bytes()], 99), format!("P {longest}\nF y\n"));
        assert_eq!(cut(&[line("y").as_bytes(), b"z"], 99), format!("P {longest}\nP yz\n"));
        let twice = format!("{longest}{longest}");
        assert_eq!(cut(&[twice.as_bytes(), b"\n"], 1), format!("P {longest}\nF {longest}\n"));
    }

    #[test]
    fn loss_tells_what_was_removed() {
        let loss = Loss { stdout: 8, stderr: 6, removed: 0 };
        assert_eq!(
            loss.tell("disk full"),
            "felucca-logger: lost 8 bytes of stdout and 6 of stderr: disk full"
        );
        let loss = Loss { removed: 100, ..loss };
        assert!(loss.tell("x").ends_with("6 of stderr and removed 100 bytes of older log: x"));
    }
}
