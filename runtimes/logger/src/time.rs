//! The time of a record: RFC 3339 in UTC with nine digits.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long it is.
pub const TIME: usize = 30;

/// The time of the last look at the clock, as text.
pub struct Clock {
    bytes: [u8; TIME],
    second: u64,
}

impl Clock {
    pub fn new() -> Self {
        Clock { bytes: *b"1970-01-01T00:00:00.000000000Z", second: 0 }
    }

    pub fn now(&mut self) {
        self.set(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
    }

    pub fn set(&mut self, since_epoch: Duration) {
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

    pub fn text(&self) -> &[u8] {
        &self.bytes
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_formats_time() {
        for (second, text) in [
            (0, "1970-01-01T00:00:00.000000007Z"),
            (951_782_399, "2000-02-28T23:59:59.000000007Z"),
            (951_782_400, "2000-02-29T00:00:00.000000007Z"),
            (951_868_800, "2000-03-01T00:00:00.000000007Z"),
            (1_709_164_800, "2024-02-29T00:00:00.000000007Z"),
            (1_767_225_599, "2025-12-31T23:59:59.000000007Z"),
            (1_767_225_600, "2026-01-01T00:00:00.000000007Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000007Z"),
        ] {
            let mut clock = Clock::new();
            clock.set(Duration::new(second, 7));
            assert_eq!(std::str::from_utf8(clock.text()).unwrap(), text);
        }
    }
}
