//! Evaluations: claims on targets, weights, and what is computed beside what was stated.

use serde_json::{Value, json};

use crate::harness::on_both;

const SELF: &str = "/v1/evaluations/209002:2024:209002-2024-01:self";

fn claim(target: &str, weight: Option<&str>) -> Value {
    json!({ "target": target, "weight": weight })
}

on_both! {
    async fn own_weights_must_add_up_to_ninety(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let target = "209002:2024:209002-2024-01:top500-projects:unit";
        for (weight, status) in [("90", 201), ("89.99", 422), ("90.01", 422)] {
            let facts = json!({ "scheme": "own", "indicators": [claim(target, Some(weight))] });
            let reply = admin.put(SELF, &facts).await;
            assert_eq!(reply.status, status, "{weight}");
            if status == 422 {
                assert_eq!(reply.errors(), [("weights_do_not_add_up".into(), "/indicators".into())]);
            }
        }
        let missing = json!({ "scheme": "own", "indicators": [claim(target, None)] });
        let codes = admin.put(SELF, &missing).await.expect(422).errors();
        assert_eq!(codes[0], ("missing_field".into(), "/indicators/0/weight".into()));
        let unwanted = json!({ "scheme": "national_2020", "indicators": [claim(target, Some("50"))] });
        assert_eq!(admin.put(SELF, &unwanted).await.expect(422).errors()[0].0, "weight_not_wanted");
    }

    async fn claims_are_of_the_year_of_the_line_and_once(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        admin.put("/v1/units/xiushan", &json!({ "name": "修山镇", "kind": "township", "parent": "430922" })).await.expect(201);
        admin.put("/v1/targets/xiushan:2024::fdi:county", &json!({ "value": "5" })).await.expect(201);
        let own = "209002:2024:209002-2024-01:top500-projects:unit";
        for (targets, code) in [
            (vec!["430922:2024::fdi:city"], "unknown_reference"),
            (vec!["430922:2023::fdi:city"], "other_year"),
            (vec!["xiushan:2024::fdi:county"], "unrelated_unit"),
            (vec![own, own], "duplicate"),
        ] {
            let claims: Vec<_> = targets.iter().map(|target| claim(target, None)).collect();
            let reply = admin.put(SELF, &json!({ "scheme": "national_2020", "indicators": claims })).await.expect(422);
            assert_eq!(reply.errors()[0].0, code, "{targets:?}");
        }
    }

    async fn the_national_weights_leave_what_is_not_covered_unknown(service: Service) {
        let service = service.with_case().await;
        let claims: Vec<_> = ["projects-signed", "projects-started"].iter()
            .map(|code| claim(&format!("430922:2023::{code}:city"), None))
            .collect();
        let facts = json!({ "scheme": "national_2020", "indicators": claims });
        let path = "/v1/evaluations/209002:2023:209002-2023-01:finance";
        let score = service.admin().put(path, &facts).await.expect(201).body["computed"]["score"].clone();
        // Output 50 is earned; execution 10, benefit 30 and satisfaction 10 are not known.
        assert_eq!((&score["earned"], &score["unknown"], &score["at_most"]), (&json!("50.00"), &json!("50.00"), &json!("100.00")));
    }

    async fn an_evaluation_with_claims_can_be_deleted(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin().with("if-match", "*");
        admin.delete("/v1/evaluations/209002:2023:209002-2023-01:self").await.expect(204);
        admin.delete("/v1/targets/430922:2023::fdi:city").await.expect(204);
    }

    async fn a_claim_does_not_tell_what_the_caller_may_not_see(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        admin.put("/v1/units/xiushan", &json!({ "name": "修山镇", "kind": "township", "parent": "430922" })).await.expect(201);
        admin.put("/v1/targets/xiushan:2024::fdi:county", &json!({ "value": "5" })).await.expect(201);
        let centre = service.caller_of(jixiao::http::identity::Role::Reporter, Some("209002"));
        for assigner in ["county", "city"] {
            let claims = [claim(&format!("xiushan:2024::fdi:{assigner}"), None)];
            let reply = centre.put(SELF, &json!({ "scheme": "national_2020", "indicators": claims })).await.expect(422);
            assert_eq!(reply.errors()[0].0, "unknown_reference");
        }
    }

    async fn too_many_claims_are_refused_at_once(service: Service) {
        let service = service.with_case().await;
        let claims: Vec<_> = (0..5000).map(|n| claim(&format!("430922:2024::i{n}:city"), None)).collect();
        let reply = service.admin().put(SELF, &json!({ "scheme": "national_2020", "indicators": claims })).await.expect(422);
        assert_eq!(reply.errors()[0], ("too_many".into(), "/indicators".into()));
        let twice = json!([{ "kind": "training", "count_as_printed": "1次" }, { "kind": "training", "count_as_printed": "2次" }]);
        let reply = service.admin().put(SELF, &json!({ "scheme": "national_2020", "activities": twice })).await.expect(422);
        assert_eq!(reply.errors(), [("duplicate".into(), "/activities/1/kind".into())]);
    }

    async fn a_wrong_stated_completion_is_found(service: Service) {
        let service = service.with_case().await;
        let path = "/v1/evaluations/209002:2023:209002-2023-01:self";
        let mut facts = service.admin().get(path).await.body["facts"].clone();
        facts["indicators"][0]["stated_completion"] = json!("65.60");
        facts["indicators"][1]["stated_points"] = json!("12.00");
        facts["stated_execution_rate"] = json!("99.00");
        service.admin().with("if-match", "*").put(path, &facts).await.expect(200);

        let found = service.admin().get("/v1/findings?rule=evaluation.completion-mismatch").await.body;
        assert_eq!(found["items"][0]["detail_zh"], "“外商直接投资”填报完成率 65.60%，计算为 6.56%");
        let found = service.admin().get("/v1/findings?rule=evaluation.points-mismatch").await.body;
        assert_eq!(found["items"][0]["detail_en"], "`out-of-province-capital`: 12.00 points stated, 11.25 computed");
    }

    async fn an_evaluation_of_a_subordinate_may_claim_what_its_county_was_set(service: Service) {
        let service = service.with_case().await;
        let reporter = service.caller_of(jixiao::http::identity::Role::Reporter, Some("209002"));
        let facts = json!({ "scheme": "national_2020", "indicators": [] });
        reporter.put(SELF, &facts).await.expect(201);
        // It sees the county's results where it claims them, and nowhere else.
        let card = reporter.get("/v1/scorecards/209002:2023").await.expect(200).body;
        assert_eq!(card["evaluations"][0]["computed"]["score"]["parts"][1]["actual"], "21");
        reporter.get("/v1/targets/430922:2023::fdi:city").await.expect(404);
    }

    async fn evaluations_are_filtered_by_kind(service: Service) {
        let service = service.with_case().await;
        let count = async |query: &str| {
            service.admin().get(&format!("/v1/evaluations?{query}")).await.expect(200).body["items"].as_array().unwrap().len()
        };
        assert_eq!((count("kind=self&year=2023").await, count("kind=finance").await), (1, 0));
    }
}
