//! Standards and schemes: thresholds, bands and scoring are data with a year, shipped with the national defaults.

use jixiao::http::identity::Role;
use serde_json::{Value, json};

use crate::harness::{Service, on_both};

const SELF: &str = "/v1/evaluations/209002:2023:209002-2023-01:self";

async fn read(service: &Service, path: &str) -> Value {
    service.admin().get(path).await.expect(200).body
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

/// An item of a scheme.
fn item(code: &str, points: &str, method: &str, more: Value) -> Value {
    let mut item = json!({ "code": code, "name": code, "points": points, "method": method });
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    item
}

on_both! {
    async fn what_is_national_is_there_before_anybody_states_it(service: Service) {
        let standard = read(&service, "/v1/standards/2020").await;
        assert_eq!((&standard["revision"], &standard["facts"]["green_from"]), (&json!(0), &json!("80.00")));
        let schemes = read(&service, "/v1/schemes?in_force=2023").await;
        assert_eq!(ids(&schemes), ["cost_2021:2021", "national_2020:2020", "own:2020"]);
        assert_eq!(ids(&read(&service, "/v1/schemes?in_force=2020").await), ["national_2020:2020", "own:2020"]);
        service.admin().get("/v1/standards/2021").await.expect(404);
    }

    async fn a_stated_standard_is_in_force_from_its_year_on(service: Service) {
        let admin = service.admin();
        let mut facts = read(&service, "/v1/standards/2020").await["facts"].clone();
        facts["excellent_from"] = json!("95.00");
        admin.put("/v1/standards/2023", &facts).await.expect(201);
        let in_force = async |year: i32| ids(&read(&service, &format!("/v1/standards?in_force={year}")).await).concat();
        assert_eq!([in_force(2022).await, in_force(2023).await, in_force(2030).await], ["2020", "2023", "2023"]);
        facts["green_from"] = json!("60.00");
        let wrong = admin.put("/v1/standards/2024", &facts).await.expect(422).errors();
        assert_eq!(wrong, [("out_of_order".into(), "/green_from".into())]);
        // The reporter reads it and does not change it.
        service.caller(Role::Reporter).put("/v1/standards/2024", &facts).await.expect(403);
        admin.with("if-match", "*").delete("/v1/standards/2023").await.expect(204);
        assert_eq!(in_force(2023).await, "2020");
    }

    async fn what_is_shipped_is_changed_like_anything_else(service: Service) {
        let admin = service.admin();
        let before = admin.get("/v1/standards/2020").await.expect(200);
        assert_eq!(before.header("etag"), "\"0\"");
        let mut facts = before.body["facts"].clone();
        facts["reason_from"] = json!("150.00");
        admin.clone().with("if-match", "\"0\"").put("/v1/standards/2020", &facts).await.expect(201);
        admin.clone().with("if-match", "\"0\"").put("/v1/standards/2020", &before.body["facts"]).await.expect(412);
        // The journal has it, and the past has what was there before.
        let then = read(&service, "/v1/standards/2020?as_of=0").await;
        assert_eq!(then["facts"]["reason_from"], "130.00");
        let mut own = read(&service, "/v1/schemes/own:2020").await["facts"].clone();
        own["name"] = json!("本县自定权重");
        admin.put("/v1/schemes/own:2020", &own).await.expect(201);
        assert_eq!(ids(&read(&service, "/v1/schemes?code=own").await), ["own:2020"]);
    }

    async fn the_edges_of_the_grades_move_with_the_standard(service: Service) {
        let service = service.with_case().await;
        let grades = async || {
            let score = read(&service, SELF).await["computed"]["score"].clone();
            (score["grade_at_least"].clone(), score["grade_at_most"].clone())
        };
        assert_eq!(grades().await, (json!("fair"), json!("good")));
        let mut facts = read(&service, "/v1/standards/2020").await["facts"].clone();
        (facts["good_from"], facts["excellent_from"]) = (json!("70.00"), json!("82.53"));
        service.admin().put("/v1/standards/2023", &facts).await.expect(201);
        assert_eq!(grades().await, (json!("good"), json!("excellent")));
    }

    async fn each_method_scores_the_case_and_says_how(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let listed = |codes: &[&str]| json!(codes.iter().map(|code| json!({ "indicator": code })).collect::<Vec<_>>());
        let eight = listed(&["fdi", "out-of-province-capital", "in-province-capital", "hunan-merchant-capital",
            "hunan-merchant-companies", "projects-signed", "projects-started", "projects-producing"]);
        let scheme = json!({ "name": "各种方法", "items": [
            item("money", "40", "group", json!({})),
            item("fdi", "10", "proportional", json!({ "parent": "money", "indicators": listed(&["fdi"]) })),
            item("signed", "10", "proportional", json!({ "parent": "money", "cap": "120", "indicators": listed(&["projects-signed"]) })),
            item("started", "10", "all_or_nothing", json!({ "parent": "money", "met_from": "115", "indicators": listed(&["projects-started"]) })),
            item("producing", "10", "bands", json!({ "parent": "money", "indicators": listed(&["projects-producing"]),
                "bands": [{ "from": "120", "share": "100" }, { "from": "100", "share": "80" }] })),
            item("all", "30", "deduction", json!({ "each": "5", "indicators": eight })),
            item("mean", "20", "weighted_mean", json!({ "indicators": [
                { "indicator": "hunan-merchant-capital", "weight": "3" }, { "indicator": "projects-signed", "weight": "1" }] })),
            item("execution", "10", "execution_rate", json!({})),
            item("more", "5", "bonus", json!({ "each": "2", "indicators": listed(&["hunan-merchant-companies"]) })),
            item("less", "8", "penalty", json!({ "each": "0.25", "indicators": listed(&["fdi"]) })),
        ] });
        admin.put("/v1/schemes/county-own:2023", &scheme).await.expect(201);
        let mut facts = read(&service, SELF).await["facts"].clone();
        facts["scheme"] = json!("county-own");
        for claim in facts["indicators"].as_array_mut().unwrap() {
            claim["weight"] = Value::Null;
        }
        let reply = admin.clone().with("if-match", "*").put(SELF, &facts).await.expect(200);
        let score = &reply.body["computed"]["score"];
        let parts: Vec<_> = score["parts"].as_array().unwrap().iter()
            .filter(|part| part["kind"] != "not_scored")
            .map(|part| (part["item"].as_str().unwrap(), part["formula"].as_str().unwrap()))
            .collect();
        assert_eq!(parts, [
            ("fdi", "10.00 × 21 ÷ 320 = 0.66"),
            ("signed", "10.00 × 120.00% = 12.00"),
            ("started", "10.00 × 0 = 0.00"),
            ("producing", "10.00 × 80.00% = 8.00"),
            ("all", "30.00 − 5.00 × 3 = 15.00"),
            ("mean", "20.00 × (51.47% × 3 + 100.00% × 1) ÷ 4 = 12.72"),
            ("execution", "10.00 × ? = ?"),
            ("more", "+ 2.00 × 13 = + 5.00"),
            ("less", "− 0.25 × 21 = − 5.25"),
        ]);
        // 0.66 + 12 + 0 + 8 + 15 + 12.72 + 5 − 5.25, and ten that are not known.
        assert_eq!((&score["earned"], &score["unknown"], &score["at_most"]), (&json!("48.13"), &json!("10.00"), &json!("58.13")));
        // What a scheme names stays.
        admin.with("if-match", "*").delete("/v1/indicators/fdi").await.expect(409);
    }

    async fn an_evaluation_names_a_scheme_of_its_year(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let path = "/v1/evaluations/209002:2024:209002-2024-01:self";
        let unknown = admin.put(path, &json!({ "scheme": "ours" })).await.expect(422).errors();
        assert_eq!(unknown, [("unknown_reference".into(), "/scheme".into())]);
        let scheme = json!({ "name": "我们的", "items": [item("all", "100", "national", json!({}))] });
        admin.put("/v1/schemes/ours:2025", &scheme).await.expect(201);
        admin.put(path, &json!({ "scheme": "ours" })).await.expect(422);
        admin.put("/v1/schemes/ours:2024", &scheme).await.expect(201);
        admin.put(path, &json!({ "scheme": "ours" })).await.expect(201);
    }

    async fn what_would_be_is_shown_and_not_written(service: Service) {
        let service = service.with_case().await;
        let reader = service.caller(Role::Reader);
        let path = format!("{SELF}/what-if");
        let before = service.context.store.view().journal_position().await.unwrap();
        // Had the 320 been 21 and the budget been spent to the last 元, it would be 10.51 and 10 more.
        let body = json!({ "targets": [{ "target": "430922:2023::fdi:city", "value": "21" }], "adjusted": "3459100.00" });
        let seen = reader.post(&path, &body).await.expect(200).body;
        let score = |one: &str| (seen[one]["score"]["earned"].clone(), seen[one]["score"]["unknown"].clone());
        assert_eq!((score("now"), score("then")), ((json!("72.53"), json!("10.00")), (json!("93.04"), json!("0.00"))));
        let other = json!({ "scheme": "national_2020", "actuals": [{ "target": "430922:2023::fdi:city", "value": "160" }] });
        let seen = reader.post(&path, &other).await.expect(200).body;
        assert_eq!(seen["then"]["score"]["scheme"], "national_2020");
        assert_eq!(service.context.store.view().journal_position().await.unwrap(), before);
        let wrong = json!({ "scheme": "nothing", "actuals": [{ "target": "430922:2023::nothing:city", "value": "1" }] });
        assert_eq!(reader.post(&path, &wrong).await.expect(422).errors(),
            [("unknown_reference".into(), "/scheme".into()), ("unknown_reference".into(), "/actuals/0/target".into())]);
    }
}
