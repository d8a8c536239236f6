//! The data that is asked for: a county of 120 units, 12,000 budget lines, 4,200 targets and 50,400 rows of progress, always
//! the same; and more counties like it behind it.

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::Connection;

use super::limit::{COUNTY, TABLE};
use super::own_server::OwnServer;
use super::service::{Service, jixiao};

pub(super) const UNITS: usize = 120;
const INDICATORS: usize = 35;
const CLASSES: [&str; 20] = [
    "30201", "30202", "30203", "30204", "30205", "30206", "30207", "30208", "30209", "30211", "30212", "30213",
    "30214", "30215", "30216", "30217", "30218", "30224", "30225", "30226",
];
const PROJECTS: usize = 5;

/// A key of a row of progress; every number below [`count`] has one of its own.
pub(super) fn key(number: usize) -> [String; 3] {
    let (unit, rest) = (number / (12 * INDICATORS), number % (12 * INDICATORS));
    [
        format!("u{:03}", unit % UNITS),
        format!("2023-{:02}", rest / INDICATORS + 1),
        format!("i{:02}", rest % INDICATORS),
    ]
}

/// How many rows of progress there are.
pub(super) const fn count() -> usize {
    UNITS * 12 * INDICATORS
}

/// A sheet of progress of another year, each time with other figures.
pub(super) fn sheet(rows: usize, turn: usize) -> String {
    let mut text = String::from("unit,month,indicator,value\n");
    for number in 0..rows {
        let (year, [unit, month, indicator]) = (2022 - number / count(), key(number % count()));
        let (month, cents) = (&month[5..], (number + turn) % 100);
        writeln!(text, "{unit},{year}-{month},{indicator},{}.{cents:02}", 10 + turn % 7).unwrap();
    }
    text
}

/// Fills a county.
pub(super) fn fill(service: &Service, settings: &[(&str, &str)]) {
    service.fill();
    let codes =
        jixiao(service.directory.path()).envs(settings.iter().copied()).args(["codes", "--year", "2023"]).status();
    assert!(codes.unwrap().success());
    let mut targets = String::from("unit,year,indicator,assigner,value\n");
    let mut projects = String::from("unit,year,code,name\n");
    let mut lines = String::from("unit,year,project,economic_class,adjusted\n");
    for unit in 0..UNITS {
        (0..INDICATORS).for_each(|one| writeln!(targets, "u{unit:03},2023,i{one:02},county,120").unwrap());
        for project in 0..PROJECTS {
            writeln!(projects, "u{unit:03},2023,p{project},招商{project}").unwrap();
            for class in CLASSES {
                writeln!(lines, "u{unit:03},2023,p{project},{class},120000").unwrap();
            }
        }
    }
    let mut progress = String::from("unit,month,indicator,value\n");
    for number in 0..count() {
        let [unit, month, indicator] = key(number);
        writeln!(progress, "{unit},{month},{indicator},{}.{:02}", 10 + number % 7, number % 100).unwrap();
    }
    for (kind, text) in [("targets", targets), ("projects", projects), ("budget_lines", lines), ("progress", progress)]
    {
        service.upload(kind, text.as_bytes());
    }
}

/// The tables whose rows stand behind those that are asked for, in the order that references want.
const COPIED: [&str; 7] = ["unit", "indicator", "economic_class", "project", "budget_line", "target", "progress"];

/// Copies the county under other codes, and makes the table that the limit writes, which holds what that of Jixiao holds.
pub(super) fn more_on_postgres(server: &OwnServer, counties: usize) {
    let mut sql = String::new();
    for table in COPIED {
        let _ = write!(
            sql,
            "DO 'DECLARE columns text; BEGIN
                SELECT string_agg(quote_ident(column_name), chr(44)) INTO columns FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = ''{table}'' AND column_name <> ''county'';
                EXECUTE format(''INSERT INTO {table} (county, %1$s)
                    SELECT (440000 + n)::text, %1$s FROM {table}, generate_series(1, {counties}) n
                    WHERE county = %2$L'', columns, ''{COUNTY}'');
            END';"
        );
    }
    let _ = write!(
        sql,
        "CREATE TABLE {TABLE} (LIKE progress INCLUDING ALL) WITH (fillfactor = 80);
        INSERT INTO {TABLE} SELECT * FROM progress;
        ANALYZE;"
    );
    server.run(&format!("psql -q -v ON_ERROR_STOP=1 -h \"$D\" -U postgres postgres <<'END'\n{sql}\nEND"));
}

/// Likewise.
pub(super) fn more_on_sqlite(file: &Path, counties: usize) {
    let connection = Connection::open(file).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
    let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    for table in COPIED {
        let columns = text(&format!(
            "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info('{table}') WHERE name <> 'county'"
        ));
        for county in 1..=counties {
            let copy = format!(
                "INSERT INTO \"{table}\" (county, {columns}) SELECT '{}', {columns} FROM \"{table}\" WHERE county = '{COUNTY}'",
                440_000 + county
            );
            connection.execute(&copy, []).unwrap();
        }
    }
    // The table and its index.
    let created = text("SELECT group_concat(sql, '; ') FROM sqlite_master WHERE tbl_name = 'progress'");
    let created = created.replace("progress", TABLE);
    connection.execute_batch(&format!("{created}; INSERT INTO {TABLE} SELECT * FROM progress;")).unwrap();
}
