//! The sentence of each finding, as a person reads it.

use super::*;
use crate::config::{ModelKind, ScheduleKind};
use crate::metrics::Measure;

/// A run whose numbers are made up.
struct Made {
    config: RunConfig,
    metrics: Metrics,
    baselines: Vec<Baseline>,
    classes: Vec<ClassReport>,
    course: Course,
    held_out: bool,
    code: Option<CodeUse>,
    layers: Vec<LayerUse>,
    outputs: Option<Spread>,
    runaway: Option<divergence::Runaway>,
    steps: usize,
    ended: Option<&'static str>,
}

fn measures(pairs: &[(&str, f64)]) -> Vec<Measure> {
    let measures = pairs.iter();
    measures
        .map(|(name, value)| Measure::new(name, *value))
        .collect()
}

fn baseline(key: &str, pairs: &[(&str, f64)]) -> Baseline {
    Baseline {
        key: key.to_owned(),
        measures: measures(pairs),
    }
}

/// The course of a training: the losses of each epoch, of training and test alike.
fn course(epochs: usize, loss: impl Fn(f64) -> f64) -> Course {
    let rows = (1..=epochs).map(|epoch| {
        let loss = loss(epoch as f64);
        format!("{epoch},{loss},{loss},{loss}\n")
    });
    let header = "epoch,train_loss,train_reconstruction,test_loss\n".to_owned();
    Course::parse(&(header + &rows.collect::<String>()))
}

impl Made {
    /// An autoencoder of this squared error where the mean has 200 and PCA-2 has 114, trained until nothing changes any more.
    fn of(error: f64) -> Self {
        Self {
            config: RunConfig::default(),
            metrics: Metrics {
                measures: measures(&[("squared_error", error)]),
                ..Metrics::default()
            },
            baselines: vec![
                baseline("mean_image", &[("squared_error", 200.0)]),
                baseline("pca", &[("components", 2.0), ("squared_error", 114.0)]),
            ],
            classes: Vec::new(),
            course: course(100, |_| 60.0),
            held_out: false,
            code: None,
            layers: Vec::new(),
            outputs: None,
            runaway: None,
            steps: 100,
            ended: None,
        }
    }

    fn findings(&self) -> Vec<Finding> {
        judge(&Facts {
            config: &self.config,
            sample: "image",
            values: 35,
            is_image: true,
            held_out: self.held_out,
            steps: Some(self.steps),
            ended: self.ended,
            metrics: &self.metrics,
            baselines: &self.baselines,
            classes: &self.classes,
            course: &self.course,
            code: self.code.clone(),
            layers: self.layers.clone(),
            outputs: self.outputs,
            runaway: self.runaway,
        })
    }
}

#[track_caller]
fn check(made: &Made, expected: &[&str]) {
    assert_eq!(verdict(&made.findings()), expected);
}

#[test]
fn better_than_principal_components() {
    let expected = "better than PCA-2 (squared error 57.0 against 114, 50 % less) and than the mean image (200, 72 % less)";
    check(&Made::of(57.0), &[expected]);
    let expected = "as good as PCA-2 (squared error 115 against 114, under 1 % more), better than the mean image (200, 43 % less)";
    check(&Made::of(115.0), &[expected]);
}

#[test]
fn worse_than_principal_components_without_a_cause() {
    let expected = "worse than PCA-2 (squared error 133 against 114, 17 % more), try `--layers 50`";
    check(&Made::of(133.0), &[expected]);
}

#[test]
fn worse_than_principal_components_and_still_falling() {
    let mut made = Made::of(133.0);
    made.config.train.epochs = 100;
    made.course = course(100, |epoch| 300.0 - epoch);
    let expected = "worse than PCA-2 (squared error 133 against 114, 17 % more): the training loss was still falling (204, and by about 49 % in as many epochs again), try `--epochs 300`";
    check(&made, &[expected]);
    // What was ended by its own rule is not to be longer.
    made.ended = Some("test loss 1 reached the target 2");
    assert!(
        made.findings()
            .iter()
            .all(|finding| finding.name != "still-falling")
    );
}

