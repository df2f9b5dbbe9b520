//! Plots as SVG: bars and lines, with a white background, so that they can be read on a dark page too.

use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 20.0;
const TITLE_HEIGHT: f64 = 44.0;
const LINE_HEIGHT: f64 = 20.0;
/// A label above a bar, and the bar.
const BAR_ROW: f64 = 46.0;
const BAR_HEIGHT: f64 = 18.0;
/// Beside the longest bar, for its figure.
const FIGURE_WIDTH: f64 = 90.0;
/// What lines are drawn in, without the scales around it.
const PLOT_HEIGHT: f64 = 240.0;
const SCALE_WIDTH: f64 = 60.0;

const OURS: &str = "#c2410c";
const OTHERS: &str = "#64748b";
const COLORS: [&str; 4] = ["#c2410c", "#1d4ed8", "#15803d", "#7e22ce"];
const INK: &str = "#1e293b";
const GRID: &str = "#e2e8f0";

/// The name of the format. It looks like an address, but nothing is ever asked for there.
const NAMESPACE: &str = concat!("http", "://www.w3.org/2000/svg");

pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: f64,
    /// What the label of the bar says, with its unit.
    pub(crate) figure: String,
    /// Drawn in the color of the project.
    pub(crate) ours: bool,
}

pub(crate) struct Line {
    pub(crate) label: String,
    /// From left to right.
    pub(crate) points: Vec<(f64, f64)>,
}

/// How a horizontal axis is divided.
#[derive(Clone, Copy)]
pub(crate) enum Axis {
    Linear,
    /// By powers of ten. For values from 1 on.
    Decades,
}

/// Horizontal bars, one below the other. Those without a finite value are left out.
pub(crate) fn bars(title: &str, bars: &[Bar]) -> String {
    let bars: Vec<&Bar> = bars.iter().filter(|bar| bar.value.is_finite()).collect();
    let longest = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let room = WIDTH - 2.0 * MARGIN - FIGURE_WIDTH;
    let mut drawing = Drawing::new(title, TITLE_HEIGHT + bars.len() as f64 * BAR_ROW + MARGIN);
    for (at, bar) in bars.iter().enumerate() {
        let top = TITLE_HEIGHT + at as f64 * BAR_ROW;
        let width = (bar.value.max(0.0) / longest * room).max(1.0);
        drawing.text(MARGIN, top + 14.0, "start", &bar.label);
        drawing.bar(MARGIN, top + LINE_HEIGHT, width, if bar.ours { OURS } else { OTHERS });
        drawing.text(MARGIN + width + 8.0, top + LINE_HEIGHT + 14.0, "start", &bar.figure);
    }
    drawing.end()
}

/// Lines over one horizontal axis, from zero upwards. Points that are not finite are left out.
pub(crate) fn lines(title: &str, horizontal: (&str, Axis), vertical: &str, lines: &[Line]) -> String {
    let (name, axis) = horizontal;
    let place = |value: f64| match axis {
        Axis::Linear => value,
        Axis::Decades => value.max(1.0).log10(),
    };
    let drawn: Vec<(&str, Vec<(f64, f64)>)> = lines.iter().map(|line| (&*line.label, finite(&line.points))).collect();
    let points = || drawn.iter().flat_map(|(_, points)| points);
    let right = points().map(|(x, _)| place(*x)).fold(f64::MIN_POSITIVE, f64::max);
    let top = points().map(|(_, y)| *y).fold(f64::MIN_POSITIVE, f64::max) * 1.1;

    let (left, height) = (MARGIN + SCALE_WIDTH, TITLE_HEIGHT + LINE_HEIGHT + PLOT_HEIGHT);
    let x = |value: f64| left + place(value) / right * (WIDTH - MARGIN - left);
    let y = |value: f64| height - value / top * PLOT_HEIGHT;
    let below = height + 2.0 * LINE_HEIGHT;
    let mut drawing = Drawing::new(title, below + drawn.len() as f64 * LINE_HEIGHT + MARGIN);
    drawing.text(MARGIN, TITLE_HEIGHT + 6.0, "start", vertical);
    for tick in ticks(top) {
        drawing.line((left, y(tick)), (WIDTH - MARGIN, y(tick)), GRID);
        drawing.text(left - 8.0, y(tick) + 4.0, "end", &number(tick));
    }
    let marks = match axis {
        Axis::Linear => ticks(right),
        Axis::Decades => (0..=9).map(|power| 10_f64.powi(power)).filter(|mark| place(*mark) <= right).collect(),
    };
    for mark in marks {
        drawing.text(x(mark), height + LINE_HEIGHT, "middle", &number(mark));
    }
    drawing.text(WIDTH - MARGIN, below, "end", name);
    for (at, ((label, points), color)) in drawn.iter().zip(COLORS.iter().cycle()).enumerate() {
        let points: Vec<(f64, f64)> = points.iter().map(|(across, up)| (x(*across), y(*up))).collect();
        drawing.path(&points, color);
        let row = below + at as f64 * LINE_HEIGHT;
        drawing.line((MARGIN, row - 4.0), (MARGIN + 24.0, row - 4.0), color);
        drawing.text(MARGIN + 32.0, row, "start", label);
    }
    drawing.end()
}

