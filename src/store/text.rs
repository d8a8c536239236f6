//! A statement in the making: text and values, put together directly.
//!
//! A statement of 500 rows has thousands of values. Building it as a tree and printing the tree took longer than the
//! database needs to run it. For rows whose nulls are in the same columns the text is the same, so that the database prepares it
//! once.

use sea_orm::sea_query::ArrayType;
use sea_orm::{DbBackend, Statement, Value};

/// How values of many rows are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    /// Each in a place of its own, to this database.
    Each(DbBackend),
    /// An array a column, to PostgreSQL: three values instead of 1,500.
    Arrays,
}

impl Sending {
    pub(super) fn backend(self) -> DbBackend {
        match self {
            Self::Each(backend) => backend,
            Self::Arrays => DbBackend::Postgres,
        }
    }

    /// What a database takes best, where its rows lie on one machine.
    pub(super) fn best(backend: DbBackend) -> Self {
        if backend == DbBackend::Postgres { Self::Arrays } else { Self::Each(backend) }
    }
}

/// A statement in the making.
pub(super) struct Text {
    sending: Sending,
    sql: String,
    values: Vec<Value>,
}

impl Text {
    pub(super) fn new(sending: Sending) -> Self {
        Self { sending, sql: String::new(), values: Vec::new() }
    }

    pub(super) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql += sql;
        self
    }

    /// A place for a value.
    pub(super) fn value(&mut self, value: Value) -> &mut Self {
        self.values.push(value);
        if self.sending.backend() == DbBackend::Sqlite {
            self.sql.push('?');
        } else {
            self.sql.push('$');
            self.sql += &self.values.len().to_string();
        }
        self
    }

    /// Rows as `VALUES`.
    pub(super) fn rows(&mut self, rows: Vec<Vec<Value>>) -> &mut Self {
        self.push("VALUES ");
        for (place, row) in rows.into_iter().enumerate() {
            self.push(if place == 0 { "(" } else { ",(" });
            for (place, value) in row.into_iter().enumerate() {
                if place > 0 {
                    self.sql.push(',');
                }
                self.value(value);
            }
            self.sql.push(')');
        }
        self
    }

    /// Rows as a query, to be read from; its columns are `column1` and so on, as both databases call those of `VALUES`.
    pub(super) fn query(&mut self, rows: Vec<Vec<Value>>) -> &mut Self {
        if self.sending == Sending::Arrays && rows.len() > 1 { self.arrays(rows) } else { self.rows(rows) }
    }

    fn arrays(&mut self, rows: Vec<Vec<Value>>) -> &mut Self {
        let (mut shown, mut read, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        for (place, column) in turned(rows).into_iter().enumerate() {
            let name = format!("column{}", place + 1);
            let nulls: Vec<bool> = column.iter().map(is_null).collect();
            if nulls.iter().all(|null| *null) {
                // One null, which knows of what type it is.
                self.values.extend(column.into_iter().next());
                shown.push(format!("${} AS {name}", self.values.len()));
                continue;
            }
            if nulls.contains(&true) {
                // The driver's arrays hold no nulls: something stands in their places, and which they are beside it.
                let known = nulls.into_iter().map(|null| Value::from(!null)).collect();
                shown.push(format!("CASE WHEN known{0} THEN {name} END AS {name}", place + 1));
                read.push(format!("known{}", place + 1));
                sent.push(Value::Array(ArrayType::Bool, Some(Box::new(known))));
            } else {
                shown.push(name.clone());
            }
            let kind = column[0].array_type();
            let filled = column.into_iter().map(|value| if is_null(&value) { value.dummy_value() } else { value });
            read.push(name);
            sent.push(Value::Array(kind, Some(Box::new(filled.collect()))));
        }
        self.push("SELECT ").push(&shown.join(",")).push(" FROM unnest(");
        for (place, array) in sent.into_iter().enumerate() {
            if place > 0 {
                self.sql.push(',');
            }
            self.value(array);
        }
        self.push(") AS sent(").push(&read.join(",")).push(")")
    }

    pub(super) fn statement(self) -> Statement {
        Statement::from_sql_and_values(self.sending.backend(), self.sql, self.values)
    }
}

fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}

/// Rows as columns.
fn turned(rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let mut columns: Vec<Vec<Value>> = Vec::new();
    for row in rows {
        columns.resize_with(row.len(), Vec::new);
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_arrays_with_their_nulls_beside_them() {
        let nothing = Value::String(None);
        let rows = vec![
            vec!["a".into(), 1_i64.into(), nothing.clone(), "x".into()],
            vec!["b".into(), 2_i64.into(), nothing.clone(), nothing.clone()],
        ];
        let mut text = Text::new(Sending::Arrays);
        text.query(rows);
        let Statement { sql, values, .. } = text.statement();
        assert_eq!(
            sql,
            "SELECT column1,column2,$1 AS column3,CASE WHEN known4 THEN column4 END AS column4 \
             FROM unnest($2,$3,$4,$5) AS sent(column1,column2,known4,column4)"
        );
        let array = |kind: ArrayType, values: Vec<Value>| Value::Array(kind, Some(Box::new(values)));
        let wanted = vec![
            nothing,
            array(ArrayType::String, vec!["a".into(), "b".into()]),
            array(ArrayType::BigInt, vec![1_i64.into(), 2_i64.into()]),
            array(ArrayType::Bool, vec![true.into(), false.into()]),
            array(ArrayType::String, vec!["x".into(), "".into()]),
        ];
        assert_eq!(values.unwrap().0, wanted);
    }

    #[test]
    fn one_row_is_values_on_both_databases() {
        for (sending, sql) in [(Sending::Arrays, "VALUES ($1,$2)"), (Sending::Each(DbBackend::Sqlite), "VALUES (?,?)")]
        {
            let mut text = Text::new(sending);
            text.query(vec![vec!["a".into(), 1_i64.into()]]);
            assert_eq!(text.statement().sql, sql);
        }
    }
}
