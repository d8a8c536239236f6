//! Templates: empty sheets to fill in, with what the caller may choose from.

pub mod http;

use sea_orm::Condition;

use crate::domain::period::Year;
use crate::domain::upload::kind::UploadKind;
use crate::domain::upload::names::Names;
use crate::domain::upload::template::{self, Lists};
use crate::http::error::ApiError;
use crate::http::identity::Scope;
use crate::resources::economic_classes::store::EconomicClasses;
use crate::resources::uploads::county::County;
use crate::store::View;

/// A template as CSV.
///
/// # Errors
/// Nothing that can be helped.
pub fn csv(kind: UploadKind) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    template::csv(kind, &mut bytes).map_err(|error| ApiError::internal(format!("making a template: {error}")))?;
    Ok(bytes)
}

/// A template as a workbook, with the units, indicators and classes that the caller may choose from.
///
/// # Errors
/// The database's.
pub async fn workbook(view: &View<'_>, scope: &Scope, kind: UploadKind, year: Year) -> Result<Vec<u8>, ApiError> {
    let (_, directory) = County::gather(view, scope, kind).await?;
    let mut lists = Lists {
        units: choices(&directory.units),
        indicators: choices(&directory.indicators),
        schemes: choices(&directory.schemes),
        classes: Vec::new(),
    };
    if kind == UploadKind::BudgetLines {
        let of_year = Condition::all();
        let classes = view.list::<EconomicClasses>(of_year, None, None).await?;
        let leaf = |class: &&crate::resources::economic_classes::Item| {
            class.key.year == year && class.key.code.as_str().len() == 5 && !class.facts.retired
        };
        lists.classes =
            classes.iter().filter(leaf).map(|class| format!("{} {}", class.key.code, class.facts.name)).collect();
    }
    template::workbook(kind, &lists).map_err(|error| ApiError::internal(format!("making a template: {error}")))
}

/// Names to choose from; a code where a name means several things.
fn choices(names: &Names) -> Vec<String> {
    let mut all: Vec<String> = names
        .all()
        .map(|(code, name)| if names.named(name).count() == 1 { name.to_owned() } else { code.to_owned() })
        .collect();
    all.sort();
    all
}
