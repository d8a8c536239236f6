//! What people read, print and hand in: the report of an evaluation and its official form.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use jixiao::http::identity::Role;
use serde_json::json;

use crate::harness::on_both;

const SELF: &str = "/v1/evaluations/209002:2023:209002-2023-01:self";

/// The rows of a sheet, each as its cells that hold something.
fn rows(bytes: &[u8], sheet: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let range = book.worksheet_range(sheet).unwrap();
    let text = |cell: &Data| cell.to_string();
    range.rows().map(|row| row.iter().map(text).filter(|cell| !cell.is_empty()).collect()).collect()
}

on_both! {
    async fn the_form_has_the_figures_of_the_case(service: Service) {
        let service = service.with_case().await;
        let bytes = service.caller(Role::Reader).get_bytes(&format!("{SELF}/form.xlsx")).await;
        let form = rows(&bytes, "自评表");
        let row = |first: &str| form.iter().find(|row| row.first().is_some_and(|cell| cell == first)).unwrap_or_else(|| panic!("{first}: {form:#?}"));
        assert_eq!(form[0], ["项目支出绩效自评表（2023 年度）"]);
        assert_eq!(row("项目名称")[1], "招商引资专项");
        assert_eq!(row("年度资金总额")[1..], ["—", "—", "345.91", "10.00", "未知", "—"]);
        let fdi = form.iter().find(|row| row.get(2).is_some_and(|cell| cell == "外商直接投资")).unwrap();
        assert_eq!(fdi[3..7], ["320万美元", "21万美元", "11.25", "0.74"]);
        assert_eq!(row("总分")[1..], ["100.00", "72.53～82.53", "自评 100.00，审核 —"]);
        let why = rows(&bytes, "计分说明");
        assert!(why.iter().any(|row| row.contains(&"11.25 × 21 ÷ 320 = 0.74".to_owned())), "{why:#?}");
    }

    async fn the_report_is_a_page_that_needs_nothing_else(service: Service) {
        let service = service.with_case().await;
        let reply = service.caller(Role::Reader).get(&format!("{SELF}/report.html")).await.expect(200);
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(reply.header("content-security-policy"), "default-src 'none'; style-src 'unsafe-inline'");
        let page = reply.body.as_str().unwrap();
        for figure in ["345.91", "344.91", "72.53～82.53", "6.56%", "130.56%", "23.43%", "11.25 × 21 ÷ 320 = 0.74", "约79.4"] {
            assert!(page.contains(figure), "{figure}");
        }
        assert!(!page.contains("<script"));
        let addresses = page.matches("http").count();
        assert_eq!(addresses, page.matches("http://www.w3.org/2000/svg").count(), "it asks nobody for anything");
        // A name that is markup is text.
        let name = json!({ "name": "<script>alert(1)</script>", "kind": "public_institution", "parent": "209" });
        service.admin().with("if-match", "*").put("/v1/units/209002", &name).await.expect(200);
        let page = service.admin().get(&format!("{SELF}/report.html")).await.expect(200);
        assert!(!page.body.as_str().unwrap().contains("<script"));
    }

    async fn the_report_of_an_earlier_moment_is_that_of_then(service: Service) {
        let service = service.with_case().await;
        let before = service.context.store.view().journal_position().await.unwrap();
        let admin = service.admin().with("if-match", "*");
        admin.put("/v1/progress/430922:2023-12:fdi", &json!({ "value": "320" })).await.expect(200);
        let then = admin.get(&format!("{SELF}/report.html?as_of={before}")).await.expect(200);
        let now = admin.get(&format!("{SELF}/report.html")).await.expect(200);
        let says = |reply: &crate::harness::Reply| reply.body.as_str().unwrap().contains("11.25 × 21 ÷ 320 = 0.74");
        assert!(says(&then) && !says(&now));
        service.caller_of(Role::Reader, Some("209002")).get(&format!("{SELF}/report.html")).await.expect(200);
        service.nobody().get(&format!("{SELF}/report.html")).await.expect(401);
    }
}
