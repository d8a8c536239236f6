//! Statements about many rows at once, written by hand: the same for both databases but for how rows are sent.

use sea_orm::{ActiveModelTrait, DbBackend, EntityName, IdenStatic, IntoActiveModel, Iterable, Statement, Value};

use super::history::TIMELINE;
use super::journal::{Entry, Position, Shared};
use super::stamp::Stamp;
use super::table::{Table, value_columns};
use super::text::{Sending, Text};
use crate::domain::chain::Digest;

/// Rows of one statement: more are slower on both databases, and SQLite binds at most 32,766 values.
const CHUNK: usize = 500;

/// Cuts a list for statements of [`CHUNK`] rows.
pub(super) fn chunks<R>(rows: Vec<R>) -> impl Iterator<Item = Vec<R>> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || Some(rows.by_ref().take(CHUNK).collect::<Vec<_>>()).filter(|some| !some.is_empty()))
}

/// Names in quotes, one behind the other.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(",")
}

/// Behind a part of [`if_at`]: whether it is to be done.
const IF: &str = " WHERE EXISTS (SELECT 1 FROM at)";

/// Writes rows over whatever is there under their keys; with a condition, it is one row and a part of [`if_at`].
pub(super) fn upsert<T: Table>(sending: Sending, rows: Vec<super::table::Model<T>>, condition: bool) -> Statement {
    let columns: Vec<_> = super::table::Column::<T>::iter().collect();
    let key: Vec<_> = [T::county_column()].into_iter().chain(T::key_columns()).collect();
    let kept = value_columns::<T>();
    let values = rows.into_iter().map(|row| {
        let mut row = row.into_active_model();
        // Every column of a model is set.
        columns.iter().filter_map(|column| row.take(*column).into_value()).collect::<Vec<_>>()
    });
    let mut text = Text::new(sending);
    text.push("INSERT INTO \"").push(T::Entity::default().table_name()).push("\" (");
    text.push(&listed(columns.iter().map(IdenStatic::as_str))).push(") ");
    if condition {
        text.push("SELECT * FROM (").query(values.collect()).push(") AS stated").push(IF);
    } else {
        text.query(values.collect());
    }
    text.push(" ON CONFLICT (").push(&listed(key.iter().map(IdenStatic::as_str))).push(") DO UPDATE SET ");
    let set: Vec<String> = kept.iter().map(|column| format!("\"{0}\"=excluded.\"{0}\"", column.as_str())).collect();
    text.push(&set.join(","));
    text.statement()
}

/// How many keys must begin alike for all that begins so to be read.
const NEIGHBOURS: usize = 8;

/// By what to look for keys, which come in their order: by the whole of each; or, where many lie side by side, by what they
/// have in common, for to read along is quicker than to look each up, though some of what is read is not wanted.
pub(super) fn sought<T: Table>(keys: &[&T::Key]) -> Vec<Vec<Value>> {
    let whole: Vec<_> = keys.iter().map(|key| T::key_values(key)).collect();
    let mut common: Vec<_> = whole.iter().map(|values| &values[..values.len() - 1]).collect();
    common.dedup();
    let near = T::SIDE_BY_SIDE && common.len() * NEIGHBOURS <= keys.len();
    if near { common.into_iter().map(<[Value]>::to_vec).collect() } else { whole }
}

/// Reads the rows whose keys begin so, all with as many values; each beginning is looked up by the primary key, however many
/// they are.
///
/// SQLite does that with a list of row values (`IN (VALUES …)`). PostgreSQL would join such a list with the whole table when
/// it has some hundred rows; a part that cannot be joined (`OFFSET 0`) is looked up for each.
pub(super) fn select<T: Table>(backend: DbBackend, county: &str, mut beginnings: Vec<Vec<Value>>) -> Statement {
    let columns: Vec<_> = super::table::Column::<T>::iter().collect();
    let mut key = T::key_columns();
    key.truncate(beginnings.first().map_or(0, Vec::len));
    let table = T::Entity::default();
    let mut text = Text::new(Sending::best(backend));
    let found = format!("SELECT {} FROM \"{}\"", listed(columns.iter().map(IdenStatic::as_str)), table.table_name());
    if backend == DbBackend::Postgres {
        text.push("SELECT \"found\".* FROM (").query(beginnings).push(") AS \"wanted\" CROSS JOIN LATERAL (");
        text.push(&found).push(" WHERE \"county\"=").value(county.into());
        for (place, column) in key.iter().enumerate() {
            text.push(&format!(" AND \"{}\"=\"wanted\".\"column{}\"", column.as_str(), place + 1));
        }
        text.push(" OFFSET 0) AS \"found\"");
    } else {
        // As many as a power of two, so that there are few statements to prepare: what is listed twice is found once.
        let last = beginnings.last().cloned();
        let more = beginnings.len().next_power_of_two() - beginnings.len();
        beginnings.extend(std::iter::repeat_n(last, more).flatten());
        text.push(&found).push(" WHERE \"county\"=").value(county.into());
        text.push(" AND (").push(&listed(key.iter().map(IdenStatic::as_str)));
        text.push(") IN (").query(beginnings).push(")");
    }
    text.statement()
}

