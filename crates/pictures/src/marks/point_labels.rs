//! Labels of points, placed so that they cover neither each other nor a point.

use crate::layout::axis::Frame;

/// A label to place: the point it belongs to, and its size.
pub(crate) struct Label {
    pub(crate) point: (f64, f64),
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Distances from point to label that are tried, nearest first.
const RINGS: [f64; 16] = [
    1.5, 4.0, 8.0, 14.0, 20.0, 27.0, 35.0, 44.0, 54.0, 65.0, 78.0, 94.0, 115.0, 140.0, 180.0, 240.0,
];
/// Directions that are tried at a near and at a far ring.
const ANGLES: (usize, usize) = (16, 40);
const FAR_RING: f64 = 20.0;
/// A label further than this from its point gets a line to it.
const ATTACHED: f64 = 4.0;
/// Above this many labels only the nearest ring is tried, and a label without room is left out.
const MANY: usize = 300;
const SWEEPS: usize = 3;

const OVER_LABEL: f64 = 10_000.0;
const OVER_MARK: f64 = 300.0;
const LEADER_OVER_LABEL: f64 = 60.0;
const LEADER_OVER_MARK: f64 = 8.0;
const LEADERS_CROSS: f64 = 60.0;

/// Places labels within `frame`, around marks of `radius`. Each label in turn takes the cheapest of its places, given
/// all others; a few sweeps let the first ones make room for the last. `None`: no room.
pub(crate) fn place(
    labels: &[Label],
    marks: &[(f64, f64)],
    radius: f64,
    frame: &Frame,
) -> Vec<Option<Frame>> {
    let many = labels.len() > MANY;
    let rings = if many { &RINGS[..1] } else { &RINGS[..] };
    let mut placed: Vec<Option<Frame>> = vec![None; labels.len()];
    for sweep in 0..SWEEPS {
        let mut moved = false;
        for (index, label) in labels.iter().enumerate() {
            let others = placed.iter().zip(labels).enumerate();
            let others = others.filter(|(other, _)| *other != index);
            let others = others.filter_map(|(_, (place, label))| {
                let place = (*place)?;
                Some((place, leader(&place, label.point, radius)))
            });
            let scene = Scene {
                others: others.collect(),
                marks,
                radius,
                frame,
            };
            let best = scene.cheapest(label, rings);
            let best = best.filter(|(_, cost)| !many || *cost < OVER_MARK);
            let best = best.map(|(place, _)| place);
            moved |= best != placed[index];
            placed[index] = best;
        }
        if !moved || (many && sweep > 0) {
            break;
        }
    }
    placed
}

/// The line from a mark to its label, where the label stands apart.
pub(crate) fn leader(place: &Frame, point: (f64, f64), radius: f64) -> Option<Line> {
    let near = (
        point.0.clamp(place.left, place.right),
        point.1.clamp(place.top, place.bottom),
    );
    let (dx, dy) = (near.0 - point.0, near.1 - point.1);
    let distance = dx.hypot(dy);
    if distance <= radius + ATTACHED + 1.0 {
        return None;
    }
    let start = radius / distance;
    Some([(point.0 + dx * start, point.1 + dy * start), near])
}

type Line = [(f64, f64); 2];

/// What is on the paper while one label looks for its place.
struct Scene<'a> {
    /// The other labels, with the lines to their marks.
    others: Vec<(Frame, Option<Line>)>,
    marks: &'a [(f64, f64)],
    radius: f64,
    frame: &'a Frame,
}

