//! What the store must know of a table to read and change it: one implementation a room, in its `store.rs`.

use std::collections::BTreeSet;

use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Func, LikeExpr, Query, TableCreateStatement, ValueTuple};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, IdenStatic, IntoActiveModel, IntoSimpleExpr, Iterable, Schema,
    TryGetable, Value,
};
use serde::Serialize;

use super::{Error, View, bulk};
use crate::domain::codes::UnitCode;
use crate::domain::kept::{Kept, Resource};
use crate::domain::period::{Month, Year};

/// A resource's table.
pub trait Table: Sized + 'static {
    /// The resource it keeps.
    const RESOURCE: Resource;
    /// Its natural key, without the county.
    type Key: ToString + Clone + Ord + Send + Sync + 'static;
    /// Whether what a sheet names lies side by side, and never much more beside it: what is read of a sheet's rows is then
    /// read along, by the key without its last part, which is from a code list. Keys must be in the order of their columns.
    const SIDE_BY_SIDE: bool = false;
    /// What is stated.
    type Facts: Serialize + PartialEq + Clone + Send + Sync + 'static;
    /// The entity, private to the room.
    type Entity: EntityTrait<Model: IntoActiveModel<<Self::Entity as EntityTrait>::ActiveModel> + Send + Sync>;

    /// The column of the county.
    fn county_column() -> Column<Self>;
    /// The columns of the key, in the order pages are in.
    fn key_columns() -> Vec<Column<Self>>;
    /// The values of a key, in the order of its columns.
    fn key_values(key: &Self::Key) -> Vec<Value>;
    /// The row of an item. Names every field: a forgotten one does not compile.
    fn row(county: &str, kept: Kept<Self::Key, Self::Facts>) -> Model<Self>;
    /// The item of a row. Names every field.
    ///
    /// # Errors
    /// A list whose JSON is not what this version writes.
    fn kept(row: Model<Self>) -> Result<Kept<Self::Key, Self::Facts>, Error>;

    /// The unit whose item it is, by which it is seen; nothing for what belongs to the county. `facts` are not there
    /// when the item goes.
    fn unit(key: &Self::Key, facts: Option<&Self::Facts>) -> Option<String>;

    /// Rows of other tables that must follow this one, for the database to hold its references by; `before` is what was
    /// there.
    fn follow(_: &mut Followers, _: &str, _: Option<&Self::Facts>, _: &Kept<Self::Key, Self::Facts>) {}
}

/// The columns of a table.
pub type Column<T> = <<T as Table>::Entity as EntityTrait>::Column;
/// A row of a table.
pub type Model<T> = <<T as Table>::Entity as EntityTrait>::Model;

/// Statements that keep following rows: those to remove the old ones by, then those to add the new.
#[derive(Debug, Default)]
pub struct Followers {
    /// Run after the row was written, in this order.
    pub(super) statements: Vec<Follower>,
}

/// A statement about following rows.
#[derive(Debug)]
pub(super) enum Follower {
    Delete(sea_orm::sea_query::DeleteStatement),
    Insert(sea_orm::sea_query::InsertStatement),
}

impl Followers {
    /// Replaces the rows of another entity that match a condition.
    pub fn replace<E: EntityTrait>(&mut self, old: Condition, new: impl IntoIterator<Item = E::ActiveModel>) {
        use sea_orm::{QueryFilter, QueryTrait};
        self.statements.push(Follower::Delete(E::delete_many().filter(old).into_query()));
        for row in new {
            self.statements.push(Follower::Insert(E::insert(row).into_query()));
        }
    }
}

/// A column list as JSON, read.
///
/// # Errors
/// [`Error::Corrupt`].
pub fn read_list<T: deserr::Deserr<crate::domain::violation::Violations>>(
    json: sea_orm::JsonValue,
) -> Result<Vec<T>, Error> {
    read_facts(json)
}

/// A list as a JSON column.
pub fn write_list<T: Serialize>(list: &[T]) -> sea_orm::JsonValue {
    write_facts(&list)
}

