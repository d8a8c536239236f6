//! What is sent: a file, and what is said beside it.

use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::judge::Manner;
use super::reader::Order;
use super::record::Parcel;
use crate::domain::codes::{Name, ProjectCode, UnitCode};
use crate::domain::money::AmountUnit;
use crate::domain::period::{Month, Year};
use crate::domain::sheet::charset::Charset;
use crate::domain::upload::kind::UploadKind;
use crate::domain::upload::reading::Defaults;
use crate::domain::upload::receipt::{FileFormat, OnExisting, UploadMode};
use crate::domain::violation::Violations;
use crate::http::file::{Media, Sent};
use crate::http::query::Switch;

/// What is said beside a file. What the file says itself wins.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = Violations, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadOptions {
    /// What the rows are.
    pub kind: UploadKind,
    /// Whether a wrong row keeps the right ones out; `all_or_nothing` where nothing is said.
    #[deserr(default)]
    pub mode: Option<UploadMode>,
    /// What happens to rows that are there and say something else; `update` where nothing is said.
    #[deserr(default)]
    pub on_existing: Option<OnExisting>,
    /// Only say what would become of it.
    #[deserr(default)]
    pub dry_run: Option<Switch>,
    /// Take the file though the same was taken this year.
    #[deserr(default)]
    pub again: Option<Switch>,
    /// Fill blank cells of key columns from above, as merged cells mean it.
    #[deserr(default)]
    pub fill_down: Option<Switch>,
    /// The unit of rows that name none; the token's own where nothing is said.
    #[deserr(default)]
    pub unit: Option<UnitCode>,
    /// The year of rows that name none.
    #[deserr(default)]
    pub year: Option<Year>,
    /// The month of rows that name none.
    #[deserr(default)]
    pub month: Option<Month>,
    /// The project of rows that name none.
    #[deserr(default)]
    pub project: Option<ProjectCode>,
    /// What amounts are in where neither cell nor head says.
    #[deserr(default)]
    pub amount_unit: Option<AmountUnit>,
    /// The encoding of a text; found out where nothing is said.
    #[deserr(default)]
    pub charset: Option<Charset>,
    /// The sheet of a workbook, by name or number from 1; the one that fits where nothing is said.
    #[deserr(default)]
    pub sheet: Option<Name>,
    /// The file's name, for the receipt.
    #[deserr(default)]
    pub file_name: Option<Name>,
}

impl UploadOptions {
    /// What is to be done with a file that was sent.
    pub(super) fn parcel<M>(self, sent: &Sent<M>, format: FileFormat) -> Parcel {
        let on = |switch: Option<Switch>| switch.is_some_and(|switch| switch.0);
        let mode = self.mode.unwrap_or(UploadMode::AllOrNothing);
        let defaults = Defaults {
            unit: self.unit.map(|unit| unit.to_string()),
            year: self.year,
            month: self.month,
            project: self.project.map(|project| project.to_string()),
            amount_unit: self.amount_unit,
            fill_down: on(self.fill_down),
        };
        Parcel {
            order: Order {
                kind: self.kind,
                format,
                defaults,
                charset: self.charset,
                sheet: self.sheet.map(|sheet| sheet.to_string()),
                together: false,
                joined: false,
                valid_rows: mode == UploadMode::ValidRows,
            },
            manner: Manner { mode, on_existing: self.on_existing.unwrap_or(OnExisting::Update) },
            dry_run: on(self.dry_run),
            again: on(self.again),
            file_name: self.file_name.map(|name| name.to_string()),
            sha256: sent.sha256.clone(),
            bytes: sent.bytes,
        }
    }
}

/// Rows as JSON: each an object with the names of its columns, or with `id` and `facts` as the API answers them.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadRows {
    /// The rows.
    #[schema(min_items = 1, max_items = 1_000_000)]
    pub rows: Vec<UploadRow>,
}

/// A row as JSON: any column by any of its names; what is left out stays as it is, null says that there is nothing.
#[derive(Debug, Serialize)]
pub struct UploadRow(serde_json::Map<String, serde_json::Value>);

impl utoipa::PartialSchema for UploadRow {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, SchemaType, Type};
        let id = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("The id of the item the row states; its parts may stand in columns of their own instead"))
            .max_length(Some(400))
            .examples(["430922:2023-12:fdi"]);
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("A row: any column by any of its names; null says that there is nothing"))
            .property("id", id)
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl ToSchema for UploadRow {}

macro_rules! media {
    ($($(#[$about:meta])* $name:ident: $named:literal, [$($also:literal),*];)+) => {$(
        $(#[$about])*
        #[derive(Debug)]
        pub enum $name {}

        impl Media for $name {
            const NAMED: &'static str = $named;
            const ALSO: &'static [&'static str] = &[$($also),*];
        }
    )+};
}

media! {
    /// CSV, also as browsers and Excel call it.
    Csv: "text/csv", ["text/plain", "text/tab-separated-values", "application/csv", "application/vnd.ms-excel"];
    /// Excel workbooks.
    Xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ["application/octet-stream", "application/vnd.ms-excel"];
    /// A JSON object a line.
    Ndjson: "application/x-ndjson", ["application/ndjson", "application/jsonl"];
    /// A JSON document.
    Json: "application/json", [];
}