#[test]
fn too_few_steps_are_counted() {
    let mut made = Made::of(133.0);
    made.config.train.epochs = 20;
    (made.steps, made.course) = (2, course(20, |epoch| 300.0 - 10.0 * epoch));
    let expected = "worse than PCA-2 (squared error 133 against 114, 17 % more): only 40 steps of the optimizer (20 epochs of 2), try `--epochs 1000`";
    check(&made, &[expected]);
    // A loss that is flat by then needs no more, unless its learning rate went down to nothing.
    made.course = course(20, |_| 60.0);
    assert!(
        made.findings()
            .iter()
            .all(|finding| finding.name != "too-few-steps")
    );
    made.config.train.schedule = ScheduleKind::Cosine;
    check(&made, &[expected]);
}

#[test]
fn no_better_than_the_mean() {
    let mut made = Made::of(199.0);
    made.baselines.pop();
    let expected = "no better than the mean image (squared error 199 against 200)";
    check(&made, &[&format!("{expected}, try `--layers 50`")]);
    made.outputs = Some(Spread {
        outputs: 1e-5,
        targets: 200.0,
    });
    let because = "the reconstructions are the same for every image, try `--lr 0.0001`";
    made.code = Some(CodeUse {
        samples: 32,
        deviations: vec![1.0],
        ..CodeUse::default()
    });
    check(&made, &[&format!("{expected}: {because}")]);
    let mut made = Made::of(50.0);
    made.baselines.pop();
    let expected = "better than the mean image (squared error 50.0 against 200, 75 % less)";
    check(&made, &[expected]);
}

#[test]
fn a_run_that_ran_away_has_one_finding() {
    let mut made = Made::of(300.0);
    made.config.train.learning_rate = 1e9;
    made.runaway = Some(divergence::Runaway {
        epoch: 20.0,
        last: 9.46e9,
        mean: 21.5,
        first_weights: 24.3,
    });
    let expected = "diverged: at epoch 20 the error is 9.46e9, 4.40e8 times that of the mean; no epoch was better than the mean, try `--lr 0.001`";
    check(&made, &[expected]);
    assert!(made.findings()[0].is_error());
    // Where the first weights were as bad, it is no divergence.
    made.runaway = Some(divergence::Runaway {
        epoch: 20.0,
        last: 300.0,
        mean: 21.5,
        first_weights: 290.0,
    });
    assert!(
        made.findings()
            .iter()
            .all(|finding| finding.name != "diverged")
    );
}

#[test]
fn a_loss_that_is_no_number_is_named() {
    let error = Error::Diverged {
        epoch: 7,
        term: "kl".into(),
        value: f64::INFINITY,
        run: "runs/a".into(),
        double: false,
    };
    let findings = lost(&error, &RunConfig::default());
    assert_eq!(
        verdict(&findings),
        ["diverged: epoch 7: `kl` is inf, try `--lr 0.0001`"]
    );
}

#[test]
fn overfitted_since_the_best_epoch() {
    let mut made = Made::of(57.0);
    let rows = (1..=100).map(|epoch| {
        let (train, test) = (
            100.0 / f64::from(epoch),
            10.0 + f64::from((epoch - 20_i32).abs()),
        );
        format!("{epoch},{train},{train},{test}\n")
    });
    let header = "epoch,train_loss,train_reconstruction,test_loss\n".to_owned();
    made.course = Course::parse(&(header + &rows.collect::<String>()));
    made.held_out = true;
    let better = "better than PCA-2 (squared error 57.0 against 114, 50 % less) and than the mean image (200, 72 % less)";
    let expected = "overfitted since epoch 20: the test loss rose from 10.0 to 85.5 while the training loss fell; the weights of epoch 20 are kept";
    check(&made, &[better, &format!("{expected}, try `--layers 12`")]);
    made.ended = Some("no better test loss in 20 evaluations since epoch 20");
    check(&made, &[better]);
}

/// Codes of 32 letters.
fn code(deviations: &[f64], nats: Option<&[f64]>) -> Option<CodeUse> {
    Some(CodeUse {
        samples: 32,
        deviations: deviations.to_vec(),
        nats: nats.map(<[f64]>::to_vec),
        ..CodeUse::default()
    })
}

/// The second sentence of a run that is better than PCA.
#[track_caller]
fn check_second(made: &Made, expected: &str) {
    let lines = verdict(&made.findings());
    assert_eq!(
        lines.get(1).map(String::as_str),
        Some(expected),
        "{lines:?}"
    );
}

