//! The rooms, one a resource: `mod.rs` what is done, `http.rs` how it is asked, `store.rs` how it is kept.
//!
//! They stand in an order: a room uses only rooms before it, so that there are no circles.

pub mod units;

pub mod divisions;
pub mod economic_classes;

pub mod budget_lines;
pub mod projects;

pub mod indicators;
pub mod progress;
pub mod targets;

pub mod evaluations;

pub mod findings;
pub mod scorecards;

use utoipa_actix_web::service_config::ServiceConfig;

/// The rooms in their order, for the layer test.
pub const ORDER: &[&str] = &[
    "units",
    "divisions",
    "economic_classes",
    "projects",
    "budget_lines",
    "indicators",
    "progress",
    "targets",
    "evaluations",
    "scorecards",
    "findings",
];

/// Mounts every room.
pub fn mount(config: &mut ServiceConfig<'_>) {
    units::http::mount(config);
    divisions::http::mount(config);
    economic_classes::http::mount(config);
    projects::http::mount(config);
    budget_lines::http::mount(config);
    indicators::http::mount(config);
    progress::http::mount(config);
    targets::http::mount(config);
    evaluations::http::mount(config);
    scorecards::http::mount(config);
    findings::http::mount(config);
}
