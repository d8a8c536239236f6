//! What a township has: the command `jixiao upload`, the scripts of `examples/township`, and the reference case as CSV.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use encoding_rs::GB18030;
use jixiao::demo;
use jixiao::http::identity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Kind, Service, on_both};

fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(path)
}

/// The files of the case in the order of what refers to what, each with its kind.
const CASE: [(&str, &str); 7] = [
    ("units", "units"),
    ("projects", "projects"),
    ("budget-lines", "budget_lines"),
    ("indicators", "indicators"),
    ("targets", "targets"),
    ("progress", "progress"),
    ("evaluations", "evaluations"),
];

/// The Chinese heading of a column of the case.
fn in_chinese(heading: &str) -> &'static str {
    match heading {
        "code" => "编码",
        "name" => "名称",
        "kind" => "类型",
        "parent" => "上级单位",
        "division_code" => "行政区划代码",
        "established_on" => "成立时间",
        "funding" => "经费来源",
        "level" => "行政级别",
        "approved_posts" => "核定编制",
        "filled_posts" => "在编人数",
        "leadership" => "领导职数",
        "unit" => "单位",
        "fiscal_year" | "year" => "年度",
        "long_term_goal" => "长期目标",
        "annual_goal" => "年度目标",
        "project" => "项目",
        "executed_wan" => "执行数（万元）",
        "place" => "序号",
        "measure_unit" => "计量单位",
        "category" => "一级指标",
        "subcategory" => "二级指标",
        "direction" => "指标方向",
        "cumulative" => "是否累计",
        "part_of" => "包含于",
        "indicator" => "指标",
        "assigned_by" => "下达单位",
        "value" => "数值",
        "month" => "月份",
        "note" => "备注",
        "scheme" => "权重方案",
        "stated_score" => "自评总分",
        "stated_grade" => "自评等级",
        "stated_executed_wan" => "支出总额（万元）",
        "outreach_trip" => "外出招商",
        "delegation_received" => "接待客商",
        "stationed_cadre" => "驻点人员",
        "dispatch_meeting" => "调度会议",
        "submitted_on" => "报送日期",
        "target" => "目标编号",
        "weight" => "分值",
        "stated_completion" => "完成率",
        other => panic!("{other}: say it in Chinese"),
    }
}

/// A file of the case as a Chinese Excel would save it.
fn chinese(kind: &str, text: &str) -> Vec<u8> {
    let (head, rows) = text.split_once("\r\n").unwrap();
    let heading = |heading: &str| match (kind, heading) {
        ("budget_lines", "name") => "科目名称",
        ("evaluations", "kind") => "评价类型",
        ("targets", "value") => "目标值",
        ("progress", "value") => "完成值",
        (_, other) => in_chinese(other),
    };
    let head: Vec<&str> = head.split(',').map(heading).collect();
    let text = format!("桃江县投资促进服务中心\r\n{}\r\n{rows}", head.join(","));
    GB18030.encode(&text).0.into_owned()
}

/// Sends the whole case; every row of it must be in.
async fn send_case(service: &Service, encode: impl Fn(&str, &str) -> Vec<u8>) {
    demo::load_codes(&service.context, "2023".parse().unwrap()).await.unwrap();
    for (file, kind) in CASE {
        let text = std::fs::read_to_string(example(&format!("taojiang-2023/csv/{file}.csv"))).unwrap();
        let admin = service.admin().with("content-type", "text/csv");
        let path = format!("/v1/uploads/csv?kind={kind}&fill_down=true");
        let reply = admin.send(Method::POST, &path, Some(encode(kind, &text))).await.expect(201);
        let receipt = &reply.body["receipt"];
        assert_eq!((&receipt["state"], &receipt["received"]), (&json!("accepted"), &receipt["created"]), "{file}");
    }
}

/// An answer without the numbers of the journal, which differ with the order of the rows.
fn without_revisions(mut value: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.remove("revision");
                map.values_mut().for_each(strip);
            }
            Value::Array(list) => list.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut value);
    value
}