#[test]
fn dimensions_without_use() {
    let mut made = Made::of(57.0);
    made.code = code(&[1.0, 0.0, 1.0, 0.0], None);
    check_second(
        &made,
        "z2, z4 of 4 dimensions are unused (constant over the samples), try `--latent 2`",
    );
    made.config.model.kind = ModelKind::Vae;
    made.code = code(&[1.0, 0.01], Some(&[2.5, 0.001]));
    check_second(
        &made,
        "z2 of 2 dimensions is unused (KL divergence 0.0010 nats at most), try `--beta 0.1`",
    );
    made.code = code(&[1.0; 8], Some(&[2.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.001]));
    check_second(
        &made,
        "z4, z5, z6, z7, z8 of 8 dimensions are unused (KL divergence 0.0010 nats at most), try `--latent 3`",
    );
    // One of many is no fault.
    made.code = code(&[1.0; 8], Some(&[2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.001]));
    assert!(!made.findings()[1].is_bad());
}

#[test]
fn a_posterior_that_says_nothing_and_a_code_that_is_constant() {
    let mut made = Made::of(57.0);
    made.code = code(&[0.0, 0.0], Some(&[0.01, 0.02]));
    made.config.objective.beta = 20.0;
    check_second(
        &made,
        "posterior collapse: the code tells nothing of any image (KL divergence 0.0300 nats in all), try `--beta 2`",
    );
    made.code = code(&[0.0, 0.0], None);
    check_second(
        &made,
        "the code is constant: it is the same for every sample, try `--lr 0.0001`",
    );
}

#[test]
fn codes_that_coincide_repeat_or_lie_at_their_ends() {
    let mut made = Made::of(57.0);
    let with = |change: &dyn Fn(&mut CodeUse)| {
        let mut code = code(&[1.0, 1.0, 1.0], None).expect("a code");
        change(&mut code);
        Some(code)
    };
    made.code = with(&|code| code.coinciding = 5);
    check_second(
        &made,
        "different samples have the same code: 5 of 32 images, try `--latent 6`",
    );
    made.code = with(&|code| code.twins = vec![(0, 2)]);
    check_second(
        &made,
        "dimensions z1 and z3 say the same (correlation ±1), try `--latent 2`",
    );
    made.code = with(&|code| code.at_ends = Some(0.97));
    check_second(
        &made,
        "the code is saturated: 97 % of its values are at the ends of its activation's range, try `--set model.latent_activation=linear`",
    );
}

#[test]
fn units_that_do_nothing() {
    let mut made = Made::of(57.0);
    let layer = |dead, saturated| LayerUse {
        name: "encoder layer 1".into(),
        units: 25,
        dead,
        saturated,
    };
    // A net that beats the baselines without them is told so, and not warned.
    for (error, is_bad) in [(57.0, false), (133.0, true)] {
        let mut made = Made::of(error);
        made.layers = vec![layer(20, 0.0)];
        let found = made.findings();
        let dead = found.iter().find(|finding| finding.name == "dead-units");
        let dead = dead.expect("they are found");
        assert_eq!(
            dead.message,
            "20 of 25 units of encoder layer 1 are dead: 0 for every image"
        );
        assert_eq!(dead.advice.as_deref(), Some("--activation leaky-relu"));
        assert_eq!(dead.is_bad(), is_bad, "{error}");
    }
    made.layers = vec![layer(0, 0.98)];
    check_second(
        &made,
        "encoder layer 1 is saturated: 98 % of its values are at the ends of its activation's range, try `--lr 0.0001`",
    );
}

#[test]
fn a_term_that_swamps_the_others() {
    let mut made = Made::of(57.0);
    made.config.objective.contractive = 10.0;
    let course =
        "epoch,train_loss,train_reconstruction,train_contractive\n1,1,60,50\n100,1,60,30\n";
    made.course = Course::parse(course);
    made.ended = Some("as it should");
    let expected = "the term `contractive` swamps the others: with its weight of 10 it is 5.00 times `reconstruction`";
    check_second(
        &made,
        &format!("{expected}, try `--set objective.contractive=0.2`"),
    );
}

#[test]
fn a_denoiser_beside_its_input_and_simpler_rules() {
    let mut made = Made::of(57.0);
    made.baselines
        .push(baseline("identity", &[("squared_error", 50.0)]));
    made.code = code(&[1.0, 1.0], None);
    check_second(
        &made,
        "removes no noise: the noisy input itself is as close to the clean image (squared error 50.0 against 57.0), try `--latent 4`",
    );
    made.baselines.pop();
    made.baselines
        .push(baseline("nearest", &[("squared_error", 5.0)]));
    let found = &made.findings()[1];
    assert_eq!(
        found.message,
        "a simpler rule is better here: nearest image (squared error 5.00 against 57.0)"
    );
    assert!(!found.is_bad());
}

