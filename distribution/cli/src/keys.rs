//! The keys that let go of a container: docker's notation, and finding them in what is typed.

/// What is pressed where nothing else was asked for.
pub const DEFAULT: &str = "ctrl-p,ctrl-q";

/// Reads docker's notation: keys between commas, each one character, `ctrl-` with one of
/// `a-z @ [ \ ] ^ _`, or `DEL`.
pub fn parse(text: &str) -> Result<Vec<u8>, String> {
    let text = if text.is_empty() { DEFAULT } else { text };
    text.split(',').map(key).collect::<Result<_, _>>().map_err(|bad| {
        format!(
            "cannot read the detach keys \"{text}\": \"{bad}\" is no key \
             (write one character, or ctrl- and one of a-z @ [ \\ ] ^ _)"
        )
    })
}

fn key(name: &str) -> Result<u8, &str> {
    if name == "DEL" {
        return Ok(127);
    }
    match (name.strip_prefix("ctrl-").map(str::as_bytes), name.as_bytes()) {
        (Some(&[letter]), _) if letter.is_ascii_lowercase() => Ok(letter - b'a' + 1),
        (Some(&[sign]), _) if b"@[\\]^_".contains(&sign) => Ok(sign - b'@'),
        (None, &[plain]) => Ok(plain),
        _ => Err(name),
    }
}

/// Looks for the keys in what is typed. The beginning of a sequence is held back until it is clear
/// that it is none.
pub struct Matcher {
    keys: Vec<u8>,
    matched: usize,
}

impl Matcher {
    pub fn new(keys: Vec<u8>) -> Self {
        Matcher { keys, matched: 0 }
    }

    /// Appends to `pass` what goes on to the container; true when the keys are complete, and then
    /// the rest of `typed` is dropped.
    pub fn feed(&mut self, typed: &[u8], pass: &mut Vec<u8>) -> bool {
        for &byte in typed {
            loop {
                if byte == self.keys[self.matched] {
                    self.matched += 1;
                    if self.matched == self.keys.len() {
                        self.matched = 0;
                        return true;
                    }
                    break;
                }
                if self.matched == 0 {
                    pass.push(byte);
                    break;
                }
                // What was held is not the sequence, but a later part of it may still begin one.
                let held = self.matched;
                let keep = (0..held).rev().find(|&n| self.keys[..n] == self.keys[held - n..held]);
                let keep = keep.unwrap_or(0);
                pass.extend_from_slice(&self.keys[..held - keep]);
                self.matched = keep;
            }
        }
        false
    }

    /// What was held back when nothing more will come.
    pub fn finish(&mut self, pass: &mut Vec<u8>) {
        pass.extend_from_slice(&self.keys[..self.matched]);
        self.matched = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_docker_notation() {
        assert_eq!(parse("").unwrap(), [16, 17]);
        assert_eq!(parse("ctrl-a").unwrap(), [1]);
        assert_eq!(
            parse("ctrl-z,ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_").unwrap(),
            [26, 0, 27, 28, 29, 30, 31]
        );
        assert_eq!(parse("a,Z,%,DEL").unwrap(), [b'a', b'Z', b'%', 127]);
    }

    #[test]
    fn parse_wrong_keys() {
        for bad in ["ctrl-", "ctrl-A", "ctrl-1", "ctrl-ab", "ab", "ctrl-p,", "\u{e4}", "shift-a"] {
            let message = parse(bad).unwrap_err();
            assert!(message.contains("detach keys"), "{bad}: {message}");
        }
    }

    fn typed(keys: &[u8], pieces: &[&[u8]]) -> (Vec<u8>, bool) {
        let mut matcher = Matcher::new(keys.to_vec());
        let mut pass = Vec::new();
        for piece in pieces {
            if matcher.feed(piece, &mut pass) {
                return (pass, true);
            }
        }
        matcher.finish(&mut pass);
        (pass, false)
    }

    #[test]
    fn feed_finds_keys_however_they_are_cut() {
        assert_eq!(typed(b"pq", &[b"lspq", b"more"]), (b"ls".to_vec(), true));
        assert_eq!(typed(b"pq", &[b"lsp", b"", b"q"]), (b"ls".to_vec(), true));
        assert_eq!(typed(b"pq", &[b"ppq"]), (b"p".to_vec(), true));
        assert_eq!(typed(b"aab", &[b"a", b"a", b"a", b"b"]), (b"a".to_vec(), true));
        assert_eq!(typed(b"abac", &[b"ababac"]), (b"ab".to_vec(), true));
    }

    #[test]
    fn feed_passes_everything_else() {
        assert_eq!(typed(b"pq", &[b"p", b"x", b"qp"]), (b"pxqp".to_vec(), false));
        assert_eq!(typed(b"aab", &[b"aaaa"]), (b"aaaa".to_vec(), false));
    }
}
