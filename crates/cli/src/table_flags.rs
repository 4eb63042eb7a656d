//! Flags that say how a table is read, wherever one is.

use clap::Args;
use serde::Serialize;

/// How a table is read: its columns, its header, its missing cells.
#[derive(Args, Clone, Serialize)]
pub struct TableFlags {
    /// Use only these columns of a table, by name or number
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Leave these columns of a table out, by name or number
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// The column of a table that names its rows, as an identity or a time; results carry it
    #[arg(long, value_name = "COLUMN", visible_alias = "time")]
    pub index: Option<String>,
    /// Make days since 1970-01-01 UTC of the dates in these columns, by name or number
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<String>,
    /// Whether the first row of a text names its columns [default: by its look]
    #[arg(long, value_name = "true|false")]
    pub header: Option<bool>,
    /// Further words or numbers that stand for a missing cell, as in `-999,unknown`
    #[arg(
        long,
        value_name = "WORDS",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Take those words for missing cells in these columns alone, by name or number [default: every column]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_in: Vec<String>,
    /// Make images of the rows of a table, as in `28x28`, or `28x28x3` for colour
    #[arg(long, value_name = "HxW")]
    pub shape: Option<String>,
}
