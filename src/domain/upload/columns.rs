//! The columns of each kind, in the order of the templates, with the names people give them.

use super::kind::{Column, Part, Reads};
use crate::domain::codes::Name;
use crate::domain::evaluation::{ActivityKind, EvaluationKind};
use crate::domain::indicator::{Category, Direction, Subcategory};
use crate::domain::unit::UnitKind;
use crate::domain::word::Word;

/// The values of an enumeration with their Chinese names.
macro_rules! choices {
    ($choice:ty) => {
        || <$choice>::ALL.iter().map(|one| (one.code(), one.zh())).collect()
    };
}

const fn column(
    field: &'static str,
    part: Part,
    reads: Reads,
    names: &'static [&'static str],
    example: &'static str,
) -> Column {
    Column { field, part, reads, names, example }
}

const fn fact(field: &'static str, reads: Reads, names: &'static [&'static str], example: &'static str) -> Column {
    column(field, Part::Fact, reads, names, example)
}

/// The whole key in one column; never in a template.
const ID: Column = column("id", Part::Key, Reads::Id, &["id", "条目编号"], "");
const UNIT: Column = column(
    "unit",
    Part::Key,
    Reads::Unit,
    &[
        "单位编码",
        "单位",
        "单位代码",
        "单位名称",
        "预算单位",
        "预算单位编码",
        "乡镇",
        "乡镇名称",
        "乡镇园区",
        "责任单位",
        "填报单位",
        "实施单位",
        "部门",
        "部门名称",
        "unit",
        "unit_code",
        "unit_name",
    ],
    "209002",
);
const YEAR_NAMES: &[&str] = &["年度", "年份", "预算年度", "会计年度", "财政年度", "year", "fiscal_year"];
const YEAR: Column = column("year", Part::Key, Reads::Year, YEAR_NAMES, "2023");
const PROJECT_NAMES: &[&str] =
    &["项目编码", "项目", "项目代码", "项目编号", "项目名称", "预算项目", "project", "project_code", "project_name"];
const PROJECT: Column = column("project", Part::Key, Reads::Project, PROJECT_NAMES, "209002-2023-01");
const INDICATOR: Column = column(
    "indicator",
    Part::Key,
    Reads::Indicator,
    &[
        "指标",
        "指标编码",
        "指标代码",
        "指标名称",
        "三级指标",
        "考核指标",
        "指标内容",
        "indicator",
        "indicator_code",
        "indicator_name",
    ],
    "fdi",
);
const ASSIGNER_NAMES: &[&str] = &["下达方", "下达单位", "任务来源", "下达级次", "assigner", "assigned_by"];

const MONTH: Column = column(
    "month",
    Part::Key,
    Reads::Month,
    &["月份", "月度", "截至月份", "截止月份", "统计月份", "报告期", "统计期", "期间", "时期", "month", "period"],
    "2023-12",
);

/// What the quantity of a row is in, where its cell does not say.
const MEASURE_UNIT: Column = column("measure_unit", Part::Help, Reads::Text, &["计量单位", "measure_unit"], "万美元");

pub(super) const UNITS: &[Column] = &[
    ID,
    column(
        "code",
        Part::Key,
        Reads::Code,
        &["单位编码", "单位代码", "编码", "代码", "预算单位编码", "code", "unit", "unit_code"],
        "209002",
    ),
    fact("name", Reads::Text, &["单位名称", "名称", "单位", "单位全称", "name", "unit_name"], Name::EXAMPLE),
    fact("kind", Reads::Choice(choices!(UnitKind)), &["单位类型", "类型", "类别", "kind", "unit_type"], "事业单位"),
    fact("parent", Reads::Unit, &["上级单位", "主管部门", "隶属单位", "上级", "上级单位编码", "parent"], "209"),
    fact(
        "division_code",
        Reads::Code,
        &["行政区划代码", "行政区划", "区划代码", "division_code", "division"],
        "430922",
    ),
    fact(
        "social_credit_code",
        Reads::Code,
        &["统一社会信用代码", "信用代码", "social_credit_code"],
        "124309220000000197",
    ),
    fact("established_on", Reads::Date, &["成立时间", "成立日期", "设立时间", "established_on"], "2015-12"),
    fact("funding", Reads::Text, &["经费来源", "经费供给方式", "经费形式", "funding"], "全额拨款"),
    fact("level", Reads::Text, &["行政级别", "级别", "机构级别", "level"], "副科级"),
    fact("approved_posts", Reads::Count, &["核定编制", "核定编制数", "编制数", "人员编制", "approved_posts"], "25"),
    fact("filled_posts", Reads::Count, &["在编人数", "实有人数", "现有人数", "现有编制", "filled_posts"], "20"),
    fact("leadership", Reads::Posts, &["领导职数", "leadership"], "主任1名、副主任2名"),
    fact("duties", Reads::Lines, &["主要职责", "职责", "单位职责", "duties"], "承担全县招商引资工作"),
    fact("valid_from", Reads::Date, &["启用日期", "启用时间", "valid_from"], ""),
    fact("valid_to", Reads::Date, &["停用日期", "停用时间", "valid_to"], ""),
];

pub(super) const PROJECTS: &[Column] = &[
    ID,
    UNIT,
    YEAR,
    column(
        "code",
        Part::Key,
        Reads::Code,
        &["项目编码", "项目代码", "项目编号", "编码", "代码", "code", "project", "project_code"],
        "209002-2023-01",
    ),
    fact("name", Reads::Text, &["项目名称", "名称", "项目", "预算项目", "name", "project_name"], "招商引资专项"),
    fact(
        "long_term_goal",
        Reads::Text,
        &["长期目标", "长期绩效目标", "中长期目标", "long_term_goal"],
        "招大商、招好商，发展桃江经济",
    ),
    fact(
        "annual_goal",
        Reads::Text,
        &["年度目标", "年度绩效目标", "年度总体目标", "绩效目标", "annual_goal"],
        "引进“三类500强”项目1个",
    ),
    fact("functional_class", Reads::Code, &["功能分类", "功能分类科目", "支出功能分类", "functional_class"], "2011308"),
];

pub(super) const BUDGET_LINES: &[Column] = &[
    ID,
    UNIT,
    YEAR,
    PROJECT,
    column(
        "economic_class",
        Part::Key,
        Reads::EconomicClass,
        &[
            "科目",
            "科目编码",
            "科目代码",
            "科目名称",
            "经济分类科目",
            "经济分类",
            "经济科目",
            "部门预算支出经济分类科目",
            "支出项目",
            "支出科目",
            "支出内容",
            "费用项目",
            "economic_class",
            "economic_code",
            "class",
            "name",
        ],
        "30213",
    ),
    fact("name_as_printed", Reads::Text, &["科目原名", "name_as_printed"], ""),
    fact(
        "approved",
        Reads::Money("approved_as_printed"),
        &["年初预算数（万元）", "年初预算", "批复数", "年初批复数", "approved"],
        "2.00",
    ),
    fact("approved_as_printed", Reads::Text, &["年初预算数原文", "approved_as_printed"], ""),
    fact(
        "adjusted",
        Reads::Money("adjusted_as_printed"),
        &["全年预算数（万元）", "全年预算", "调整预算数", "调整后预算数", "预算数", "adjusted"],
        "1.80",
    ),
    fact("adjusted_as_printed", Reads::Text, &["全年预算数原文", "adjusted_as_printed"], ""),
    fact(
        "executed",
        Reads::Money("executed_as_printed"),
        &[
            "执行数（万元）",
            "全年执行数",
            "累计执行数",
            "支出数",
            "支出金额",
            "实际支出",
            "实际支出数",
            "执行金额",
            "本年支出",
            "本年支出数",
            "本年执行数",
            "累计支出",
            "累计支出数",
            "executed",
        ],
        "1.58",
    ),
    fact("executed_as_printed", Reads::Text, &["执行数原文", "executed_as_printed"], ""),
];

pub(super) const INDICATORS: &[Column] = &[
    ID,
    column(
        "code",
        Part::Key,
        Reads::Code,
        &["指标编码", "指标代码", "编码", "代码", "code", "indicator", "indicator_code"],
        "fdi",
    ),
    fact("name", Reads::Text, &["指标名称", "名称", "指标", "三级指标", "name", "indicator_name"], "外商直接投资"),
    fact("measure_unit", Reads::Text, &["计量单位", "单位", "measure_unit"], "万美元"),
    fact("category", Reads::Choice(choices!(Category)), &["一级指标", "指标类别", "category"], "产出"),
    fact("subcategory", Reads::Choice(choices!(Subcategory)), &["二级指标", "subcategory"], "数量"),
    fact("direction", Reads::Choice(choices!(Direction)), &["指标方向", "方向", "计算符号", "direction"], "不低于"),
    fact("cumulative", Reads::Flag, &["是否累计", "累计", "cumulative"], "是"),
    fact("place", Reads::Count, &["序号", "排序", "place"], "1"),
    fact("part_of", Reads::Indicators, &["包含于", "part_of"], ""),
];

pub(super) const TARGETS: &[Column] = &[
    ID,
    UNIT,
    YEAR,
    column("project", Part::MaybeKey, Reads::Project, PROJECT_NAMES, ""),
    INDICATOR,
    column("assigner", Part::Key, Reads::Assigner, ASSIGNER_NAMES, "本单位"),
    MEASURE_UNIT,
    fact(
        "value",
        Reads::Quantity("value_as_printed"),
        &["目标值", "指标值", "年度指标值", "目标任务", "任务数", "目标数", "计划数", "年度目标", "value", "target"],
        "320",
    ),
    fact("value_as_printed", Reads::Text, &["目标值原文", "value_as_printed"], ""),
    fact("goal", Reads::Text, &["目标内容", "定性目标", "goal"], ""),
    fact("document", Reads::Text, &["文号", "依据文件", "下达文件", "document"], ""),
    fact("parent", Reads::Target, &["上级目标", "上级目标编号", "parent"], ""),
    fact("adjustment_reason", Reads::Text, &["调整原因", "调整理由", "adjustment_reason"], ""),
    fact("adjustment_document", Reads::Text, &["调整文号", "调整文件", "adjustment_document"], ""),
];

pub(super) const PROGRESS: &[Column] = &[
    ID,
    UNIT,
    column("year", Part::Help, Reads::Year, YEAR_NAMES, ""),
    MONTH,
    INDICATOR,
    MEASURE_UNIT,
    fact(
        "value",
        Reads::Quantity("value_as_printed"),
        &[
            "完成值",
            "完成数",
            "完成情况",
            "实际完成",
            "实际完成值",
            "实际完成数",
            "累计完成",
            "累计完成值",
            "累计完成数",
            "本年累计",
            "实际数",
            "实际值",
            "完成量",
            "完成金额",
            "累计数",
            "value",
            "actual",
        ],
        "21",
    ),
    fact("value_as_printed", Reads::Text, &["完成值原文", "value_as_printed"], ""),
    fact("note", Reads::Text, &["备注", "说明", "note"], ""),
];

pub(super) const EXPENDITURES: &[Column] = &[
    ID,
    UNIT,
    column("year", Part::Help, Reads::Year, YEAR_NAMES, ""),
    MONTH,
    PROJECT,
    fact(
        "executed",
        Reads::Money("executed_as_printed"),
        &[
            "累计支出（万元）",
            "累计支出数",
            "累计执行数",
            "累计支出金额",
            "累计金额",
            "累计数",
            "本年累计",
            "执行数",
            "支出数",
            "executed",
        ],
        "345.91",
    ),
    fact("executed_as_printed", Reads::Text, &["累计支出原文", "executed_as_printed"], ""),
    fact("note", Reads::Text, &["备注", "说明", "note"], ""),
];

pub(super) const EVALUATIONS: &[Column] = &[
    ID,
    UNIT,
    YEAR,
    column("project", Part::MaybeKey, Reads::Project, PROJECT_NAMES, "209002-2023-01"),
    column(
        "kind",
        Part::Key,
        Reads::Choice(choices!(EvaluationKind)),
        &["评价类型", "评价方式", "评价种类", "kind"],
        "单位自评",
    ),
    fact("scheme", Reads::Scheme, &["权重方案", "计分办法", "评分办法", "scheme"], "自定权重"),
    fact("stated_score", Reads::Points, &["自评总分", "总分", "评价得分", "自评得分", "stated_score"], "100"),
    fact("stated_grade", Reads::Text, &["自评等级", "评价等级", "等级", "stated_grade"], "优秀"),
    fact(
        "stated_executed",
        Reads::Money("stated_executed_as_printed"),
        &["支出总额（万元）", "支出合计", "执行总额", "stated_executed"],
        "344.91",
    ),
    fact("stated_executed_as_printed", Reads::Text, &["支出总额原文", "stated_executed_as_printed"], ""),
    fact("stated_execution_rate", Reads::Percent, &["预算执行率", "执行率", "stated_execution_rate"], ""),
    column("target", Part::Claim, Reads::Target, &["目标编号", "target"], "430922:2023::fdi:city"),
    column("weight", Part::Claim, Reads::Points, &["分值", "权重", "weight"], "90"),
    column("stated_completion", Part::Claim, Reads::Percent, &["完成率", "完成比例", "stated_completion"], "6.56%"),
    column("stated_points", Part::Claim, Reads::Points, &["得分", "stated_points"], ""),
    column("deviation_reason", Part::Claim, Reads::Text, &["偏差原因", "偏差原因分析", "deviation_reason"], ""),
    column("improvement", Part::Claim, Reads::Text, &["改进措施", "improvement"], ""),
    fact(
        "activities",
        Reads::Activity(ActivityKind::OutreachTrip),
        &["外出招商", "外出招商次数", "outreach_trip"],
        "40余次",
    ),
    fact(
        "activities",
        Reads::Activity(ActivityKind::DelegationReceived),
        &["接待客商", "接待客商批次", "delegation_received"],
        "100余批次",
    ),
    fact(
        "activities",
        Reads::Activity(ActivityKind::StationedCadre),
        &["驻点人员", "驻点招商人员", "stationed_cadre"],
        "4",
    ),
    fact(
        "activities",
        Reads::Activity(ActivityKind::DispatchMeeting),
        &["调度会议", "调度会议次数", "dispatch_meeting"],
        "3次",
    ),
    fact("activities", Reads::Activity(ActivityKind::Training), &["培训", "培训次数", "training"], ""),
    fact("indicators", Reads::List, &["indicators"], ""),
    fact("activities", Reads::List, &["activities"], ""),
    fact("exchange_rate", Reads::Number, &["折算汇率", "汇率", "exchange_rate"], ""),
    fact("contact", Reads::Text, &["联系人", "contact"], ""),
    fact("signed_by", Reads::Text, &["单位负责人", "负责人", "signed_by"], ""),
    fact("signed_on", Reads::Date, &["签字日期", "signed_on"], ""),
    fact("submitted_on", Reads::Date, &["报送日期", "提交日期", "填报日期", "submitted_on"], "2024-04"),
];