/// Writes entries of the journal, what they share being sent once.
pub(super) fn journal(sending: Sending, shared: &Shared<'_>, entries: Vec<Entry>, condition: bool) -> Statement {
    let Shared { county, stamp, at, resource } = shared;
    let Stamp { now: _, actor, role, token, address, request_id, upload } = stamp;
    let mut text = Text::new(sending);
    text.push("INSERT INTO \"journal\" (\"county\",\"at\",\"actor\",\"role\",\"token\",\"address\",");
    text.push("\"request_id\",\"upload\",\"resource\",");
    text.push("\"sequence\",\"operation\",\"unit\",\"id\",\"became\",\"digest\") SELECT ");
    for value in [
        Value::from(*county),
        Value::from(*at),
        Value::from(actor.as_str()),
        Value::from(role.as_str()),
        Value::from(token.clone()),
        Value::from(address.clone()),
        Value::from(request_id.as_str()),
        Value::from(upload.clone()),
        Value::from(*resource),
    ] {
        text.value(value).push(",");
    }
    text.push("column1,column2,column3,column4,column5,column6 FROM (");
    let rows = entries.into_iter().map(|entry| {
        let Entry { sequence, operation, unit, id, became, digest } = entry;
        vec![
            Value::from(sequence),
            Value::from(operation),
            Value::from(unit),
            Value::from(id),
            Value::from(became),
            Value::from(digest.bytes().to_vec()),
        ]
    });
    text.query(rows.collect()).push(") AS entry").push(if condition { IF } else { "" });
    text.statement()
}

/// Moves the head of the journal.
pub(super) fn head(backend: DbBackend, county: &str, position: &Position) -> Statement {
    let Position { sequence, changed, digest, newest } = position;
    let mut text = Text::new(Sending::Each(backend));
    text.push("UPDATE \"journal_head\" SET \"sequence\"=").value((*sequence).into());
    text.push(",\"changed\"=").value((*changed).into());
    text.push(",\"digest\"=").value(digest.bytes().to_vec().into());
    text.push(",\"newest\"=").value(newest.to_string().into());
    text.push(" WHERE \"county\"=").value(county.into());
    text.statement()
}

/// Moves the head of the journal from an entry that was its newest, if it still is, and only then does what else there is, all
/// in one statement; it tells how often, once or not at all.
///
/// The number alone is not enough: it may have been given again, by another server of the database, after a failover that lost
/// the entry. A head without a digest is older than the chain. Nor is the entry enough: what was read beside it may be of a
/// later one, which such a failover lost; so the timeline must still be the same; it is told, too.
pub(super) fn if_at(
    (number, digest): &(i64, Digest),
    timeline: &str,
    head: Statement,
    parts: Vec<Statement>,
) -> Statement {
    let mut values: Vec<Value> = head.values.into_iter().flat_map(|values| values.0).collect();
    let at = values.len() + 1;
    values.extend([(*number).into(), digest.bytes().to_vec().into(), timeline.into()]);
    let (seal, history) = (at + 1, at + 2);
    let mut sql = format!(
        "WITH at AS ({} AND \"sequence\"=${at} AND (\"digest\"=${seal} OR \"digest\" IS NULL) \
         AND {TIMELINE}=${history} RETURNING 1)",
        head.sql
    );
    for (place, one) in parts.into_iter().enumerate() {
        sql += ", part";
        sql += &place.to_string();
        sql += " AS (";
        sql += &renumbered(&one.sql, values.len());
        sql.push(')');
        values.extend(one.values.into_iter().flat_map(|values| values.0));
    }
    sql += " SELECT count(*) AS done, ";
    sql += TIMELINE;
    sql += " AS timeline FROM at";
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// Statements that do not read what the others write, as one: PostgreSQL takes several in a `WITH`, and one round trip is
/// saved for each.
pub(super) fn together(mut statements: Vec<Statement>) -> Vec<Statement> {
    let postgres = statements.first().is_some_and(|one| one.db_backend == DbBackend::Postgres);
    if !postgres || statements.len() < 2 {
        return statements;
    }
    let Some(last) = statements.pop() else { return statements };
    let mut sql = String::new();
    let mut values = Vec::new();
    for (place, one) in statements.into_iter().enumerate() {
        sql += if place == 0 { "WITH part" } else { ", part" };
        sql += &place.to_string();
        sql += " AS (";
        sql += &renumbered(&one.sql, values.len());
        sql.push(')');
        values.extend(one.values.into_iter().flat_map(|values| values.0));
    }
    sql += &renumbered(&last.sql, values.len());
    values.extend(last.values.into_iter().flat_map(|values| values.0));
    vec![Statement::from_sql_and_values(DbBackend::Postgres, sql, values)]
}

/// A statement whose places are counted from another number. Its values stand in places alone, so that every `$` is one.
fn renumbered(sql: &str, by: usize) -> String {
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let number = number.parse::<usize>().map_or(by, |number| number + by);
        text.push('$');
        text += &number.to_string();
        text += rest;
    }
    text
}