async fn same_as_the_demo(service: &Service, kind: Kind) {
    let demo = Service::start(kind).await.unwrap().with_case().await;
    for card in ["430922:2023", "209002:2023", "209002:2024"] {
        let path = format!("/v1/scorecards/{card}");
        let (sent, wanted) = (service.admin().get(&path).await.expect(200), demo.admin().get(&path).await.expect(200));
        assert_eq!(without_revisions(sent.body), without_revisions(wanted.body), "{card}");
    }
}

on_both! {
    async fn the_case_as_csv_gives_the_scorecards_of_the_demo(service: Service) {
        send_case(&service, |_, text| text.as_bytes().to_vec()).await;
        same_as_the_demo(&service, service.database.kind).await;
    }

    async fn the_case_as_gb18030_with_chinese_heads_gives_them_too(service: Service) {
        send_case(&service, chinese).await;
        same_as_the_demo(&service, service.database.kind).await;
    }
}

/// Runs a program against a service, away from the thread that serves.
async fn run(service: &Service, unit: Option<&str>, role: Role, mut command: Command) -> (i32, String, String) {
    let token = service.token(role, unit);
    command.env("JIXIAO_SERVER", &service.url).env("JIXIAO_TOKEN", token).env("PYTHONIOENCODING", "utf-8");
    let said = |output: Output| {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    said(actix_web::rt::task::spawn_blocking(move || command.output().unwrap()).await.unwrap())
}

fn jixiao(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jixiao"));
    command.args(arguments);
    command
}

async fn with_a_town() -> Service {
    let service = Service::start(Kind::Sqlite).await.unwrap().with_case().await;
    let town = json!({ "name": "鸬鹚渡镇", "kind": "township", "parent": "430922" });
    service.admin().put("/v1/units/430922103", &town).await.expect(201);
    service
}

#[actix_web::test]
async fn the_scripts_run_as_they_stand() {
    for script in ["upload.sh", "upload.py"] {
        let service = with_a_town().await;
        let send = |file: &str, arguments: &[&str]| {
            let mut command = Command::new(example(&format!("township/{script}")));
            command.arg(arguments[0]).arg(example(file)).args(&arguments[1..]);
            command
        };
        let (code, out, err) = run(
            &service,
            Some("430922103"),
            Role::Reporter,
            send("township/data/progress.csv", &["progress", "year=2023"]),
        )
        .await;
        assert_eq!(code, 0, "{script}: {out}{err}");
        let capital = service.admin().get("/v1/progress/430922103:2023-07:out-of-province-capital").await.expect(200);
        assert_eq!(capital.body["facts"]["value_as_printed"], "7.05亿元");

        let (code, out, _) =
            run(&service, Some("209002"), Role::Reporter, send("township/data/budget-lines.csv", &["budget_lines"]))
                .await;
        assert_eq!(code, 0, "{script}: {out}");
        let (code, out, _) =
            run(&service, Some("430922103"), Role::Reporter, send("township/data/progress.csv", &["progress"])).await;
        assert!(code == 2 && out.contains("month_needs_year") | out.contains("不知道是哪一年"), "{script}: {out}");

        // A name and a parameter in Chinese, an ending in capitals.
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("七月 完成值.XLSX");
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet().set_name("七月").unwrap();
        for (row, cells) in [(0, ["乡镇", "月份", "指标", "完成值"]), (1, ["鸬鹚渡镇", "2023-07", "fdi", "21"])]
        {
            sheet.write_row(row, 0, cells).unwrap();
        }
        book.save(&path).unwrap();
        let mut command = Command::new(example(&format!("township/{script}")));
        command.arg("progress").arg(&path).arg("sheet=七月");
        let (code, out, err) = run(&service, Some("430922103"), Role::Reporter, command).await;
        assert_eq!(code, 0, "{script}: {out}{err}");
        let uploads = service.admin().get("/v1/uploads?kind=progress&state=accepted").await.expect(200).body;
        let last = uploads["items"].as_array().unwrap().last().unwrap()["receipt"].clone();
        assert_eq!((&last["file_name"], &last["sheet"]), (&json!("七月 完成值.XLSX"), &json!("七月")));
    }
}

#[actix_web::test]
async fn the_command_finds_the_kind_and_shows_the_receipt() {
    let service = with_a_town().await;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let clerk = Some("430922103");
    let good = file("七月.csv", "乡镇,指标,月份,完成值\n鸬鹚渡镇,外商直接投资,2023年7月,21\n");
    let receipts = directory.path().join("receipts");
    let (code, out, err) =
        run(&service, clerk, Role::Reporter, jixiao(&["upload", &good, "--save", receipts.to_str().unwrap()])).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("progress accepted") && out.contains("utf8"), "{out}");

    let mixed =
        file("混.csv", "乡镇,指标,月份,完成值\n鸬鹚渡镇,外商直接投资,2023年8月,22\n鸬鹚渡镇,外商投资,2023年8月,22\n");
    let (code, out, _) = run(&service, clerk, Role::Reporter, jixiao(&["upload", &mixed, "--valid-rows"])).await;
    assert!(code == 1 && out.contains("B3 指标 “外商投资”"), "{code} {out}");
    let (code, out, _) = run(&service, clerk, Role::Reporter, jixiao(&["upload", &good, &mixed, "--again"])).await;
    assert!(code == 2 && out.contains("progress rejected"), "{code} {out}");
    let unclear = file("甲.csv", "甲,乙\n1,2\n");
    let (code, _, err) = run(&service, clerk, Role::Reporter, jixiao(&["upload", &unclear])).await;
    assert!(code == 2 && err.contains("--kind"), "{err}");
    let (code, _, err) = run(&service, None, Role::Reader, jixiao(&["upload", &good, "--again"])).await;
    assert!(code == 2 && err.contains("403"), "{err}");

    // The receipt that was kept is verified offline, with the service's published key; a changed one is not.
    let keys = reqwest::get(format!("{}/.well-known/jwks.json", service.url)).await.unwrap().text().await.unwrap();
    let keys = file("jwks.json", &keys);
    let kept = std::fs::read_dir(&receipts).unwrap().next().unwrap().unwrap().path();
    let verify = |path: &Path| jixiao(&["verify", path.to_str().unwrap(), "--key", &keys]).output().unwrap();
    assert!(verify(&kept).status.success());
    let changed = std::fs::read_to_string(&kept).unwrap().replace("\"created\": 1", "\"created\": 2");
    std::fs::write(&kept, changed).unwrap();
    let output = verify(&kept);
    assert!(!output.status.success() && String::from_utf8(output.stdout).unwrap().contains("签名无效"));
}

