//! What comes from outside, led by coverage into what the mutations of `tests/mutations.rs` do not
//! reach: ttrpc's frames and messages, protobuf, and JSON.
#![no_main]

#[allow(dead_code)]
#[path = "../src/json.rs"]
mod json;
#[allow(dead_code)]
#[path = "../src/proto.rs"]
mod proto;
#[allow(dead_code)]
#[path = "../src/ttrpc.rs"]
mod ttrpc;

use libfuzzer_sys::fuzz_target;
use proto::Message;
use ttrpc::{Frame, Inbox, Request};

fn message(bytes: &[u8], depth: usize) {
    let Ok(message) = Message::parse(bytes) else { return };
    for number in 1..12 {
        let _ = (message.number(number), message.small(number), message.flag(number), message.text(number));
        if depth < 8 {
            message.all(number).into_iter().for_each(|part| self::message(part, depth + 1));
        }
    }
}

fn stream(bytes: &[u8], at_once: usize) {
    let mut inbox = Inbox::default();
    for part in bytes.chunks(at_once) {
        let _ = inbox.fill(part);
        while let Some(frame) = inbox.next() {
            if let Frame::Message { payload, .. } = frame {
                if let Ok(request) = Request::parse(&payload) {
                    message(request.payload, 0);
                }
                let _ = ttrpc::read_response(&payload);
            }
        }
    }
}

fn document(value: json::Json<'_>, depth: usize) {
    let _ = (value.text(), value.number(), value.is_true());
    if depth < 8 {
        value.items().into_iter().for_each(|item| document(item, depth + 1));
    }
    for (name, inner) in value.entries() {
        let quoted = json::quoted(&name);
        let again = json::Json::parse(quoted.as_bytes()).and_then(json::Json::text);
        assert_eq!(again.as_deref(), Some(name.as_str()));
        if depth < 8 {
            document(inner, depth + 1);
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    match kind % 4 {
        0 => message(data, 0),
        1 => stream(data, 1 + usize::from(kind / 4)),
        2 => drop(json::Json::parse(data).map(|value| document(value, 0))),
        _ => drop(Request::parse(data).map(|request| message(request.payload, 0))),
    }
});
