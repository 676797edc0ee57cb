//! The forms that a record may have (docs/log-format.md): one line each, whatever its text holds.

use std::fmt::Write;

use crate::record::{Loss, Name};
use crate::time::{Clock, TIME};

/// How records are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Kubernetes' CRI.
    Cri,
    /// Docker's json-file.
    Json,
}

/// The length of `stdout` and `stderr`.
const STREAM: usize = 6;
/// Where a CRI record's tag stands.
const TAG: usize = TIME + 1 + STREAM + 1;
/// Time, stream and tag before the text.
const PREFIX: usize = TAG + 2;
const OPENING: &[u8] = b"{\"log\":\"";
const STREAM_FIELD: &[u8] = b"\",\"stream\":\"";
const TIME_FIELD: &[u8] = b"\",\"time\":\"";
/// The bytes that U+FFFD stands for in the text, in order, two hexadecimal digits each.
const BYTES_FIELD: &[u8] = b"\",\"attrs\":{\"felucca.bytes\":\"";
const LOST_FIELD: &[u8] = b"\",\"attrs\":{\"felucca.lost\":\"1";
const REPLACED: &[u8] = b"\\ufffd";

impl Format {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "cri" => Some(Format::Cri),
            "json" => Some(Format::Json),
            _ => None,
        }
    }

    /// No record is longer than this.
    pub fn longest(self) -> usize {
        match self {
            Format::Cri => PREFIX + crate::record::LONGEST + 1,
            // A byte takes six characters and two more when it is replaced.
            Format::Json => crate::record::LONGEST * 8 + 200,
        }
    }

    /// Appends a record. `complete`: a newline follows the text in the stream.
    pub fn put(self, clock: &Clock, name: Name, text: &[u8], complete: bool, batch: &mut Vec<u8>) {
        match self {
            Format::Cri => {
                batch.extend_from_slice(clock.text());
                batch.extend_from_slice(match name {
                    Name::Stdout => b" stdout ",
                    Name::Stderr => b" stderr ",
                });
                batch.extend_from_slice(if complete { b"F " } else { b"P " });
                batch.extend_from_slice(text);
                batch.push(b'\n');
            }
            Format::Json => {
                batch.extend_from_slice(OPENING);
                let replaced = escape(text, batch);
                if complete {
                    batch.extend_from_slice(b"\\n");
                }
                fields(clock, name, batch);
                if replaced.is_empty() {
                    batch.extend_from_slice(b"\"}\n");
                } else {
                    batch.extend_from_slice(BYTES_FIELD);
                    batch.extend_from_slice(replaced.as_bytes());
                    batch.extend_from_slice(b"\"}}\n");
                }
            }
        }
    }

    /// The record that tells of a loss, at the place where it happened.
    pub fn note(self, clock: &Clock, text: &str) -> Vec<u8> {
        let mut note = Vec::new();
        match self {
            Format::Cri => {
                note.extend_from_slice(clock.text());
                note.extend_from_slice(b" stderr F:lost ");
                note.extend_from_slice(text.as_bytes());
                note.push(b'\n');
            }
            Format::Json => {
                note.extend_from_slice(OPENING);
                escape(text.as_bytes(), &mut note);
                note.extend_from_slice(b"\\n");
                fields(clock, Name::Stderr, &mut note);
                note.extend_from_slice(LOST_FIELD);
                note.extend_from_slice(b"\"}}\n");
            }
        }
        note
    }

    /// Counts the bytes of the streams that whole records stand for.
    pub fn count(self, records: &[u8], loss: &mut Loss) {
        for record in records.split_inclusive(|&b| b == b'\n') {
            let (name, bytes) = match self {
                // The newline of the record stands for one of the stream only if the line ends there.
                Format::Cri => (record[TIME + 4], record.len() - PREFIX - usize::from(record[TAG] == b'P')),
                Format::Json => {
                    let (bytes, end) = decoded(&record[OPENING.len()..]);
                    (record[OPENING.len() + end + STREAM_FIELD.len() + 3], bytes)
                }
            };
            match name {
                b'o' => loss.stdout += bytes as u64,
                _ => loss.stderr += bytes as u64,
            }
        }
    }
}

fn fields(clock: &Clock, name: Name, batch: &mut Vec<u8>) {
    batch.extend_from_slice(STREAM_FIELD);
    batch.extend_from_slice(name.text().as_bytes());
    batch.extend_from_slice(TIME_FIELD);
    batch.extend_from_slice(clock.text());
}

/// Appends the text as the inside of a JSON string; returns the bytes that are no UTF-8, which it
/// can't hold.
fn escape(text: &[u8], batch: &mut Vec<u8>) -> String {
    let mut replaced = String::new();
    match std::str::from_utf8(text) {
        Ok(_) => escape_valid(text, batch),
        Err(_) => {
            for chunk in text.utf8_chunks() {
                escape_valid(chunk.valid().as_bytes(), batch);
                for byte in chunk.invalid() {
                    batch.extend_from_slice(REPLACED);
                    let _ = write!(replaced, "{byte:02x}");
                }
            }
        }
    }
    replaced
}

/// Copies what needs no escape in one piece each.
fn escape_valid(text: &[u8], batch: &mut Vec<u8>) {
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        at += plain(&text[at..]);
        if at == text.len() {
            break;
        }
        batch.extend_from_slice(&text[start..at]);
        match text[at] {
            b'"' => batch.extend_from_slice(b"\\\""),
            b'\\' => batch.extend_from_slice(b"\\\\"),
            b'\t' => batch.extend_from_slice(b"\\t"),
            b'\r' => batch.extend_from_slice(b"\\r"),
            byte => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                batch.extend_from_slice(b"\\u00");
                batch.push(DIGITS[usize::from(byte >> 4)]);
                batch.push(DIGITS[usize::from(byte & 15)]);
            }
        }
        at += 1;
        start = at;
    }
    batch.extend_from_slice(&text[start..]);
}

