//! Uploads (上报): rows of cells → what is stated.
//!
//! Forgiving about how a thing is written, unforgiving about what it means: a cell that could mean two things is an
//! error, and no row is ever dropped in silence.
//!
//! | file | holds |
//! | --- | --- |
//! | [`kind`], `columns` | what can be uploaded, and the columns each kind has, by all their names |
//! | [`head`], [`heading`], [`guess`] | which row is the head, what each column is, and of which kind |
//! | [`aside`] | rows that are not data: totals, notes, examples |
//! | [`names`] | names where codes are wanted |
//! | [`cell`], [`time`], [`words`] | what a cell says |
//! | [`reading`] | a row → its key and the fields it speaks of |
//! | [`statement`] | the same → a key and facts, by the words of the API |
//! | [`receipt`], [`tally`] | what became of all of them |
//! | [`item`] | an upload as it is kept |
//! | [`back`], [`template`] | their rows with what is wrong; empty sheets to fill in |

pub mod kind;

mod columns;

pub mod cell;
pub mod time;
pub mod words;

pub mod aside;
pub mod guess;
pub mod head;
pub mod heading;
pub mod names;
pub mod reading;
pub mod statement;

pub mod item;
pub mod receipt;
pub mod tally;

pub mod back;
pub mod template;
