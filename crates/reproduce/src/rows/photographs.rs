//! Document 004, exercise 10 (S36): the hundred classes of CIFAR-100 by an AlexNet and a VGG16 for small images, augmented.

use espejo_train::Error;

use crate::lab::configured;
use crate::row::{Claim, Job, Outcome, Results, Scale, Section};
use crate::rows::supervised::{classified, section as of_classifiers};
use crate::statistics::number;

/// The nets, as their presets are called.
const NETS: [&str; 2] = ["alexnet", "vgg"];
/// Epochs and images of a quick run.
const QUICK_EPOCHS: usize = 2;
const QUICK_IMAGES: usize = 500;
/// A difference of accuracies that is none.
const NOTHING: f64 = 1e-3;
/// Seconds of a training on two cores, about.
const SECONDS: f64 = 15_000.0;

pub fn jobs(scale: &Scale) -> Vec<Job> {
    scale.each(NETS, SECONDS)
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let seed = format!("train.seed={}", job.seed);
    let mut config = configured(&format!("s36-{}", job.case), &[seed])?;
    if job.scale.quick {
        config.train.epochs = QUICK_EPOCHS;
        config.data.limit = Some(QUICK_IMAGES);
    }
    classified(config)
}

pub fn section(results: &Results) -> Result<Section, Error> {
    let median = |measure: &str| NETS.map(|net| results.spread(net, measure).median());
    let (test, learned) = (median("accuracy"), median("accuracy of what was learned"));
    let gap = [0, 1].map(|net| learned[net] - test[net]);
    let better = Claim {
        text: "The AlexNet gets better results than the VGG16.".to_owned(),
        seen: format!(
            "median test accuracy {} and {}",
            number(test[0], 3),
            number(test[1], 3)
        ),
        holds: test[0] > test[1],
    };
    let overfits = Claim {
        text: "The AlexNet overfits more than the VGG16.".to_owned(),
        seen: format!(
            "accuracy on the images that were learned, as they are, above that on the others: {} and {}",
            number(gap[0], 3),
            number(gap[1], 3)
        ),
        holds: gap[0] - gap[1] > NOTHING,
    };
    let nets = [("alexnet", "AlexNet"), ("vgg", "VGG16")];
    let nets = nets.map(|(case, name)| (case.to_owned(), name));
    of_classifiers("S36", results, &nets, vec![better, overfits])
}
