//! The schema, one change a file, oldest first. A migration that was released is never edited: add another.
//!
//! `county` leads every primary key and every foreign key, so that Citus can distribute all tables by it.
//! Keys are compared byte by byte on both databases (`COLLATE "C"`), so that pages have one order everywhere.

mod m20261123_000001_units;
mod m20261123_000002_code_lists;
mod m20261123_000003_budget;
mod m20261123_000004_indicators;
mod m20261123_000005_evaluations;
mod m20261123_000006_journal;
mod m20261125_000007_uploads;
mod m20261125_000008_closings;
mod m20261125_000009_chain;
mod m20261125_000010_webhooks;
mod m20261125_000011_released;
mod m20261126_000012_schemes;
mod m20261126_000013_expenditures;
mod m20261126_000014_goals;
mod m20261126_000015_reviews;
mod m20261126_000016_rectifications;
mod m20261127_000017_publications;
mod m20261127_000018_newest;
mod m20261127_000019_progress_of_an_indicator;
mod m20261127_000020_room_for_corrections;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Brings a database to the newest schema.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_units::Migration),
            Box::new(m20261123_000002_code_lists::Migration),
            Box::new(m20261123_000003_budget::Migration),
            Box::new(m20261123_000004_indicators::Migration),
            Box::new(m20261123_000005_evaluations::Migration),
            Box::new(m20261123_000006_journal::Migration),
            Box::new(m20261125_000007_uploads::Migration),
            Box::new(m20261125_000008_closings::Migration),
            Box::new(m20261125_000009_chain::Migration),
            Box::new(m20261125_000010_webhooks::Migration),
            Box::new(m20261125_000011_released::Migration),
            Box::new(m20261126_000012_schemes::Migration),
            Box::new(m20261126_000013_expenditures::Migration),
            Box::new(m20261126_000014_goals::Migration),
            Box::new(m20261126_000015_reviews::Migration),
            Box::new(m20261126_000016_rectifications::Migration),
            Box::new(m20261127_000017_publications::Migration),
            Box::new(m20261127_000018_newest::Migration),
            Box::new(m20261127_000019_progress_of_an_indicator::Migration),
            Box::new(m20261127_000020_room_for_corrections::Migration),
        ]
    }
}

/// A part of a key: text, never null, ordered byte by byte.
fn key(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text().not_null();
    if manager.get_database_backend() == DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

/// A project that a row refers to, or null; a foreign key with a null in it is not checked.
fn project_ref(manager: &SchemaManager<'_>) -> ColumnDef {
    let mut column = key(manager, "project_ref");
    column.null();
    column
}

/// Text that may be null.
fn text(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text().null();
    column
}

/// Text that is always there.
fn required_text(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text().not_null();
    column
}

/// A year, or any other small number that is always there.
fn required_integer(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.integer().not_null();
    column
}

/// An exact decimal as an integer of its smallest step (分, millionths, hundredths); null is not known.
fn fixed(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().null();
    column
}

/// A list of facts that is never searched by, as JSON.
fn list(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.json_binary().not_null();
    column
}

/// The journal entry that made the row so.
fn revision() -> ColumnDef {
    let mut column = ColumnDef::new("revision");
    column.big_integer().not_null();
    column
}

/// Creates a table whose primary key is its leading columns, with its foreign keys.
async fn create(
    manager: &SchemaManager<'_>,
    table: &'static str,
    key: &[&'static str],
    columns: Vec<ColumnDef>,
    references: &[(&[&'static str], &'static str, &[&'static str])],
) -> Result<(), DbErr> {
    create_following(manager, table, key, columns, references, None).await
}

/// The same, its rows going with those of the table it follows, which its first reference is to.
async fn create_following(
    manager: &SchemaManager<'_>,
    table: &'static str,
    key: &[&'static str],
    columns: Vec<ColumnDef>,
    references: &[(&[&'static str], &'static str, &[&'static str])],
    follows: Option<&str>,
) -> Result<(), DbErr> {
    let mut create = Table::create();
    create.table(table);
    for mut column in columns {
        create.col(&mut column);
    }
    let mut primary = Index::create();
    primary.name(format!("{table}_pkey")).primary();
    for column in key {
        primary.col(*column);
    }
    create.primary_key(&mut primary);
    for (place, (from, to, columns)) in references.iter().enumerate() {
        let mut reference = ForeignKey::create();
        reference.name(format!("{table}_fkey_{place}")).from_tbl(table).to_tbl(*to);
        if follows == Some(*to) && place == 0 {
            reference.on_delete(ForeignKeyAction::Cascade);
        }
        for column in *from {
            reference.from_col(*column);
        }
        for column in *columns {
            reference.to_col(*column);
        }
        create.foreign_key(&mut reference);
    }
    manager.create_table(create).await
}

/// Creates an index, named after its columns.
async fn index(manager: &SchemaManager<'_>, table: &'static str, columns: &[&'static str]) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.name(format!("{table}_{}", columns.join("_"))).table(table);
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}

/// Makes a migration of a function that goes up; there is no way down but a backup.
macro_rules! migration {
    ($up:ident) => {
        #[derive(sea_orm_migration::prelude::DeriveMigrationName)]
        pub(crate) struct Migration;

        #[sea_orm_migration::prelude::async_trait::async_trait]
        impl sea_orm_migration::prelude::MigrationTrait for Migration {
            async fn up(
                &self,
                manager: &sea_orm_migration::prelude::SchemaManager,
            ) -> Result<(), sea_orm_migration::prelude::DbErr> {
                $up(manager).await
            }

            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }
        }
    };
}
pub(crate) use migration;
