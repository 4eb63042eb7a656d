//! Documents 002 and 003 on the Landsat table: its classes in two and three numbers (S26), and neighbours found among codes (S31).

use std::sync::PoisonError;
use std::time::Instant;

use espejo_analysis::{Matrix, nearest, silhouette, vote};
use espejo_data::Samples;
use espejo_pictures::{Bar, BarSeries, Bars, Figure, Pace, Point, Scatter, bars, compose, scatter};
use espejo_train::{Error, Pca, RunConfig, Trained, unit_rows, wilson};

use crate::lab::configured;
use crate::row::{Animation, Claim, Job, Outcome, Results, Scale, Section, Table};
use crate::rows::trained::{DEVICE, trained};
use crate::statistics::number;

/// The cases of S26: how many numbers a code has.
pub const DIMENSIONS: [&str; 2] = ["2", "3"];
/// The cases of S31: a quarter and a half of the columns.
pub const WIDTHS: [&str; 2] = ["9", "18"];
/// Voters of a classification.
const VOTERS: usize = 5;
/// Searches of which the fastest is told.
const REPEATS: usize = 3;
/// Frames of a turn, and their pace.
const FRAMES: usize = 72;
const FRAMES_PER_SECOND: f64 = 12.0;
/// The tilt of the turning axis towards the reader, in radians.
const TILT: f64 = 0.35;
/// The classes of the table, in the order of its labels.
const CLASSES: [&str; 6] = [
    "red soil",
    "cotton crop",
    "grey soil",
    "damp grey soil",
    "vegetation stubble",
    "very damp grey soil",
];

pub fn map_jobs(scale: &Scale) -> Vec<Job> {
    scale.each(DIMENSIONS, 12.0)
}

pub fn map_run(job: &Job) -> Result<Outcome, Error> {
    let sets = [
        format!("model.latent={}", job.case),
        format!("train.seed={}", job.seed),
    ];
    let run = learned(configured("s26", &sets)?)?;
    let parts = Parts::of(&run)?;
    let codes = parts.codes(&run)?;
    let components = parts.components(run.latent());
    let evaluation = run.evaluate()?;
    let baseline = |name: &str| {
        let found = evaluation.baselines.iter();
        let mut found = found.filter(|baseline| baseline.name("row").contains(name));
        found
            .next()
            .and_then(|baseline| baseline.get("squared_error"))
    };
    let error = evaluation.metrics.get("squared_error");
    Ok(Outcome::default()
        .with(
            "parameters",
            run.prepared().spec.architecture.weights() as f64,
        )
        .with("error", error.unwrap_or(f64::NAN))
        .with("PCA error", baseline("PCA").unwrap_or(f64::NAN))
        .with("silhouette", parts.silhouette(&codes))
        .with("PCA silhouette", parts.silhouette(&components))
        .with("accuracy", parts.votes(&codes).accuracy())
        .with("PCA accuracy", parts.votes(&components).accuracy())
        .with("mean code", mean_of(&codes.test.values))
        .with_list("codes", codes.test.values.iter().copied().map(f64::from))
        .with_list(
            "classes",
            parts.test_labels.iter().map(|label| *label as f64),
        ))
}

pub fn neighbours_jobs(scale: &Scale) -> Vec<Job> {
    scale.each(WIDTHS, 12.0)
}

pub fn neighbours_run(job: &Job) -> Result<Outcome, Error> {
    let sets = [
        "model.layers=[]".to_owned(),
        format!("model.latent={}", job.case),
        "objective.sparsity=0.0".to_owned(),
        format!("train.seed={}", job.seed),
    ];
    let run = learned(configured("s26", &sets)?)?;
    let parts = Parts::of(&run)?;
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let codes = parts.votes(&parts.codes(&run)?);
    let components = parts.votes(&parts.components(run.latent()));
    let raw = parts.votes(&parts.raw());
    let mut outcome = Outcome::default().with("queries", parts.test_labels.len() as f64);
    for (name, votes) in [("codes", codes), ("PCA", components), ("raw", raw)] {
        outcome = outcome
            .with(&format!("{name} accuracy"), votes.accuracy())
            .with(&format!("{name} hits"), votes.hits as f64)
            .with(&format!("{name} ms"), 1e3 * votes.seconds);
    }
    Ok(outcome)
}

