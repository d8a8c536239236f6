//! Standards (评价标准): the thresholds, bands and calendars of a year, as data.
//!
//! A county states its own; what it has not stated is the national default. The one in force in a year is the newest
//! that is not of a later year.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{AsPrinted, Bounded};
use super::day::{Day, MonthDay};
use super::grade::Grade;
use super::kept::{Kept, too_many};
use super::period::{Month, Year};
use super::quantity::{Percent, Points, Rate};
use super::violation::{Violations, Wrong};

crate::key! {
    /// A standard's key: the first year it is for.
    pub struct StandardKey {
        /// The year.
        year: Year,
    }
    example "2023"
}

/// A day of the month: 1 to 31.
pub type DayOfMonth = Bounded<1, 31>;
/// So many days or ranks: 0 to 366.
pub type Few = Bounded<0, 366>;

crate::choice! {
    /// What a grade means for next year's money (结果应用, 财预〔2020〕10号: 优、良 support, 中、差 improve and cut).
    pub enum Advice {
        /// 优先保障
        Support = "support", "支持";
        /// 督促改进
        Improve = "improve", "改进";
        /// 压减或取消
        Cut = "cut", "压减";
    }
}

crate::choice! {
    /// A monitoring light (监控预警灯).
    pub enum Light {
        /// Far behind.
        Red = "red", "红";
        /// Behind.
        Yellow = "yellow", "黄";
        /// As planned.
        Green = "green", "绿";
        /// Far ahead: the target may be too low.
        Blue = "blue", "蓝";
        /// Not known.
        Unknown = "unknown", "未知";
    }
}

/// A report that is due on another day than usual, such as before the Spring Festival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ReportDue {
    /// The month reported on.
    pub month: Month,
    /// The last day, in China, on which its report is in time.
    pub due_on: Day,
}

/// What a grade means for next year's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct GradeUse {
    /// The grade.
    pub grade: Grade,
    /// What it means.
    pub advice: Advice,
    /// How much more or, negative, less money it suggests, percent of this year's.
    pub change: Percent,
}

/// What is stated of a standard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct StandardFacts {
    /// The document that sets it (文号).
    #[deserr(default)]
    pub document: Option<AsPrinted>,
    /// Pace from which a light is yellow instead of red, percent of what the months gone ask for; 60.
    pub yellow_from: Percent,
    /// Pace from which it is green; 80.
    pub green_from: Percent,
    /// Pace from which it is blue; 120.
    pub blue_from: Percent,
    /// Completion from which the reason for so much is asked for, percent; 130.
    pub reason_from: Percent,
    /// Score from which the grade is 优; 90.
    pub excellent_from: Points,
    /// Score from which it is 良; 80.
    pub good_from: Points,
    /// Score from which it is 中; 60.
    pub fair_from: Points,
    /// The day of the next month on which a month's report is due; 5.
    pub report_due_day: DayOfMonth,
    /// Months whose report is due on another day.
    #[deserr(default)]
    #[schema(max_items = 100)]
    pub report_due_on: Vec<ReportDue>,
    /// The day of the next year on which self-evaluations are due; 04-30.
    pub self_evaluation_due: MonthDay,
    /// The day of the next year on which reviews are due; 09-30.
    pub review_due: MonthDay,
    /// Days a unit has to answer a rectification notice; 30.
    pub rectification_days: Few,
    /// How many units a red list (红榜) has; 3.
    pub red_list: Few,
    /// How many units a black list (黑榜) has; 3.
    pub black_list: Few,
    /// What each grade means for next year's money.
    #[deserr(default)]
    #[schema(max_items = 4)]
    pub uses: Vec<GradeUse>,
}

/// The bands of grades, for whoever only grades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bands {
    /// From here 优.
    pub excellent: Points,
    /// From here 良.
    pub good: Points,
    /// From here 中.
    pub fair: Points,
}

