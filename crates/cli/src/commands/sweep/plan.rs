//! What a sweep consists of: a configuration, the keys that are varied, and a task for each combination and seed.
//!
//! `sweep.toml` holds all of it, so that a task is the same whoever does it, and whenever.

use espejo_train::Preset;
use espejo_train::merge::{into_config, overlay, parse};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use toml::{Table, Value};

use super::vary::{SEED, Values, Varied, setting, shown_value};
use crate::commands::train::{Layers, Merged};
use crate::output::usage;

/// Draws of `--random` are those of this stream.
const DRAWS: u64 = 0x0053_5745_4550;
/// Tasks of a sweep, at most.
const MOST_TASKS: usize = 100_000;
/// Version of `sweep.toml`.
const VERSION: i64 = 1;

/// A sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The preset that all tasks start from.
    pub preset: Option<String>,
    /// The keys of a configuration file.
    pub file: Option<Table>,
    /// The keys of flags and `--set`.
    pub set: Table,
    /// The keys that are varied, without the seed.
    pub keys: Vec<String>,
    /// The values of those keys, one list a setting.
    pub settings: Vec<Vec<Value>>,
    /// The seeds of each setting; empty where the seed is not varied.
    pub seeds: Vec<Value>,
    /// One in so many settings goes on at each step of a successive halving.
    pub halving: Option<usize>,
    /// Whether every run draws its figures.
    pub figures: bool,
}

/// What is varied, before it is multiplied out.
#[derive(Clone, Debug, Default)]
pub struct Variation {
    pub varied: Vec<Varied>,
    /// How many settings are drawn; all combinations where it is none.
    pub random: Option<usize>,
}

impl Variation {
    /// Varies a key, in place of what was said of it before.
    pub fn add(&mut self, varied: Varied) {
        self.varied.retain(|other| other.key != varied.key);
        self.varied.push(varied);
    }

    /// The keys but for the seed, their values in each setting, and the seeds.
    fn multiplied(self) -> anyhow::Result<Multiplied> {
        let (seeds, others): (Vec<_>, Vec<_>) = self
            .varied
            .into_iter()
            .partition(|varied| varied.key == SEED);
        let seeds = match seeds.into_iter().next().map(|varied| varied.values) {
            None => Vec::new(),
            Some(Values::List(seeds)) => seeds,
            Some(_) => return Err(usage("`train.seed` is a whole number", "as in `1..5`")),
        };
        let settings = match self.random {
            Some(count) => drawn(&others, count)?,
            None => combined(&others)?,
        };
        let keys = others.into_iter().map(|varied| varied.key).collect();
        Ok(Multiplied {
            keys,
            settings,
            seeds,
        })
    }
}

/// What is varied, multiplied out.
struct Multiplied {
    keys: Vec<String>,
    settings: Vec<Vec<Value>>,
    seeds: Vec<Value>,
}

/// Every combination, the last key changing fastest.
fn combined(varied: &[Varied]) -> anyhow::Result<Vec<Vec<Value>>> {
    let mut settings = vec![Vec::new()];
    for Varied { key, values } in varied {
        let Values::List(values) = values else {
            return Err(usage(
                format!("`{key}` is varied over a range of fractions, of which there is no end"),
                "draw some with `--random 20`, or list the values",
            ));
        };
        if settings.len().saturating_mul(values.len()) > MOST_TASKS {
            return Err(too_many());
        }
        let extended = settings.iter().flat_map(|setting: &Vec<Value>| {
            values.iter().map(move |value| {
                let mut setting = setting.clone();
                setting.push(value.clone());
                setting
            })
        });
        settings = extended.collect();
    }
    Ok(settings)
}

