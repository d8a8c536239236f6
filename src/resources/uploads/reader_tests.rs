//! Properties of reading: what is meant comes in however it is written, and no bytes bring the reader down.

use std::fs::File;
use std::io::{Cursor, Read as _, Write as _};

use encoding_rs::GB18030;
use proptest::prelude::*;
use rust_xlsxwriter::Workbook as Writer;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{Order, Piece, read};
use crate::domain::budget_line::{BudgetLineFacts, BudgetLineKey};
use crate::domain::money::{AmountUnit, Money, Printed};
use crate::domain::sheet::Go;
use crate::domain::upload::kind::UploadKind;
use crate::domain::upload::names::{Directory, variants};
use crate::domain::upload::reading::{Defaults, Read, Reading};
use crate::domain::upload::receipt::FileFormat;
use crate::domain::upload::statement::state;

const UNITS: [(&str, &str); 3] = [("209002", "投资促进中心"), ("430922103", "鸬鹚渡镇"), ("x.1", "桃花江, 镇")];
const CLASSES: [(&str, &str); 4] =
    [("30201", "办公费"), ("30213", "维修（护）费"), ("30239", "其他交通费用"), ("30299", "其他商品和服务支出")];

fn directory() -> Directory {
    let mut directory = Directory::default();
    for (code, name) in UNITS {
        directory.units.add(code, name);
        directory.projects.entry((code.into(), 2023)).or_default().add("p-1", "招商引资专项");
    }
    let classes = directory.classes.entry(2023).or_default();
    for (code, name) in CLASSES {
        classes.add(code, name);
        for variant in variants(name) {
            classes.called(code, &variant);
        }
    }
    directory
}

fn order(kind: UploadKind, format: FileFormat, amount_unit: Option<AmountUnit>) -> Order {
    let defaults = Defaults { amount_unit, ..Defaults::default() };
    Order { kind, format, defaults, charset: None, sheet: None, together: false, joined: false, valid_rows: false }
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// Everything a file states, and what is wrong with it.
fn stated(bytes: &[u8], order: &Order) -> (Vec<Reading>, Vec<String>) {
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    read(&file(bytes), order, directory(), |piece| {
        match piece {
            Piece::Rows(rows) => {
                for (_, read) in rows {
                    match read {
                        Read::Stated(reading) => all.push(reading),
                        Read::Wrong(errors, _) => wrong.extend(errors.into_iter().map(|error| error.wrong.en)),
                        Read::Aside(..) => {}
                    }
                }
            }
            Piece::End(Err(trouble), _) => wrong.push(trouble.wrong.en),
            Piece::Head { .. } | Piece::Odd(_) | Piece::End(Ok(()), _) => {}
        }
        Go::On
    });
    (all, wrong)
}

/// A line of a budget, and how it is written.
#[derive(Debug, Clone)]
struct Line {
    unit: usize,
    class: usize,
    fen: i64,
    by_name: bool,
    /// Whether the amount says its unit itself.
    says_unit: bool,
    thousands: bool,
}

/// How the whole table is written.
#[derive(Debug, Clone)]
struct Style {
    charset: usize,
    delimiter: char,
    unit: AmountUnit,
    /// Where the unit stands: in the head, in a title, with the caller.
    where_unit: usize,
    columns: Vec<usize>,
    crlf: bool,
    chinese: bool,
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let keys = proptest::sample::subsequence((0..UNITS.len() * CLASSES.len()).collect::<Vec<_>>(), 1..=8);
    let styles = proptest::collection::vec((0_i64..1_000_000_000_000, any::<[bool; 3]>()), 8);
    (keys.prop_shuffle(), styles).prop_map(|(keys, styles)| {
        let line = |(key, (fen, [by_name, says_unit, thousands])): (usize, (i64, [bool; 3]))| Line {
            unit: key / CLASSES.len(),
            class: key % CLASSES.len(),
            fen,
            by_name,
            says_unit,
            thousands,
        };
        keys.into_iter().zip(styles).map(line).collect()
    })
}

fn style() -> impl Strategy<Value = Style> {
    let columns = Just((0..5).collect::<Vec<usize>>()).prop_shuffle();
    let places = (0_usize..4, 0_usize..3, 0_usize..AmountUnit::ALL.len(), 0_usize..3);
    (places, columns, any::<[bool; 2]>()).prop_map(
        |((charset, delimiter, unit, where_unit), columns, [crlf, chinese])| Style {
            charset,
            delimiter: [',', '\t', ';'][delimiter],
            unit: AmountUnit::ALL[unit],
            where_unit,
            columns,
            crlf,
            chinese,
        },
    )
}

/// So many 分 in a unit, as a person writes it.
fn written(fen: i64, unit: AmountUnit, thousands: bool) -> String {
    let places = match unit {
        AmountUnit::Yuan => 2,
        AmountUnit::ThousandYuan => 5,
        AmountUnit::WanYuan => 6,
        AmountUnit::YiYuan => 10,
    };
    let digits = format!("{fen:0width$}", width = places + 1);
    let (whole, decimals) = digits.split_at(digits.len() - places);
    let decimals = decimals.trim_end_matches('0');
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if thousands && place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if decimals.is_empty() { grouped } else { format!("{grouped}.{decimals}") }
}

/// The bytes of a table.
fn table(lines: &[Line], style: &Style) -> Vec<u8> {
    let unit = style.unit.zh();
    let amount = match (style.chinese, style.where_unit) {
        (true, 0) => format!("执行数（{unit}）"),
        (true, _) => "执行数".to_owned(),
        // The API's own name means 元 where nobody says otherwise.
        (false, 0) => format!("Executed ({unit})"),
        (false, _) => "executed".to_owned(),
    };
    let heads = if style.chinese {
        ["单位", "年 度", "项目名称", "科目", ""]
    } else {
        ["unit", "Fiscal_Year", "project", "economic_class", ""]
    };
    let mut rows = vec![];
    if style.where_unit == 1 {
        rows.push(vec!["2023年支出表".to_owned(), format!("单位：{unit}")]);
    }
    let arrange = |cells: Vec<String>| style.columns.iter().map(|place| cells[*place].clone()).collect::<Vec<_>>();
    rows.push(arrange(
        heads.iter().map(|head| if head.is_empty() { amount.clone() } else { (*head).to_owned() }).collect(),
    ));
    for line in lines {
        let pick = |pair: (&str, &str)| if line.by_name { pair.1 } else { pair.0 }.to_owned();
        let number = written(line.fen, style.unit, line.thousands);
        let number = if line.says_unit { format!("{number}{unit}") } else { number };
        let project = pick(("p-1", "招商引资专项"));
        rows.push(arrange(vec![pick(UNITS[line.unit]), "2023年".into(), project, pick(CLASSES[line.class]), number]));
    }
    let end = if style.crlf { "\r\n" } else { "\n" };
    let delimiter = style.delimiter.to_string();
    let cell = |cell: &String| if cell.contains([',', ';', '\t']) { format!("\"{cell}\"") } else { cell.clone() };
    let text: String = rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(&delimiter) + end).collect();
    match style.charset {
        0 => text.into_bytes(),
        1 => format!("\u{feff}{text}").into_bytes(),
        2 => GB18030.encode(&text).0.into_owned(),
        _ => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
    }
}