fn finite(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
}

/// Round numbers from zero up to `end`, six or so.
fn ticks(end: f64) -> Vec<f64> {
    let rough = end / 5.0;
    let unit = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * unit).into_iter().find(|step| *step >= rough).unwrap_or(end);
    (0..=10).map(|n| f64::from(n) * step).take_while(|tick| *tick <= end).collect()
}

/// As short as it can be.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A drawing from its first element to its last.
struct Drawing(String);

impl Drawing {
    fn new(title: &str, height: f64) -> Self {
        let mut svg = String::new();
        let _ = write!(
            svg,
            "<svg xmlns=\"{NAMESPACE}\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" width=\"{WIDTH:.0}\" \
             height=\"{height:.0}\" font-family=\"sans-serif\" font-size=\"13\" fill=\"{INK}\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text x=\"{MARGIN}\" y=\"28\" font-size=\"16\" font-weight=\"bold\">{}</text>\n",
            escaped(title)
        );
        Self(svg)
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        let text = escaped(text);
        let _ = writeln!(self.0, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
    }

    fn bar(&mut self, x: f64, y: f64, width: f64, color: &str) {
        let _ = writeln!(
            self.0,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR_HEIGHT}\" fill=\"{color}\"/>"
        );
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), color: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = writeln!(
            self.0,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{color}\" stroke-width=\"2\"/>"
        );
    }

    fn path(&mut self, points: &[(f64, f64)], color: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let points = points.join(" ");
        let _ =
            writeln!(self.0, "<polyline points=\"{points}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2.5\"/>");
    }

    fn end(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, value: f64) -> Bar {
        Bar { label: label.to_owned(), value, figure: format!("{value}"), ours: false }
    }

    fn line(points: &[(f64, f64)]) -> Line {
        Line { label: "a < b".to_owned(), points: points.to_vec() }
    }

    #[test]
    fn the_longest_bar_fills_the_room_and_the_others_are_in_proportion() {
        let svg = bars("Speed", &[bar("fast", 10.0), bar("slow", 5.0)]);
        assert!(svg.contains("width=\"630.0\"") && svg.contains("width=\"315.0\""), "{svg}");
    }

    #[test]
    fn text_cannot_break_out_of_its_place() {
        let svg = bars("R&D <b>", &[bar("\"quoted\"", 1.0)]);
        assert!(svg.contains("R&amp;D &lt;b&gt;") && svg.contains("&quot;quoted&quot;"), "{svg}");
        assert!(lines("t", ("x", Axis::Linear), "y", &[line(&[(1.0, 1.0)])]).contains("a &lt; b"));
    }

    #[test]
    fn what_was_not_measured_is_not_drawn() {
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let drawings = [
            bars("t", &odd.map(|value| bar("x", value))),
            bars("t", &[bar("x", 0.0)]),
            bars("t", &[]),
            lines("t", ("x", Axis::Decades), "y", &[line(&odd.map(|value| (value, value)))]),
            lines("t", ("x", Axis::Linear), "y", &[line(&[(0.0, 0.0)]), line(&[])]),
            lines("t", ("x", Axis::Linear), "y", &[]),
        ];
        for svg in drawings {
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn points_stand_where_the_scales_say() {
        let svg = lines("t", ("x", Axis::Decades), "y", &[line(&[(1.0, 0.0), (10.0, 1.0), (100.0, 2.0)])]);
        // A decade is half of the width, and 2.2 is the top.
        assert!(svg.contains("points=\"80.0,304.0 410.0,194.9 740.0,85.8\""), "{svg}");
        assert!(svg.contains(">100</text>") && !svg.contains(">1000</text>"), "{svg}");
        assert_eq!(ticks(1.1), [0.0, 0.5, 1.0]);
        assert_eq!((number(0.5), number(20.0)), ("0.5".to_owned(), "20".to_owned()));
    }
}
