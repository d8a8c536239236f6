//! Jixiao (绩效): what a county's units were given, spent, promised, delivered and scored, year by year.

pub mod domain;
