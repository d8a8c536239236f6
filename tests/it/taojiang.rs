//! The 2023 performance report of the Taojiang County Investment Promotion Service Centre:
//! every figure of it out again, and every contradiction in it found.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::{Service, case, on_both};

const CENTRE: &str = "/v1/scorecards/209002:2023";
const COUNTY: &str = "/v1/scorecards/430922:2023";

/// The collections of the case in the order in which they refer to one another.
const ORDER: [&str; 8] =
    ["units", "divisions", "projects", "budget-lines", "indicators", "targets", "progress", "evaluations"];

/// States the whole case over HTTP, as a township's script would.
async fn state_the_case(service: &Service) {
    let admin = service.admin();
    let year = "2023".parse().unwrap();
    jixiao::demo::load_codes(&service.context, year).await.unwrap();
    for collection in ORDER {
        for (id, facts) in case(collection) {
            admin.put(&format!("/v1/{collection}/{id}"), &facts).await.expect(201);
        }
    }
}

async fn read(service: &Service, path: &str) -> Value {
    service.admin().get(path).await.expect(200).body
}

/// The findings of a rule on a scorecard.
fn found<'a>(card: &'a Value, rule: &str) -> Vec<&'a Value> {
    card["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule).collect()
}

/// A finding's number.
fn number<'a>(finding: &'a Value, name: &str) -> &'a str {
    let numbers = finding["numbers"].as_array().unwrap();
    numbers.iter().find(|number| number["name"] == name).unwrap()["value"].as_str().unwrap()
}

/// The one finding of a rule.
#[track_caller]
fn the<'a>(card: &'a Value, rule: &str) -> &'a Value {
    let all = found(card, rule);
    assert_eq!(all.len(), 1, "{rule}: {all:#?}");
    all[0]
}