impl Scene<'_> {
    fn cheapest(&self, label: &Label, rings: &[f64]) -> Option<(Frame, f64)> {
        let frame = self.frame;
        let mut best: Option<(Frame, f64)> = None;
        for ring in rings {
            let angles = if *ring < FAR_RING { ANGLES.0 } else { ANGLES.1 };
            for step in 0..angles {
                let place = candidate(label, self.radius + ring, step, angles);
                let inside = place.left >= frame.left
                    && place.right <= frame.right
                    && place.top >= frame.top
                    && place.bottom <= frame.bottom;
                let least = best.map_or(f64::INFINITY, |(_, cost)| cost);
                // Of equal places the first angle, right of the point, is preferred.
                let cost = ring + step as f64 / angles as f64;
                if inside && cost < least {
                    let cost = self.with_obstacles(cost, &place, label.point, least);
                    if cost < least {
                        best = Some((place, cost));
                    }
                }
            }
        }
        best
    }

    /// `cost` and what a label at this place would cover or cross; no need to go on at `limit`.
    fn with_obstacles(&self, cost: f64, place: &Frame, point: (f64, f64), limit: f64) -> f64 {
        let mut cost = cost;
        let line = leader(place, point, self.radius);
        for (other, theirs) in &self.others {
            if overlap(place, other) {
                cost += OVER_LABEL;
            }
            let over = line.is_some_and(|line| crosses(line, other));
            if over || theirs.is_some_and(|line| crosses(line, place)) {
                cost += LEADER_OVER_LABEL;
            }
            if let (Some(a), Some(b)) = (line, *theirs)
                && intersect(a, b)
            {
                cost += LEADERS_CROSS;
            }
            if cost >= limit {
                return cost;
            }
        }
        for mark in self.marks {
            if touches(place, *mark, self.radius) {
                cost += OVER_MARK;
            }
            if line.is_some_and(|line| *mark != point && distance(line, *mark) < self.radius) {
                cost += LEADER_OVER_MARK;
            }
        }
        cost
    }
}

/// The label beside its point: right, then by turns above and below, left last.
fn candidate(label: &Label, distance: f64, step: usize, angles: usize) -> Frame {
    let turn = step.div_ceil(2) as f64 * std::f64::consts::TAU / angles as f64;
    let angle = if step % 2 == 1 { -turn } else { turn };
    let (half_width, half_height) = (label.width / 2.0, label.height / 2.0);
    let x = label.point.0 + angle.cos() * (distance + half_width);
    let y = label.point.1 + angle.sin() * (distance + half_height);
    Frame {
        left: x - half_width,
        top: y - half_height,
        right: x + half_width,
        bottom: y + half_height,
    }
}