/// How many bytes from the beginning on need no escape; eight are looked at at a time.
fn plain(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    for eight in text.chunks_exact(8) {
        let word = u64::from_le_bytes(eight.try_into().unwrap_or_default());
        let quote = word ^ (ONES * b'"' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        let found =
            ((word.wrapping_sub(ONES * 0x20) | quote.wrapping_sub(ONES) | backslash.wrapping_sub(ONES))
                & !word)
                & HIGHS;
        if found != 0 {
            // A borrow may mark bytes above the first one that is meant, never below it.
            break;
        }
        at += 8;
    }
    while at < text.len() && text[at] >= 0x20 && text[at] != b'"' && text[at] != b'\\' {
        at += 1;
    }
    at
}

/// How many bytes of a stream the inside of a string of ours stands for, and where it ends.
fn decoded(text: &[u8]) -> (usize, usize) {
    let mut bytes = 0;
    let mut at = 0;
    while let Some(&byte) = text.get(at).filter(|&&byte| byte != b'"') {
        at += match (byte, text.get(at + 1)) {
            (b'\\', Some(b'u')) => 6,
            (b'\\', _) => 2,
            _ => 1,
        };
        bytes += 1;
    }
    (bytes, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const TIME_TEXT: &str = "2026-11-24T13:00:00.123456789Z";

    fn clock() -> Clock {
        let mut clock = Clock::new();
        clock.set(Duration::new(1_795_525_200, 123_456_789));
        clock
    }

    fn json(text: &[u8], complete: bool) -> String {
        let mut batch = Vec::new();
        Format::Json.put(&clock(), Name::Stdout, text, complete, &mut batch);
        String::from_utf8(batch).unwrap()
    }

    #[test]
    fn json_records_are_dockers() {
        let end = format!("\",\"stream\":\"stdout\",\"time\":\"{TIME_TEXT}\"}}\n");
        assert_eq!(json(b"one", true), format!("{{\"log\":\"one\\n{end}"));
        assert_eq!(json(b"", true), format!("{{\"log\":\"\\n{end}"));
        assert_eq!(json("größe 😀".as_bytes(), false), format!("{{\"log\":\"größe 😀{end}"));
        assert_eq!(
            json(b"a \"b\" \\ \t \r \x1b[0m \x00 <&>", true),
            format!("{{\"log\":\"a \\\"b\\\" \\\\ \\t \\r \\u001b[0m \\u0000 <&>\\n{end}")
        );
    }

    #[test]
    fn json_records_keep_bytes_that_are_no_text() {
        assert_eq!(
            json(b"a\xffb\xc3", true),
            format!(
                "{{\"log\":\"a\\ufffdb\\ufffd\\n\",\"stream\":\"stdout\",\"time\":\"{TIME_TEXT}\",\"attrs\":{{\"felucca.bytes\":\"ffc3\"}}}}\n"
            )
        );
        // One that was there before is written as it is.
        assert!(json("\u{fffd}".as_bytes(), true).starts_with("{\"log\":\"\u{fffd}\\n"));
    }

    #[test]
    fn every_byte_is_escaped_at_every_place() {
        for byte in 0..=255u8 {
            for place in 0..20 {
                let mut text = vec![b'x'; 20];
                text[place] = byte;
                let mut batch = Vec::new();
                Format::Json.put(&clock(), Name::Stderr, &text, false, &mut batch);
                let raw = &batch[OPENING.len()..];
                let (bytes, end) = decoded(raw);
                assert_eq!(bytes, 20, "{byte:#x} at {place}");
                assert!(raw[..end].iter().all(|&b| b >= 0x20), "{byte:#x} at {place}");
                let mut loss = Loss::default();
                Format::Json.count(&batch, &mut loss);
                assert_eq!((loss.stdout, loss.stderr), (0, 20));
            }
        }
    }

    #[test]
    fn loss_is_counted_in_bytes_of_the_streams() {
        for format in [Format::Cri, Format::Json] {
            let mut records = Vec::new();
            format.put(&clock(), Name::Stdout, b"one", true, &mut records);
            format.put(&clock(), Name::Stdout, b"", true, &mut records);
            format.put(&clock(), Name::Stdout, b"t\"\xff", false, &mut records);
            format.put(&clock(), Name::Stderr, "größe".as_bytes(), true, &mut records);
            let mut loss = Loss::default();
            format.count(&records, &mut loss);
            assert_eq!((loss.stdout, loss.stderr), (8, 8), "{format:?}");
        }
    }

    #[test]
    fn notes_are_marked() {
        assert_eq!(
            String::from_utf8(Format::Cri.note(&clock(), "lost it")).unwrap(),
            format!("{TIME_TEXT} stderr F:lost lost it\n")
        );
        assert_eq!(
            String::from_utf8(Format::Json.note(&clock(), "lost \"it\"")).unwrap(),
            format!(
                "{{\"log\":\"lost \\\"it\\\"\\n\",\"stream\":\"stderr\",\"time\":\"{TIME_TEXT}\",\"attrs\":{{\"felucca.lost\":\"1\"}}}}\n"
            )
        );
    }
}
