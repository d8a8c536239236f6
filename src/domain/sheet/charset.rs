//! Which encoding a text is in, and the text itself, a piece at a time.
//!
//! Excel on Chinese Windows saves CSV as GBK, scripts as UTF-8, "Unicode text" as UTF-16. The order is: a byte order
//! mark, then strict UTF-8, then GB18030; what the caller says wins. Text that is not in its encoding is trouble.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::Trouble;

crate::choice! {
    /// An encoding of text.
    pub enum Charset {
        /// UTF-8, with or without a byte order mark
        Utf8 = "utf8", "UTF-8";
        /// GB18030, which contains GBK and GB2312
        Gb18030 = "gb18030", "GB18030（含 GBK）";
        /// UTF-16, little-endian
        Utf16Le = "utf16le", "UTF-16LE";
        /// UTF-16, big-endian
        Utf16Be = "utf16be", "UTF-16BE";
    }
}

impl Charset {
    fn encoding(self) -> &'static Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Gb18030 => GB18030,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
        }
    }
}

/// Bytes read at once.
const PIECE: usize = 64 * 1024;

/// So many characters beyond ASCII that were right UTF-8 before the first that was not: a broken UTF-8 file, not GB18030.
const CLEARLY_UTF8: usize = 12;

/// Finds the encoding of a text by reading it once to the end.
///
/// # Errors
/// `wrong_charset` where the bytes are not what the caller says, or nothing that is known; `broken_utf8`.
pub fn recognise(mut text: impl Read, said: Option<Charset>) -> Result<Charset, Trouble> {
    let mut piece = vec![0; PIECE];
    let mut length = filled(&mut text, &mut piece).map_err(|error| unreadable(&error))?;
    let start = &piece[..length];
    let marked = Encoding::for_bom(start).map(|(encoding, _)| {
        if encoding == UTF_16LE {
            Charset::Utf16Le
        } else if encoding == UTF_16BE {
            Charset::Utf16Be
        } else {
            Charset::Utf8
        }
    });
    let certain = said.or(marked).or_else(|| wide(start));
    let mut trial = Trial::new(certain.unwrap_or(Charset::Utf8));
    let mut other = certain.is_none().then(|| Trial::new(Charset::Gb18030));
    while length > 0 {
        trial.feed(&piece[..length], false);
        if let Some(other) = &mut other {
            other.feed(&piece[..length], false);
        }
        length = filled(&mut text, &mut piece).map_err(|error| unreadable(&error))?;
    }
    trial.feed(&[], true);
    if let Some(other) = &mut other {
        other.feed(&[], true);
    }
    match (trial.broken, other) {
        (None, _) => Ok(trial.charset),
        (Some(line), Some(other)) if trial.beyond_ascii < CLEARLY_UTF8 => match other.broken {
            None => Ok(Charset::Gb18030),
            Some(other) => Err(Trouble::new(
                "wrong_charset",
                "既不是 UTF-8 也不是 GB18030 编码",
                "the text is neither UTF-8 nor GB18030",
            )
            .at(line.max(other))),
        },
        (Some(line), Some(_)) => Err(Trouble::new(
            "broken_utf8",
            "文件是 UTF-8 编码，但此处的字节已损坏",
            "the file is UTF-8, but its bytes are broken here",
        )
        .at(line)),
        (Some(line), None) => {
            let charset = trial.charset.zh();
            Err(Trouble::new(
                "wrong_charset",
                format!("文件不是 {charset} 编码"),
                format!("the text is not in {}", trial.charset.encoding().name()),
            )
            .at(line))
        }
    }
}

/// UTF-16 without a mark: text has no zero bytes but for the halves of its ASCII characters.
fn wide(start: &[u8]) -> Option<Charset> {
    let zeros = |odd: usize| start.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    match (zeros(0), zeros(1)) {
        (0, 0) => None,
        (even, odd) if odd > even => Some(Charset::Utf16Le),
        _ => Some(Charset::Utf16Be),
    }
}

fn unreadable(error: &io::Error) -> Trouble {
    Trouble::new("unreadable", format!("文件无法读取：{error}"), format!("the file cannot be read: {error}"))
}

/// Fills a buffer as far as there are bytes.
fn filled(text: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match text.read(&mut buffer[length..])? {
            0 => break,
            more => length += more,
        }
    }
    Ok(length)
}

/// Whether bytes are in an encoding, and if not, on which line they are not.
struct Trial {
    charset: Charset,
    decoder: Decoder,
    line: u32,
    beyond_ascii: usize,
    broken: Option<u32>,
    scratch: String,
}

impl Trial {
    fn new(charset: Charset) -> Self {
        let decoder = charset.encoding().new_decoder_with_bom_removal();
        Self { charset, decoder, line: 1, beyond_ascii: 0, broken: None, scratch: String::with_capacity(PIECE * 2) }
    }

    fn feed(&mut self, mut bytes: &[u8], last: bool) {
        while self.broken.is_none() {
            self.scratch.clear();
            let (result, read) = self.decoder.decode_to_string_without_replacement(bytes, &mut self.scratch, last);
            self.line += u32::try_from(self.scratch.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(0);
            if self.beyond_ascii < CLEARLY_UTF8 {
                self.beyond_ascii += self.scratch.chars().filter(|c| !c.is_ascii()).count();
            }
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(_, _) => self.broken = Some(self.line),
            }
        }
    }
}

