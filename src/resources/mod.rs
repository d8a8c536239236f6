//! The rooms, one a resource: `mod.rs` what is done, `http.rs` how it is asked, `store.rs` how it is kept.
//!
//! They stand in an order: a room uses only rooms before it, so that there are no circles.

pub mod approvals;
pub mod closings;
pub mod reviews;
pub mod units;
pub mod webhooks;

pub mod divisions;
pub mod economic_classes;

pub mod budget_lines;
pub mod expenditures;
pub mod projects;

pub mod indicators;
pub mod progress;
pub mod schemes;
pub mod standards;
pub mod targets;

pub mod cascades;
pub mod rollovers;

pub mod evaluations;

pub mod cycles;
pub mod league_tables;
pub mod monitoring;
pub mod published;
pub mod rectifications;
pub mod result_uses;

pub mod findings;
pub mod scorecards;

pub mod upload_templates;
pub mod uploads;

pub mod changes;
pub mod counties;
pub mod deliveries;
pub mod exports;
pub mod journal;

use sea_orm::DbBackend;
use sea_orm::sea_query::TableCreateStatement;

use crate::domain::kept::Resource;
use crate::http::mount::Mount;
use crate::store::past::{Replay, Replays};
use crate::store::table::{Table, created};
use crate::store::{attachment, journal as ledger, outbox, publication, release, remembered};

/// The rooms in their order, for the layer test.
pub const ORDER: &[&str] = &[
    "units",
    "webhooks",
    "closings",
    "reviews",
    "approvals",
    "standards",
    "divisions",
    "economic_classes",
    "projects",
    "budget_lines",
    "expenditures",
    "indicators",
    "schemes",
    "progress",
    "targets",
    "cascades",
    "rollovers",
    "evaluations",
    "monitoring",
    "league_tables",
    "rectifications",
    "result_uses",
    "published",
    "cycles",
    "scorecards",
    "findings",
    "uploads",
    "upload_templates",
    "counties",
    "changes",
    "exports",
    "deliveries",
    "journal",
];

/// How the entities of all rooms would create their tables; a test holds the migrations to them.
pub fn tables(backend: DbBackend) -> Vec<TableCreateStatement> {
    fn of<T: Table>(backend: DbBackend) -> TableCreateStatement {
        created::<T::Entity>(backend)
    }
    vec![
        of::<units::store::Units>(backend),
        of::<closings::store::Closings>(backend),
        of::<rectifications::store::Rectifications>(backend),
        of::<reviews::store::Reviews>(backend),
        of::<approvals::store::Approvals>(backend),
        of::<divisions::store::Divisions>(backend),
        of::<economic_classes::store::EconomicClasses>(backend),
        of::<projects::store::Projects>(backend),
        of::<budget_lines::store::BudgetLines>(backend),
        of::<expenditures::store::Expenditures>(backend),
        of::<indicators::store::Indicators>(backend),
        of::<standards::store::Standards>(backend),
        of::<schemes::store::Schemes>(backend),
        schemes::store::named(backend),
        of::<progress::store::Progresses>(backend),
        of::<targets::store::Targets>(backend),
        targets::store::handed_down(backend),
        of::<evaluations::store::Evaluations>(backend),
        evaluations::store::claims(backend),
        of::<uploads::store::Uploads>(backend),
        of::<webhooks::store::Webhooks>(backend),
        created::<outbox::cursor::Entity>(backend),
        created::<outbox::secret::Entity>(backend),
        created::<outbox::delivery::Entity>(backend),
        created::<attachment::part::Entity>(backend),
        created::<publication::kept::Entity>(backend),
        created::<remembered::answer::Entity>(backend),
        created::<ledger::entry::Entity>(backend),
        created::<ledger::head::Entity>(backend),
        created::<release::released::Entity>(backend),
    ]
}

/// How the rows of each resource are put back from the journal, for reads of an earlier moment. Uploads are left out:
/// a receipt is never changed.
pub fn replays() -> Replays {
    vec![
        (Resource::Webhooks, Replay::of::<webhooks::store::Webhooks>()),
        (Resource::Units, Replay::of::<units::store::Units>()),
        (Resource::Closings, Replay::of::<closings::store::Closings>()),
        (Resource::Rectifications, Replay::of::<rectifications::store::Rectifications>()),
        (Resource::Reviews, Replay::of::<reviews::store::Reviews>()),
        (Resource::Approvals, Replay::of::<approvals::store::Approvals>()),
        (Resource::Divisions, Replay::of::<divisions::store::Divisions>()),
        (Resource::EconomicClasses, Replay::of::<economic_classes::store::EconomicClasses>()),
        (Resource::Projects, Replay::of::<projects::store::Projects>()),
        (Resource::BudgetLines, Replay::of::<budget_lines::store::BudgetLines>()),
        (Resource::Expenditures, Replay::of::<expenditures::store::Expenditures>()),
        (Resource::Indicators, Replay::of::<indicators::store::Indicators>()),
        (Resource::Standards, Replay::of::<standards::store::Standards>()),
        (Resource::Schemes, Replay::of::<schemes::store::Schemes>()),
        (Resource::Progress, Replay::of::<progress::store::Progresses>()),
        (Resource::Targets, Replay::of::<targets::store::Targets>()),
        (Resource::Evaluations, Replay::of::<evaluations::store::Evaluations>()),
    ]
}

/// Mounts every room.
pub fn mount(config: &mut impl Mount) {
    units::http::mount(config);
    closings::http::mount(config);
    reviews::http::mount(config);
    approvals::http::mount(config);
    divisions::http::mount(config);
    economic_classes::http::mount(config);
    projects::http::mount(config);
    budget_lines::http::mount(config);
    expenditures::http::mount(config);
    indicators::http::mount(config);
    standards::http::mount(config);
    schemes::http::mount(config);
    progress::http::mount(config);
    targets::http::mount(config);
    cascades::http::mount(config);
    rollovers::http::mount(config);
    evaluations::http::mount(config);
    evaluations::views::mount(config);
    monitoring::http::mount(config);
    league_tables::http::mount(config);
    rectifications::http::mount(config);
    result_uses::http::mount(config);
    published::http::mount(config);
    cycles::http::mount(config);
    scorecards::http::mount(config);
    findings::http::mount(config);
    uploads::http::mount(config);
    upload_templates::http::mount(config);
    counties::http::mount(config);
    changes::http::mount(config);
    exports::http::mount(config);
    webhooks::http::mount(config);
    deliveries::http::mount(config);
    journal::http::mount(config);
}
