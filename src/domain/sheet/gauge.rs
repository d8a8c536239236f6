//! Measures a workbook before it is opened: a few kilobytes can unfold to gigabytes, and what an archive says of itself
//! is believed by the reader.
//!
//! Every part is unfolded into nothing, and its markup followed closely enough to know the longest piece that a reader
//! would have to hold at once.

use std::io::{self, Read, Seek, Write};

use zip::ZipArchive;

use super::Trouble;
use super::workbook::not_a_workbook;

/// Bytes an archive may unfold to in all.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// Bytes its table of strings may unfold to: it is held in memory.
pub(super) const MOST_STRING_BYTES: u64 = 64 * 1024 * 1024;
/// Strings that table may hold.
const MOST_STRINGS: u64 = 4_000_000;
/// Bytes any other part may unfold to; sheets alone are read cell by cell.
const MOST_PART_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes of a tag, of a text, or of a cell with all that is in it.
const MOST_PIECE: u64 = 1024 * 1024;
/// Cell formats, as many as Excel allows.
const MOST_FORMATS: u64 = 65_536;
/// Parts of an archive.
const MOST_PARTS: usize = 10_000;

/// What was noticed of a workbook.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Measured {
    /// Whether cells are computed.
    pub(super) formulas: bool,
}

/// Unfolds every part of an archive into nothing and refuses what would be too much.
///
/// # Errors
/// `too_large`, `not_a_workbook`.
pub(super) fn measure(file: &mut (impl Read + Seek)) -> Result<Measured, Trouble> {
    let mut archive = ZipArchive::new(file).map_err(|error| not_a_workbook(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(too_large());
    }
    let (mut left, mut measured) = (MOST_BYTES, Measured::default());
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| not_a_workbook(&error))?;
        let name = part.name().map_err(|error| not_a_workbook(&error))?.to_lowercase();
        let ending = name.rsplit('.').next().unwrap_or_default();
        let sheet = name.contains("worksheets/") && !name.ends_with("styles.xml") && ending != "rels";
        let most = match name.as_str() {
            name if name.ends_with("sharedstrings.xml") => MOST_STRING_BYTES,
            _ if sheet => left,
            _ => MOST_PART_BYTES,
        };
        let most = most.min(left);
        let markup = sheet || matches!(ending, "xml" | "rels");
        let mut gauge = Gauge { markup, ..Gauge::default() };
        let bytes = io::copy(&mut part.take(most + 1), &mut gauge).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => too_large(),
            _ => not_a_workbook(&error),
        })?;
        if bytes > most {
            return Err(too_large());
        }
        left -= bytes;
        measured.formulas |= gauge.formulas;
    }
    Ok(measured)
}

fn too_large() -> Trouble {
    Trouble::new(
        "too_large",
        "工作簿展开后过大；请只保留要上传的工作表",
        "the workbook unfolds to too much; keep only the sheet that is to be sent",
    )
}

/// Where in the markup the gauge is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    #[default]
    Text,
    Tag,
    Quoted(u8),
    /// In what ends with these bytes: a comment, an instruction, a piece of raw text.
    Until(&'static [u8]),
}

/// Watches a part go by.
#[derive(Debug, Default)]
struct Gauge {
    markup: bool,
    at: At,
    /// The tag so far; of what is no tag its last bytes.
    tag: Vec<u8>,
    /// Bytes since the last tag or text began, and since the last cell did.
    piece: u64,
    cell: u64,
    longest: u64,
    in_rows: bool,
    strings: u64,
    formats: u64,
    formulas: bool,
}

