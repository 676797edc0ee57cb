//! ttrpc: frames of ten bytes and a message, and what the messages of calls carry. Errors are told by
//! gRPC's status codes.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

use crate::proto::{Malformed, Message, Writer};

pub const REQUEST: u8 = 1;
pub const RESPONSE: u8 = 2;
const HEADER: usize = 10;
/// No message may be longer.
pub const LONGEST: usize = 4 << 20;
/// A peer that takes no answers is let go beyond this.
const MOST_UNSENT: usize = 8 << 20;
/// How much is read before others get their turn.
const MOST_AT_ONCE: usize = 256 << 10;

pub const INVALID_ARGUMENT: u32 = 3;
pub const DEADLINE_EXCEEDED: u32 = 4;
pub const NOT_FOUND: u32 = 5;
pub const ALREADY_EXISTS: u32 = 6;
pub const RESOURCE_EXHAUSTED: u32 = 8;
pub const FAILED_PRECONDITION: u32 = 9;
pub const UNIMPLEMENTED: u32 = 12;
pub const UNKNOWN: u32 = 2;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub code: u32,
    pub message: String,
}

impl Failure {
    pub fn new(code: u32, message: impl Into<String>) -> Self {
        Failure { code, message: message.into() }
    }
}

impl From<Malformed> for Failure {
    fn from(_: Malformed) -> Self {
        Failure::new(INVALID_ARGUMENT, "the request is not the message that this method takes")
    }
}

/// A failed deed, with what it was.
pub fn unknown(what: impl std::fmt::Display) -> impl FnOnce(io::Error) -> Failure {
    move |e| Failure::new(UNKNOWN, format!("{what}: {e}"))
}

#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    Message {
        stream: u32,
        kind: u8,
        payload: Vec<u8>,
    },
    /// It is passed over.
    TooLong {
        stream: u32,
        length: usize,
    },
}

/// What has come over a connection and is not a whole frame yet.
#[derive(Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    /// How much of a message that is too long is still to come.
    skip: usize,
}

impl Inbox {
    /// Reads what is there; false at the end of the stream.
    pub fn fill(&mut self, mut from: impl Read) -> io::Result<bool> {
        let mut part = [0u8; 4096];
        let mut taken = 0;
        while taken < MOST_AT_ONCE {
            match from.read(&mut part) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    taken += count;
                    let skipped = count.min(self.skip);
                    self.skip -= skipped;
                    self.bytes.extend_from_slice(&part[skipped..count]);
                    if count < part.len() {
                        break;
                    }
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    /// The next whole frame.
    pub fn next(&mut self) -> Option<Frame> {
        let header = self.bytes.get(..HEADER)?;
        let number =
            |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (length, stream, kind) = (number(0) as usize, number(4), header[8]);
        let there = self.bytes.len() - HEADER;
        if length > LONGEST {
            let skipped = length.min(there);
            self.bytes.drain(..HEADER + skipped);
            self.skip = length - skipped;
            return Some(Frame::TooLong { stream, length });
        }
        if there < length {
            return None;
        }
        let payload = self.bytes[HEADER..HEADER + length].to_vec();
        self.bytes.drain(..HEADER + length);
        if self.bytes.is_empty() {
            // A shim is idle most of its life.
            self.bytes = Vec::new();
        }
        Some(Frame::Message { stream, kind, payload })
    }
}

/// What a peer has not taken yet.
#[derive(Default)]
pub struct Outbox(Vec<u8>);

impl Outbox {
    pub fn push(&mut self, stream: u32, kind: u8, payload: &[u8]) {
        self.0.extend_from_slice(&(payload.len() as u32).to_be_bytes());
        self.0.extend_from_slice(&stream.to_be_bytes());
        self.0.extend_from_slice(&[kind, 0]);
        self.0.extend_from_slice(payload);
    }

    /// Writes without waiting. An error means that the peer is gone, or as good as that.
    pub fn flush(&mut self, mut to: &UnixStream) -> io::Result<()> {
        let mut done = 0;
        while done < self.0.len() {
            match to.write(&self.0[done..]) {
                Ok(count) => done += count,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => return Err(e),
            }
        }
        if done == self.0.len() {
            self.0 = Vec::new();
        } else {
            self.0.drain(..done);
        }
        if self.0.len() > MOST_UNSENT {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }
}

/// A call.
pub struct Request<'a> {
    pub service: &'a str,
    pub method: &'a str,
    pub payload: &'a [u8],
    /// 0 for none.
    pub timeout_nanos: u64,
}

impl<'a> Request<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let message = Message::parse(bytes)?;
        Ok(Request {
            service: message.text(1)?,
            method: message.text(2)?,
            payload: message.bytes(3),
            timeout_nanos: message.number(4),
        })
    }

