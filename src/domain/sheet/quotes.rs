//! Quotes in CSV, watched before they are read: a quote that closes in the middle of a cell is one that opened by
//! mistake, and what stands between the two would be read as one cell.

use std::io::{self, Read};

/// A text whose quotes stand where they may; reading fails behind the first that does not.
pub(super) struct Quotes<R> {
    text: R,
    delimiter: u8,
    at: At,
    stray: bool,
}

/// Where in a cell the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before its first character.
    Begin,
    /// Behind spaces at its beginning.
    Spaces,
    /// In a cell without quotes around it; a quote is a character like any other.
    Plain,
    Quoted,
    /// Behind a quote in a quoted cell: it is closed, or a second one follows that makes one character of both.
    Closed,
    /// Behind a closed cell and spaces.
    Behind,
}

impl<R: Read> Quotes<R> {
    pub(super) const fn new(text: R, delimiter: u8) -> Self {
        Self { text, delimiter, at: At::Begin, stray: false }
    }

    /// Where the reading is behind a byte; nothing where a quote strays.
    fn behind(&self, at: At, byte: u8) -> Option<At> {
        let ends = byte == self.delimiter || byte == b'\n';
        Some(match (at, byte) {
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, _) => At::Quoted,
            _ if ends => At::Begin,
            (At::Begin | At::Closed, b'"') => At::Quoted,
            (At::Begin | At::Spaces, b' ') => At::Spaces,
            (At::Closed | At::Behind, b' ') => At::Behind,
            // A quote behind spaces holds no commas together, though whoever wrote it meant it to.
            (At::Spaces, b'"') | (At::Closed | At::Behind, _) => return None,
            _ => At::Plain,
        })
    }

    /// How many bytes may be read before a quote strays.
    fn watch(&mut self, bytes: &[u8]) -> usize {
        // Without quotes only the cell that the bytes end in matters.
        let quiet = !bytes.contains(&b'"') && matches!(self.at, At::Begin | At::Spaces | At::Plain);
        let ends = |byte: &u8| *byte == self.delimiter || *byte == b'\n';
        let from = if quiet { bytes.iter().rposition(ends).unwrap_or(0) } else { 0 };
        for (place, byte) in bytes.iter().enumerate().skip(from) {
            let Some(at) = self.behind(self.at, *byte) else {
                self.stray = true;
                return place;
            };
            self.at = at;
        }
        bytes.len()
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stray {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let length = self.text.read(buffer)?;
        match self.watch(&buffer[..length]) {
            0 if self.stray => Err(io::ErrorKind::InvalidData.into()),
            watched => Ok(watched),
        }
    }
}
