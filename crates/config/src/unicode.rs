//! Text as editors and shells of Windows write it.

use std::fmt;

/// Text that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotText(&'static str);

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is {}; save it as UTF-8", self.0)
    }
}

impl std::error::Error for NotText {}

/// Two bytes as a unit of UTF-16.
type Unit = fn([u8; 2]) -> u16;

const UTF_8: &[u8] = b"\xef\xbb\xbf";

/// The same text as UTF-8, without a byte order mark. `>` of Windows PowerShell 5 writes UTF-16, and several editors begin
/// UTF-8 with a mark. Bytes of no such form stay as they are.
///
/// # Errors
/// When it is UTF-16 that is broken, or UTF-32.
pub fn to_utf8(bytes: Vec<u8>) -> Result<Vec<u8>, NotText> {
    let (text, unit): (&[u8], Unit) = match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Err(NotText("UTF-32")),
        [0xff, 0xfe, text @ ..] => (text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => (text, u16::from_be_bytes),
        // Without a mark: no text of one byte a character has NUL bytes, and these formats begin with ASCII.
        text @ [1..=127, 0, 1..=127, 0, ..] => (text, u16::from_le_bytes),
        text @ [0, 1..=127, 0, 1..=127, ..] => (text, u16::from_be_bytes),
        _ if bytes.starts_with(UTF_8) => return Ok(bytes[UTF_8.len()..].to_vec()),
        _ => return Ok(bytes),
    };
    let (pairs, rest) = text.as_chunks::<2>();
    let read = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
    match read {
        Ok(text) if rest.is_empty() => Ok(text.into_bytes()),
        _ => Err(NotText("UTF-16 that is cut or broken")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_windows_reads_as_utf_8() {
        let text = "a = \"ö€😀\"\r\n";
        let units = || text.encode_utf16();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], text: &[u8]| [mark, text].concat();
        for bytes in [
            text.as_bytes().to_vec(),
            marked(UTF_8, text.as_bytes()),
            marked(b"\xff\xfe", &little),
            marked(b"\xfe\xff", &big),
            little.clone(),
            big,
        ] {
            assert_eq!(to_utf8(bytes).as_deref(), Ok(text.as_bytes()));
        }
        let broken = marked(b"\xff\xfe", &little[..little.len() - 1]);
        assert!(to_utf8(broken).is_err_and(|error| error.to_string().contains("save it as UTF-8")));
        assert!(to_utf8(b"\xff\xfe\0\0a\0\0\0".to_vec()).is_err());
    }

    #[test]
    fn other_bytes_stay_as_they_are() {
        for bytes in [b"".as_slice(), b"a", b"\xff", b"\0\0\0\0", b"PK\x03\x04\0\0"] {
            assert_eq!(to_utf8(bytes.to_vec()).as_deref(), Ok(bytes));
        }
    }
}