    pub fn write(&self, namespace: &str) -> Vec<u8> {
        let metadata = Writer::new().text(1, "containerd-namespace-ttrpc").text(2, namespace);
        Writer::new()
            .text(1, self.service)
            .text(2, self.method)
            .bytes(3, self.payload)
            .number(4, self.timeout_nanos)
            .message(5, metadata)
            .done()
    }
}

/// The message of an answer.
pub fn response(result: &Result<Vec<u8>, Failure>) -> Vec<u8> {
    match result {
        Ok(payload) => Writer::new().message(1, Writer::new()).bytes(2, payload).done(),
        Err(failure) => {
            let status = Writer::new().number(1, failure.code.into()).text(2, &failure.message);
            Writer::new().message(1, status).done()
        }
    }
}

/// How the peer answered.
pub fn read_response(bytes: &[u8]) -> Result<Result<(), Failure>, Malformed> {
    let message = Message::parse(bytes)?;
    let status = Message::parse(message.bytes(1))?;
    Ok(match status.small(1) {
        0 => Ok(()),
        code => Err(Failure::new(code, status.text(2)?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8], at_once: usize) -> Vec<Frame> {
        let mut inbox = Inbox::default();
        let mut found = Vec::new();
        for part in bytes.chunks(at_once) {
            assert!(inbox.fill(part).is_ok());
            found.extend(std::iter::from_fn(|| inbox.next()));
        }
        found
    }

    #[test]
    fn inbox_puts_frames_together() {
        let mut outbox = Outbox::default();
        outbox.push(1, REQUEST, b"one");
        outbox.push(3, REQUEST, b"");
        let wanted = [
            Frame::Message { stream: 1, kind: REQUEST, payload: b"one".to_vec() },
            Frame::Message { stream: 3, kind: REQUEST, payload: Vec::new() },
        ];
        for at_once in 1..24 {
            assert_eq!(frames(outbox.bytes(), at_once), wanted, "{at_once} at once");
        }
    }

    #[test]
    fn inbox_passes_over_what_is_too_long() {
        let mut outbox = Outbox::default();
        outbox.push(5, REQUEST, &vec![7; LONGEST + 1]);
        outbox.push(7, REQUEST, b"x");
        let found = frames(outbox.bytes(), 4096);
        assert_eq!(found[0], Frame::TooLong { stream: 5, length: LONGEST + 1 });
        assert_eq!(found[1], Frame::Message { stream: 7, kind: REQUEST, payload: b"x".to_vec() });
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn request_and_response_read_back() {
        let request = Request { service: "s", method: "M", payload: b"p", timeout_nanos: 5 };
        let bytes = request.write("ns");
        let read = Request::parse(&bytes).unwrap();
        assert_eq!((read.service, read.method, read.payload, read.timeout_nanos), ("s", "M", &b"p"[..], 5));
        assert_eq!(read_response(&response(&Ok(Vec::new()))), Ok(Ok(())));
        let failure = Failure::new(NOT_FOUND, "no");
        assert_eq!(read_response(&response(&Err(failure.clone()))), Ok(Err(failure)));
    }
}
