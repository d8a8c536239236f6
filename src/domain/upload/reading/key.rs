//! The parts of a row's key: codes, or names that mean exactly one thing.

use super::super::cell;
use super::super::kind::{Column, Part, Reads};
use super::super::time;
use super::super::words::{assigner, choice};
use super::{CellError, Defaults, Here, Parts, RowReader, Working};
use crate::domain::period::{Month, Year};
use crate::domain::sheet::Cell;
use crate::domain::violation::Wrong;

impl RowReader<'_> {
    /// Reads the parts of the key, those first that others are read by.
    pub(super) fn key(&self, working: &mut Working<'_>) {
        let mut whole = false;
        if let Some(here) = working.said("id") {
            let parts: Vec<String> = here.cell.shown().trim().split(':').map(str::to_owned).collect();
            if parts.len() != self.kind.key().len() {
                return working.note(here, crate::domain::word::bad_id(&self.kind.key().join(":")));
            }
            whole = true;
            working.parts = Parts(self.kind.key().iter().copied().zip(parts).collect());
        }
        for field in ["year", "unit", "indicator", "month", "project", "economic_class", "assigner", "kind", "code"] {
            let Some(column) = self.kind.columns().iter().find(|column| column.field == field) else { continue };
            if matches!(column.part, Part::Key | Part::MaybeKey | Part::Help) {
                self.part(column, whole, working);
            }
        }
        let (year, month) = (working.said("year"), working.parts.get("month"));
        if let (Some(here), Some(year), Some(month)) = (year, working.parts.get("year"), month)
            && !month.starts_with(year.as_str())
        {
            let wrong = year_and_month_differ(year, month);
            working.note(here, wrong);
        }
    }

    /// Reads one part of the key from every column that speaks of it; they must agree, with the id too where the row
    /// has one (`whole`).
    fn part(&self, column: &'static Column, whole: bool, working: &mut Working<'_>) {
        let spoken: Vec<(Here<'_>, Result<String, Wrong>)> = working
            .cells
            .iter()
            .filter(|(one, here)| one.field == column.field && !cell::says_nothing(here.cell))
            .map(|(one, here)| (*here, self.word(one, here.cell, working)))
            .collect();
        let known = working.parts.get(column.field).cloned();
        let mut agreed = known.clone();
        let mut wrong = Vec::new();
        for (here, read) in spoken {
            match (read, &agreed) {
                (Ok(read), None) => agreed = Some(read),
                (Ok(read), Some(before)) if read != *before => {
                    wrong.push((here.place, here.cell.shown(), differ(before, &read)));
                }
                (Ok(_), Some(_)) => {}
                (Err(error), _) => wrong.push((here.place, here.cell.shown(), error)),
            }
        }
        let failed = !wrong.is_empty();
        for (place, value, wrong) in wrong {
            working.errors.push(CellError::at(Some(place), wrong, Some(value)));
        }
        if known.is_some() || (whole && agreed.is_none()) {
            return;
        }
        // What the caller says is for rows that have no place to say it; a cell left blank is a slip, not a consent.
        let given = || self.given(column.field).filter(|_| !working.has(column.field));
        if let Some(read) = agreed.or_else(given) {
            working.parts.insert(column.field, read);
        } else if column.part == Part::Key && !failed {
            let place = self.place(column.field);
            working.errors.push(CellError::at(place, self.missing(column), None));
        }
    }

    /// What the caller has said of a part of the key.
    pub(super) fn given(&self, field: &str) -> Option<String> {
        let Defaults { unit, year, month, project, .. } = &self.defaults;
        match field {
            "unit" => unit.clone(),
            "year" => year.map(|year| year.to_string()).or_else(|| month.map(|month| month.year().to_string())),
            "month" => month.map(|month| month.to_string()),
            "project" => project.clone(),
            _ => None,
        }
    }

    pub(super) fn missing(&self, column: &Column) -> Wrong {
        let name = column.names[0];
        let hint = !self.defaults.fill_down && self.place(column.field).is_some();
        let (hint_zh, hint_en) = if hint {
            ("；如为合并单元格，请加参数 fill_down=true", "; for merged cells say fill_down=true")
        } else {
            ("", "")
        };
        Wrong::new("missing_field", format!("缺少“{name}”{hint_zh}"), format!("`{}` is missing{hint_en}", column.field))
    }

    pub(super) fn place(&self, field: &str) -> Option<usize> {
        self.head.place(field)
    }

    /// Reads a part of the key.
    fn word(&self, column: &Column, cell: &Cell, working: &Working<'_>) -> Result<String, Wrong> {
        let parts = &working.parts;
        let code = || cell::code(cell);
        let part = |field: &str| parts.get(field).cloned().or_else(|| self.given(field));
        // A project is one of a year, which may be that of the row's month.
        let of_month = || Some(part("month")?.parse::<Month>().ok()?.year());
        let year = || part("year").map_or_else(of_month, |year| year.parse::<Year>().ok());
        match column.reads {
            Reads::Unit => self.unit(cell),
            Reads::Indicator => Ok(self.directory.indicators.resolve(&code()?, ("指标", "indicator"))?.to_owned()),
            Reads::Project => {
                let (Some(unit), Some(year)) = (part("unit"), year()) else { return code() };
                let (unit_and_year, written) = ((unit, year.number()), code()?);
                match self.directory.projects.get(&unit_and_year) {
                    Some(projects) => Ok(projects
                        .resolve(&written, ("该单位该年度的项目", "project of that unit and year"))?
                        .to_owned()),
                    None => Ok(written),
                }
            }
            Reads::EconomicClass => {
                let Some(year) = year() else { return code() };
                self.class(&code()?, year)
            }
            Reads::Assigner => Ok(assigner(&code()?)),
            Reads::Choice(choices) => Ok(choice(&code()?, &choices())?.to_owned()),
            Reads::Year => time::year(cell).map(|year| year.to_string()),
            Reads::Month => {
                // A year's column that is blank does not mean the year that the caller says.
                let usual = if working.has("year") {
                    parts.get("year").and_then(|year| year.parse().ok())
                } else {
                    self.defaults.year
                };
                let named = time::month(cell, usual)?;
                if named.from_january && !self.cumulative(parts) {
                    return Err(not_cumulative());
                }
                Ok(named.month.to_string())
            }
            _ => code(),
        }
    }

    pub(super) fn unit(&self, cell: &Cell) -> Result<String, Wrong> {
        let what = ("单位", "unit (or it is not yours to see)");
        Ok(self.directory.units.resolve(&cell::code(cell)?, what)?.to_owned())
    }

    /// Whether figures of the row's indicator may run from January.
    fn cumulative(&self, parts: &Parts) -> bool {
        let facts = parts.get("indicator").and_then(|code| self.directory.indicator_facts.get(code));
        facts.is_none_or(|facts| facts.cumulative)
    }

    fn class(&self, written: &str, year: Year) -> Result<String, Wrong> {
        let (digits, name) = written.split_at(written.find(|c: char| !c.is_ascii_digit()).unwrap_or(written.len()));
        if matches!(digits.len(), 3 | 5) && (name.is_empty() || !name.starts_with('.')) {
            return Ok(digits.to_owned());
        }
        let (zh, en) = (format!("{year}年度的科目"), format!("economic class of {year}"));
        match self.directory.classes.get(&year.number()) {
            Some(classes) => Ok(classes.resolve(written, (&zh, &en))?.to_owned()),
            None => Err(Wrong::new(
                "no_list",
                format!("还没有 {year} 年度的经济分类科目表，无法按名称查找"),
                format!("there is no list of economic classes of {year} to look names up in"),
            )),
        }
    }
}

fn year_and_month_differ(year: &str, month: &str) -> Wrong {
    Wrong::new(
        "year_and_month_differ",
        format!("年度是 {year}，月份却是 {month}"),
        format!("the year is {year}, but the month {month}"),
    )
}

pub(super) fn differ(one: &str, other: &str) -> Wrong {
    Wrong::new(
        "code_and_name_differ",
        format!("编码与名称不是同一项：{one}、{other}"),
        format!("code and name are not the same thing: {one}, {other}"),
    )
}

fn not_cumulative() -> Wrong {
    Wrong::new(
        "not_cumulative",
        "该指标按当月数上报，不能填 1-N月 的累计数",
        "the indicator is reported month by month, not from January",
    )
}
