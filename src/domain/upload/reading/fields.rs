//! The fields of a row's facts, as the API takes them.

use serde_json::{Map, Value, json};

use super::super::cell::{self, Unit};
use super::super::heading::amount_unit;
use super::super::kind::{Column, Part, Reads};
use super::super::time;
use super::super::words::{choice, posts};
use super::key::differ;
use super::{Here, RowReader, Working};
use crate::domain::evaluation::ActivityKind;
use crate::domain::measure::{converted, of_money};
use crate::domain::period::Year;
use crate::domain::sheet::Cell;
use crate::domain::violation::Wrong;

impl RowReader<'_> {
    /// Reads the fields of the facts.
    pub(super) fn facts(&self, working: &mut Working<'_>) {
        let mut claim = Map::new();
        for (column, here) in working.cells.clone() {
            let blank = cell::says_nothing(here.cell);
            match column.part {
                Part::Fact | Part::Claim => {}
                Part::Key | Part::MaybeKey | Part::Help => {
                    if matches!(column.reads, Reads::EconomicClass) && !blank {
                        self.class_name(here, working);
                    }
                    continue;
                }
            }
            match column.reads {
                Reads::Activity(kind) if !blank => Self::activity(kind, here, working),
                Reads::Activity(_) => {}
                Reads::List if !blank => Self::list(column.field, here, working),
                Reads::List => Self::listed(column.field, Vec::new(), working),
                Reads::Money(print) => self.money(column, print, here, blank, working),
                Reads::Quantity(print) => self.quantity(column, print, here, blank, working),
                _ if column.part == Part::Claim && blank => {}
                _ => match if blank { Ok(Self::nothing(column)) } else { self.value(column, here.cell) } {
                    Ok(value) if column.part == Part::Claim => drop(claim.insert(column.field.to_owned(), value)),
                    // The print of an amount that is not in its own column stays as it was made.
                    Ok(Value::Null) if working.facts.contains_key(column.field) => {}
                    Ok(value) => drop(working.facts.insert(column.field.to_owned(), value)),
                    Err(wrong) => working.note(here, wrong),
                },
            }
        }
        if !claim.is_empty() {
            Self::listed("indicators", vec![Value::Object(claim)], working);
        }
    }

    /// What a blank cell states.
    fn nothing(column: &Column) -> Value {
        match column.reads {
            Reads::Lines | Reads::Posts | Reads::Indicators => json!([]),
            _ => Value::Null,
        }
    }

    fn value(&self, column: &Column, cell: &Cell) -> Result<Value, Wrong> {
        if let Cell::List(list) = cell {
            return Ok(list.clone());
        }
        Ok(match column.reads {
            Reads::Unit => json!(self.unit(cell)?),
            Reads::Code | Reads::Target => json!(cell::code(cell)?),
            Reads::Number => json!(cell::number(cell)?),
            Reads::Percent => json!(cell::percent(cell)?),
            Reads::Points => json!(cell::counted(cell, &["分"])?),
            Reads::Count => {
                let text = cell::counted(cell, &["人", "名", "个"])?;
                text.parse::<i64>().map_or_else(|_| json!(text), |count| json!(count))
            }
            Reads::Date => json!(time::date(cell)?),
            Reads::Flag => json!(cell::flag(cell)?),
            Reads::Scheme => {
                json!(self.directory.schemes.resolve(&cell::text(cell)?, ("评分办法", "scheme"))?)
            }
            Reads::Choice(choices) => json!(choice(&cell::text(cell)?, &choices())?),
            Reads::Lines => json!(cell::listed(cell, &['\n', '；', ';'])?),
            Reads::Posts => posts(&cell::listed(cell, &['\n', '、', '，', ',', '；', ';'])?)?,
            Reads::Indicators => {
                let codes = cell::listed(cell, &['\n', '、', '，', ',', '；', ';'])?;
                let resolved = codes.iter().map(|one| self.directory.indicators.resolve(one, ("指标", "indicator")));
                json!(resolved.collect::<Result<Vec<_>, _>>()?)
            }
            _ => json!(cell::text(cell)?),
        })
    }

    /// A class's name that is not the official one is what was printed; the name of another class is a mistake.
    fn class_name(&self, here: Here<'_>, working: &mut Working<'_>) {
        let written = here.cell.shown();
        let name =
            written.trim().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches([' ', '-', '\u{3000}']);
        let (Some(code), Some(year)) = (working.parts.get("economic_class").cloned(), working.parts.get("year")) else {
            return;
        };
        let classes = year.parse::<Year>().ok().and_then(|year| self.directory.classes.get(&year.number()));
        let Some((classes, official)) = classes.and_then(|classes| Some((classes, classes.name(&code)?))) else {
            return;
        };
        if name.is_empty() {
            return;
        }
        if cell::folded(name) == cell::folded(official) {
            working.facts.entry("name_as_printed").or_insert(Value::Null);
            return;
        }
        let others: Vec<&String> = classes.named(name).filter(|other| **other != code).collect();
        // A name in a cell of its own was read as part of the key already.
        if let [other] = others[..]
            && !classes.named(name).any(|one| *one == code)
        {
            if name.len() == written.trim().len() {
                return;
            }
            let wrong = differ(&code, other);
            working.note(here, wrong);
            return;
        }
        working.facts.insert("name_as_printed".to_owned(), json!(name));
    }

    fn activity(kind: ActivityKind, here: Here<'_>, working: &mut Working<'_>) {
        match cell::text(here.cell) {
            Err(wrong) => working.note(here, wrong),
            Ok(count) => {
                let counted = json!({ "kind": kind.code(), "count_as_printed": count });
                Self::listed("activities", vec![counted], working);
            }
        }
    }

    /// A list as the API answers it.
    fn list(field: &'static str, here: Here<'_>, working: &mut Working<'_>) {
        match here.cell {
            Cell::List(Value::Array(list)) => Self::listed(field, list.clone(), working),
            _ => working.note(
                here,
                Wrong::new("not_a_list", "此处应为列表（仅 JSON）", "a list belongs here, and only in JSON"),
            ),
        }
    }

    /// Adds to a list that columns of its own may add to as well.
    fn listed(field: &str, more: Vec<Value>, working: &mut Working<'_>) {
        match working.facts.entry(field).or_insert_with(|| json!([])) {
            Value::Array(list) => list.extend(more),
            other => *other = Value::Array(more),
        }
    }

    /// What the amounts of a column are in: its heading says, or the line above, or the caller, or its own name.
    pub(super) fn amount_unit(&self, place: usize) -> Unit {
        let heading = &self.head.headings[place];
        let by_head = heading.unit.as_deref().and_then(amount_unit);
        // 百万元 or 美元 in the head is not what a title or a parameter says of all amounts.
        if by_head.is_none() && heading.unit.as_deref().is_some_and(|unit| unit.contains('元')) {
            return Unit::Unsaid;
        }
        let wire = heading.column.is_some_and(|column| column.field == heading.text);
        match by_head.or(self.head.title_unit).or(self.defaults.amount_unit) {
            Some(unit) => Unit::Said(unit),
            None if wire => Unit::Wire,
            None => Unit::Unsaid,
        }
    }

    fn money(&self, column: &Column, print: &str, here: Here<'_>, blank: bool, working: &mut Working<'_>) {
        let read = if blank { Ok(None) } else { cell::amount(here.cell, self.amount_unit(here.place)).map(Some) };
        match read {
            Err(wrong) => working.note(here, wrong),
            Ok(amount) => {
                let (yuan, printed) = amount.map_or((None, None), |amount| (Some(amount.yuan), amount.printed));
                working.facts.insert(column.field.to_owned(), json!(yuan));
                Self::printed(print, printed, working);
            }
        }
    }

    fn quantity(&self, column: &Column, print: &str, here: Here<'_>, blank: bool, working: &mut Working<'_>) {
        if blank {
            working.facts.insert(column.field.to_owned(), Value::Null);
            return Self::printed(print, None, working);
        }
        let indicator = working.parts.get("indicator").and_then(|code| self.directory.indicator_facts.get(code));
        let wanted = indicator.map(|facts| cell::folded(facts.measure_unit.as_str()));
        let read = cell::quantity(here.cell).and_then(|read| {
            let unit = read.measure_unit.clone().or_else(|| self.measure_unit(here.place, wanted.as_deref(), working));
            let value = match (&unit, &wanted) {
                (Some(unit), Some(wanted)) => converted(&read.number, unit, wanted)?,
                _ => read.number.clone(),
            };
            let turned = value != read.number;
            let printed = match &read {
                read if read.measure_unit.is_some() => Some(read.text.clone()),
                read if turned => Some(read.text.clone() + unit.as_deref().unwrap_or_default()),
                read => read.approximate.then(|| read.text.clone()),
            };
            Ok((value, printed))
        });
        match read {
            Err(wrong) => working.note(here, wrong),
            Ok((value, printed)) => {
                working.facts.insert(column.field.to_owned(), json!(value));
                Self::printed(print, printed, working);
            }
        }
    }

    /// The measure unit of a quantity whose cell names none: by its row, its heading; of money by the line above the
    /// head, or the caller.
    fn measure_unit(&self, place: usize, wanted: Option<&str>, working: &Working<'_>) -> Option<String> {
        let of_row = working.said("measure_unit").map(|here| cell::folded(&here.cell.shown()));
        let of_all = || self.head.title_unit.or(self.defaults.amount_unit).map(|unit| unit.zh().to_owned());
        let of_money = wanted.is_some_and(of_money);
        of_row.or_else(|| self.head.headings[place].unit.clone()).or_else(|| of_all().filter(|_| of_money))
    }

    /// Keeps a print, unless the sheet has a column for it that speaks.
    fn printed(field: &str, printed: Option<String>, working: &mut Working<'_>) {
        if working.said(field).is_none() {
            working.facts.insert(field.to_owned(), json!(printed));
        }
    }
}
