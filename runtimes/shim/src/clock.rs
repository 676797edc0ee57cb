//! Times as events and answers carry them.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::proto::Writer;

/// A time of day, since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    pub seconds: u64,
    pub nanos: u32,
}

impl Time {
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time { seconds: since.as_secs(), nanos: since.subsec_nanos() }
    }

    /// As a `google.protobuf.Timestamp`.
    pub fn message(self) -> Writer {
        Writer::new().number(1, self.seconds).number(2, self.nanos.into())
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    pub status: u32,
    pub at: Time,
}

impl Exit {
    pub fn now(status: u32) -> Self {
        Exit { status, at: Time::now() }
    }
}