impl Default for StandardFacts {
    /// The national defaults: lights as deployed fiscal systems set them, grades of 财预〔2020〕10号.
    fn default() -> Self {
        let percent = |whole: i64| Percent::of_hundredths(whole * 100);
        let few = |number: i64| Few::new(number).unwrap_or_else(Few::least);
        let day = |month, day| MonthDay::new(month, day);
        let for_money = |grade, advice, change| GradeUse { grade, advice, change: percent(change) };
        Self {
            document: None,
            yellow_from: percent(60),
            green_from: percent(80),
            blue_from: percent(120),
            reason_from: percent(130),
            excellent_from: Points::whole(90),
            good_from: Points::whole(80),
            fair_from: Points::whole(60),
            report_due_day: DayOfMonth::new(5).unwrap_or_else(DayOfMonth::least),
            report_due_on: Vec::new(),
            self_evaluation_due: day(4, 30),
            review_due: day(9, 30),
            rectification_days: few(30),
            red_list: few(3),
            black_list: few(3),
            uses: vec![
                for_money(Grade::Excellent, Advice::Support, 0),
                for_money(Grade::Good, Advice::Support, 0),
                for_money(Grade::Fair, Advice::Improve, -10),
                for_money(Grade::Poor, Advice::Cut, -30),
            ],
        }
    }
}

impl StandardFacts {
    /// Whether a standard may say this.
    ///
    /// # Errors
    /// Thresholds that are not in order, a month or a grade that stands twice, a report due before its month is over.
    pub fn check(&self) -> Result<(), Violations> {
        let mut broken = Violations::default();
        let out_of_order =
            |pointer: &str| Wrong::new("out_of_order", "应大于前一档", "must be more than the band below").at(pointer);
        broken.require(self.yellow_from > Percent::of_hundredths(0), || out_of_order("/yellow_from"));
        broken.require(self.yellow_from < self.green_from, || out_of_order("/green_from"));
        broken.require(self.green_from < self.blue_from, || out_of_order("/blue_from"));
        broken.require(self.reason_from > Percent::of_hundredths(10_000), || {
            Wrong::new("out_of_order", "应大于 100%", "must be more than 100 percent").at("/reason_from")
        });
        broken.require(self.fair_from > Points::ZERO, || out_of_order("/fair_from"));
        broken.require(self.fair_from < self.good_from, || out_of_order("/good_from"));
        broken.require(self.good_from < self.excellent_from, || out_of_order("/excellent_from"));
        broken.require(self.excellent_from <= Points::whole(100), || {
            Wrong::new("out_of_range", "最多 100 分", "at most 100 points").at("/excellent_from")
        });
        broken.require(self.report_due_on.len() <= 100, || too_many("/report_due_on", 100));
        for (place, due) in self.report_due_on.iter().enumerate() {
            let pointer = format!("/report_due_on/{place}");
            broken.require(!self.report_due_on[..place].iter().any(|one| one.month == due.month), || {
                Wrong::new("duplicate", "同一月份出现两次", "the same month twice").at(format!("{pointer}/month"))
            });
            broken.require(due.due_on.month() > due.month, || {
                Wrong::new("too_early", "月份结束后才能上报", "a month is reported on when it is over")
                    .at(format!("{pointer}/due_on"))
                    .showing(due.due_on)
            });
        }
        for (place, one) in self.uses.iter().enumerate() {
            broken.require(one.grade != Grade::Unknown, || {
                Wrong::new("unknown_value", "须为优、良、中、差之一", "must be one of the four grades")
                    .at(format!("/uses/{place}/grade"))
            });
            broken.require(!self.uses[..place].iter().any(|other| other.grade == one.grade), || {
                Wrong::new("duplicate", "同一等级出现两次", "the same grade twice").at(format!("/uses/{place}/grade"))
            });
            broken.require((-10_000..=100_000).contains(&one.change.hundredths()), || {
                Wrong::new("out_of_range", "应为 -100% 至 1000%", "must be from -100 to 1000 percent")
                    .at(format!("/uses/{place}/change"))
            });
        }
        broken.into_result()
    }

    /// The light of a pace in percent.
    pub fn light(&self, pace: Option<Rate>) -> Light {
        let at_least = |pace: Rate, edge: Percent| pace.hundredths() >= i128::from(edge.hundredths());
        match pace {
            None => Light::Unknown,
            Some(pace) if at_least(pace, self.blue_from) => Light::Blue,
            Some(pace) if at_least(pace, self.green_from) => Light::Green,
            Some(pace) if at_least(pace, self.yellow_from) => Light::Yellow,
            Some(_) => Light::Red,
        }
    }

    /// The bands of grades.
    pub const fn bands(&self) -> Bands {
        Bands { excellent: self.excellent_from, good: self.good_from, fair: self.fair_from }
    }

    /// The last day on which the report of a month is in time.
    pub fn report_due(&self, month: Month) -> Option<Day> {
        let stated = self.report_due_on.iter().find(|due| due.month == month).map(|due| due.due_on);
        stated.or_else(|| Day::of_month(month.next()?, u8::try_from(self.report_due_day.number()).ok()?))
    }

