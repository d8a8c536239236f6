//! Several counties at once, as those see them who oversee a region.

use jixiao::http::identity::Role;
use serde_json::{Value, json};

use crate::harness::{Caller, Service, on_both};

/// A reader of Hunan, whose token the command line made.
fn overseer(service: &Service) -> Caller<'_> {
    let output = service.command().args(["token", "--role", "reader", "--region", "43"]).output().unwrap();
    service.caller_with(String::from_utf8(output.stdout).unwrap().trim())
}

/// The reference case, and the national list of 2023 in two more counties, one of another province.
async fn with_neighbours(service: Service) -> Service {
    let service = service.with_case().await;
    for county in ["430923", "440103"] {
        let loaded = service.command().env("JIXIAO_COUNTY", county).args(["codes", "--year", "2023"]).status();
        assert!(loaded.unwrap().success());
    }
    service
}

/// Every row that is asked for, page by page.
async fn walk(caller: &Caller<'_>, query: &str, limit: usize) -> Vec<(String, String)> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = caller.get(&format!("/v1/county-rows?{query}&limit={limit}{after}")).await.expect(200);
        let items = pairs(&page.body["items"]);
        assert!(items.len() <= limit);
        all.extend(items);
        let Some(next) = page.body["next"].as_str() else { return all };
        assert!(page.header("link").contains("rel=\"next\""));
        after = format!("&after={}", next.replace('/', "%2F").replace(':', "%3A"));
    }
}

fn pairs(items: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items.as_array().unwrap().iter().map(|row| (text(&row["county"]), text(&row["id"]))).collect()
}

