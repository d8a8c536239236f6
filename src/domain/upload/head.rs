//! The head of a sheet: which row it is, what each of its columns is, and in which unit.

use std::collections::HashMap;

use super::cell::folded;
use super::heading::{Heading, bare, inside, title_unit};
use super::kind::{Column, Part, Reads, UploadKind};
use crate::domain::money::AmountUnit;
use crate::domain::sheet::{Row, Trouble, letters};

/// Rows among which the head is looked for: titles and notes stand above it.
pub const LOOKED_AT: usize = 30;

/// The head of a sheet.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The row it is; 0 where every row names its own columns.
    pub row: u32,
    /// Its headings, from the first column on.
    pub headings: Vec<Heading>,
    /// What amounts are in, by a line above: 单位：万元.
    pub title_unit: Option<AmountUnit>,
}

impl Head {
    /// The column of a field, from 0.
    pub fn place(&self, field: &str) -> Option<usize> {
        self.headings.iter().position(|heading| heading.column.is_some_and(|column| column.field == field))
    }
}

/// The columns of a kind by everything they are called.
#[derive(Debug)]
pub struct Known {
    kind: UploadKind,
    names: HashMap<String, &'static Column>,
}

impl Known {
    /// The columns of a kind.
    pub fn of(kind: UploadKind) -> Self {
        let mut names = HashMap::new();
        for column in kind.columns() {
            for name in column.names {
                names.insert(bare(&folded(name)), column);
            }
        }
        Self { kind, names }
    }

    /// What a heading is. Brackets that hold neither a unit nor a mere remark make another column of it:
    /// `执行数（上年）` is not 执行数.
    pub fn heading(&self, text: &str) -> Heading {
        Heading::read(text, |name| self.names.get(name).copied())
    }

    /// Reads a row as a head.
    fn head(&self, row: &Row) -> Head {
        let headings = row.cells.iter().map(|cell| self.heading(&cell.shown())).collect();
        Head { row: row.number, headings, title_unit: None }
    }

    /// The head among the first rows of a sheet: the row with the most columns of the kind, at least two.
    ///
    /// # Errors
    /// `no_head`, `two_heads`; and those of [`Known::check`].
    pub fn find(&self, rows: &[Row], given: &[&str]) -> Result<Head, Trouble> {
        let Some((place, mut head)) = self.best(rows) else {
            let wanted: Vec<&str> = self.wanted(given).map(|column| column.names[0]).collect();
            return Err(Trouble::new(
                "no_head",
                format!("前 {LOOKED_AT} 行里没有找到表头；{}的表头应有：{}", self.kind.zh(), wanted.join("、")),
                format!("no head among the first {LOOKED_AT} rows; {} need columns {}", self.kind, wanted.join(", ")),
            ));
        };
        head.title_unit = rows[..place].iter().flat_map(|row| &row.cells).find_map(|cell| title_unit(&cell.shown()));
        self.check(&head, given)?;
        let other = rows.iter().map(|row| self.head(row)).find(|other| {
            other.row != head.row
                && 2 * understood(other) >= understood(&head).max(4)
                && self.missing(other, given).is_empty()
        });
        other.map_or(Ok(head.clone()), |other| Err(two_heads(&head, &other)))
    }

    /// How many columns of the kind the likeliest head among these rows has.
    pub fn fit(&self, rows: &[Row]) -> usize {
        self.best(rows).map_or(0, |(_, head)| understood(&head))
    }

    fn best(&self, rows: &[Row]) -> Option<(usize, Head)> {
        let heads = rows.iter().take(LOOKED_AT).map(|row| self.head(row)).enumerate();
        // The first of the best: data may look like a head, but stands below it.
        heads.rev().max_by_key(|(_, head)| understood(head)).filter(|(_, head)| understood(head) >= 2)
    }

