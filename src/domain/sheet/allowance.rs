//! How many bytes a row may have: an unclosed quote or an endless list must not draw the whole file into memory.

use std::cell::Cell as Counter;
use std::io::{self, Read};
use std::rc::Rc;

/// Bytes of a row at most.
pub(super) const MOST_BYTES: usize = 1024 * 1024;

/// Reads on only as long as the row in hand has bytes left; then it fails with [`io::ErrorKind::FileTooLarge`].
pub(super) struct Allowance<R> {
    text: R,
    left: Rc<Counter<usize>>,
}

impl<R> Allowance<R> {
    /// An allowance for a text, and the bytes left, to be set anew with every row.
    pub(super) fn new(text: R) -> (Self, Rc<Counter<usize>>) {
        let left = Rc::new(Counter::new(MOST_BYTES));
        (Self { text, left: left.clone() }, left)
    }
}

impl<R: Read> Read for Allowance<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let length = self.text.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(length));
        Ok(length)
    }
}
