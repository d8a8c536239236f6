//! JSON, an object a row: a list in one document, or a line each (NDJSON).
//!
//! The names of an object are what the head of a sheet is: any name a column has, in any order, different ones in
//! every row. What an item of the API holds under `facts` stands as if it stood beside its `id`.

use std::cell::{Cell as Counter, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::allowance::{Allowance, MOST_BYTES};
use super::{Cell, Go, Row, Trouble, bounded};
use crate::domain::json::Once;

/// Characters of a name at most.
const MOST_NAME: usize = 200;

/// The names met so far; the cells of a row stand in their order.
#[derive(Debug, Default)]
pub struct Names {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

impl Names {
    /// The names, in the order they were met.
    pub fn all(&self) -> &[String] {
        &self.names
    }

    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.places.insert(name.to_owned(), self.names.len());
        self.names.push(name.to_owned());
        self.names.len() - 1
    }

    fn row(&mut self, number: u32, object: Value) -> Result<Row, Trouble> {
        let Value::Object(mut object) = object else {
            return Err(
                Trouble::new("not_an_object", "每一行应是一个 JSON 对象", "every row is a JSON object").at(number)
            );
        };
        if let Some(Value::Object(_)) = object.get("facts")
            && let Some(Value::Object(facts)) = object.shift_remove("facts")
        {
            if let Some(name) = facts.keys().find(|name| object.contains_key(*name)) {
                let (zh, en) = (format!("“{name}”在同一行出现了两次"), format!("`{name}` stands in the row twice"));
                return Err(Trouble::new("duplicate_field", zh, en).at(number));
            }
            object.extend(facts);
        }
        let mut row = Row::new(number, vec![Cell::Absent; self.names.len()]);
        for (name, value) in object {
            if name.chars().nth(MOST_NAME).is_some() {
                let (zh, en) =
                    (format!("字段名超过 {MOST_NAME} 个字符"), format!("a name of more than {MOST_NAME} characters"));
                return Err(Trouble::new("name_too_long", zh, en).at(number));
            }
            let place = self.place(&name);
            if row.cells.len() <= place {
                row.cells.resize(place + 1, Cell::Absent);
            }
            row.cells[place] = cell(value);
            if place >= super::MOST_COLUMNS {
                break; // `bounded` says what is wrong.
            }
        }
        bounded(row)
    }
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Blank,
        Value::Bool(flag) => Cell::Flag(flag),
        Value::Number(number) if number.is_f64() => Cell::Number(super::number::told(number.as_f64().unwrap_or(0.0))),
        Value::Number(number) => Cell::Number(number.to_string()),
        Value::String(text) => Cell::of_text(&text),
        Value::Array(_) | Value::Object(_) => Cell::List(value),
    }
}

/// Gives the rows of a text with an object a line, blank lines left out.
///
/// # Errors
/// `malformed_json`, `not_an_object`, `row_too_long`, `too_many_columns`, `cell_too_long`, with the number of the line.
pub fn lines(
    mut text: impl BufRead,
    mut each: impl FnMut(&[String], Row) -> Result<Go, Trouble>,
) -> Result<(), Trouble> {
    let (mut names, mut line, mut number) = (Names::default(), Vec::new(), 0_u32);
    loop {
        line.clear();
        number = number.saturating_add(1);
        let length = text.by_ref().take(MOST_BYTES as u64 + 1).read_until(b'\n', &mut line);
        let length = length.map_err(|error| malformed(&error).at(number))?;
        if length == 0 {
            return Ok(());
        }
        if length > MOST_BYTES {
            return Err(too_long().at(number));
        }
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
        if line.trim_ascii().is_empty() {
            continue;
        }
        let Once(value) = serde_json::from_slice(line).map_err(|error| malformed(&error).at(number))?;
        let row = names.row(number, value)?;
        if each(names.all(), row)? == Go::Stop {
            return Ok(());
        }
    }
}

fn malformed(error: &dyn fmt::Display) -> Trouble {
    Trouble::new("malformed_json", format!("不是合法的 JSON：{error}"), format!("not valid JSON: {error}"))
}

fn too_long() -> Trouble {
    let (zh, en) = (format!("一行超过 {MOST_BYTES} 字节"), format!("a row of more than {MOST_BYTES} bytes"));
    Trouble::new("row_too_long", zh, en)
}

/// Gives the rows of a document `{"rows": [{…}, …]}`, one by one.
///
/// # Errors
/// `malformed_json`, `not_an_object`, `row_too_long`, `too_many_columns`, `cell_too_long`.
pub fn document(text: impl Read, each: impl FnMut(&[String], Row) -> Result<Go, Trouble>) -> Result<(), Trouble> {
    let (text, left) = Allowance::new(text);
    let state = RefCell::new(Rows { each, names: Names::default(), number: 0, trouble: None, stopped: false, left });
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(text));
    let read = Document(&state).deserialize(&mut json).and_then(|()| json.end());
    let Rows { trouble, stopped, number, .. } = state.into_inner();
    match (trouble, read) {
        (Some(trouble), _) => Err(trouble),
        (None, Err(error)) if error.io_error_kind() == Some(io::ErrorKind::FileTooLarge) => {
            Err(too_long().at(number + 1))
        }
        (None, Err(error)) if !stopped => Err(malformed(&error)),
        _ => Ok(()),
    }
}

