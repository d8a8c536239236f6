//! Pages: every item once, in one order, whatever is written meanwhile.

use serde_json::json;

use crate::harness::{Caller, Reply, on_both};

fn ids(reply: &Reply) -> Vec<String> {
    reply.body["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Reads a list page by page.
async fn walk(caller: &Caller<'_>, list: &str, limit: usize) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = caller.get(&format!("{list}limit={limit}{after}")).await.expect(200);
        assert!(ids(&page).len() <= limit);
        all.extend(ids(&page));
        let Some(next) = page.body["next"].as_str() else { return all };
        assert_eq!(ids(&page).len(), limit, "only the last page is short");
        after = format!("&after={next}");
    }
}

on_both! {
    async fn every_item_comes_once_in_the_order_of_its_key(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        for list in ["/v1/economic-classes?", "/v1/targets?", "/v1/budget-lines?unit=209002&", "/v1/units?"] {
            let whole = ids(&admin.get(&format!("{list}limit=1000")).await.expect(200));
            assert!(whole.is_sorted() || list.contains("targets"), "{whole:?}");
            for limit in [1, 7, 100] {
                assert_eq!(walk(&admin, list, limit).await, whole, "{list} by {limit}");
            }
        }
    }

    async fn an_indicators_year_comes_unit_by_unit(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        for unit in ["430922", "209002"] {
            for month in ["2022-12", "2023-03", "2023-05", "2024-01"] {
                admin.put(&format!("/v1/progress/{unit}:{month}:fdi"), &json!({ "value": "1" })).await.expect(201);
            }
        }
        let wanted: Vec<String> = ids(&admin.get("/v1/progress?limit=1000").await)
            .into_iter()
            .filter(|id| id.contains(":2023-") && id.ends_with(":fdi"))
            .collect();
        assert!(wanted.len() >= 5 && wanted.is_sorted(), "{wanted:?}");
        for limit in [1, 2, 4, 100] {
            assert_eq!(walk(&admin, "/v1/progress?indicator=fdi&year=2023&", limit).await, wanted, "by {limit}");
        }
        let march = ["209002:2023-03:fdi", "430922:2023-03:fdi"];
        assert_eq!(walk(&admin, "/v1/progress?indicator=fdi&month=2023-03&", 1).await, march);
    }

    async fn both_databases_have_the_same_order(service: Service) {
        let admin = service.admin();
        for code in ["a", "B", "_", "a-b", "a.b", "1", "A", "ab"] {
            admin.put(&format!("/v1/units/{code}"), &json!({ "name": "甲", "kind": "other" })).await.expect(201);
        }
        assert_eq!(ids(&admin.get("/v1/units").await), ["1", "A", "B", "_", "a", "a-b", "a.b", "ab"]);
    }

    async fn a_cursor_belongs_to_its_filter(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let next = admin.get("/v1/targets?unit=209002&limit=2").await.body["next"].as_str().unwrap().to_owned();

        admin.get(&format!("/v1/targets?unit=209002&limit=5&after={next}")).await.expect(200);
        let other = admin.get(&format!("/v1/targets?unit=430922&limit=2&after={next}")).await.expect(400);
        assert_eq!(other.errors(), [("invalid_cursor".into(), "after".into())]);
        let unit = admin.get("/v1/units?limit=1").await.body["next"].as_str().unwrap().to_owned();
        admin.get(&format!("/v1/indicators?limit=1&after={unit}")).await.expect(400);
    }

    async fn the_link_leads_to_the_next_page(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let first = admin.get("/v1/targets?year=2023&limit=3").await.expect(200);
        let link = first.header("link");
        let address = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\"")).unwrap();

        let second = admin.get(address).await.expect(200);
        assert_eq!(ids(&second).len(), 3);
        assert!(ids(&first).iter().all(|id| !ids(&second).contains(id)));
        let last = admin.get("/v1/targets?year=2023").await.expect(200);
        assert_eq!((last.header("link"), &last.body["next"]), ("", &json!(null)));
    }

    async fn what_is_added_or_removed_meanwhile_moves_nothing(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let class = |code: &str| format!("/v1/economic-classes/2023:{code}");
        let first = admin.get("/v1/economic-classes?limit=50").await.expect(200);
        let next = first.body["next"].as_str().unwrap();
        // One before the cursor comes, one behind it goes.
        admin.put(&class("30100"), &json!({ "name": "新科目", "parent": "301" })).await.expect(201);
        admin.clone().with("if-match", "*").delete(&class("39999")).await.expect(204);

        let rest = admin.get(&format!("/v1/economic-classes?limit=1000&after={next}")).await.expect(200);
        let mut all = ids(&first);
        all.extend(ids(&rest));
        assert_eq!(all.len(), 109);
        assert!(all.is_sorted());
    }

    async fn findings_of_many_units_come_once_however_they_are_paged(service: Service) {
        let service = service.with_case().await;
        let csv = service.admin().with("content-type", "text/csv");
        let upload = async |kind: &str, head: &str, row: &dyn Fn(usize) -> String| {
            let rows: Vec<String> = (0..40).map(row).collect();
            let text = format!("{head}\n{}\n", rows.join("\n")).into_bytes();
            csv.send(reqwest::Method::POST, &format!("/v1/uploads/csv?kind={kind}"), Some(text)).await.expect(201);
        };
        // Each town has a target of 2023 that was never reported on; some have another, of 2022.
        upload("units", "code,name,kind,parent", &|n| format!("t{n:02},乡镇{n},township,430922")).await;
        let target = |n: usize, year: usize| format!("t{n:02},{year},fdi,county,5");
        upload("targets", "unit,year,indicator,assigner,value", &|n| target(n, 2023)).await;
        upload("targets", "unit,year,indicator,assigner,value", &|n| target(n / 4 * 4, 2022 - n % 4)).await;
        let admin = service.admin();
        let whole = admin.get("/v1/findings?limit=1000").await.expect(200).body["items"].as_array().unwrap().clone();
        assert!(whole.len() >= 80, "{}", whole.len());
        for limit in [7, 50] {
            let (mut all, mut after) = (Vec::new(), String::new());
            loop {
                let page = admin.get(&format!("/v1/findings?limit={limit}{after}")).await.expect(200);
                all.extend(page.body["items"].as_array().unwrap().clone());
                let Some(next) = page.body["next"].as_str() else { break };
                after = format!("&after={next}");
            }
            assert_eq!(all, whole, "{limit}");
        }
    }
}
