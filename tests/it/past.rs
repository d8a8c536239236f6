//! What was submitted then is read back now, to the byte, after any number of later edits.

use jixiao::http::identity::Role;
use serde_json::{Value, json};

use crate::harness::on_both;

const COUNTY: &str = "/v1/scorecards/430922:2023";

/// What was reported of foreign investment through each month of 2023, in 万美元, and how much of the target of 320
/// that is; the last is the report's own figure.
const MONTHS: [(&str, &str, &str); 12] = [
    ("01", "0", "0.00"),
    ("02", "0", "0.00"),
    ("03", "2.5", "0.78"),
    ("04", "2.5", "0.78"),
    ("05", "4", "1.25"),
    ("06", "7.2", "2.25"),
    ("07", "9", "2.81"),
    ("08", "9", "2.81"),
    ("09", "12.4", "3.88"),
    ("10", "15", "4.69"),
    ("11", "18.6", "5.81"),
    ("12", "21", "6.56"),
];

/// Foreign investment on a scorecard: the value reached, and how much of the target that is.
fn fdi(card: &Value) -> (&str, &str) {
    let targets = card["targets"].as_array().unwrap();
    let of_fdi = targets.iter().find(|one| one["id"] == "430922:2023::fdi:city");
    let of_fdi = of_fdi.unwrap_or_else(|| panic!("{:#}", targets[0]));
    (of_fdi["actual"].as_str().unwrap(), of_fdi["completion"]["percent"].as_str().unwrap())
}

on_both! {
    async fn every_month_of_the_case_is_read_back_after_it_was_corrected(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin().with("if-match", "*");
        let row = |month: &str| format!("/v1/progress/430922:2023-{month}:fdi");
        admin.delete(&row("12")).await.expect(204);
        let mut then = Vec::new();
        for (month, value, _) in MONTHS {
            let kept = service.admin().put(&row(month), &json!({ "value": value })).await.expect(201).body;
            let card = service.admin().get(COUNTY).await.expect(200);
            then.push((kept["revision"].as_i64().unwrap(), card));
        }
        // Corrected later, taken away, and more.
        for (month, _, _) in MONTHS {
            admin.put(&row(month), &json!({ "value": "99" })).await.expect(200);
        }
        admin.delete(&row("12")).await.expect(204);
        let name = json!({ "name": "外资", "measure_unit": "万美元", "category": "output", "subcategory": "quantity", "direction": "at_least", "cumulative": true });
        admin.put("/v1/indicators/fdi", &name).await.expect(200);
        assert_eq!(fdi(&service.admin().get(COUNTY).await.expect(200).body).0, "99");

        let journal = service.caller(Role::Auditor).get("/v1/journal?limit=1000").await.expect(200).body;
        let at = |sequence: i64| journal["items"].as_array().unwrap().iter().find(|one| one["sequence"] == sequence).unwrap()["at"].as_str().unwrap().to_owned();
        for ((_, value, completion), (revision, card)) in MONTHS.iter().zip(&then) {
            assert_eq!(fdi(&card.body), (*value, *completion));
            for moment in [revision.to_string(), at(*revision)] {
                let again = service.admin().get(&format!("{COUNTY}?as_of={moment}")).await.expect(200);
                assert_eq!(again.body, card.body, "{moment}");
                assert_eq!(again.header("etag"), card.header("etag"));
            }
        }
    }

    async fn items_lists_and_findings_are_those_of_the_moment(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let paths = [
            "/v1/units/209002", "/v1/units?limit=3", "/v1/projects?unit=209002", "/v1/budget-lines?unit=209002&limit=1000", "/v1/indicators",
            "/v1/targets?limit=1000", "/v1/progress", "/v1/evaluations", "/v1/evaluations/209002:2023:209002-2023-01:self", "/v1/findings?limit=1000",
            "/v1/divisions?limit=1000", "/v1/economic-classes?limit=1000", "/v1/closings", "/v1/scorecards/209002:2023",
        ];
        let mut before = Vec::new();
        for path in paths {
            let reply = admin.get(path).await.expect(200);
            before.push((reply.header("etag").to_owned(), reply.body));
        }
        let moment = admin.get("/v1/snapshots?limit=1").await.expect(200).body["at"].as_i64().unwrap();
        let change = admin.clone().with("if-match", "*");
        change.put("/v1/units/209002", &json!({ "name": "招商局", "kind": "department", "parent": "430922" })).await.expect(200);
        change.put("/v1/budget-lines/209002:2023:209002-2023-01:30201", &json!({ "executed": "1.00" })).await.expect(200);
        change.delete("/v1/evaluations/209002:2023:209002-2023-01:self").await.expect(204);
        admin.put("/v1/closings/209002:2023", &json!({})).await.expect(201);
        for (path, (tag, before)) in paths.iter().zip(before) {
            let sign = if path.contains('?') { '&' } else { '?' };
            let again = admin.get(&format!("{path}{sign}as_of={moment}")).await.expect(200);
            assert_eq!(again.header("etag"), tag, "{path}");
            let mut again = again.body;
            if let Some(next) = before["next"].as_str() {
                // The cursor is bound to the moment: the next page is of the same one.
                let next_then = again["next"].as_str().unwrap().to_owned();
                assert_ne!(next, next_then);
                admin.get(&format!("{path}&as_of={moment}&after={next_then}")).await.expect(200);
                admin.get(&format!("{path}&after={next_then}")).await.expect(400);
                again["next"] = before["next"].clone();
            }
            assert_eq!(again, before, "{path}");
        }
        assert_eq!(admin.get("/v1/units?as_of=0").await.expect(200).body["items"], json!([]), "before the first change there was nothing");
        admin.get("/v1/units/209002?as_of=0").await.expect(404);
        admin.get("/v1/units?as_of=2001-01-01T00:00:00%2B08:00").await.expect(200);
        for wrong in ["999999", "2100-01-01T00:00:00Z", "yesterday", "-1", ""] {
            let reply = admin.get(&format!("/v1/units/209002?as_of={wrong}")).await.expect(400);
            assert_eq!(reply.body["errors"][0]["parameter"], "as_of");
        }
    }

    async fn what_has_no_earlier_moment_does_not_answer_as_if_it_had(service: Service) {
        let service = service.with_case().await;
        let document = jixiao::server::document();
        let mut refused = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            let parameters = item["get"]["parameters"].as_array();
            let has = |name: &str| parameters.is_some_and(|all| all.iter().any(|one| one["name"] == name));
            if item.get("get").is_none() || !has("limit") || has("as_of") || path.contains("{id}") {
                continue;
            }
            let role = if path.starts_with("/v1/journal") { Role::Auditor } else { Role::Admin };
            let reply = service.caller(role).get(&format!("{path}?as_of=1")).await.expect(400);
            assert!(reply.body.to_string().contains("as_of"), "{path}");
            refused += 1;
        }
        assert!(refused >= 6, "{refused}");
        service.admin().get("/v1/units/209002/revisions?as_of=1").await.expect(400);
    }
}
