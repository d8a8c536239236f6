//! What each kind of row is checked by: the rules of its room, asked with what the whole upload may refer to.

use std::collections::BTreeSet;

use super::county::County;
use super::intake::Intake;
use crate::domain::approval::ApprovalKey;
use crate::domain::budget_line::{BudgetLineFacts, BudgetLineKey};
use crate::domain::code_list::EconomicClassKey;
use crate::domain::codes::{IndicatorCode, ProjectCode, UnitCode};
use crate::domain::evaluation::{Claim, EvaluationFacts, EvaluationKey};
use crate::domain::expenditure::{ExpenditureFacts, ExpenditureKey};
use crate::domain::frozen::Frozen;
use crate::domain::indicator::IndicatorFacts;
use crate::domain::kept::Kept;
use crate::domain::money::Money;
use crate::domain::period::Year;
use crate::domain::progress::{ProgressFacts, ProgressKey};
use crate::domain::project::{ProjectFacts, ProjectKey};
use crate::domain::quantity::Quantity;
use crate::domain::target::{Basis, Parent, TargetFacts, TargetKey};
use crate::domain::unit::UnitFacts;
use crate::domain::violation::{Violations, Wrong};
use crate::http::error::ApiError;
use crate::http::identity::{Administer, Caller, Define, Evaluate, Report, Upload};
use crate::resources::budget_lines::store::BudgetLines;
use crate::resources::evaluations::{require_evaluator, store::Evaluations};
use crate::resources::expenditures::store::Expenditures;
use crate::resources::indicators::store::Indicators;
use crate::resources::progress::store::{Leap, Progresses, leaps};
use crate::resources::projects::store::Projects;
use crate::resources::targets::{require_assigner, store::Targets};
use crate::resources::units::{stays_inside, store::Units};
use crate::store::View;

/// What a caller may not do, said of a row.
fn refused(error: &ApiError) -> Violations {
    let (zh, en) = error.sentences();
    Violations(vec![Wrong::new("forbidden", zh, en).at("")])
}

/// Two months of a year that do not go together.
fn odd(leap: &Leap) -> Wrong {
    let Leap { earlier, before, later, after, fell, .. } = leap;
    if *fell {
        return Wrong::new(
            "cumulative_fell",
            format!("累计数下降：{earlier} 为 {before}，{later} 为 {after}"),
            format!("a cumulative value fell: {before} in {earlier}, {after} in {later}"),
        );
    }
    Wrong::new(
        "unit_slip",
        format!("{earlier} 为 {before}，{later} 为 {after}，相差约一万倍，是否把元和万元弄错了？"),
        format!("{before} in {earlier}, {after} in {later}: about ten thousand times; yuan or 万元?"),
    )
}

impl Intake for Units {
    const TOGETHER: bool = true;

    fn admit(caller: &Caller<Upload>) -> Result<(), ApiError> {
        caller.also::<Administer>().map(drop)
    }

    fn whose(_: &UnitCode) -> Option<(&UnitCode, Option<Year>)> {
        None // A unit that is new cannot be seen yet; `check` says where it may be.
    }

    fn check(
        county: &County,
        caller: &Caller<Upload>,
        key: &UnitCode,
        facts: &UnitFacts,
        before: Option<&Kept<UnitCode, UnitFacts>>,
    ) -> Result<(), Violations> {
        Self::permit(county, caller, key, before.is_some())?;
        let lineage = facts.parent.as_ref().map_or_else(Vec::new, |parent| county.lineage(parent));
        if !stays_inside(&caller.scope, key, before.map(|kept| &kept.facts), facts, &lineage) {
            return Err(refused(&ApiError::NotFound));
        }
        facts.check(key, &lineage)
    }

    fn permit(county: &County, caller: &Caller<Upload>, key: &UnitCode, exists: bool) -> Result<(), Violations> {
        let inside = !exists || county.visible(&caller.scope, key);
        if inside { Ok(()) } else { Err(refused(&ApiError::NotFound)) }
    }

    fn forget(county: &mut County, key: &UnitCode) {
        county.parents.remove(key);
    }

    fn learn(county: &mut County, key: &UnitCode, facts: &UnitFacts) {
        county.parents.insert(key.clone(), facts.parent.clone());
    }
}

impl Intake for Projects {
    fn admit(caller: &Caller<Upload>) -> Result<(), ApiError> {
        caller.also::<Report>().map(drop)
    }

    fn whose(key: &ProjectKey) -> Option<(&UnitCode, Option<Year>)> {
        Some((&key.unit, Some(key.year)))
    }

    fn project(key: &ProjectKey) -> Option<&ProjectCode> {
        Some(&key.code)
    }

    fn check(
        _: &County,
        _: &Caller<Upload>,
        _: &ProjectKey,
        _: &ProjectFacts,
        _: Option<&Kept<ProjectKey, ProjectFacts>>,
    ) -> Result<(), Violations> {
        Ok(())
    }
}

