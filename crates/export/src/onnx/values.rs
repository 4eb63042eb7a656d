//! Values between the units of the user's data and those of the net.

use super::builder::{Builder, Flow, Form};
use crate::proto::{DOUBLE, FLOAT, INT64};
use crate::{Columns, Pixels, Signal, Values};

/// What a net sees of its input.
pub struct Entered {
    /// The values, with 0 for what is missing.
    pub flow: Flow,
    /// Where values are missing, `[batch, values]` truth values; none where none can be.
    pub missing: Option<String>,
}

impl Builder {
    /// From what comes in to what the net sees.
    pub fn enter(&mut self, signal: &Signal) -> Entered {
        let width = signal.width();
        let rows = match signal.shape.len() {
            1 => signal.name.clone(),
            _ => self.reshape(&signal.name, &[width]),
        };
        let rows = match &signal.values {
            Values::Plain => rows,
            Values::Columns(columns) => self.scaled(columns, &rows),
            Values::Pixels(pixels) => self.of_pixels(*pixels, &rows),
        };
        let rows = match &signal.order[..] {
            [] => rows,
            order => self.gathered(&rows, order),
        };
        let missing = signal.has_holes.then(|| self.plain("IsNaN", &[&rows]));
        let value = match &missing {
            Some(missing) => {
                let zero = self.float(0.0);
                self.choose(missing, &zero, &rows)
            }
            None => rows,
        };
        Entered {
            flow: Flow {
                value,
                form: Form::Rows(width),
            },
            missing,
        }
    }

    /// From what the net gives to what goes out.
    pub fn leave(&mut self, signal: &Signal, flow: Flow) -> String {
        let rows = self.rows(&flow);
        let rows = self.in_outer_order(&rows, &signal.order);
        let rows = match &signal.values {
            Values::Plain => rows,
            Values::Columns(columns) => self.unscaled(columns, &rows),
            Values::Pixels(pixels) => {
                let span = (pixels.high - pixels.low) / (1.0 - pixels.net_low);
                let (span, start) = (
                    self.float(span),
                    self.float(pixels.low - pixels.net_low * span),
                );
                let scaled = self.plain("Mul", &[&rows, &span]);
                self.plain("Add", &[&scaled, &start])
            }
        };
        match signal.shape.len() {
            1 => rows,
            _ => self.reshape(&rows, &signal.shape),
        }
    }

    /// Values of the net in the order outside.
    pub fn in_outer_order(&mut self, rows: &str, order: &[usize]) -> String {
        if order.is_empty() {
            return rows.to_owned();
        }
        let mut places = vec![0; order.len()];
        for (place, &outside) in order.iter().enumerate() {
            places[outside] = place;
        }
        self.gathered(rows, &places)
    }

    /// In double precision, rounded once at the end.
    fn scaled(&mut self, columns: &Columns, rows: &str) -> String {
        let width = [columns.shift.len()];
        let shift = self.doubles(&width, &columns.shift);
        let scale = self.doubles(&width, &columns.scale);
        let moved = self.plain("Sub", &[rows, &shift]);
        let scaled = self.plain("Div", &[&moved, &scale]);
        let all = self.with_quantiles(columns, rows, scaled, Self::parts_below);
        self.cast(&all, FLOAT)
    }

    fn unscaled(&mut self, columns: &Columns, rows: &str) -> String {
        let width = [columns.shift.len()];
        let rows = self.cast(rows, DOUBLE);
        let scale = self.doubles(&width, &columns.scale);
        let shift = self.doubles(&width, &columns.shift);
        let scaled = self.plain("Mul", &[&rows, &scale]);
        let moved = self.plain("Add", &[&scaled, &shift]);
        self.with_quantiles(columns, &rows, moved, Self::numbers_at)
    }

    /// `shifted`, but with what `through` makes of those of `rows` that have knots in their places.
    fn with_quantiles(
        &mut self,
        columns: &Columns,
        rows: &str,
        shifted: String,
        through: fn(&mut Self, &Knots, &str) -> String,
    ) -> String {
        let places = columns.quantiles();
        if places.is_empty() {
            return shifted;
        }
        let knots = self.knots(columns, &places);
        let chosen = self.gathered(rows, &places);
        let found = through(self, &knots, &chosen);
        let both = self.side_by_side(&[&shifted, &found]);
        let width = columns.shift.len();
        let mut from: Vec<usize> = (0..width).collect();
        for (at, place) in places.into_iter().enumerate() {
            from[place] = width + at;
        }
        self.gathered(&both, &from)
    }

    fn of_pixels(&mut self, pixels: Pixels, rows: &str) -> String {
        let Pixels {
            low,
            high,
            steps,
            net_low,
        } = pixels;
        let Some(steps) = steps.map(f64::from) else {
            let span = (1.0 - net_low) / (high - low);
            let (span, start) = (self.float(span), self.float(net_low - low * span));
            let scaled = self.plain("Mul", &[rows, &span]);
            return self.plain("Add", &[&scaled, &start]);
        };
        // In double precision, or a pixel at the middle of two steps would fall to the other side.
        let rows = self.cast(rows, DOUBLE);
        let [low, span, zero, one, steps_, half] =
            [low, high - low, 0.0, 1.0, steps, 0.5].map(|number| self.double(number));
        let moved = self.plain("Sub", &[&rows, &low]);
        let part = self.plain("Div", &[&moved, &span]);
        let part = self.plain("Clip", &[&part, &zero, &one]);
        let step = self.plain("Mul", &[&part, &steps_]);
        let step = self.plain("Add", &[&step, &half]);
        let step = self.plain("Floor", &[&step]);
        let step = self.cast(&step, FLOAT);
        let (size, start) = (self.float((1.0 - net_low) / steps), self.float(net_low));
        let scaled = self.plain("Mul", &[&step, &size]);
        self.plain("Add", &[&scaled, &start])
    }
}

