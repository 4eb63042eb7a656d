//! Document 004, exercises 8 and 9 (S34, S35): digits by small dense and convolutional nets, with their pixels in place and permuted.

use espejo_pictures::{Curves, Panel, Series, curves};
use espejo_train::{Error, Event, RunConfig, wilson};

use crate::lab::configured;
use crate::row::{Claim, Job, Outcome, Results, Scale, Section, Table};
use crate::rows::show::curve_over;
use crate::rows::trained::{DEVICE, trained};
use crate::statistics::number;

/// The two nets of both exercises.
const NETS: [&str; 2] = ["dense", "conv"];
/// Epochs of a quick run.
const QUICK_EPOCHS: usize = 2;

/// What the cases of S35 have behind the name of the net, so that both rows can be read together.
const PERMUTED: &str = ", permuted";

pub fn jobs(scale: &Scale) -> Vec<Job> {
    jobs_of(scale, "")
}

pub fn permuted_jobs(scale: &Scale) -> Vec<Job> {
    jobs_of(scale, PERMUTED)
}

fn jobs_of(scale: &Scale, suffix: &str) -> Vec<Job> {
    let mut jobs = scale.each([format!("{}{suffix}", NETS[0])], 40.0);
    jobs.extend(scale.each([format!("{}{suffix}", NETS[1])], 90.0));
    jobs
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let preset = match job.case.strip_suffix(PERMUTED) {
        Some(net) => format!("s35-{net}"),
        None => format!("s34-{}", job.case),
    };
    let mut config = configured(&preset, &[format!("train.seed={}", job.seed)])?;
    if job.scale.quick {
        config.train.epochs = QUICK_EPOCHS;
    }
    classified(config)
}

/// Trains a classifier and measures it, epoch by epoch and in the end.
pub fn classified(config: RunConfig) -> Result<Outcome, Error> {
    let _alone = DEVICE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut epochs: Vec<[f64; 5]> = Vec::new();
    let ended = trained(config, &mut |event| {
        let Event::Epoch { report, .. } = event else {
            return;
        };
        let term = |name: &str| {
            let found = report.terms.iter().find(|(found, _)| found == name);
            found.map_or(f64::NAN, |(_, value)| *value)
        };
        let Some((test, _)) = &report.test else {
            return;
        };
        let test = |name: &str| test.get(name).unwrap_or(f64::NAN);
        epochs.push([
            report.epoch as f64,
            term("accuracy"),
            test("accuracy"),
            term("cross_entropy"),
            test("cross_entropy"),
        ]);
    })?;
    let results = ended.results.as_ref().expect("nobody stopped it");
    let test = |name: &str| results.test.get(name).unwrap_or(f64::NAN);
    let learned = results.train.get("accuracy").unwrap_or(f64::NAN);
    let baseline = |key: &str| results.baseline(key, "accuracy").unwrap_or(f64::NAN);
    let (samples, model) = (ended.report.data.test as f64, &ended.report.model);
    let column = |place: usize| epochs.iter().map(move |row| row[place]);
    Ok(Outcome::default()
        .with("accuracy", test("accuracy"))
        .with("accuracy of what was learned", learned)
        .with("cross-entropy", test("cross_entropy"))
        .with("calibration error", test("calibration_error"))
        .with("largest class", baseline("majority"))
        .with("linear", baseline("linear"))
        .with("nearest", baseline("nearest"))
        .with("naive Bayes", baseline("naive_bayes"))
        .with("parameters", model.parameters as f64)
        .with("non-trainable", model.non_trainable as f64)
        .with("samples", samples)
        .with_list("epoch", column(0))
        .with_list("train accuracy", column(1))
        .with_list("test accuracy", column(2))
        .with_list("train loss", column(3))
        .with_list("test loss", column(4)))
}

