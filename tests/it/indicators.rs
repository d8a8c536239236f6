//! Indicators, targets and progress: what is measured, wanted and reached.

use serde_json::json;

use crate::harness::{Caller, on_both};

/// States an indicator with a target and progress of the county, and reads how far it was reached.
async fn completion(
    admin: &Caller<'_>,
    direction: &str,
    cumulative: bool,
    target: &str,
    months: &[(&str, &str)],
) -> serde_json::Value {
    let code = format!("{direction}-{cumulative}");
    let indicator = json!({
        "name": "指标", "measure_unit": "个", "category": "output", "subcategory": "quantity",
        "direction": direction, "cumulative": cumulative,
    });
    admin.put(&format!("/v1/indicators/{code}"), &indicator).await.expect(201);
    let facts = if target.is_empty() { json!({ "goal": "办好" }) } else { json!({ "value": target }) };
    let target = format!("430922:2022::{code}:county");
    admin.put(&format!("/v1/targets/{target}"), &facts).await.expect(201);
    for (month, value) in months {
        admin.put(&format!("/v1/progress/430922:{month}:{code}"), &json!({ "value": value })).await.expect(201);
    }
    let card = admin.get("/v1/scorecards/430922:2022").await.expect(200).body;
    card["targets"].as_array().unwrap().iter().find(|one| one["id"] == target).unwrap()["completion"].clone()
}

on_both! {
    async fn each_direction_has_its_rule(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let december = |value: &'static str| [("2022-12", value)];
        let known = |state: &str, percent: &str| json!({ "state": state, "percent": percent, "note": "known" });

        assert_eq!(completion(&admin, "at_least", true, "10", &december("9")).await, known("missed", "90.00"));
        assert_eq!(completion(&admin, "more_than", true, "10", &december("10")).await, known("missed", "100.00"));
        assert_eq!(completion(&admin, "equal", true, "10", &december("10")).await, known("met", "100.00"));
        assert_eq!(completion(&admin, "at_most", true, "10", &december("12.5")).await, known("missed", "75.00"));
        assert_eq!(completion(&admin, "less_than", true, "10", &december("8")).await, known("met", "120.00"));
        assert_eq!(completion(&admin, "qualitative", true, "", &december("85")).await, known("met", "85.00"));
    }

    async fn months_are_added_unless_they_are_cumulative(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let months = [("2022-01", "3"), ("2022-02", "4"), ("2022-12", "5")];
        assert_eq!(completion(&admin, "at_least", true, "10", &months).await["percent"], "50.00");
        assert_eq!(completion(&admin, "at_least", false, "10", &months).await["percent"], "120.00");
    }

    async fn an_overlap_counts_each_indicator_once(service: Service) {
        let service = service.with_case().await;
        // A second target for one of the wholes does not make its actual count twice.
        service.admin().put("/v1/targets/430922:2023::in-province-capital:county", &json!({ "value": "5" })).await.expect(201);
        let found = service.admin().get("/v1/findings?unit=430922&year=2023&rule=target.overlap").await.expect(200).body;
        assert_eq!(found["items"][0]["numbers"][1]["value"], "129.58");
    }

    async fn a_lowered_target_is_compared_with_its_own_successor(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        for (year, project, value) in [(2021, "a", "10"), (2021, "b", "20"), (2022, "a", "10"), (2022, "b", "20")] {
            admin.put(&format!("/v1/projects/209:{year}:{project}"), &json!({ "name": "项目" })).await.expect(201);
            let target = format!("/v1/targets/209:{year}:{project}:projects-signed:unit");
            admin.put(&target, &json!({ "value": value })).await.expect(201);
        }
        let found = admin.get("/v1/findings?unit=209&year=2021&rule=target.lowered-next-year").await.expect(200).body;
        assert_eq!(found["items"], json!([]));
    }

    async fn what_is_not_reported_is_not_known(service: Service) {
        let service = service.with_case().await;
        let unknown = completion(&service.admin(), "at_least", true, "10", &[]).await;
        assert_eq!(unknown, json!({ "state": "unknown", "percent": null, "note": "no_actual" }));
    }

    async fn one_indicator_may_have_two_targets(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        admin.put("/v1/targets/430922:2023::fdi:county", &json!({ "value": "400" })).await.expect(201);
        let list = admin.get("/v1/targets?unit=430922&indicator=fdi").await.expect(200).body;
        let values: Vec<_> = list["items"].as_array().unwrap().iter().map(|one| &one["facts"]["value"]).collect();
        assert_eq!(values, [&json!("320"), &json!("400")]);
    }

    async fn a_claimed_target_cannot_be_deleted(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin().with("if-match", "*");
        admin.delete("/v1/targets/430922:2023::fdi:city").await.expect(409);
        admin.delete("/v1/targets/209002:2024:209002-2024-01:top500-projects:unit").await.expect(204);
        admin.delete("/v1/indicators/fdi").await.expect(409);
        // Nor an indicator that another is part of.
        let part = json!({
            "name": "部分", "measure_unit": "个", "category": "output", "subcategory": "quantity",
            "direction": "at_least", "cumulative": true, "part_of": ["whole"],
        });
        let mut whole = part.clone();
        whole["part_of"] = json!([]);
        service.admin().put("/v1/indicators/whole", &whole).await.expect(201);
        service.admin().put("/v1/indicators/part", &part).await.expect(201);
        admin.delete("/v1/indicators/whole").await.expect(409);
    }

    async fn a_project_with_targets_or_evaluations_stays(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin().with("if-match", "*");
        let project = "/v1/projects/209002:2024:209002-2024-01";
        admin.delete(project).await.expect(409);
        for code in ["top500-projects", "projects-over-100m", "projects-over-50m"] {
            admin.delete(&format!("/v1/targets/209002:2024:209002-2024-01:{code}:unit")).await.expect(204);
        }
        let evaluation = "/v1/evaluations/209002:2024:209002-2024-01:finance";
        service.admin().put(evaluation, &json!({ "scheme": "national_2020" })).await.expect(201);
        admin.delete(project).await.expect(409);
        admin.delete(evaluation).await.expect(204);
        admin.delete(project).await.expect(204);
    }

    async fn progress_is_filtered_by_year_and_month(service: Service) {
        let service = service.with_case().await;
        let count = async |query: &str| {
            service.admin().get(&format!("/v1/progress?{query}")).await.expect(200).body["items"].as_array().unwrap().len()
        };
        assert_eq!((count("year=2023").await, count("year=2022").await), (8, 0));
        assert_eq!((count("month=2023-12&indicator=fdi").await, count("month=2023-11").await), (1, 0));
    }

    async fn a_qualitative_target_has_a_goal_and_a_percentage(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let facts = json!({
            "name": "营商环境", "measure_unit": "%", "category": "benefit", "subcategory": "social_benefit",
            "direction": "qualitative", "cumulative": false,
        });
        admin.put("/v1/indicators/climate", &facts).await.expect(201);
        let number = admin.put("/v1/targets/430922:2023::climate:county", &json!({ "value": "1" })).await.expect(422);
        assert_eq!(number.errors(), [("qualitative_value".into(), "/value".into())]);
        let above = admin.put("/v1/progress/430922:2023-12:climate", &json!({ "value": "101" })).await.expect(422);
        assert_eq!(above.errors(), [("out_of_range".into(), "/value".into())]);
    }
}
