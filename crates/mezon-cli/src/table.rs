//! Tables for people: columns aligned by what a terminal shows, cut to its width.

use std::io;

use terminal_size::{Width, terminal_size_of};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::output::printable;
use crate::text::setting;

/// No column that may be cut becomes narrower than this.
const NARROWEST: usize = 8;

/// Between two columns.
const GAP: &str = "  ";

/// A table. Cells are made safe to show.
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// One column.
pub(crate) struct Column {
    name: &'static str,
    whole: bool,
}

impl Column {
    /// A column that is never cut, such as one of ids, which are there to be copied.
    pub(crate) const fn whole(name: &'static str) -> Self {
        Self { name, whole: true }
    }

    /// A column of texts.
    pub(crate) const fn text(name: &'static str) -> Self {
        Self { name, whole: false }
    }
}

impl Table {
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row, with a cell for each column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let line = |cell: String| printable(&cell.replace(['\n', '\r'], " ")).to_string();
        self.rows.push(cells.into_iter().map(line).collect());
    }

    /// The table with a line of headings, `width` wide at the most if that can be. Without rows it is nothing.
    pub(crate) fn render(&self, width: Option<usize>) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let headings: Vec<String> = self.columns.iter().map(|column| column.name.to_owned()).collect();
        let rows: Vec<&Vec<String>> = std::iter::once(&headings).chain(&self.rows).collect();
        let widths = self.widths(&rows, width);
        let lines: Vec<String> = rows.iter().map(|row| line(row, &widths)).collect();
        lines.join("\n")
    }

    /// How wide each column is: as its widest cell, unless the whole is too wide.
    fn widths(&self, rows: &[&Vec<String>], width: Option<usize>) -> Vec<usize> {
        let width_of = |row: &&Vec<String>, place: usize| row.get(place).map_or(0, |cell| cell.width());
        let widest = |place| rows.iter().map(|row| width_of(row, place)).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..self.columns.len()).map(widest).collect();
        let room = width.map(|width| width.saturating_sub(GAP.len() * self.columns.len().saturating_sub(1)));
        while room.is_some_and(|room| widths.iter().sum::<usize>() > room) {
            let cut =
                widths.iter_mut().zip(&self.columns).filter(|(width, column)| !column.whole && **width > NARROWEST);
            let Some((widest, _)) = cut.max_by_key(|(width, _)| **width) else { break };
            *widest -= 1;
        }
        widths
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        if !line.is_empty() {
            line.push_str(GAP);
        }
        let cell = cut(cell, *width);
        let missing = width.saturating_sub(cell.width());
        line.push_str(&cell);
        line.extend(std::iter::repeat_n(' ', missing));
    }
    line.trim_end().to_owned()
}

/// `text`, or as much of it as `width` shows and an ellipsis. What people see as one character stays whole.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for character in text.graphemes(true) {
        if short.width() + character.width() >= width {
            break;
        }
        short.push_str(character);
    }
    short.push('…');
    short
}

/// How wide the terminal is that stdout goes to; nothing when it is none. `COLUMNS` says it louder.
pub(crate) fn terminal_width() -> Option<usize> {
    let told = setting("COLUMNS").and_then(|columns| columns.parse().ok());
    told.or_else(|| terminal_size_of(io::stdout()).map(|(Width(width), _)| width.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[[&str; 3]]) -> Table {
        let mut table = Table::new([Column::whole("ID"), Column::text("NAME"), Column::text("ABOUT")]);
        for row in rows {
            table.row(row.map(str::to_owned));
        }
        table
    }

    #[test]
    fn columns_are_aligned_by_what_is_shown() {
        let shown = table(&[["1", "an", "x"], ["22", "日本", "y"], ["3", "👨‍👩‍👧", ""]]).render(None);
        assert_eq!(shown, "ID  NAME  ABOUT\n1   an    x\n22  日本  y\n3   👨‍👩‍👧");
        assert_eq!(table(&[]).render(None), "");
    }

    #[test]
    fn a_table_is_cut_to_the_terminal_and_its_ids_are_not() {
        let id = "1796000000000000000";
        let table = table(&[[id, "a name that is far too long", "about it tiếng Việt và 日本語 and so on"]]);
        for width in 39..90 {
            let shown = table.render(Some(width));
            assert!(shown.contains(id), "{shown}");
            for line in shown.lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
        assert!(table.render(Some(60)).contains('…'));
        // There is no room, and the id stays whole all the same.
        assert!(table.render(Some(5)).contains(id));
    }

    #[test]
    fn a_cell_is_one_line_and_commands_nothing() {
        let shown = table(&[["1", "a\nb\x1b[2J", "c"]]).render(None);
        assert_eq!(shown.lines().count(), 2);
        assert!(shown.contains("a b\\u{1b}[2J"), "{shown}");
    }
}
