//! Protocol buffers, as far as the shim's messages need them: reading a message field by field, and
//! writing one in the order of its fields.

/// The bytes are no message.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of one message. A field that is not there reads as its default, as proto3 has it; of
/// one that is there twice, the last counts.
#[derive(Debug, Default)]
pub struct Message<'a>(Vec<(u32, Value<'a>)>);

impl<'a> Message<'a> {
    pub fn parse(mut bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes)?;
            let number = u32::try_from(key >> 3).map_err(|_| Malformed)?;
            if number == 0 {
                return Err(Malformed);
            }
            let value = match key & 7 {
                0 => Value::Number(varint(&mut bytes)?),
                1 => Value::Number(u64::from_le_bytes(fixed(&mut bytes)?)),
                2 => {
                    let length = usize::try_from(varint(&mut bytes)?).map_err(|_| Malformed)?;
                    Value::Bytes(take(&mut bytes, length)?)
                }
                5 => Value::Number(u64::from(u32::from_le_bytes(fixed(&mut bytes)?))),
                _ => return Err(Malformed),
            };
            fields.push((number, value));
        }
        Ok(Message(fields))
    }

    fn last(&self, number: u32) -> Option<Value<'a>> {
        self.0.iter().rev().find(|(n, _)| *n == number).map(|(_, v)| *v)
    }

    pub fn number(&self, number: u32) -> u64 {
        match self.last(number) {
            Some(Value::Number(value)) => value,
            _ => 0,
        }
    }

    /// A `uint32`; what is beyond is cut off, as other implementations do.
    pub fn small(&self, number: u32) -> u32 {
        self.number(number) as u32
    }

    pub fn flag(&self, number: u32) -> bool {
        self.number(number) != 0
    }

    pub fn bytes(&self, number: u32) -> &'a [u8] {
        match self.last(number) {
            Some(Value::Bytes(bytes)) => bytes,
            _ => &[],
        }
    }

    pub fn text(&self, number: u32) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes(number)).map_err(|_| Malformed)
    }

    pub fn has(&self, number: u32) -> bool {
        self.last(number).is_some()
    }

    /// Every occurrence of a repeated field of bytes, texts or messages.
    pub fn all(&self, number: u32) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.0.iter().filter_map(move |(n, value)| match value {
            Value::Bytes(bytes) if *n == number => Some(*bytes),
            _ => None,
        })
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (taken, rest) = bytes.split_at_checked(length).ok_or(Malformed)?;
    *bytes = rest;
    Ok(taken)
}

fn fixed<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Malformed> {
    take(bytes, N)?.try_into().map_err(|_| Malformed)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(Malformed)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return if shift == 63 && byte > 1 { Err(Malformed) } else { Ok(value) };
        }
    }
    Err(Malformed)
}

/// Writes a message. Defaults are left out.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    pub fn new() -> Self {
        Writer(Vec::new())
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub fn number(mut self, number: u32, value: u64) -> Self {
        if value != 0 {
            self.varint(u64::from(number) << 3);
            self.varint(value);
        }
        self
    }

    pub fn text(self, number: u32, value: &str) -> Self {
        self.bytes(number, value.as_bytes())
    }

    pub fn bytes(self, number: u32, value: &[u8]) -> Self {
        if value.is_empty() {
            self
        } else {
            self.present(number, value)
        }
    }

    /// A message within this one: written even if it is empty.
    pub fn message(self, number: u32, value: Writer) -> Self {
        self.present(number, &value.0)
    }

    fn present(mut self, number: u32, value: &[u8]) -> Self {
        self.varint(u64::from(number) << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    /// A `double`.
    pub fn double(mut self, number: u32, value: f64) -> Self {
        if value != 0.0 {
            self.varint(u64::from(number) << 3 | 1);
            self.0.extend_from_slice(&value.to_le_bytes());
        }
        self
    }

    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// A `google.protobuf.Any`.
pub fn any(type_url: &str, value: &[u8]) -> Writer {
    Writer::new().text(1, type_url).bytes(2, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_reads_what_was_written() {
        let bytes = Writer::new()
            .text(1, "id")
            .number(2, 300)
            .message(3, Writer::new())
            .message(3, Writer::new().text(1, "x"))
            .double(9, 1.5)
            .done();
        let message = Message::parse(&bytes).unwrap();
        assert_eq!(message.text(1), Ok("id"));
        assert_eq!(message.number(2), 300);
        assert_eq!(message.all(3).map(<[u8]>::len).collect::<Vec<_>>(), [0, 3]);
        assert_eq!(f64::from_bits(message.number(9)), 1.5);
        assert_eq!(message.text(8), Ok(""));
    }

    #[test]
    fn number_of_ten_bytes_is_the_largest() {
        let bytes = Writer::new().number(1, u64::MAX).done();
        assert_eq!(Message::parse(&bytes).unwrap().number(1), u64::MAX);
        let beyond = [8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        assert_eq!(Message::parse(&beyond).unwrap_err(), Malformed);
    }

    #[test]
    fn malformed_messages_are_told() {
        for bytes in [
            &[8u8][..],       // a number that ends before it began
            &[0x0a, 5, b'a'], // fewer bytes than said
            &[0x0b],          // a group
            &[0, 1],          // field number 0
            &[0x09, 1, 2],    // half a fixed64
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], // a length beyond all memory
        ] {
            assert_eq!(Message::parse(bytes).unwrap_err(), Malformed, "{bytes:?}");
        }
        let not_utf8 = Writer::new().bytes(1, &[0xff]).done();
        assert_eq!(Message::parse(&not_utf8).unwrap().text(1), Err(Malformed));
    }
}
