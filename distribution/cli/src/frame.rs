//! The frames of the shell protocol (docs/shell-protocol.md): a big-endian length, a type, a payload.

use std::fmt;

/// The longest payload that either side may send.
pub const LIMIT: usize = 1 << 20;
pub const VERSION: u8 = 1;

const HEADER: usize = 5;
const FIRST_BUFFER: usize = 128 << 10;

pub mod client {
    pub const HELLO: u8 = 1;
    pub const STDIN: u8 = 2;
    pub const STDIN_EOF: u8 = 3;
    pub const RESIZE: u8 = 4;
    pub const SIGNAL: u8 = 5;
    pub const IO_READY: u8 = 6;
    pub const IO_FAILED: u8 = 7;
    pub const IO_DETACHED: u8 = 8;
    pub const IO_DONE: u8 = 9;
    pub const IO_STDIN_END: u8 = 10;
}

mod server {
    pub const STDOUT: u8 = 65;
    pub const STDERR: u8 = 66;
    pub const STDIN_CREDIT: u8 = 67;
    pub const RAW: u8 = 68;
    pub const IO: u8 = 69;
    pub const IO_END: u8 = 70;
    pub const RESUME: u8 = 71;
    pub const EXIT: u8 = 72;
    pub const POSITION: u8 = 73;
}

/// The order to relay a container's streams through fifos. An empty path is no stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IoRequest {
    pub terminal: bool,
    pub wants_stdin: bool,
    pub stdin: Vec<u8>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub detach_keys: Vec<u8>,
}

/// What the engine says. Output comes in pieces, as it arrives, so that no whole frame is held.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Bytes for standard output (0) or standard error (1).
    Output(usize, &'a [u8]),
    Credit(u32),
    Raw(bool),
    Io(IoRequest),
    IoEnd,
    Resume(Vec<Vec<u8>>),
    /// As `Resume`; what is written from here on will come again.
    Position(Vec<Vec<u8>>),
    Exit(u8),
}

/// The other side does not keep to the protocol.
#[derive(Debug, PartialEq, Eq)]
pub enum Malformed {
    TooLong(usize),
    UnknownType(u8),
    Payload(u8),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::TooLong(n) => write!(f, "a frame of {n} bytes, more than the {LIMIT} allowed"),
            Malformed::UnknownType(t) => write!(f, "a frame of the unknown type {t}"),
            Malformed::Payload(t) => write!(f, "a frame of type {t} whose content cannot be read"),
        }
    }
}

/// Turns the bytes of the socket, however they are cut, into events.
pub struct Decoder {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The stream whose frame has begun, and how many bytes of it are still to come.
    output: Option<(usize, usize)>,
}

impl Decoder {
    pub fn new() -> Self {
        Decoder { buffer: vec![0; FIRST_BUFFER], start: 0, end: 0, output: None }
    }

    /// Where the next bytes go; say with [`Decoder::filled`] how many came. Never empty once
    /// [`Decoder::next`] has returned `None`.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if self.end == self.buffer.len() {
                // One frame fills it all: it is whole within header and limit at the latest.
                self.buffer.resize(HEADER + LIMIT, 0);
            }
        }
        &mut self.buffer[self.end..]
    }

    pub fn filled(&mut self, count: usize) {
        self.end += count;
    }

    /// The next event that can be told from the bytes so far.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, Malformed> {
        loop {
            if let Some((stream, left)) = self.output {
                let take = left.min(self.end - self.start);
                if take == 0 && left > 0 {
                    return Ok(None);
                }
                self.output = (left > take).then_some((stream, left - take));
                let from = self.start;
                self.start += take;
                if take > 0 {
                    return Ok(Some(Event::Output(stream, &self.buffer[from..from + take])));
                }
                continue;
            }
            let bytes = &self.buffer[self.start..self.end];
            let Some((header, rest)) = bytes.split_at_checked(HEADER) else {
                return Ok(None);
            };
            let length = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize;
            let kind = header[4];
            if length > LIMIT {
                return Err(Malformed::TooLong(length));
            }
            if !(server::STDOUT..=server::POSITION).contains(&kind) {
                return Err(Malformed::UnknownType(kind));
            }
            if kind == server::STDOUT || kind == server::STDERR {
                self.output = Some((usize::from(kind - server::STDOUT), length));
                self.start += HEADER;
                continue;
            }
            let Some(payload) = rest.get(..length) else {
                return Ok(None);
            };
            let event = message(kind, payload).ok_or(Malformed::Payload(kind))?;
            self.start += HEADER + length;
            return Ok(Some(event));
        }
    }
}

