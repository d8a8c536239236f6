//! Goals: targets handed down, approved, adjusted and rolled over.

use jixiao::http::identity::Role;
use serde_json::{Value, json};

use crate::harness::{Caller, Reply, Service, on_both};

const FDI: &str = "430922:2023::fdi:city";

async fn with_townships(service: Service) -> Service {
    let service = service.with_case().await;
    for (unit, parent) in [("xiushan", "430922"), ("madu", "430922"), ("village", "xiushan")] {
        let facts = json!({ "name": unit, "kind": "township", "parent": parent });
        service.admin().put(&format!("/v1/units/{unit}"), &facts).await.expect(201);
    }
    service
}

async fn allocate(caller: &Caller<'_>, target: &str, units: &[(&str, &str)]) -> Reply {
    let allocations: Vec<_> = units.iter().map(|(unit, value)| json!({ "unit": unit, "value": value })).collect();
    caller.post(&format!("/v1/targets/{target}/allocations"), &json!({ "allocations": allocations })).await
}

fn rules(card: &Value) -> Vec<&str> {
    card["findings"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect()
}

on_both! {
    async fn a_target_is_handed_down_whole(service: Service) {
        let service = with_townships(service).await;
        let admin = service.admin();
        let cascade = allocate(&admin, FDI, &[("xiushan", "200"), ("madu", "80")]).await.expect(200).body;
        let top = &cascade["nodes"][0];
        assert_eq!((&top["handed_down"], &top["uncovered"], &top["headroom"]), (&json!("280"), &json!("40"), &json!("0")));
        assert_eq!(cascade["nodes"][1]["parent"], FDI);
        let child = admin.get("/v1/targets/xiushan:2023::fdi:county").await.expect(200).body;
        assert_eq!(child["facts"]["parent"], FDI);
        let card = admin.get("/v1/scorecards/430922:2023").await.expect(200).body;
        assert!(rules(&card).contains(&"target.not-covered"), "{:?}", rules(&card));

        // Who is not in the next set has it no longer; the same set again changes nothing.
        allocate(&admin, FDI, &[("xiushan", "320")]).await.expect(200);
        admin.get("/v1/targets/madu:2023::fdi:county").await.expect(404);
        let before = service.context.store.view().journal_position().await.unwrap();
        let again = allocate(&admin, FDI, &[("xiushan", "320")]).await.expect(200).body;
        assert_eq!(service.context.store.view().journal_position().await.unwrap(), before);
        assert_eq!(again["nodes"][0]["uncovered"], "0");
        // What was handed down holds the one it comes from.
        admin.clone().with("if-match", "*").delete(&format!("/v1/targets/{FDI}")).await.expect(409);
    }

    async fn figures_are_rolled_up_and_counted_once(service: Service) {
        let service = with_townships(service).await;
        let admin = service.admin();
        allocate(&admin, FDI, &[("xiushan", "200"), ("madu", "100"), ("village", "20")]).await.expect(200);
        for (unit, value) in [("xiushan", "15"), ("village", "9"), ("madu", "4")] {
            admin.put(&format!("/v1/progress/{unit}:2023-06:fdi"), &json!({ "value": value })).await.expect(201);
        }
        admin.put("/v1/targets/430922:2023::fdi:county", &json!({ "value": "400" })).await.expect(201);
        let cascade = admin.get(&format!("/v1/cascades/{FDI}?month=2023-06")).await.expect(200).body;
        // The village lies inside the township: 15 + 4, not 28.
        assert_eq!((&cascade["nodes"][0]["rolled_up"], &cascade["twice"]), (&json!("19"), &json!(["village"])));
        assert_eq!(cascade["beside"][0]["difference"], "80");
        let card = admin.get("/v1/scorecards/430922:2023").await.expect(200).body;
        assert!(rules(&card).contains(&"target.assigners-differ"));
        // A township sees what is its own.
        let town = service.caller_of(Role::Reader, Some("xiushan"));
        town.get(&format!("/v1/cascades/{FDI}")).await.expect(404);
        let own = town.get("/v1/cascades/xiushan:2023::fdi:county?month=2023-06").await.expect(200).body;
        assert_eq!(own["nodes"][0]["reported"], "15");
    }

    async fn targets_are_handed_down_to_those_below(service: Service) {
        let service = with_townships(service).await;
        let admin = service.admin();
        let wrong = allocate(&admin, "430922:2023::fdi:city", &[("xiushan", "1"), ("430922", "2"), ("nobody", "3")]).await.expect(422).errors();
        assert_eq!(wrong, [("unknown_reference".into(), "/allocations/1/unit".into()), ("unknown_reference".into(), "/allocations/2/unit".into())]);
        let twice = allocate(&admin, FDI, &[("xiushan", "1"), ("xiushan", "2")]).await.expect(422).errors();
        assert_eq!(twice, [("duplicate".into(), "/allocations/1/unit".into())]);
        let sideways = json!({ "value": "1", "parent": "209002:2023:209002-2023-01:top500-projects:unit" });
        let codes = admin.put("/v1/targets/xiushan:2023::fdi:county", &sideways).await.expect(422).errors();
        assert_eq!(codes, [("other_target".into(), "/parent".into()), ("not_above".into(), "/parent".into())]);
    }

    async fn what_is_approved_is_adjusted_and_not_changed(service: Service) {
        let service = with_townships(service).await;
        let admin = service.admin().with("if-match", "*");
        service.admin().put("/v1/approvals/430922:2023", &json!({ "document": "桃财绩〔2023〕1号" })).await.expect(201);
        let target = format!("/v1/targets/{FDI}");
        let wrong = admin.put(&target, &json!({ "value": "300" })).await.expect(422).errors();
        assert_eq!(wrong, [("adjustment_required".into(), "/adjustment_reason".into()), ("adjustment_required".into(), "/adjustment_document".into())]);
        let adjusted = json!({ "value": "300", "adjustment_reason": "市级调减", "adjustment_document": "益招〔2023〕9号" });
        admin.put(&target, &adjusted).await.expect(200);
        // Each adjustment has its own document.
        let again = json!({ "value": "280", "adjustment_reason": "市级调减", "adjustment_document": "益招〔2023〕9号" });
        assert_eq!(admin.put(&target, &again).await.expect(422).errors()[0].1, "/adjustment_document");
        admin.delete(&target).await.expect(409);
        let new = service.admin().put("/v1/targets/430922:2023::fdi:unit", &json!({ "value": "1" })).await.expect(422).errors();
        assert_eq!(new[0].0, "adjustment_required");
        // The history has the figure that was approved.
        let revisions = admin.get(&format!("{target}/revisions")).await.expect(200).body;
        let values: Vec<_> = revisions["items"].as_array().unwrap().iter().map(|one| one["facts"]["value"].as_str().unwrap()).collect();
        assert_eq!(values.len(), 2);
        // A reporter does not approve.
        service.caller(Role::Reporter).put("/v1/approvals/430922:2024", &json!({})).await.expect(403);
    }

    async fn a_years_targets_become_those_of_the_next(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        for code in ["top500-projects", "projects-over-100m", "projects-over-50m"] {
            let target = format!("/v1/targets/209002:2024:209002-2024-01:{code}:unit");
            admin.clone().with("if-match", "*").delete(&target).await.expect(204);
        }
        let target = |code: &str| format!("209002:2023:209002-2023-01:{code}:unit");
        admin.put("/v1/targets/209002:2023::fdi:city", &json!({ "value": "5" })).await.expect(201);
        let mut input = json!({ "unit": "209002", "year": "2023", "dry_run": true,
            "projects": [{ "from": "209002-2023-01", "to": "209002-2024-01" }],
            "values": [{ "target": target("projects-over-100m"), "value": "8" }, { "target": target("projects-over-50m"), "value": "10" }] });
        let shown = admin.post("/v1/rollovers", &input).await.expect(200).body;
        admin.get("/v1/targets/209002:2024:209002-2024-01:top500-projects:unit").await.expect(404);
        input["dry_run"] = json!(false);
        let done = admin.post("/v1/rollovers", &input).await.expect(200).body;
        assert_eq!(shown["items"], done["items"]);
        // What the city will ask for is the city's to say.
        let taken = |one: &&Value| one["outcome"] != "not_taken";
        assert_eq!(done["items"][0]["from"], "209002:2023::fdi:city");
        let read: Vec<_> = done["items"].as_array().unwrap().iter().filter(taken)
            .map(|one| (one["value"].as_str().unwrap(), one["next_value"].as_str().unwrap(), one["change"].as_str().unwrap(), one["lowered"].as_bool().unwrap()))
            .collect();
        assert_eq!(read, [("10", "8", "-20.00", true), ("20", "10", "-50.00", true), ("1", "1", "0.00", false)]);
        let card = admin.get("/v1/scorecards/209002:2023").await.expect(200).body;
        assert_eq!(rules(&card).iter().filter(|rule| **rule == "target.lowered-next-year").count(), 2);
        let again = admin.post("/v1/rollovers", &input).await.expect(200).body;
        assert!(again["items"].as_array().unwrap().iter().filter(taken).all(|one| one["outcome"] == "kept"));
        // What would have no effect is a mistake.
        input["assigners"] = json!(["city", "park"]);
        let wrong: Vec<_> = admin.post("/v1/rollovers", &input).await.expect(422).errors();
        assert_eq!(wrong, [("not_used".into(), "/values/0/target".into()), ("not_used".into(), "/values/1/target".into())]);
        input["values"] = json!([]);
        let wrong = admin.post("/v1/rollovers", &input).await.expect(422).errors();
        assert_eq!(wrong, [("unknown_reference".into(), "/assigners/1".into())]);
        input["assigners"] = json!(["city"]);
        let asked = admin.post("/v1/rollovers", &input).await.expect(200).body;
        assert_eq!((&asked["items"][0]["outcome"], &asked["items"][0]["next_value"]), (&json!("created"), &json!("5")));
    }

    async fn an_upload_is_not_taken_back_from_under_an_approval(service: Service) {
        let service = with_townships(service).await;
        let clerk = service.caller_of(Role::Reporter, Some("xiushan"));
        let sheet = "unit,year,indicator,assigner,value\nxiushan,2023,fdi,unit,5\n".as_bytes().to_vec();
        let csv = clerk.clone().with("content-type", "text/csv");
        let upload = csv.send(reqwest::Method::POST, "/v1/uploads/csv?kind=targets", Some(sheet)).await.expect(201).body;
        service.admin().put("/v1/approvals/xiushan:2023", &json!({})).await.expect(201);
        let path = format!("/v1/uploads/{}/reversal", upload["id"].as_str().unwrap());
        let undone = clerk.send(reqwest::Method::POST, &path, None).await.expect(200).body;
        assert!(undone.to_string().contains("frozen"), "{undone:#}");
        clerk.get("/v1/targets/xiushan:2023::fdi:unit").await.expect(200);
        // A unit does not approve its own targets.
        let own = service.caller_of(Role::Reviewer, Some("xiushan"));
        own.put("/v1/approvals/xiushan:2024", &json!({})).await.expect(403);
        own.with("if-match", "*").delete("/v1/approvals/xiushan:2023").await.expect(403);
    }

    async fn a_unit_that_is_moved_keeps_a_target_from_where_it_was(service: Service) {
        let service = with_townships(service).await;
        let admin = service.admin();
        admin.put("/v1/units/park", &json!({ "name": "灰山港园区", "kind": "park", "parent": "430922" })).await.expect(201);
        let from = |unit: &str| format!("/v1/targets/{unit}:2023::fdi:county");
        admin.put(&from("park"), &json!({ "value": "10" })).await.expect(201);
        let town = json!({ "name": "新镇", "kind": "township", "parent": "park" });
        admin.put("/v1/units/newtown", &town).await.expect(201);
        admin.put(&from("newtown"), &json!({ "value": "10", "parent": "park:2023::fdi:county" })).await.expect(201);
        let found = async || admin.get("/v1/findings?unit=newtown&year=2023&rule=target.not-from-above").await.expect(200).body["items"].as_array().unwrap().len();
        assert_eq!(found().await, 0);
        let moved = json!({ "name": "新镇", "kind": "township", "parent": "430922" });
        admin.clone().with("if-match", "*").put("/v1/units/newtown", &moved).await.expect(200);
        assert_eq!(found().await, 1);
    }

    async fn the_library_is_searched(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let codes = async |query: &str| {
            let page = admin.get(&format!("/v1/indicators?{query}")).await.expect(200).body;
            page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let abc = json!({ "name": "ABC_上线", "measure_unit": "个", "category": "output", "subcategory": "quality", "direction": "at_least", "cumulative": true });
        admin.put("/v1/indicators/abc", &abc).await.expect(201);
        assert_eq!(codes("name=%E6%B9%98%E5%95%86").await, ["hunan-merchant-capital", "hunan-merchant-companies"]);
        assert_eq!((codes("name=bc_").await, codes("name=_b").await, codes("subcategory=quality").await), (vec!["abc".to_owned()], vec![], vec!["abc".to_owned()]));
    }

    async fn a_sheet_hands_down_what_it_sets(service: Service) {
        let service = with_townships(service).await;
        let csv = service.admin().with("content-type", "text/csv");
        let sheet = "unit,year,indicator,assigner,value,parent\n\
            430922,2023,projects-signed,county,40,\n\
            xiushan,2023,projects-signed,county,15,430922:2023::projects-signed:county\n";
        csv.send(reqwest::Method::POST, "/v1/uploads/csv?kind=targets", Some(sheet.into())).await.expect(201);
        let cascade = service.admin().get("/v1/cascades/430922:2023::projects-signed:county").await.expect(200).body;
        assert_eq!((&cascade["nodes"][0]["handed_down"], &cascade["nodes"][0]["uncovered"]), (&json!("15"), &json!("25")));
        // The other way round too: what is below may stand above.
        let upside_down = "unit,year,indicator,assigner,value,parent\n\
            xiushan,2023,projects-started,county,15,430922:2023::projects-started:county\n\
            430922,2023,projects-started,county,40,\n";
        csv.send(reqwest::Method::POST, "/v1/uploads/csv?kind=targets", Some(upside_down.into())).await.expect(201);
    }

    async fn a_part_stays_with_the_target_it_comes_from(service: Service) {
        let service = with_townships(service).await;
        let admin = service.admin();
        admin.put("/v1/targets/430922:2023::fdi:county", &json!({ "value": "400" })).await.expect(201);
        allocate(&admin, FDI, &[("xiushan", "200")]).await.expect(200);
        let other = allocate(&admin, "430922:2023::fdi:county", &[("xiushan", "250")]).await.expect(422).errors();
        assert_eq!(other, [("handed_down_by_another".into(), "/allocations/0/unit".into())]);
        // A township hands down under its own code.
        let town = service.caller_of(Role::Reporter, Some("xiushan"));
        allocate(&town, "xiushan:2023::fdi:county", &[("village", "50")]).await.expect(200);
        admin.get("/v1/targets/village:2023::fdi:xiushan").await.expect(200);
    }
}
