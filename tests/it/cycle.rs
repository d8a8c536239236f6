//! The reference case through the five links of a year: 预算编制有目标、预算执行有监控、预算完成有评价、评价结果有反馈、
//! 反馈结果有应用, for the county, its centre and its 15 townships.

use jixiao::http::identity::Role;
use serde_json::{Value, json};

use crate::harness::{Caller, Service, on_both};

/// The 15 townships of Taojiang: 13 towns and two 乡.
const TOWNSHIPS: [(&str, &str); 15] = [
    ("xiushan", "修山镇"),
    ("lucidu", "鸬鹚渡镇"),
    ("shiniujiang", "石牛江镇"),
    ("niutian", "牛田镇"),
    ("songmutang", "松木塘镇"),
    ("taohuajiang", "桃花江镇"),
    ("huishangang", "灰山港镇"),
    ("wutan", "武潭镇"),
    ("majitang", "马迹塘镇"),
    ("santangjie", "三堂街镇"),
    ("dalitang", "大栗港镇"),
    ("zhanxi", "沾溪镇"),
    ("gaoqiao", "高桥镇"),
    ("zhabu", "鲊埠回族乡"),
    ("fuqiushan", "浮丘山乡"),
];
const FDI: &str = "430922:2023::fdi:city";
const SELF: &str = "/v1/evaluations/209002:2023:209002-2023-01:self";

async fn act(caller: &Caller<'_>, action: Value) -> Value {
    caller.post(&format!("{SELF}/actions"), &action).await.expect(200).body
}

/// The five links of the centre, each with its state.
async fn links(service: &Service) -> Vec<String> {
    let board = service.admin().get("/v1/cycles/209002:2023").await.expect(200).body;
    board["links"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap().to_owned()).collect()
}

/// The city's 320 handed down: 22 to the first five townships and 21 to the others.
async fn hand_down(admin: &Caller<'_>) {
    for (unit, name) in TOWNSHIPS {
        let facts = json!({ "name": name, "kind": "township", "parent": "430922" });
        admin.put(&format!("/v1/units/{unit}"), &facts).await.expect(201);
    }
    let parts: Vec<_> = TOWNSHIPS
        .iter()
        .enumerate()
        .map(|(place, (unit, _))| json!({ "unit": unit, "value": if place < 5 { "22" } else { "21" } }))
        .collect();
    let set = json!({ "document": "桃招组〔2023〕1号", "allocations": parts });
    let cascade = admin.post(&format!("/v1/targets/{FDI}/allocations"), &set).await.expect(200).body;
    let top = &cascade["nodes"][0];
    assert_eq!((&top["value"], &top["handed_down"], &top["uncovered"]), (&json!("320"), &json!("320"), &json!("0")));
}

/// Twelve months of every township, cumulative: 1.40 each by December, which is 21 together.
async fn report_the_year(admin: &Caller<'_>) {
    for month in 1..=12 {
        for (unit, _) in TOWNSHIPS {
            let value = month * 140 / 12;
            let facts = json!({ "value": format!("{}.{:02}", value / 100, value % 100) });
            admin.put(&format!("/v1/progress/{unit}:2023-{month:02}:fdi"), &facts).await.expect(201);
        }
    }
}

