//! Budget lines: exact money, and null for what is not known.

use serde_json::json;

use crate::harness::on_both;

const LINE: &str = "/v1/budget-lines/209002:2023:209002-2023-01:30203";

on_both! {
    async fn a_line_answers_with_everything_it_holds(service: Service) {
        let service = service.with_case().await;
        let facts = json!({ "approved": "100", "adjusted": "300.5", "executed": "200" });
        let reply = service.admin().put(LINE, &facts).await.expect(201);
        assert_eq!(reply.body, json!({
            "id": "209002:2023:209002-2023-01:30203",
            "unit": "209002",
            "year": 2023,
            "project": "209002-2023-01",
            "economic_class": "30203",
            "facts": {
                "name_as_printed": null,
                "approved": "100.00", "approved_as_printed": null,
                "adjusted": "300.50", "adjusted_as_printed": null,
                "executed": "200.00", "executed_as_printed": null,
            },
            "computed": { "execution_rate": "66.56", "approximate": false },
            "revision": reply.body["revision"],
        }));
    }

    async fn the_largest_amount_comes_back_exactly(service: Service) {
        let service = service.with_case().await;
        let facts = json!({ "executed": "999999999999999.99" });
        service.admin().put(LINE, &facts).await.expect(201);
        assert_eq!(service.admin().get(LINE).await.body["facts"]["executed"], "999999999999999.99");
    }

    async fn spending_above_the_budget_is_found(service: Service) {
        let service = service.with_case().await;
        service.admin().put(LINE, &json!({ "adjusted": "1.00", "executed": "1.01" })).await.expect(201);
        let found = service.admin().get("/v1/findings?rule=budget.overspent").await.expect(200).body;
        assert_eq!(found["items"][0]["detail_zh"], "科目 30203 执行 1.01 元，超过预算 1.00 元");
    }

    async fn lines_are_filtered(service: Service) {
        let service = service.with_case().await;
        let count = async |query: &str| {
            service.admin().get(&format!("/v1/budget-lines?{query}")).await.expect(200).body["items"].as_array().unwrap().len()
        };
        assert_eq!(count("year=2023").await, 9);
        assert_eq!(count("year=2024").await, 0);
        assert_eq!(count("unit=209002&project=209002-2023-01&economic_class=30299").await, 1);
    }
}
