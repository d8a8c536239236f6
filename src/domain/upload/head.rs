//! The head of a sheet: which row it is, what each of its columns is, and in which unit.

use std::collections::HashMap;

use super::cell::folded;
use super::kind::{Column, Part, Reads, UploadKind};
use crate::domain::money::AmountUnit;
use crate::domain::sheet::{Cell, Row, Trouble, letters};

/// Rows among which the head is looked for: titles and notes stand above it.
pub const LOOKED_AT: usize = 30;

/// A heading, and what it was understood to be.
#[derive(Debug, Clone)]
pub struct Heading {
    /// As it stands in the sheet.
    pub text: String,
    /// The column it is; nothing where it is none of the kind.
    pub column: Option<&'static Column>,
    /// The unit it names, such as 万元.
    pub unit: Option<String>,
}

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
                names.insert(cut(&folded(name)).0, column);
            }
        }
        Self { kind, names }
    }

    /// What a heading is.
    pub fn heading(&self, text: &str) -> Heading {
        let name = folded(text).trim_matches(['*', ':', '.']).to_owned();
        let text = text.trim().to_owned();
        if let Some(column) = self.names.get(&name) {
            return Heading { text, column: Some(column), unit: None };
        }
        let (bare, unit) = cut(&name);
        if let Some(column) = self.names.get(&bare) {
            return Heading { text, column: Some(column), unit };
        }
        Heading { text, column: None, unit: None }
    }

    /// Reads a row as a head.
    fn head(&self, row: &Row) -> Head {
        let headings = row.cells.iter().map(|cell| self.heading(&cell.shown())).collect();
        Head { row: row.number, headings, title_unit: None }
    }

    /// The head among the first rows of a sheet: the row with the most columns of the kind, at least two.
    ///
    /// # Errors
    /// `no_head`; and those of [`Known::check`].
    pub fn find(&self, rows: &[Row], given: &[&str]) -> Result<Head, Trouble> {
        let Some((place, mut head)) = self.best(rows) else {
            let wanted: Vec<&str> = self.wanted(given).collect();
            return Err(Trouble::new(
                "no_head",
                format!("前 {LOOKED_AT} 行里没有找到表头；{}的表头应有：{}", self.kind.zh(), wanted.join("、")),
                format!("no head among the first {LOOKED_AT} rows; {} need columns {}", self.kind, wanted.join(", ")),
            ));
        };
        head.title_unit = rows[..place].iter().flat_map(|row| &row.cells).find_map(|cell| title_unit(&cell.shown()));
        self.check(&head, given)?;
        Ok(head)
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
    fn wanted(&self, given: &[&str]) -> impl Iterator<Item = &'static str> {
        let needed = |column: &&Column| {
            column.part == Part::Key && !matches!(column.reads, Reads::Id) && !given.contains(&column.field)
        };
        self.kind.columns().iter().filter(needed).map(|column| column.names[0]).collect::<Vec<_>>().into_iter()
    }

    /// Whether a head has what every row needs, and nothing twice.
    ///
    /// # Errors
    /// `missing_column`, `duplicate_column`, `unknown_column`: one that is nearly a column of the kind.
    pub fn check(&self, head: &Head, given: &[&str]) -> Result<(), Trouble> {
        let whole = head.headings.iter().any(|heading| heading.reads(|reads| matches!(reads, Reads::Id)));
        let has =
            |field: &str| head.headings.iter().any(|heading| heading.column.is_some_and(|one| one.field == field));
        let missing: Vec<&str> = self
            .kind
            .columns()
            .iter()
            .filter(|column| column.part == Part::Key && !matches!(column.reads, Reads::Id))
            .filter(|column| !whole && !given.contains(&column.field) && !has(column.field))
            .map(|column| column.names[0])
            .collect();
        if !missing.is_empty() {
            let (zh, en) = (missing.join("、"), missing.join(", "));
            return Err(Trouble::new(
                "missing_column",
                format!("表头（第 {} 行）缺少：{zh}", head.row),
                format!("the head (row {}) lacks the columns {en}", head.row),
            )
            .at(head.row));
        }
        for (place, heading) in head.headings.iter().enumerate() {
            let Some(column) = heading.column else {
                self.near(heading, &has).map_or(Ok(()), |near| Err(unknown_column(head.row, place, heading, near)))?;
                continue;
            };
            // A code and its name may stand side by side: they are compared in every row.
            let twice = head.headings[..place]
                .iter()
                .any(|before| before.column.is_some_and(|one| std::ptr::eq(one, column)) && !may_stand_twice(column));
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
        Ok(())
    }

    /// A column that a heading is nearly called and that is not there.
    fn near(&self, heading: &Heading, has: &impl Fn(&str) -> bool) -> Option<&'static str> {
        let name = cut(&folded(&heading.text)).0;
        let close = |known: &&String| {
            let length = known.chars().count().min(name.chars().count());
            let most = if length >= 6 { 2 } else { usize::from(length >= 3) };
            (1..=most).contains(&strsim::damerau_levenshtein(known, &name))
        };
        self.names
            .iter()
            .filter(|(known, column)| close(known) && !has(column.field))
            .map(|(_, one)| one.names[0])
            .min()
    }
}

