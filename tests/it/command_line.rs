//! The command line, as a person at the machine uses it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn jixiao(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jixiao"));
    command.env_clear().env("JIXIAO_DATA_DIR", directory).env("JIXIAO_BIND", "127.0.0.1:0");
    command
}

fn said(output: &Output) -> (bool, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// Starts the demo and reads until it has said everything; then stops it.
fn demo(directory: &Path) -> String {
    demo_with(directory, &[])
}

fn demo_with(directory: &Path, more: &[&str]) -> String {
    let mut child = jixiao(directory).arg("demo").args(more).stdout(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        text += &line;
        text.push('\n');
        if line.contains("2023-13") {
            break; // the last of the requests worth trying
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    text
}

#[test]
fn the_demo_shows_the_case_and_keeps_it() {
    let directory = tempfile::tempdir().unwrap();
    let first = demo(directory.path());

    for wanted in [
        "外商直接投资",
        "6.56% ✗",
        "103.81% ✓",
        "102.24% ✓",
        "51.47% ✗",
        "86.67% ✗",
        "130.56% ✓",
        "113.33% ✓",
        "118.18% ✓",
        "stated 100.00 优秀",
        "computed 72.53 + 10.00",
        "≤ 82.53",
        "findings: 33",
        "budget.sum-mismatch",
        "/docs/",
        "reader ",
        "reporter ",
        "reviewer ",
        "admin ",
        "curl -s",
    ] {
        assert!(first.contains(wanted), "{wanted} is missing in:\n{first}");
    }
    assert!(directory.path().join("jixiao.db").exists());
    assert!(demo(directory.path()).contains("findings: 33"), "a second start shows the same");
}

#[test]
fn a_demo_of_several_counties_gives_each_the_whole_case() {
    let directory = tempfile::tempdir().unwrap();
    assert!(demo_with(directory.path(), &["--counties", "3"]).contains("findings: 33"));
    let database = rusqlite::Connection::open(directory.path().join("jixiao.db")).unwrap();
    let mut counties = database
        .prepare(
            "SELECT county, (SELECT count(*) FROM progress p WHERE p.county = h.county) FROM journal_head h ORDER BY 1",
        )
        .unwrap();
    let counties = counties.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).unwrap();
    let counties: Vec<_> = counties.map(Result::unwrap).collect();
    assert_eq!(counties.iter().map(|(county, _)| county.as_str()).collect::<Vec<_>>(), ["430922", "990001", "990002"]);
    assert!(counties.iter().all(|(_, rows)| *rows > 0 && *rows == counties[0].1), "{counties:?}");
    // And each is a county to serve.
    let verified = jixiao(directory.path()).env("JIXIAO_COUNTY", "990002").arg("verify").output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn a_demo_on_other_data_serves_that_data() {
    let directory = tempfile::tempdir().unwrap();
    assert!(jixiao(directory.path()).args(["codes", "--year", "2025"]).status().unwrap().success());
    assert!(demo(directory.path()).contains("holds other data"));
}

#[test]
fn a_token_is_printed_alone() {
    let directory = tempfile::tempdir().unwrap();
    let output =
        jixiao(directory.path()).args(["token", "--role", "reporter", "--unit", "209002", "--ttl", "8h"]).output();
    let (fine, token, _) = said(&output.unwrap());

    assert!(fine);
    assert_eq!((token.lines().count(), token.trim().split('.').count()), (1, 3));
    for wrong in [["--role", "king"], ["--ttl", "soon"], ["--unit", "a b"]] {
        let output = jixiao(directory.path()).args(["token", "--role", "reader"]).args(wrong).output().unwrap();
        assert!(!said(&output).0, "{wrong:?}");
    }
}

#[test]
fn the_documents_are_printed_as_committed() {
    let directory = tempfile::tempdir().unwrap();
    for (arguments, name) in [(&["openapi"][..], "jixiao-v1"), (&["openapi", "--webhooks"], "jixiao-webhooks-v1")] {
        let (fine, document, _) = said(&jixiao(directory.path()).args(arguments).output().unwrap());
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("openapi/{name}.json"));
        assert!(fine && document == std::fs::read_to_string(committed).unwrap(), "{name}");
    }
}

#[test]
fn migrating_and_loading_codes_can_be_repeated() {
    let directory = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| said(&jixiao(directory.path()).args(arguments).output().unwrap());
    assert!(run(&["migrate"]).0 && run(&["migrate"]).0);
    assert_eq!(run(&["codes", "--year", "2025"]).1, "110 classes of 2025 are new\n");
    assert_eq!(run(&["codes", "--year", "2025"]).1, "0 classes of 2025 are new\n");
}

#[test]
fn wrong_settings_are_told_all_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let output = jixiao(directory.path()).env("JIXIAO_BIND", "here").env("JIXIAO_COUNTY", "桃江").arg("serve").output();
    let (fine, _, errors) = said(&output.unwrap());
    assert!(!fine && errors.contains("JIXIAO_BIND") && errors.contains("JIXIAO_COUNTY"), "{errors}");
}

#[test]
fn a_taken_address_is_told_with_the_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = jixiao(directory.path())
        .env("JIXIAO_BIND", taken.local_addr().unwrap().to_string())
        .arg("serve")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(!child.wait().unwrap().success());
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(errors.contains("choose another address with JIXIAO_BIND"), "{errors}");
}
