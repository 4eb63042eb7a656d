//! Scores of samples: sums of their shares, the same wherever a sample stands, and bounds that are bounds.

use std::sync::atomic::AtomicBool;

use espejo_train::config::{ModelConfig, ModelKind, RunConfig, TrainConfig};
use espejo_train::{
    Folder, Outcome, ScoreKind, ScoreRule, device, fit, prepare, squared_error, unit_rows,
};

/// Calls `test` with each CPU backend of the build.
fn on_each_backend(test: impl Fn(&str)) {
    let backends = device::backends().into_iter();
    backends
        .filter(|name| ["flex", "ndarray"].contains(name))
        .for_each(test);
}

/// The letters through a small net, some epochs long.
fn trained(kind: ModelKind, conv: Option<&str>, backend: &str) -> Outcome {
    let mut config = RunConfig {
        model: ModelConfig {
            kind,
            layers: vec![espejo_nets::DenseStep::Size(8)],
            ..ModelConfig::default()
        },
        train: TrainConfig {
            epochs: 20,
            learning_rate: 0.01,
            device: backend.to_owned(),
            ..TrainConfig::default()
        },
        ..RunConfig::default()
    };
    if let Some(conv) = conv {
        config.model.layers = Vec::new();
        config.model.conv = Some(conv.to_owned());
        config.model.batch_norm = true;
    }
    let out = tempfile::tempdir().expect("a folder");
    let prepared = prepare(config).expect("it can be trained");
    let folder = Folder::create(out.path(), Some("run"), &prepared.config).expect("a run");
    let stop = AtomicBool::new(false);
    fit(&prepared, &folder, "test", &stop, &mut |_| ()).expect("it is trained")
}

fn rule(kind: ScoreKind) -> ScoreRule {
    ScoreRule {
        kind,
        draws: 8,
        seed: 3,
    }
}

#[test]
fn the_squared_error_is_that_of_the_reconstruction() {
    on_each_backend(|backend| {
        let run = trained(ModelKind::Ae, None, backend).trained;
        let scores = run
            .score(run.test(), rule(ScoreKind::SquaredError), false)
            .expect("scores");
        let rows = unit_rows(run.test()).expect("in memory");
        let outputs = run.reconstruct(&rows).expect("it has a code");
        for ((score, row), output) in scores.values.iter().zip(&rows).zip(&outputs) {
            let error = squared_error(output, row);
            assert!(
                (score - error).abs() <= 1e-5 * (1.0 + error),
                "{score} {error}"
            );
        }
    });
}

#[test]
fn shares_add_up_to_the_score_to_the_bit() {
    on_each_backend(|backend| {
        let run = trained(ModelKind::Vae, None, backend).trained;
        for kind in [
            ScoreKind::SquaredError,
            ScoreKind::Loss,
            ScoreKind::NegativeElbo,
        ] {
            let scores = run.score(run.test(), rule(kind), true).expect("scores");
            let more = if kind == ScoreKind::NegativeElbo {
                run.latent()
            } else {
                0
            };
            for (score, shares) in scores.values.iter().zip(&scores.shares) {
                assert_eq!(shares.len(), 35 + more);
                assert_eq!(shares.iter().sum::<f64>(), *score, "{kind:?}");
            }
        }
        assert!(
            run.score(run.test(), rule(ScoreKind::ImportanceWeighted), true)
                .is_err()
        );
    });
}

/// Alone, backwards and a few at a time: no bit of a score depends on the samples beside it.
#[test]
fn a_score_does_not_depend_on_the_other_samples() {
    on_each_backend(|backend| {
        for (kind, conv) in [
            (ModelKind::Ae, None),
            (ModelKind::Vae, None),
            (ModelKind::Vae, Some("3,2")),
        ] {
            let run = trained(kind, conv, backend).trained;
            let kinds = match kind {
                ModelKind::Vae => &ScoreKind::ALL[..],
                _ => &ScoreKind::ALL[..2],
            };
            for &kind in kinds {
                let score = |places: &[usize]| {
                    let samples = run.test().select(places);
                    run.score(&samples, rule(kind), false)
                        .expect("scores")
                        .values
                };
                let all: Vec<usize> = (0..run.test().len()).collect();
                let together = score(&all);
                let backwards: Vec<usize> = all.iter().rev().copied().collect();
                let mut reversed = score(&backwards);
                reversed.reverse();
                assert_eq!(together, reversed, "{kind:?} {conv:?}");
                for index in [0, 7, 31] {
                    assert_eq!(score(&[index]), [together[index]], "{kind:?} {conv:?}");
                }
            }
        }
    });
}

/// With one draw the importance-weighted bound and the negative evidence lower bound estimate the same; with more draws the mean
/// over samples of the first is lower (Burda, Grosse and Salakhutdinov 2016).
#[test]
fn more_draws_tighten_the_importance_weighted_bound() {
    on_each_backend(|backend| {
        let run = trained(ModelKind::Vae, None, backend).trained;
        let mean = |kind, draws, seed| {
            let rule = ScoreRule { kind, draws, seed };
            let scores = run.score(run.test(), rule, false).expect("scores").values;
            scores.iter().sum::<f64>() / scores.len() as f64
        };
        let elbo = mean(ScoreKind::NegativeElbo, 2000, 1);
        let tight = mean(ScoreKind::ImportanceWeighted, 2000, 1);
        assert!(tight < elbo, "{tight} {elbo}");
        let ones = (0..200).map(|seed| mean(ScoreKind::ImportanceWeighted, 1, seed));
        let one = ones.sum::<f64>() / 200.0;
        assert!((one - elbo).abs() < 0.05 * elbo, "{one} {elbo}");
    });
}

#[test]
fn bounds_are_for_variational_models_alone() {
    on_each_backend(|backend| {
        let run = trained(ModelKind::Ae, None, backend).trained;
        let error = run.score(run.test(), rule(ScoreKind::NegativeElbo), false);
        assert_eq!(
            error.expect_err("there is no posterior").to_string(),
            "only a `vae` has the bound `elbo`"
        );
    });
}
