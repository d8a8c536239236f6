//! What a row states → a key and facts, by the same words and the same reading as a body of the API.

use std::str::FromStr;

use deserr::Deserr;
use serde::Serialize;
use serde_json::{Map, Value};

use super::reading::{CellError, Reading};
use crate::domain::violation::{Violation, Violations, Wrong};

/// The facts of a row. What the row does not speak of stays as it is `before`.
///
/// # Errors
/// Everything that is wrong with key and facts, each at its column; `place` finds the column of a field.
pub fn state<K, F>(
    reading: &Reading,
    before: Option<&F>,
    place: &impl Fn(&str) -> Option<usize>,
) -> Result<F, Vec<CellError>>
where
    K: FromStr<Err = Wrong>,
    F: Serialize + Deserr<Violations>,
{
    let key =
        reading.key.parse::<K>().map_err(|wrong| vec![CellError::at(place("id"), wrong, Some(reading.key.clone()))]);
    let mut fields = match before.map(serde_json::to_value) {
        Some(Ok(Value::Object(fields))) => fields,
        _ => Map::new(),
    };
    for (field, value) in &reading.facts {
        fields.insert(field.clone(), value.clone());
    }
    // What is not known is left out, so that a field that must be there is said to be missing.
    fields.retain(|_, value| !value.is_null());
    let facts = deserr::deserialize::<F, _, Violations>(Value::Object(fields));
    let facts = facts.map_err(|broken| located(broken, reading, place));
    match (key, facts) {
        (Ok(_), Ok(facts)) => Ok(facts),
        (key, facts) => Err(key.err().into_iter().chain(facts.err()).flatten().collect()),
    }
}

/// The violations of an item, each at the column of its field, and at the row that states it where there are several.
pub fn located(broken: Violations, reading: &Reading, place: &impl Fn(&str) -> Option<usize>) -> Vec<CellError> {
    let at = |Violation { code, pointer, value, zh, en }: Violation| {
        let names: Vec<&str> = pointer.split('/').skip(1).collect();
        let claim = names.get(1).filter(|_| names[0] == "indicators").and_then(|place| place.parse::<usize>().ok());
        let row = claim.and_then(|claim| reading.claims.get(claim)).copied();
        let column = names.last().and_then(|name| place(name)).or_else(|| names.first().and_then(|name| place(name)));
        CellError { row, column, wrong: Wrong::new(code, zh, en), value }
    };
    broken.0.into_iter().map(at).collect()
}

/// Puts the rows together that state parts of one item: an evaluation with a row for each target it claims.
///
/// Lists are joined; anything else is stated once, or the same everywhere.
///
/// # Errors
/// `contradicts`, at its column.
pub fn join(whole: &mut Reading, part: Reading, place: &impl Fn(&str) -> Option<usize>) -> Result<(), Vec<CellError>> {
    let mut wrong = Vec::new();
    for (field, value) in part.facts {
        match (whole.facts.get_mut(&field), value) {
            (Some(Value::Array(list)), Value::Array(more)) => {
                let new: Vec<_> = more.into_iter().filter(|one| !list.contains(one)).collect();
                if field == "indicators" {
                    whole.claims.extend(new.iter().map(|_| part.row));
                }
                list.extend(new);
            }
            (Some(_), Value::Null) => {}
            (Some(before), value) if before.is_null() => *before = value,
            (Some(before), value) if *before != value => {
                let row = whole.row;
                wrong.push(CellError {
                    row: None,
                    column: place(&field),
                    wrong: Wrong::new(
                        "contradicts",
                        format!("与第 {row} 行的同一条目不一致"),
                        format!("not what row {row} says of the same item"),
                    ),
                    value: value.as_str().map(str::to_owned),
                });
            }
            (Some(_), _) => {}
            (None, value) => {
                if field == "indicators" {
                    whole.claims.clone_from(&part.claims);
                }
                whole.facts.insert(field, value);
            }
        }
    }
    whole.hidden.extend(part.hidden);
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}