impl Intake for BudgetLines {
    fn admit(caller: &Caller<Upload>) -> Result<(), ApiError> {
        caller.also::<Report>().map(drop)
    }

    fn whose(key: &BudgetLineKey) -> Option<(&UnitCode, Option<Year>)> {
        Some((&key.unit, Some(key.year)))
    }

    fn project(key: &BudgetLineKey) -> Option<&ProjectCode> {
        Some(&key.project)
    }

    fn check(
        county: &County,
        _: &Caller<Upload>,
        key: &BudgetLineKey,
        facts: &BudgetLineFacts,
        before: Option<&Kept<BudgetLineKey, BudgetLineFacts>>,
    ) -> Result<(), Violations> {
        let BudgetLineKey { unit, year, project, economic_class } = key.clone();
        let class = county.classes.get(&EconomicClassKey { year, code: economic_class });
        let project_known = county.projects.contains(&ProjectKey { unit, year, code: project });
        facts.check(key, class, before.is_some(), project_known)
    }

    fn numbers(facts: &BudgetLineFacts) -> Vec<(&'static str, Option<i64>)> {
        let amounts = [("approved", facts.approved), ("adjusted", facts.adjusted), ("executed", facts.executed)];
        amounts.into_iter().map(|(field, amount)| (field, amount.map(Money::fen))).collect()
    }
}

impl Intake for Indicators {
    const TOGETHER: bool = true;

    fn admit(caller: &Caller<Upload>) -> Result<(), ApiError> {
        caller.also::<Define>()?.require_whole_county()
    }

    fn whose(_: &IndicatorCode) -> Option<(&UnitCode, Option<Year>)> {
        None
    }

    fn check(
        county: &County,
        _: &Caller<Upload>,
        key: &IndicatorCode,
        facts: &IndicatorFacts,
        _: Option<&Kept<IndicatorCode, IndicatorFacts>>,
    ) -> Result<(), Violations> {
        let unknown = facts.part_of.iter().filter(|whole| !county.indicators.contains_key(*whole));
        facts.check(key, &unknown.cloned().collect::<Vec<_>>())
    }

    fn in_use(county: &County, key: &IndicatorCode) -> bool {
        county.indicators.values().any(|other| other.part_of.contains(key))
    }

    fn forget(county: &mut County, key: &IndicatorCode) {
        county.indicators.remove(key);
    }

    fn learn(county: &mut County, key: &IndicatorCode, facts: &IndicatorFacts) {
        county.indicators.insert(key.clone(), facts.clone());
    }
}

impl Intake for Targets {
    const TOGETHER: bool = true;

    fn admit(caller: &Caller<Upload>) -> Result<(), ApiError> {
        caller.also::<Report>().map(drop)
    }

    fn whose(key: &TargetKey) -> Option<(&UnitCode, Option<Year>)> {
        Some((&key.unit, Some(key.year)))
    }

    fn project(key: &TargetKey) -> Option<&ProjectCode> {
        key.project.0.as_ref()
    }

    fn held(county: &County, key: &TargetKey) -> Option<Frozen> {
        let approval = ApprovalKey { unit: key.unit.clone(), year: key.year };
        county.approved.contains(&approval).then_some(Frozen::Approved(approval))
    }

    fn check(
        county: &County,
        caller: &Caller<Upload>,
        key: &TargetKey,
        facts: &TargetFacts,
        before: Option<&Kept<TargetKey, TargetFacts>>,
    ) -> Result<(), Violations> {
        Self::permit(county, caller, key, true)?;
        let project = key.project.0.clone().map(|code| ProjectKey { unit: key.unit.clone(), year: key.year, code });
        let above = |parent: &TargetKey| county.lineage(&key.unit).into_iter().skip(1).any(|unit| unit == parent.unit);
        let basis = Basis {
            direction: county.indicators.get(&key.indicator).map(|indicator| indicator.direction),
            project_known: project.is_none_or(|project| county.projects.contains(&project)),
            parent: match &facts.parent {
                None => Parent::Fair,
                Some(parent) if county.targets.contains(parent) && above(parent) => Parent::Fair,
                // Whoever may not see the target must not learn that it exists.
                Some(parent) if county.targets.contains(parent) && county.visible(&caller.scope, &parent.unit) => {
                    Parent::NotAbove
                }
                Some(_) => Parent::Missing,
            },
            approved: county.approved.contains(&ApprovalKey { unit: key.unit.clone(), year: key.year }),
            before: before.map(|kept| &kept.facts),
        };
        facts.check(key, &basis)
    }

    fn learn(county: &mut County, key: &TargetKey, _: &TargetFacts) {
        county.targets.insert(key.clone());
    }

