//! Grades (评价等级): 优, 良, 中, 差, and what reports call them.

use super::quantity::Points;
use super::standard::Bands;

crate::choice! {
    /// The grade of a score; nationally 优 ≥ 90, 良 ≥ 80, 中 ≥ 60, 差 below.
    pub enum Grade {
        /// 差
        Poor = "poor", "差";
        /// 中, nationally 60 and above
        Fair = "fair", "中";
        /// 良, nationally 80 and above
        Good = "good", "良";
        /// 优, nationally 90 and above
        Excellent = "excellent", "优";
        /// Not known, because the score is not
        Unknown = "unknown", "未知";
    }
}

impl Grade {
    /// The grade of a score, by the bands of its year.
    pub fn of(score: Points, bands: Bands) -> Self {
        match score {
            score if score >= bands.excellent => Self::Excellent,
            score if score >= bands.good => Self::Good,
            score if score >= bands.fair => Self::Fair,
            _ => Self::Poor,
        }
    }

    /// The grade a report's word means, and whether the word is only an alias of the official one.
    pub fn stated(word: &str) -> Option<(Self, bool)> {
        Some(match word.trim() {
            "优" => (Self::Excellent, false),
            "良" => (Self::Good, false),
            "中" => (Self::Fair, false),
            "差" => (Self::Poor, false),
            "优秀" => (Self::Excellent, true),
            "良好" => (Self::Good, true),
            "中等" | "一般" => (Self::Fair, true),
            "较差" | "不合格" => (Self::Poor, true),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_have_exact_edges() {
        for (score, grade) in [
            ("100", Grade::Excellent),
            ("90.00", Grade::Excellent),
            ("89.99", Grade::Good),
            ("80.00", Grade::Good),
            ("79.99", Grade::Fair),
            ("60.00", Grade::Fair),
            ("59.99", Grade::Poor),
            ("0", Grade::Poor),
        ] {
            assert_eq!(Grade::of(score.parse().unwrap(), Bands::NATIONAL), grade, "{score}");
        }
    }

    #[test]
    fn aliases_of_grades_are_recognised_as_such() {
        assert_eq!(Grade::stated("优"), Some((Grade::Excellent, false)));
        assert_eq!(Grade::stated("优秀"), Some((Grade::Excellent, true)));
        assert_eq!(Grade::stated("良好"), Some((Grade::Good, true)));
        assert_eq!(Grade::stated("顶呱呱"), None);
    }
}
