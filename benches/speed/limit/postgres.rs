//! The limit on PostgreSQL: tokio-postgres.

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row as Found, Statement};

use super::{COUNTY, Row, TABLE};

pub(super) struct Road {
    client: Client,
    item: Statement,
    page: Statement,
    behind: Statement,
    lines: Statement,
    targets: Statement,
    year: Statement,
    put: Statement,
    upload: Statement,
}

const COLUMNS: &str = "unit, month, indicator, value, value_as_printed, note, revision";

fn row(found: &Found) -> Row {
    Row {
        unit: found.get(0),
        month: found.get(1),
        indicator: found.get(2),
        value: found.get(3),
        value_as_printed: found.get(4),
        note: found.get(5),
        revision: found.get(6),
    }
}

impl Road {
    pub(super) async fn open(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        actix_web::rt::spawn(connection);
        let prepare = async |sql: String| client.prepare(&sql).await.unwrap();
        let (of, order) = ("FROM progress WHERE county = $1", "ORDER BY unit, month, indicator LIMIT 101");
        let over = "ON CONFLICT (county, unit, month, indicator) DO UPDATE SET value = excluded.value,
            value_as_printed = excluded.value_as_printed, note = excluded.note, revision = excluded.revision";
        let into = format!("INSERT INTO {TABLE} (county, {COLUMNS})");
        Self {
            item: prepare(format!("SELECT {COLUMNS} {of} AND unit = $2 AND month = $3 AND indicator = $4")).await,
            page: prepare(format!("SELECT {COLUMNS} {of} AND unit = $2 AND month BETWEEN $3 AND $4 {order}")).await,
            behind: prepare(format!("SELECT {COLUMNS} {of} AND (unit, month, indicator) > ($2, $3, $4) {order}")).await,
            lines: prepare("SELECT * FROM budget_line WHERE county = $1 AND unit = $2 AND year = $3".into()).await,
            targets: prepare("SELECT * FROM target WHERE county = $1 AND unit = $2 AND year = $3".into()).await,
            year: prepare(
                "SELECT unit, indicator, sum(value)::text, max(month), max(CASE WHEN month < $3 THEN value END)
                 FROM progress WHERE county = $1 AND month BETWEEN $2 AND $3 GROUP BY unit, indicator"
                    .into(),
            )
            .await,
            put: prepare(format!("{into} VALUES ('{COUNTY}', $1, $2, $3, $4, $5, $6, $7) {over}")).await,
            upload: prepare(format!(
                "{into} SELECT '{COUNTY}', * FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::text[],
                 $6::text[], $7::int8[]) {over}"
            ))
            .await,
            client,
        }
    }

    pub(super) async fn item(&self, [unit, month, indicator]: [&str; 3]) -> Option<Row> {
        let found = self.client.query_opt(&self.item, &[&COUNTY, &unit, &month, &indicator]).await.unwrap();
        found.as_ref().map(row)
    }

    pub(super) async fn page(&self, unit: &str, year: &str) -> Vec<Row> {
        let (first, last) = (format!("{year}-01"), format!("{year}-12"));
        self.client.query(&self.page, &[&COUNTY, &unit, &first, &last]).await.unwrap().iter().map(row).collect()
    }

    pub(super) async fn behind(&self, [unit, month, indicator]: [&str; 3]) -> Vec<Row> {
        let found = self.client.query(&self.behind, &[&COUNTY, &unit, &month, &indicator]).await.unwrap();
        found.iter().map(row).collect()
    }

    pub(super) async fn unit(&self, unit: &str, year: i32) -> usize {
        let (first, last) = (format!("{year}-01"), format!("{year}-12"));
        let mut rows = self.client.query(&self.lines, &[&COUNTY, &unit, &year]).await.unwrap().len();
        rows += self.client.query(&self.targets, &[&COUNTY, &unit, &year]).await.unwrap().len();
        rows + self.client.query(&self.page, &[&COUNTY, &unit, &first, &last]).await.unwrap().len()
    }

    pub(super) async fn year(&self) -> usize {
        self.client.query(&self.year, &[&COUNTY, &"2023-01", &"2023-12"]).await.unwrap().len()
    }

    pub(super) async fn write(&self, rows: &[Row]) {
        if let [row] = rows {
            let Row { unit, month, indicator, value, value_as_printed, note, revision } = row;
            let values: [&(dyn ToSql + Sync); 7] = [unit, month, indicator, value, value_as_printed, note, revision];
            assert_eq!(self.client.execute(&self.put, &values).await.unwrap(), 1);
            return;
        }
        let texts = |of: fn(&Row) -> &str| rows.iter().map(of).collect::<Vec<_>>();
        let some = |of: fn(&Row) -> Option<&str>| rows.iter().map(of).collect::<Vec<_>>();
        let numbers = |of: fn(&Row) -> i64| rows.iter().map(of).collect::<Vec<_>>();
        let (units, months) = (texts(|row| &row.unit), texts(|row| &row.month));
        let (indicators, values) = (texts(|row| &row.indicator), numbers(|row| row.value));
        let (printed, notes) = (some(|row| row.value_as_printed.as_deref()), some(|row| row.note.as_deref()));
        let revisions = numbers(|row| row.revision);
        let rows_of: [&(dyn ToSql + Sync); 7] = [&units, &months, &indicators, &values, &printed, &notes, &revisions];
        let written = self.client.execute(&self.upload, &rows_of);
        assert_eq!(written.await.unwrap(), rows.len() as u64);
    }
}