    /// The columns that must be there where the caller has not given them.
    fn wanted(&self, given: &[&str]) -> impl Iterator<Item = &'static Column> {
        let needed = |column: &&Column| {
            column.part == Part::Key && !matches!(column.reads, Reads::Id) && !given.contains(&column.field)
        };
        self.kind.columns().iter().filter(needed).collect::<Vec<_>>().into_iter()
    }

    /// Those of them that a head does not have; none where it has the whole id.
    fn missing(&self, head: &Head, given: &[&str]) -> Vec<&'static str> {
        let whole = head.place("id").is_some();
        let lacks = |column: &&'static Column| !whole && head.place(column.field).is_none();
        self.wanted(given).filter(lacks).map(|column| column.names[0]).collect()
    }

    /// Whether a head has what every row needs, something to state, and nothing twice.
    ///
    /// # Errors
    /// `missing_column`, `duplicate_column`, `unknown_column`: one that is nearly a column of the kind;
    /// `no_value_column`.
    pub fn check(&self, head: &Head, given: &[&str]) -> Result<(), Trouble> {
        let missing = self.missing(head, given);
        if !missing.is_empty() {
            let (zh, en) = (missing.join("、"), missing.join(", "));
            return Err(Trouble::new(
                "missing_column",
                format!("表头（第 {} 行）缺少：{zh}", head.row),
                format!("the head (row {}) lacks the columns {en}", head.row),
            )
            .at(head.row));
        }
        let has = |field: &str| head.place(field).is_some();
        for (place, heading) in head.headings.iter().enumerate() {
            let Some(column) = heading.column else {
                let near = self.near(heading, &has).or_else(|| self.holds(heading, &has));
                near.map_or(Ok(()), |near| Err(unknown_column(head.row, place, heading, near)))?;
                continue;
            };
            // A code and its name may stand side by side: they are compared in every row.
            let twice = head.headings[..place]
                .iter()
                .any(|before| before.column.is_some_and(|one| std::ptr::eq(one, column)) && !column.may_stand_twice());
            if twice {
                let (letter, text) = (letters(place), &heading.text);
                return Err(Trouble::new(
                    "duplicate_column",
                    format!("{letter} 列“{text}”与前面的列重复"),
                    format!("column {letter} `{text}` is there before"),
                )
                .at(head.row));
            }
        }
        self.states_something(head)
    }

    /// Whether a head has a column that is no part of the key.
    fn states_something(&self, head: &Head) -> Result<(), Trouble> {
        let states = |column: &Column| matches!(column.part, Part::Fact | Part::Claim);
        if head.headings.iter().filter_map(|heading| heading.column).any(states) {
            return Ok(());
        }
        let columns = self.kind.columns().iter().filter(|column| {
            states(column) && !column.field.ends_with("_as_printed") && !matches!(column.reads, Reads::List)
        });
        let names: Vec<&str> = columns.map(|column| column.names[0]).collect();
        Err(Trouble::new(
            "no_value_column",
            format!("表头（第 {} 行）没有要填报的列，应至少有其一：{}", head.row, names.join("、")),
            format!("the head (row {}) has nothing but keys; it needs one of {}", head.row, names.join(", ")),
        )
        .at(head.row))
    }

    /// The quantity that every row states, if a heading holds its name among other words and no column is called so:
    /// 1-7月完成数 is hardly a column to leave out.
    fn holds(&self, heading: &Heading, has: &impl Fn(&str) -> bool) -> Option<&'static str> {
        let column = self.kind.columns().iter().find(|column| matches!(column.reads, Reads::Quantity(_)))?;
        let name = bare(&folded(&heading.text));
        let holds =
            |known: &&&str| !known.is_ascii() && known.chars().count() >= 3 && name.contains(&bare(&folded(known)));
        column.names.iter().find(holds).map(|_| column.names[0]).filter(|_| !has(column.field))
    }

    /// A column that a heading is nearly called and that is not there.
    fn near(&self, heading: &Heading, has: &impl Fn(&str) -> bool) -> Option<&'static str> {
        let name = bare(&folded(&heading.text));
        let close = |known: &&String| {
            let length = known.chars().count().min(name.chars().count());
            let most = if length >= 6 { 2 } else { usize::from(length >= 3) };
            strsim::damerau_levenshtein(known, &name) <= most
        };
        self.names
            .iter()
            .filter(|(known, column)| close(known) && !has(column.field))
            .map(|(_, one)| one.names[0])
            .min()
    }
}

fn two_heads(head: &Head, other: &Head) -> Trouble {
    let (one, other) = (head.row.min(other.row), head.row.max(other.row));
    Trouble::new(
        "two_heads",
        format!("第 {one} 行和第 {other} 行都是表头：一个工作表里只放一张表"),
        format!("rows {one} and {other} are both heads: put one table on a sheet"),
    )
    .at(other)
}

fn unknown_column(row: u32, place: usize, heading: &Heading, near: &str) -> Trouble {
    let (letter, text) = (letters(place), &heading.text);
    let (hint_zh, hint_en) = match inside(&folded(text)) {
        Some(inside) => (format!("；括号里的“{inside}”不是单位"), format!("; `{inside}` in its brackets is no unit")),
        None => Default::default(),
    };
    Trouble::new(
        "unknown_column",
        format!("{letter} 列“{text}”不认识{hint_zh}，是否为“{near}”？如果不是，请删除该列"),
        format!("column {letter} `{text}` is not known{hint_en}; did you mean `{near}`? if not, take it out"),
    )
    .at(row)
}