/// The last record of every text, by which an unclosed quote is noticed.
pub(super) const END: &str = "\u{10FFFF}";

/// A text as UTF-8 with `\n` at the end of every line, and [`END`] as the last.
pub(super) struct Lines<R> {
    text: R,
    decoder: Decoder,
    piece: Vec<u8>,
    decoded: String,
    given: usize,
    begun: bool,
    after_return: bool,
    ended: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(text: R, charset: Charset) -> Self {
        Self {
            text,
            decoder: charset.encoding().new_decoder_with_bom_removal(),
            piece: vec![0; PIECE],
            decoded: String::new(),
            given: 0,
            begun: false,
            after_return: false,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        let length = filled(&mut self.text, &mut self.piece)?;
        self.ended = length < self.piece.len();
        let mut bytes = &self.piece[..length];
        let mut text = String::with_capacity(PIECE * 2);
        loop {
            let (result, read, _) = self.decoder.decode_to_string(bytes, &mut text, self.ended);
            bytes = &bytes[read..];
            match result {
                CoderResult::InputEmpty => break,
                CoderResult::OutputFull => text.reserve(PIECE),
            }
        }
        // GB18030 has a byte order mark too, which its decoder leaves in.
        if !std::mem::replace(&mut self.begun, true) && text.starts_with('\u{feff}') {
            text.remove(0);
        }
        self.decoded.clear();
        self.given = 0;
        if text.contains('\r') || self.after_return {
            for c in text.chars() {
                match c {
                    '\r' => self.decoded.push('\n'),
                    '\n' if self.after_return => {}
                    c => self.decoded.push(c),
                }
                self.after_return = c == '\r';
            }
        } else {
            self.decoded = text;
        }
        if self.ended {
            self.decoded.extend(["\n", END, "\n"]);
        }
        Ok(())
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.decoded.len() && !self.ended {
            self.refill()?;
        }
        let rest = &self.decoded.as_bytes()[self.given..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(text: &str, charset: Charset, mark: bool) -> Vec<u8> {
        let text = if mark { format!("\u{feff}{text}") } else { text.to_owned() };
        match charset {
            Charset::Utf8 => text.into_bytes(),
            Charset::Gb18030 => GB18030.encode(&text).0.into_owned(),
            Charset::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Charset::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }

    #[test]
    fn what_excel_and_scripts_write_is_recognised() {
        let text = "乡镇,执行数（万元）\r\n鸬鹚渡镇,79.4\r\n";
        for (charset, mark) in [
            (Charset::Utf8, false),
            (Charset::Utf8, true),
            (Charset::Gb18030, false),
            (Charset::Utf16Le, true),
            (Charset::Utf16Be, true),
            (Charset::Utf16Le, false),
            (Charset::Utf16Be, false),
        ] {
            let bytes = encoded(text, charset, mark);
            assert_eq!(recognise(&bytes[..], None), Ok(charset), "{charset} {mark}");
            let mut read = String::new();
            Lines::new(&bytes[..], charset).read_to_string(&mut read).unwrap();
            assert_eq!(read, format!("{}\n{END}\n", text.replace("\r\n", "\n")));
        }
    }

    #[test]
    fn what_the_caller_says_wins_and_must_be_true() {
        let bytes = encoded("执行数", Charset::Gb18030, false);
        assert_eq!(recognise(&bytes[..], Some(Charset::Gb18030)), Ok(Charset::Gb18030));
        assert_eq!(recognise(&bytes[..], Some(Charset::Utf8)).map_err(|t| t.wrong.code), Err("wrong_charset"));
    }

    #[test]
    fn a_broken_file_is_trouble_and_not_mojibake() {
        let mut bytes = "单位,指标\n鸬鹚渡镇人民政府,外商直接投资\n".repeat(3).into_bytes();
        bytes.truncate(bytes.len() - 2);
        let trouble = recognise(&bytes[..], None).unwrap_err();
        assert_eq!((trouble.wrong.code, trouble.row), ("broken_utf8", Some(6)));
        assert_eq!(recognise(&[b'a', 0xff, 0xff, b'\n'][..], None).map_err(|t| t.wrong.code), Err("wrong_charset"));
    }

    #[test]
    fn old_macintosh_line_ends_are_line_ends() {
        let mut read = String::new();
        Lines::new(&b"a\rb\r\nc\n"[..], Charset::Utf8).read_to_string(&mut read).unwrap();
        assert_eq!(read, format!("a\nb\nc\n\n{END}\n"));
    }

    proptest! {
        #[test]
        fn a_text_comes_back_from_any_encoding(text in "[a-z,\n桃江县镇０％]{0,200}", which in 0_usize..4, mark: bool) {
            let charset = Charset::ALL[which];
            let bytes = encoded(&text, charset, mark || charset != Charset::Utf8);
            let mut read = String::new();
            Lines::new(&bytes[..], charset).read_to_string(&mut read).unwrap();
            prop_assert_eq!(read.strip_suffix(&format!("\n{END}\n")), Some(text.as_str()));
        }
    }
}
