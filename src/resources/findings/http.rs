//! What callers may ask of findings.

use actix_web::get;
use actix_web::web::Data;
use deserr::Deserr;
use utoipa::{IntoParams, ToSchema};

use super::super::findings;
use crate::domain::codes::{ProjectCode, UnitCode};
use crate::domain::findings::{Finding, RuleName, Severity, rules};
use crate::domain::period::Year;
use crate::domain::violation::Violations;
use crate::http::Context;
use crate::http::answer::{self, Answer, ListErrors, TaggedErrors};
use crate::http::condition::Conditions;
use crate::http::identity::{Caller, Read};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::page::{Listing, Paging};

crate::page! {
    /// A page of findings.
    FindingPage of Finding
}

/// Which findings.
#[derive(Debug, Default, Clone, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FindingFilter {
    /// Only those of this unit.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// Only those of this year.
    #[deserr(default)]
    pub year: Option<Year>,
    /// Only those of projects with this code.
    #[deserr(default)]
    pub project: Option<ProjectCode>,
    /// Only those of this rule.
    #[deserr(default)]
    pub rule: Option<RuleName>,
    /// Only those of this severity.
    #[deserr(default)]
    pub severity: Option<Severity>,
}

impl FindingFilter {
    /// Whether a finding is asked for.
    pub fn admits(&self, finding: &Finding) -> bool {
        let Self { unit, year, project, rule, severity } = self;
        unit.as_ref().is_none_or(|unit| *unit == finding.unit)
            && year.is_none_or(|year| year == finding.year)
            && project.as_ref().is_none_or(|project| finding.project.0.as_ref() == Some(project))
            && rule.as_ref().is_none_or(|rule| rule.as_str() == finding.rule)
            && severity.is_none_or(|severity| severity == finding.severity)
    }
}

/// A rule that findings come from.
#[derive(Debug, serde::Serialize, ToSchema)]
pub struct FindingRule {
    /// Its stable id.
    #[schema(max_length = 60)]
    pub id: String,
    /// How grave what it finds is.
    pub severity: Severity,
    /// What it looks for, in Chinese.
    #[schema(max_length = 200)]
    pub description_zh: String,
    /// What it looks for, in English.
    #[schema(max_length = 200)]
    pub description_en: String,
}

/// The rules that findings come from.
#[derive(Debug, serde::Serialize, ToSchema)]
pub struct FindingRules {
    /// In the order in which they are asked.
    #[schema(max_items = 1000)]
    pub items: Vec<FindingRule>,
}

/// Mounts the room.
pub fn mount(config: &mut impl Mount) {
    config.service(list_findings).service(list_finding_rules);
}

/// List findings
///
/// In the order of unit and year; within them the gravest first.
#[utoipa::path(
    tag = "findings",
    operation_id = "list_findings",
    params(
        FindingFilter, Paging, AsOfParameter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag the caller has", max_length = 1000),
    ),
    responses((status = 200, description = "A page", body = FindingPage, headers(("ETag" = String, description = "The newest change of what it shows"))), TaggedErrors),
    security(("bearer" = ["read"])),
)]
#[get("/findings")]
async fn list_findings(
    caller: Caller<Read>,
    context: Data<Context>,
    listing: Listing<FindingFilter>,
    as_of: AsOf,
    conditions: Conditions,
) -> Answer {
    let sight = context.sight(as_of).await?;
    let today = sight.today;
    let tag = sight.computed_tag().await?;
    if conditions.has(&tag) {
        return Ok(answer::unchanged(&tag));
    }
    let found = findings::list(&sight.view(), &caller.scope, &listing, today).await?;
    let (found, next) = listing.page(found, |(place, _)| place.to_string());
    let page = FindingPage { items: found.into_iter().map(|(_, finding)| finding).collect(), next };
    Ok(answer::tagged(&page, page.next.as_deref(), &listing, &tag))
}

/// List the rules that findings come from
///
/// Each with its stable id and what it looks for, in Chinese and English.
#[utoipa::path(
    tag = "findings",
    operation_id = "list_finding_rules",
    responses((status = 200, description = "Every rule", body = FindingRules), ListErrors),
    security(("bearer" = ["read"])),
)]
#[get("/finding-rules")]
async fn list_finding_rules(_caller: Caller<Read>) -> Answer {
    let describe = |rule: &crate::domain::findings::Rule| FindingRule {
        id: rule.id.into(),
        severity: rule.severity,
        description_zh: rule.zh.into(),
        description_en: rule.en.into(),
    };
    Ok(actix_web::HttpResponse::Ok().json(FindingRules { items: rules().map(describe).collect() }))
}
