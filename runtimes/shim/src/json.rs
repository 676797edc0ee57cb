//! JSON, as far as the shim reads it: single values of documents whose rest it passes over, and
//! texts to write.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// One value within a document, as it stands there.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a>(&'a RawValue);

impl<'a> Json<'a> {
    /// The one value of a document; None if it is not JSON.
    pub fn parse(document: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(document).ok().map(Json)
    }

    /// The entries of an object, one that is there twice as well; none for any other value.
    pub fn entries(self) -> Vec<(String, Json<'a>)> {
        serde_json::Deserializer::from_str(self.raw()).deserialize_map(Entries).unwrap_or_default()
    }

    /// The items of an array; none for any other value.
    pub fn items(self) -> Vec<Json<'a>> {
        let items: Vec<&RawValue> = serde_json::from_str(self.raw()).unwrap_or_default();
        items.into_iter().map(Json).collect()
    }

    /// What stands under a name, the last if it is there twice.
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        self.entries().into_iter().rev().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// A text; None for any other value.
    pub fn text(self) -> Option<String> {
        serde_json::from_str(self.raw()).ok()
    }

    pub fn is_true(self) -> bool {
        self.raw() == "true"
    }

    /// A whole number.
    pub fn number(self) -> Option<i64> {
        serde_json::from_str(self.raw()).ok()
    }

    /// As it stands in the document.
    pub fn raw(self) -> &'a str {
        self.0.get()
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, Json<'de>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            entries.push((name, Json(value)));
        }
        Ok(entries)
    }
}

/// A text between quotes.
pub fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
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
        assert!(spec.get("nothing").is_none());
    }

    #[test]
    fn parse_refuses_what_is_not_json() {
        for bad in ["", "{", "{\"a\"}", "[1,]", "{\"a\":1} x", "\"a", "\"a\\", "{a:1}", "[1 2]", "rubbish"] {
            assert!(Json::parse(bad.as_bytes()).is_none(), "{bad}");
        }
        let deep = "[".repeat(200) + &"]".repeat(200);
        let deep = Json::parse(deep.as_bytes()).map(Json::items).unwrap_or_default();
        assert!(deep.len() <= 1);
    }

    #[test]
    fn quoted_reads_back() {
        let value = "a\"b\\c\nd\u{1}é";
        let document = quoted(value);
        assert_eq!(Json::parse(document.as_bytes()).unwrap().text().unwrap(), value);
    }
}
