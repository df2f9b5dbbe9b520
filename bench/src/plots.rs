//! The plots of the page.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::child::NODE;
use crate::plot::{Axis, Bar, Line, bars, lines};
use crate::report::{Group, short};
use crate::targets::Measured;
use crate::{Result, curves, idle, receive};

/// A file beside the page.
pub(crate) struct Plot {
    file: &'static str,
    title: &'static str,
    svg: String,
}

/// The main figures as pictures.
pub(crate) fn all(measured: &Measured) -> [Plot; 4] {
    let plot = |file, title, draw: &dyn Fn(&str) -> String| Plot { file, title, svg: draw(title) };
    [
        plot("receive.svg", "Receiving 349-byte messages: messages a second", &|title| {
            bars(title, &medians(&measured.receive, receive::RATE, "/s"))
        }),
        plot("curves.svg", "Cost of a message as other things grow, 1 = the first point", &|title| {
            lines(title, ("how many", Axis::Decades), "CPU, relative", &relative_costs(measured))
        }),
        plot("idle.svg", "Idle connections: KiB each", &|title| {
            let secure = medians(&measured.idle_secure, idle::KIB, " KiB").into_iter();
            let secure = secure.map(|bar| Bar { label: format!("TLS: {}", bar.label), ..bar });
            bars(title, &medians(&measured.idle, idle::KIB, " KiB").into_iter().chain(secure).collect::<Vec<_>>())
        }),
        plot("reconnect.svg", "1,000 clients after a restart of their server: connections accepted", &|title| {
            lines(title, ("seconds since the server is back", Axis::Linear), "in each 100 ms", &accepts(measured))
        }),
    ]
}

/// Writes the plots into the folder that is named as the page.
pub(crate) fn write(page: &Path, plots: &[Plot]) -> Result<()> {
    let folder = page.with_extension("");
    fs::create_dir_all(&folder)?;
    for plot in plots {
        fs::write(folder.join(plot.file), &plot.svg)?;
    }
    Ok(())
}

/// What the page shows them by.
pub(crate) fn links(page: &Path, plots: &[Plot]) -> String {
    let folder = page.file_stem().unwrap_or_default().to_string_lossy();
    plots.iter().fold(String::new(), |mut text, Plot { file, title, .. }| {
        let _ = writeln!(text, "![{title}]({folder}/{file})\n");
        text
    })
}

fn medians(group: &Group, column: &str, unit: &str) -> Vec<Bar> {
    let bar = |name: &'static str| {
        let value = group.median(name, column)?;
        let ours = name.starts_with("mezon-") && name != NODE;
        Some(Bar { label: name.to_owned(), value, figure: format!("{}{unit}", short(value)), ours })
    };
    group.names().filter_map(bar).collect()
}

fn relative_costs(measured: &Measured) -> Vec<Line> {
    let curves = curves::ALL.iter().zip(&measured.curves);
    curves.map(|(curve, group)| Line { label: curve.label.to_owned(), points: curve.relative_costs(group) }).collect()
}

fn accepts(measured: &Measured) -> Vec<Line> {
    let restarts = measured.reconnect.iter().flatten().zip(["server back at once", "server away for 3 s"]);
    let line =
        |accepts: &[usize]| accepts.iter().enumerate().map(|(at, count)| (at as f64 / 10.0, *count as f64)).collect();
    restarts.map(|(restart, label)| Line { label: label.to_owned(), points: line(&restart.accepts) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_each_plot_that_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("figures.md");
        let mut group = Group::new("work", receive::RAW, &[receive::RATE]);
        group.add(receive::RAW, &[(receive::RATE, 2e6)]).unwrap();
        group.add(receive::STREAM, &[(receive::RATE, 3e6)]).unwrap();
        let measured = Measured { receive: group, ..Measured::default() };

        let plots = all(&measured);
        write(&page, &plots).unwrap();
        for Plot { file, title, .. } in &plots {
            assert!(links(&page, &plots).contains(&format!("![{title}](figures/{file})")));
            assert!(fs::read_to_string(folder.path().join("figures").join(file)).unwrap().ends_with("</svg>\n"));
        }
        let receive = fs::read_to_string(folder.path().join("figures/receive.svg")).unwrap();
        assert!(receive.contains("2000k/s") && receive.contains("3000k/s"), "{receive}");
    }
}
