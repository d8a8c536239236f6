//! What rows may refer to: everything of the county, read once for an upload, inside its transaction.

use std::collections::{HashMap, HashSet};

use sea_orm::Condition;

use crate::domain::approval::ApprovalKey;
use crate::domain::closing::ClosingKey;
use crate::domain::code_list::{EconomicClassFacts, EconomicClassKey};
use crate::domain::codes::{IndicatorCode, ProjectCode, SchemeCode, UnitCode};
use crate::domain::evaluation::EvaluationKey;
use crate::domain::frozen::Frozen;
use crate::domain::indicator::IndicatorFacts;
use crate::domain::period::Year;
use crate::domain::project::ProjectKey;
use crate::domain::scheme::{KeptScheme, SchemeFacts};
use crate::domain::target::TargetKey;
use crate::domain::upload::kind::UploadKind;
use crate::domain::upload::names::{Directory, variants};
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::resources::approvals::store::Approvals;
use crate::resources::closings::store::Closings;
use crate::resources::economic_classes::store::EconomicClasses;
use crate::resources::indicators::store::Indicators;
use crate::resources::projects::store::Projects;
use crate::resources::reviews::store::Reviews;
use crate::resources::targets::store::Targets;
use crate::resources::units::store::Units;
use crate::resources::{reviews, schemes};
use crate::store::View;

/// What the rules must know of other rows.
#[derive(Debug, Default)]
pub struct County {
    /// The unit above each unit.
    pub parents: HashMap<UnitCode, Option<UnitCode>>,
    /// Indicators.
    pub indicators: HashMap<IndicatorCode, IndicatorFacts>,
    /// Economic classes of every year.
    pub classes: HashMap<EconomicClassKey, EconomicClassFacts>,
    /// Projects.
    pub projects: HashSet<ProjectKey>,
    /// The years that are closed, and for which unit.
    pub closed: HashSet<ClosingKey>,
    /// The evaluations that are accepted, whose rows stay as they are.
    pub accepted: Vec<EvaluationKey>,
    /// Those that stay as they are until they are withdrawn or returned.
    pub submitted: HashSet<EvaluationKey>,
    /// The units and years whose targets are approved.
    pub approved: HashSet<ApprovalKey>,
    /// Targets, for what refers to them.
    pub targets: HashSet<TargetKey>,
    /// Schemes, for evaluations, in the order of their keys.
    pub schemes: Vec<KeptScheme>,
}

impl County {
    /// Reads what the rows of a kind may refer to, and the names that the caller may use for it.
    ///
    /// # Errors
    /// The database's.
    pub async fn gather(view: &View<'_>, scope: &Scope, kind: UploadKind) -> Result<(Self, Directory), ApiError> {
        let (mut county, mut directory) = (Self::default(), Directory::default());
        let everything = || Condition::all();
        let units = view.list::<Units>(everything(), None, None).await?;
        for unit in &units {
            county.parents.insert(unit.key.clone(), unit.facts.parent.clone());
        }
        for unit in &units {
            if county.visible(scope, &unit.key) {
                directory.units.add(unit.key.as_str(), unit.facts.name.as_str());
            }
        }
        county.closed =
            view.list::<Closings>(everything(), None, None).await?.into_iter().map(|closing| closing.key).collect();
        let held = reviews::store::in_states(|state| state.holds_the_evaluation());
        for review in view.list::<Reviews>(held, None, None).await? {
            if review.facts.state.holds_the_year() {
                county.accepted.push(review.key.clone());
            }
            county.submitted.insert(review.key);
        }
        if matches!(kind, UploadKind::Indicators | UploadKind::Targets | UploadKind::Progress | UploadKind::Evaluations)
        {
            for indicator in view.list::<Indicators>(everything(), None, None).await? {
                directory.indicators.add(indicator.key.as_str(), indicator.facts.name.as_str());
                directory.indicator_facts.insert(indicator.key.to_string(), indicator.facts.clone());
                county.indicators.insert(indicator.key, indicator.facts);
            }
        }
        if kind == UploadKind::BudgetLines {
            for class in view.list::<EconomicClasses>(everything(), None, None).await? {
                let names = directory.classes.entry(class.key.year.number()).or_default();
                names.add(class.key.code.as_str(), class.facts.name.as_str());
                for name in variants(class.facts.name.as_str()) {
                    names.called(class.key.code.as_str(), &name);
                }
                county.classes.insert(class.key, class.facts);
            }
        }
        if matches!(
            kind,
            UploadKind::BudgetLines | UploadKind::Targets | UploadKind::Expenditures | UploadKind::Evaluations
        ) {
            for project in view.list::<Projects>(everything(), None, None).await? {
                let place = (project.key.unit.to_string(), project.key.year.number());
                let names = directory.projects.entry(place).or_default();
                names.add(project.key.code.as_str(), project.facts.name.as_str());
                county.projects.insert(project.key);
            }
        }
        if matches!(kind, UploadKind::Targets | UploadKind::Evaluations) {
            let targets = view.list::<Targets>(everything(), None, None).await?;
            county.targets = targets.into_iter().map(|target| target.key).collect();
            let approvals = view.list::<Approvals>(everything(), None, None).await?;
            county.approved = approvals.into_iter().map(|approval| approval.key).collect();
        }
        if kind == UploadKind::Evaluations {
            county.schemes = schemes::all(view).await?;
            for scheme in &county.schemes {
                directory.schemes.add(scheme.key.code.as_str(), scheme.facts.name.as_str());
            }
        }
        Ok((county, directory))
    }

    /// A unit and those above it, from itself to the top; empty where there is no such unit.
    pub fn lineage(&self, unit: &UnitCode) -> Vec<UnitCode> {
        let mut line = Vec::new();
        let mut next = self.parents.contains_key(unit).then(|| unit.clone());
        // A tree is never deeper than this; a circle would be.
        while let Some(unit) = next.filter(|_| line.len() < 100) {
            next = self.parents.get(&unit).cloned().flatten();
            line.push(unit);
        }
        line
    }

    /// The scheme of a code that is in force in a year.
    pub fn scheme(&self, code: &SchemeCode, year: Year) -> Option<&SchemeFacts> {
        self.schemes.iter().rfind(|one| one.key.code == *code && one.key.year <= year).map(|one| &one.facts)
    }

    /// What freezes a row of a unit's year, if anything does.
    pub fn frozen(&self, unit: &UnitCode, year: Year, project: Option<&ProjectCode>) -> Option<Frozen> {
        if let Some(closing) = self.closing(unit, year) {
            return Some(Frozen::Closed(closing));
        }
        let of_the_year = self.accepted.iter().filter(|key| key.unit == *unit && key.year == year);
        reviews::freezes(of_the_year, project).map(|key| Frozen::Accepted(key.clone()))
    }

    /// The closing that freezes a unit's year, if one does.
    pub fn closing(&self, unit: &UnitCode, year: Year) -> Option<ClosingKey> {
        if self.closed.is_empty() {
            return None;
        }
        let keys = self.lineage(unit).into_iter().map(|unit| ClosingKey { unit, year });
        keys.into_iter().find(|key| self.closed.contains(key))
    }

    /// Whether a unit is there and a caller may see it.
    pub fn visible(&self, scope: &Scope, unit: &UnitCode) -> bool {
        match scope {
            Scope::County => self.parents.contains_key(unit),
            Scope::Subtree(top) => self.lineage(unit).contains(top),
        }
    }
}
