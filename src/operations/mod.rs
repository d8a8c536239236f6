//! Running the service: whether it is alive and ready, how it leaves, what it counts, how it is kept and put back.
//!
//! | file | does |
//! | --- | --- |
//! | [`health`] | `/livez`, `/readyz`: what is missing |
//! | [`leaving`] | stops without a failed request: unready first, then what has begun, then no more |
//! | [`metrics`] | `/metrics` in the words of Prometheus |
//! | [`trace`] | a line of the log for every request |
//! | [`backup`] | a copy of an embedded database while it is written to, and putting it back |

pub mod backup;
pub mod health;
pub mod leaving;
pub mod metrics;
pub mod trace;