/// Facts that are never searched by, from a column of JSON.
///
/// # Errors
/// [`Error::Corrupt`].
pub fn read_facts<T: deserr::Deserr<crate::domain::violation::Violations>>(
    json: sea_orm::JsonValue,
) -> Result<T, Error> {
    deserr::deserialize(json).map_err(|violations: crate::domain::violation::Violations| {
        Error::Corrupt(violations.0.into_iter().map(|one| one.en).collect::<Vec<_>>().join("; "))
    })
}

/// Facts as a column of JSON.
pub fn write_facts<T: Serialize>(facts: &T) -> sea_orm::JsonValue {
    // Words, and structs and lists of words, always serialise.
    serde_json::to_value(facts).unwrap_or_default()
}

/// A month and a number, as `month || ':' || number` put them together for the newest to be found by `MAX`.
///
/// # Errors
/// [`Error::Corrupt`].
pub fn newest(row: &sea_orm::QueryResult, column: &str) -> Result<Option<(Month, i64)>, Error> {
    let Some(text) = row.try_get::<Option<String>>("", column)? else { return Ok(None) };
    let read = || {
        let (month, number) = text.split_once(':')?;
        Some((month.parse().ok()?, number.parse().ok()?))
    };
    read().map(Some).ok_or_else(|| Error::Corrupt(format!("{text} is no month and number")))
}

/// The texts of a JSON list that is bound at a place, as rows: one parameter and one statement however many they are.
pub fn each_of(backend: DbBackend, place: usize) -> String {
    match backend {
        DbBackend::Postgres => format!("SELECT jsonb_array_elements_text(CAST(${place} AS jsonb))"),
        _ => format!("SELECT value FROM json_each(${place})"),
    }
}

/// Texts as a JSON list, for [`each_of`].
pub fn json_list<T: ToString>(texts: &[T]) -> Value {
    let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
    sea_orm::JsonValue::from(texts).to_string().into()
}

/// Whether a text contains another, whatever the case of its letters.
pub fn containing(column: impl ColumnTrait, part: &str) -> Expr {
    let escaped: String = part
        .to_lowercase()
        .chars()
        .flat_map(|one| match one {
            '%' | '_' | '\\' => vec!['\\', one],
            _ => vec![one],
        })
        .collect();
    Expr::expr(Func::lower(Expr::col(column))).like(LikeExpr::new(format!("%{escaped}%")).escape('\\'))
}

/// How an entity would create its table; a test holds the migrations to it.
pub fn created<E: EntityTrait>(backend: DbBackend) -> TableCreateStatement {
    Schema::new(backend).create_table_from_entity(E::default())
}

/// Everything of a table that belongs to a county.
pub(super) fn of_county<T: Table>(county: &str) -> Condition {
    Condition::all().add(T::county_column().eq(county))
}

/// The row with a key.
pub(super) fn with_key<T: Table>(county: &str, key: &T::Key) -> Condition {
    T::key_columns()
        .into_iter()
        .zip(T::key_values(key))
        .fold(of_county::<T>(county), |condition, (column, value)| condition.add(column.eq(value)))
}

/// The rows whose key begins with these values: those of a unit, of a unit and year.
pub fn beginning_with<T: Table>(values: impl IntoIterator<Item = Value>) -> Condition {
    T::key_columns().into_iter().zip(values).fold(Condition::all(), |all, (column, value)| all.add(column.eq(value)))
}

/// The rows of a year, in a table whose key has a year or a month; nothing where it has neither.
pub fn of_year<T: Table>(year: Year) -> Option<Condition> {
    let named = |name: &str| T::key_columns().into_iter().find(|column| column.as_str() == name);
    let of_year = named("year").map(|column| column.eq(year));
    // Months are text, `2023-07`, whose order is that of time.
    let in_year = || named("month").map(|column| column.between(format!("{year}-01"), format!("{year}-12")));
    of_year.or_else(in_year).map(|wanted| Condition::all().add(wanted))
}

/// The rows of units and a year, in a table whose key begins with these two.
pub fn of_units_and_year<T: Table>(units: impl IntoIterator<Item = UnitCode>, year: Year) -> Condition {
    let columns = T::key_columns();
    Condition::all().add(columns[0].is_in(units)).add(columns[1].eq(year))
}

