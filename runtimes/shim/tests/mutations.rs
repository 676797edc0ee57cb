//! What comes from outside is never trusted: messages that were broken in all sorts of ways are read
//! without a panic, and what can't be read is said to be so. The sequence is the same in each run; a
//! longer one is `FELUCCA_MUTATIONS=10000000 cargo test --release --test mutations`.

#[allow(dead_code)]
#[path = "../src/json.rs"]
mod json;
#[allow(dead_code)]
#[path = "../src/proto.rs"]
mod proto;
#[allow(dead_code)]
#[path = "../src/ttrpc.rs"]
mod ttrpc;

use proto::{any, Message, Writer};
use ttrpc::{Frame, Inbox, Outbox, Request};

fn rounds() -> u32 {
    std::env::var("FELUCCA_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000)
}

/// Numbers that look random and are always the same (xorshift, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }

    /// Changes, removes, doubles or inserts some bytes.
    fn break_some(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.next(4) {
            let at = self.next(bytes.len());
            let end = (at + self.next(8)).min(bytes.len());
            match self.next(6) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.next(8),
                1 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.next(5)],
                2 => bytes.truncate(at),
                3 => drop(bytes.drain(at..end)),
                4 => {
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
                _ => bytes.insert(at, self.next(256) as u8),
            }
        }
    }
}

/// Looks at everything that a message says, as deep as it goes.
fn walk(bytes: &[u8], depth: usize) -> usize {
    let Ok(message) = Message::parse(bytes) else { return 0 };
    let mut seen = 1;
    for number in 1..12 {
        let _ = (message.number(number), message.small(number), message.flag(number), message.has(number));
        seen += message.text(number).map_or(0, str::len);
        for part in message.all(number) {
            assert!(part.len() <= bytes.len());
            if depth < 8 {
                seen += walk(part, depth + 1);
            }
        }
    }
    seen
}

fn creation() -> Vec<u8> {
    let mount = Writer::new().text(1, "overlay").text(2, "overlay").text(4, "lowerdir=/a:/b").text(4, "ro");
    let options = Writer::new().text(6, "/usr/bin/crun").text(7, "/run/x").number(9, 1);
    Writer::new()
        .text(1, "container")
        .text(2, "/run/bundle")
        .message(3, mount)
        .number(4, 1)
        .text(5, "/in")
        .text(6, "binary:///bin/logger?log=/x")
        .message(10, any("containerd.runc.v1.Options", &options.done()))
        .done()
}

#[test]
fn broken_messages_do_not_panic() {
    let mut numbers = Numbers(88_172_645_463_325_252);
    let whole = creation();
    let mut readable = 0;
    for _ in 0..rounds() {
        let mut bytes = whole.clone();
        numbers.break_some(&mut bytes);
        readable += usize::from(walk(&bytes, 0) > 0);
    }
    // Both kinds came up.
    assert!(readable > 0 && readable < rounds() as usize);
}

#[test]
fn broken_streams_end_in_frames_or_silence() {
    let mut numbers = Numbers(362_436_069);
    let payload = creation();
    let request =
        Request { service: "containerd.task.v2.Task", method: "Create", payload: &payload, timeout_nanos: 9 };
    let request = request.write("namespace");
    let mut stream = Outbox::default();
    for number in [1, 3, 5] {
        stream.push(number, ttrpc::REQUEST, &request);
    }
    let whole = stream.bytes().to_vec();
    let mut frames = 0;
    for _ in 0..rounds() / 4 {
        let mut bytes = whole.clone();
        numbers.break_some(&mut bytes);
        let mut inbox = Inbox::default();
        let at_once = 1 + numbers.next(bytes.len());
        for part in bytes.chunks(at_once) {
            inbox.fill(part).unwrap();
            while let Some(frame) = inbox.next() {
                frames += 1;
                if let Frame::Message { payload, .. } = frame {
                    let _ = Request::parse(&payload);
                    let _ = ttrpc::read_response(&payload);
                }
            }
        }
    }
    assert!(frames > 0);
}

#[test]
fn broken_documents_do_not_panic() {
    let mut numbers = Numbers(521_288_629);
    let whole = br#"{"process":{"args":["sh","-c","\u00e9\n"],"terminal":true,"n":-12.5e3},"linux":{"namespaces":[{"type":"pid"},{"type":"net","path":"/x"}]},"annotations":{"a":"b","c":null}}"#;
    let mut readable = 0;
    for _ in 0..rounds() {
        let mut bytes = whole.to_vec();
        numbers.break_some(&mut bytes);
        if let Some(document) = json::Json::parse(&bytes) {
            readable += 1;
            for (name, value) in document.entries() {
                let _ = (json::quoted(&name), value.text(), value.number(), value.is_true(), value.raw());
                for (_, inner) in value.entries() {
                    let _ = (inner.items(), inner.text(), inner.get("type"));
                }
            }
        }
    }
    assert!(readable > 0 && readable < rounds());
}
