//! Why rows stay as they are, for whoever would change them.

use super::approval::ApprovalKey;
use super::closing::ClosingKey;
use super::evaluation::EvaluationKey;

/// What freezes a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frozen {
    /// The year is closed.
    Closed(ClosingKey),
    /// The year's self-evaluation was accepted.
    Accepted(EvaluationKey),
    /// The evaluation itself is being reviewed, or was.
    UnderReview(EvaluationKey),
    /// The targets are approved: they are adjusted, not taken away.
    Approved(ApprovalKey),
}

impl Frozen {
    /// The sentence for the caller, in Chinese and English.
    pub fn sentences(&self) -> (String, String) {
        match self {
            Self::Closed(ClosingKey { unit, year }) => (
                format!("{unit} 的 {year} 年度已关账，数据不能再改"),
                format!("the year {year} is closed for {unit}; its rows are frozen"),
            ),
            Self::Accepted(key) => (
                format!("自评 {key} 已审定，相关数据不能再改，须先退回"),
                format!("the evaluation {key} was accepted; its rows are frozen until it is returned"),
            ),
            Self::UnderReview(key) => (
                format!("评价 {key} 已提交，须撤回或退回后才能修改"),
                format!("the evaluation {key} was submitted; it changes after it was withdrawn or returned"),
            ),
            Self::Approved(ApprovalKey { unit, year }) => (
                format!("{unit} 的 {year} 年度目标已批复，只能调整，不能删除"),
                format!("the targets of {unit} for {year} are approved; they are adjusted, not taken away"),
            ),
        }
    }
}