fn message(kind: u8, payload: &[u8]) -> Option<Event<'static>> {
    let mut fields = Fields(payload);
    let event = match kind {
        server::STDIN_CREDIT => Event::Credit(fields.u32()?),
        server::RAW => Event::Raw(fields.u8()? != 0),
        server::IO => {
            let flags = fields.u8()?;
            Event::Io(IoRequest {
                terminal: flags & 1 != 0,
                wants_stdin: flags & 2 != 0,
                stdin: fields.string()?,
                stdout: fields.string()?,
                stderr: fields.string()?,
                detach_keys: fields.string()?,
            })
        }
        server::IO_END => Event::IoEnd,
        server::RESUME => Event::Resume(fields.list()?),
        server::POSITION => Event::Position(fields.list()?),
        server::EXIT => Event::Exit(fields.u8()?),
        _ => return None,
    };
    fields.0.is_empty().then_some(event)
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn list(&mut self) -> Option<Vec<Vec<u8>>> {
        let count = self.u32()?;
        // Collected one by one: the count alone must not reserve memory.
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(self.string()?);
        }
        Some(list)
    }

    fn string(&mut self) -> Option<Vec<u8>> {
        let length = self.u32()? as usize;
        Some(self.take(length)?.to_vec())
    }
}

/// What the client says about itself and its terminal.
pub struct Hello<'a> {
    pub terminals: u8,
    pub rows: u16,
    pub columns: u16,
    pub directory: &'a [u8],
    pub arguments: &'a [Vec<u8>],
    pub environment: &'a [Vec<u8>],
}

impl Hello<'_> {
    pub fn encode(&self) -> Vec<u8> {
        let mut payload = vec![VERSION, self.terminals];
        payload.extend_from_slice(&self.rows.to_be_bytes());
        payload.extend_from_slice(&self.columns.to_be_bytes());
        put_string(&mut payload, self.directory);
        for list in [self.arguments, self.environment] {
            payload.extend_from_slice(&length(list.len()));
            list.iter().for_each(|text| put_string(&mut payload, text));
        }
        payload
    }
}

pub fn put_string(payload: &mut Vec<u8>, text: &[u8]) {
    payload.extend_from_slice(&length(text.len()));
    payload.extend_from_slice(text);
}

/// Frames on their way to the engine.
#[derive(Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outbox {
    /// The caller keeps `payload` within [`LIMIT`].
    pub fn push(&mut self, kind: u8, payload: &[u8]) {
        self.bytes.extend_from_slice(&length(payload.len()));
        self.bytes.push(kind);
        self.bytes.extend_from_slice(payload);
    }

    pub fn pending(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    pub fn sent(&mut self, count: usize) {
        self.sent += count;
        if self.sent == self.bytes.len() {
            self.clear();
        }
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.sent = 0;
    }
}

