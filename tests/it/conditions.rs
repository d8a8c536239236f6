//! Conditions: nobody overwrites what they have not read, and nobody reads again what they have.

use jixiao::http::identity::Role;
use serde_json::json;

use crate::harness::{Caller, on_both};

const LINE: &str = "/v1/budget-lines/209002:2023:209002-2023-01:30201";

on_both! {
    async fn changing_an_item_needs_the_revision_that_was_read(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let first = admin.get(LINE).await.expect(200);
        let tag = first.header("etag").to_owned();
        assert_eq!(tag, format!("\"{}\"", first.body["revision"]));
        let new = json!({ "executed": "1.00" });

        assert_eq!(admin.put(LINE, &new).await.expect(428).body["code"], "revision_required");
        let changed = admin.clone().with("if-match", &tag).put(LINE, &new).await.expect(200);
        assert_ne!(changed.header("etag"), tag);
        let other = json!({ "executed": "2.00" });
        assert_eq!(admin.clone().with("if-match", &tag).put(LINE, &other).await.expect(412).body["code"], "stale");
        assert_eq!(admin.get(LINE).await.body["facts"]["executed"], "1.00");
    }

    async fn a_retry_of_the_same_facts_is_no_conflict(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let tag = admin.get(LINE).await.header("etag").to_owned();
        let (caller, new) = (admin.with("if-match", tag), json!({ "executed": "1.00" }));

        let answered = caller.put(LINE, &new).await.expect(200);
        let repeated = caller.put(LINE, &new).await.expect(200);
        assert_eq!(answered.body, repeated.body);
    }

    async fn to_create_only_is_if_none_match_star(service: Service) {
        let service = service.with_case().await;
        let creator = service.admin().with("if-none-match", "*");
        let facts = json!({ "name": "新单位", "kind": "other" });

        creator.put("/v1/units/new", &facts).await.expect(201);
        creator.put("/v1/units/new", &facts).await.expect(412);
    }

    async fn a_tag_that_was_never_given_matches_nothing(service: Service) {
        let service = service.with_case().await;
        let facts = json!({ "executed": "1.00" });
        for tag in ["nonsense", "\"x\"", "W/\"1\"", "\"\""] {
            service.admin().with("if-match", tag).put(LINE, &facts).await.expect(412);
        }
        service.admin().with("if-match", "\"1\"").put("/v1/units/none", &json!({ "name": "a", "kind": "other" })).await.expect(412);
    }

    async fn deleting_needs_the_revision_too(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        admin.delete(LINE).await.expect(428);
        admin.clone().with("if-match", "\"99999\"").delete(LINE).await.expect(412);
        let tag = admin.get(LINE).await.header("etag").to_owned();
        admin.clone().with("if-match", tag).delete(LINE).await.expect(204);
        admin.get(LINE).await.expect(404);
        admin.with("if-match", "*").delete(LINE).await.expect(404);
    }

    async fn what_the_caller_has_is_not_sent_again(service: Service) {
        let service = service.with_case().await;
        for path in [LINE, "/v1/scorecards/209002:2023", "/v1/evaluations/209002:2023:209002-2023-01:self"] {
            let first = service.admin().get(path).await.expect(200);
            let again = service.admin().with("if-none-match", first.header("etag")).get(path).await.expect(304);
            assert_eq!((again.header("etag"), &again.body), (first.header("etag"), &json!("")), "{path}");
        }
    }

    async fn what_is_not_there_is_404_even_to_those_who_say_they_have_it(service: Service) {
        let service = service.with_case().await;
        let tag = service.admin().get("/v1/scorecards/209002:2023").await.header("etag").to_owned();
        for known in ["*", tag.as_str()] {
            service.admin().with("if-none-match", known).get("/v1/scorecards/nobody:2023").await.expect(404);
        }
    }

    async fn a_tag_does_not_depend_on_the_token(service: Service) {
        let service = service.with_case().await;
        let tag = async |unit: Option<&str>| {
            let caller = service.caller_of(Role::Reader, unit);
            caller.get("/v1/scorecards/209002:2023").await.expect(200).header("etag").to_owned()
        };
        assert_eq!(tag(None).await, tag(Some("209")).await);
    }

    async fn a_computed_answer_changes_its_tag_when_another_row_changes_it(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let card = "/v1/scorecards/209002:2023";
        let evaluation = "/v1/evaluations/209002:2023:209002-2023-01:self";
        let before = [admin.get(card).await, admin.get(evaluation).await];
        // The county reports one more month of another unit's indicator; the centre's score follows.
        admin.clone().with("if-match", "*").put("/v1/progress/430922:2023-12:fdi", &json!({ "value": "320" })).await.expect(200);

        for (path, before) in [card, evaluation].into_iter().zip(before) {
            let after = admin.clone().with("if-none-match", before.header("etag")).get(path).await.expect(200);
            assert_ne!(after.body, before.body);
        }
        let score = &admin.get(evaluation).await.body["computed"]["score"];
        assert_eq!(score["earned"], "83.04");
    }

    async fn the_tag_of_a_list_is_the_newest_change_of_what_it_shows(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let lists = ["units", "projects", "budget-lines", "indicators", "targets", "progress", "divisions", "economic-classes", "closings"].map(|list| format!("/v1/{list}?limit=5"));
        let tags = async |caller: &Caller<'_>| {
            let mut tags = Vec::new();
            for list in &lists {
                tags.push(caller.get(list).await.expect(200).header("etag").to_owned());
            }
            tags
        };
        let before = tags(&admin).await;
        assert_eq!(tags(&service.caller_of(Role::Reader, Some("209002"))).await, before, "whoever asks");
        for (list, tag) in lists.iter().zip(&before) {
            let again = admin.clone().with("if-none-match", tag).get(list).await.expect(304);
            assert_eq!((again.header("etag"), &again.body), (tag.as_str(), &json!("")));
        }
        admin.clone().with("if-match", "*").put(LINE, &json!({ "executed": "1.00" })).await.expect(200);
        let after = tags(&admin).await;
        let changed: Vec<_> = lists.iter().zip(before.iter().zip(&after)).filter(|(_, (before, after))| before != after).map(|(list, _)| list).collect();
        assert_eq!(changed, ["/v1/budget-lines?limit=5"]);
        admin.with("if-match", "*").delete(LINE).await.expect(204);
        assert_ne!(tags(&service.admin()).await[2], after[2], "what is gone is a change too");

        for computed in ["/v1/evaluations", "/v1/findings?limit=5"] {
            let tag = service.admin().get(computed).await.expect(200).header("etag").to_owned();
            service.admin().with("if-none-match", &tag).get(computed).await.expect(304);
            service.admin().put(&format!("/v1/units/{}", computed.len()), &json!({ "name": "甲", "kind": "other" })).await.expect(201);
            service.admin().with("if-none-match", &tag).get(computed).await.expect(200);
        }
    }

    async fn the_tag_of_an_evaluation_serves_to_change_it(service: Service) {
        let service = service.with_case().await;
        let path = "/v1/evaluations/209002:2023:209002-2023-01:self";
        let read = service.admin().get(path).await.expect(200);
        let mut facts = read.body["facts"].clone();
        facts["contact"] = json!("张三");
        service.admin().put("/v1/units/other", &json!({ "name": "别的", "kind": "other" })).await.expect(201);

        let changed = service.admin().with("if-match", read.header("etag")).put(path, &facts).await.expect(200);
        assert_eq!(changed.body["facts"]["contact"], "张三");
    }
}
