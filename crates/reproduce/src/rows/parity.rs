//! Document 004, exercise 2 (S40): XOR and the parity of more bits, by small nets with and without a way around their hidden layer.
//!
//! The document shows curves of the exercises 3, 4 and 6 of an earlier sheet, the last of them with and without a concatenation, and
//! neither their nets nor their data. A net of threshold units needs n of them in one hidden layer for the parity of n bits, and half as
//! many where the bits reach the output as well (M. E. Hohil, D. Liu and S. H. Smith, *Solving the N-bit parity problem using neural
//! networks*, 1999).

use std::sync::PoisonError;

use espejo_pictures::{Curves, Figure, Panel, curves};
use espejo_train::{DenseStep, Error, Event, write_file};

use crate::lab::configured;
use crate::row::{Job, Outcome, Results, Scale, Table};
use crate::rows::show::curve_over;
use crate::rows::trained::{DEVICE, scratch, trained};
use crate::statistics::number;

/// A case: its name, its bits, the hidden units, and whether the bits go around them.
type Case = (&'static str, u32, usize, bool);

const CASES: [Case; 4] = [
    ("XOR, 2 hidden units", 2, 2, false),
    ("XOR, 1 hidden unit, concatenation", 2, 1, true),
    ("parity of 4 bits, 4 hidden units", 4, 4, false),
    (
        "parity of 4 bits, 2 hidden units, concatenation",
        4,
        2,
        true,
    ),
];
/// Nets that are trained from first weights of their own, a job.
const STARTS: u64 = 10;
/// How they are trained: all rows in a step, and measured every tenth epoch.
const SETTINGS: [&str; 7] = [
    "data.target=parity",
    "data.scale=none",
    "model.activation=tanh",
    "train.epochs=1000",
    "train.batch_size=0",
    "train.learning_rate=0.05",
    "train.eval_every=10",
];
const QUICK_STARTS: u64 = 2;

pub fn jobs(scale: &Scale) -> Vec<Job> {
    scale.each(CASES.map(|(name, ..)| name), 10.0)
}

/// Whether a job is one of these.
pub fn has(job: &Job) -> bool {
    case(&job.case).is_some()
}

fn case(name: &str) -> Option<Case> {
    CASES.into_iter().find(|(own, ..)| *own == name)
}

/// All rows of so many bits, -1 or +1, and whether the number of +1 is odd.
fn table(bits: u32) -> String {
    let names = (1..=bits).map(|bit| format!("x{bit},"));
    let mut text = names.collect::<String>() + "parity\n";
    for row in 0..1_u32 << bits {
        let signs = (0..bits).map(|bit| if row >> bit & 1 == 1 { "1," } else { "-1," });
        text.extend(signs);
        text += if row.count_ones() % 2 == 1 {
            "odd\n"
        } else {
            "even\n"
        };
    }
    text
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, bits, hidden, concat) = case(&job.case).expect("one of the cases");
    let folder = scratch()?;
    let path = folder.path().join("parity.csv");
    write_file(&path, table(bits).as_bytes())?;
    let mut layers = vec![DenseStep::Size(hidden)];
    layers.extend(concat.then_some(DenseStep::Concat));
    let starts = if job.scale.quick {
        QUICK_STARTS
    } else {
        STARTS
    };
    let (mut curve, mut solved, mut parameters) = (Vec::new(), 0.0, 0.0);
    for start in 0..starts {
        let mut config = configured("classifier-table", &SETTINGS.map(str::to_owned))?;
        config.data.name = path.to_string_lossy().into_owned();
        config.model.layers = layers.clone();
        config.train.seed = 1000 * job.seed + start;
        let mut place = 0;
        let ended = trained(config, &mut |event| {
            let Event::Epoch { report, .. } = event else {
                return;
            };
            let Some((test, _)) = &report.test else {
                return;
            };
            if curve.len() == place {
                curve.push([report.epoch as f64, 0.0, 0.0]);
            }
            let accuracy = test.get("accuracy").unwrap_or(f64::NAN);
            curve[place][1] += accuracy / starts as f64;
            curve[place][2] += test.loss / starts as f64;
            place += 1;
        })?;
        let results = ended.results.as_ref().expect("nobody stopped it");
        solved += f64::from(u8::from(results.test.get("accuracy") == Some(1.0)));
        parameters = ended.report.model.parameters as f64;
    }
    let column = |place: usize| curve.iter().map(move |row| row[place]);
    Ok(Outcome::default()
        .with("parameters", parameters)
        .with("starts", starts as f64)
        .with("learned", solved)
        .with("share", solved / starts as f64)
        .with_list("epoch", column(0))
        .with_list("accuracy", column(1))
        .with_list("loss", column(2)))
}

/// How many starts learn every row, by case.
pub fn starts_table(results: &Results) -> Table {
    let row = |(name, ..): Case| {
        let sum = |measure: &str| results.of(name).map(|run| run.get(measure)).sum::<f64>();
        vec![
            name.to_owned(),
            number(results.spread(name, "parameters").median(), 0),
            format!(
                "{} of {}",
                number(sum("learned"), 0),
                number(sum("starts"), 0)
            ),
        ]
    };
    Table {
        title: "Exercise 2: nets that tell every row right in the end, over all seeds and starts"
            .to_owned(),
        columns: ["net", "parameters", "learned"].map(str::to_owned).to_vec(),
        rows: CASES.map(row).to_vec(),
    }
}

/// Accuracy and loss by epoch.
pub fn figure(results: &Results) -> Figure {
    let panel = |what: &str, measure: &str| Panel {
        y_label: what.to_owned(),
        series: CASES
            .iter()
            .map(|(name, ..)| curve_over(results, name, "epoch", measure, name))
            .collect(),
        ..Panel::default()
    };
    curves(&Curves {
        title: "XOR and parity, mean over the starts (S40)".to_owned(),
        x_label: "epoch".to_owned(),
        panels: vec![
            panel("accuracy", "accuracy"),
            panel("cross-entropy, nats per row", "loss"),
        ],
        ..Curves::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_odd_where_an_odd_number_of_bits_is_set() {
        let expected = "x1,x2,parity\n-1,-1,even\n1,-1,odd\n-1,1,odd\n1,1,even\n";
        assert_eq!(table(2), expected);
        let odd = table(4)
            .lines()
            .filter(|line| line.ends_with("odd"))
            .count();
        assert_eq!(odd, 8);
    }
}