/// The rows after a key. A row value, so that both databases seek instead of filtering.
pub(super) fn after_key<T: Table>(key: &T::Key) -> Expr {
    let columns = Expr::tuple(T::key_columns().into_iter().map(IntoSimpleExpr::into_simple_expr));
    columns.gt(Expr::tuple(T::key_values(key).into_iter().map(Expr::val)))
}

/// The rows with one of these keys.
///
/// A list of row values (`IN (VALUES …)`) is what both databases look up by the primary key, one by one.
pub(super) fn with_one_of<T: Table>(county: &str, keys: &[&T::Key]) -> Condition {
    let columns = T::key_columns().into_iter().map(IntoSimpleExpr::into_simple_expr);
    let values = keys.iter().map(|key| ValueTuple::Many(T::key_values(key)));
    let wanted = Query::select().column(Asterisk).from_values(values, "wanted").take();
    of_county::<T>(county).add(Expr::tuple(columns).in_subquery(wanted))
}

/// The columns that are not part of the primary key.
pub(super) fn value_columns<T: Table>() -> Vec<Column<T>> {
    let keys: Vec<String> =
        T::key_columns().iter().chain([&T::county_column()]).map(|column| format!("{column:?}")).collect();
    Column::<T>::iter().filter(|column| !keys.contains(&format!("{column:?}"))).collect()
}

impl View<'_> {
    /// The item with a key.
    ///
    /// # Errors
    /// The database's.
    pub async fn find<T: Table>(&self, key: &T::Key) -> Result<Option<Kept<T::Key, T::Facts>>, Error> {
        if let Some(store) = self.live
            && let Some(found) = store.find_together::<T>(key).await
        {
            return Ok(found);
        }
        self.find_alone::<T>(key).await
    }

    pub(super) async fn find_alone<T: Table>(&self, key: &T::Key) -> Result<Option<Kept<T::Key, T::Facts>>, Error> {
        use sea_orm::QueryFilter;
        let row = T::Entity::find().filter(with_key::<T>(self.county, key)).one(&self.db).await?;
        row.map(T::kept).transpose()
    }

    /// The items with these keys, those that are there, in no particular order.
    ///
    /// # Errors
    /// The database's.
    pub async fn find_all<T: Table>(&self, keys: &[&T::Key]) -> Result<Vec<Kept<T::Key, T::Facts>>, Error> {
        use sea_orm::ConnectionTrait;
        // Each once: an item that is asked for twice is there once.
        let keys: BTreeSet<&T::Key> = keys.iter().copied().collect();
        let mut found = Vec::new();
        for chunk in bulk::chunks(keys.into_iter().collect()) {
            let statement = bulk::select::<T>(self.db.get_database_backend(), self.county, bulk::sought::<T>(&chunk));
            for row in T::Entity::find().from_raw_sql(statement).all(&self.db).await? {
                let kept = T::kept(row)?;
                if chunk.binary_search(&&kept.key).is_ok() {
                    found.push(kept);
                }
            }
        }
        Ok(found)
    }

    /// The first two parts of the keys of all items that match a condition, each pair once: units and years.
    ///
    /// # Errors
    /// The database's.
    pub async fn pairs<T: Table, A: TryGetable, B: TryGetable>(
        &self,
        condition: Condition,
    ) -> Result<Vec<(A, B)>, Error> {
        use sea_orm::{QueryFilter, QuerySelect};
        let select = T::Entity::find().filter(of_county::<T>(self.county)).filter(condition);
        let select = select.select_only().columns(T::key_columns().into_iter().take(2)).distinct();
        Ok(select.into_tuple().all(&self.db).await?)
    }

    /// All items that match a condition, in key order, from behind a key, at most so many.
    ///
    /// # Errors
    /// The database's.
    pub async fn list<T: Table>(
        &self,
        condition: Condition,
        after: Option<&T::Key>,
        limit: Option<u64>,
    ) -> Result<Vec<Kept<T::Key, T::Facts>>, Error> {
        use sea_orm::{QueryFilter, QueryOrder, QuerySelect};
        let mut select = T::Entity::find().filter(of_county::<T>(self.county)).filter(condition);
        if let Some(key) = after {
            select = select.filter(after_key::<T>(key));
        }
        for column in T::key_columns() {
            select = select.order_by_asc(column);
        }
        select.limit(limit).all(&self.db).await?.into_iter().map(T::kept).collect()
    }
}
