//! Exports: a collection as one file, whole or known not to be.

use jixiao::domain::kept::Resource;
use jixiao::http::identity::Role;
use serde_json::{Value, json};

use crate::harness::{Caller, on_both};

async fn text(caller: &Caller<'_>, path: &str) -> String {
    String::from_utf8(caller.get_bytes(path).await).unwrap()
}

on_both! {
    async fn every_collection_is_exported_to_its_last_row(service: Service) {
        let service = service.with_case().await;
        let reader = service.caller(Role::Reader);
        // Where whoever is told of changes is reached is nobody else's business.
        for resource in Resource::ALL.iter().filter(|one| **one != Resource::Webhooks) {
            let lines = text(&reader, &format!("/v1/exports/{resource}.ndjson")).await;
            let mut lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let end = lines.pop().unwrap()["end"].clone();
            assert_eq!((&end["rows"], end["at"].as_i64().unwrap() > 0), (&json!(lines.len()), true), "{resource}");
            let table = text(&reader, &format!("/v1/exports/{resource}.csv")).await;
            assert!(table.starts_with("\u{feff}id,revision"), "{resource}: {table}");
            assert!(table.lines().last().unwrap().starts_with(&format!("# rows={} at=", lines.len())), "{resource}");
        }
        // As the API answers it.
        let lines = text(&reader, "/v1/exports/units.ndjson").await;
        let centre: Value = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|line| line["id"] == "209002").unwrap();
        let unit = reader.get("/v1/units/209002").await.expect(200).body;
        assert_eq!((&centre["facts"], &centre["revision"]), (&unit["facts"], &unit["revision"]));
        assert_eq!(reader.get("/v1/exports/webhooks.csv").await.expect(400).errors(), [("not_exported".into(), "resource".into())]);
        reader.get("/v1/exports/nothing.csv").await.expect(400);
    }

    async fn many_rows_come_in_pieces_and_each_once(service: Service) {
        let admin = service.admin();
        let csv = admin.clone().with("content-type", "text/csv");
        let rows: Vec<_> = (0..2500).map(|n| format!("u{n},单位{n},township,")).collect();
        let sheet = format!("code,name,kind,parent\n{}", rows.join("\n")).into_bytes();
        csv.send(reqwest::Method::POST, "/v1/uploads/csv?kind=units", Some(sheet)).await.expect(201);
        // What was changed is there once, as it is now.
        admin.clone().with("if-match", "*").put("/v1/units/u7", &json!({ "name": "新名", "kind": "township" })).await.expect(200);
        let table = text(&admin, "/v1/exports/units.csv").await;
        let mut ids: Vec<&str> = table.lines().skip(1).filter(|line| !line.starts_with('#')).map(|line| line.split(',').next().unwrap()).collect();
        assert!(table.contains("u7,2502,新名,"), "{}", &table[table.len() - 300..]);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 2500);
        assert!(table.ends_with('\n') && table.contains("# rows=2500 at=2502"));
    }

    async fn a_unit_exports_what_is_its_own(service: Service) {
        let service = service.with_case().await;
        let own = service.caller_of(Role::Reporter, Some("209002"));
        let lines = text(&own, "/v1/exports/targets.ndjson").await;
        let units: Vec<String> = lines.lines().filter_map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            Some(line["id"].as_str()?.split(':').next().unwrap().to_owned())
        }).collect();
        assert!(!units.is_empty() && units.iter().all(|unit| unit == "209002"), "{units:?}");
        // An export goes back in: the same rows change nothing.
        let table = text(&own, "/v1/exports/budget_lines.csv").await;
        let csv = own.clone().with("content-type", "text/csv");
        let again = csv.send(reqwest::Method::POST, "/v1/uploads/csv?kind=budget_lines&year=2023", Some(table.into())).await;
        let receipt = &again.expect(201).body["receipt"];
        assert_eq!((&receipt["unchanged"], &receipt["updated"], &receipt["created"]), (&receipt["received"], &json!(0), &json!(0)), "{receipt:#}");
        // Of a unit that is not theirs there is nothing.
        let other = text(&own, "/v1/exports/targets.csv?unit=430922").await;
        assert!(!other.contains("430922:2023"), "{other}");
    }
}
