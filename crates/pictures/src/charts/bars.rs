//! Grouped bars: what some methods reach in each of some settings.

use std::fmt::Write as _;

use crate::{
    Figure,
    charts::bars::bar_plot::{BarPlot, Columns},
    export::{
        csv::field,
        svg::{Anchor, Svg},
    },
    layout::{
        axis::{self, Frame},
        column_labels::Across,
        font, side_labels,
        theme::{self, LABEL, MARGIN, SOFT_INK, heading_width},
    },
    marks::mark_legend::{Key, Swatch},
};

mod bar_plot;

/// One value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bar {
    /// Height of the bar, in the unit of the vertical axis; without a finite value there is no bar.
    pub value: f64,
    /// Lower end of the interval around the value.
    pub low: Option<f64>,
    /// Upper end of the interval around the value.
    pub high: Option<f64>,
    /// Values of single runs, such as one a seed; a small ring each.
    pub runs: Vec<f64>,
    /// The value to compare with, such as the published one; a thick line across the bar.
    pub reference: Option<f64>,
}

/// One bar in each group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BarSeries {
    /// Name in the key; a single series is named only beside references.
    pub name: String,
    /// A bar for each group, in their order.
    pub bars: Vec<Bar>,
}

/// Groups of bars over a horizontal axis of names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bars {
    /// Title of the figure; may be empty.
    pub title: String,
    /// Small line under the title.
    pub note: Option<String>,
    /// Name of the horizontal axis.
    pub x_label: String,
    /// Name and unit of the vertical axis.
    pub y_label: String,
    /// Name of each group, under its bars.
    pub groups: Vec<String>,
    /// The bars, in the order in which they stand in each group.
    pub series: Vec<BarSeries>,
    /// Horizontal lines to compare with, by name. The axis is widened to show them; one that is more than 4 ranges of the
    /// data away is only named, with its value, at the edge.
    pub baselines: Vec<(String, f64)>,
    /// What the references are, for the key; "published" where it is empty.
    pub reference_name: String,
    /// What reaches from low to high, for the key; not explained where it is empty.
    pub interval_name: String,
    /// Logarithmic vertical axis; where a value or a reference is not positive the axis is linear all the same.
    pub log_y: bool,
}

/// Draws grouped bars, which start at zero, or on a logarithmic axis at the power of ten under the least value. Each bar
/// has its value over it, in three digits, where it covers neither marks nor lines; names of groups are broken into
/// lines or slanted where they are long.
///
/// The CSV is `group,series,value,low,high,reference`, with a column `runs` (separated by blanks) where there are any;
/// baselines are rows without a group.
pub fn bars(bars: &Bars) -> Figure {
    let columns = Columns::of(bars);
    let names = Across::of(&bars.groups, columns.slot());
    let mut plot = BarPlot::of(bars, columns);
    let label_room = if bars.y_label.is_empty() {
        0.0
    } else {
        LABEL + 8.0
    };
    let left = (MARGIN + label_room + plot.y.label_width() + 8.0).max(MARGIN + names.overhang());
    let frame = &mut plot.frame;
    (frame.left, frame.right) = (left.ceil(), left.ceil() + plot.columns.width());
    let widths = bars.baselines.iter();
    let widths = widths.map(|baseline| side_labels::baseline_width(baseline, &plot.y));
    let side_width = side_labels::width(widths.fold(0.0, f64::max));
    let width =
        (frame.right + side_width + MARGIN).max(heading_width(&bars.title, bars.note.as_deref()));
    let key = Key::of(entries(bars), width - 2.0 * MARGIN);

    let mut svg = Svg::default();
    let top = svg.heading(&bars.title, bars.note.as_deref(), width) + 4.0;
    key.draw(&mut svg, (MARGIN, top));
    let down = top + key.height();
    (frame.top, frame.bottom) = (down, down + frame.height());
    let frame = *frame;
    let label_x = frame.left - plot.y.label_width() - 8.0 - 0.7 * LABEL;
    axis::draw_y(&mut svg, &plot.y, &frame, &bars.y_label, label_x);
    plot.draw(&mut svg);
    let room = side_labels::text_room(&frame, frame.right + side_width);
    let baselines = side_labels::of_baselines(&bars.baselines, &plot.y, &frame, room);
    side_labels::draw(&mut svg, &baselines, &frame);
    names.draw(&mut svg, (frame.left, frame.bottom));
    let bottom = frame.bottom + names.height();
    let under = name_x(&mut svg, &bars.x_label, &frame, bottom);
    Figure::new(svg, csv(bars), (width, bottom + under + MARGIN))
}

/// The name of the horizontal axis under the names of the groups; returns the height it took.
fn name_x(svg: &mut Svg, name: &str, frame: &Frame, y: f64) -> f64 {
    if name.is_empty() {
        return 0.0;
    }
    let name = font::fit(name, LABEL, frame.width());
    let middle = (frame.left + frame.right) / 2.0;
    svg.text(
        (middle, y + LABEL + 6.0),
        &name,
        LABEL,
        SOFT_INK,
        Anchor::Middle,
    );
    LABEL + 8.0
}

/// What the key explains: the series where there is a choice, and every other kind of mark that is there.
fn entries(bars: &Bars) -> Vec<(Swatch, String)> {
    let all = || bars.series.iter().flat_map(|series| &series.bars);
    let references = all().any(|bar| bar.reference.is_some());
    let mut entries = Vec::new();
    if bars.series.len() > 1 || references {
        let named = bars.series.iter().enumerate();
        let named = named.filter(|(_, series)| !series.name.is_empty());
        entries.extend(
            named.map(|(index, series)| (Swatch::Fill(theme::colour(index)), series.name.clone())),
        );
    }
    if references {
        let name = match bars.reference_name.as_str() {
            "" => "published",
            name => name,
        };
        entries.push((Swatch::Reference, name.to_owned()));
    }
    let intervals = all().any(|bar| bar.low.is_some() || bar.high.is_some());
    if intervals && !bars.interval_name.is_empty() {
        entries.push((Swatch::Interval, bars.interval_name.clone()));
    }
    if all().any(|bar| !bar.runs.is_empty()) {
        entries.push((Swatch::Run, "single runs".to_owned()));
    }
    entries
}

fn csv(bars: &Bars) -> String {
    let runs = bars.series.iter().flat_map(|series| &series.bars);
    let runs = runs.into_iter().any(|bar| !bar.runs.is_empty());
    let mut csv = String::from("group,series,value,low,high,reference");
    csv.push_str(if runs { ",runs\n" } else { "\n" });
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for series in &bars.series {
        for (index, bar) in series.bars.iter().enumerate() {
            let group = bars.groups.get(index).map(|name| field(name));
            let group = group.unwrap_or_else(|| (index + 1).to_string());
            let [low, high, reference] = [bar.low, bar.high, bar.reference].map(number);
            let name = field(&series.name);
            let _ = write!(csv, "{group},{name},{},{low},{high},{reference}", bar.value);
            if runs {
                let each: Vec<String> = bar.runs.iter().map(f64::to_string).collect();
                let _ = write!(csv, ",{}", each.join(" "));
            }
            csv.push('\n');
        }
    }
    for (name, value) in &bars.baselines {
        let end = if runs { "," } else { "" };
        let _ = writeln!(csv, ",{},{value},,,{end}", field(name));
    }
    csv
}