/// A training with the device to itself.
fn learned(config: RunConfig) -> Result<Trained, Error> {
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(trained(config, &mut |_| ())?.trained)
}

/// Rows of equal length, one after the other.
struct Flat {
    values: Vec<f32>,
    columns: usize,
}

impl Flat {
    fn of(rows: &[Vec<f32>]) -> Self {
        Self {
            values: rows.concat(),
            columns: rows[0].len(),
        }
    }

    fn matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.values, self.columns)
    }
}

/// Training and test rows in some space.
struct Placed {
    train: Flat,
    test: Flat,
}

/// What the vote of the nearest training rows says of the test rows.
struct Votes {
    hits: usize,
    queries: usize,
    seconds: f64,
}

impl Votes {
    fn accuracy(&self) -> f64 {
        self.hits as f64 / self.queries as f64
    }
}

/// Both parts of a table with their classes.
struct Parts {
    train: Vec<Vec<f32>>,
    test: Vec<Vec<f32>>,
    train_labels: Vec<usize>,
    test_labels: Vec<usize>,
}

impl Parts {
    fn of(run: &Trained) -> Result<Self, Error> {
        let (train, test) = (&run.prepared().train, run.test());
        Ok(Self {
            train: unit_rows(train)?,
            test: unit_rows(test)?,
            train_labels: labels(train),
            test_labels: labels(test),
        })
    }

    fn codes(&self, run: &Trained) -> Result<Placed, Error> {
        Ok(Placed {
            train: Flat::of(&run.encode(&run.prepared().train)?),
            test: Flat::of(&run.encode(run.test())?),
        })
    }

    /// The rows on as many principal components of the training rows.
    fn components(&self, count: usize) -> Placed {
        let pca = Pca::fit(&self.train, count);
        let placed = |rows: &[Vec<f32>]| {
            let place = |row: &Vec<f32>| pca.place(row).iter().map(|x| *x as f32).collect();
            Flat::of(&rows.iter().map(place).collect::<Vec<Vec<f32>>>())
        };
        Placed {
            train: placed(&self.train),
            test: placed(&self.test),
        }
    }

    fn raw(&self) -> Placed {
        Placed {
            train: Flat::of(&self.train),
            test: Flat::of(&self.test),
        }
    }

    fn silhouette(&self, placed: &Placed) -> f64 {
        silhouette(placed.test.matrix(), &self.test_labels, 1).unwrap_or(f64::NAN)
    }

    fn votes(&self, placed: &Placed) -> Votes {
        let mut seconds = f64::INFINITY;
        let mut found = Vec::new();
        for _ in 0..REPEATS {
            let begun = Instant::now();
            found = nearest(placed.train.matrix(), placed.test.matrix(), VOTERS);
            seconds = seconds.min(begun.elapsed().as_secs_f64());
        }
        let said = found
            .iter()
            .map(|neighbors| vote(neighbors, &self.train_labels, CLASSES.len()));
        let right = said
            .zip(&self.test_labels)
            .filter(|(said, label)| said == *label);
        Votes {
            hits: right.count(),
            queries: self.test_labels.len(),
            seconds,
        }
    }
}

fn labels(samples: &Samples) -> Vec<usize> {
    let label = |row| {
        samples
            .label(row)
            .expect("every row of the table has its class")
    };
    (0..samples.len()).map(label).collect()
}

fn mean_of(values: &[f32]) -> f64 {
    values.iter().copied().map(f64::from).sum::<f64>() / values.len() as f64
}

