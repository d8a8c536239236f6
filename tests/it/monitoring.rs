//! Monitoring, reminders and league tables: townships through twelve months.

use jixiao::http::identity::Role;
use serde_json::{Value, json};

use crate::harness::{Service, on_both};

/// Two townships below the county, with targets for two indicators: the first ahead, the second behind.
async fn two_townships(service: Service) -> Service {
    let service = service.with_case().await;
    let admin = service.admin();
    for (unit, name, fdi, signed) in [("xiushan", "修山镇", "40", "4"), ("madu", "马迹塘镇", "60", "2")] {
        let facts = json!({ "name": name, "kind": "township", "parent": "430922" });
        admin.put(&format!("/v1/units/{unit}"), &facts).await.expect(201);
        admin.put(&format!("/v1/targets/{unit}:2023::fdi:county"), &json!({ "value": fdi })).await.expect(201);
        admin
            .put(&format!("/v1/targets/{unit}:2023::projects-signed:county"), &json!({ "value": signed }))
            .await
            .expect(201);
    }
    service
}

async fn report(service: &Service, id: &str, value: &str) {
    service.admin().with("if-match", "*").put(&format!("/v1/progress/{id}"), &json!({ "value": value })).await;
    let kept = service.admin().get(&format!("/v1/progress/{id}")).await;
    if kept.status == 404 {
        service.admin().put(&format!("/v1/progress/{id}"), &json!({ "value": value })).await.expect(201);
    }
}

async fn monitored(service: &Service, month: &str) -> Vec<Value> {
    let page = service.admin().get(&format!("/v1/monitoring?month={month}&parent=430922")).await.expect(200).body;
    page["items"].as_array().unwrap().clone()
}

/// A unit's goal by its indicator.
fn goal<'a>(units: &'a [Value], unit: &str, indicator: &str) -> &'a Value {
    let unit = units.iter().find(|one| one["unit"] == unit).unwrap();
    unit["goals"].as_array().unwrap().iter().find(|goal| goal["indicator"] == indicator).unwrap()
}

