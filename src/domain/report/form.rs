//! 项目支出绩效自评表: the official form of a self-evaluation (财预〔2020〕10号), filled with computed points, and a second
//! sheet that says where each comes from.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

use super::{Subject, in_wan, points, quantity};
use crate::domain::evaluation::Evaluation;
use crate::domain::quantity::Points;
use crate::domain::scoring::{ScorePart, ScorePartKind};

/// The letters of the form: eight columns.
const LAST: u16 = 7;

/// A sheet in the making, and the row it has come to.
struct Form {
    sheet: Worksheet,
    row: u32,
    plain: Format,
    head: Format,
    title: Format,
}

impl Form {
    fn new(name: &str, title: &str, widths: &[f64]) -> Result<Self, XlsxError> {
        let plain = Format::new().set_border(FormatBorder::Thin).set_text_wrap().set_align(FormatAlign::VerticalCenter);
        let head = plain.clone().set_bold().set_align(FormatAlign::Center);
        let centre = Format::new().set_bold().set_font_size(16.0).set_align(FormatAlign::Center);
        let mut sheet = Worksheet::new();
        sheet.set_name(name)?.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
        for (column, width) in (0_u16..).zip(widths) {
            sheet.set_column_width(column, *width)?;
        }
        let mut form = Self { sheet, row: 0, plain, head, title: centre };
        let last = u16::try_from(widths.len()).unwrap_or(1) - 1;
        form.sheet.merge_range(0, 0, 0, last, title, &form.title)?;
        form.row = 1;
        Ok(form)
    }

    /// A row of cells, each over so many columns; those marked are headings.
    fn add(&mut self, cells: &[(&str, u16, bool)]) -> Result<(), XlsxError> {
        let mut column = 0;
        for (text, over, heading) in cells {
            let format = if *heading { &self.head } else { &self.plain };
            if *over > 1 {
                self.sheet.merge_range(self.row, column, self.row, column + over - 1, text, format)?;
            } else {
                self.sheet.write_string_with_format(self.row, column, *text, format)?;
            }
            column += over;
        }
        self.row += 1;
        Ok(())
    }
}

/// The form as a workbook.
///
/// # Errors
/// The writer's.
pub fn form(subject: &Subject<'_>, evaluation: &Evaluation) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    book.push_worksheet(first_sheet(subject, evaluation)?);
    book.push_worksheet(explanations(evaluation)?);
    book.save_to_buffer()
}

/// The points of a part as the form shows them: 未知 where none are known.
fn earned(part: Option<&ScorePart>) -> String {
    match part {
        Some(part) if part.unknown > Points::ZERO && part.earned == Points::ZERO => "未知".into(),
        Some(part) => part.earned.to_string(),
        None => "—".into(),
    }
}

