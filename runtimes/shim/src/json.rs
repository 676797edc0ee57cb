//! JSON, as far as the shim reads it: single values of documents whose rest it passes over, and
//! texts to write.

use std::fmt::Write;

/// One value within a document, as it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a>(&'a [u8]);

/// How deep documents may nest: the stack is small.
const DEEPEST: usize = 100;

impl<'a> Json<'a> {
    /// The one value of a document; None if it is not JSON.
    pub fn parse(document: &'a [u8]) -> Option<Self> {
        let mut scan = Scan { bytes: document, at: 0 };
        scan.space();
        let from = scan.at;
        scan.value(0)?;
        let value = &document[from..scan.at];
        scan.space();
        (scan.at == document.len()).then_some(Json(value))
    }

    /// The entries of an object; none for any other value.
    pub fn entries(self) -> Vec<(String, Json<'a>)> {
        let mut found = Vec::new();
        let mut scan = Scan { bytes: self.0, at: 0 };
        if scan.take(b'{') && !scan.after_space(b'}') {
            loop {
                scan.space();
                let Some(name) = scan.text() else { break };
                let name = text(name);
                if !scan.after_space(b':') {
                    break;
                }
                let Some(value) = scan.spanned() else { break };
                found.push((name, value));
                if !scan.after_space(b',') {
                    break;
                }
            }
        }
        found
    }

    /// The items of an array; none for any other value.
    pub fn items(self) -> Vec<Json<'a>> {
        let mut found = Vec::new();
        let mut scan = Scan { bytes: self.0, at: 0 };
        if scan.take(b'[') && !scan.after_space(b']') {
            while let Some(value) = scan.spanned() {
                found.push(value);
                if !scan.after_space(b',') {
                    break;
                }
            }
        }
        found
    }

    /// What stands under a name, the last if it is there twice.
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        self.entries().into_iter().rev().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// A text; None for any other value.
    pub fn text(self) -> Option<String> {
        match self.0 {
            [b'"', inner @ .., b'"'] => Some(text(inner)),
            _ => None,
        }
    }

    pub fn is_true(self) -> bool {
        self.0 == b"true"
    }

    /// A whole number.
    pub fn number(self) -> Option<i64> {
        std::str::from_utf8(self.0).ok()?.parse().ok()
    }

    /// As it stands in the document.
    pub fn raw(self) -> &'a [u8] {
        self.0
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn after_space(&mut self, wanted: u8) -> bool {
        self.space();
        self.take(wanted)
    }

    fn spanned(&mut self) -> Option<Json<'a>> {
        self.space();
        let from = self.at;
        self.value(0)?;
        Some(Json(&self.bytes[from..self.at]))
    }

    /// Passes over a value.
    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        self.space();
        match self.peek()? {
            b'{' => self.container(b'}', depth, true),
            b'[' => self.container(b']', depth, false),
            b'"' => self.text().map(drop),
            _ => {
                let from = self.at;
                while matches!(self.peek(), Some(b'a'..=b'z' | b'0'..=b'9' | b'-' | b'+' | b'.' | b'E')) {
                    self.at += 1;
                }
                let word = &self.bytes[from..self.at];
                let number = word.first().is_some_and(|b| *b == b'-' || b.is_ascii_digit());
                (number || [&b"true"[..], b"false", b"null"].contains(&word)).then_some(())
            }
        }
    }

    fn container(&mut self, end: u8, depth: usize, named: bool) -> Option<()> {
        self.at += 1;
        if self.after_space(end) {
            return Some(());
        }
        loop {
            if named {
                self.space();
                self.text()?;
                if !self.after_space(b':') {
                    return None;
                }
            }
            self.value(depth + 1)?;
            if self.after_space(end) {
                return Some(());
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    /// Passes over a text; what stands between its quotes.
    fn text(&mut self) -> Option<&'a [u8]> {
        if !self.take(b'"') {
            return None;
        }
        let from = self.at;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(&self.bytes[from..self.at - 1]);
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }
}

/// What a text between quotes means; what it can't mean is replaced.
fn text(quoted: &[u8]) -> String {
    let quoted = String::from_utf8_lossy(quoted);
    let mut result = String::with_capacity(quoted.len());
    let mut rest = quoted.chars();
    let mut units: Vec<u16> = Vec::new();
    while let Some(c) = rest.next() {
        let escaped = if c == '\\' { rest.next() } else { None };
        if escaped == Some('u') {
            let digits: String = rest.by_ref().take(4).collect();
            units.push(u16::from_str_radix(&digits, 16).unwrap_or(0xfffd));
            continue;
        }
        result.push_str(&String::from_utf16_lossy(&units));
        units.clear();
        result.push(match escaped {
            None => c,
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some(other) => other,
        });
    }
    result.push_str(&String::from_utf16_lossy(&units));
    result
}

/// A text between quotes.
pub fn quoted(value: &str) -> String {
    let mut result = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => {
                result.push('\\');
                result.push(c);
            }
            c if u32::from(c) < 0x20 => {
                // Writing to a String does not fail.
                let _ = write!(result, "\\u{:04x}", u32::from(c));
            }
            c => result.push(c),
        }
    }
    result.push('"');
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &[u8] = br#" {"process": {"args": ["sh", "}]\""], "terminal": true},
        "annotations": {"a": "1", "b\u00e9\n": "\ud83d\ude00x", "a": "2"}, "n": -12, "e": {}, "l": [ ]} "#;

    #[test]
    fn get_finds_values() {
        let spec = Json::parse(SPEC).unwrap();
        let process = spec.get("process").unwrap();
        assert!(process.get("terminal").unwrap().is_true());
        assert_eq!(process.get("args").unwrap().items()[1].text().unwrap(), "}]\"");
        let annotations = spec.get("annotations").unwrap();
        assert_eq!(annotations.get("a").unwrap().text().unwrap(), "2");
        assert_eq!(annotations.get("b\u{e9}\n").unwrap().text().unwrap(), "\u{1f600}x");
        assert_eq!(spec.get("n").unwrap().number(), Some(-12));
        assert!(spec.get("e").unwrap().entries().is_empty() && spec.get("l").unwrap().items().is_empty());
        assert_eq!(spec.get("nothing"), None);
    }

    #[test]
    fn parse_refuses_what_is_not_json() {
        for bad in ["", "{", "{\"a\"}", "[1,]", "{\"a\":1} x", "\"a", "\"a\\", "{a:1}", "[1 2]", "rubbish"] {
            assert_eq!(Json::parse(bad.as_bytes()), None, "{bad}");
        }
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert_eq!(Json::parse(deep.as_bytes()), None);
    }

    #[test]
    fn quoted_reads_back() {
        let value = "a\"b\\c\nd\u{1}é";
        let document = quoted(value);
        assert_eq!(Json::parse(document.as_bytes()).unwrap().text().unwrap(), value);
    }
}