    /// The last month of a year whose report is due before a day.
    pub fn last_due(&self, year: Year, today: Day) -> Option<Month> {
        let over = |month: &Month| self.report_due(*month).is_some_and(|due| today > due);
        (1..=12).rev().filter_map(|number| Month::new(year, number).ok()).find(over)
    }

    /// What a grade means for next year's money.
    pub fn use_of(&self, grade: Grade) -> Option<GradeUse> {
        self.uses.iter().copied().find(|one| one.grade == grade)
    }
}

impl Bands {
    /// The national bands.
    pub const NATIONAL: Self = Self { excellent: Points::whole(90), good: Points::whole(80), fair: Points::whole(60) };
}

/// A standard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Standard {
    /// The first year it is for.
    pub id: StandardKey,
    /// The same.
    pub year: Year,
    /// What was stated, or the national default.
    pub facts: StandardFacts,
    /// The journal entry that made it so; the item's `ETag`; 0 for the national default.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub revision: i64,
}

impl From<Kept<StandardKey, StandardFacts>> for Standard {
    fn from(kept: Kept<StandardKey, StandardFacts>) -> Self {
        let Kept { key, facts, revision } = kept;
        Self { year: key.year, id: key, facts, revision }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_national_default_is_a_standard() {
        assert_eq!(StandardFacts::default().check(), Ok(()));
    }

    #[test]
    fn lights_change_at_their_edges() {
        let standard = StandardFacts::default();
        for (pace, light) in [
            ("0.00", Light::Red),
            ("59.99", Light::Red),
            ("60.00", Light::Yellow),
            ("79.99", Light::Yellow),
            ("80.00", Light::Green),
            ("119.99", Light::Green),
            ("120.00", Light::Blue),
        ] {
            assert_eq!(standard.light(pace.parse().ok()), light, "{pace}");
        }
        assert_eq!(standard.light(None), Light::Unknown);
    }

    #[test]
    fn reports_are_due_in_the_month_after() {
        let mut standard = StandardFacts::default();
        let due =
            |standard: &StandardFacts, month: &str| standard.report_due(month.parse().unwrap()).unwrap().to_string();
        assert_eq!(due(&standard, "2023-12"), "2024-01-05");
        standard.report_due_on =
            vec![ReportDue { month: "2024-01".parse().unwrap(), due_on: "2024-02-19".parse().unwrap() }];
        assert_eq!(due(&standard, "2024-01"), "2024-02-19");
        assert_eq!(due(&standard, "2024-02"), "2024-03-05");
        standard.report_due_day = DayOfMonth::new(31).unwrap();
        assert_eq!(due(&standard, "2024-03"), "2024-04-30");
    }

    #[test]
    fn reports_come_in_time_late_revised_or_not_at_all() {
        use crate::domain::monitoring::{Look, ReportState};
        let standard = StandardFacts::default();
        for (today, reported, late, revised, state) in [
            ("2023-06-05", true, false, false, ReportState::InTime),
            ("2023-06-06", true, false, true, ReportState::Revised),
            ("2023-06-06", true, true, false, ReportState::Late),
            ("2023-06-05", false, false, false, ReportState::Awaited),
            ("2023-06-06", false, false, false, ReportState::Missing),
        ] {
            let look = Look { month: "2023-05".parse().unwrap(), today: today.parse().unwrap(), standard: &standard };
            assert_eq!(look.state(reported, late, revised), state, "{today}");
        }
        let last =
            |today: &str| standard.last_due("2023".parse().unwrap(), today.parse().unwrap()).map(|m| m.to_string());
        assert_eq!((last("2023-02-05"), last("2023-02-06")), (None, Some("2023-01".into())));
    }

    #[test]
    fn thresholds_stand_in_order() {
        let wrong = |change: fn(&mut StandardFacts)| {
            let mut facts = StandardFacts::default();
            change(&mut facts);
            facts.check().unwrap_err().0.into_iter().map(|one| one.pointer).collect::<Vec<_>>()
        };
        assert_eq!(wrong(|facts| facts.green_from = facts.yellow_from), ["/green_from"]);
        assert_eq!(wrong(|facts| facts.excellent_from = Points::whole(101)), ["/excellent_from"]);
        assert_eq!(wrong(|facts| facts.fair_from = Points::whole(80)), ["/good_from"]);
        assert_eq!(wrong(|facts| facts.uses.push(facts.uses[0])), ["/uses/4/grade"]);
    }
}
