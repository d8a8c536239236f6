//! Exports (导出): all rows of a collection as lines for machines or as a table for people, with their number at the end, so
//! that a file that was cut off is not taken for a whole one.

use serde::Serialize;
use serde_json::Value;

use super::chain::Digest;

crate::choice! {
    /// The form of an export.
    pub enum ExportFormat {
        /// A JSON object a line
        Ndjson = "ndjson", "每行一个 JSON 对象";
        /// A table; it begins with the mark by which Excel knows UTF-8
        Csv = "csv", "表格";
    }
}

/// A row of an export.
#[derive(Debug, Serialize)]
pub struct ExportRow {
    /// The row's id.
    pub id: String,
    /// Its revision.
    pub revision: i64,
    /// Its facts.
    pub facts: Value,
}

/// What stands at the end of an export.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ExportEnd {
    /// How many rows stand above it.
    pub rows: u64,
    /// The number of the journal they stood at.
    pub at: i64,
    /// The digest of that entry.
    pub digest: Option<Digest>,
}

/// Writes an export piece by piece.
#[derive(Debug)]
pub struct Exporter {
    format: ExportFormat,
    /// The fields of the facts, once a row was seen.
    fields: Option<Vec<String>>,
    rows: u64,
}

impl Exporter {
    /// One that has written nothing.
    pub const fn new(format: ExportFormat) -> Self {
        Self { format, fields: None, rows: 0 }
    }

    /// The next rows, with what stands above the first.
    ///
    /// # Errors
    /// None that is known: what is written to memory is written.
    pub fn write(&mut self, rows: &[ExportRow]) -> Result<Vec<u8>, csv::Error> {
        self.rows += u64::try_from(rows.len()).unwrap_or(0);
        match self.format {
            ExportFormat::Ndjson => {
                let mut text = Vec::new();
                for row in rows {
                    serde_json::to_writer(&mut text, row).map_err(std::io::Error::other)?;
                    text.push(b'\n');
                }
                Ok(text)
            }
            ExportFormat::Csv => self.table(rows),
        }
    }

    fn table(&mut self, rows: &[ExportRow]) -> Result<Vec<u8>, csv::Error> {
        let mut text = Vec::new();
        let first = self.fields.is_none();
        let fields = self.fields.get_or_insert_with(|| {
            let facts = rows.first().and_then(|row| row.facts.as_object());
            facts.map(|facts| facts.keys().cloned().collect()).unwrap_or_default()
        });
        if first {
            text.extend("\u{feff}".bytes());
        }
        let mut table = csv::Writer::from_writer(text);
        if first {
            table.write_record(["id", "revision"].into_iter().chain(fields.iter().map(String::as_str)))?;
        }
        for ExportRow { id, revision, facts } in rows {
            let cells = fields.iter().map(|field| cell(&facts[field]));
            table.write_record([id.clone(), revision.to_string()].into_iter().chain(cells))?;
        }
        table.into_inner().map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))
    }

    /// What stands below the last row: `{"end": …}`, or a line that begins with `#`.
    ///
    /// # Errors
    /// None that is known.
    pub fn end(mut self, at: i64, digest: Option<Digest>) -> Result<Vec<u8>, csv::Error> {
        let mut text = if self.rows == 0 { self.write(&[])? } else { Vec::new() };
        let end = ExportEnd { rows: self.rows, at, digest };
        match self.format {
            ExportFormat::Ndjson => {
                let line = serde_json::json!({ "end": end });
                text.extend(format!("{line}\n").bytes());
            }
            ExportFormat::Csv => {
                let digest = digest.map(|digest| format!(" digest={digest}")).unwrap_or_default();
                text.extend(format!("# rows={} at={at}{digest}\n", self.rows).bytes());
            }
        }
        Ok(text)
    }
}

/// What a value is in a table. Text that a spreadsheet would compute is marked as text; an upload takes the mark off again.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => {
            let computed = text.starts_with(['=', '+', '-', '@']);
            let is_number = text.parse::<f64>().is_ok();
            if computed && !is_number { format!("'{text}") } else { text.clone() }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows() -> [ExportRow; 2] {
        let row = |id: &str, facts| ExportRow { id: id.into(), revision: 7, facts };
        [
            row("a", json!({ "name": "镇,乡", "value": "-1.50", "list": [1], "none": null })),
            row("b", json!({ "name": "=1+1", "value": "2", "list": [], "none": "x" })),
        ]
    }

    fn written(format: ExportFormat, rows: &[ExportRow]) -> String {
        let mut exporter = Exporter::new(format);
        let mut text = Vec::new();
        for row in rows.chunks(1) {
            text.extend(exporter.write(row).unwrap());
        }
        text.extend(exporter.end(9, None).unwrap());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_table_has_one_head_and_says_how_long_it_is() {
        let table = written(ExportFormat::Csv, &rows());
        assert_eq!(
            table,
            "\u{feff}id,revision,name,value,list,none\na,7,\"镇,乡\",-1.50,[1],\nb,7,'=1+1,2,[],x\n# rows=2 at=9\n"
        );
        assert_eq!(written(ExportFormat::Csv, &[]), "\u{feff}id,revision\n# rows=0 at=9\n");
    }

    #[test]
    fn lines_end_with_their_number() {
        let text = written(ExportFormat::Ndjson, &rows());
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            (lines.len(), &lines[1]["facts"]["name"], &lines[2]),
            (3, &json!("=1+1"), &json!({ "end": { "rows": 2, "at": 9, "digest": null } }))
        );
    }
}