/// What is between the parser, which pushes values, and whoever wants rows.
struct Rows<F> {
    each: F,
    names: Names,
    number: u32,
    trouble: Option<Trouble>,
    stopped: bool,
    left: Rc<Counter<usize>>,
}

struct Document<'a, F>(&'a RefCell<Rows<F>>);

impl<'de, F: FnMut(&[String], Row) -> Result<Go, Trouble>> DeserializeSeed<'de> for Document<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&[String], Row) -> Result<Go, Trouble>> Visitor<'de> for Document<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a list `rows`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(name) = fields.next_key::<String>()? {
            if name != "rows" {
                fields.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom(format_args!("unknown field `{name}`, expected `rows`")));
            }
            if found {
                return Err(A::Error::custom("the field `rows` stands more than once"));
            }
            fields.next_value_seed(List(self.0))?;
            found = true;
        }
        if found { Ok(()) } else { Err(A::Error::custom("the field `rows` is required")) }
    }
}

struct List<'a, F>(&'a RefCell<Rows<F>>);

impl<'de, F: FnMut(&[String], Row) -> Result<Go, Trouble>> DeserializeSeed<'de> for List<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(&[String], Row) -> Result<Go, Trouble>> Visitor<'de> for List<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(Once(value)) = list.next_element()? {
            let mut rows = self.0.borrow_mut();
            let Rows { each, names, number, trouble, stopped, left } = &mut *rows;
            *number += 1;
            left.set(MOST_BYTES);
            match names.row(*number, value).and_then(|row| each(names.all(), row)) {
                Ok(Go::On) => {}
                Ok(Go::Stop) => *stopped = true,
                Err(met) => *trouble = Some(met),
            }
            if *stopped || trouble.is_some() {
                return Err(A::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Shown = Vec<(u32, Vec<(String, String)>)>;

    fn shown(
        read: impl FnOnce(&mut dyn FnMut(&[String], Row) -> Result<Go, Trouble>) -> Result<(), Trouble>,
    ) -> Result<Shown, Trouble> {
        let mut all = Vec::new();
        read(&mut |names, row| {
            let cells = names.iter().zip(&row.cells).filter(|(_, cell)| **cell != Cell::Absent);
            all.push((row.number, cells.map(|(name, cell)| (name.clone(), cell.shown())).collect()));
            Ok(Go::On)
        })?;
        Ok(all)
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.into(), value.into())
    }

    #[test]
    fn lines_are_rows_with_their_own_names() {
        let text = "\u{feff}{\"单位\": \"甲\", \"value\": 79.4}\n\n{\"id\": \"a\", \"facts\": {\"value\": \"1\", \"note\": null}}\n";
        let all = shown(|each| lines(text.as_bytes(), each)).unwrap();
        assert_eq!(
            all,
            [
                (1, vec![pair("单位", "甲"), pair("value", "79.4")]),
                (3, vec![pair("value", "1"), pair("id", "a"), pair("note", "")]),
            ]
        );
    }

    #[test]
    fn a_document_is_read_row_by_row() {
        let all = shown(|each| document(&br#"{"rows": [{"a": 1}, {"b": true, "c": ["x"]}]}"#[..], each)).unwrap();
        assert_eq!(all, [(1, vec![pair("a", "1")]), (2, vec![pair("b", "TRUE"), pair("c", "[\"x\"]")])]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_row() {
        let code = |text: &str| shown(|each| document(text.as_bytes(), each)).map_err(|t| (t.wrong.code, t.row));
        assert_eq!(code(r#"{"rows": [{}, 7]}"#), Err(("not_an_object", Some(2))));
        for text in [
            "",
            "[]",
            "{}",
            r#"{"rows": []"#,
            r#"{"rows": [], "rows": []}"#,
            r#"{"row": []}"#,
            r#"{"rows": [{"a":1,"a":2}]}"#,
        ] {
            assert_eq!(code(text), Err(("malformed_json", None)), "{text}");
        }
        let line = |text: &str| shown(|each| lines(text.as_bytes(), each)).map_err(|t| (t.wrong.code, t.row));
        assert_eq!(line("{}\n{\n"), Err(("malformed_json", Some(2))));
        assert_eq!(line(&"x".repeat(2_000_000)), Err(("row_too_long", Some(1))));
        assert_eq!(line(&format!("{{\"{}\": 1}}", "x".repeat(201))), Err(("name_too_long", Some(1))));
        let long = format!(r#"{{"rows": [{{}}, {{"a": [{}1]}}]}}"#, "[],".repeat(1_000_000));
        assert_eq!(code(&long), Err(("row_too_long", Some(2))));
        let many = format!(r#"{{"rows": [{}{{}}]}}"#, "{},".repeat(1_000_000));
        assert_eq!(code(&many).map(|rows| rows.len()), Ok(1_000_001));
    }

    #[test]
    fn whoever_has_enough_is_given_no_more() {
        let mut seen = 0;
        document(&br#"{"rows": [{}, {}, {"#[..], |_, _| {
            seen += 1;
            Ok(if seen == 2 { Go::Stop } else { Go::On })
        })
        .unwrap();
        assert_eq!(seen, 2);
    }
}
