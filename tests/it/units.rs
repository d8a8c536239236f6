//! Units: a tree, and what of it a caller sees.

use jixiao::http::identity::Role;
use serde_json::json;

use crate::harness::on_both;

const CENTRE: &str = "/v1/units/209002";

on_both! {
    async fn stating_the_same_facts_twice_leaves_one_unit(service: Service) {
        let admin = service.admin();
        let facts = json!({ "name": "桃江县", "kind": "county", "division_code": "430922" });

        let first = admin.put("/v1/units/430922", &facts).await.expect(201);
        let second = admin.put("/v1/units/430922", &facts).await.expect(200);

        assert_eq!(first.body, second.body);
        assert_eq!(first.header("location"), "/v1/units/430922");
        assert_eq!(admin.get("/v1/units/430922").await.expect(200).body, first.body);
    }

    async fn the_centre_has_five_posts_vacant(service: Service) {
        let service = service.with_case().await;
        let centre = service.admin().get(CENTRE).await.expect(200).body;

        assert_eq!(centre["id"], "209002");
        assert_eq!(centre["facts"]["established_on"], "2015-12");
        assert_eq!(centre["facts"]["funding"], "全额拨款(公益一类)");
        assert_eq!(centre["facts"]["leadership"][1], json!({ "title": "副主任", "count": 2 }));
        assert_eq!(centre["facts"]["social_credit_code"], json!(null));
        assert_eq!(centre["computed"], json!({ "vacant_posts": 5, "fill_rate": "80.00" }));
    }

    async fn a_cycle_in_the_tree_is_refused(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin().with("if-match", "*");

        for parent in ["209002", "209"] {
            let facts = json!({ "name": "商务局", "kind": "department", "parent": parent });
            let reply = admin.put("/v1/units/209", &facts).await.expect(422);
            assert_eq!(reply.errors(), [("cycle".into(), "/parent".into())]);
        }
    }

    async fn a_parent_must_exist(service: Service) {
        let orphan = json!({ "name": "孤儿", "kind": "other", "parent": "nobody" });
        let reply = service.admin().put("/v1/units/orphan", &orphan).await.expect(422);
        assert_eq!(reply.errors(), [("unknown_reference".into(), "/parent".into())]);
    }

    async fn a_caller_sees_its_own_subtree_and_nothing_else(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let town = json!({ "name": "修山镇", "kind": "township", "parent": "430922", "division_code": "430922101" });
        admin.put("/v1/units/xiushan", &town).await.expect(201);

        let bureau = service.caller_of(Role::Reporter, Some("209"));
        let seen = bureau.get("/v1/units").await.expect(200).body;
        let codes: Vec<_> = seen["items"].as_array().unwrap().iter().map(|unit| unit["id"].as_str().unwrap()).collect();

        assert_eq!(codes, ["209", "209002"]);
        bureau.get(CENTRE).await.expect(200);
        bureau.get("/v1/units/430922").await.expect(404);
        bureau.get("/v1/units/xiushan").await.expect(404);
        bureau.get("/v1/scorecards/xiushan:2023").await.expect(404);
    }

    async fn a_subtree_administrator_cannot_reach_outside(service: Service) {
        let service = service.with_case().await;
        let bureau = service.caller_of(Role::Admin, Some("209"));
        let unit = |parent: &str| json!({ "name": "新单位", "kind": "other", "parent": parent });

        bureau.put("/v1/units/209003", &unit("209")).await.expect(201);
        bureau.put("/v1/units/elsewhere", &unit("430922")).await.expect(404);
        let bureau = bureau.with("if-match", "*");
        bureau.put("/v1/units/430922", &unit("209")).await.expect(404);
        // Nor take its own top elsewhere, or to the top of the tree.
        let renamed = |parent: serde_json::Value| json!({ "name": "商务局", "kind": "department", "parent": parent });
        bureau.put("/v1/units/209", &renamed(json!(null))).await.expect(404);
        bureau.put("/v1/units/209", &renamed(json!("nosuch"))).await.expect(404);
        bureau.put("/v1/units/209", &renamed(json!("430922"))).await.expect(200);
    }

    async fn a_unit_with_rows_cannot_be_deleted(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin().with("if-match", "*");

        assert_eq!(admin.delete(CENTRE).await.expect(409).body["code"], "in_use");
        admin.put("/v1/units/empty", &json!({ "name": "空", "kind": "other" })).await.expect(412);
        service.admin().put("/v1/units/empty", &json!({ "name": "空", "kind": "other" })).await.expect(201);
        admin.delete("/v1/units/empty").await.expect(204);
        admin.get("/v1/units/empty").await.expect(404);
    }

    async fn units_are_filtered_by_parent_and_kind(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();

        let below = admin.get("/v1/units?parent=209").await.expect(200).body;
        let counties = admin.get("/v1/units?kind=county").await.expect(200).body;

        assert_eq!((below["items"].as_array().unwrap().len(), &below["items"][0]["id"]), (1, &json!("209002")));
        assert_eq!((counties["items"].as_array().unwrap().len(), &counties["items"][0]["id"]), (1, &json!("430922")));
    }
}
