//! What-if (试算): what an evaluation would be worth if some facts were others. Nothing is written.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::SchemeCode;
use super::dossier::{Dossier, Stated};
use super::evaluation::{EvaluationComputed, EvaluationKey};
use super::kept::{Kept, Resource, dangling, too_many};
use super::money::{Balance, Money};
use super::period::Month;
use super::progress::{ProgressFacts, ProgressKey};
use super::quantity::Quantity;
use super::scheme::SchemeFacts;
use super::target::TargetKey;
use super::violation::{Violations, Wrong};

/// A figure that is imagined for a claimed target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct ImaginedFigure {
    /// The target; one that the evaluation claims.
    pub target: TargetKey,
    /// The figure, in the indicator's measure unit.
    pub value: Quantity,
}

/// What is imagined; whatever is left out is as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, ToSchema)]
#[deserr(error = Violations, deny_unknown_fields)]
pub struct WhatIfInput {
    /// Another scheme.
    #[deserr(default)]
    pub scheme: Option<SchemeCode>,
    /// Other figures reached through the year.
    #[deserr(default)]
    #[schema(max_items = 200)]
    pub actuals: Vec<ImaginedFigure>,
    /// Other values to be reached.
    #[deserr(default)]
    #[schema(max_items = 200)]
    pub targets: Vec<ImaginedFigure>,
    /// Another year's budget (全年预算数), 元.
    #[deserr(default)]
    pub adjusted: Option<Money>,
    /// Another amount spent (执行数), 元.
    #[deserr(default)]
    pub executed: Option<Money>,
}

/// An evaluation as it is beside what it would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WhatIf {
    /// The evaluation.
    pub id: EvaluationKey,
    /// As it is.
    pub now: EvaluationComputed,
    /// As it would be.
    pub then: EvaluationComputed,
}

impl WhatIfInput {
    /// Whether it may say this of an evaluation.
    ///
    /// # Errors
    /// Figures of targets that the evaluation does not claim; a scheme that is not in force.
    pub fn check(&self, dossier: &Dossier, stated: &Stated) -> Result<(), Violations> {
        let mut broken = Violations::default();
        let known = self.scheme.as_ref().is_none_or(|scheme| dossier.schemes.contains_key(scheme));
        broken.require(known, || {
            dangling("/scheme", Resource::Schemes, &self.scheme.as_ref().map_or_else(String::new, ToString::to_string))
        });
        let scheme = self.scheme.as_ref().and_then(|scheme| dossier.schemes.get(scheme));
        let weighted = stated.facts.indicators.iter().all(|assessed| assessed.weight.is_some());
        broken.require(weighted || !scheme.is_some_and(SchemeFacts::wants_weights), || {
            let zh = "该办法需要评价自定的权重，而本评价没有";
            Wrong::new("own_weights", zh, "the scheme needs weights that the evaluation does not state").at("/scheme")
        });
        for (name, figures) in [("actuals", &self.actuals), ("targets", &self.targets)] {
            broken.require(figures.len() <= 200, || too_many(&format!("/{name}"), 200));
            for (place, figure) in figures.iter().enumerate() {
                let claimed = stated.facts.indicators.iter().any(|assessed| assessed.target == figure.target);
                broken.require(claimed, || {
                    dangling(format!("/{name}/{place}/target"), Resource::Targets, &figure.target)
                });
            }
        }
        broken.into_result()
    }

    /// The evaluation as it would be.
    pub fn imagine(&self, dossier: &Dossier, stated: &Stated) -> EvaluationComputed {
        let mut imagined = dossier.clone();
        for ImaginedFigure { target, value } in &self.targets {
            for one in imagined.claimed.iter_mut().filter(|one| one.key == *target) {
                one.facts.value = Some(*value);
            }
        }
        for ImaginedFigure { target, value } in &self.actuals {
            let TargetKey { unit, year, indicator, .. } = target.clone();
            let other = |key: &ProgressKey| key.unit != unit || key.indicator != indicator || key.month.year() != year;
            imagined.progress.retain(|row| other(&row.key));
            if let Ok(month) = Month::new(year, 12) {
                let facts = ProgressFacts { value: *value, value_as_printed: None, note: None };
                imagined.progress.push(Kept { key: ProgressKey { unit, month, indicator }, facts, revision: 0 });
            }
        }
        let mut stated = stated.clone();
        stated.facts.scheme = self.scheme.clone().unwrap_or(stated.facts.scheme);
        let mut totals = dossier.totals(&stated);
        totals.adjusted = self.adjusted.map(Balance::from).or(totals.adjusted);
        if let Some(executed) = self.executed.map(Balance::from).or(totals.executed) {
            totals = totals.having_executed(Some(executed));
        }
        imagined.computed_with(&stated, totals)
    }
}
