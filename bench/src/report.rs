//! Figures in rows and columns, as medians with their spread and as ratios to the row they are compared with.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Result;

/// Around the part of the page that is measured; the rest is written by hand.
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// One kind of work, done by several clients in turns.
#[derive(Default)]
pub(crate) struct Group {
    title: &'static str,
    /// The row that the others are divided by.
    base: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Row>,
    /// Why there are no figures.
    reason: Option<String>,
}

struct Row {
    name: &'static str,
    /// One list a column, one figure a round.
    figures: Vec<Vec<f64>>,
}

impl Group {
    pub(crate) fn new(title: &'static str, base: &'static str, columns: &[&'static str]) -> Self {
        Self { title, base, columns: columns.to_vec(), ..Self::default() }
    }

    /// Work that cannot be done here.
    pub(crate) fn not_measured(title: &'static str, reason: String) -> Self {
        Self { title, reason: Some(reason), ..Self::default() }
    }

    /// The figures of one round.
    pub(crate) fn add(&mut self, name: &'static str, figures: &[(&str, f64)]) -> Result<()> {
        if !self.rows.iter().any(|row| row.name == name) {
            self.rows.push(Row { name, figures: vec![Vec::new(); self.columns.len()] });
        }
        let Some(row) = self.rows.iter_mut().find(|row| row.name == name) else { return Ok(()) };
        for (column, list) in self.columns.iter().zip(&mut row.figures) {
            let figure = figures.iter().find(|(name, _)| name == column);
            let (_, figure) = figure.ok_or_else(|| format!("{name} gave no figure for {column}"))?;
            list.push(*figure);
        }
        Ok(())
    }

    /// The rows from the first to the last.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().map(|row| row.name)
    }

    pub(crate) fn median(&self, name: &str, column: &str) -> Option<f64> {
        self.figures(name, column).and_then(median)
    }

    /// How many times the base it is: the median of the rounds, each divided by the base's figure of the same round.
    pub(crate) fn ratio(&self, name: &str, column: &str) -> Option<f64> {
        self.ratio_to(self.base, name, column)
    }

    /// As [`Group::ratio`], to another row.
    pub(crate) fn ratio_to(&self, base: &str, name: &str, column: &str) -> Option<f64> {
        let rounds = self.figures(name, column)?.iter().zip(self.figures(base, column)?);
        median(&rounds.map(|(figure, base)| figure / base).collect::<Vec<_>>())
    }

    fn figures(&self, name: &str, column: &str) -> Option<&[f64]> {
        let at = self.columns.iter().position(|known| *known == column)?;
        self.rows.iter().find(|row| row.name == name)?.figures.get(at).map(Vec::as_slice)
    }

    /// The group as a table in Markdown. Nothing when nobody tried to measure it.
    pub(crate) fn table(&self) -> String {
        if self.rows.is_empty() {
            let reason = self.reason.as_ref();
            return reason
                .map_or_else(String::new, |reason| format!("### {}\n\nNot measured: {reason}.\n", self.title));
        }
        let mut text = format!("### {}\n\n| |", self.title);
        for column in &self.columns {
            let _ = write!(text, " {column} | ratio |");
        }
        text.push_str("\n|---|");
        text.push_str(&"---:|---:|".repeat(self.columns.len()));
        for row in &self.rows {
            let _ = write!(text, "\n| {} |", row.name);
            for (column, figures) in self.columns.iter().zip(&row.figures) {
                let ratio = self.ratio(row.name, column).filter(|ratio| ratio.is_finite());
                let ratio = ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
                let _ = write!(text, " {} | {ratio} |", spread(figures));
            }
        }
        text.push('\n');
        text
    }
}

/// What was promised, what came out.
pub(crate) struct Target {
    pub(crate) claim: &'static str,
    pub(crate) bound: Bound,
    pub(crate) measured: Option<f64>,
}

#[derive(Clone, Copy)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// The targets as a table in Markdown.
pub(crate) fn verdicts(targets: &[Target]) -> String {
    let mut text = "| target | bound | measured | |\n|---|---:|---:|---|\n".to_owned();
    for Target { claim, bound, measured } in targets {
        let (bound, met) = match bound {
            Bound::AtMost(most) => (format!("≤ {most}"), measured.map(|measured| measured <= *most)),
            Bound::AtLeast(least) => (format!("≥ {least}"), measured.map(|measured| measured >= *least)),
        };
        let verdict = match met {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "not measured",
        };
        let measured = measured.map_or_else(|| "–".to_owned(), |measured| format!("{measured:.2}"));
        let _ = writeln!(text, "| {claim} | {bound} | {measured} | {verdict} |");
    }
    text
}

/// Puts `text` into the page, between its markers.
pub(crate) fn write(page: &Path, text: &str) -> Result<()> {
    let old = fs::read_to_string(page)?;
    let new = replaced(&old, text).ok_or_else(|| format!("{} has lost its markers", page.display()))?;
    fs::write(page, new)?;
    Ok(())
}

fn replaced(page: &str, text: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", text.trim()))
}

fn median(figures: &[f64]) -> Option<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// The median, and the smallest and the largest in brackets.
fn spread(figures: &[f64]) -> String {
    let low = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let high = figures.iter().copied().fold(0.0, f64::max);
    median(figures).map_or_else(String::new, |middle| format!("{} ({}–{})", short(middle), short(low), short(high)))
}

/// Three digits or so.
pub(crate) fn short(figure: f64) -> String {
    match figure {
        _ if figure >= 10_000.0 => format!("{:.0}k", figure / 1_000.0),
        _ if figure >= 100.0 => format!("{figure:.0}"),
        _ if figure >= 10.0 => format!("{figure:.1}"),
        _ if figure == 0.0 => "0".to_owned(),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_round_by_round() {
        let mut group = Group::new("work", "raw", &["s"]);
        for (raw, sdk) in [(1.0, 2.0), (10.0, 20.0), (100.0, 100.0)] {
            group.add("raw", &[("s", raw)]).unwrap();
            group.add("sdk", &[("s", sdk)]).unwrap();
        }
        assert_eq!(group.ratio("sdk", "s"), Some(2.0));
        assert_eq!(group.ratio_to("sdk", "raw", "s"), Some(0.5));
        assert_eq!(group.median("sdk", "s"), Some(20.0));
        assert!(group.table().contains("| sdk | 20.0 (2.00–100) | 2.00 |"), "{}", group.table());
        assert!(group.add("sdk", &[("other", 1.0)]).is_err());
    }

    #[test]
    fn a_group_without_figures_says_why() {
        assert_eq!(Group::default().table(), "");
        assert_eq!(Group::default().ratio("sdk", "s"), None);
        assert_eq!(Group::not_measured("work", "no room".to_owned()).table(), "### work\n\nNot measured: no room.\n");
    }

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let page = format!("before {BEGIN} old {END} after");
        assert_eq!(replaced(&page, " new ").unwrap(), format!("before {BEGIN}\n\nnew\n\n{END} after"));
        assert_eq!(replaced("no marker", "new"), None);
    }

    #[test]
    fn a_target_that_was_not_measured_is_not_met() {
        let target = |bound, measured| verdicts(&[Target { claim: "it", bound, measured }]);
        assert!(target(Bound::AtMost(1.0), Some(1.0)).contains("| met |"));
        assert!(target(Bound::AtLeast(2.0), Some(1.0)).contains("**not met**"));
        assert!(target(Bound::AtLeast(2.0), None).contains("not measured"));
    }
}