/// The knots of some columns.
struct Knots {
    /// How many a column has.
    count: usize,
    /// `[columns, count]`, their name.
    table: String,
    /// The same, one after the other.
    flat: String,
    /// Where those of each column begin in it: `[columns]`.
    starts: String,
    /// The first of each column: `[columns]`.
    first: String,
    /// The last of each column: `[columns]`.
    last: String,
}

impl Builder {
    fn knots(&mut self, columns: &Columns, places: &[usize]) -> Knots {
        let all: Vec<&Vec<f64>> = places.iter().map(|&place| &columns.knots[place]).collect();
        let count = all[0].len();
        let flat: Vec<f64> = all.iter().flat_map(|knots| knots.iter().copied()).collect();
        let starts: Vec<i64> = (0..all.len()).map(|at| (at * count) as i64).collect();
        let first: Vec<f64> = all.iter().map(|knots| knots[0]).collect();
        let last: Vec<f64> = all.iter().map(|knots| knots[count - 1]).collect();
        Knots {
            count,
            table: self.doubles(&[all.len(), count], &flat),
            flat: self.doubles(&[flat.len()], &flat),
            starts: self.ints(&starts),
            first: self.doubles(&[all.len()], &first),
            last: self.doubles(&[all.len()], &last),
        }
    }

    /// The knots with these numbers, `[batch, columns]`.
    fn knots_at(&mut self, knots: &Knots, places: &str) -> String {
        let (first, last) = (self.int(0), self.int(knots.count as i64 - 1));
        let places = self.plain("Clip", &[places, &first, &last]);
        let places = self.plain("Add", &[&places, &knots.starts]);
        self.plain("Gather", &[&knots.flat, &places])
    }

    /// How many knots a number is compared with truly: `[batch, columns]`.
    fn count_of(&mut self, comparison: &str, number: &str, knots: &Knots) -> String {
        let axis = self.ints(&[2]);
        let number = self.plain("Unsqueeze", &[number, &axis]); // [batch, columns, 1]
        let truth = self.plain(comparison, &[&number, &knots.table]); // [batch, columns, knots]
        let truth = self.cast(&truth, INT64);
        let keep = crate::proto::AttributeProto::int("keepdims", 0);
        self.node("ReduceSum", &[&truth, &axis], vec![keep])
    }

    /// The part of the knots below each number; of a number that many share the middle of these.
    fn parts_below(&mut self, knots: &Knots, x: &str) -> String {
        let below = self.count_of("Greater", x, knots);
        let behind = self.count_of("GreaterOrEqual", x, knots);
        let (one, half) = (self.int(1), self.double(0.5));
        // Where knots are equal to the number: the middle of their places.
        let sum = self.plain("Add", &[&below, &behind]);
        let sum = self.plain("Sub", &[&sum, &one]);
        let sum = self.cast(&sum, DOUBLE);
        let middle = self.plain("Mul", &[&sum, &half]);
        // Else between two knots, in proportion.
        let before = self.plain("Sub", &[&below, &one]);
        let (low, high) = (self.knots_at(knots, &before), self.knots_at(knots, &below));
        let (from, span) = (
            self.plain("Sub", &[x, &low]),
            self.plain("Sub", &[&high, &low]),
        );
        let part = self.plain("Div", &[&from, &span]);
        let before = self.cast(&before, DOUBLE);
        let between = self.plain("Add", &[&before, &part]);
        let is_between = self.plain("Equal", &[&below, &behind]);
        let place = self.choose(&is_between, &between, &middle);
        let last = self.double(knots.count as f64 - 1.0);
        let part = self.plain("Div", &[&place, &last]);
        let (zero, full) = (self.double(0.0), self.double(1.0));
        let at_start = self.plain("LessOrEqual", &[x, &knots.first]);
        let part = self.choose(&at_start, &zero, &part);
        let at_end = self.plain("GreaterOrEqual", &[x, &knots.last]);
        let part = self.choose(&at_end, &full, &part);
        let missing = self.plain("IsNaN", &[x]);
        self.choose(&missing, x, &part)
    }

    /// The number below which each part of the knots lies.
    fn numbers_at(&mut self, knots: &Knots, part: &str) -> String {
        let [zero, full, last] =
            [0.0, 1.0, knots.count as f64 - 1.0].map(|number| self.double(number));
        let part = self.plain("Clip", &[part, &zero, &full]);
        let place = self.plain("Mul", &[&part, &last]);
        let below = self.plain("Floor", &[&place]);
        let most = self.double(knots.count as f64 - 2.0);
        let below = self.plain("Min", &[&below, &most]);
        let at = self.cast(&below, INT64);
        let one = self.int(1);
        let next = self.plain("Add", &[&at, &one]);
        let (low, high) = (self.knots_at(knots, &at), self.knots_at(knots, &next));
        let rise = self.plain("Sub", &[&high, &low]);
        let rest = self.plain("Sub", &[&place, &below]);
        let more = self.plain("Mul", &[&rise, &rest]);
        self.plain("Add", &[&low, &more])
    }
}