pub fn map_section(results: &Results) -> Result<Section, Error> {
    let median = |case: &str, measure: &str| results.spread(case, measure).median();
    let is_better = |case: &&str| median(case, "accuracy") >= median(case, "PCA accuracy");
    let seen = |case: &&str| {
        format!(
            "{case} numbers: {} % of the test rows have the class that their {VOTERS} nearest training rows vote for ({} % on as many \
             principal components), silhouette {} ({})",
            number(100.0 * median(case, "accuracy"), 1),
            number(100.0 * median(case, "PCA accuracy"), 1),
            number(median(case, "silhouette"), 3),
            number(median(case, "PCA silhouette"), 3)
        )
    };
    let mut figures = Vec::new();
    let mut animations = Vec::new();
    if let Some(codes) = Codes::of(results, "2") {
        let about = "the codes of the test rows, first seed".to_owned();
        figures.push(("s26-codes-2d".to_owned(), about, codes.plane([0, 1])));
    }
    if let Some(codes) = Codes::of(results, "3") {
        let about = "two projections of the codes of the test rows, first seed".to_owned();
        let [front, side] = [codes.plane([0, 1]), codes.plane([0, 2])];
        let title = "Landsat classes in three numbers (S26)";
        let both = compose(title, None, &[vec![&front, &side]]);
        figures.push(("s26-codes-3d".to_owned(), about, both));
        animations.push(Animation {
            stem: "s26-codes-turning".to_owned(),
            about: "the same codes, turning about z3".to_owned(),
            frames: codes.turning(),
            pace: Pace {
                frames_per_second: FRAMES_PER_SECOND,
                rests: false,
            },
        });
    }
    Ok(Section {
        claims: vec![Claim {
            text: "Two and three numbers of a sparse autoencoder show the classes apart, no worse than as many principal components."
                .to_owned(),
            seen: DIMENSIONS.iter().map(seen).collect::<Vec<_>>().join("; "),
            holds: DIMENSIONS.iter().all(is_better),
        }],
        tables: vec![map_table(results)],
        figures,
        animations,
    })
}

fn map_table(results: &Results) -> Table {
    let row = |(case, prefix, what): (&str, &str, String)| {
        let text = |measure: &str, digits| {
            let spread = results.spread(case, &format!("{prefix}{measure}"));
            spread.text(digits)
        };
        vec![
            what,
            text("error", 4),
            text("silhouette", 3),
            text("accuracy", 4),
        ]
    };
    let rows = DIMENSIONS.iter().flat_map(|case| {
        [
            (*case, "", format!("code of {case}")),
            (*case, "PCA ", format!("PCA of {case}")),
        ]
    });
    Table {
        title: "Test rows; accuracy is that of the vote of the 5 nearest training rows".to_owned(),
        columns: ["", "squared error a row", "silhouette", "accuracy"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.map(row).collect(),
    }
}

/// The codes of the test rows of a case, first seed.
struct Codes {
    rows: Vec<Vec<f64>>,
    classes: Vec<usize>,
}

impl Codes {
    fn of(results: &Results, case: &str) -> Option<Self> {
        let outcome = results.first(case)?;
        let latent: usize = case.parse().ok()?;
        let rows = outcome.list("codes").chunks_exact(latent);
        Some(Self {
            rows: rows.map(<[f64]>::to_vec).collect(),
            classes: outcome
                .list("classes")
                .iter()
                .map(|class| *class as usize)
                .collect(),
        })
    }

    fn points(&self, place: impl Fn(&[f64]) -> (f64, f64)) -> Vec<Point> {
        let pairs = self.rows.iter().zip(&self.classes);
        let point = |(row, class): (&Vec<f64>, &usize)| {
            let (x, y) = place(row);
            Point {
                x,
                y,
                class: Some(*class),
                label: None,
            }
        };
        pairs.map(point).collect()
    }

    /// The codes seen along an axis.
    fn plane(&self, axes: [usize; 2]) -> Figure {
        let [x, y] = axes;
        let title = match self.rows[0].len() {
            2 => "Landsat classes in two numbers (S26)",
            _ => "",
        };
        scatter(&Scatter {
            title: title.to_owned(),
            x_label: format!("z{}", x + 1),
            y_label: format!("z{}", y + 1),
            points: self.points(|row| (row[x], row[y])),
            classes: CLASSES.map(str::to_owned).to_vec(),
            ..Scatter::default()
        })
    }

    /// One turn about the third axis, seen from a little above.
    fn turning(&self) -> Vec<Figure> {
        let middle: Vec<f64> = (0..3)
            .map(|axis| {
                let values = self.rows.iter().map(|row| row[axis]);
                let (low, high) = values
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
                        (low.min(x), high.max(x))
                    });
                f64::midpoint(low, high)
            })
            .collect();
        let off = |row: &[f64]| [0, 1, 2].map(|axis| row[axis] - middle[axis]);
        let radius = self.rows.iter().map(|row| {
            let [x, y, z] = off(row);
            (x * x + y * y + z * z).sqrt()
        });
        let radius = 1.04 * radius.fold(f64::MIN_POSITIVE, f64::max);
        let frame = |index: usize| {
            let share = index as f64 / FRAMES as f64;
            let (sine, cosine) = (2.0 * std::f64::consts::PI * share).sin_cos();
            scatter(&Scatter {
                title: "Landsat classes in three numbers, turning about z3 (S26)".to_owned(),
                x_label: format!("z1 and z2 turned by {:.0}°", 360.0 * share),
                y_label: "z3, seen from a little above".to_owned(),
                points: self.points(|row| {
                    let [x, y, z] = off(row);
                    let depth = x * sine + y * cosine;
                    (x * cosine - y * sine, z * TILT.cos() + depth * TILT.sin())
                }),
                classes: CLASSES.map(str::to_owned).to_vec(),
                range: Some([(-radius, radius); 2]),
                ..Scatter::default()
            })
        };
        (0..FRAMES).map(frame).collect()
    }
}

