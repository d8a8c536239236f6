//! A row as the store keeps it, and the names of the resources.

use super::violation::{Violation, Wrong};

crate::choice! {
    /// The resources that are kept, by the name they have in paths and in the journal.
    pub enum Resource {
        /// 单位
        Units = "units", "单位";
        /// 预算项目
        Projects = "projects", "预算项目";
        /// 经济分类科目
        EconomicClasses = "economic_classes", "经济分类科目";
        /// 行政区划
        Divisions = "divisions", "行政区划";
        /// 预算行
        BudgetLines = "budget_lines", "预算行";
        /// 指标
        Indicators = "indicators", "指标";
        /// 指标值
        Targets = "targets", "指标值";
        /// 完成值
        Progress = "progress", "完成值";
        /// 绩效评价
        Evaluations = "evaluations", "绩效评价";
        /// 审核
        Reviews = "reviews", "审核";
        /// 整改通知
        Rectifications = "rectifications", "整改通知";
        /// 关账
        Closings = "closings", "关账";
        /// 目标批复
        Approvals = "approvals", "目标批复";
        /// 支出进度
        Expenditures = "expenditures", "支出进度";
        /// 评价标准
        Standards = "standards", "评价标准";
        /// 评分办法
        Schemes = "schemes", "评分办法";
        /// 上报批次
        Uploads = "uploads", "上报批次";
        /// 推送订阅
        Webhooks = "webhooks", "推送订阅";
    }
}

impl Resource {
    /// The collection in a path: `budget-lines`.
    pub fn collection(self) -> String {
        self.code().replace('_', "-")
    }
}

/// A row: its key, what was stated, and the number of the journal entry that made it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<K, F> {
    /// The natural key.
    pub key: K,
    /// What was stated.
    pub facts: F,
    /// The journal entry that made it so; grows with every change of the county.
    pub revision: i64,
}

/// A reference to a row that is not there.
pub fn dangling(pointer: impl Into<String>, resource: Resource, id: &impl ToString) -> Violation {
    Wrong::new(
        "unknown_reference",
        format!("没有这个{}", resource.zh()),
        format!("there is no such row in {}", resource.collection()),
    )
    .at(pointer)
    .showing(id.to_string())
}

/// A list that is longer than its bound.
pub fn too_many(pointer: &str, most: usize) -> Violation {
    Wrong::new("too_many", format!("最多 {most} 项"), format!("at most {most} items")).at(pointer)
}