fn first_sheet(subject: &Subject<'_>, evaluation: &Evaluation) -> Result<Worksheet, XlsxError> {
    let title = format!("项目支出绩效自评表（{} 年度）", evaluation.year);
    let mut form = Form::new("自评表", &title, &[14.0, 14.0, 26.0, 16.0, 16.0, 10.0, 10.0, 34.0])?;
    let (facts, totals, parts) = (&evaluation.facts, &evaluation.computed.totals, &evaluation.computed.score.parts);
    let unit = subject.dossier.unit.facts.name.as_str();
    form.add(&[("项目名称", 2, true), (&subject.project(), 6, false)])?;
    form.add(&[
        ("主管部门", 2, true),
        (subject.department.unwrap_or("—"), 2, false),
        ("实施单位", 2, true),
        (unit, 2, false),
    ])?;
    let execution = parts.iter().find(|part| part.kind == ScorePartKind::ExecutionRate);
    let rate = totals.execution_rate.map_or_else(|| "—".into(), |rate| format!("{rate}%"));
    let weight = execution.map_or_else(|| "—".into(), |part| part.weight.to_string());
    form.add(&[
        ("项目资金（万元）", 2, true),
        ("年初预算数", 1, true),
        ("全年预算数（A）", 1, true),
        ("全年执行数（B）", 1, true),
        ("分值", 1, true),
        ("得分", 1, true),
        ("执行率（B/A）", 1, true),
    ])?;
    let of_execution = earned(execution);
    let (approved, adjusted, executed) = (in_wan(totals.approved), in_wan(totals.adjusted), in_wan(totals.executed));
    let row = [approved.as_str(), &adjusted, &executed, &weight, &of_execution, &rate].map(|cell| (cell, 1, false));
    form.add(&[&[("年度资金总额", 2, true)], &row[..]].concat())?;
    for source in ["其中：当年财政拨款", "　　　上年结转资金", "　　　其他资金"] {
        // Where the money came from is not stated; a blank is no zero.
        let blank = [("—", 1, false); 6];
        form.add(&[&[(source, 2, true)], &blank[..]].concat())?;
    }
    let reached = reached(subject);
    form.add(&[("年度总体目标", 2, true), ("预期目标", 3, true), ("实际完成情况", 3, true)])?;
    form.add(&[("", 2, true), (subject.annual_goal().as_deref().unwrap_or("—"), 3, false), (&reached, 3, false)])?;
    let heads =
        ["一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因分析及改进措施"];
    form.add(&heads.map(|head| (head, 1, true)))?;
    for (assessed, outcome) in subject.claims() {
        let id = outcome.target.key.to_string();
        let part = parts.iter().find(|part| part.subject == id);
        let unit = &outcome.indicator.measure_unit;
        let with_unit = |value| format!("{}{unit}", quantity(value));
        let remark = [&assessed.deviation_reason, &assessed.improvement];
        let remark: Vec<_> = remark.into_iter().flatten().map(ToString::to_string).collect();
        let cells = [
            outcome.indicator.category.zh().to_owned(),
            outcome.indicator.subcategory.zh().to_owned(),
            outcome.indicator.name.to_string(),
            with_unit(outcome.target.facts.value),
            with_unit(outcome.actual),
            part.map_or_else(|| "—".into(), |part| part.weight.to_string()),
            earned(part),
            remark.join("；"),
        ];
        form.add(&cells.each_ref().map(|cell| (cell.as_str(), 1, false)))?;
    }
    let score = &evaluation.computed.score;
    let sum = if score.unknown == Points::ZERO {
        score.earned.to_string()
    } else {
        format!("{}～{}", score.earned, score.at_most)
    };
    form.add(&[
        ("总分", 5, true),
        ("100.00", 1, false),
        (&sum, 1, false),
        (&format!("自评 {}，审核 {}", points(facts.stated_score), points(evaluation.scores.reviewed)), 1, false),
    ])?;
    let text = |name: Option<String>| name.unwrap_or_else(|| "　".into());
    let contact = format!("填表人：{}", text(facts.contact.as_ref().map(ToString::to_string)));
    let signed = format!("单位负责人：{}", text(facts.signed_by.as_ref().map(ToString::to_string)));
    let day = format!("日期：{}", text(facts.signed_on.as_ref().map(ToString::to_string)));
    form.add(&[(&contact, 3, false), (&signed, 3, false), (&day, LAST - 5, false)])?;
    Ok(form.sheet)
}

/// How many of the claimed targets were met.
fn reached(subject: &Subject<'_>) -> String {
    use crate::domain::completion::CompletionState::{Met, Missed, Unknown};
    let claims = subject.claims();
    let count = |state| claims.iter().filter(|(_, outcome)| outcome.completion.state == state).count();
    format!("{} 项指标：完成 {} 项，未完成 {} 项，未知 {} 项", claims.len(), count(Met), count(Missed), count(Unknown))
}

/// Where every point comes from.
fn explanations(evaluation: &Evaluation) -> Result<Worksheet, XlsxError> {
    let mut form = Form::new("计分说明", "计分说明", &[26.0, 10.0, 10.0, 10.0, 10.0, 30.0, 60.0])?;
    form.add(&["项目", "分值", "得分", "未知", "扣分", "算式", "说明"].map(|head| (head, 1, true)))?;
    for part in &evaluation.computed.score.parts {
        let (weight, earned) = (part.weight.to_string(), part.earned.to_string());
        let (unknown, deducted) = (part.unknown.to_string(), part.deducted.to_string());
        let cells = [&part.name, &weight, &earned, &unknown, &deducted, &part.formula, &part.explanation_zh];
        form.add(&cells.map(|cell| (cell.as_str(), 1, false)))?;
    }
    Ok(form.sheet)
}
