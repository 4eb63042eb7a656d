use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

const SHAPE: Shape = Shape {
    channels: 2,
    height: 3,
    width: 4,
};

/// The square of the place of each value, over 16.
fn image() -> Vec<f32> {
    (0..24).map(|place| (place * place) as f32 / 16.0).collect()
}

/// Holds what becomes of [`image`] against the expected rows of both channels.
fn check(change: Change, expected: [[f32; 4]; 6]) {
    let mut found = image();
    change.apply(SHAPE, &mut found, &mut Vec::new());
    for (found, expected) in found.iter().zip(expected.as_flattened()) {
        assert!(
            (found - expected).abs() < 1e-4,
            "{found}, expected {expected} of {change:?}"
        );
    }
}

fn moved(angle: f64, shift: [f64; 2]) -> Change {
    Change {
        angle,
        shift,
        ..Change::default()
    }
}

/// By hand: each row comes from the one below it, and the last stays.
#[test]
fn a_shift_by_a_row_repeats_the_edge() {
    check(
        moved(0.0, [1.0, 0.0]),
        [
            [1.0, 1.5625, 2.25, 3.0625],
            [4.0, 5.0625, 6.25, 7.5625],
            [4.0, 5.0625, 6.25, 7.5625],
            [16.0, 18.0625, 20.25, 22.5625],
            [25.0, 27.5625, 30.25, 33.0625],
            [25.0, 27.5625, 30.25, 33.0625],
        ],
    );
}

/// `apply_affine_transform` of Keras 2.3 on SciPy 1.17.1's `ndimage.affine_transform`, which gives these for `tx=.25, ty=-.5`,
/// `theta=30` and `theta=-20, tx=.75, ty=-1.25`.
#[test]
fn shifts_and_turns_are_those_of_keras() {
    check(
        moved(0.0, [0.25, -0.5]),
        [
            [0.25, 0.34375, 0.59375, 0.96875],
            [1.75, 2.09375, 2.84375, 3.71875],
            [4.0, 4.53125, 5.65625, 6.90625],
            [10.75, 11.59375, 13.34375, 15.21875],
            [18.25, 19.34375, 21.59375, 23.96875],
            [25.0, 26.28125, 28.90625, 31.65625],
        ],
    );
    check(
        moved(30.0, [0.0, 0.0]),
        [
            [0.88397, 0.52827, 0.14369, 0.34345],
            [3.4384, 2.49193, 1.71232, 1.09958],
            [4.74477, 5.7358, 5.1993, 3.58461],
            [15.18782, 12.68259, 11.29321, 12.79201],
            [23.23984, 20.59241, 18.11184, 15.79814],
            [26.79621, 29.08628, 27.54497, 23.78077],
        ],
    );
    check(
        moved(-20.0, [0.75, -1.25]),
        [
            [0.0, 0.16654, 0.78756, 1.84112],
            [0.76421, 1.3187, 2.76853, 4.8464],
            [3.11172, 4.0, 4.20899, 5.22446],
            [9.0, 10.16579, 14.16004, 18.67526],
            [14.3495, 16.95611, 21.26613, 26.80566],
            [22.33516, 25.0, 25.50403, 27.92904],
        ],
    );
}

/// The map takes (row, column) about the middle to (-column, row): the first pixel comes from below it.
#[test]
fn a_quarter_turn_moves_each_pixel_to_another() {
    let shape = Shape {
        channels: 1,
        height: 2,
        width: 2,
    };
    let mut image = vec![1.0, 2.0, 3.0, 4.0];
    moved(90.0, [0.0; 2]).apply(shape, &mut image, &mut Vec::new());
    for (found, expected) in image.iter().zip([3.0, 1.0, 4.0, 2.0]) {
        assert!((found - expected).abs() < 1e-5, "{image:?}");
    }
}

#[test]
fn a_mirrored_image_has_its_rows_reversed() {
    let shape = Shape {
        channels: 1,
        height: 2,
        width: 3,
    };
    let mut image = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let change = Change {
        flip: true,
        ..Change::default()
    };
    change.apply(shape, &mut image, &mut Vec::new());
    assert_eq!(image, [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
}

/// A square of 2 whose middle is the first pixel of the last column reaches one row and column back, and the rest of it lies outside.
#[test]
fn a_hole_has_the_mean_colour_and_ends_at_the_edge() {
    let shape = Shape {
        channels: 1,
        height: 3,
        width: 3,
    };
    let hole = |middle, side| {
        let mut image = vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        cut_out(shape, &mut image, middle, side);
        image
    };
    assert_eq!(
        hole([0, 2], 2),
        [0.0, 4.0, 4.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    );
    assert_eq!(
        hole([2, 0], 3),
        [0.0, 1.0, 2.0, 4.0, 4.0, 5.0, 4.0, 4.0, 8.0]
    );
    assert_eq!(hole([1, 1], 9), [4.0; 9]);
}

#[test]
fn draws_stay_within_their_ranges_and_reach_both_ends() {
    let augment = Augment {
        shift: 0.5,
        rotate: 20.0,
        flip: true,
        cutout: 2,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let changes: Vec<Change> = (0..2000).map(|_| augment.draw(SHAPE, &mut rng)).collect();
    let spread = |value: &dyn Fn(&Change) -> f64| {
        let values = changes.iter().map(value);
        let low = values.clone().fold(f64::INFINITY, f64::min);
        (low, values.fold(f64::NEG_INFINITY, f64::max))
    };
    for (found, most) in [
        (spread(&|change| change.angle), 20.0),
        (spread(&|change| change.shift[0]), 1.5),
        (spread(&|change| change.shift[1]), 2.0),
    ] {
        assert!(
            -most <= found.0 && found.0 < -0.98 * most,
            "{found:?} of {most}"
        );
        assert!(
            found.1 <= most && found.1 > 0.98 * most,
            "{found:?} of {most}"
        );
    }
    // Of 2,000 draws half are mirrored, with a standard deviation of 22.
    let mirrored = changes.iter().filter(|change| change.flip).count();
    assert!((900..1100).contains(&mirrored), "{mirrored}");
    let middles = changes.iter().filter_map(|change| change.hole);
    let far = middles.fold([0, 0], |far: [usize; 2], ([row, column], _)| {
        [far[0].max(row), far[1].max(column)]
    });
    assert_eq!(far, [2, 3]);
}

#[test]
fn what_is_off_changes_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let change = Augment::default().draw(SHAPE, &mut rng);
    assert_eq!(change, Change::default());
    let mut found = image();
    change.apply(SHAPE, &mut found, &mut Vec::new());
    assert_eq!(found, image());
}
