//! How units are kept. The only code that knows the `unit` table.

use std::collections::BTreeMap;

use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Statement, Value,
};

use super::http::UnitFilter;
use crate::domain::codes::UnitCode;
use crate::domain::kept::{Kept, Resource};
use crate::domain::unit::UnitFacts;
use crate::store::table::{Column, Model, Table, read_list, write_list};
use crate::store::{Error, View};

mod row {
    use sea_orm::entity::prelude::*;

    use crate::domain::{
        codes::{Count, CreditCode, DivisionCode, Name, UnitCode},
        period::StatedDate,
        unit::UnitKind,
    };

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub county: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: UnitCode,
        pub name: Name,
        pub kind: UnitKind,
        pub parent: Option<UnitCode>,
        pub division_code: Option<DivisionCode>,
        pub social_credit_code: Option<CreditCode>,
        pub established_on: Option<StatedDate>,
        pub funding: Option<Name>,
        pub level: Option<Name>,
        pub approved_posts: Option<Count>,
        pub filled_posts: Option<Count>,
        #[sea_orm(column_type = "JsonBinary")]
        pub leadership: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub duties: Json,
        pub valid_from: Option<StatedDate>,
        pub valid_to: Option<StatedDate>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of units.
#[derive(Debug)]
pub enum Units {}

impl Table for Units {
    const RESOURCE: Resource = Resource::Units;
    type Key = UnitCode;
    type Facts = UnitFacts;
    type Entity = row::Entity;

    fn county_column() -> Column<Self> {
        row::Column::County
    }

    fn key_columns() -> Vec<Column<Self>> {
        vec![row::Column::Code]
    }

    fn key_values(key: &UnitCode) -> Vec<Value> {
        vec![key.clone().into()]
    }

    fn unit(key: &UnitCode, _: Option<&UnitFacts>) -> Option<String> {
        Some(key.to_string())
    }

    fn row(county: &str, kept: Kept<UnitCode, UnitFacts>) -> Model<Self> {
        let code = kept.key;
        let UnitFacts {
            name,
            kind,
            parent,
            division_code,
            social_credit_code,
            established_on,
            funding,
            level,
            approved_posts,
            filled_posts,
            leadership,
            duties,
            valid_from,
            valid_to,
        } = kept.facts;
        row::Model {
            county: county.into(),
            code,
            name,
            kind,
            parent,
            division_code,
            social_credit_code,
            established_on,
            funding,
            level,
            approved_posts,
            filled_posts,
            leadership: write_list(&leadership),
            duties: write_list(&duties),
            valid_from,
            valid_to,
            revision: kept.revision,
        }
    }

    fn kept(row: Model<Self>) -> Result<Kept<UnitCode, UnitFacts>, Error> {
        let row::Model {
            county: _,
            code,
            name,
            kind,
            parent,
            division_code,
            social_credit_code,
            established_on,
            funding,
            level,
            approved_posts,
            filled_posts,
            leadership,
            duties,
            valid_from,
            valid_to,
            revision,
        } = row;
        let facts = UnitFacts {
            name,
            kind,
            parent,
            division_code,
            social_credit_code,
            established_on,
            funding,
            level,
            approved_posts,
            filled_posts,
            leadership: read_list(leadership)?,
            duties: read_list(duties)?,
            valid_from,
            valid_to,
        };
        Ok(Kept { key: code, facts, revision })
    }
}

/// The rows a filter asks for.
pub(super) fn matching(filter: &UnitFilter) -> Condition {
    let UnitFilter { parent, kind } = filter;
    Condition::all()
        .add_option(parent.as_ref().map(|one| row::Column::Parent.eq(one.clone())))
        .add_option(kind.map(|one| row::Column::Kind.eq(one)))
}

/// The column of a unit's own code.
pub const CODE: Column<Units> = row::Column::Code;

/// The codes of a county's units, all or from one on.
pub fn codes(county: &str, from: Option<&UnitCode>) -> SelectStatement {
    let codes = row::Entity::find().select_only().column(CODE).filter(row::Column::County.eq(county));
    codes.filter(Condition::all().add_option(from.map(|code| CODE.gte(code.clone())))).into_query()
}

/// The units right below one.
pub fn right_below(parent: &UnitCode) -> Condition {
    Condition::all().add(row::Column::Parent.eq(parent.clone()))
}

/// A unit and those above it, from itself to the top; empty where there is no such unit.
///
/// # Errors
/// The database's.
pub async fn lineage(view: &View<'_>, unit: &UnitCode) -> Result<Vec<UnitCode>, Error> {
    const UP: &str = r"
        WITH RECURSIVE line(code, parent, depth) AS (
            SELECT code, parent, 0 FROM unit WHERE county = $1 AND code = $2
            UNION ALL
            SELECT unit.code, unit.parent, line.depth + 1 FROM unit JOIN line ON unit.code = line.parent
            WHERE unit.county = $1 AND line.depth < 100
        ) SELECT code FROM line ORDER BY depth";
    view.known(&[Resource::Units], format!("lineage {unit}"), async || walk(view, UP, unit).await).await
}

/// A unit and all below it.
///
/// # Errors
/// The database's.
pub async fn subtree(view: &View<'_>, top: &UnitCode) -> Result<Vec<UnitCode>, Error> {
    const DOWN: &str = r"
        WITH RECURSIVE tree(code) AS (
            SELECT code FROM unit WHERE county = $1 AND code = $2
            UNION
            SELECT unit.code FROM unit JOIN tree ON unit.parent = tree.code WHERE unit.county = $1
        ) SELECT code FROM tree";
    walk(view, DOWN, top).await
}

/// The unit at the top of the county: the first that has none above it.
///
/// # Errors
/// The database's.
pub async fn top(view: &View<'_>) -> Result<Option<UnitCode>, Error> {
    let tops = Condition::all().add(row::Column::Parent.is_null());
    Ok(view.list::<Units>(tops, None, Some(1)).await?.pop().map(|kept| kept.key))
}

/// The unit right above each that has one.
///
/// # Errors
/// The database's.
pub async fn above(view: &View<'_>) -> Result<BTreeMap<UnitCode, UnitCode>, Error> {
    let all = row::Entity::find().select_only().columns([row::Column::Code, row::Column::Parent]);
    let with_one = all.filter(row::Column::County.eq(view.county())).filter(row::Column::Parent.is_not_null());
    Ok(with_one.into_tuple::<(UnitCode, UnitCode)>().all(view.db()).await?.into_iter().collect())
}

async fn walk(view: &View<'_>, sql: &str, from: &UnitCode) -> Result<Vec<UnitCode>, Error> {
    let values = [view.county().into(), from.clone().into()];
    let statement = Statement::from_sql_and_values(view.db().get_database_backend(), sql, values);
    let rows = view.db().query_all_raw(statement).await?;
    Ok(rows.iter().map(|row| row.try_get("", "code")).collect::<Result<_, _>>()?)
}
