//! Rows that are not data: totals, notes, the example of a template.

use super::cell::folded;
use super::head::Head;
use super::kind::{Column, Part, Reads};
use crate::domain::sheet::{Cell, Row};

/// Words that notes begin with, before a colon.
const NOTES: [&str; 17] = [
    "注",
    "备注",
    "说明",
    "附注",
    "填表人",
    "填报人",
    "制表人",
    "制表",
    "审核人",
    "审核",
    "复核人",
    "负责人",
    "单位负责人",
    "联系人",
    "联系电话",
    "日期",
    "填报日期",
];

/// Whether a row under a head is not data.
pub fn aside(head: &Head, row: &Row) -> Option<Aside> {
    if head.row == 0 {
        // An object has names for all it says: it is never a title, a total or a note.
        return None;
    }
    let column = |place: usize| head.headings.get(place).and_then(|heading| heading.column);
    let blank = |place: usize| row.cells.get(place).is_none_or(Cell::is_empty);
    let key = |place: usize| column(place).is_some_and(|one| one.part == Part::Key && !matches!(one.reads, Reads::Id));
    let lacks_key = (0..head.headings.len()).any(|place| key(place) && blank(place));
    by_first_words(row, lacks_key, |place| column(place).is_some_and(Column::counts))
}

/// Whether a row, by its first words, is a total, a note or the example of a template.
///
/// A note is one only where nothing else could be meant: all of its cells are notes, or a part of its key is not there
/// (`lacks_key`) and no column of numbers (`counts`) holds anything else.
fn by_first_words(row: &Row, lacks_key: bool, counts: impl Fn(usize) -> bool) -> Option<Aside> {
    let mut filled = row.cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
    let (_, Cell::Text(first)) = filled.next()? else { return None };
    if first.is_ascii() {
        // All of these words are Chinese; most rows begin with a code.
        return None;
    }
    let first = folded(first);
    let bare = first.trim_end_matches([':', '.']);
    if ["合计", "总计", "共计", "总合计", "全县合计"].contains(&bare) {
        return Some(Aside::Total);
    }
    if ["小计", "合计数"].contains(&bare) {
        return Some(Aside::Subtotal);
    }
    if first.starts_with("示例:") {
        return Some(Aside::Example);
    }
    let others: Vec<usize> =
        filled.filter(|(_, cell)| !is_note(&folded(&cell.shown()))).map(|(place, _)| place).collect();
    let alone = others.is_empty() && (is_note(&first) || first.starts_with("注"));
    let beside = is_note(&first) && lacks_key && !others.into_iter().any(counts);
    (alone || beside).then_some(Aside::Note)
}

fn is_note(text: &str) -> bool {
    text.split_once(':').is_some_and(|(word, _)| NOTES.contains(&word))
}

/// Why a row is not data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aside {
    /// 合计: what stands above adds up to it, or should.
    Total,
    /// 小计
    Subtotal,
    /// 填表人：张三
    Note,
    /// The example row of a template.
    Example,
    /// Only the key is filled in.
    Nothing,
}

impl Aside {
    /// Its name on the wire, and in Chinese.
    pub const fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Total => ("total", "合计行"),
            Self::Subtotal => ("subtotal", "小计行"),
            Self::Note => ("note", "附注行"),
            Self::Example => ("example", "示例行"),
            Self::Nothing => ("nothing_stated", "只有主键、没有内容的行"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u32, cells: &[&str]) -> Row {
        Row::new(number, cells.iter().map(|cell| Cell::of_text(cell)).collect())
    }

    #[test]
    fn rows_that_are_no_data_are_known_by_their_first_word() {
        let counts = |place| place == 4;
        for (cells, wanted) in [
            (&["合 计", "", "344.91"][..], Some(Aside::Total)),
            (&["", "小计", "1"], Some(Aside::Subtotal)),
            (&["填表人：张三", "日期：2024年4月"], Some(Aside::Note)),
            (&["注：以上为财政拨款"], Some(Aside::Note)),
            (&["示例：209002", "2023"], Some(Aside::Example)),
            (&["填表人：", "张三", "", "审核：", "李四"], None),
            (&["填表人：", "张三", "审核：", "李四"], Some(Aside::Note)),
            (&["合计镇", "1"], None),
            (&["209002", "合计"], None),
        ] {
            assert_eq!(by_first_words(&row(9, cells), true, counts), wanted, "{cells:?}");
        }
        let whole = row(9, &["备注：新增", "鸬鹚渡镇", "2023-07", "fdi", "21"]);
        assert_eq!(
            (by_first_words(&whole, false, counts), by_first_words(&whole, true, counts)),
            (None, None),
            "a remark in the first column"
        );
    }
}
