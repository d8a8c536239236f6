//! Code lists: the official classes of a year, and divisions.

use serde_json::json;

use crate::harness::on_both;

on_both! {
    async fn the_national_classification_has_its_110_rows(service: Service) {
        let year = "2025".parse().unwrap();
        assert_eq!(jixiao::demo::load_codes(&service.context, year).await.unwrap(), 110);
        assert_eq!(jixiao::demo::load_codes(&service.context, year).await.unwrap(), 0, "loading again changes nothing");
        let list = service.admin().get("/v1/economic-classes?year=2025&limit=1000").await.expect(200).body;
        assert_eq!(list["items"].as_array().unwrap().len(), 110);
        let upkeep = service.admin().get("/v1/economic-classes/2025:30213").await.expect(200).body;
        assert_eq!(upkeep["facts"], json!({ "name": "维修（护）费", "parent": "302", "retired": false }));
    }

    async fn a_year_has_its_own_list(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        admin.get("/v1/economic-classes/2023:30201").await.expect(200);
        admin.get("/v1/economic-classes/2024:30201").await.expect(404);
        let line = "/v1/budget-lines/209002:2024:209002-2024-01:30201";
        let reply = admin.put(line, &json!({})).await.expect(422);
        assert_eq!(reply.body["errors"][0]["value"], "2024:30201");
    }

    async fn a_retired_class_takes_no_new_lines(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let retired = json!({ "name": "咨询费", "parent": "302", "retired": true });
        admin.clone().with("if-match", "*").put("/v1/economic-classes/2023:30203", &retired).await.expect(200);
        let reply = admin.put("/v1/budget-lines/209002:2023:209002-2023-01:30203", &json!({})).await.expect(422);
        assert_eq!(reply.errors()[0].0, "retired_class");
        let year = "2023".parse().unwrap();
        assert_eq!(jixiao::demo::load_codes(&service.context, year).await.unwrap(), 0, "what the county changed stays");
    }

    async fn lines_of_a_class_that_was_retired_can_be_stated_again_and_corrected(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let line = "/v1/budget-lines/209002:2023:209002-2023-01:30201";
        let facts = admin.get(line).await.body["facts"].clone();
        let retired = json!({ "name": "办公费", "parent": "302", "retired": true });
        admin.clone().with("if-match", "*").put("/v1/economic-classes/2023:30201", &retired).await.expect(200);
        admin.put(line, &facts).await.expect(200);
        admin.with("if-match", "*").put(line, &json!({ "executed": "1.00" })).await.expect(200);
    }

    async fn a_class_with_lines_stays(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin().with("if-match", "*");
        admin.delete("/v1/economic-classes/2023:30201").await.expect(409);
        admin.delete("/v1/economic-classes/2023:30203").await.expect(204);
    }

    async fn what_has_something_below_it_stays_above_it(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin().with("if-match", "*");
        admin.delete("/v1/economic-classes/2023:301").await.expect(409);
        admin.delete("/v1/divisions/2023:430922").await.expect(409);
        let lowered = json!({ "name": "桃江县", "level": "township", "parent": "430900" });
        let reply = admin.put("/v1/divisions/2023:430922", &lowered).await.expect(422);
        assert_eq!(reply.errors(), [("wrong_level".into(), "/level".into())]);
    }

    async fn divisions_form_a_tree_by_level(service: Service) {
        let service = service.with_case().await;
        let town = service.admin().get("/v1/divisions/2023:430922103").await.expect(200).body;
        assert_eq!(town["facts"], json!({ "name": "鸬鹚渡镇", "level": "township", "parent": "430922" }));
    }
}