/// How many different columns a head has.
fn understood(head: &Head) -> usize {
    let fields: std::collections::BTreeSet<_> =
        head.headings.iter().filter_map(|heading| heading.column).map(|column| column.names[0]).collect();
    fields.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sheet::Cell;

    fn row(number: u32, cells: &[&str]) -> Row {
        Row::new(number, cells.iter().map(|cell| Cell::of_text(cell)).collect())
    }

    fn fields(head: &Head) -> Vec<(Option<&str>, Option<&str>)> {
        head.headings.iter().map(|heading| (heading.column.map(|one| one.field), heading.unit.as_deref())).collect()
    }

    #[test]
    fn no_two_columns_of_a_kind_have_one_name() {
        for kind in UploadKind::ALL {
            let mut seen = HashMap::new();
            for column in kind.columns() {
                for name in column.names {
                    let other = seen.insert(bare(&folded(name)), column.names[0]);
                    assert_eq!(other, None, "{kind}: {name}");
                }
            }
        }
    }

    #[test]
    fn the_head_is_found_under_titles_and_read_in_any_order() {
        let rows = [
            row(1, &["附件1"]),
            row(2, &["2023年度项目支出明细表"]),
            row(3, &["", "", "", "（金额单位：万元）"]),
            row(
                5,
                &[
                    "序号",
                    "执 行 数\n（万元）",
                    "科目名称",
                    "*单位编码",
                    "Fiscal_Year",
                    "项目 名称",
                    "ｎａｍｅ＿ａｓ＿ｐｒｉｎｔｅｄ",
                ],
            ),
            row(6, &["1", "10.93", "办公费", "209002", "2023", "招商引资专项"]),
        ];
        let head = Known::of(UploadKind::BudgetLines).find(&rows, &[]).unwrap();
        assert_eq!((head.row, head.title_unit), (5, Some(AmountUnit::WanYuan)));
        assert_eq!(
            fields(&head),
            [
                (None, None),
                (Some("executed"), Some("万元")),
                (Some("economic_class"), None),
                (Some("unit"), None),
                (Some("year"), None),
                (Some("project"), None),
                (Some("name_as_printed"), None),
            ]
        );
    }

    #[test]
    fn a_quantity_under_a_name_of_its_own_is_not_left_out() {
        let known = Known::of(UploadKind::Progress);
        let of =
            |cells: &[&str]| known.find(&[row(1, cells)], &["month"]).map(drop).map_err(|trouble| trouble.wrong.zh);
        let wrong = of(&["乡镇", "指标", "1-7月完成数", "备注"]).unwrap_err();
        assert!(wrong.contains("C 列“1-7月完成数”不认识，是否为“完成值”"), "{wrong}");
        assert_eq!(of(&["乡镇", "指标", "完成数", "上年完成数"]), Ok(()));
    }

    #[test]
    fn two_tables_on_a_sheet_are_refused() {
        let known = Known::of(UploadKind::BudgetLines);
        let head = ["单位", "年度", "项目", "科目", "执行数"];
        let rows = [row(1, &head), row(2, &["209002", "2023", "甲", "30216", "1"]), row(9, &head)];
        let trouble = known.find(&rows, &[]).unwrap_err();
        assert_eq!((trouble.wrong.code, trouble.row), ("two_heads", Some(9)));
        assert!(known.find(&rows[..2], &[]).is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_head_is_said_with_its_columns() {
        let known = Known::of(UploadKind::BudgetLines);
        let code =
            |cells: &[&str], given: &[&str]| known.find(&[row(1, cells)], given).map(|_| ()).map_err(|t| t.wrong);
        let full = ["单位", "年度", "项目", "科目", "执行数"];
        assert_eq!(code(&full, &[]), Ok(()));
        assert_eq!(code(&full[2..], &["unit", "year"]), Ok(()));
        let wrong = code(&full[2..], &[]).unwrap_err();
        assert_eq!((wrong.code, wrong.zh.as_str()), ("missing_column", "表头（第 1 行）缺少：单位编码、年度"));
        assert_eq!(code(&["甲", "乙"], &[]).unwrap_err().code, "no_head");
        assert_eq!(
            code(&["单位", "年度", "项目", "科目", "执行数", "支出数"], &[]).unwrap_err().code,
            "duplicate_column"
        );
        assert_eq!(code(&["单位编码", "单位名称", "年度", "项目", "科目", "执行数"], &[]), Ok(()));
        let wrong = code(&["单位", "年度", "项目", "科目", "执行额"], &[]).unwrap_err();
        assert_eq!((wrong.code, wrong.zh.contains("是否为“执行数（万元）”")), ("unknown_column", true));
        assert_eq!(code(&["id", "执行数"], &[]), Ok(()));
        assert_eq!(code(&full[..4], &[]).unwrap_err().code, "no_value_column");
        let wrong = code(&["单位", "年度", "项目", "科目", "执行数（上年）"], &[]).unwrap_err();
        assert_eq!((wrong.code, wrong.zh.contains("括号里的“上年”不是单位")), ("unknown_column", true));
        assert_eq!(code(&["单位", "年度", "项目", "科目", "执行数（万元）", "执行数（上年）"], &[]), Ok(()));
    }
}
