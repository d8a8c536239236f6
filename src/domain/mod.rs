//! The rules of budget performance. Pure: no async, clock, randomness, ORM or HTTP.
//!
//! | file | holds |
//! | --- | --- |
//! | [`violation`] | what is wrong with a value, and where |
//! | [`word`] | how a type becomes one string on the wire; enumerations; keys |
//! | [`money`], [`quantity`], [`period`], [`codes`] | the words themselves |
//! | [`measure`] | measure units, and what can be turned into what |
//! | [`chain`] | the digest of an entry of the journal |
//! | [`kept`] | the names of the resources, and a row as the store keeps it |
//! | [`mod@unit`], [`project`], [`code_list`], [`budget_line`], [`expenditure`], [`indicator`], [`target`], [`progress`], [`evaluation`], [`approval`], [`closing`] | one resource each: its key, its facts, its rules |
//! | [`day`], [`standard`] | days in China; the thresholds, bands and calendars of a year |
//! | [`scheme`] | assessment schemes: a tree of items, each scored by one of a closed set of methods |
//! | [`completion`], [`scoring`], [`grade`] | how much of a target was reached, what it earns, and what that is called |
//! | [`frozen`] | why rows stay as they are |
//! | [`allocation`], [`cascade`] | targets handed down, and what was reached of them below |
//! | [`rollover`] | a year's targets as those of the next |
//! | [`review`], [`rectification`] | what becomes of an evaluation, and of what was found: states, actions, who may |
//! | [`dossier`] | everything the rules look at for one unit and year |
//! | [`findings`] | what does not add up |
//! | [`course`], [`spending`], [`monitoring`], [`league`] | months and cumulative figures; whether money and goals keep pace; who is ahead |
//! | [`cycle`], [`result_use`], [`published`] | the five links of a year; what results suggest; what everybody may read |
//! | [`report`] | the page and the form of an evaluation, for people |
//! | [`what_if`] | what an evaluation would be worth if some facts were others |
//! | [`scorecard`] | the whole of it on one page |
//! | [`sheet`] | bytes → rows of cells |
//! | [`mod@upload`] | rows of cells → what is stated |
//! | [`webhook`], [`event`], [`delivery`], [`network`] | who is told of changes, in which words, how often it is tried, and where nothing is sent |
//! | [`entry`], [`export`] | entries of the journal as callers see them; rows as files |

pub mod violation;

pub mod word;

pub(crate) mod json;

mod fixed;
pub mod measure;
pub mod money;
pub mod quantity;

pub mod codes;
pub mod day;
pub mod period;

pub mod chain;
pub mod kept;

pub mod approval;
pub mod budget_line;
pub mod closing;
pub mod code_list;
pub mod evaluation;
pub mod expenditure;
pub mod export;
pub mod frozen;
pub mod indicator;
pub mod progress;
pub mod project;
pub mod target;
pub mod unit;

pub mod allocation;
pub mod cascade;
pub mod completion;
pub mod county;
pub mod course;
pub mod grade;
pub mod rectification;
pub mod redaction;
pub mod review;
pub mod rollover;
pub mod scheme;
pub mod scoring;
pub mod spending;
pub mod standard;

pub mod cycle;
pub mod dossier;
pub mod findings;
pub mod league;
pub mod monitoring;
pub mod published;
pub mod report;
pub mod result_use;
pub mod scorecard;
pub mod what_if;

pub mod sheet;
pub mod upload;

pub mod entry;

pub mod delivery;
pub mod event;
pub mod network;
pub mod webhook;