on_both! {
    async fn the_case_through_the_five_links(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let clerk = service.caller_named("clerk", Role::Reporter, Some("209002"));
        let officer = service.caller_named("officer", Role::Reviewer, None);
        assert_eq!(links(&service).await, ["partial", "missing", "partial", "missing", "partial"]);

        // 目标: the city asks for 320, the county hands it down to its 15 townships, and the bureau approves.
        hand_down(&admin).await;
        officer.put("/v1/approvals/209002:2023", &json!({ "document": "桃财绩〔2023〕2号" })).await.expect(201);
        assert_eq!(links(&service).await[0], "done");

        // 监控: twelve months of every township; the county reports what it reported, 21.
        report_the_year(&admin).await;
        let july = admin.get("/v1/monitoring?month=2023-07&unit=majitang").await.expect(200).body;
        let goal = &july["items"][0]["goals"][0];
        assert_eq!((&goal["cumulative"], &goal["month_value"], &goal["light"]), (&json!("0.81"), &json!("0.11"), &json!("red")));
        let cascade = admin.get(&format!("/v1/cascades/{FDI}")).await.expect(200).body;
        let top = &cascade["nodes"][0];
        assert_eq!((&top["reported"], &top["rolled_up"], &top["unreported"]), (&json!("21"), &json!("21"), &json!(0)));
        let reminded = admin.get("/v1/reminders?month=2023-12&unit=209002").await.expect(200).body;
        assert_eq!(reminded["items"][0]["missing"].as_array().unwrap().len(), 3);
        assert_eq!(links(&service).await[1], "missing");
        // The money month by month, to the 345.91万元 of the nine items.
        for month in 1..=12 {
            let fen = 345_910_000_i64 * month / 12;
            let spent = json!({ "executed": format!("{}.{:02}", fen / 100, fen % 100) });
            clerk.put(&format!("/v1/expenditures/209002:2023-{month:02}:209002-2023-01"), &spent).await.expect(201);
        }
        let july = admin.get("/v1/monitoring?month=2023-07&unit=209002").await.expect(200).body;
        assert_eq!((&july["items"][0]["money"]["basis"], &july["items"][0]["money"]["executed"]), (&json!("reported"), &json!("2017808.33")));
        assert_eq!(links(&service).await[1], "partial");

        // 评价: the centre hands in its hundred; it is sent back with comments on what does not add up.
        act(&clerk, json!({ "action": "submit", "title": "单位负责人", "name": "张主任" })).await;
        let returned = act(&officer, json!({ "action": "return", "opinion": "自评 100 分与完成情况不符，请张主任核实", "comments": [
            { "resource": "targets", "id": FDI, "text": "外资只完成 6.56%" },
            { "resource": "budget_lines", "id": "209002:2023:209002-2023-01:30299", "pointer": "/executed_as_printed", "text": "约数不能作为决算数" },
            { "resource": "targets", "id": "209002:2023:209002-2023-01:top500-projects:unit", "text": "三项年度目标没有完成值" },
        ] })).await;
        assert_eq!(returned["review"]["open_comments"], 3);
        assert_eq!(links(&service).await[2..4], ["partial", "partial"]);

        // The three annual goals are reported on, and the deviations explained.
        for (code, value) in [("top500-projects", "0"), ("projects-over-100m", "9"), ("projects-over-50m", "17")] {
            clerk.put(&format!("/v1/progress/209002:2023-12:{code}"), &json!({ "value": value })).await.expect(201);
        }
        assert_eq!(links(&service).await[1], "done");
        let mut facts = clerk.get(SELF).await.expect(200).body["facts"].clone();
        for claim in facts["indicators"].as_array_mut().unwrap() {
            if ["6.56", "51.47", "86.67", "130.56"].contains(&claim["stated_completion"].as_str().unwrap()) {
                claim["deviation_reason"] = json!("受市场影响，张主任已约谈");
            }
        }
        clerk.clone().with("if-match", "*").put(SELF, &facts).await.expect(200);
        let answers: Vec<_> = (1..=3).map(|number| json!({ "number": number, "text": "已更正并说明" })).collect();
        act(&clerk, json!({ "action": "submit", "answers": answers })).await;

        // 反馈: accepted with deductions beside the unit's own score, and frozen.
        let accepted = act(&officer, json!({ "action": "accept", "opinion": "按扣分审定", "deductions": [
            { "target": FDI, "points": "10.51", "reason": "外资完成 6.56%" },
            { "target": "430922:2023::hunan-merchant-capital:city", "points": "5.46", "reason": "完成 51.47%" },
            { "target": "430922:2023::hunan-merchant-companies:city", "points": "1.50", "reason": "完成 86.67%" },
            { "points": "10.00", "reason": "无预算数，执行率无法计算" },
        ] })).await;
        assert_eq!(accepted["scores"], json!({ "stated": "100.00", "computed": "72.53", "computed_at_most": "82.53", "reviewed": "72.53" }));
        clerk.clone().with("if-match", "*").put("/v1/budget-lines/209002:2023:209002-2023-01:30299", &json!({ "executed": "1.00" })).await.expect(409);
        assert_eq!(links(&service).await[3], "done");

        // Published: everybody reads figures and reasons, and nobody's name.
        let public = "/v1/public/evaluations/209002:2023:209002-2023-01:self";
        service.nobody().get(public).await.expect(404);
        act(&officer, json!({ "action": "publish" })).await;
        let published = service.nobody().get(public).await.expect(200).body;
        assert_eq!((&published["stated_score"], &published["reviewed_score"], &published["grade"]), (&json!("100.00"), &json!("72.53"), &json!("fair")));
        assert_eq!((&published["totals"]["executed"], &published["totals"]["difference"]), (&json!("3459100.00"), &json!("10000.00")));
        assert_eq!(published["targets"][0]["deviation_reason"], "受市场影响，某已约谈");
        assert!(!published.to_string().contains("张主任"), "{published:#}");
        let all = service.nobody().get("/v1/public/evaluations?year=2023").await.expect(200).body;
        assert_eq!(all["items"].as_array().unwrap().len(), 1);

        // 应用: a notice for each finding, each answered and closed by another; the money by the grade; next year's targets.
        let found = officer.get("/v1/findings?unit=209002&year=2023&limit=1000").await.expect(200).body;
        let notices = officer.post("/v1/rectifications", &json!({ "unit": "209002", "year": "2023", "document": "桃财绩〔2024〕3号", "every_finding": true })).await.expect(201).body;
        let notices = notices["items"].as_array().unwrap();
        assert_eq!(notices.len(), found["items"].as_array().unwrap().len());
        assert!(notices.len() > 10, "{}", notices.len());
        for notice in notices {
            let path = format!("/v1/rectifications/{}/actions", notice["id"].as_str().unwrap());
            clerk.post(&path, &json!({ "action": "close" })).await.expect(403);
            officer.post(&path, &json!({ "action": "close" })).await.expect(409);
            clerk.post(&path, &json!({ "action": "answer", "text": "已整改" })).await.expect(200);
            let closed = officer.post(&path, &json!({ "action": "close", "text": "同意销号" })).await.expect(200).body;
            assert_eq!(closed["facts"]["state"], "closed");
        }
        // Nothing is left to be noticed.
        let again = officer.post("/v1/rectifications", &json!({ "unit": "209002", "year": "2023", "every_finding": true })).await.expect(201).body;
        assert_eq!(again["items"], json!([]));
        let uses = officer.get("/v1/result-uses?year=2023").await.expect(200).body;
        let one = &uses["items"][0];
        assert_eq!((&one["grade"], &one["advice"], &one["change"]), (&json!("fair"), &json!("improve"), &json!("-10.00")));
        assert_eq!((&one["amount"], &one["suggested"], &one["decided"]), (&json!("3459100.00"), &json!("3113190.00"), &Value::Null));
        act(&officer, json!({ "action": "apply", "decision": "中等，经张主任同意压减 10%", "decided_amount": "3113190.00", "decision_document": "桃财预〔2024〕5号" })).await;

        // Of what is public only the decision is new.
        let applied = service.nobody().get(public).await.expect(200).body;
        assert_eq!((&applied["decision"], &applied["decided_amount"]), (&json!("中等，经某同意压减 10%"), &json!("3113190.00")));
        assert_eq!((&applied["targets"], &applied["opinion"]), (&published["targets"], &published["opinion"]));
        let board = officer.get("/v1/cycles/209002:2023").await.expect(200).body;
        assert_eq!((&board["done"], &board["links"][4]["state"]), (&json!(5), &json!("done")), "{board:#}");
        let next: Vec<_> = board["links"][4]["rows"].as_array().unwrap().iter()
            .filter(|row| row["resource"] == "targets").map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(next.len(), 3, "1, 8 and 10 of 2024");
        // Every step of it stands in the journal, and the chain holds.
        let steps = officer.get("/v1/reviews/209002:2023:209002-2023-01:self/revisions").await.expect(200).body;
        assert_eq!(steps["items"].as_array().unwrap().len(), 6);
    }

    async fn notices_are_about_something(service: Service) {
        let service = service.with_case().await;
        let officer = service.caller_named("officer", Role::Reviewer, None);
        let give = async |notice: Value| officer.post("/v1/rectifications", &json!({ "unit": "209002", "year": "2023", "notices": [notice] })).await;
        for (notice, code, pointer) in [
            (json!({}), "missing_field", "/notices/0/demand"),
            (json!({ "finding": "209002:2023:nothing" }), "unknown_reference", "/notices/0/finding"),
            (json!({ "comment": { "evaluation": "209002:2023:209002-2023-01:self", "number": 1 } }), "unknown_reference", "/notices/0/comment"),
        ] {
            assert_eq!(give(notice).await.expect(422).errors(), [(code.into(), pointer.into())]);
        }
        // About a comment, in its own words.
        service.caller_named("clerk", Role::Reporter, Some("209002")).post(&format!("{SELF}/actions"), &json!({ "action": "submit" })).await.expect(200);
        act(&officer, json!({ "action": "return", "comments": [{ "resource": "targets", "id": FDI, "text": "外资只完成 6.56%" }] })).await;
        let notice = give(json!({ "comment": { "evaluation": "209002:2023:209002-2023-01:self", "number": 1 } })).await.expect(201).body;
        assert_eq!((&notice["items"][0]["facts"]["demand"], &notice["items"][0]["facts"]["comment"]["number"]), (&json!("外资只完成 6.56%"), &json!(1)));
        let finding = "209002:2023:budget.sum-mismatch:209002-2023-01:";
        let found = officer.get("/v1/findings?unit=209002&year=2023&rule=budget.sum-mismatch").await.expect(200).body;
        let id = found["items"][0]["id"].as_str().unwrap_or(finding).to_owned();
        let notice = officer.post("/v1/rectifications", &json!({ "unit": "209002", "year": "2023", "due_on": "2024-06-30", "notices": [{ "finding": id }] })).await.expect(201).body;
        let notice = &notice["items"][0];
        assert!(notice["facts"]["demand"].as_str().unwrap().contains("345.91"), "{notice:#}");
        assert_eq!((&notice["overdue"], &notice["allowed_actions"]), (&json!(true), &json!([])));
        // A stranger does not see it, and a reporter gives none.
        let town = service.caller(Role::Reporter);
        town.post("/v1/rectifications", &json!({ "unit": "209002", "year": "2023", "every_finding": true })).await.expect(403);
        let seen = town.get("/v1/rectifications?unit=209002&state=open").await.expect(200).body;
        assert_eq!(seen["items"][0]["allowed_actions"], json!(["answer"]));
    }
}