on_both! {
    async fn who_oversees_a_region_reads_its_counties_on_one_page(service: Service) {
        let service = with_neighbours(service).await;
        let overseer = overseer(&service);
        let counties = overseer.get("/v1/counties").await.expect(200).body["items"].clone();
        assert_eq!([&counties[0]["county"], &counties[1]["county"], &counties[2]], [&json!("430922"), &json!("430923"), &Value::Null]);
        assert!(counties[1]["position"].as_i64().unwrap() >= 110);

        // Page by page: one county behind the other, each in the order of its keys, none missing and none twice; pages that
        // end with a county, in one, and behind all.
        for limit in [1, 37, 110, 1000] {
            let all = walk(&overseer, "resource=economic_classes&year=2023", limit).await;
            let mut sorted = all.clone();
            sorted.sort();
            sorted.dedup();
            assert_eq!(all, sorted, "{limit}");
            let of = |county: &str| all.iter().filter(|(one, _)| one == county).count();
            assert!(of("430922") >= 110 && of("430923") == 110 && all.len() == of("430922") + of("430923"), "{all:?}");
        }

        // What the reader of one county sees of a row, an overseer sees.
        let own = service.caller(Role::Reader).get("/v1/progress/430922:2023-12:fdi").await.expect(200).body;
        let rows = overseer.get("/v1/county-rows?resource=progress&county=430923,430922&year=2023&limit=1000").await.expect(200);
        let row = rows.body["items"].as_array().unwrap().iter().find(|row| row["id"] == own["id"]).unwrap();
        assert_eq!([&row["facts"]["value"], &row["revision"], &row["unit"]], [&own["facts"]["value"], &own["revision"], &json!("430922")]);
        let none = overseer.get("/v1/county-rows?resource=progress&year=1999").await.expect(200);
        assert_eq!(none.body, json!({ "items": [], "next": null }));
    }

    async fn every_resource_that_is_shown_is_shown_whole(service: Service) {
        let service = with_neighbours(service).await;
        let overseer = overseer(&service);
        for resource in [
            "units", "projects", "economic_classes", "divisions", "budget_lines", "indicators", "targets", "progress",
            "closings", "approvals", "expenditures", "standards", "schemes",
        ] {
            let query = format!("resource={resource}&county=430922");
            let mut rows: Vec<String> = walk(&overseer, &query, 7).await.into_iter().map(|(_, id)| id).collect();
            rows.sort();
            let snapshot = service.caller(Role::Reader).get(&format!("/v1/snapshots?resource={resource}&limit=1000")).await.expect(200);
            let mut standing: Vec<String> = texts(&snapshot.body, "id");
            standing.sort();
            assert_eq!(rows, standing, "{resource}");
        }
    }

    async fn a_page_looks_at_so_many_counties_and_the_next_goes_on(service: Service) {
        use sea_orm::ConnectionTrait;
        let service = service.with_case().await;
        let db = sea_orm::Database::connect(&service.database.url).await.unwrap();
        for number in 0..40 {
            let sql = format!("INSERT INTO journal_head (county, sequence, changed, newest) VALUES ('4310{number:02}', 0, 0, '{{}}')");
            db.execute_unprepared(&sql).await.unwrap();
        }
        let overseer = overseer(&service);
        let first = overseer.get("/v1/county-rows?resource=units&year=2023").await;
        assert_eq!(first.status, 400);
        let first = overseer.get("/v1/county-rows?resource=progress&year=1999").await.expect(200);
        assert_eq!((&first.body["items"], first.body["next"].is_string()), (&json!([]), true));
        assert_eq!(walk(&overseer, "resource=progress&year=1999", 100).await, []);
        let units = walk(&overseer, "resource=units", 100).await;
        assert!(!units.is_empty() && units.iter().all(|(county, _)| county == "430922"));
        let (mut counties, mut after) = (Vec::new(), String::new());
        loop {
            let page = overseer.get(&format!("/v1/counties?limit=7{after}")).await.expect(200);
            counties.extend(texts(&page.body, "county"));
            let Some(next) = page.body["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!((counties.len(), counties.is_sorted()), (41, true));
    }

    async fn nobody_reads_beyond_their_reach(service: Service) {
        let service = with_neighbours(service).await;
        let reader = service.caller(Role::Reader);
        assert_eq!(texts(&reader.get("/v1/counties").await.expect(200).body, "county"), ["430922"]);
        let rows = reader.get("/v1/county-rows?resource=economic_classes&limit=1000").await.expect(200);
        assert!(pairs(&rows.body["items"]).iter().all(|(county, _)| county == "430922"));
        // One that is not there and one that is not theirs are answered alike.
        let overseer = overseer(&service);
        for (caller, county) in [(&reader, "430923"), (&overseer, "440103"), (&overseer, "430999")] {
            let reply = caller.get(&format!("/v1/county-rows?resource=units&county={county}")).await.expect(400);
            assert_eq!(reply.errors(), [("unknown_reference".into(), "county".into())], "{county}");
        }
        let bound = service.caller_of(Role::Reader, Some("209002"));
        bound.get("/v1/counties").await.expect(403);
        bound.get("/v1/county-rows?resource=units").await.expect(403);
        // An overseer changes nothing.
        overseer.put("/v1/units/x", &json!({ "name": "x", "kind": "other" })).await.expect(403);
    }

    async fn what_cannot_be_asked_of_counties_is_said(service: Service) {
        let service = service.with_case().await;
        let reader = service.caller(Role::Reader);
        for (query, name, code) in [
            ("resource=uploads", "resource", "unknown_value"),
            ("resource=evaluations", "resource", "unknown_value"),
            ("resource=webhooks", "resource", "unknown_value"),
            ("resource=nothing", "resource", "unknown_value"),
            ("resource=units&year=2023", "year", "has_no_year"),
            ("resource=units&county=43", "county", "invalid_code"),
            ("resource=units&after=00000000.x", "after", "invalid_cursor"),
            ("", "resource", "missing_field"),
        ] {
            let reply = reader.get(&format!("/v1/county-rows?{query}")).await.expect(400);
            assert_eq!(reply.errors(), [(code.into(), name.into())], "{query}");
        }
    }
}

fn texts(body: &Value, name: &str) -> Vec<String> {
    body["items"].as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
}

on_both! {
    async fn a_token_for_a_region_is_a_readers_of_a_county_in_it(service: Service) {
        for wrong in [["--role", "admin", "--region", "43"], ["--role", "reader", "--region", "44"], ["--role", "reader", "--region", "x"]] {
            assert!(!service.command().arg("token").args(wrong).output().unwrap().status.success(), "{wrong:?}");
        }
        // Nor where the service answers for no region at all.
        let mut alone = service.command();
        alone.env_remove("JIXIAO_REGION").args(["token", "--role", "reader", "--region", "43"]);
        assert!(!alone.output().unwrap().status.success());
        let both = ["token", "--role", "reader", "--region", "43", "--unit", "209002"];
        assert!(!service.command().args(both).output().unwrap().status.success());
    }
}