/// A service that is away for a while: the command waits for it, and the file is taken once.
#[actix_web::test]
async fn the_command_waits_out_a_broken_line() {
    let service = with_a_town().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("七月.csv");
    std::fs::write(&path, "乡镇,指标,月份,完成值\n鸬鹚渡镇,外商直接投资,2023年7月,21\n").unwrap();
    // A line that is cut twice before it holds.
    let relay = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = relay.local_addr().unwrap();
    let upstream = service.url.trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for (number, line) in relay.incoming().enumerate() {
            let mut line = line.unwrap();
            if number < 2 {
                drop(line);
                continue;
            }
            let mut other = std::net::TcpStream::connect(&upstream).unwrap();
            let (mut back, mut answer) = (line.try_clone().unwrap(), other.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut answer, &mut back));
            std::thread::spawn(move || std::io::copy(&mut line, &mut other));
        }
    });
    let command = jixiao(&["upload", path.to_str().unwrap(), "--server", &format!("http://{address}")]);
    let (code, out, err) = run(&service, Some("430922103"), Role::Reporter, command).await;
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(err.matches("重试").count(), 2, "{err}");
    let uploads = service.admin().get("/v1/uploads").await.expect(200).body;
    assert_eq!(uploads["items"].as_array().unwrap().len(), 1);
}
