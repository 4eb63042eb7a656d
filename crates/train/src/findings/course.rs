//! The course of a training, read back from `metrics.csv`, so that `eval` judges by the same numbers as the end of the training.

use crate::folder::Folder;
use crate::plain_files::read_text;

/// A number and the epoch that it is of.
pub(super) type Point = (f64, f64);

/// The columns of `metrics.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Course {
    names: Vec<String>,
    /// The cells of each row; none where one is empty.
    rows: Vec<Vec<Option<f64>>>,
}

impl Course {
    /// The course of a run; an empty one where it has no such file.
    pub(super) fn read(folder: &Folder) -> Self {
        let text = read_text(&folder.path().join("metrics.csv"));
        text.map(|text| Self::parse(&text)).unwrap_or_default()
    }

    pub(super) fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let names = lines.next().unwrap_or_default().split(',');
        let cells = |line: &str| line.split(',').map(|cell| cell.parse().ok()).collect();
        Self {
            names: names.map(str::to_owned).collect(),
            rows: lines.map(cells).collect(),
        }
    }

    /// The numbers of a column with their epochs, where there are such.
    pub(super) fn series(&self, name: &str) -> Vec<Point> {
        let Some(place) = self.names.iter().position(|column| column == name) else {
            return Vec::new();
        };
        let cell = |row: &Vec<Option<f64>>| Some(((*row.first()?)?, (*row.get(place)?)?));
        self.rows.iter().filter_map(cell).collect()
    }

    /// The last number of a column.
    pub(super) fn last(&self, name: &str) -> Option<Point> {
        self.series(name).last().copied()
    }

    /// The columns of the training loss's terms, without their prefix.
    pub(super) fn terms(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter();
        let names = names.filter_map(|name| name.strip_prefix("train_"));
        names.filter(|name| *name != "loss")
    }
}

/// The mean of the numbers in a part of the training, `from` (excluded) to `to`; none without a number.
pub(super) fn mean_between(points: &[Point], from: f64, to: f64) -> Option<f64> {
    let inside = points
        .iter()
        .filter(|(epoch, _)| *epoch > from && *epoch <= to);
    let (count, sum) = inside.fold((0.0, 0.0), |(count, sum), (_, value)| {
        (count + 1.0, sum + value)
    });
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_epochs_that_they_were_measured_at() {
        let course = Course::parse("epoch,train_loss,train_kl,test_loss\n1,4,2,\n2,3,1,3.5\n");
        assert_eq!(course.series("test_loss"), [(2.0, 3.5)]);
        assert_eq!(course.last("train_loss"), Some((2.0, 3.0)));
        assert_eq!(course.terms().collect::<Vec<_>>(), ["kl"]);
        assert_eq!(course.series("other"), []);
    }

    #[test]
    fn the_mean_of_a_part_leaves_its_start_out() {
        let points = [(1.0, 5.0), (2.0, 3.0), (3.0, 1.0)];
        assert_eq!(mean_between(&points, 1.0, 3.0), Some(2.0));
        assert_eq!(mean_between(&points, 3.0, 4.0), None);
    }
}