/// Whether two boxes share more than an edge.
pub(crate) fn overlap(a: &Frame, b: &Frame) -> bool {
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

fn touches(place: &Frame, (x, y): (f64, f64), radius: f64) -> bool {
    let near = (
        x.clamp(place.left, place.right),
        y.clamp(place.top, place.bottom),
    );
    (near.0 - x).hypot(near.1 - y) < radius
}

/// Whether a line passes through a box.
fn crosses([a, b]: [(f64, f64); 2], place: &Frame) -> bool {
    let misses = a.0.max(b.0) <= place.left
        || a.0.min(b.0) >= place.right
        || a.1.max(b.1) <= place.top
        || a.1.min(b.1) >= place.bottom;
    if misses {
        return false;
    }
    let corners = [
        (place.left, place.top),
        (place.right, place.top),
        (place.right, place.bottom),
        (place.left, place.bottom),
    ];
    let sides = corners.map(|corner| side([a, b], corner));
    sides.iter().any(|side| *side > 0.0) && sides.iter().any(|side| *side < 0.0)
}

fn intersect(a: [(f64, f64); 2], b: [(f64, f64); 2]) -> bool {
    side(a, b[0]) * side(a, b[1]) < 0.0 && side(b, a[0]) * side(b, a[1]) < 0.0
}

/// Positive on one side of a line, negative on the other.
fn side([from, to]: [(f64, f64); 2], point: (f64, f64)) -> f64 {
    (to.0 - from.0) * (point.1 - from.1) - (to.1 - from.1) * (point.0 - from.0)
}

fn distance([from, to]: [(f64, f64); 2], point: (f64, f64)) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let along =
        ((point.0 - from.0) * dx + (point.1 - from.1) * dy) / (dx * dx + dy * dy).max(1e-12);
    let along = along.clamp(0.0, 1.0);
    (from.0 + along * dx - point.0).hypot(from.1 + along * dy - point.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame {
        left: 0.0,
        top: 0.0,
        right: 560.0,
        bottom: 440.0,
    };
    const RADIUS: f64 = 3.0;

    /// Numbers in [0, 1), the same on every machine (an LCG with Knuth's constants).
    fn uniform(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    /// Places 96 labels and counts (labels over labels, labels over marks).
    fn collisions(points: &[(f64, f64)]) -> (usize, usize) {
        let of = |(index, point): (usize, &(f64, f64))| Label {
            point: *point,
            width: if index < 14 { 24.0 } else { 7.0 },
            height: 11.0,
        };
        let labels: Vec<Label> = points.iter().enumerate().map(of).collect();
        let placed = place(&labels, points, RADIUS, &FRAME);
        let boxes: Vec<Frame> = placed.into_iter().flatten().collect();
        assert_eq!(boxes.len(), points.len());
        let pairs = boxes
            .iter()
            .enumerate()
            .flat_map(|(index, a)| boxes[..index].iter().map(move |b| (a, b)));
        let over_labels = pairs.filter(|(a, b)| overlap(a, b)).count();
        let covers = |place: &Frame| {
            points
                .iter()
                .filter(|mark| touches(place, **mark, RADIUS))
                .count()
        };
        (over_labels, boxes.iter().map(covers).sum())
    }

    #[test]
    fn scattered_labels_never_overlap() {
        for seed in 0..20 {
            let mut random = uniform(seed);
            let points: Vec<_> = (0..96)
                .map(|_| (560.0 * random(), 440.0 * random()))
                .collect();
            assert_eq!(collisions(&points), (0, 0), "seed {seed}");
        }
    }

    #[test]
    fn clustered_labels_never_overlap() {
        for seed in 0..20 {
            let mut random = uniform(seed);
            let mut bell = |middle: f64, width: f64| {
                let sum: f64 = (0..4).map(|_| random() - 0.5).sum();
                middle + width * sum
            };
            let point = |index: usize| {
                let x = if index < 32 { 150.0 } else { 400.0 };
                (bell(x, 60.0), bell(220.0, 50.0))
            };
            let points: Vec<_> = (0..96).map(point).collect();
            assert_eq!(collisions(&points).0, 0, "seed {seed}");
        }
    }

    #[test]
    fn labels_of_one_place_fan_out() {
        assert_eq!(collisions(&[(280.0, 220.0); 96]), (0, 0));
    }

    #[test]
    fn of_too_many_labels_those_with_room_are_shown() {
        let mut random = uniform(1);
        let points: Vec<_> = (0..600)
            .map(|_| (560.0 * random(), 440.0 * random()))
            .collect();
        let label = |point: &(f64, f64)| Label {
            point: *point,
            width: 40.0,
            height: 11.0,
        };
        let labels: Vec<Label> = points.iter().map(label).collect();
        let placed = place(&labels, &points, RADIUS, &FRAME);
        let boxes: Vec<Frame> = placed.into_iter().flatten().collect();
        assert!((50..400).contains(&boxes.len()), "{}", boxes.len());
        let free = |(index, a): (usize, &Frame)| boxes[..index].iter().all(|b| !overlap(a, b));
        assert!(boxes.iter().enumerate().all(free));
    }

    #[test]
    fn a_lone_label_stands_at_the_right_without_a_line() {
        let label = Label {
            point: (100.0, 100.0),
            width: 10.0,
            height: 10.0,
        };
        let placed = place(&[label], &[(100.0, 100.0)], RADIUS, &FRAME)[0];
        let expected = Frame {
            left: 104.5,
            top: 95.0,
            right: 114.5,
            bottom: 105.0,
        };
        assert_eq!(placed, Some(expected));
        assert_eq!(leader(&expected, (100.0, 100.0), RADIUS), None);
        assert_eq!(
            leader(&expected, (84.5, 100.0), RADIUS),
            Some([(87.5, 100.0), (104.5, 100.0)])
        );
    }

    #[test]
    fn without_room_there_is_no_place() {
        let label = Label {
            point: (1.0, 1.0),
            width: 10.0,
            height: 10.0,
        };
        let tiny = Frame {
            left: 0.0,
            top: 0.0,
            right: 5.0,
            bottom: 5.0,
        };
        assert_eq!(place(&[label], &[(1.0, 1.0)], RADIUS, &tiny), [None]);
    }
}
