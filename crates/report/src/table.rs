//! Tables.

use crate::escape::escaped;

/// How a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// A place in the page that it leads to, by its `id`.
    pub link: Option<String>,
    /// A class of the style sheet: `out` for what is outside of its band, `h0` to `h9` for heat.
    pub class: &'static str,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }
}

/// Rows below a head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What stands above it; none for an empty text.
    pub title: String,
    /// The names of the columns and how they stand.
    pub columns: Vec<(String, Align)>,
    /// The cells.
    pub rows: Vec<Vec<Cell>>,
    /// Rows that stand out: those of the model itself.
    pub own: Vec<usize>,
    /// Whether it is a matrix, whose cells are coloured.
    pub heat: bool,
}

impl Table {
    /// A table of which the first column has words, all others numbers.
    pub fn new<T: Into<String>>(columns: impl IntoIterator<Item = T>) -> Self {
        let align = |place| {
            if place == 0 {
                Align::Left
            } else {
                Align::Right
            }
        };
        let columns = columns.into_iter().enumerate();
        Self {
            columns: columns
                .map(|(place, name)| (name.into(), align(place)))
                .collect(),
            ..Self::default()
        }
    }

    /// The same with words in all columns.
    #[must_use]
    pub fn of_words(mut self) -> Self {
        self.columns
            .iter_mut()
            .for_each(|(_, align)| *align = Align::Left);
        self
    }

    /// Adds a row.
    pub fn row<T: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// As HTML.
    pub fn html(&self) -> String {
        let class = |align: Align| match align {
            Align::Left => "",
            Align::Right => " class=\"number\"",
        };
        let mut text = String::new();
        if !self.title.is_empty() {
            text += &format!("<h3>{}</h3>\n", escaped(&self.title));
        }
        let head = self.columns.iter().map(|(name, align)| {
            format!("<th scope=\"col\"{}>{}</th>", class(*align), escaped(name))
        });
        let heat = if self.heat { " class=\"heat\"" } else { "" };
        let head: String = match self.columns.iter().all(|(name, _)| name.is_empty()) {
            true => String::new(),
            false => format!("<thead><tr>{}</tr></thead>", head.collect::<String>()),
        };
        text += &format!("<div class=\"scroll\"><table{heat}>{head}<tbody>\n");
        for (place, cells) in self.rows.iter().enumerate() {
            let own = if self.own.contains(&place) {
                " class=\"own\""
            } else {
                ""
            };
            text += &format!("<tr{own}>");
            for (column, cell) in cells.iter().enumerate() {
                let align = self
                    .columns
                    .get(column)
                    .map_or(Align::Left, |(_, align)| *align);
                text += &cell.html(column == 0, align);
            }
            text += "</tr>\n";
        }
        text + "</tbody></table></div>\n"
    }
}

impl Cell {
    fn html(&self, heads: bool, align: Align) -> String {
        let words = match &self.link {
            Some(id) => format!("<a href=\"#{}\">{}</a>", escaped(id), escaped(&self.text)),
            None => escaped(&self.text),
        };
        let number = if align == Align::Right { "number" } else { "" };
        let class = [number, self.class].join(" ");
        let class = match class.trim() {
            "" => String::new(),
            class => format!(" class=\"{class}\""),
        };
        match heads {
            true => format!("<th scope=\"row\"{class}>{words}</th>"),
            false => format!("<td{class}>{words}</td>"),
        }
    }
}