fn classifier(accuracy: f64, low: f64, high: f64) -> Made {
    let mut made = Made::of(0.0);
    made.metrics = Metrics {
        terms: vec![("cross_entropy".into(), 0.5), ("accuracy".into(), accuracy)],
        measures: measures(&[("accuracy_low", low), ("accuracy_high", high)]),
        ..Metrics::default()
    };
    made.baselines = vec![
        baseline("majority", &[("accuracy", 0.4), ("cross_entropy", 1.5)]),
        baseline("linear", &[("accuracy", 0.8), ("cross_entropy", 0.6)]),
    ];
    made.config.train.epochs = 100;
    made
}

#[test]
fn a_classifier_beside_a_linear_model_and_the_largest_class() {
    check(
        &classifier(0.9, 0.87, 0.93),
        &[
            "better than a linear model (accuracy 0.900 against 0.800) and than the largest class (0.400)",
        ],
    );
    check(
        &classifier(0.82, 0.77, 0.86),
        &[
            "about as good as a linear model (accuracy 0.820 against 0.800), better than the largest class (0.400)",
        ],
    );
    check(
        &classifier(0.7, 0.65, 0.75),
        &["worse than a linear model (accuracy 0.700 against 0.800), try `--epochs 300`"],
    );
    check(
        &classifier(0.41, 0.36, 0.46),
        &[
            "no better than always naming the largest class (accuracy 0.410 against 0.400), try `--epochs 300`",
        ],
    );
    let mut made = classifier(0.9, 0.87, 0.93);
    made.classes = vec![ClassReport {
        name: "bag".into(),
        samples: 9,
        recall: Some(0.0),
        precision: None,
    }];
    check_second(&made, "class never predicted: bag, try `--epochs 300`");
}

#[test]
fn a_regressor_beside_a_linear_model_and_the_mean() {
    let regressor = |rmse: f64| {
        let mut made = classifier(0.0, 0.0, 0.0);
        made.metrics = Metrics {
            measures: measures(&[("rmse", rmse)]),
            ..Metrics::default()
        };
        made.baselines = vec![
            baseline("mean", &[("rmse", 9.0)]),
            baseline("linear", &[("rmse", 5.0)]),
        ];
        made
    };
    check(
        &regressor(3.0),
        &[
            "better than a linear model (root mean squared error 3.00 against 5.00, 40 % less) and than the mean (9.00)",
        ],
    );
    check(
        &regressor(6.0),
        &[
            "worse than a linear model (root mean squared error 6.00 against 5.00, 20 % more), try `--epochs 300`",
        ],
    );
    check(
        &regressor(9.1),
        &[
            "no better than the mean of the target (root mean squared error 9.10 against 9.00), try `--epochs 300`",
        ],
    );
}

#[test]
fn a_verdict_has_two_sentences_and_names_the_others() {
    let mut made = Made::of(133.0);
    made.layers = vec![LayerUse {
        name: "decoder layer 1".into(),
        units: 10,
        dead: 9,
        saturated: 0.95,
    }];
    made.code = code(&[1.0, 0.0], None);
    let lines = verdict(&made.findings());
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].starts_with("worse than PCA-2 (") && lines[0].contains("): z2 of 2"),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("9 of 10 units"), "{lines:?}");
    assert_eq!(lines[2], "see `run.json` for: saturated-units");
    assert_eq!(verdict(&[]), [] as [&str; 0]);
}

#[test]
fn a_finding_is_read_as_it_was_written() {
    let finding = Finding::warning("still-falling", "falls".into()).number("loss", 1.5);
    let finding = finding.advise("--epochs 3".to_owned());
    let text = serde_json::to_value(&finding).expect("plain values");
    let expected = serde_json::json!({
        "name": "still-falling", "severity": "warning", "message": "falls", "try": "--epochs 3", "numbers": { "loss": 1.5 }
    });
    assert_eq!(text, expected);
    assert_eq!(
        serde_json::from_value::<Finding>(text).expect("it reads"),
        finding
    );
}