on_both! {
    async fn many_ask_at_once_and_nobody_waits_for_another(service: Service) {
        let service = two_townships(service).await;
        // More than there are connections, each another page, so that no answer is given again.
        let ask = async |limit: usize| {
            let path = format!("/v1/monitoring?month=2023-06&limit={limit}");
            service.admin().get(&path).await.expect(200);
        };
        let all = futures_util::future::join_all((1..=40).map(ask));
        tokio::time::timeout(std::time::Duration::from_secs(20), all).await.unwrap();
    }

    async fn months_are_derived_and_compared_with_last_year(service: Service) {
        let service = two_townships(service).await;
        for (month, value) in [("2022-06", "8"), ("2022-12", "32"), ("2023-05", "9"), ("2023-06", "12")] {
            report(&service, &format!("xiushan:{month}:fdi"), value).await;
        }
        let units = monitored(&service, "2023-06").await;
        let fdi = goal(&units, "xiushan", "fdi");
        let text = |field: &str| fdi[field].as_str().unwrap();
        assert_eq!((text("cumulative"), text("month_value"), text("last_year"), text("year_on_year")), ("12", "3", "8", "50.00"));
        // Half the year is gone: 20 of 40 were to be expected.
        assert_eq!((text("pace"), text("light"), &fdi["completion"]["percent"]), ("60.00", "yellow", &json!("30.00")));
        // A quarter of last year had come by June.
        assert_eq!((text("forecast"), text("forecast_basis")), ("48", "last_year"));
        assert!(text("forecast_zh").contains("年末预计 48万美元，可完成目标"), "{fdi:#}");
        // What was not reported is not nothing.
        let signed = goal(&units, "xiushan", "projects-signed");
        assert_eq!((&signed["cumulative"], &signed["light"], &signed["report"]), (&Value::Null, &json!("unknown"), &json!("missing")));
    }

    async fn a_falling_cumulative_figure_is_shown(service: Service) {
        let service = two_townships(service).await;
        report(&service, "xiushan:2023-03:fdi", "9").await;
        report(&service, "xiushan:2023-04:fdi", "7").await;
        let units = monitored(&service, "2023-04").await;
        let fdi = goal(&units, "xiushan", "fdi");
        assert_eq!((&fdi["fell"], &fdi["month_value"]), (&json!(true), &json!("-2")));
    }

    async fn money_and_goals_have_their_lights(service: Service) {
        let service = two_townships(service).await;
        let admin = service.admin();
        admin.put("/v1/projects/madu:2023:p1", &json!({ "name": "招商专项" })).await.expect(201);
        admin.put("/v1/budget-lines/madu:2023:p1:30201", &json!({ "adjusted": "120000.00" })).await.expect(201);
        for (month, spent) in [("2023-01", "5000.00"), ("2023-02", "8000.00"), ("2023-03", "15000.00")] {
            admin.put(&format!("/v1/expenditures/madu:{month}:p1"), &json!({ "executed": spent })).await.expect(201);
        }
        report(&service, "madu:2023-03:projects-signed", "1").await;
        let units = monitored(&service, "2023-03").await;
        let madu = units.iter().find(|one| one["unit"] == "madu").unwrap();
        let money = &madu["money"];
        assert_eq!((&money["executed"], &money["month_value"], &money["execution_rate"]), (&json!("15000.00"), &json!("7000.00"), &json!("12.50")));
        assert_eq!((&money["pace"], &money["light"], &money["basis"]), (&json!("50.00"), &json!("red"), &json!("reported")));
        let signed = goal(&units, "madu", "projects-signed");
        assert_eq!((&signed["pace"], &signed["light"]), (&json!("200.00"), &json!("blue")));
        assert_eq!(madu["light"], "red");
        // The report of March came years after its last day; whoever has no budget lines is asked for none.
        let xiushan = units.iter().find(|one| one["unit"] == "xiushan").unwrap();
        assert_eq!((&money["report"], &xiushan["money"]["report"]), (&json!("late"), &json!("not_asked")));
        assert_eq!((&madu["late"], &madu["missing"]), (&json!(2), &json!(1)));
        let unknown = admin.put("/v1/expenditures/madu:2024-01:p1", &json!({ "executed": "1.00" })).await.expect(422);
        assert_eq!(unknown.errors()[0].0, "unknown_reference");
    }

    async fn whoever_has_not_reported_is_reminded(service: Service) {
        let service = two_townships(service).await;
        report(&service, "xiushan:2023-05:fdi", "9").await;
        let page = service.admin().get("/v1/reminders?month=2023-05&parent=430922").await.expect(200).body;
        let items = page["items"].as_array().unwrap();
        let missing = |place: usize| items[place]["missing"].as_array().unwrap().len();
        assert_eq!((items.len(), items[0]["unit"].as_str(), missing(0), missing(1)), (2, Some("madu"), 2, 1));
        assert!(items[1]["text_zh"].as_str().unwrap().starts_with("修山镇：2023-05 进度尚缺 1 项（新签约项目），截止 2023-06-05，已逾期"));
        // So is whoever has a budget and does not say what was spent of it.
        let admin = service.admin();
        admin.put("/v1/projects/xiushan:2023:p1", &json!({ "name": "招商专项" })).await.expect(201);
        admin.put("/v1/budget-lines/xiushan:2023:p1:30201", &json!({ "adjusted": "120000.00" })).await.expect(201);
        report(&service, "xiushan:2023-05:projects-signed", "1").await;
        let reminder = async || admin.get("/v1/reminders?month=2023-05&unit=xiushan").await.expect(200).body["items"][0].clone();
        let asked = reminder().await;
        assert_eq!((&asked["money"], &asked["missing"]), (&json!(["p1"]), &json!([])));
        assert!(asked["text_zh"].as_str().unwrap().contains("尚缺 1 项（p1 支出）"), "{asked:#}");
        admin.put("/v1/expenditures/xiushan:2023-05:p1", &json!({ "executed": "100.00" })).await.expect(201);
        assert_eq!(reminder().await, Value::Null);
        // What is not over yet is awaited, not missing.
        let future = service.admin().get("/v1/monitoring?month=2098-05").await.expect(200).body;
        assert_eq!(future["items"], json!([]));
    }

    async fn reports_are_late_in_time_or_awaited_by_the_calendar(service: Service) {
        let service = two_townships(service).await;
        let admin = service.admin();
        // The report of this month is due next month, so whatever comes today is in time; that of 2023 is long over.
        report(&service, "xiushan:2023-05:fdi", "9").await;
        assert_eq!(goal(&monitored(&service, "2023-05").await, "xiushan", "fdi")["report"], "late");
        // A calendar of its own: May was due at the end of 2099.
        let mut standard = admin.get("/v1/standards/2020").await.expect(200).body["facts"].clone();
        standard["report_due_on"] = json!([{ "month": "2023-05", "due_on": "2099-12-31" }]);
        admin.put("/v1/standards/2023", &standard).await.expect(201);
        let units = monitored(&service, "2023-05").await;
        assert_eq!(goal(&units, "xiushan", "fdi")["report"], "in_time");
        assert_eq!(goal(&units, "madu", "fdi")["report"], "awaited");
    }

    async fn townships_are_ranked_and_listed(service: Service) {
        let service = two_townships(service).await;
        let admin = service.admin();
        let scheme = json!({ "name": "乡镇招商考核", "items": [
            { "code": "fdi", "name": "外资", "points": "60", "method": "proportional", "cap": "120", "indicators": [{ "indicator": "fdi" }] },
            { "code": "signed", "name": "签约", "points": "40", "method": "all_or_nothing", "indicators": [{ "indicator": "projects-signed" }] },
        ] });
        admin.put("/v1/schemes/townships:2023", &scheme).await.expect(201);
        for (id, value) in [("xiushan:2023-04:fdi", "10"), ("xiushan:2023-05:fdi", "20"), ("madu:2023-04:fdi", "20"), ("madu:2023-05:fdi", "21"),
            ("xiushan:2023-05:projects-signed", "4"), ("madu:2023-05:projects-signed", "1")] {
            report(&service, id, value).await;
        }
        let path = "/v1/league-tables?scheme=townships&month=2023-05&parent=430922";
        let page = admin.get(path).await.expect(200).body;
        let items = page["items"].as_array().unwrap();
        let read: Vec<_> = items.iter()
            .map(|one| (one["rank"].as_i64().unwrap(), one["unit"].as_str().unwrap(), one["score"]["earned"].as_str().unwrap(),
                one["movement"].as_i64(), one["list"].as_str().unwrap()))
            .collect();
        assert_eq!(read, [(1, "xiushan", "70.00", Some(1), "red"), (2, "madu", "21.00", Some(-1), "black")]);
        assert_eq!(items[0]["score"]["parts"][0]["formula"], "60.00 × 20 ÷ 40 = 30.00");
        // Page by page it is the same.
        let first = admin.get(&format!("{path}&limit=1")).await.expect(200).body;
        assert_eq!(first["items"][0], items[0]);
        let second = admin.get(&format!("{path}&limit=1&after={}", first["next"].as_str().unwrap())).await.expect(200).body;
        assert_eq!(second["items"][0], items[1]);
        // A township sees its own row alone, with the rank it has among all; so it does where it names no parent.
        let town = service.caller_of(Role::Reporter, Some("madu"));
        for path in [path, "/v1/league-tables?scheme=townships&month=2023-05", &format!("{path}&kind=township")] {
            let page = town.get(path).await.expect(200).body;
            assert_eq!((&page["total"], &page["items"]), (&json!(2), &json!([items[1]])), "{path}");
        }
        town.get("/v1/league-tables?scheme=townships&month=2023-05&parent=xiushan").await.expect(404);
        // Who stands at the top ranks those below.
        let top = service.caller_of(Role::Reader, Some("430922")).get("/v1/league-tables?scheme=townships&month=2023-05").await;
        assert_eq!(top.expect(200).body["items"], json!(items));
        assert_eq!(admin.get(&format!("{path}&kind=department")).await.expect(200).body["total"], 0);
        let wrong = admin.get("/v1/league-tables?scheme=nothing&month=2023-05").await.expect(400).errors();
        assert_eq!(wrong, [("unknown_reference".into(), "scheme".into())]);
        let missing = admin.get("/v1/league-tables?scheme=townships").await.expect(400).errors();
        assert_eq!(missing, [("missing_field".into(), "month".into())]);
    }

    async fn a_township_sees_its_own_month_alone(service: Service) {
        let service = two_townships(service).await;
        let town = service.caller_of(Role::Reporter, Some("xiushan"));
        let page = town.get("/v1/monitoring?month=2023-05").await.expect(200).body;
        let units: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| one["unit"].as_str().unwrap()).collect();
        assert_eq!(units, ["xiushan"]);
        town.get("/v1/monitoring?month=2023-05&parent=430922").await.expect(404);
        town.get("/v1/monitoring?month=2023-05&unit=madu").await.expect(404);
    }

    async fn the_journal_tells_what_had_come_before_a_day(service: Service) {
        let service = two_townships(service).await;
        report(&service, "xiushan:2023-05:fdi", "9").await;
        let then = service.context.store.view().journal_position().await.unwrap();
        report(&service, "xiushan:2023-05:fdi", "8").await;
        report(&service, "madu:2023-05:fdi", "3").await;
        let ids = ["xiushan:2023-05:fdi", "madu:2023-05:fdi"].map(str::to_owned).to_vec();
        let known = service.context.store.view().journal_knew("progress", ids, then).await.unwrap();
        // What was there and was changed is revised; what was not is late.
        assert_eq!(known.into_iter().collect::<Vec<_>>(), ["xiushan:2023-05:fdi"]);
    }

    async fn only_like_months_are_compared(service: Service) {
        let service = two_townships(service).await;
        for (month, value) in [("2022-05", "50"), ("2022-07", "70"), ("2022-12", "100"), ("2023-05", "50")] {
            report(&service, &format!("xiushan:{month}:fdi"), value).await;
        }
        // July is not reported: May of this year is not held against July of the last.
        let units = monitored(&service, "2023-07").await;
        let fdi = goal(&units, "xiushan", "fdi");
        assert_eq!((&fdi["year_on_year"], &fdi["forecast_basis"], &fdi["forecast"]), (&Value::Null, &json!("linear"), &json!("120")));
        let units = monitored(&service, "2023-05").await;
        let fdi = goal(&units, "xiushan", "fdi");
        assert_eq!((&fdi["year_on_year"], &fdi["forecast_basis"], &fdi["forecast"]), (&json!("0.00"), &json!("last_year"), &json!("100")));
    }
}