    fn permit(_: &County, caller: &Caller<Upload>, key: &TargetKey, _: bool) -> Result<(), Violations> {
        require_assigner(caller, key).map_err(|error| refused(&error))
    }

    fn numbers(facts: &TargetFacts) -> Vec<(&'static str, Option<i64>)> {
        vec![("value", facts.value.map(Quantity::micros))]
    }
}

impl Intake for Progresses {
    fn admit(caller: &Caller<Upload>) -> Result<(), ApiError> {
        caller.also::<Report>().map(drop)
    }

    fn whose(key: &ProgressKey) -> Option<(&UnitCode, Option<Year>)> {
        Some((&key.unit, Some(key.month.year())))
    }

    fn check(
        county: &County,
        _: &Caller<Upload>,
        key: &ProgressKey,
        facts: &ProgressFacts,
        _: Option<&Kept<ProgressKey, ProgressFacts>>,
    ) -> Result<(), Violations> {
        facts.check(key, county.indicators.get(&key.indicator).map(|indicator| indicator.direction))
    }

    async fn look_around(
        view: &View<'_>,
        touched: &BTreeSet<(UnitCode, Year)>,
        since: i64,
    ) -> Result<Vec<(String, &'static str, Wrong)>, ApiError> {
        let leaps = leaps(view, touched, since).await?;
        Ok(leaps.into_iter().map(|leap| (leap.new.to_string(), "value", odd(&leap))).collect())
    }

    fn numbers(facts: &ProgressFacts) -> Vec<(&'static str, Option<i64>)> {
        vec![("value", Some(facts.value.micros()))]
    }
}

impl Intake for Expenditures {
    fn admit(caller: &Caller<Upload>) -> Result<(), ApiError> {
        caller.also::<Report>().map(drop)
    }

    fn whose(key: &ExpenditureKey) -> Option<(&UnitCode, Option<Year>)> {
        Some((&key.unit, Some(key.month.year())))
    }

    fn project(key: &ExpenditureKey) -> Option<&ProjectCode> {
        Some(&key.project)
    }

    fn check(
        county: &County,
        _: &Caller<Upload>,
        key: &ExpenditureKey,
        facts: &ExpenditureFacts,
        _: Option<&Kept<ExpenditureKey, ExpenditureFacts>>,
    ) -> Result<(), Violations> {
        let ExpenditureKey { unit, month, project } = key.clone();
        facts.check(key, county.projects.contains(&ProjectKey { unit, year: month.year(), code: project }))
    }

    fn numbers(facts: &ExpenditureFacts) -> Vec<(&'static str, Option<i64>)> {
        vec![("executed", Some(facts.executed.fen()))]
    }
}

impl Intake for Evaluations {
    const TOGETHER: bool = true;
    const JOINED: bool = true;

    fn admit(caller: &Caller<Upload>) -> Result<(), ApiError> {
        caller.also::<Evaluate>().map(drop)
    }

    fn whose(key: &EvaluationKey) -> Option<(&UnitCode, Option<Year>)> {
        Some((&key.unit, Some(key.year)))
    }

    fn frozen(county: &County, key: &EvaluationKey) -> Option<Frozen> {
        let closed = county.closing(&key.unit, key.year).map(Frozen::Closed);
        closed.or_else(|| county.submitted.contains(key).then(|| Frozen::UnderReview(key.clone())))
    }

    fn check(
        county: &County,
        caller: &Caller<Upload>,
        key: &EvaluationKey,
        facts: &EvaluationFacts,
        _: Option<&Kept<EvaluationKey, EvaluationFacts>>,
    ) -> Result<(), Violations> {
        Self::permit(county, caller, key, true)?;
        let claim = |target: &TargetKey| {
            let (own, other) = (county.lineage(&key.unit), county.lineage(&target.unit));
            let related = own.contains(&target.unit) || other.contains(&key.unit);
            match county.targets.contains(target) {
                true if related => {
                    county.indicators.get(&target.indicator).map_or(Claim::Missing, |one| Claim::Fair(one.category))
                }
                // Whoever may not see the target must not learn that it exists.
                true if county.visible(&caller.scope, &target.unit) => Claim::Unrelated,
                _ => Claim::Missing,
            }
        };
        let claimed = facts.indicators.iter().take(EvaluationFacts::MOST_INDICATORS);
        let claims: Vec<Claim> = claimed.map(|assessed| claim(&assessed.target)).collect();
        let project = key.project.0.clone().map(|code| ProjectKey { unit: key.unit.clone(), year: key.year, code });
        let scheme = county.scheme(&facts.scheme, key.year);
        facts.check(key, &claims, project.is_none_or(|project| county.projects.contains(&project)), scheme)
    }

    fn permit(_: &County, caller: &Caller<Upload>, key: &EvaluationKey, _: bool) -> Result<(), Violations> {
        require_evaluator(caller.role, key.kind).map_err(|error| refused(&error))
    }
}
