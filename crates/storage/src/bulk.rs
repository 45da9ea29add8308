//! One statement over many rows: on PostgreSQL one way to the server and back, however many they are.

/// A statement over rows that it is given. Its text names them `given`; only where they come from is each database's
/// own.
#[derive(Debug)]
pub struct Bulk {
    kinds: Vec<Kind>,
    over_one: String,
    over_arrays: String,
}

/// What a column of `given` holds beside nulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text.
    Text,
    /// 64-bit integers.
    Integer,
    /// Bytes.
    Bytes,
}

/// A column of `given`: `name` of text, `name:n` of integers, `name:b` of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
}

impl<'a> Column<'a> {
    /// Reads columns with blanks between them.
    pub(crate) fn list(text: &'a str) -> impl Iterator<Item = Self> {
        text.split_whitespace().map(|column| match column.split_once(':') {
            None => Self { name: column, kind: Kind::Text },
            Some((name, "b")) => Self { name, kind: Kind::Bytes },
            Some((name, _)) => Self { name, kind: Kind::Integer },
        })
    }
}

impl Kind {
    const fn array(self) -> &'static str {
        match self {
            Self::Text => "TEXT[]",
            Self::Integer => "BIGINT[]",
            Self::Bytes => "BYTEA[]",
        }
    }
}

impl Bulk {
    /// A statement that names `given`, whose columns are these.
    pub(crate) fn new(columns: &str, sql: &str) -> Self {
        Self::of(columns, |names, rows| format!("WITH given ({names}) AS ({rows}) {sql}"))
    }

    /// An INSERT of rows with these columns as they are.
    pub(crate) fn insert(table: &str, columns: &str) -> Self {
        Self::of(columns, |names, rows| format!("INSERT INTO {table} ({names}) {rows}"))
    }

    fn of(columns: &str, text: impl Fn(&str, &str) -> String) -> Self {
        let columns: Vec<_> = Column::list(columns).collect();
        let names = listed(columns.iter().map(|column| column.name.to_owned()));
        let values = listed((1..=columns.len()).map(|at| format!("${at}")));
        let arrays = (1..).zip(&columns).map(|(at, column)| format!("CAST(${at} AS {})", column.kind.array()));
        Self {
            kinds: columns.iter().map(|column| column.kind).collect(),
            over_one: text(&names, &format!("VALUES ({values})")),
            over_arrays: text(&names, &format!("SELECT * FROM unnest({})", listed(arrays))),
        }
    }

    /// What each column holds.
    pub(crate) fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Its text where each argument is a value of one row.
    pub(crate) fn over_one(&self) -> &str {
        &self.over_one
    }

    /// Its text where each argument is an array, a column of all rows.
    pub(crate) fn over_arrays(&self) -> &str {
        &self.over_arrays
    }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
