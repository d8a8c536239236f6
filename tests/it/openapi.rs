//! The document is a product: generated, committed and served alike, and fit for client generators.

use std::collections::BTreeSet;
use std::path::Path;

use jixiao::server;
use serde_json::Value;

use crate::harness::{Kind, Service};

fn committed() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/jixiao-v1.json")).unwrap()
}

/// Every object of the document, with the place it stands at.
fn objects<'a>(value: &'a Value, place: &str, found: &mut Vec<(String, &'a serde_json::Map<String, Value>)>) {
    match value {
        Value::Object(map) => {
            found.push((place.to_owned(), map));
            map.iter().for_each(|(key, one)| objects(one, &format!("{place}/{key}"), found));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, one)| objects(one, &format!("{place}/{at}"), found));
        }
        _ => {}
    }
}

/// What generators would choke on.
fn lint(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut all = Vec::new();
    objects(document, "", &mut all);
    for (place, object) in &all {
        if let Some(reference) = object.get("$ref").and_then(Value::as_str)
            && document.pointer(reference.trim_start_matches('#')).is_none()
        {
            wrong.push(format!("{place}: {reference} leads nowhere"));
        }
        if object.contains_key("oneOf") || object.contains_key("anyOf") || object.contains_key("allOf") {
            wrong.push(format!("{place}: a union, which half of the generators do not understand"));
        }
        if object.get("format").is_some_and(|format| format == "decimal") {
            wrong.push(format!("{place}: format decimal becomes a float in Go"));
        }
        if let Some(values) = object.get("enum").and_then(Value::as_array) {
            let plain = |value: &Value| {
                value
                    .as_str()
                    .is_some_and(|text| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'))
            };
            if !values.iter().all(plain) {
                wrong.push(format!("{place}: enum values must be lower-snake ASCII"));
            }
        }
        let types: Vec<&str> = match object.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => continue,
        };
        // An `properties` map may hold a field that is called `type`; a schema's own type is one of these words.
        let schema =
            types.iter().all(|one| ["string", "integer", "number", "boolean", "array", "object", "null"].contains(one));
        let header = place.contains("/headers/");
        if !schema || header || place.ends_with("/securitySchemes/bearer") {
            continue;
        }
        // The bytes of a file: how long they may be is a setting.
        let file = object.get("format").is_some_and(|format| format == "binary");
        if types.contains(&"string") && !object.contains_key("maxLength") && !object.contains_key("enum") && !file {
            wrong.push(format!("{place}: a string without maxLength"));
        }
        if types.contains(&"array") && !object.contains_key("maxItems") {
            wrong.push(format!("{place}: an array without maxItems"));
        }
        if types.contains(&"integer") && !(object.contains_key("minimum") && object.contains_key("maximum")) {
            wrong.push(format!("{place}: an integer without bounds"));
        }
        if types.contains(&"number") {
            wrong.push(format!("{place}: a floating-point number"));
        }
        if types.contains(&"object") && !place.starts_with("/components/schemas/") {
            wrong.push(format!("{place}: an anonymous object"));
        }
    }
    lint_operations(document, &mut wrong);
    wrong
}

fn lint_operations(document: &Value, wrong: &mut Vec<String>) {
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap_or_default();
            if id.is_empty() || !ids.insert(id) {
                wrong.push(format!("{place}: operationId missing or not unique"));
            }
            if operation["summary"].as_str().unwrap_or_default().is_empty() {
                wrong.push(format!("{place}: no summary"));
            }
            if operation["description"].as_str().unwrap_or_default().is_empty() {
                wrong.push(format!("{place}: no description"));
            }
            if operation["tags"].as_array().is_none_or(|tags| tags.len() != 1) {
                wrong.push(format!("{place}: not exactly one tag"));
            }
            // What is public says so: nobody is asked who they are.
            let public = path.starts_with("/v1/public/") && operation["security"] == serde_json::json!([{}]);
            let named = !operation["security"][0]["bearer"].is_null() && !operation["x-permission"].is_null();
            if !public && !named {
                wrong.push(format!("{place}: does not name its permission"));
            }
            let declared: Vec<_> =
                operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "path").collect();
            if declared.len() != path.matches('{').count() {
                wrong.push(format!("{place}: a path parameter is not declared"));
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                if response["description"].as_str().unwrap_or_default().is_empty() {
                    wrong.push(format!("{place} {status}: no description"));
                }
                if response["content"].as_object().is_some_and(|content| content.len() != 1) {
                    wrong.push(format!("{place} {status}: not exactly one media type"));
                }
            }
            if operation["requestBody"]["content"].as_object().is_some_and(|content| content.len() != 1) {
                wrong.push(format!("{place}: not exactly one media type"));
            }
        }
    }
}

