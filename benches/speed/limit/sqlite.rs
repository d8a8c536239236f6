//! The limit on SQLite: rusqlite, on the worker's own thread.

use rusqlite::{Connection, Row as Found, params};

use super::{COUNTY, Row, TABLE};

pub(super) struct Road {
    connection: Connection,
}

const COLUMNS: &str = "unit, month, indicator, value, value_as_printed, note, revision";

fn row(found: &Found<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        unit: found.get(0)?,
        month: found.get(1)?,
        indicator: found.get(2)?,
        value: found.get(3)?,
        value_as_printed: found.get(4)?,
        note: found.get(5)?,
        revision: found.get(6)?,
    })
}

impl Road {
    pub(super) fn open(url: &str) -> Self {
        let path = url.trim_start_matches("sqlite://");
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch(
                "PRAGMA synchronous = FULL; PRAGMA busy_timeout = 30000; PRAGMA temp_store = memory;
                 PRAGMA foreign_keys = off",
            )
            .unwrap();
        Self { connection }
    }

    pub(super) fn item(&self, [unit, month, indicator]: [&str; 3]) -> Option<Row> {
        let sql =
            format!("SELECT {COLUMNS} FROM progress WHERE county = ? AND unit = ? AND month = ? AND indicator = ?");
        let mut statement = self.connection.prepare_cached(&sql).unwrap();
        statement.query_row([COUNTY, unit, month, indicator], row).ok()
    }

    pub(super) fn page(&self, unit: &str, year: &str) -> Vec<Row> {
        let sql = format!(
            "SELECT {COLUMNS} FROM progress WHERE county = ? AND unit = ? AND month BETWEEN ? AND ?
             ORDER BY unit, month, indicator LIMIT 101"
        );
        let mut statement = self.connection.prepare_cached(&sql).unwrap();
        let found = statement.query_map([COUNTY, unit, &format!("{year}-01"), &format!("{year}-12")], row).unwrap();
        found.map(Result::unwrap).collect()
    }

    pub(super) fn behind(&self, [unit, month, indicator]: [&str; 3]) -> Vec<Row> {
        let sql = format!(
            "SELECT {COLUMNS} FROM progress WHERE county = ? AND (unit, month, indicator) > (?, ?, ?)
             ORDER BY unit, month, indicator LIMIT 101"
        );
        let mut statement = self.connection.prepare_cached(&sql).unwrap();
        statement.query_map([COUNTY, unit, month, indicator], row).unwrap().map(Result::unwrap).collect()
    }

    fn count(&self, sql: &str, values: impl rusqlite::Params) -> usize {
        let mut statement = self.connection.prepare_cached(sql).unwrap();
        let (mut rows, mut count) = (statement.query(values).unwrap(), 0);
        while rows.next().unwrap().is_some() {
            count += 1;
        }
        count
    }

    pub(super) fn unit(&self, unit: &str, year: i32) -> usize {
        let lines = "SELECT * FROM budget_line WHERE county = ? AND unit = ? AND year = ?";
        let targets = "SELECT * FROM target WHERE county = ? AND unit = ? AND year = ?";
        self.count(lines, params![COUNTY, unit, year])
            + self.count(targets, params![COUNTY, unit, year])
            + self.page(unit, &year.to_string()).len()
    }

    pub(super) fn year(&self) -> usize {
        let sql = "SELECT unit, indicator, sum(value), max(month), max(CASE WHEN month < ?3 THEN value END)
            FROM progress WHERE county = ?1 AND month BETWEEN ?2 AND ?3 GROUP BY unit, indicator";
        self.count(sql, [COUNTY, "2023-01", "2023-12"])
    }

    pub(super) fn write(&mut self, rows: &[Row]) {
        let sql = format!(
            "INSERT INTO {TABLE} (county, {COLUMNS}) VALUES ('{COUNTY}', ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (county, unit, month, indicator) DO UPDATE SET value = excluded.value,
             value_as_printed = excluded.value_as_printed, note = excluded.note, revision = excluded.revision"
        );
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
        {
            let mut statement = transaction.prepare_cached(&sql).unwrap();
            for Row { unit, month, indicator, value, value_as_printed, note, revision } in rows {
                statement.execute(params![unit, month, indicator, value, value_as_printed, note, revision]).unwrap();
            }
        }
        transaction.commit().unwrap();
    }
}
