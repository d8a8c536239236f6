//! Jixiao (绩效): what a county's units were given, spent, promised, delivered and scored, year by year.
//!
//! Six layers, each using only those above it in this list: [`domain`] decides, [`store`] keeps, `http` asks and
//! answers, `resources` are the rooms, `operations` is
//! what those who run it ask, `server` mounts all of it.

pub mod domain;

pub mod store;

pub mod http;

pub mod resources;

pub mod operations;

pub mod client;
pub mod config;
pub mod demo;
pub mod release;
pub mod server;
pub mod telemetry;
pub mod verify;
