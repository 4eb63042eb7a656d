//! The figure of a sweep: curves over a key that varies, else bars.

use espejo_pictures::{Bar, BarSeries, Bars, Curves, Figure, Panel, Series, bars, curves};

use espejo_train::MainMeasure;

use super::super::vary::shown_value;
use super::{Results, WIDE, number};
use crate::run_groups::Group;

/// Settings that a figure of bars shows, at most.
const MOST_BARS: usize = 40;
/// Curves of a figure, at most.
const MOST_CURVES: usize = 10;

impl Results<'_> {
    /// The measure by setting with intervals over seeds: curves over a numeric key, else bars; none where it would be unreadable.
    pub(super) fn figure(&self) -> Option<Figure> {
        let measured = self.groups.iter().filter(|group| !group.members.is_empty());
        if measured.count() < 2 || self.apart.is_some() {
            return None;
        }
        self.curves().or_else(|| self.bars())
    }

    /// Curves over the key with the most numbers, one for each combination of the others.
    fn curves(&self) -> Option<Figure> {
        let plan = &self.sweep.plan;
        let numbers = |place: usize| -> Option<Vec<f64>> {
            let mut numbers: Vec<f64> = plan
                .settings
                .iter()
                .map(|setting| number(&setting[place]))
                .collect::<Option<_>>()?;
            numbers.sort_by(f64::total_cmp);
            numbers.dedup();
            (numbers.len() > 1).then_some(numbers)
        };
        let axes = (0..plan.keys.len()).filter_map(|place| Some((place, numbers(place)?)));
        let (axis, values) =
            axes.max_by_key(|(place, values)| (values.len(), usize::MAX - place))?;
        let mut series: Vec<Series> = Vec::new();
        for (setting, group) in plan.settings.iter().zip(&self.groups) {
            let others = plan
                .keys
                .iter()
                .zip(setting)
                .enumerate()
                .filter(|(place, _)| *place != axis);
            let words: Vec<String> = others
                .map(|(_, (key, value))| format!("{key}={}", shown_value(value)))
                .collect();
            let name = words.join(" ");
            let place = series
                .iter()
                .position(|series| series.name == name)
                .unwrap_or_else(|| {
                    series.push(Series {
                        name,
                        marks: true,
                        ..Series::default()
                    });
                    series.len() - 1
                });
            if let (Some(x), Some(measured)) = (number(&setting[axis]), group.measured(self.key()))
            {
                series[place].points.push((x, measured.mean));
                series[place]
                    .bars
                    .extend(measured.interval.map(|(low, high)| (x, low, high)));
            }
        }
        if series.len() > MOST_CURVES || series.iter().all(|series| series.points.len() < 2) {
            return None;
        }
        for series in &mut series {
            series.points.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            series.bars.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
        }
        let wide = values[0] > 0.0 && values[values.len() - 1] / values[0] >= WIDE;
        let panel = Panel {
            y_label: format!(
                "{} on the test samples",
                self.measure.map_or("loss", MainMeasure::name)
            ),
            series,
            ..Panel::default()
        };
        Some(curves(&Curves {
            title: self.title(),
            note: Some(self.note()),
            x_label: plan.keys[axis].clone(),
            log_x: wide,
            panels: vec![panel],
            ..Curves::default()
        }))
    }

    fn bars(&self) -> Option<Figure> {
        if self.groups.len() > MOST_BARS {
            return None;
        }
        let bar = |group: &Group| {
            let measured = group.measured(self.key());
            let interval = measured.and_then(|measured| measured.interval);
            Bar {
                value: measured.map_or(f64::NAN, |measured| measured.mean),
                low: interval.map(|(low, _)| low),
                high: interval.map(|(_, high)| high),
                runs: group
                    .members
                    .iter()
                    .filter_map(|member| member.get(self.key()))
                    .collect(),
                reference: None,
            }
        };
        Some(bars(&Bars {
            title: self.title(),
            note: Some(self.note()),
            y_label: format!(
                "{} on the test samples",
                self.measure.map_or("loss", MainMeasure::name)
            ),
            groups: self
                .groups
                .iter()
                .map(|group| group.label.clone())
                .collect(),
            series: vec![BarSeries {
                name: String::new(),
                bars: self.groups.iter().map(bar).collect(),
            }],
            ..Bars::default()
        }))
    }
}