#[actix_web::test]
async fn generated_committed_and_served_are_one() {
    let service = Service::start(Kind::Sqlite).await.unwrap();
    let served = reqwest::get(format!("{}/openapi.json", service.url)).await.unwrap().text().await.unwrap();

    assert!(
        server::document_text() == committed(),
        "openapi/jixiao-v1.json has drifted; run: cargo run -- openapi > openapi/jixiao-v1.json"
    );
    assert!(served == committed(), "what is served is not what is committed: build again");
}

#[test]
fn the_document_is_fit_for_generators() {
    let wrong = lint(&server::document());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_lint_notices_what_generators_choke_on() {
    use serde_json::json;
    for bad in [
        json!({ "$ref": "#/components/schemas/Nobody" }),
        json!({ "oneOf": [{ "type": "null" }] }),
        json!({ "type": "string", "maxLength": 3, "format": "decimal" }),
        json!({ "type": "string", "enum": ["优"] }),
        json!({ "type": "string" }),
        json!({ "type": ["string", "null"] }),
        json!({ "type": "array", "items": {} }),
        json!({ "type": "number" }),
        json!({ "type": "integer" }),
    ] {
        let document = json!({ "paths": {}, "components": { "schemas": { "Bad": bad } } });
        assert!(!lint(&document).is_empty(), "{document}");
    }
}

#[test]
fn every_resource_has_its_verbs() {
    let document = server::document();
    let ids: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    for (one, many) in [
        ("unit", "units"),
        ("project", "projects"),
        ("economic_class", "economic_classes"),
        ("division", "divisions"),
        ("budget_line", "budget_lines"),
        ("indicator", "indicators"),
        ("target", "targets"),
        ("progress", "progress"),
        ("evaluation", "evaluations"),
        ("closing", "closings"),
    ] {
        for id in [format!("list_{many}"), format!("get_{one}"), format!("put_{one}"), format!("delete_{one}")] {
            assert!(ids.contains(&id), "{id}");
        }
    }
    assert!(ids.contains("list_findings") && ids.contains("get_scorecard"));
}

#[actix_web::test]
async fn the_documentation_needs_no_other_server() {
    let service = Service::start(Kind::Sqlite).await.unwrap();
    let page = reqwest::get(format!("{}/docs/", service.url)).await.unwrap().text().await.unwrap();

    assert!(page.contains("swagger-ui"), "{page}");
    let addresses: Vec<_> = page.split(['"', '\'']).filter(|text| text.contains("//")).collect();
    assert!(addresses.is_empty(), "{addresses:?}");
    for asset in page.split('"').filter(|text| [".js", ".css"].iter().any(|end| text.ends_with(end))) {
        let address = format!("{}/docs/{}", service.url, asset.trim_start_matches("./"));
        assert_eq!(reqwest::get(&address).await.unwrap().status().as_u16(), 200, "{address}");
    }
}

/// A field that has no column cannot be uploaded.
#[test]
fn every_field_has_a_column() {
    use jixiao::domain::upload::kind::UploadKind;
    let document = server::document();
    for (kind, facts) in [
        (UploadKind::Units, "UnitFacts"),
        (UploadKind::Projects, "ProjectFacts"),
        (UploadKind::BudgetLines, "BudgetLineFacts"),
        (UploadKind::Indicators, "IndicatorFacts"),
        (UploadKind::Targets, "TargetFacts"),
        (UploadKind::Progress, "ProgressFacts"),
        (UploadKind::Expenditures, "ExpenditureFacts"),
        (UploadKind::Evaluations, "EvaluationFacts"),
        (UploadKind::Evaluations, "AssessedTarget"),
    ] {
        let fields = document["components"]["schemas"][facts]["properties"].as_object().unwrap();
        for field in fields.keys() {
            assert!(kind.columns().iter().any(|column| column.field == field), "{facts}.{field} has no column");
        }
    }
}