/// Lengths on the wire have 32 bits; everything that is sent is far below (see [`LIMIT`]).
fn length(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = length(payload.len()).to_vec();
        bytes.push(kind);
        bytes.extend_from_slice(payload);
        bytes
    }

    fn strings(texts: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        texts.iter().for_each(|text| put_string(&mut bytes, text));
        bytes
    }

    /// What is told, with the output of neighbouring events joined.
    #[derive(Debug, PartialEq, Eq)]
    enum Told {
        Output(usize, Vec<u8>),
        Other(Event<'static>),
    }

    /// Decodes `bytes`, handed over in pieces whose sizes `cut` gives.
    fn decode(mut bytes: &[u8], mut cut: impl FnMut() -> usize) -> (Vec<Told>, Option<Malformed>) {
        let mut decoder = Decoder::new();
        let mut told: Vec<Told> = Vec::new();
        loop {
            match decoder.next() {
                Ok(Some(Event::Output(stream, piece))) => {
                    assert!(!piece.is_empty());
                    match told.last_mut() {
                        Some(Told::Output(last, before)) if *last == stream => {
                            before.extend_from_slice(piece)
                        }
                        _ => told.push(Told::Output(stream, piece.to_vec())),
                    }
                }
                Ok(Some(other)) => told.push(Told::Other(match other {
                    Event::Output(..) => unreachable!(),
                    Event::Credit(bytes) => Event::Credit(bytes),
                    Event::Raw(on) => Event::Raw(on),
                    Event::Io(request) => Event::Io(request),
                    Event::IoEnd => Event::IoEnd,
                    Event::Resume(arguments) => Event::Resume(arguments),
                    Event::Position(arguments) => Event::Position(arguments),
                    Event::Exit(status) => Event::Exit(status),
                })),
                Ok(None) => {
                    let space = decoder.space();
                    assert!(!space.is_empty());
                    let count = cut().max(1).min(space.len()).min(bytes.len());
                    if count == 0 {
                        return (told, None);
                    }
                    let (now, later) = bytes.split_at(count);
                    space[..count].copy_from_slice(now);
                    decoder.filled(count);
                    bytes = later;
                }
                Err(e) => return (told, Some(e)),
            }
        }
    }

    struct Noise(u64);

    impl Noise {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as usize % limit
        }

        fn bytes(&mut self, most: usize) -> Vec<u8> {
            let count = self.below(most);
            (0..count).map(|_| self.below(256) as u8).collect()
        }
    }

    fn any_frame(noise: &mut Noise) -> Vec<u8> {
        let most = [4, 300, 5000, 200_000][noise.below(4)];
        match server::STDOUT + noise.below(9) as u8 {
            kind @ (server::STDOUT | server::STDERR) => frame(kind, &noise.bytes(most)),
            kind @ server::STDIN_CREDIT => frame(kind, &(noise.below(1 << 30) as u32).to_be_bytes()),
            kind @ server::IO => {
                let mut payload = vec![noise.below(4) as u8];
                (0..4).for_each(|_| put_string(&mut payload, &noise.bytes(most)));
                frame(kind, &payload)
            }
            kind @ server::IO_END => frame(kind, &[]),
            kind @ (server::RESUME | server::POSITION) => {
                let count = noise.below(5);
                let mut payload = length(count).to_vec();
                (0..count).for_each(|_| put_string(&mut payload, &noise.bytes(most)));
                frame(kind, &payload)
            }
            kind => frame(kind, &[noise.below(2) as u8]),
        }
    }

    #[test]
    fn next_tells_every_kind() {
        let mut bytes = frame(65, b"out");
        bytes.extend(frame(66, b""));
        bytes.extend(frame(66, b"err"));
        bytes.extend(frame(67, &[0, 0, 1, 0]));
        bytes.extend(frame(68, &[1]));
        bytes.extend(frame(69, &[&[3], &strings(&[b"/i", b"/o", b"", b"ctrl-a"])[..]].concat()));
        bytes.extend(frame(70, b""));
        bytes.extend(frame(71, &[&[0, 0, 0, 2], &strings(&[b"wait", b"\xff"])[..]].concat()));
        bytes.extend(frame(73, &[&[0, 0, 0, 1], &strings(&[b"logs"])[..]].concat()));
        bytes.extend(frame(72, &[7]));
        let (told, error) = decode(&bytes, || 1);
        assert_eq!(error, None);
        let request = IoRequest {
            terminal: true,
            wants_stdin: true,
            stdin: b"/i".to_vec(),
            stdout: b"/o".to_vec(),
            stderr: Vec::new(),
            detach_keys: b"ctrl-a".to_vec(),
        };
        let expected = [
            Told::Output(0, b"out".to_vec()),
            Told::Output(1, b"err".to_vec()),
            Told::Other(Event::Credit(256)),
            Told::Other(Event::Raw(true)),
            Told::Other(Event::Io(request)),
            Told::Other(Event::IoEnd),
            Told::Other(Event::Resume(vec![b"wait".to_vec(), vec![0xff]])),
            Told::Other(Event::Position(vec![b"logs".to_vec()])),
            Told::Other(Event::Exit(7)),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn next_does_not_depend_on_how_bytes_are_cut() {
        let mut noise = Noise(0x1234_5678_9abc_def1);
        for round in 0..24 {
            let bytes: Vec<u8> = (0..noise.below(40)).flat_map(|_| any_frame(&mut noise)).collect();
            let whole = decode(&bytes, || usize::MAX);
            assert_eq!(whole.1, None);
            let most = [2, 50, 4000, 100_000][round % 4];
            assert!(decode(&bytes, || noise.below(most)) == whole, "round {round}");
        }
    }

    #[test]
    fn next_takes_the_longest_frame() {
        let text = vec![b'x'; LIMIT - 8];
        let payload = [&[0, 0, 0, 1], &strings(&[&text])[..]].concat();
        let mut bytes = frame(72, &[1]);
        bytes.extend(frame(71, &payload));
        bytes.extend(frame(72, &[2]));
        let (told, error) = decode(&bytes, || 60_000);
        assert_eq!(error, None);
        assert!(told[1] == Told::Other(Event::Resume(vec![text])));
        assert_eq!(told[2], Told::Other(Event::Exit(2)));
    }

    #[test]
    fn next_refuses_what_is_malformed() {
        let too_long = [&length(LIMIT + 1)[..], &[65]].concat();
        let huge_count = frame(71, &u32::MAX.to_be_bytes());
        let huge_string = frame(71, &[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, b'x']);
        for (bytes, expected) in [
            (too_long, Malformed::TooLong(LIMIT + 1)),
            (frame(64, b""), Malformed::UnknownType(64)),
            (frame(74, b""), Malformed::UnknownType(74)),
            (frame(1, b""), Malformed::UnknownType(1)),
            (frame(72, b""), Malformed::Payload(72)),
            (frame(72, b"ab"), Malformed::Payload(72)),
            (frame(67, b"abc"), Malformed::Payload(67)),
            (frame(70, b"a"), Malformed::Payload(70)),
            (frame(69, b"a"), Malformed::Payload(69)),
            (huge_count, Malformed::Payload(71)),
            (huge_string, Malformed::Payload(71)),
        ] {
            assert_eq!(decode(&bytes, || 3), (vec![], Some(expected)));
        }
    }

    #[test]
    fn next_survives_noise() {
        let mut noise = Noise(42);
        for _ in 0..4000 {
            let mut bytes = noise.bytes(60);
            // Often something that begins like a frame.
            if noise.below(3) > 0 && bytes.len() > 5 {
                bytes[..3].fill(0);
                bytes[4] = server::STDOUT + (bytes[4] % 10);
            }
            let mut cut = Noise(noise.below(1000) as u64 + 1);
            let told = decode(&bytes, || cut.below(9));
            assert_eq!(told, decode(&bytes, || usize::MAX));
        }
    }
}
