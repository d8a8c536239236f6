//! The house: each layer uses only those below it, each room only those before it, and rows change on one path.

use std::path::{Path, PathBuf};

use jixiao::resources;

/// The layers from the ground up. `config` is a leaf: it knows only the domain's words.
const LAYERS: [&str; 7] = ["domain", "config", "store", "http", "resources", "operations", "server"];

/// What stands on top: they may use everything.
const TOP: [&str; 7] = ["client", "demo", "lib", "main", "release", "telemetry", "verify"];

/// What the domain must never hear of.
const IMPURE: [&str; 11] = [
    "sea_orm",
    "sqlx",
    "actix",
    "tokio",
    "jsonwebtoken",
    "tracing",
    "async fn",
    ".await",
    "::now(",
    "std::fs",
    "std::env",
];

/// What changes rows. Only the store may say these.
const CHANGES: [&str; 8] = [
    ".exec(",
    "exec_without_returning",
    "exec_with_returning",
    "insert_many(",
    "update_many(",
    "delete_many(",
    "execute_unprepared",
    "execute_raw",
];

fn layer(name: &str) -> usize {
    LAYERS.iter().position(|layer| *layer == name).unwrap_or(LAYERS.len())
}

/// What is wrong with a file, by its path below `src/` and its text.
fn complaints(path: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let own = path.split('/').next().unwrap().trim_end_matches(".rs");
    assert!(LAYERS.contains(&own) || TOP.contains(&own), "src/{own} is in no layer: add it to this test");
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let code = code.split("#[cfg(test)]").next().unwrap();
    if code.contains("use crate::{") {
        wrong.push(format!("{path}: `use crate::{{…}}` hides which layer is used"));
    }
    for used in code.split("crate::").skip(1) {
        let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let known = LAYERS.contains(&name.as_str()) || TOP.contains(&name.as_str());
        if known && layer(&name) > layer(own) {
            wrong.push(format!("{path}: `{own}` must not use `{name}`"));
        }
    }
    if own == "domain" {
        let impure = IMPURE.iter().filter(|word| code.contains(*word));
        wrong.extend(impure.map(|word| format!("{path}: the domain must not say `{word}`")));
    }
    if own != "store" {
        let changes = CHANGES.iter().filter(|word| code.contains(*word));
        wrong.extend(changes.map(|word| format!("{path}: `{word}` changes rows beside the one write path")));
    }
    if let Some(room) = path.strip_prefix("resources/").and_then(|rest| rest.split_once('/')).map(|(room, _)| room) {
        let place = |room: &str| resources::ORDER.iter().position(|one| *one == room);
        let mine = place(room).unwrap_or_else(|| panic!("the room {room} is not in resources::ORDER"));
        for used in code.split("crate::resources::").skip(1) {
            let end = used.find([';', '(', '<', ')']).unwrap_or(used.len());
            for name in used[..end].split(|c: char| !(c.is_alphanumeric() || c == '_')) {
                if place(name).is_some_and(|other| other > mine) {
                    wrong.push(format!("{path}: the room `{room}` stands before `{name}` and must not use it"));
                }
            }
        }
    }
    wrong
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_keeps_to_its_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50);
    let wrong: Vec<_> = files
        .iter()
        .flat_map(|file| {
            let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
            complaints(path, &std::fs::read_to_string(file).unwrap())
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_import_is_noticed() {
    for (path, text) in [
        ("domain/money.rs", "use crate::store::Store;"),
        ("domain/money.rs", "pub async fn f() {}"),
        ("store/mod.rs", "use crate::http::error::ApiError;"),
        ("http/page.rs", "let x = crate::resources::units::get();"),
        ("http/page.rs", "use crate::{store, domain};"),
        ("resources/units/mod.rs", "use crate::resources::targets;"),
        ("resources/projects/mod.rs", "use crate::resources::{units, evaluations};"),
        ("resources/units/store.rs", "row::Entity::delete_many().exec(db).await?;"),
    ] {
        assert!(!complaints(path, text).is_empty(), "{path}: {text}");
    }
    assert!(complaints("resources/targets/mod.rs", "use crate::resources::{indicators, units};").is_empty());
}

#[test]
fn no_file_needs_scrolling_to_understand() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for file in files {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 400, "{} has {lines} lines: split it by what it does", file.display());
    }
}
