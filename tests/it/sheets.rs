//! Files as people make them: what each states, to the cell, or what is wrong with it, to the cell.
//!
//! Every file goes in over HTTP, its rows are read back, and it is taken back again, so that the next starts clean.

#![expect(clippy::too_many_lines, reason = "a table is as long as it is")]

use encoding_rs::GB18030;
use jixiao::http::identity::Role;
use reqwest::Method;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};
use serde_json::{Value, json};

use crate::harness::{Reply, Service, on_both};

/// What a file is expected to come to.
enum Expected {
    /// These rows: id, and the facts that matter.
    Rows(Vec<(&'static str, Value)>),
    /// These errors: cell (or row, or nothing for the file), code.
    Wrong(Vec<(&'static str, &'static str)>),
}

/// A file, how it is sent, and what it comes to.
struct Case {
    name: &'static str,
    kind: &'static str,
    options: &'static str,
    format: &'static str,
    bytes: Vec<u8>,
    expected: Expected,
}

fn rows(rows: &[(&'static str, Value)]) -> Expected {
    Expected::Rows(rows.to_vec())
}

fn wrong(errors: &[(&'static str, &'static str)]) -> Expected {
    Expected::Wrong(errors.to_vec())
}

fn case(
    name: &'static str,
    kind: &'static str,
    options: &'static str,
    bytes: impl Into<Vec<u8>>,
    expected: Expected,
) -> Case {
    Case { name, kind, options, format: "csv", bytes: bytes.into(), expected }
}

impl Case {
    fn of(mut self, format: &'static str) -> Self {
        self.format = format;
        self
    }
}

fn gb18030(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

fn utf16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf16be(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// A workbook with one sheet.
fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

fn strings(sheet: &mut Worksheet, row: u32, cells: &[&str]) {
    for (column, cell) in (0_u16..).zip(cells) {
        if !cell.is_empty() {
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
}

const LINE: &str = "209002:2023:209002-2023-01:30216";
const OTHER: &str = "209002:2023:209002-2023-01:30217";
const FDI: &str = "430922103:2023-07:fdi";
const HEAD: &str = "单位,年度,项目,科目,执行数（万元）\n";

/// One line of the centre's project, executed and printed.
fn spent(yuan: &str, printed: &str) -> Value {
    json!({ "executed": yuan, "executed_as_printed": printed })
}

fn value(value: &str) -> Value {
    json!({ "value": value, "value_as_printed": null })
}

/// Text files of budget lines.
fn lines() -> Vec<Case> {
    let row = |cells: &str| format!("{HEAD}209002,2023,209002-2023-01,30216,{cells}\n");
    let one = || rows(&[(LINE, spent("109300.00", "10.93万元"))]);
    let plain = row("10.93");
    vec![
        case("UTF-8", "budget_lines", "", plain.clone(), one()),
        case("UTF-8 with a mark", "budget_lines", "", format!("\u{feff}{plain}"), one()),
        case("GB18030, as Excel saves it", "budget_lines", "", gb18030(&plain), one()),
        case("UTF-16, as Excel's Unicode text", "budget_lines", "", utf16(&plain.replace(',', "\t")), one()),
        case("UTF-16 big-endian", "budget_lines", "", utf16be(&plain), one()),
        case("said to be GB18030", "budget_lines", "charset=gb18030", gb18030(&plain), one()),
        case(
            "said to be UTF-8 and is not",
            "budget_lines",
            "charset=utf8",
            gb18030(&plain),
            wrong(&[("1", "wrong_charset")]),
        ),
        case(
            "neither UTF-8 nor GB18030",
            "budget_lines",
            "",
            b"a,b\n\xff\xff,1\n".to_vec(),
            wrong(&[("2", "wrong_charset")]),
        ),
        case(
            "broken UTF-8",
            "budget_lines",
            "",
            {
                let mut bytes = plain.replace("209002-2023-01", "招商引资专项资金").into_bytes();
                bytes.truncate(bytes.len() - 20);
                bytes.push(0xe6);
                bytes
            },
            wrong(&[("2", "broken_utf8")]),
        ),
        case("tabs", "budget_lines", "", plain.replace(',', "\t"), one()),
        case("semicolons", "budget_lines", "", plain.replace(',', ";"), one()),
        case("Windows line ends", "budget_lines", "", plain.replace('\n', "\r\n"), one()),
        case("Macintosh line ends", "budget_lines", "", plain.replace('\n', "\r"), one()),
        case("no line end at the end", "budget_lines", "", plain.trim_end(), one()),
        case(
            "blank lines and blank columns",
            "budget_lines",
            "",
            format!("\n,,,,\n{}\n,,,,,,\n", plain.replace('\n', ",,\n")),
            one(),
        ),
        case(
            "a head in English",
            "budget_lines",
            "",
            "fiscal_year,unit_code,executed_wan,economic_class,project\n2023,209002,10.93,30216,209002-2023-01\n",
            one(),
        ),
        case(
            "a head with marks, spaces and wide letters",
            "budget_lines",
            "",
            "* 单 位 ,年度：,项　目,ｅｃｏｎｏｍｉｃ＿ｃｌａｓｓ,\"执行数\n（万元）\"\n209002,2023,209002-2023-01,30216,10.93\n",
            one(),
        ),
        case(
            "titles and the unit of money above",
            "budget_lines",
            "",
            format!("附件2\n2023年支出表\n,,,,金额单位：万元\n\n{}", plain.replace("（万元）", "")),
            one(),
        ),
        case(
            "the unit said by the caller",
            "budget_lines",
            "amount_unit=wan_yuan",
            plain.replace("（万元）", ""),
            one(),
        ),
        case(
            "the unit said by nobody",
            "budget_lines",
            "",
            plain.replace("（万元）", ""),
            wrong(&[("E2", "amount_unit_unknown")]),
        ),
        case("the head against the caller", "budget_lines", "amount_unit=yuan", plain.clone(), one()),
        case(
            "the unit in the cell against the head",
            "budget_lines",
            "",
            row("\"109,300元\""),
            rows(&[(LINE, spent("109300.00", "109300元"))]),
        ),
        case(
            "hundred millions",
            "budget_lines",
            "",
            plain.replace("万元", "亿元"),
            rows(&[(LINE, spent("1093000000.00", "10.93亿元"))]),
        ),
        case(
            "the API's own names are in yuan",
            "budget_lines",
            "",
            "unit,year,project,economic_class,executed\n209002,2023,209002-2023-01,30216,109300\n",
            rows(&[(LINE, json!({ "executed": "109300.00", "executed_as_printed": null }))]),
        ),
        case("wide digits and signs", "budget_lines", "", row("１０．９３"), one()),
        case(
            "thousands",
            "budget_lines",
            "",
            row("\"1,234.50\""),
            rows(&[(LINE, spent("12345000.00", "1234.50万元"))]),
        ),
        case(
            "thousands without quotes shift the row",
            "budget_lines",
            "",
            row("1,234.50"),
            wrong(&[("F2", "no_column")]),
        ),
        case("a comma that is no separator", "budget_lines", "", row("\"10,93\""), wrong(&[("E2", "bad_separators")])),
        case("approximate", "budget_lines", "", row("约79.4"), rows(&[(LINE, spent("794000.00", "约79.4万元"))])),
        case("at least", "budget_lines", "", row("100余万元"), rows(&[(LINE, spent("1000000.00", "100余万元"))])),
        case("a currency sign", "budget_lines", "", row("￥10.93"), one()),
        case("half a fen", "budget_lines", "", row("0.0000001"), wrong(&[("E2", "too_precise")])),
        case("less than nothing", "budget_lines", "", row("-1"), wrong(&[("E2", "negative_money")])),
        case("words", "budget_lines", "", row("若干"), wrong(&[("E2", "not_a_number")])),
        case(
            "nothing in six ways",
            "budget_lines",
            "",
            format!(
                "{HEAD}209002,2023,209002-2023-01,30216,10.93\n{}",
                ["", "-", "/", "无", "——", " "]
                    .map(|nothing| format!("209002,2023,209002-2023-01,30217,{nothing}\n"))
                    .concat()
            ),
            one(),
        ),
        case(
            "codes and names side by side",
            "budget_lines",
            "",
            "单位编码,单位名称,年度,项目编码,项目名称,科目编码,科目名称,执行数（万元）\n209002,桃江县投资促进服务中心,2023年度,209002-2023-01,招商引资专项,30216,培训费,10.93\n",
            one(),
        ),
        case(
            "a code and the name of another",
            "budget_lines",
            "",
            "单位,年度,项目,科目编码,科目名称,执行数（万元）\n209002,2023,209002-2023-01,30216,差旅费,10.93\n",
            wrong(&[("E2", "code_and_name_differ")]),
        ),
        case(
            "a unit and the name of another, which is nobody's business here",
            "budget_lines",
            "",
            "单位编码,单位名称,年度,项目,科目,执行数（万元）\n209002,桃江县商务局,2023,209002-2023-01,30216,10.93\n",
            wrong(&[("B2", "unknown_name")]),
        ),
        case(
            "a class and its name in one cell",
            "budget_lines",
            "",
            row("10.93").replace("30216", "30216 培训费"),
            one(),
        ),
        case(
            "a class by another name",
            "budget_lines",
            "",
            row("10.93").replace("30216", "培训费用"),
            rows(&[(LINE, json!({ "executed": "109300.00", "name_as_printed": "培训费用" }))]),
        ),
        case(
            "a class that is none",
            "budget_lines",
            "",
            row("10.93").replace("30216", "培训劳务费"),
            wrong(&[("D2", "unknown_name")]),
        ),
        case(
            "a class that is no leaf",
            "budget_lines",
            "",
            row("10.93").replace("30216", "302"),
            wrong(&[("2", "not_a_leaf")]),
        ),
        case(
            "a class that the year does not have",
            "budget_lines",
            "",
            row("10.93").replace("30216", "30298"),
            wrong(&[("2", "unknown_reference")]),
        ),
        case(
            "a year without a list",
            "budget_lines",
            "",
            row("10.93").replace("30216", "培训费").replace(",2023,", ",2024,").replace("2023-01", "2024-01"),
            wrong(&[("D2", "no_list")]),
        ),
        case(
            "a project that is not there",
            "budget_lines",
            "",
            row("10.93").replace("209002-2023-01", "招商专项"),
            wrong(&[("C2", "unknown_name")]),
        ),
        case(
            "a code that Excel ate",
            "budget_lines",
            "",
            row("10.93").replace("209002,", "4.30922E+14,"),
            wrong(&[("A2", "scientific_notation")]),
        ),
        case(
            "the unit and the year said by the caller",
            "budget_lines",
            "unit=209002&year=2023&project=209002-2023-01",
            "科目,执行数（万元）\n30216,10.93\n",
            one(),
        ),
        case(
            "the same item twice",
            "budget_lines",
            "",
            format!("{plain}209002,2023,209002-2023-01,培训费,1\n"),
            wrong(&[("3", "duplicate_row")]),
        ),
        case(
            "the same item twice, the right rows taken",
            "budget_lines",
            "mode=valid_rows",
            format!("{plain}209002,2023,209002-2023-01,培训费,1\n209002,2023,209002-2023-01,30217,2\n"),
            rows(&[(OTHER, spent("20000.00", "2万元"))]),
        ),
        case(
            "merged cells, not filled",
            "budget_lines",
            "",
            format!("{plain},,,30217,2\n"),
            wrong(&[("A3", "missing_field"), ("B3", "missing_field"), ("C3", "missing_field")]),
        ),
        case(
            "merged cells, filled",
            "budget_lines",
            "fill_down=true",
            format!("{plain},,,30217,2\n"),
            rows(&[(LINE, spent("109300.00", "10.93万元")), (OTHER, spent("20000.00", "2万元"))]),
        ),
        case(
            "totals and notes at the end",
            "budget_lines",
            "",
            format!("{plain}小计,,,,10.93\n合 计,,,,10.93\n填表人：张三,,日期：2024年4月\n注：以上均为财政拨款\n"),
            one(),
        ),
        case(
            "the example of the template, left in",
            "budget_lines",
            "",
            format!("{HEAD}示例：209002,2023,209002-2023-01,30213,1.58\n209002,2023,209002-2023-01,30216,10.93\n"),
            one(),
        ),
        case("no head", "budget_lines", "", "209002,2023,209002-2023-01,30216,10.93\n", wrong(&[("", "no_head")])),
        case(
            "a column that every row needs is not there",
            "budget_lines",
            "",
            "单位,年度,科目,执行数（万元）\n209002,2023,30216,10.93\n",
            wrong(&[("1", "missing_column")]),
        ),
        case(
            "a heading with a slip",
            "budget_lines",
            "",
            plain.replace("执行数", "执行额"),
            wrong(&[("1", "unknown_column")]),
        ),
        case(
            "a column twice",
            "budget_lines",
            "",
            "单位,年度,项目,科目,执行数（万元）,支出数（元）\n209002,2023,209002-2023-01,30216,1,2\n",
            wrong(&[("1", "duplicate_column")]),
        ),
        case("an unclosed quote", "budget_lines", "", row("\"10.93"), wrong(&[("2", "unclosed_quote")])),
        case("an empty file", "budget_lines", "", "", wrong(&[("", "no_head")])),
        case(
            "a workbook sent as text",
            "budget_lines",
            "",
            b"PK\x03\x04....".to_vec(),
            wrong(&[("", "looks_like_a_workbook")]),
        ),
        case(
            "a line break in a cell does not move rows",
            "budget_lines",
            "",
            "单位,年度,项目,科目,执行数（万元）,执行数原文\n209002,2023,209002-2023-01,30216,10.93,\"10.93\n万元\"\n209002,2023,209002-2023-01,30217,x,\n",
            wrong(&[("F2", "control_character"), ("E3", "not_a_number")]),
        ),
    ]
}

/// Text files of monthly progress.
fn months() -> Vec<Case> {
    let sheet = |month: &str, cell: &str| format!("乡镇,月份,指标,完成值\n鸬鹚渡镇,{month},外商直接投资,{cell}\n");
    let one = || rows(&[(FDI, value("21"))]);
    let mut all: Vec<Case> =
        ["2023-07", "2023年7月", "2023.7", "2023/7", "202307", "2023-07-31", "Jul-23", "45138", "２０２３年７月份"]
            .map(|month| case("a month", "progress", "", sheet(month, "21"), one()))
            .into();
    all.extend([
        case("a month of the year that the caller says", "progress", "year=2023", sheet("7月", "21"), one()),
        case("from January", "progress", "year=2023", sheet("1-7月", "21"), one()),
        case("a month of no year", "progress", "", sheet("7月", "21"), wrong(&[("B2", "month_needs_year")])),
        case("January, or October without its zero", "progress", "", sheet("2023.1", "21"), wrong(&[("B2", "ambiguous_month")])),
        case("from February", "progress", "year=2023", sheet("2-7月", "21"), wrong(&[("B2", "not_from_january")])),
        case("a year in a column of its own", "progress", "", "乡镇,年度,月份,指标,完成值\n鸬鹚渡镇,2023,7月,fdi,21\n", one()),
        case("the month said by the caller", "progress", "month=2023-07", "乡镇,指标,完成值\n鸬鹚渡镇,外商直接投资,21\n", one()),
        case("from January of what is told by the month", "progress", "year=2023", sheet("1-7月", "3").replace("外商直接投资", "走访企业"), wrong(&[("B2", "not_cumulative")])),
        case("a unit of count stays in print", "progress", "", sheet("2023-07", "13家").replace("外商直接投资", "新签约项目"), rows(&[("430922103:2023-07:projects-signed", json!({ "value": "13", "value_as_printed": "13家" }))])),
        case("money in another unit is converted", "progress", "", sheet("2023-07", "1245.7万元").replace("外商直接投资", "省外境内资金"), rows(&[("430922103:2023-07:out-of-province-capital", json!({ "value": "0.12457", "value_as_printed": "1245.7万元" }))])),
        case("the head names another unit", "progress", "", sheet("2023-07", "210000").replace("完成值", "完成值（美元）"), rows(&[(FDI, json!({ "value": "21", "value_as_printed": "210000美元" }))])),
        case("the row names another unit", "progress", "", "乡镇,月份,指标,计量单位,完成值\n鸬鹚渡镇,2023-07,fdi,美元,约210000\n", rows(&[(FDI, json!({ "value": "21", "value_as_printed": "约210000美元" }))])),
        case("the title names the unit of money", "progress", "", format!("单位：万元\n{}", sheet("2023-07", "1245.7").replace("外商直接投资", "省外境内资金")), rows(&[("430922103:2023-07:out-of-province-capital", json!({ "value": "0.12457", "value_as_printed": "1245.7万元" }))])),
        case("the title names the unit of money, not of what is counted", "progress", "", format!("单位：万元\n{}", sheet("2023-07", "13").replace("外商直接投资", "新签约项目")), rows(&[("430922103:2023-07:projects-signed", value("13"))])),
        case("the caller names the unit of money", "progress", "amount_unit=wan_yuan", sheet("2023-07", "1245.7").replace("外商直接投资", "省外境内资金"), rows(&[("430922103:2023-07:out-of-province-capital", json!({ "value": "0.12457" }))])),
        case("the title names a unit of another currency", "progress", "", format!("单位：万元\n{}", sheet("2023-07", "21")), wrong(&[("D3", "wrong_unit")])),
        case("thousands of what is counted", "progress", "", sheet("2023-07", "3千").replace("外商直接投资", "新签约项目"), rows(&[("430922103:2023-07:projects-signed", json!({ "value": "3000", "value_as_printed": "3千" }))])),
        case("a percentage of what is counted", "progress", "", sheet("2023-07", "86.67%").replace("外商直接投资", "新签约项目"), wrong(&[("D2", "wrong_unit")])),
        case("tons of what is counted", "progress", "", sheet("2023-07", "5吨").replace("外商直接投资", "新签约项目"), wrong(&[("D2", "wrong_unit")])),
        case("two numbers in a cell", "progress", "", sheet("2023-07", "3-5个").replace("外商直接投资", "新签约项目"), wrong(&[("D2", "not_a_number")])),
        case("a number that Excel ate", "progress", "", sheet("2023-07", "1.2E+05"), wrong(&[("D2", "not_a_number")])),
        case("two numbers with a space between", "progress", "", sheet("2023-07", "12 13"), wrong(&[("D2", "bad_separators")])),
        case("a day that is none", "progress", "", sheet("2023-02-30", "21"), wrong(&[("B2", "invalid_date")])),
        case("a period that is written like a date", "progress", "", sheet("2023.1-7", "21"), wrong(&[("B2", "invalid_month")])),
        case("a year and a month of another", "progress", "", "乡镇,年度,月份,指标,完成值\n鸬鹚渡镇,2023,2022-07,fdi,21\n", wrong(&[("B2", "year_and_month_differ")])),
        case("a year left blank is not the caller's", "progress", "year=2023", "乡镇,年度,月份,指标,完成值\n鸬鹚渡镇,,7月,fdi,21\n", wrong(&[("C2", "month_needs_year")])),
        case("a town left blank is not the token's", "progress", "", sheet("2023-07", "21").replace("鸬鹚渡镇", ""), wrong(&[("A2", "missing_field")])),
        case("an id and a town of its own", "progress", "", format!("id,乡镇,完成值\n{FDI},鸬鹚渡镇,21\n"), one()),
        case("an id and another month", "progress", "", format!("id,月份,完成值\n{FDI},2023-08,21\n"), wrong(&[("B2", "code_and_name_differ")])),
        case("last year's value beside this year's", "progress", "", "乡镇,月份,指标,完成值,完成值（上年）\n鸬鹚渡镇,2023-07,fdi,21,18\n", one()),
        case("last year's value alone", "progress", "", sheet("2023-07", "21").replace("完成值", "完成值（上年）"), wrong(&[("1", "unknown_column")])),
        case("a head with nothing to state", "progress", "", "乡镇,月份,指标\n鸬鹚渡镇,2023-07,fdi\n", wrong(&[("1", "no_value_column")])),
        case("two tables on a sheet", "progress", "", format!("{}\n{}", sheet("2023-07", "21"), sheet("2023-08", "22")), wrong(&[("4", "two_heads")])),
        case("nothing but a head", "progress", "", "乡镇,月份,指标,完成值\n", wrong(&[("", "no_rows")])),
        case("nothing but rows that state nothing", "progress", "", sheet("2023-07", ""), wrong(&[("", "no_rows")])),
        case("a remark in the first column is no note", "progress", "", "备注,乡镇,月份,指标,完成值\n备注：补报,鸬鹚渡镇,2023-07,fdi,21\n", rows(&[(FDI, json!({ "value": "21", "note": "备注：补报" }))])),
        case("a control character in a heading and a cell", "progress", "", sheet("2023-07", "2\u{1}1").replace("乡镇,", "乡镇,x\u{1}y,").replace("鸬鹚渡镇,", "鸬鹚渡镇,\u{1},"), wrong(&[("E2", "not_a_number")])),
        case("a quote in the middle of a cell", "progress", "", sheet("2023-07", "\"2\"1"), wrong(&[("2", "stray_quote")])),
        case("two quotes that are no pair", "progress", "", "乡镇,月份,指标,完成值,备注\n鸬鹚渡镇,2023-07,fdi,21,\"一\n鸬鹚渡镇,2023-08,fdi,22,二\n鸬鹚渡镇,2023-09,fdi,23,\"\n", wrong(&[("2", "stray_quote")])),
        case("money of another currency", "progress", "", sheet("2023-07", "21万元"), wrong(&[("D2", "wrong_unit")])),
        case("an approximate value", "progress", "", sheet("2023-07", "约21"), rows(&[(FDI, json!({ "value": "21", "value_as_printed": "约21" }))])),
        case("a town that is nearly one", "progress", "", sheet("2023-07", "21").replace("鸬鹚渡镇", "鸬兹渡镇"), wrong(&[("A2", "unknown_name")])),
        case("a town that is nobody's business here", "progress", "", sheet("2023-07", "21").replace("鸬鹚渡镇", "桃江县"), wrong(&[("A2", "unknown_name")])),
        case("no town where the token has one", "progress", "", "月份,指标,完成值\n2023-07,fdi,21\n", one()),
        case("ids", "progress", "", format!("id,完成值\n{FDI},21\n"), one()),
        case("an id of another town", "progress", "", "id,完成值\n430922:2023-07:fdi,21\n", wrong(&[("2", "unknown_name")])),
        case("an id with too few parts", "progress", "", "id,完成值\n430922103:fdi,21\n", wrong(&[("A2", "invalid_id")])),
        case("more decimals than are held", "progress", "", sheet("2023-07", "0.1234567"), wrong(&[("D2", "too_precise")])),
        case("lines of JSON", "progress", "", format!("{{\"id\": \"{FDI}\", \"facts\": {{\"value\": \"21\"}}}}\n\n"), one()).of("ndjson"),
        case("lines of JSON with names of their own", "progress", "", "{\"乡镇\": \"鸬鹚渡镇\", \"月份\": \"2023年7月\", \"指标\": \"外商直接投资\", \"完成值\": 21}\n", one()).of("ndjson"),
        case("a JSON document", "progress", "month=2023-07", "{\"rows\": [{\"unit\": \"430922103\", \"indicator\": \"fdi\", \"value\": 21.0}]}", one()).of("json"),
        case("an item as the API answers it", "progress", "", format!("{{\"rows\": [{{\"id\": \"{FDI}\", \"unit\": \"430922103\", \"month\": \"2023-07\", \"indicator\": \"fdi\", \"facts\": {{\"value\": \"21\", \"value_as_printed\": null, \"note\": null}}, \"revision\": 7}}]}}"), one()).of("json"),
        case("a JSON row with a slip", "progress", "", format!("{{\"rows\": [{{\"id\": \"{FDI}\", \"valeu\": \"21\", \"value\": \"21\"}}]}}"), wrong(&[("1", "unknown_field")])).of("json"),
        case("a JSON row that clears", "progress", "", format!("{{\"rows\": [{{\"id\": \"{FDI}\", \"value\": null}}]}}"), wrong(&[("1", "missing_field")])).of("json"),
        case("a JSON row with one field by two names", "progress", "", format!("{{\"rows\": [{{\"id\": \"{FDI}\", \"value\": 21, \"完成值\": 22}}]}}"), wrong(&[("1", "duplicate_field")])).of("json"),
        case("a JSON row with a field beside its facts and in them", "progress", "", format!("{{\"rows\": [{{\"id\": \"{FDI}\", \"value\": 21, \"facts\": {{\"value\": 22}}}}]}}"), wrong(&[("1", "duplicate_field")])).of("json"),
        case("a JSON row with an id and another town", "progress", "", format!("{{\"rows\": [{{\"id\": \"{FDI}\", \"unit\": \"430922\", \"value\": 21}}]}}"), wrong(&[("1", "unknown_name")])).of("json"),
        case("a JSON number with more digits than are held", "progress", "", format!("{{\"rows\": [{{\"id\": \"{FDI}\", \"value\": 21.123456789012}}]}}"), wrong(&[("1", "too_precise")])).of("json"),
        case("JSON without rows", "progress", "", "{\"rows\": []}", wrong(&[("", "no_rows")])).of("json"),
        case("JSON with control characters", "progress", "", format!("{{\"rows\": [{{\"id\": \"{FDI}\", \"value\": \"\\u0000\", \"x\\u0000\": \"\\u0000\"}}]}}"), wrong(&[("1", "unknown_field"), ("1", "not_a_number")])).of("json"),
        case("JSON that is none", "progress", "", "{\"rows\": [", wrong(&[("", "malformed_json")])).of("json"),
    ]);
    all
}

/// Workbooks, as Excel and WPS write them.
fn workbooks() -> Vec<Case> {
    let head = ["单位", "年度", "项目", "科目", "执行数（万元）"];
    let one = || rows(&[(LINE, spent("109300.00", "10.93万元"))]);
    let filled = |fill: &dyn Fn(&mut Worksheet)| {
        book(|sheet| {
            strings(sheet, 0, &head);
            strings(sheet, 1, &["209002", "2023", "209002-2023-01", "30216", "10.93"]);
            fill(sheet);
        })
    };
    let number = |number: f64, format: &str| {
        let format = Format::new().set_num_format(format);
        filled(&|sheet| {
            sheet.write_number_with_format(1, 4, number, &format).unwrap();
        })
    };
    let july = |format: &'static str| {
        book(|sheet| {
            strings(sheet, 0, &["乡镇", "月份", "指标", "完成值"]);
            strings(sheet, 1, &["鸬鹚渡镇", "", "外商直接投资"]);
            let day = ExcelDateTime::from_ymd(2023, 7, 31).unwrap();
            sheet.write_datetime_with_format(1, 1, &day, &Format::new().set_num_format(format)).unwrap();
            sheet.write_number(1, 3, 21.000_000_000_000_004).unwrap();
        })
    };
    let two = |names: [&str; 2]| {
        let mut book = Workbook::new();
        for name in names {
            let sheet = book.add_worksheet().set_name(name).unwrap();
            strings(sheet, 0, &head);
            strings(sheet, 1, &["209002", "2023", "209002-2023-01", "30216", "10.93"]);
        }
        book.save_to_buffer().unwrap()
    };
    let xlsx =
        |name, options, bytes: Vec<u8>, expected| case(name, "budget_lines", options, bytes, expected).of("xlsx");
    vec![
        xlsx("text in every cell", "", filled(&|_| {}), one()),
        xlsx("numbers as they are kept", "", number(10.93 + 1e-15, "General"), one()),
        xlsx("numbers as they are shown", "", number(10.930_4, "0.00"), one()),
        xlsx(
            "numbers shown with thousands",
            "",
            number(1234.5, "#,##0.00"),
            rows(&[(LINE, spent("12345000.00", "1234.5万元"))]),
        ),
        xlsx("numbers shown in another unit", "", number(109_300.0, "0!.0,\"万\""), wrong(&[("E2", "scaled_format")])),
        xlsx(
            "codes kept as numbers",
            "",
            filled(&|sheet| {
                sheet.write_number(1, 0, 209_002.0).unwrap();
                sheet.write_number(1, 1, 2023.0).unwrap();
                sheet.write_number(1, 3, 30_216.0).unwrap();
            }),
            one(),
        ),
        xlsx(
            "a code with more digits than Excel keeps",
            "",
            filled(&|sheet| {
                sheet.write_number(1, 0, 430_922_000_000_000_001.0).unwrap();
            }),
            wrong(&[("A2", "scientific_notation")]),
        ),
        xlsx(
            "a formula",
            "",
            filled(&|sheet| {
                sheet.write_formula(1, 4, rust_xlsxwriter::Formula::new("=5+5.93").set_result("10.93")).unwrap();
            }),
            one(),
        ),
        xlsx(
            "a formula that failed",
            "",
            filled(&|sheet| {
                sheet.write_formula(1, 4, rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
            }),
            wrong(&[("E2", "formula_error")]),
        ),
        xlsx(
            "titles, merged across",
            "",
            book(|sheet| {
                sheet.merge_range(0, 0, 0, 4, "2023年度支出明细表", &Format::new().set_bold()).unwrap();
                sheet.write_string(1, 4, "单位：万元").unwrap();
                strings(sheet, 3, &["单位", "年度", "项目", "科目", "执行数"]);
                strings(sheet, 4, &["209002", "2023", "209002-2023-01", "30216", "10.93"]);
            }),
            one(),
        ),
        xlsx(
            "cells merged down, filled",
            "fill_down=true",
            book(|sheet| {
                strings(sheet, 0, &head);
                for (column, cell) in [(0, "209002"), (1, "2023"), (2, "招商引资专项")] {
                    sheet.merge_range(1, column, 2, column, cell, &Format::new()).unwrap();
                }
                strings(sheet, 1, &["209002", "2023", "招商引资专项", "30216", "10.93"]);
                strings(sheet, 2, &["", "", "", "30217", "2"]);
            }),
            rows(&[(LINE, spent("109300.00", "10.93万元")), (OTHER, spent("20000.00", "2万元"))]),
        ),
        xlsx(
            "the sheet that fits among others",
            "",
            {
                let mut book = Workbook::new();
                strings(book.add_worksheet().set_name("封面").unwrap(), 0, &["2023年度报表"]);
                let sheet = book.add_worksheet().set_name("支出表").unwrap();
                strings(sheet, 0, &head);
                strings(sheet, 1, &["209002", "2023", "209002-2023-01", "30216", "10.93"]);
                book.save_to_buffer().unwrap()
            },
            one(),
        ),
        xlsx(
            "a formula whose result was not kept",
            "",
            raw_book(&wps().replace("<c t=\"inlineStr\"><is><t>10.93</t></is></c>", "<c><f>5+5.93</f></c>")),
            wrong(&[("E2", "formula_error")]),
        ),
        xlsx(
            "negative numbers in a format of their own",
            "",
            number(-10.93, "0.00%;0.00"),
            wrong(&[("E2", "negative_money")]),
        ),
        xlsx(
            "numbers in a format for some of them",
            "",
            number(109_300.0, "[>=10000]0!.0,\"万\";0"),
            wrong(&[("E2", "scaled_format")]),
        ),
        xlsx("two sheets that fit", "", two(["一月", "二月"]), wrong(&[("", "several_sheets")])),
        xlsx("the sheet by name", "sheet=二月", two(["一月", "二月"]), one()),
        xlsx("the sheet by number", "sheet=1", two(["一月", "二月"]), one()),
        xlsx("a sheet that is not there", "sheet=三月", two(["一月", "二月"]), wrong(&[("", "no_such_sheet")])),
        xlsx(
            "blank rows count",
            "",
            book(|sheet| {
                strings(sheet, 2, &head);
                strings(sheet, 6, &["209002", "2023", "209002-2023-01", "30216", "许多"]);
            }),
            wrong(&[("E7", "not_a_number")]),
        ),
        xlsx("no workbook", "", b"PK\x03\x04".to_vec(), wrong(&[("", "not_a_workbook")])),
        xlsx(
            "an old workbook",
            "",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1........".to_vec(),
            wrong(&[("", "old_workbook")]),
        ),
        xlsx("WPS: cells without addresses, strings inline", "", raw_book(&wps()), one()),
        case("a date in a month's column", "progress", "", july("yyyy-mm-dd"), rows(&[(FDI, value("21"))])).of("xlsx"),
        case("a month shown as Excel shows it", "progress", "", july("mmm-yy"), rows(&[(FDI, value("21"))])).of("xlsx"),
        case(
            "a day shown without its year",
            "progress",
            "year=2024",
            july("m\"月\"d\"日\""),
            rows(&[("430922103:2024-07:fdi", value("21"))]),
        )
        .of("xlsx"),
        case("a month shown without its year", "progress", "", july("m\"月\""), wrong(&[("B2", "month_needs_year")]))
            .of("xlsx"),
        case("a month shown in Chinese", "progress", "", july("yyyy\"年\"m\"月\""), rows(&[(FDI, value("21"))]))
            .of("xlsx"),
    ]
}

/// The rows of a sheet as programs write them that keep to the letter of the standard: no addresses, strings inline.
fn wps() -> String {
    let cell = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let row = |cells: &[&str]| format!("<row>{}</row>", cells.iter().map(|text| cell(text)).collect::<String>());
    row(&["单位", "年度", "项目", "科目", "执行数（万元）"])
        + &row(&["209002", "2023", "209002-2023-01", "30216", "10.93"])
}

/// A workbook of these rows and of nothing else: no table of strings, no styles.
fn raw_book(sheet: &str) -> Vec<u8> {
    use std::io::Write;
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let parts = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{package}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r1\" Type=\"{relations}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{relations}\"><sheets><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r1\" Type=\"{relations}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", format!("<worksheet xmlns=\"{main}\"><sheetData>{sheet}</sheetData></worksheet>")),
    ];
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Units, projects, indicators, targets and evaluations.
fn others() -> Vec<Case> {
    let evaluation =
        "单位,年度,项目,评价类型,权重方案,自评总分,自评等级,支出总额（万元）,外出招商,目标编号,分值,完成率\n";
    let claims = "209002,2024,209002-2024-01,单位自评,自定权重,100分,优秀,约344.91,40余次,209002:2024:209002-2024-01:top500-projects:unit,50,100%\n,,,,,,,,,209002:2024:209002-2024-01:projects-over-100m:unit,40,８０％\n";
    let id = "209002:2024:209002-2024-01:self";
    vec![
        case(
            "units, superiors named and below",
            "units",
            "",
            "单位编码,单位名称,单位类型,上级单位,核定编制,领导职数,主要职责,成立时间\nx1,甲所,事业单位,乙局,25人,主任1名、副主任2名,一；二,2015年12月\nx2,乙局,县直部门,430922,,,,\n",
            rows(&[
                (
                    "x1",
                    json!({ "name": "甲所", "kind": "public_institution", "parent": "x2", "approved_posts": 25, "leadership": [{ "title": "主任", "count": 1 }, { "title": "副主任", "count": 2 }], "duties": ["一", "二"], "established_on": "2015-12" }),
                ),
                ("x2", json!({ "name": "乙局", "kind": "department", "parent": "430922", "approved_posts": null })),
            ]),
        ),
        case(
            "units that are above each other",
            "units",
            "",
            "code,name,kind,parent\nx1,甲,other,x2\nx2,乙,other,x1\n",
            wrong(&[("D2", "unknown_reference"), ("D3", "unknown_reference")]),
        ),
        case(
            "projects",
            "projects",
            "unit=209002&year=2023",
            "项目编码,项目名称,年度绩效目标\np-9,维稳专项,平安\n",
            rows(&[("209002:2023:p-9", json!({ "name": "维稳专项", "annual_goal": "平安" }))]),
        ),
        case(
            "a project without a name",
            "projects",
            "unit=209002&year=2023",
            "项目编码,项目名称,年度目标\np-9,,平安\n",
            wrong(&[("B2", "missing_field")]),
        ),
        case(
            "indicators, in Chinese",
            "indicators",
            "",
            "指标编码,指标名称,计量单位,一级指标,二级指标,指标方向,是否累计,包含于\nx-a,甲,亿元,产出指标,数量指标,≥,是,\nx-b,乙,亿元,效益,经济效益,不高于,否,x-a、外商直接投资\n",
            rows(&[
                (
                    "x-a",
                    json!({ "category": "output", "subcategory": "quantity", "direction": "at_least", "cumulative": true }),
                ),
                (
                    "x-b",
                    json!({ "category": "benefit", "direction": "at_most", "cumulative": false, "part_of": ["x-a", "fdi"] }),
                ),
            ]),
        ),
        case(
            "an indicator of the wrong branch",
            "indicators",
            "",
            "code,name,measure_unit,category,subcategory,direction,cumulative\nx,甲,个,产出,经济效益,≥,是\n",
            wrong(&[("E2", "wrong_category")]),
        ),
        case(
            "targets of the unit's own",
            "targets",
            "",
            "单位,年度,项目,指标,下达单位,目标值\n209002,2023,,新签约项目,本单位,36个\n",
            rows(&[("209002:2023::projects-signed:unit", json!({ "value": "36", "value_as_printed": "36个" }))]),
        ),
        case(
            "targets without an assigner",
            "targets",
            "",
            "单位,年度,指标,目标值\n209002,2023,fdi,3\n",
            wrong(&[("1", "missing_column")]),
        ),
        case(
            "an evaluation, a row for each target it claims",
            "evaluations",
            "fill_down=true",
            format!("{evaluation}{claims}"),
            rows(&[(
                id,
                json!({
                    "scheme": "own", "stated_score": "100.00", "stated_grade": "优秀", "stated_executed": "3449100.00", "stated_executed_as_printed": "约344.91万元",
                    "activities": [{ "kind": "outreach_trip", "count_as_printed": "40余次" }],
                    "indicators": [
                        { "target": "209002:2024:209002-2024-01:top500-projects:unit", "weight": "50.00", "stated_completion": "100.00", "stated_points": null, "deviation_reason": null, "improvement": null },
                        { "target": "209002:2024:209002-2024-01:projects-over-100m:unit", "weight": "40.00", "stated_completion": "80.00", "stated_points": null, "deviation_reason": null, "improvement": null },
                    ],
                }),
            )]),
        ),
        case(
            "an evaluation as the API answers it",
            "evaluations",
            "",
            json!({ "rows": [{
                "id": id, "unit": "209002", "year": "2024", "project": "209002-2024-01", "kind": "self", "revision": 7,
                "facts": {
                    "scheme": "own", "stated_score": "100.00", "contact": null,
                    "activities": [{ "kind": "training", "count_as_printed": "3次" }],
                    "indicators": [
                        { "target": "209002:2024:209002-2024-01:top500-projects:unit", "weight": "50.00" },
                        { "target": "209002:2024:209002-2024-01:projects-over-100m:unit", "weight": "40.00" },
                    ],
                },
            }] })
            .to_string(),
            rows(&[(
                id,
                json!({
                    "scheme": "own", "activities": [{ "kind": "training", "count_as_printed": "3次" }],
                    "indicators": [
                        { "target": "209002:2024:209002-2024-01:top500-projects:unit", "weight": "50.00", "stated_completion": null, "stated_points": null, "deviation_reason": null, "improvement": null },
                        { "target": "209002:2024:209002-2024-01:projects-over-100m:unit", "weight": "40.00", "stated_completion": null, "stated_points": null, "deviation_reason": null, "improvement": null },
                    ],
                }),
            )]),
        )
        .of("json"),
        case(
            "an evaluation whose weights do not add up",
            "evaluations",
            "fill_down=true",
            format!("{evaluation}{claims}").replace(",40,", ",30,"),
            wrong(&[("2", "weights_do_not_add_up"), ("3", "incomplete")]),
        ),
        case(
            "an evaluation with a wrong row is not taken in part",
            "evaluations",
            "fill_down=true&mode=valid_rows",
            format!("{evaluation}{claims}").replace(",40,", ",四十,"),
            wrong(&[("2", "incomplete"), ("K3", "not_a_number")]),
        ),
        case(
            "an evaluation that contradicts itself",
            "evaluations",
            "fill_down=true",
            format!("{evaluation}{}", claims.replace("\n,,,,,,,", "\n,,,,,99,,")),
            wrong(&[("2", "incomplete"), ("F3", "contradicts")]),
        ),
    ]
}

/// Files that LibreOffice wrote; `tests/files/make` says how.
fn libreoffice() -> Vec<Case> {
    let line = |name, bytes: &[u8], format| {
        case(
            name,
            "budget_lines",
            "",
            bytes,
            rows(&[(LINE, spent("109300.00", "10.93万元")), (OTHER, spent("794000.00", "约79.4万元"))]),
        )
        .of(format)
    };
    vec![
        line("LibreOffice: a workbook", include_bytes!("../files/lines.xlsx"), "xlsx"),
        line("LibreOffice: CSV in GB18030", include_bytes!("../files/lines-gb18030.csv"), "csv"),
        line("LibreOffice: CSV in UTF-16, tabs", include_bytes!("../files/lines-utf16.csv"), "csv"),
        case(
            "LibreOffice: dates and percentages",
            "progress",
            "",
            *include_bytes!("../files/months.xlsx"),
            rows(&[(FDI, value("21"))]),
        )
        .of("xlsx"),
    ]
}

/// Sends a file; the receipt, whatever came of it.
async fn send(service: &Service, case: &Case) -> (Reply, Value) {
    let caller = match case.kind {
        "units" | "indicators" => service.admin(),
        "progress" => service.caller_of(Role::Reporter, Some("430922103")),
        _ => service.caller_of(Role::Reporter, Some("209002")),
    };
    let media = match case.format {
        "csv" => "text/csv",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ndjson" => "application/x-ndjson",
        _ => "application/json",
    };
    let path = format!("/v1/uploads/{}?kind={}&{}", case.format, case.kind, case.options);
    let reply = caller
        .with("content-type", media)
        .send(Method::POST, path.trim_end_matches('&'), Some(case.bytes.clone()))
        .await;
    let id = reply.body["id"]
        .as_str()
        .or(reply.body["upload"].as_str())
        .unwrap_or_else(|| panic!("{}: {:#}", case.name, reply.body));
    let receipt = service.admin().get(&format!("/v1/uploads/{id}")).await.expect(200).body;
    (reply, receipt)
}

/// What is not as expected.
async fn complaints(service: &Service, case: &Case) -> Option<String> {
    let (reply, upload) = send(service, case).await;
    let receipt = &upload["receipt"];
    let count = |name: &str| receipt[name].as_i64().unwrap();
    let sum = ["created", "updated", "unchanged", "rejected"].map(count).iter().sum::<i64>();
    let told = |what: &str| Some(format!("{}: {what}\n{} {:#}", case.name, reply.status, receipt));
    if sum != count("received") {
        return told("received is not the sum of its parts");
    }
    let collection = format!("/v1/{}", case.kind.replace('_', "-"));
    match &case.expected {
        Expected::Rows(expected) => {
            if reply.status != 201 {
                return told("not taken");
            }
            let taken = usize::try_from(count("created") + count("updated")).unwrap();
            let rows = if case.kind == "evaluations" { 1 } else { taken };
            if rows != expected.len() {
                return told("other rows than expected");
            }
            for (id, facts) in expected {
                let item = service.admin().get(&format!("{collection}/{id}")).await;
                for (field, value) in facts.as_object().unwrap() {
                    if item.body["facts"][field] != *value {
                        return told(&format!("{id} {field}: {} instead of {value}", item.body["facts"][field]));
                    }
                }
            }
            let undo = format!("/v1/uploads/{}/reversal", upload["id"].as_str().unwrap());
            let back = service.admin().send(Method::POST, &undo, None).await.expect(200);
            let reversal = &back.body["reversals"][0];
            if reversal["reversed"] != json!(expected.len()) || reversal["stay"] != json!([]) {
                return told(&format!("not taken back: {reversal}"));
            }
            None
        }
        Expected::Wrong(expected) => {
            if reply.status != 422 {
                return told("taken");
            }
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let row = |value: &Value| value.as_i64().map_or(String::new(), |row| row.to_string());
            let errors = receipt["errors"].as_array().unwrap();
            let seen: Vec<_> =
                errors.iter().map(|one| (text(&one["column"]) + &row(&one["row"]), text(&one["code"]))).collect();
            let expected: Vec<_> =
                expected.iter().map(|(cell, code)| ((*cell).to_owned(), (*code).to_owned())).collect();
            if seen != expected {
                return told(&format!("{seen:?} instead of {expected:?}"));
            }
            errors
                .iter()
                .any(|one| text(&one["detail_zh"]).is_empty() || text(&one["detail_en"]).is_empty())
                .then(|| "a silent error".into())
        }
    }
}

on_both! {
    async fn files_as_people_make_them(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let town = json!({ "name": "鸬鹚渡镇", "kind": "township", "parent": "430922" });
        admin.put("/v1/units/430922103", &town).await.expect(201);
        let visits = json!({ "name": "走访企业", "measure_unit": "家", "category": "output", "subcategory": "quantity", "direction": "at_least", "cumulative": false });
        admin.put("/v1/indicators/visits", &visits).await.expect(201);
        let cases: Vec<Case> = [lines(), months(), workbooks(), others(), libreoffice()].into_iter().flatten().collect();
        assert!(cases.len() >= 176, "{}", cases.len());
        let mut wrong = Vec::new();
        for case in &cases {
            wrong.extend(complaints(&service, case).await);
        }
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    }
}
