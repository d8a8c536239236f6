//! What a person reads, prints and hands in: the page of an evaluation, and the official form of it.

mod chart;
pub mod form;
pub mod page;

use super::dossier::{Dossier, Outcome, Stated};
use super::evaluation::AssessedTarget;
use super::findings::Finding;
use super::money::Balance;
use super::quantity::{Points, Quantity};

/// Everything that a report of an evaluation shows.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The unit's year.
    pub dossier: &'a Dossier,
    /// The evaluation.
    pub stated: &'a Stated,
    /// What does not add up.
    pub findings: &'a [Finding],
    /// The name of the unit above.
    pub department: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// The targets the evaluation claims, with what was reached.
    fn claims(&self) -> Vec<(&'a AssessedTarget, Outcome<'a>)> {
        self.dossier.claims(self.stated)
    }

    /// The name of the project, or that it is the unit as a whole.
    fn project(&self) -> String {
        let code = self.stated.key.project.0.as_ref();
        let named = self.dossier.projects.iter().find(|project| Some(&project.key.code) == code);
        match (named, code) {
            (Some(project), _) => project.facts.name.to_string(),
            (None, Some(code)) => code.to_string(),
            (None, None) => "部门整体支出".into(),
        }
    }

    /// The name of the scheme.
    fn scheme(&self) -> String {
        let code = &self.stated.facts.scheme;
        self.dossier.schemes.get(code).map_or_else(|| code.to_string(), |scheme| scheme.name.to_string())
    }

    /// What the year was to bring.
    fn annual_goal(&self) -> Option<String> {
        let code = self.stated.key.project.0.as_ref();
        let project = self.dossier.projects.iter().find(|project| Some(&project.key.code) == code)?;
        project.facts.annual_goal.as_ref().map(ToString::to_string)
    }
}

/// 万元 with two decimals at least, or a dash.
fn in_wan(amount: Option<Balance>) -> String {
    amount.map_or_else(|| "—".into(), Balance::in_wan)
}

fn quantity(value: Option<Quantity>) -> String {
    value.map_or_else(|| "—".into(), |value| value.to_string())
}

fn points(value: Option<Points>) -> String {
    value.map_or_else(|| "—".into(), |value| value.to_string())
}