impl Gauge {
    fn byte(&mut self, byte: u8) {
        self.piece += 1;
        self.cell += u64::from(self.in_rows);
        self.longest = self.longest.max(self.piece).max(self.cell);
        match self.at {
            At::Text if byte == b'<' => {
                self.at = At::Tag;
                self.tag.clear();
                self.piece = 0;
            }
            At::Text => {}
            At::Quoted(quote) => {
                self.tag.push(byte);
                if byte == quote {
                    self.at = At::Tag;
                }
            }
            At::Tag if byte == b'>' => {
                self.ended();
                self.at = At::Text;
                self.piece = 0;
            }
            At::Tag => {
                self.tag.push(byte);
                self.at = match self.tag.as_slice() {
                    b"?" => At::Until(b"?>"),
                    b"!--" => At::Until(b"-->"),
                    b"![CDATA[" => At::Until(b"]]>"),
                    _ if matches!(byte, b'"' | b'\'') => At::Quoted(byte),
                    _ => At::Tag,
                };
                if self.at != At::Tag && !matches!(self.at, At::Quoted(_)) {
                    self.tag.clear();
                }
            }
            At::Until(end) => {
                self.tag.push(byte);
                if self.tag.ends_with(end) {
                    self.at = At::Text;
                    self.piece = 0;
                }
            }
        }
    }

    /// Notes a tag that has ended.
    fn ended(&mut self) {
        let (tag, closes) = self.tag.strip_prefix(b"/").map_or((self.tag.as_slice(), false), |tag| (tag, true));
        let end = tag.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/').unwrap_or(tag.len());
        let (name, attributes) = tag.split_at(end);
        match name.rsplit(|byte| *byte == b':').next().unwrap_or_default() {
            b"sheetData" => self.in_rows = !closes && !attributes.ends_with(b"/"),
            b"row" | b"c" => {}
            b"f" => return self.formulas = true,
            b"xf" => return self.formats += u64::from(!closes),
            b"sst" => return self.strings = self.strings.max(unique_count(attributes)),
            _ => return,
        }
        self.cell = 0;
    }

    const fn is_too_much(&self) -> bool {
        self.longest > MOST_PIECE || self.strings > MOST_STRINGS || self.formats > MOST_FORMATS
    }
}

/// The number of strings that a table says it has, by which the reader reserves memory.
fn unique_count(attributes: &[u8]) -> u64 {
    const NAME: &[u8] = b"uniqueCount";
    let counts = attributes.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME).map(|(at, _)| {
        let digits = attributes[at + NAME.len()..].iter().skip_while(|byte| !byte.is_ascii_digit());
        let digits: String = digits.take_while(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect();
        digits.parse().unwrap_or(u64::MAX)
    });
    counts.max().unwrap_or(0)
}

impl Write for Gauge {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.markup {
            for byte in bytes {
                self.byte(*byte);
            }
            if self.is_too_much() {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge(text: &str) -> Gauge {
        let mut gauge = Gauge { markup: true, ..Gauge::default() };
        // The end of a piece may cut anything in two.
        text.as_bytes().chunks(3).for_each(|piece| drop(gauge.write(piece)));
        gauge
    }

    #[test]
    fn what_the_reader_would_hold_at_once_is_known() {
        let long = "x".repeat(usize::try_from(MOST_PIECE).unwrap() + 1);
        for text in [
            format!("<t>{long}</t>"),
            format!("<t a=\"{long}\"/>"),
            format!("<!--{long}-->"),
            format!("<t><![CDATA[{long}]]></t>"),
            format!("<sheetData><c>{}", "<r><t>x</t></r>".repeat(70_000)),
            format!("<s:sheetData><s:c>{}", "<r a=\"<c>\"/><![CDATA[<c>]]>".repeat(50_000)),
            "<?xml ' ?><sst uniqueCount=\"900000000\">".into(),
            "<!-- ' --><x:sst a='>' uniqueCount=\"900000000\">".into(),
            "<sst uniqueCount=\"99999999999999999999999999\">".into(),
            "<xf/>".repeat(70_000),
        ] {
            assert!(gauge(&text).is_too_much(), "{}", &text[..60.min(text.len())]);
        }
        for text in [
            format!(
                "<sheetData>{}</sheetData><a/>{}",
                "<row><c><v>1</v></c></row>".repeat(70_000),
                "<b/>".repeat(400_000)
            ),
            "<sst count=\"1\" uniqueCount=\"1\"><si><t>单位</t></si></sst>".repeat(2),
        ] {
            let gauge = gauge(&text);
            assert!(!gauge.is_too_much() && !gauge.formulas, "{gauge:?}");
        }
        assert!(gauge("<row><c><f>1+1</f></c></row>").formulas);
    }
}
