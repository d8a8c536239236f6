//! Each mistake gets its own clear answer, all of them at once, in the caller's language; and never a 500.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::on_both;

const LINE: &str = "/v1/budget-lines/209002:2023:209002-2023-01:30201";

on_both! {
    async fn each_mistake_in_a_body_has_its_code_and_place(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        for (path, body, code, pointer) in [
            (LINE, json!({ "executed": 109_300 }), "wrong_type", "/executed"),
            (LINE, json!({ "executed": 10.93 }), "wrong_type", "/executed"),
            (LINE, json!({ "executed": "10.935" }), "too_precise", "/executed"),
            (LINE, json!({ "executed": "1234567890123456.00" }), "too_large", "/executed"),
            (LINE, json!({ "executed": "-1.00" }), "negative_money", "/executed"),
            (LINE, json!({ "executed": "1,000.00" }), "not_a_number", "/executed"),
            (LINE, json!({ "executed": "1e6" }), "not_a_number", "/executed"),
            (LINE, json!({ "executed": "" }), "not_a_number", "/executed"),
            (LINE, json!({ "executed": "５" }), "not_a_number", "/executed"),
            (LINE, json!({ "excuted": "5.00" }), "unknown_field", "/excuted"),
            (LINE, json!({ "executed": "5.00", "executed_as_printed": "6元" }), "printed_differs", "/executed_as_printed"),
            (LINE, json!([]), "wrong_type", ""),
            (LINE, json!(null), "wrong_type", ""),
            ("/v1/budget-lines/209002:2023:209002-2023-01:302", json!({}), "not_a_leaf", ""),
            ("/v1/budget-lines/209002:2023:209002-2023-01:30298", json!({}), "unknown_reference", ""),
            ("/v1/budget-lines/209002:2023:nothing:30201", json!({}), "unknown_reference", ""),
            ("/v1/units/x", json!({ "name": "甲", "kind": "bureau" }), "unknown_value", "/kind"),
            ("/v1/units/x", json!({ "kind": "other" }), "missing_field", "/name"),
            ("/v1/units/x", json!({ "name": "", "kind": "other" }), "empty_text", "/name"),
            ("/v1/units/x", json!({ "name": "桃".repeat(201), "kind": "other" }), "text_too_long", "/name"),
            ("/v1/units/x", json!({ "name": "a\u{0}b", "kind": "other" }), "control_character", "/name"),
            ("/v1/units/x", json!({ "name": "甲", "kind": "other", "division_code": "4309" }), "invalid_code", "/division_code"),
            ("/v1/units/x", json!({ "name": "甲", "kind": "other", "social_credit_code": "91350211M0000XUF46" }), "credit_code_check_digit", "/social_credit_code"),
            ("/v1/units/x", json!({ "name": "甲", "kind": "other", "established_on": "15-12" }), "invalid_date", "/established_on"),
            ("/v1/units/x", json!({ "name": "甲", "kind": "other", "established_on": "2015-13" }), "invalid_date", "/established_on"),
            ("/v1/units/x", json!({ "name": "甲", "kind": "other", "approved_posts": -1 }), "out_of_range", "/approved_posts"),
            ("/v1/units/x", json!({ "name": "甲", "kind": "other", "approved_posts": 2.5 }), "wrong_type", "/approved_posts"),
            ("/v1/units/x", json!({ "name": "甲", "kind": "other", "leadership": [{ "title": "主任", "count": 1, "x": 1 }] }), "unknown_field", "/leadership/0/x"),
            ("/v1/indicators/x", json!({ "name": "x", "measure_unit": "个", "category": "output", "subcategory": "social_cost", "direction": "at_least", "cumulative": true }), "wrong_category", "/subcategory"),
            ("/v1/progress/430922:2023-12:nothing", json!({ "value": "1" }), "unknown_reference", ""),
            ("/v1/progress/430922:2023-12:fdi", json!({ "value": "0.1234567" }), "too_precise", "/value"),
            ("/v1/economic-classes/2023:30298", json!({ "name": "新科目", "parent": "301" }), "wrong_parent", "/parent"),
            ("/v1/divisions/2023:430923", json!({ "name": "安化县", "level": "county", "parent": "430922" }), "wrong_parent", "/parent"),
        ] {
            let reply = admin.put(path, &body).await;
            assert_eq!((reply.status, reply.errors()), (422, vec![(code.to_owned(), pointer.to_owned())]), "{path} {body}");
        }
    }

    async fn all_mistakes_are_told_at_once(service: Service) {
        let service = service.with_case().await;
        let body = json!({ "approved": "x", "adjusted": 5, "executed": "-1", "excuted": "1" });
        let mut errors = service.admin().put(LINE, &body).await.expect(422).errors();
        errors.sort();
        assert_eq!(errors, [
            ("negative_money".into(), "/executed".into()),
            ("not_a_number".into(), "/approved".into()),
            ("unknown_field".into(), "/excuted".into()),
            ("wrong_type".into(), "/adjusted".into()),
        ]);
    }

    async fn each_mistake_in_an_address_has_its_code(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        for (path, code, parameter) in [
            ("/v1/progress/430922:2023-13:fdi", "invalid_month", "id"),
            ("/v1/progress/430922:23-07:fdi", "invalid_year", "id"),
            ("/v1/scorecards/209002:23", "invalid_year", "id"),
            ("/v1/scorecards/209002", "invalid_id", "id"),
            ("/v1/scorecards/209002:2023:1", "invalid_id", "id"),
            ("/v1/units/%E6%A1%83", "invalid_code", "id"),
            ("/v1/evaluations/209002:2023::mine", "unknown_value", "id"),
            ("/v1/units?limit=0", "out_of_range", "limit"),
            ("/v1/units?limit=1001", "out_of_range", "limit"),
            ("/v1/units?limit=x", "out_of_range", "limit"),
            ("/v1/units?parnet=209", "unknown_field", "parnet"),
            ("/v1/units?kind=county&kind=park", "duplicate", "kind"),
            ("/v1/units?limit=5&limit=6", "duplicate", "limit"),
            ("/v1/projects?year=23", "invalid_year", "year"),
            ("/v1/progress?month=2023-00", "invalid_month", "month"),
            ("/v1/units?after=nonsense", "invalid_cursor", "after"),
        ] {
            let reply = admin.get(path).await;
            assert_eq!((reply.status, reply.errors()), (400, vec![(code.to_owned(), parameter.to_owned())]), "{path}");
        }
        let near = admin.get("/v1/units?parnet=209").await;
        assert!(near.body["errors"][0]["detail_en"].as_str().unwrap().ends_with("did you mean `parent`"));
    }

    async fn what_is_no_json_is_told_so(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        for body in [&b"{"[..], b"", b"{\"executed\": 1e999}", b"\xff\xfe", b"{} {}", b"{'a': 1}"] {
            let reply = admin.send(Method::PUT, LINE, Some(body.to_vec())).await;
            assert_eq!((reply.status, &reply.body["code"]), (400, &json!("malformed_json")), "{body:?}");
        }
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        admin.send(Method::PUT, LINE, Some(deep.into_bytes())).await.expect(400);
        let twice = br#"{"executed": "1.00", "executed": "2.00"}"#.to_vec();
        assert_eq!(admin.send(Method::PUT, LINE, Some(twice)).await.expect(400).body["code"], "malformed_json");
    }

    async fn too_long_a_body_and_another_media_type_are_refused(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let long = json!({ "name_as_printed": "x".repeat(1024 * 1024) });
        assert_eq!(admin.put(LINE, &long).await.expect(413).body["code"], "body_too_long");
        let csv = admin.with("content-type", "text/csv").send(Method::PUT, LINE, Some(b"a,b".to_vec())).await;
        assert_eq!(csv.expect(415).body["code"], "unsupported_media_type");
    }

    async fn unknown_paths_and_methods_are_told_apart(service: Service) {
        // What is written in another way is the same path (RFC 3986, 6.2.2.2).
        service.admin().get("/v1/%75nits").await.expect(200);
        for path in ["/v1", "/v1/", "/v1//units", "/v1/units/", "/v1/unit"] {
            service.admin().get(path).await.expect(404);
        }
        assert_eq!(service.admin().get("/v1/nothing").await.expect(404).body["code"], "not_found");
        let reply = service.admin().send(Method::POST, LINE, Some(b"{}".to_vec())).await.expect(405);
        assert_eq!(reply.header("allow"), "GET, PUT, DELETE");
    }

    async fn problems_speak_the_callers_language(service: Service) {
        let service = service.with_case().await;
        let title = async |language: &str| {
            let caller = service.admin().with("accept-language", language);
            let reply = caller.get("/v1/units/nobody").await.expect(404);
            assert_eq!(reply.header("content-type"), "application/problem+json");
            reply.body["title"].as_str().unwrap().to_owned()
        };
        assert_eq!(title("zh-CN,zh;q=0.9,en;q=0.8").await, "不存在");
        assert_eq!(title("en-GB,zh;q=0.5").await, "Not found");
        assert_eq!(title("fr").await, "不存在");
        assert_eq!(title("fr, en;q=0.1").await, "Not found");
    }

    async fn every_answer_carries_the_request_id(service: Service) {
        let service = service.with_case().await;
        let given = service.admin().with("x-request-id", "township-42").get("/v1/units/nobody").await.expect(404);
        assert_eq!((given.header("x-request-id"), &given.body["request_id"]), ("township-42", &json!("township-42")));
        let made = service.admin().get("/v1/units").await.expect(200);
        assert!(made.header("x-request-id").len() >= 32);
    }

    async fn at_most_a_hundred_errors_are_spelled_out(service: Service) {
        let service = service.with_case().await;
        let many: serde_json::Map<String, Value> = (0..250).map(|n| (format!("field{n}"), json!(1))).collect();
        let reply = service.admin().put(LINE, &Value::Object(many)).await.expect(422);
        assert_eq!((reply.errors().len(), &reply.body["errors_total"]), (100, &json!(250)));
    }
}