on_both! {
    async fn the_case_stated_over_http_is_the_case_the_demo_loads(service: Service) {
        state_the_case(&service).await;
        let demo = Service::start(service.database.kind).await.unwrap().with_case().await;

        for path in [CENTRE, COUNTY] {
            let (mut ours, mut theirs) = (read(&service, path).await, read(&demo, path).await);
            forget_revisions(&mut ours);
            forget_revisions(&mut theirs);
            assert_eq!(ours, theirs);
        }
    }

    async fn a_second_start_keeps_what_is_there(service: Service) {
        let service = service.with_case().await;
        let name = json!({ "name": "改过的名称", "kind": "county" });
        service.admin().with("if-match", "*").put("/v1/units/430922", &name).await.expect(200);
        let before = service.context.store.view().journal_position().await.unwrap();
        jixiao::demo::load(&service.context).await.unwrap();

        assert_eq!(service.context.store.view().journal_position().await.unwrap(), before);
        assert_eq!(read(&service, "/v1/units/430922").await["facts"]["name"], "改过的名称");
    }

    async fn what_was_stated_comes_back_as_stated(service: Service) {
        state_the_case(&service).await;
        for collection in ORDER {
            for (id, stated) in case(collection) {
                let kept = read(&service, &format!("/v1/{collection}/{id}")).await;
                for (field, value) in stated.as_object().unwrap() {
                    if field != "indicators" && field != "activities" {
                        assert_eq!(&kept["facts"][field], value, "{collection} {id} {field}");
                    }
                }
            }
        }
    }

    async fn the_nine_items_of_spending(service: Service) {
        let service = service.with_case().await;
        let card = read(&service, CENTRE).await;
        let lines: BTreeMap<_, _> = card["budget"]["lines"].as_array().unwrap().iter()
            .map(|line| (line["economic_class"].as_str().unwrap(), line["facts"]["executed"].as_str().unwrap()))
            .collect();

        assert_eq!(lines, BTreeMap::from([
            ("30201", "109300.00"), // 办公费 10.93
            ("30202", "539700.00"), // 印刷费 53.97
            ("30211", "810300.00"), // 差旅费 81.03
            ("30213", "15800.00"),  // 维护费 1.58
            ("30214", "248600.00"), // 租赁费 24.86
            ("30226", "481400.00"), // 劳务费 48.14
            ("30227", "450000.00"), // 委托业务费 45
            ("30239", "10000.00"),  // 其他交通费 1
            ("30299", "794000.00"), // 其他商品和服务支出 约79.4
        ]));
        let other = card["budget"]["lines"].as_array().unwrap().last().unwrap();
        assert_eq!(other["facts"]["executed_as_printed"], "约79.4万元");
        assert_eq!(other["computed"], json!({ "execution_rate": null, "approximate": true }));
    }

    async fn the_items_add_up_to_more_than_the_total(service: Service) {
        let service = service.with_case().await;
        let card = read(&service, CENTRE).await;
        let expected = json!({
            "approved": null, "adjusted": null, "executed": "3459100.00", "stated_executed": "3449100.00",
            "difference": "10000.00", "execution_rate": null,
        });

        assert_eq!(card["budget"]["totals"], expected);
        assert_eq!(card["budget"]["projects"][0]["totals"], expected);
        assert_eq!(card["evaluations"][0]["computed"]["totals"], expected);
    }

    async fn the_eight_completions(service: Service) {
        let service = service.with_case().await;
        let card = read(&service, COUNTY).await;
        let outcomes: Vec<_> = card["targets"].as_array().unwrap().iter()
            .map(|one| {
                let text = |field: &str| one[field].as_str().unwrap();
                let completion = &one["completion"];
                (text("name"), text("target"), text("actual"), text("measure_unit"),
                 completion["percent"].as_str().unwrap(), completion["state"].as_str().unwrap())
            })
            .collect();

        assert_eq!(outcomes, [
            ("外商直接投资", "320", "21", "万美元", "6.56", "missed"),
            ("省外境内资金", "120", "124.57", "亿元", "103.81", "met"),
            ("域外省内资金", "4.9", "5.01", "亿元", "102.24", "met"),
            ("湘商回湘投资累计到位资金", "32", "16.47", "亿元", "51.47", "missed"),
            ("湘商回湘新注册企业", "15", "13", "家", "86.67", "missed"),
            ("新签约项目", "36", "47", "个", "130.56", "met"),
            ("新开工项目", "30", "34", "个", "113.33", "met"),
            ("新投产项目", "22", "26", "个", "118.18", "met"),
        ]);
    }

    async fn the_eight_stated_completions_are_right(service: Service) {
        let service = service.with_case().await;
        assert!(found(&read(&service, CENTRE).await, "evaluation.completion-mismatch").is_empty());
    }

    async fn the_computed_score_is_an_interval(service: Service) {
        let service = service.with_case().await;
        let card = read(&service, CENTRE).await;
        let (facts, score) = (&card["evaluations"][0]["facts"], &card["evaluations"][0]["computed"]["score"]);

        assert_eq!((&facts["stated_score"], &facts["stated_grade"]), (&json!("100.00"), &json!("优秀")));
        assert_eq!(
            (&score["earned"], &score["unknown"], &score["at_most"]),
            (&json!("72.53"), &json!("10.00"), &json!("82.53"))
        );
        assert_eq!((&score["grade_at_least"], &score["grade_at_most"]), (&json!("fair"), &json!("good")));
        let earned: Vec<_> =
            score["parts"].as_array().unwrap().iter().map(|part| part["earned"].as_str().unwrap()).collect();
        assert_eq!(earned, ["0.00", "0.74", "11.25", "11.25", "5.79", "9.75", "11.25", "11.25", "11.25"]);
    }

    async fn every_point_is_explained(service: Service) {
        let service = service.with_case().await;
        let card = read(&service, CENTRE).await;
        let part = &card["evaluations"][0]["computed"]["score"]["parts"][1];

        assert_eq!(part["subject"], "430922:2023::fdi:city");
        assert_eq!(part["formula"], "11.25 × 21 ÷ 320 = 0.74");
        assert_eq!(part["explanation_zh"], "外商直接投资：目标 320万美元，实际 21万美元，完成率 6.56%，按比例得 0.74 分（满分 11.25）");
        assert!(part["explanation_en"].as_str().unwrap().ends_with("in proportion: 0.74 of 11.25"));
    }

    async fn the_goals_of_the_project_come_back(service: Service) {
        let service = service.with_case().await;
        let card = read(&service, CENTRE).await;
        let project = &card["budget"]["projects"][0]["project"]["facts"];

        assert_eq!(project["long_term_goal"], "招大商、招好商，发展桃江经济");
        assert_eq!(project["annual_goal"], "引进“三类500强”项目1个、投资过亿元项目10个、过5000万元项目20个");
        let next = read(&service, "/v1/targets?unit=209002&year=2024").await;
        let values: BTreeMap<_, _> = next["items"].as_array().unwrap().iter()
            .map(|target| (target["indicator"].as_str().unwrap(), target["facts"]["value"].as_str().unwrap()))
            .collect();
        let expected = [("projects-over-100m", "8"), ("projects-over-50m", "10"), ("top500-projects", "1")];
        assert_eq!(values, BTreeMap::from(expected));
    }

    async fn the_county_has_fifteen_townships(service: Service) {
        let service = service.with_case().await;
        let list = read(&service, "/v1/divisions?year=2023&level=township").await;
        assert_eq!(list["items"].as_array().unwrap().len(), 15);
        assert_eq!(list["items"][0]["facts"]["name"], "修山镇");
    }

    /// The numbers are those of section 5.4 of the field notes.
    async fn every_contradiction_is_found(service: Service) {
        let service = service.with_case().await;
        let card = read(&service, CENTRE).await;

        // 1: the items do not add up to the total
        let sum = the(&card, "budget.sum-mismatch");
        assert_eq!((number(sum, "lines_sum"), number(sum, "stated"), number(sum, "difference")),
                   ("3459100.00", "3449100.00", "10000.00"));
        assert_eq!(sum["rows"].as_array().unwrap().len(), 10, "the evaluation and its nine lines");
        // 2: an approximate amount, the second largest
        let about = the(&card, "budget.approximate-amount");
        assert_eq!((number(about, "as_printed"), number(about, "share")), ("约79.4万元", "22.95"));
        // 3: mixed precision
        assert_eq!(number(the(&card, "budget.mixed-precision"), "decimals"), "0、1、2");
        // 4: no appropriation, so no execution rate
        assert_eq!(number(the(&card, "budget.no-appropriation"), "lines_without_budget"), "9");
        // 5: three annual goals without an actual
        let unreported: BTreeSet<_> =
            found(&card, "target.never-reported").into_iter().map(|one| number(one, "target")).collect();
        assert_eq!(unreported, BTreeSet::from(["1", "10", "20"]));
        // 6: what was set is not what is reported
        let goals = the(&card, "evaluation.goals-not-assessed");
        assert_eq!((number(goals, "goals"), number(goals, "assessed"), number(goals, "goals_not_assessed")),
                   ("3", "8", "3"));
        // 7: the score contradicts the results
        let score = the(&card, "evaluation.score-mismatch");
        assert_eq!((number(score, "stated"), number(score, "earned"), number(score, "at_most")),
                   ("100.00", "72.53", "82.53"));
        let full = the(&card, "evaluation.full-score-with-missed-targets");
        assert_eq!((number(full, "fdi"), number(full, "hunan-merchant-capital"), number(full, "hunan-merchant-companies")),
                   ("6.56", "51.47", "86.67"));
        assert_eq!(number(the(&card, "evaluation.grade-mismatch"), "at_most"), "良");
        // 8: no reason for the three misses, nor for 130.56 %
        assert_eq!(found(&card, "evaluation.missed-without-reason").len(), 3);
        assert_eq!(number(the(&card, "target.far-exceeded"), "completion"), "130.56");
        // 9: none of quality, timeliness, cost, satisfaction
        assert_eq!(number(the(&card, "evaluation.categories-uncovered"), "missing"), "4");
        // 10: the county's results as the unit's own
        assert_eq!(number(the(&card, "evaluation.results-of-another-unit"), "of_other_units"), "8");
        // 11: cumulative since when; reported, not verified
        let unclear: BTreeSet<_> =
            found(&card, "target.basis-unclear").into_iter().map(|one| number(one, "actual")).collect();
        assert_eq!(unclear, BTreeSet::from(["16.47", "47"]));
        // 12: 湘商 is part of 内资
        let overlap = the(&card, "target.overlap");
        assert_eq!((number(overlap, "part"), number(overlap, "whole"), number(overlap, "share")),
                   ("16.47", "129.58", "12.71"));
        // 13: 13家 against 15个
        let units = the(&card, "target.measure-units-differ");
        assert_eq!((number(units, "target_unit"), number(units, "actual_unit")), ("个", "家"));
        // 14: two currencies without a rate
        assert_eq!(number(the(&card, "evaluation.currencies-without-rate"), "currencies"), "人民币、美元");
        // 15: vague counts
        let vague: BTreeSet<_> =
            found(&card, "evaluation.vague-count").into_iter().map(|one| number(one, "as_printed")).collect();
        assert_eq!(vague, BTreeSet::from(["40余次", "100余批次"]));
        // 16: visits and meetings without the spending for them
        let missing: BTreeSet<_> =
            found(&card, "budget.expected-class-missing").into_iter().map(|one| number(one, "class")).collect();
        assert_eq!(missing, BTreeSet::from(["30215", "30217"]));
        // 18: names that are not official
        let names: BTreeSet<_> =
            found(&card, "budget.name-not-official").into_iter().map(|one| number(one, "printed")).collect();
        assert_eq!(names, BTreeSet::from(["维护费", "其他交通费"]));
        // 19: lower targets for the year after
        let changes: BTreeSet<_> =
            found(&card, "target.lowered-next-year").into_iter().map(|one| number(one, "change")).collect();
        assert_eq!(changes, BTreeSet::from(["-20.00", "-50.00"]));
        // 20: posts
        let posts = the(&card, "unit.posts-vacant");
        assert_eq!((number(posts, "vacant_posts"), number(posts, "fill_rate")), ("5", "80.00"));
        // 23: 优秀 is not a grade
        assert_eq!(number(the(&card, "evaluation.grade-alias"), "stated"), "优秀");
        // 26: the form lacks particulars
        assert_eq!(number(the(&card, "evaluation.form-incomplete"), "missing"), "5");
    }

    async fn findings_speak_both_languages_and_point_at_rows_that_exist(service: Service) {
        let service = service.with_case().await;
        let card = read(&service, CENTRE).await;
        let mut ids = BTreeSet::new();
        for finding in card["findings"].as_array().unwrap() {
            assert!(ids.insert(finding["id"].as_str().unwrap()), "twice: {}", finding["id"]);
            assert!(!finding["detail_zh"].as_str().unwrap().is_ascii() && !finding["detail_en"].as_str().unwrap().is_empty());
            let rows = finding["rows"].as_array().unwrap();
            assert!(!rows.is_empty(), "{}", finding["id"]);
            for row in rows {
                let collection = row["resource"].as_str().unwrap().replace('_', "-");
                let item = read(&service, &format!("/v1/{collection}/{}", row["id"].as_str().unwrap())).await;
                let pointer = row["pointer"].as_str().unwrap();
                assert!(item["facts"].pointer(pointer).is_some(), "{} {pointer}", row["id"]);
            }
        }
    }

    async fn english_sentences_are_english(service: Service) {
        let service = service.with_case().await;
        let card = read(&service, CENTRE).await;
        for finding in card["findings"].as_array().unwrap() {
            let sentence = finding["detail_en"].as_str().unwrap();
            // What stands between backquotes is quoted from the rows.
            let words: String = sentence.split('`').step_by(2).collect();
            assert!(words.is_ascii(), "{sentence}");
        }
    }

    async fn findings_are_listed_by_unit_year_project_rule_and_severity(service: Service) {
        let service = service.with_case().await;
        let count = async |query: &str| {
            let page = read(&service, &format!("/v1/findings?{query}")).await;
            page["items"].as_array().unwrap().len()
        };
        let card = read(&service, CENTRE).await;
        let all = card["findings"].as_array().unwrap().len();

        assert_eq!(count("unit=209002&year=2023").await, all);
        assert_eq!(count("unit=209002&year=2023&severity=error").await, 4);
        assert_eq!(count("rule=budget.sum-mismatch").await, 1);
        assert_eq!(count("project=209002-2023-01&rule=evaluation.score-mismatch").await, 1);
        assert_eq!(count("project=no-such-project").await, 0);
        let unknown = service.admin().get("/v1/findings?rule=budget.sum-mismach").await.expect(400);
        assert!(unknown.body["errors"][0]["detail_en"].as_str().unwrap().contains("budget.sum-mismatch"));
    }

    async fn findings_come_page_by_page_without_loss(service: Service) {
        let service = service.with_case().await;
        let ids = |page: &Value| -> Vec<String> {
            page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
        };
        let whole = ids(&read(&service, "/v1/findings?limit=1000").await);
        let (mut pieces, mut after) = (Vec::new(), String::new());
        loop {
            let page = read(&service, &format!("/v1/findings?limit=7{after}")).await;
            pieces.extend(ids(&page));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(pieces, whole);
    }

    async fn with_the_budget_known_the_interval_closes(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin().with("if-match", "*");
        for (id, mut facts) in case("budget-lines") {
            facts["adjusted"] = facts["executed"].clone();
            admin.put(&format!("/v1/budget-lines/{id}"), &facts).await.expect(200);
        }
        let card = read(&service, CENTRE).await;
        let score = &card["evaluations"][0]["computed"]["score"];

        assert_eq!((&score["earned"], &score["unknown"], &score["grade"]), (&json!("82.53"), &json!("0.00"), &json!("good")));
        assert_eq!(card["budget"]["totals"]["execution_rate"], "100.00");
        assert!(found(&card, "budget.no-appropriation").is_empty());
    }
}

/// Two counties count their own journals.
fn forget_revisions(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.shift_remove("revision");
            map.values_mut().for_each(forget_revisions);
        }
        Value::Array(list) => list.iter_mut().for_each(forget_revisions),
        _ => {}
    }
}
