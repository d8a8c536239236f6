//! What merged cells mean: a key that is written once stands for all the rows beside it.

use std::collections::HashMap;

use super::super::head::Head;
use super::super::kind::Part;
use crate::domain::sheet::{Cell, Row};

/// The last cell of each key column that was not blank.
#[derive(Debug, Default)]
pub struct Above(HashMap<&'static str, Cell>);

impl Above {
    /// A row of data with its blank key cells filled from above.
    pub fn filled(&mut self, head: &Head, row: &Row) -> Row {
        let mut filled = row.clone();
        for (place, heading) in head.headings.iter().enumerate() {
            let keyed = |part| matches!(part, Part::Key | Part::MaybeKey | Part::Help);
            let Some(column) = heading.column.filter(|column| keyed(column.part)) else { continue };
            if let Some(cell) = filled.cells.get(place).filter(|cell| !cell.is_empty()) {
                self.0.insert(column.names[0], cell.clone());
            } else {
                if filled.cells.len() <= place {
                    filled.cells.resize(place + 1, Cell::Blank);
                }
                filled.cells[place] = self.0.get(column.names[0]).cloned().unwrap_or_default();
            }
        }
        filled
    }
}
