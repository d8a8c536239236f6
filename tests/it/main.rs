//! The integration tests: over real HTTP, each on its own database, on SQLite and on PostgreSQL.
//!
//! One binary, because linking is what costs time. A file a room, plus what concerns all rooms.

#![expect(unreachable_pub, reason = "tests are read, not called")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod harness;

mod acknowledged;
mod budget_lines;
mod changes;
mod code_lists;
mod command_line;
mod conditions;
mod counties;
mod cycle;
mod docs;
mod errors;
mod evaluations;
mod exports;
mod feed;
mod goals;
mod guards;
mod identity;
mod indicators;
mod journal;
mod kill;
mod layers;
mod monitoring;
mod openapi;
mod operations;
mod outages;
mod pages;
mod past;
mod plans;
mod read_replica;
mod recorded;
mod reports;
mod review;
mod scale;
mod schema;
mod schemes;
mod sheets;
mod taojiang;
mod township;
mod traces;
mod units;
mod uploads;
mod webhooks;
