//! Evaluations, and the claims they make on targets.

use sea_orm_migration::prelude::*;

use crate::{
    create, create_following, fixed, index, key, list, project_ref, required_integer, required_text, revision, text,
};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![
        key(manager, "county"),
        key(manager, "unit"),
        required_integer("year"),
        key(manager, "project"),
        key(manager, "kind"),
        required_text("scheme"),
        fixed("stated_score"),
        text("stated_grade"),
        fixed("stated_executed"),
        text("stated_executed_as_printed"),
        fixed("stated_execution_rate"),
        list("indicators"),
        list("activities"),
        fixed("exchange_rate"),
        text("contact"),
        text("signed_by"),
        text("signed_on"),
        text("submitted_on"),
        project_ref(manager),
        revision(),
    ];
    let primary = ["county", "unit", "year", "project", "kind"];
    let unit = (&["county", "unit"][..], "unit", &["county", "code"][..]);
    let of_project =
        (&["county", "unit", "year", "project_ref"][..], "project", &["county", "unit", "year", "code"][..]);
    create(manager, "evaluation", &primary, columns, &[unit, of_project]).await?;
    index(manager, "evaluation", &["county", "year"]).await?;

    // One row for each target an evaluation claims, so that the database refuses to delete a claimed target.
    let columns = vec![
        key(manager, "county"),
        key(manager, "unit"),
        required_integer("year"),
        key(manager, "project"),
        key(manager, "kind"),
        key(manager, "target_unit"),
        key(manager, "target_project"),
        key(manager, "indicator"),
        key(manager, "assigner"),
    ];
    let claim = ["county", "unit", "year", "project", "kind", "target_unit", "target_project", "indicator", "assigner"];
    let evaluation = (&claim[..5], "evaluation", &primary[..]);
    let target = (
        &["county", "target_unit", "year", "target_project", "indicator", "assigner"][..],
        "target",
        &["county", "unit", "year", "project", "indicator", "assigner"][..],
    );
    create_following(manager, "claim", &claim, columns, &[evaluation, target], Some("evaluation")).await?;
    index(manager, "claim", &["county", "target_unit", "year"]).await
}