impl Heading {
    fn reads(&self, wanted: impl Fn(Reads) -> bool) -> bool {
        self.column.is_some_and(|column| wanted(column.reads))
    }
}

fn may_stand_twice(column: &Column) -> bool {
    matches!(column.reads, Reads::Unit | Reads::Project | Reads::EconomicClass | Reads::Indicator)
}

fn unknown_column(row: u32, place: usize, heading: &Heading, near: &str) -> Trouble {
    let (letter, text) = (letters(place), &heading.text);
    Trouble::new(
        "unknown_column",
        format!("{letter} 列“{text}”不认识，是否为“{near}”？如果不是，请删除该列"),
        format!("column {letter} `{text}` is not known; did you mean `{near}`? if not, take it out"),
    )
    .at(row)
}

/// How many different columns a head has.
fn understood(head: &Head) -> usize {
    let fields: std::collections::BTreeSet<_> =
        head.headings.iter().filter_map(|heading| heading.column).map(|column| column.names[0]).collect();
    fields.len()
}

/// A heading without its unit, and the unit: 执行数(万元), 执行数/万元, `executed_wan`.
fn cut(name: &str) -> (String, Option<String>) {
    let name = name.replace(['【', '〔', '['], "(").replace(['】', '〕', ']'], ")");
    if let Some((bare, inside)) = name.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
        let unit = inside.trim_start_matches("单位").trim_start_matches(':');
        return (bare.to_owned(), Some(unit.to_owned()));
    }
    for (suffix, unit) in [("_wan_yuan", "万元"), ("_wan", "万元"), ("_yuan", "元"), ("_yi", "亿元")] {
        if let Some(bare) = name.strip_suffix(suffix) {
            return (bare.to_owned(), Some(unit.to_owned()));
        }
    }
    for unit in ["万元", "亿元", "千元", "元"] {
        let bare = name.strip_suffix(unit).and_then(|bare| bare.strip_suffix(['/', ',', '-', '、', '_']));
        if let Some(bare) = bare {
            return (bare.to_owned(), Some(unit.to_owned()));
        }
    }
    (name, None)
}

/// The unit of amounts that a word means: 万元, 万.
pub fn amount_unit(word: &str) -> Option<AmountUnit> {
    let word = word.strip_prefix("人民币").unwrap_or(word);
    AmountUnit::ALL
        .iter()
        .copied()
        .find(|unit| unit.zh() == word || (unit.zh().trim_end_matches('元') == word && !word.is_empty()))
}

/// The unit that a line above the head names for all amounts: 单位：万元, （金额单位:元）.
fn title_unit(text: &str) -> Option<AmountUnit> {
    let text = folded(text);
    let word = |after: &str| after.chars().take_while(|c| c.is_alphabetic()).collect::<String>();
    text.split("单位:").skip(1).find_map(|after| amount_unit(&word(after)))
}

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

/// Whether a row, by its first words, is not data: a total, a note, the example of a template.
pub fn aside(row: &Row) -> Option<Aside> {
    let mut filled = row.cells.iter().filter(|cell| !cell.is_empty());
    let Cell::Text(first) = filled.next()? else { return None };
    let first = folded(first);
    let alone = filled.next().is_none();
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
    let noted = first.split_once(':').is_some_and(|(word, _)| NOTES.contains(&word));
    (noted || (alone && first.starts_with("注"))).then_some(Aside::Note)
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

    fn fields(head: &Head) -> Vec<(Option<&str>, Option<&str>)> {
        head.headings.iter().map(|heading| (heading.column.map(|one| one.field), heading.unit.as_deref())).collect()
    }

    #[test]
    fn no_two_columns_of_a_kind_have_one_name() {
        for kind in UploadKind::ALL {
            let mut seen = HashMap::new();
            for column in kind.columns() {
                for name in column.names {
                    let other = seen.insert(cut(&folded(name)).0, column.names[0]);
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
    fn units_stand_in_brackets_behind_a_slash_or_an_underscore() {
        let known = Known::of(UploadKind::BudgetLines);
        for text in
            ["执行数（万元）", "执行数(单位：万元)", "执行数【万元】", "执行数/万元", "executed_wan", "支出数，万元"]
        {
            let heading = known.heading(text);
            assert_eq!(
                (heading.column.map(|one| one.field), heading.unit.as_deref()),
                (Some("executed"), Some("万元")),
                "{text}"
            );
        }
        assert_eq!(amount_unit("万"), Some(AmountUnit::WanYuan));
        assert_eq!(amount_unit("家"), None);
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
    }

    #[test]
    fn rows_that_are_no_data_are_known_by_their_first_word() {
        for (cells, wanted) in [
            (&["合 计", "", "344.91"][..], Some(Aside::Total)),
            (&["", "小计", "1"], Some(Aside::Subtotal)),
            (&["填表人：张三", "日期：2024年4月"], Some(Aside::Note)),
            (&["注：以上为财政拨款"], Some(Aside::Note)),
            (&["示例：209002", "2023"], Some(Aside::Example)),
            (&["合计镇", "1"], None),
            (&["209002", "合计"], None),
        ] {
            assert_eq!(aside(&row(9, cells)), wanted, "{cells:?}");
        }
    }
}