pub fn section_in_place(results: &Results) -> Result<Section, Error> {
    let [dense, conv] = NETS.map(|net| results.spread(net, "accuracy").median());
    let claim = Claim {
        text: "The convolutional net is the better one on digits whose pixels are in place."
            .to_owned(),
        seen: format!(
            "median test accuracy {} dense, {} convolutional",
            number(dense, 4),
            number(conv, 4)
        ),
        holds: conv > dense,
    };
    let nets = NETS.map(|net| (net.to_owned(), net));
    section("S34", results, &nets, vec![claim])
}

pub fn section_permuted(results: &Results) -> Result<Section, Error> {
    let of = |net: &str, suffix: &str| {
        results
            .spread(&format!("{net}{suffix}"), "accuracy")
            .median()
    };
    let lost = |net: &str| of(net, "") - of(net, PERMUTED);
    let claim = Claim {
        text: "A fixed permutation of the pixels costs the dense net nothing, and takes from the convolutional one what it knew of \
               neighbours."
            .to_owned(),
        seen: format!(
            "the dense net loses {} of its accuracy, the convolutional one {}",
            number(lost("dense"), 4),
            number(lost("conv"), 4)
        ),
        holds: lost("conv") > lost("dense") && lost("dense") < 0.01,
    };
    let nets = NETS.map(|net| (format!("{net}{PERMUTED}"), net));
    section("S35", results, &nets, vec![claim])
}

/// Curves and a table of classifiers: the case of each, and what it is called.
pub fn section(
    id: &str,
    results: &Results,
    nets: &[(String, &str)],
    claims: Vec<Claim>,
) -> Result<Section, Error> {
    let panel = |what: &str, train: &str, test: &str| Panel {
        y_label: what.to_owned(),
        series: nets
            .iter()
            .flat_map(|(case, net)| {
                let dashed = Series {
                    dashed: true,
                    band: Vec::new(),
                    ..curve_over(results, case, "epoch", train, &format!("{net}, training"))
                };
                [
                    dashed,
                    curve_over(results, case, "epoch", test, &format!("{net}, test")),
                ]
            })
            .collect(),
        ..Panel::default()
    };
    let figure = curves(&Curves {
        title: format!("Accuracy and cross-entropy by epoch ({id})"),
        x_label: "epoch".to_owned(),
        panels: vec![
            panel("accuracy", "train accuracy", "test accuracy"),
            panel("cross-entropy, nats per sample", "train loss", "test loss"),
        ],
        ..Curves::default()
    });
    let rows = nets.iter().map(|(case, net)| row(results, net, case));
    let columns = [
        "net",
        "parameters",
        "non-trainable",
        "test accuracy",
        "95 % interval",
        "cross-entropy",
        "calibration error",
        "linear",
        "nearest",
        "largest class",
    ];
    Ok(Section {
        claims,
        tables: vec![Table {
            title: "Test accuracy, median (least to greatest) over the seeds; the interval is Wilson's over all seeds' test samples; \
                    training curves are means over an epoch while the weights change"
                .to_owned(),
            columns: columns.map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }],
        figures: vec![(
            format!("{}-curves", id.to_lowercase()),
            "accuracy and cross-entropy of both nets, median and range over the seeds".to_owned(),
            figure,
        )],
        ..Section::default()
    })
}

fn row(results: &Results, net: &str, case: &str) -> Vec<String> {
    let spread = |measure: &str| results.spread(case, measure);
    let count = results.of(case).map(|run| run.get("samples")).sum::<f64>();
    let right = results
        .of(case)
        .map(|run| run.get("samples") * run.get("accuracy"))
        .sum::<f64>();
    let (low, high) = wilson(right, count);
    vec![
        net.to_owned(),
        number(spread("parameters").median(), 0),
        number(spread("non-trainable").median(), 0),
        spread("accuracy").text(4),
        format!("{} to {}", number(low, 4), number(high, 4)),
        spread("cross-entropy").text(3),
        spread("calibration error").text(4),
        spread("linear").text(3),
        spread("nearest").text(3),
        spread("largest class").text(3),
    ]
}