/// So many settings drawn at random, no two alike, the same ones each time.
fn drawn(varied: &[Varied], count: usize) -> anyhow::Result<Vec<Vec<Value>>> {
    const TRIES: usize = 1000;
    if varied.is_empty() {
        return Err(usage(
            "`--random` draws settings, and nothing but the seed is varied",
            "add `--vary`, as in `--vary train.learning_rate=log:1e-4..1e-2`",
        ));
    }
    if count > MOST_TASKS {
        return Err(too_many());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(DRAWS);
    let mut settings: Vec<Vec<Value>> = Vec::new();
    let mut vain = 0;
    while settings.len() < count {
        let setting: Vec<Value> = varied.iter().map(|of| draw(&of.values, &mut rng)).collect();
        if settings.contains(&setting) {
            vain += 1;
            if vain == TRIES {
                return Err(usage(
                    format!("there are hardly {count} settings that differ"),
                    format!(
                        "`--random {}` finds as many, or leave it out for all combinations",
                        settings.len()
                    ),
                ));
            }
            continue;
        }
        settings.push(setting);
    }
    Ok(settings)
}

fn draw(values: &Values, rng: &mut ChaCha8Rng) -> Value {
    // Four digits are enough to try, and can be read.
    let rounded = |number: f64| Value::Float(format!("{number:.3e}").parse().unwrap_or(number));
    match values {
        Values::List(values) => values[rng.random_range(0..values.len())].clone(),
        Values::Uniform(low, high) => rounded(rng.random_range(*low..*high)),
        Values::Logarithmic(low, high) => rounded(rng.random_range(low.ln()..high.ln()).exp()),
    }
}

fn too_many() -> anyhow::Error {
    usage(
        format!("a sweep has at most {MOST_TASKS} tasks"),
        "draw some of the settings with `--random 100`",
    )
}

impl Plan {
    /// The plan with what is varied multiplied out.
    pub fn with(self, variation: Variation) -> anyhow::Result<Self> {
        let Multiplied {
            mut keys,
            mut settings,
            seeds,
        } = variation.multiplied()?;
        // A `sweep.toml` that was written is multiplied out already.
        if !self.settings.is_empty() {
            if !keys.is_empty() {
                return Err(usage(
                    "the settings of this sweep are drawn up already",
                    "vary more in the file or the command that it was planned by",
                ));
            }
            (keys, settings) = (self.keys.clone(), self.settings.clone());
        }
        if settings.len().saturating_mul(seeds.len().max(1)) > MOST_TASKS {
            return Err(too_many());
        }
        let plan = Self {
            keys,
            settings,
            seeds,
            ..self
        };
        if plan.len() == 1 {
            return Err(usage(
                "nothing is varied",
                "add `--vary`, as in `--vary model.latent=2,8 --vary train.seed=1..5`",
            ));
        }
        Ok(plan)
    }

    /// Tasks, which are numbered from 1.
    pub fn len(&self) -> usize {
        self.settings.len() * self.repeats()
    }

    /// Tasks of each setting.
    pub fn repeats(&self) -> usize {
        self.seeds.len().max(1)
    }

    /// The setting that a task belongs to, counted from 0.
    pub fn setting_of(&self, number: usize) -> usize {
        (number - 1) / self.repeats()
    }

    /// The numbers of the tasks of a setting.
    pub fn tasks_of(&self, setting: usize) -> std::ops::RangeInclusive<usize> {
        let first = setting * self.repeats() + 1;
        first..=first + self.repeats() - 1
    }

    /// The keys that tell tasks apart, the seed last.
    pub fn all_keys(&self) -> Vec<&str> {
        let seed = (!self.seeds.is_empty()).then_some(SEED);
        self.keys.iter().map(String::as_str).chain(seed).collect()
    }

    /// The values of those keys in a task.
    pub fn values_of(&self, number: usize) -> Vec<&Value> {
        let seed = self.seeds.get((number - 1) % self.repeats());
        self.settings[self.setting_of(number)]
            .iter()
            .chain(seed)
            .collect()
    }

    /// A task in words, as in `model.latent=2 train.seed=1`.
    pub fn words(&self, number: usize) -> String {
        pairs(&self.all_keys(), &self.values_of(number))
    }

    /// A setting in words; without a key but the seed it is nameless.
    pub fn setting_words(&self, setting: usize) -> String {
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        let values: Vec<&Value> = self.settings[setting].iter().collect();
        match keys.is_empty() {
            true => "all runs".to_owned(),
            false => pairs(&keys, &values),
        }
    }

    /// The configuration of a task, before its data is read.
    pub fn merged(&self, number: usize) -> anyhow::Result<Merged> {
        let mut over = self.set.clone();
        for (key, value) in self.all_keys().iter().zip(self.values_of(number)) {
            overlay(&mut over, setting(key, value)?);
        }
        let preset = self.preset.as_deref().map(Preset::find).transpose()?;
        let file = self.file.clone();
        Layers { preset, file, over }.merged()
    }

    /// `sweep.toml`.
    pub fn to_toml(&self) -> String {
        let mut sweep = Table::new();
        let mut add = |key: &str, value: Value| sweep.insert(key.to_owned(), value);
        add("version", Value::Integer(VERSION));
        if let Some(preset) = &self.preset {
            add("preset", Value::String(preset.clone()));
        }
        if let Some(kept) = self.halving {
            add("halving", Value::Integer(kept as i64));
        }
        if self.figures {
            add("figures", Value::Boolean(true));
        }
        if !self.seeds.is_empty() {
            add("seeds", Value::Array(self.seeds.clone()));
        }
        let keys = self.keys.iter().cloned().map(Value::String);
        add("keys", Value::Array(keys.collect()));
        let settings = self.settings.iter().cloned().map(Value::Array);
        add("settings", Value::Array(settings.collect()));
        if !self.set.is_empty() {
            add("set", Value::Table(self.set.clone()));
        }
        let mut table = self.file.clone().unwrap_or_default();
        table.insert("sweep".to_owned(), Value::Table(sweep));
        format!("{}\n", table.to_string().trim_end())
    }

    /// Reads a configuration file that may have a section `[sweep]`: the plan without what is varied, and that.
    ///
    /// A `sweep.toml` that was written has its settings multiplied out, so that it is read whole.
    pub fn from_toml(text: &str, origin: &str) -> anyhow::Result<(Self, Variation)> {
        let mut table: Table = text.parse().map_err(|error: toml::de::Error| {
            usage(
                format!("`{origin}` is not TOML: {}", error.message().trim()),
                "give a configuration file such as a run's `config.toml`, with `[sweep]` beside its sections",
            )
        })?;
        let sweep = match table.remove("sweep") {
            None => Table::new(),
            Some(Value::Table(sweep)) => sweep,
            Some(_) => {
                return Err(usage(
                    format!("`sweep` in `{origin}` must be a section, `[sweep]`"),
                    HOW,
                ));
            }
        };
        let file = match table.is_empty() {
            true => None,
            false => {
                let file = parse(&table.to_string(), origin)?;
                into_config(file.clone(), origin)?;
                Some(file)
            }
        };
        let plan = Self {
            file,
            ..Self::default()
        };
        plan.with_section(sweep, origin)
    }

    /// Takes in the keys of `[sweep]`.
    fn with_section(mut self, sweep: Table, origin: &str) -> anyhow::Result<(Self, Variation)> {
        let mut variation = Variation::default();
        for (key, value) in &sweep {
            let wrong = |expected: &str| {
                usage(
                    format!(
                        "`sweep.{key}` in `{origin}` is {}, expected {expected}",
                        shown_value(value)
                    ),
                    HOW,
                )
            };
            let whole = |least: i64| match value.as_integer() {
                Some(number) if number >= least => Ok(number as usize),
                _ => Err(wrong(&format!("a whole number of {least} or more"))),
            };
            match (key.as_str(), value) {
                ("version", Value::Integer(VERSION)) => {}
                ("preset", Value::String(name)) => {
                    self.preset = Some(Preset::find(name)?.name.to_owned())
                }
                ("halving", _) => self.halving = Some(whole(2)?),
                ("random", _) => variation.random = Some(whole(1)?),
                ("figures", Value::Boolean(figures)) => self.figures = *figures,
                ("seeds", Value::Integer(_)) => {
                    variation.add(Varied::of_text(SEED, &format!("1..{}", whole(1)?))?);
                }
                ("seeds", _) => variation.add(Varied::of_toml(SEED, value)?),
                ("grid", Value::Table(grid)) => {
                    for (key, value) in grid {
                        variation.add(Varied::of_toml(key, value)?);
                    }
                }
                ("set", Value::Table(set)) => self.set = parse(&set.to_string(), origin)?,
                ("keys", Value::Array(keys)) => {
                    let words = keys.iter().map(|key| key.as_str().map(str::to_owned));
                    self.keys = words.collect::<Option<_>>().ok_or_else(|| wrong("words"))?;
                }
                ("settings", Value::Array(rows)) => {
                    let rows = rows.iter().map(|row| row.as_array().cloned());
                    self.settings = rows.collect::<Option<_>>().ok_or_else(|| wrong("lists"))?;
                }
                ("preset" | "figures" | "set" | "keys" | "settings" | "grid" | "version", _) => {
                    return Err(wrong("another kind of value"));
                }
                _ => {
                    return Err(usage(
                        format!("unknown key `sweep.{key}` in `{origin}`"),
                        HOW,
                    ));
                }
            }
        }
        Ok((self, variation))
    }

    /// Reads a `sweep.toml` that was written.
    pub fn read(text: &str, origin: &str) -> anyhow::Result<Self> {
        let (mut plan, variation) = Self::from_toml(text, origin)?;
        plan.seeds = variation.multiplied()?.seeds;
        let whole = |row: &Vec<Value>| row.len() == plan.keys.len();
        if plan.settings.is_empty() || !plan.settings.iter().all(whole) {
            return Err(espejo_train::Error::Checkpoint {
                path: origin.into(),
                message: "is damaged: its settings do not go with its keys".to_owned(),
                hint: Some("plan the sweep anew in another folder".to_owned()),
            }
            .into());
        }
        Ok(plan)
    }
}

const HOW: &str = "accepted: `preset`, `seeds`, `grid`, `random`, `halving`, `figures`, as in `[sweep]` with `seeds = 5` and `[sweep.grid]` with `\"model.latent\" = [2, 8]`";

fn pairs(keys: &[&str], values: &[&Value]) -> String {
    let pairs = keys.iter().zip(values);
    let words = pairs.map(|(key, value)| format!("{key}={}", shown_value(value)));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Plan {
        let (plan, variation) = Plan::from_toml(text, "a.toml").expect("valid");
        plan.with(variation).expect("it varies something")
    }

    /// Whatever became of a file, it is read or refused.
    #[test]
    fn no_damage_to_a_sweep_file_panics() {
        let text = "[model]\nlatent = 3\n[sweep]\npreset = \"letters\"\nseeds = 3\nrandom = 4\n[sweep.grid]\n\
            \"model.layers\" = [[25], [50, 25]]\n\"train.learning_rate\" = \"log:1e-4..1e-2\"\n";
        let read = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            let (plan, variation) = Plan::from_toml(&text, "bytes")?;
            plan.with(variation)
        };
        let whole = read(text.as_bytes()).expect("a plan");
        espejo_damage::check(text.as_bytes(), read);
        let written = whole.to_toml();
        Plan::read(&written, "bytes").expect("as it was written");
        espejo_damage::check(written.as_bytes(), |bytes| {
            let plan = Plan::read(&String::from_utf8_lossy(bytes), "bytes")?;
            (1..=plan.len().min(50)).try_for_each(|number| {
                let _ = (plan.words(number), plan.setting_of(number));
                plan.merged(number).map(drop)
            })
        });
        for text in [
            "model.latent=2,8,32",
            "train.seed=3..5",
            "train.learning_rate=log:1e-4..1e-2",
        ] {
            espejo_damage::check(text.as_bytes(), |bytes| {
                Varied::parse(&String::from_utf8_lossy(bytes))
            });
        }
    }

    #[test]
    fn every_combination_has_every_seed() {
        let plan = plan(
            "[train]\nepochs = 20\n[sweep]\nseeds = 2\n[sweep.grid]\n\"model.latent\" = [1, 2]\n\"train.learning_rate\" = [0.1]",
        );
        let words: Vec<String> = (1..=plan.len()).map(|number| plan.words(number)).collect();
        let expected = [
            "model.latent=1 train.learning_rate=0.1 train.seed=1",
            "model.latent=1 train.learning_rate=0.1 train.seed=2",
            "model.latent=2 train.learning_rate=0.1 train.seed=1",
            "model.latent=2 train.learning_rate=0.1 train.seed=2",
        ];
        assert_eq!(words, expected);
        assert_eq!(plan.tasks_of(1), 3..=4);
        assert_eq!(plan.merged(3).expect("valid").config.train.epochs, 20);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let plan = plan(
            "[sweep]\nseeds = [4, 9]\nrandom = 5\nhalving = 3\n[sweep.grid]\n\"train.learning_rate\" = \"log:1e-4..1e-2\"\n\"model.activation\" = [\"relu\", \"tanh\"]",
        );
        assert_eq!(plan.len(), 10);
        let again = Plan::read(&plan.to_toml(), "sweep.toml").expect("own output");
        assert_eq!(again, plan);
    }

    #[test]
    fn draws_are_the_same_each_time_and_within_their_range() {
        let text =
            "[sweep]\nrandom = 30\n[sweep.grid]\n\"train.learning_rate\" = \"log:1e-4..1e-2\"";
        let (first, second) = (plan(text), plan(text));
        assert_eq!(first, second);
        for setting in &first.settings {
            let rate = setting[0].as_float().expect("a number");
            assert!((1e-4..=1e-2).contains(&rate), "{rate}");
        }
    }

    #[test]
    fn a_section_that_is_wrong_says_where() {
        for (text, expected) in [
            ("[sweep]\nseed = 2", "unknown key `sweep.seed` in `a.toml`"),
            (
                "[sweep]\nhalving = 1",
                "`sweep.halving` in `a.toml` is 1, expected a whole number of 2 or more",
            ),
            ("[trian]\nepochs = 2", "unknown section `trian` in `a.toml`"),
            ("sweep = 1", "`sweep` in `a.toml` must be a section"),
        ] {
            let error = Plan::from_toml(text, "a.toml").expect_err(text).to_string();
            assert!(error.contains(expected), "{error}");
        }
        let (plan, variation) = Plan::from_toml(
            "[sweep]\n[sweep.grid]\n\"train.learning_rate\" = \"0.1..0.2\"",
            "a.toml",
        )
        .expect("valid");
        let error = plan.with(variation).expect_err("no end of it").to_string();
        assert!(error.contains("range of fractions"), "{error}");
    }
}