proptest! {
    #[test]
    fn what_is_meant_comes_in_however_it_is_written(lines in lines(), style in style()) {
        let said = (style.where_unit == 2).then_some(style.unit);
        let order = order(UploadKind::BudgetLines, FileFormat::Csv, said);
        let (read, wrong) = stated(&table(&lines, &style), &order);
        prop_assert!(wrong.is_empty(), "{wrong:?}");
        prop_assert_eq!(read.len(), lines.len());
        for (reading, line) in read.iter().zip(&lines) {
            let key = format!("{}:2023:p-1:{}", UNITS[line.unit].0, CLASSES[line.class].0);
            prop_assert_eq!(&reading.key, &key);
            let facts = state::<BudgetLineKey, BudgetLineFacts>(reading, None, &|_| None).unwrap();
            prop_assert_eq!(facts.executed, Some(Money::of_fen(line.fen)));
            if let Some(print) = facts.executed_as_printed {
                prop_assert_eq!(Printed::parse(print.as_str()).map(|print| print.amount), Ok(Money::of_fen(line.fen)));
            }
        }
    }

    #[test]
    fn no_bytes_bring_the_reader_down(bytes in proptest::collection::vec(any::<u8>(), 0..4096), kind in 0..UploadKind::ALL.len(), format in 0..4_usize) {
        stated(&bytes, &order(UploadKind::ALL[kind], FileFormat::ALL[format], None));
    }

    #[test]
    fn no_text_brings_the_reader_down(
        rows in proptest::collection::vec(
            "(单位|年度|项目|科目|执行数（万元）|月份|指标|完成值|编号|[0-9]{1,7}|2023年|1-7月|约|[\"\t;\n\r０-９％,.－—年月日E+-]|[a-z]|\\PC){0,6}",
            0..40,
        ),
        delimiter in "[,;\t]",
        kind in 0..UploadKind::ALL.len(),
        gb: bool,
    ) {
        let text = rows.join("\n") + &delimiter;
        let bytes = if gb { GB18030.encode(&text).0.into_owned() } else { text.into_bytes() };
        stated(&bytes, &order(UploadKind::ALL[kind], FileFormat::Csv, None));
    }

    #[test]
    fn no_workbook_brings_the_reader_down(part in 0..12_usize, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        stated(&workbook(part, &changes), &order(UploadKind::BudgetLines, FileFormat::Xlsx, None));
    }

    #[test]
    fn no_json_brings_the_reader_down(text in "[\\[\\]{}\":, \n0-9a-erowsnul.\\\\-]{0,200}", lines: bool) {
        let format = if lines { FileFormat::Ndjson } else { FileFormat::Json };
        stated(text.as_bytes(), &order(UploadKind::Progress, format, None));
        stated(format!("{{\"rows\": [{text}]}}").as_bytes(), &order(UploadKind::Progress, FileFormat::Json, None));
    }
}

/// A workbook with some bytes of one of its parts changed.
fn workbook(which: usize, changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    let mut book = Writer::new();
    let sheet = book.add_worksheet();
    for (column, head) in (0_u16..).zip(["单位", "年度", "项目", "科目", "执行数（万元）"]) {
        sheet.write_string(0, column, head).unwrap();
        sheet.write_number(1, column, 2023.5).unwrap();
    }
    let mut archive = ZipArchive::new(Cursor::new(book.save_to_buffer().unwrap())).unwrap();
    let mut written = ZipWriter::new(Cursor::new(Vec::new()));
    let which = which % archive.len();
    for place in 0..archive.len() {
        let mut entry = archive.by_index(place).unwrap();
        let (mut bytes, name) = (Vec::new(), entry.name().unwrap().into_owned());
        entry.read_to_end(&mut bytes).unwrap();
        if place == which {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
        }
        written.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored)).unwrap();
        written.write_all(&bytes).unwrap();
    }
    written.finish().unwrap().into_inner()
}