/// The spaces in which neighbours are searched.
const SPACES: [(&str, &str); 3] = [
    ("raw", "36 columns"),
    ("codes", "code"),
    ("PCA", "principal components"),
];

pub fn neighbours_section(results: &Results) -> Result<Section, Error> {
    let median = |case: &str, measure: &str| results.spread(case, measure).median();
    let wide = WIDTHS[WIDTHS.len() - 1];
    let interval = |space: &str| {
        // That of one search, whose rows are the same for all seeds: seeds are no new rows.
        let count = median(wide, "queries");
        wilson(median(wide, &format!("{space} accuracy")) * count, count)
    };
    let told = |space: &str| {
        let (low, high) = interval(space);
        format!(
            "{} % ({} to {} %) in {} ms",
            number(100.0 * median(wide, &format!("{space} accuracy")), 1),
            number(100.0 * low, 1),
            number(100.0 * high, 1),
            number(median(wide, &format!("{space} ms")), 1)
        )
    };
    let is_as_good = interval("codes").1 >= interval("raw").0;
    let groups: Vec<String> = WIDTHS
        .iter()
        .map(|width| format!("of {width} numbers"))
        .collect();
    let bar = |case: &str, space: &str| {
        let accuracy = results.spread(case, &format!("{space} accuracy"));
        let count = median(case, "queries");
        let (low, high) = wilson(accuracy.median() * count, count);
        Bar {
            value: accuracy.median(),
            low: Some(low),
            high: Some(high),
            runs: accuracy.values.clone(),
            reference: None,
        }
    };
    let figure = bars(&Bars {
        title: "Classes by the vote of the 5 nearest (S31)".to_owned(),
        y_label: "accuracy on the test rows".to_owned(),
        groups,
        series: SPACES
            .iter()
            .map(|(space, what)| BarSeries {
                name: (*what).to_owned(),
                bars: WIDTHS.iter().map(|case| bar(case, space)).collect(),
            })
            .collect(),
        interval_name: "95 % interval (Wilson) of the median".to_owned(),
        ..Bars::default()
    });
    Ok(Section {
        claims: vec![Claim {
            text: "Neighbours found among codes classify as well as those found among the columns (AEkNN).".to_owned(),
            seen: format!("codes of {wide}: {}; columns: {}; as many principal components: {}", told("codes"), told("raw"), told("PCA")),
            holds: is_as_good,
        }],
        tables: vec![neighbours_table(results)],
        figures: vec![(
            "s31-accuracy".to_owned(),
            "accuracy of the vote of the 5 nearest training rows, medians over the seeds".to_owned(),
            figure,
        )],
        ..Section::default()
    })
}

fn neighbours_table(results: &Results) -> Table {
    let rows = WIDTHS.iter().flat_map(|case| {
        SPACES.iter().map(move |(space, what)| {
            let spread = |measure: &str| results.spread(case, &format!("{space} {measure}"));
            let count = results.spread(case, "queries").median();
            let (low, high) = wilson(spread("accuracy").median() * count, count);
            vec![
                format!("{what}, beside codes of {case}"),
                spread("accuracy").text(4),
                format!("{} to {}", number(low, 4), number(high, 4)),
                spread("ms").text(1),
            ]
        })
    });
    Table {
        title: "The fastest of 3 searches for the 5 nearest of 4,435 rows to each of 2,000, on all threads".to_owned(),
        columns: ["searched", "accuracy", "95 % interval of the median", "ms"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
    }
}
