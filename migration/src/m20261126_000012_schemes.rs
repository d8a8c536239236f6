//! Standards and schemes: thresholds, bands, calendars and scoring as data of a year.

use sea_orm_migration::prelude::*;

use crate::{create, create_following, key, list, required_integer, revision};

crate::migration!(up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![key(manager, "county"), required_integer("year"), list("facts"), revision()];
    create(manager, "standard", &["county", "year"], columns, &[]).await?;

    let columns =
        vec![key(manager, "county"), key(manager, "code"), required_integer("year"), list("facts"), revision()];
    let primary = ["county", "code", "year"];
    create(manager, "scheme", &primary, columns, &[]).await?;

    // One row for each indicator a scheme names, so that the database refuses to delete it.
    let columns =
        vec![key(manager, "county"), key(manager, "code"), required_integer("year"), key(manager, "indicator")];
    let scheme = (&primary[..], "scheme", &primary[..]);
    let indicator = (&["county", "indicator"][..], "indicator", &["county", "code"][..]);
    let named = ["county", "code", "year", "indicator"];
    create_following(manager, "scheme_indicator", &named, columns, &[scheme, indicator], Some("scheme")).await
}
