//! Which kind of rows a sheet holds, by its head.

use super::head::Known;
use super::kind::UploadKind;
use crate::domain::sheet::Row;

/// The kind whose columns the first rows of a sheet have most of; nothing where two kinds would do as well, or none.
pub fn guess(rows: &[Row]) -> Option<UploadKind> {
    let fits = UploadKind::ALL.iter().map(|kind| {
        let known = Known::of(*kind);
        // A head that lacks what every row needs is hardly one of this kind, though the caller may give it.
        (usize::from(known.find(rows, &["unit", "year", "month", "project"]).is_ok()), known.fit(rows), *kind)
    });
    let mut fits: Vec<_> = fits.filter(|(_, fit, _)| *fit >= 2).collect();
    fits.sort_by_key(|(whole, fit, _)| std::cmp::Reverse((*whole, *fit)));
    match fits.as_slice() {
        [(1, _, kind)] => Some(*kind),
        [(1, most, kind), (whole, next, _), ..] if *whole == 0 || next < most => Some(*kind),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sheet::Cell;
    use crate::domain::upload::template;

    fn row(cells: &[&str]) -> Row {
        Row::new(1, cells.iter().map(|cell| Cell::of_text(cell)).collect())
    }

    #[test]
    fn the_head_tells_the_kind() {
        for (cells, kind) in [
            (&["单位", "年度", "项目", "科目名称", "执行数（万元）"][..], Some(UploadKind::BudgetLines)),
            (&["项目", "科目", "执行数"], Some(UploadKind::BudgetLines)),
            (&["乡镇", "指标", "月份", "完成值"], Some(UploadKind::Progress)),
            (&["乡镇", "指标", "完成值"], Some(UploadKind::Progress)),
            (&["单位", "项目", "月份", "累计支出（万元）"], Some(UploadKind::Expenditures)),
            (&["单位", "年度", "指标", "下达单位", "目标值"], Some(UploadKind::Targets)),
            (&["甲", "乙"], None),
            (&["编码", "名称"], None),
        ] {
            assert_eq!(guess(&[row(cells)]), kind, "{cells:?}");
        }
    }

    #[test]
    fn every_template_is_of_its_kind() {
        for kind in UploadKind::ALL {
            let head: Vec<&str> = template::columns(*kind).map(|column| column.names[0]).collect();
            assert_eq!(guess(&[row(&head)]), Some(*kind));
        }
    }
}
