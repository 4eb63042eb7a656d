//! The flags of `espejo train`: a struct for each section of the configuration, whose fields are its keys.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use espejo_train::{DenseStep, Noise, device};
use serde::{Serialize, Serializer};
use toml::{Table, Value};

use super::augment_list::augment_section;
use crate::accepted_words::accepted_words;
use crate::completion;
use crate::output::usage;
use crate::table_flags::TableFlags;

/// The arguments of `espejo train`.
#[derive(Args)]
#[command(allow_negative_numbers = true)]
pub struct TrainArgs {
    /// A preset (`espejo train --presets` lists them), a data set, a folder of images or texts, or a table
    #[arg(add = completion::preset_or_data())]
    pub preset: Option<String>,
    /// Read a configuration file, such as a run's `config.toml`
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set any key of the configuration, as in `train.clip_norm=1`; may be repeated
    #[arg(add = completion::settings(), long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
    #[command(flatten, next_help_heading = "Data")]
    pub data: DataFlags,
    #[command(flatten, next_help_heading = "Model")]
    pub model: ModelFlags,
    #[command(flatten, next_help_heading = "Objective")]
    pub objective: ObjectiveFlags,
    #[command(flatten, next_help_heading = "Noise")]
    pub noise: NoiseFlags,
    #[command(flatten, next_help_heading = "Augmentation")]
    pub augment: AugmentFlags,
    #[command(flatten, next_help_heading = "Training")]
    pub train: TrainingFlags,
    #[command(flatten, next_help_heading = "Run")]
    pub run: RunFlags,
}

/// Flags of `[data]`: the data set, and which of its samples are used.
#[derive(Args, Serialize)]
pub struct DataFlags {
    /// A data set (`espejo data list`), a folder of images or texts, or a .csv, .npy or .npz file; .parquet and .arrow too (with --features parquet / arrow)
    #[arg(add = completion::data(), long)]
    #[serde(rename = "name", serialize_with = "data_name_of")]
    pub data: Option<String>,
    /// Directory of the data sets [default: $ESPEJO_DATA, else the platform's data directory]
    #[arg(long, value_name = "DIR")]
    #[serde(rename = "directory", serialize_with = "absolute_of")]
    pub data_dir: Option<PathBuf>,
    /// Use only these glyphs, in this order
    #[arg(long, allow_hyphen_values = true)]
    pub letters: Option<String>,
    /// Use only the first N samples
    #[arg(long, value_name = "N")]
    pub first: Option<usize>,
    /// Use only this fraction of the samples, above 0 and up to 1
    #[arg(long, value_name = "FRACTION")]
    pub fraction: Option<f64>,
    /// Use only these classes, as in `Sneaker,Bag`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Use only this subject of the data set `yale`
    #[arg(long, value_name = "N")]
    pub subject: Option<String>,
    /// Draw at most N samples for training and N for testing, by the seed
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Hold out this fraction for testing, where the data set has no test set of its own [default: none]
    #[arg(long, value_name = "FRACTION")]
    pub test_fraction: Option<f64>,
    /// Resize images to this height and width, as in `50x37`
    #[arg(long, value_name = "HxW")]
    pub size: Option<String>,
    #[arg(long, value_name = "HOW", help = format!("How --size treats images of another form: {} (cut out the middle; add black bars; distort) [default: crop; stretch for runs and presets that say nothing]", accepted_words(|config| config.data.fit)))]
    pub fit: Option<String>,
    /// Convert colour images to grey
    #[arg(long)]
    #[serde(skip_serializing_if = "is_off")]
    pub grey: bool,
    /// Hold out this fold of several for testing, as in `2/5`, each class in its proportion
    #[arg(long, value_name = "N/OF")]
    pub fold: Option<String>,
    /// Cross-validation: train a net without each of N folds, each class in its proportion, and the model of the run on all samples
    #[arg(long, value_name = "N")]
    pub folds: Option<usize>,
    /// Deal the samples out to the folds N times, by --seed and the seeds after it [default: 1]
    #[arg(long, value_name = "N")]
    pub repeats: Option<usize>,
    /// The column of a table that holds the class labels, by name or number
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// The column of a table that a `classifier` or `regressor` learns to predict, by name or number
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    /// The column of a table that holds texts, by name or number
    #[arg(long, value_name = "COLUMN")]
    pub text: Option<String>,
    #[arg(add = completion::words("data.text_as"), long, value_name = "HOW", help = format!("How texts become numbers: {} (which words a text has; how often; all of them in order, as tokens) [default: counts]", accepted_words(|config| config.data.text_as)))]
    #[serde(rename = "text_as")]
    pub text_as: Option<String>,
    /// Tokens of a `sequence`: a longer text loses its start, a shorter one is padded in front [default: 500]
    #[arg(long, value_name = "N")]
    #[serde(rename = "text_length")]
    pub text_length: Option<usize>,
    /// Use the N most frequent words of the training texts, or N tokens of a `sequence` [default: 10000; of `imdb` without `--text-as` 1000]
    #[arg(long, value_name = "N")]
    pub words: Option<usize>,
    #[command(flatten)]
    #[serde(flatten)]
    pub table: TableFlags,
    #[arg(add = completion::words("data.fill"), long, value_name = "HOW", help = format!("What stands for a missing cell in the inputs of a `classifier` or `regressor`: {} (0 after scaling; the mean of the training part) [default: none]", accepted_words(|config| config.data.fill)))]
    pub fill: Option<String>,
    /// Show the model which cells of a row are missing: a second input beside the row, 1 for each cell that is
    #[arg(long)]
    #[serde(skip_serializing_if = "is_off")]
    pub missing_mask: bool,
    /// Keep the rows of a table that share a value in this column together, as those of a patient, when the test part is drawn
    #[arg(long, value_name = "COLUMN")]
    pub group: Option<String>,
    #[arg(add = completion::words("data.split"), long, value_name = "HOW", help = format!("Take the test part by this rule: {} (drawn by the seed; the last rows) [default: random]", accepted_words(|config| config.data.split)))]
    pub split: Option<String>,
    /// The numbers of image files that become black and white, as in `0,16` [default: as the files say]
    #[arg(
        long,
        value_name = "LOW,HIGH",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pixel_range: Vec<f64>,
    /// Permute the values of every sample, all in the same way, drawn by the seed
    #[arg(long)]
    #[serde(skip_serializing_if = "is_off")]
    pub permute: bool,
    #[arg(add = completion::words("data.scale"), long, value_name = "HOW", help = format!("Scaling of the columns of a table: {} [default: by the data and the model]", accepted_words(|config| config.data.scale)))]
    pub scale: Option<String>,
    /// Take the rows of a table for a series, and windows of N consecutive rows for samples; `auto` takes the period of the columns
    #[arg(add = completion::these(&["auto"]), long, value_name = "N|auto")]
    #[serde(serialize_with = "number_or_word")]
    pub window: Option<String>,
    /// Rows from the start of one window to that of the next [default: 1]
    #[arg(long, value_name = "N")]
    pub stride: Option<usize>,
    /// Take the rows of a table for a series: a regressor or classifier sees N rows, and learns the target of the row behind them
    #[arg(long, value_name = "N")]
    pub lags: Option<usize>,
    /// Skip samples that cannot be read, and report how many
    #[arg(long)]
    #[serde(skip_serializing_if = "is_off")]
    pub skip_bad: bool,
}

/// Flags of `[model]`: the kind of model and its layers.
#[derive(Args, Serialize)]
pub struct ModelFlags {
    #[arg(add = completion::words("model.kind"), long, help = format!("Kind of model: {} (plain, denoising and variational autoencoder; nets that learn a target) [default: ae]", accepted_words(|config| config.model.kind)))]
    #[serde(rename = "kind")]
    pub model: Option<String>,
    /// Sizes of the hidden dense layers, mirrored in the decoder (`25`), or of all layers (`35,25,2,25,35`); of a classifier
    /// or regressor its hidden layers in order, with `bn`, `dropout:.5` and `concat` among them (`20,bn,10,bn`; `100,10,concat` puts what came
    /// to the first layer beside the last). `noise:SD` among hidden
    /// layers is Gaussian noise while training (`256,noise:16`) [default: by the data: for rows twice their columns, 16 to 128; for images
    /// convolutions, or `256,64`, or of fewer than 1,024 `128,32`]
    #[arg(long, value_name = "SIZES")]
    #[serde(skip)]
    pub layers: Option<String>,
    /// Convolutional layers: channels per level (`32,16`), or every step with `/` at the latent code
    /// (`32,pool,16,pool/16,up,32,up,1`); of a classifier or regressor a chain (`32,pool,bn,16,pool,bn`) [default: of an `ae` or `vae` on
    /// images from 32x32 on, without `--layers`: `4,8,16` with `--down stride --batch-norm`, from 1,024 images on `8,16,32`]
    #[arg(long, value_name = "STEPS")]
    pub conv: Option<String>,
    /// Values of the learned vector of each token of a `sequence` of words [default: 32]
    #[arg(long, value_name = "N")]
    pub embedding: Option<usize>,
    /// Kernel size of the convolutions, odd [default: 3]
    #[arg(long, value_name = "N")]
    pub kernel: Option<usize>,
    #[arg(add = completion::words("model.down"), long, value_name = "HOW", help = format!("Downsampling per level: {} [default: pool]", accepted_words(|config| config.model.down)))]
    pub down: Option<String>,
    #[arg(add = completion::words("model.up"), long, value_name = "HOW", help = format!("Upsampling per level: {} [default: upsample]", accepted_words(|config| config.model.up)))]
    pub up: Option<String>,
    /// Add batch normalization after each hidden convolution
    #[arg(long)]
    #[serde(skip_serializing_if = "is_off")]
    pub batch_norm: bool,
    /// Dimensions of the latent code; with --conv, 0 = no dense bottleneck [default: 2]
    #[arg(long, value_name = "N")]
    pub latent: Option<usize>,
    /// Standard deviation of Gaussian noise on the code before its activation, while training: the sigmoid codes of an `ae` or
    /// `dae` become binary, as `espejo hash` wants them [default: 0]
    #[arg(long, value_name = "SD")]
    pub code_noise: Option<f64>,
    /// Start a classifier or regressor from the encoder of this run
    #[arg(add = completion::runs(), long, value_name = "RUN")]
    #[serde(skip)]
    pub init_from: Option<String>,
    /// Keep the weights of that encoder as they are
    #[arg(long, requires = "init_from")]
    #[serde(skip_serializing_if = "is_off")]
    pub freeze: bool,
    #[arg(add = completion::words("model.activation"), long, help = format!("Activation of the hidden layers: {} [default: by the data and the model]", accepted_words(|config| config.model.activation)))]
    pub activation: Option<String>,
}

/// Flags of `[objective]`: the loss that is minimised.
#[derive(Args, Serialize)]
pub struct ObjectiveFlags {
    #[arg(add = completion::words("objective.loss"), long, help = format!("Loss between outputs and targets: {} [default: by the data and the model]", accepted_words(|config| config.objective.loss)))]
    pub loss: Option<String>,
    /// Weight of the KL divergence of a `vae`; 0.1 where rows of a table are trained without a preset [default: 1]
    #[arg(long)]
    pub beta: Option<f64>,
    /// Epochs over which the weight of the KL divergence rises from 0 to --beta [default: 0]
    #[arg(long, value_name = "EPOCHS")]
    pub kl_warmup: Option<usize>,
    /// Share this part of each target of a `classifier` out evenly over all classes, while training [default: 0]
    #[arg(long, value_name = "PART")]
    pub label_smoothing: Option<f64>,
}

/// Flags of `[noise]`: the noise that a denoising model learns to remove.
#[derive(Args, Serialize)]
pub struct NoiseFlags {
    #[arg(add = completion::noises(), long, value_name = "KIND:STRENGTH", help = format!("Noise on the inputs of a `dae`, as in `salt-pepper:.1`: {} [default: by the data]", Noise::NAMES.join(", ")))]
    #[serde(rename = "kind")]
    pub noise: Option<String>,
    /// Noisy copies of each sample, drawn once; 0 = fresh noise for every batch [default: 0]
    #[arg(long, value_name = "N")]
    pub copies: Option<usize>,
}

/// The flag of `[augment]`: how images are changed while training.
#[derive(Args)]
pub struct AugmentFlags {
    /// Change the images anew in every epoch of training, drawn by the seed: `shift:.1` (at most a tenth of height and width),
    /// `rotate:15` (at most 15 degrees), `flip` (half of them left to right), `cutout:8` (a square of 8 pixels), `mixup:.2` (two images
    /// and their targets); with commas between them, or `none` [default: none]
    #[arg(add = completion::these(&["shift:", "rotate:", "flip", "cutout:", "mixup:", "none"]), long, value_name = "CHANGES")]
    pub augment: Option<String>,
}

/// Flags of `[train]`: the optimizer, its steps and the device.
#[derive(Args, Serialize)]
pub struct TrainingFlags {
    /// Passes over the training set [default: by the data: as the preset for its kind, but at least 1,000 steps on rows, 600 on images, 450
    /// with convolutions, 200 of a convolutional `dae`; `--print-config` shows how many]
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// Samples per optimizer step; 0 = full batch [default: by the data: 128, but 16 to 64 for fewer than 1,024 samples]
    #[arg(long, value_name = "N")]
    pub batch_size: Option<usize>,
    /// Learning rate [default: by the data: higher for fewer than 1,024 samples]
    #[arg(long, value_name = "RATE")]
    #[serde(rename = "learning_rate")]
    pub lr: Option<f64>,
    #[arg(add = completion::words("train.optimizer"), long, help = format!("Optimizer: {}; `adaptive` and those after it train in double precision [default: adam]", accepted_words(|config| config.train.optimizer)))]
    pub optimizer: Option<String>,
    #[arg(add = completion::words("train.precision"), long, value_name = "HOW", help = format!("Floating-point precision: {}; double precision trains on the CPU, half multiplies 16 bits in dense layers, on a GPU that has them [default: by the optimizer]", accepted_words(|config| config.train.precision)))]
    pub precision: Option<String>,
    /// Maximum number of loss evaluations, in double precision [default: no limit]
    #[arg(long, value_name = "N")]
    pub max_evaluations: Option<usize>,
    /// Maximum number of iterations, in double precision [default: --epochs]
    #[arg(long, value_name = "N")]
    pub max_iterations: Option<usize>,
    #[arg(add = completion::words("train.gradient"), long, value_name = "HOW", help = format!("Gradients in double precision: {} (finite differences of the loss) [default: exact]", accepted_words(|config| config.train.gradient)))]
    pub gradient: Option<String>,
    #[arg(add = completion::words("train.schedule"), long, help = format!("Learning rate schedule: {} [default: by the data and the model]", accepted_words(|config| config.train.schedule)))]
    pub schedule: Option<String>,
    /// Epochs over whose steps the learning rate rises from 0 to what the schedule says [default: 0]
    #[arg(long, value_name = "EPOCHS")]
    pub warmup: Option<usize>,
    /// Evaluate and save a running average of the weights with this decay, as in `.999`, in place of the latest ones; 0 = no average
    /// [default: 0]
    #[arg(long, value_name = "DECAY")]
    pub ema: Option<f64>,
    /// Early stopping: evaluations without a lower test loss before training stops; 0 = never. The best model is kept in any case
    /// [default: a quarter of the epochs where a test part is held out and the data decided the epochs, else 0]
    #[arg(long, value_name = "N")]
    pub patience: Option<usize>,
    /// Stop when the test loss reaches this value [default: go on]
    #[arg(long, value_name = "LOSS")]
    pub target_loss: Option<f64>,
    /// Epochs between two figures of fixed samples; 0 = no such figures [default: by the data and the model]
    #[arg(long, value_name = "EPOCHS")]
    pub samples_every: Option<usize>,
    /// Device memory for the data, in MiB; a larger data set is read from disk during training [default: 1024]
    #[arg(long, value_name = "MIB")]
    pub device_memory: Option<usize>,
    /// Seed of all random numbers [default: 42]
    #[arg(long)]
    pub seed: Option<u64>,
    #[arg(add = completion::devices(), long, help = format!("Device: {} [default: auto]", device::NAMES.join(", ")))]
    pub device: Option<String>,
}

/// The run folder, and what to do in place of training.
#[derive(Args)]
pub struct RunFlags {
    /// Parent directory of the run folder
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Name of the run folder [default: made of the time and the configuration]
    #[arg(long, conflicts_with = "resume")]
    pub name: Option<String>,
    /// Resume a run: its folder, its name, or `last`
    #[arg(add = completion::runs(), long, value_name = "RUN", conflicts_with_all = ["preset", "config", "sets"])]
    pub resume: Option<String>,
    /// List the presets and exit
    #[arg(long)]
    pub presets: bool,
    /// List every key of the configuration, with what it accepts, its default and its meaning, and exit
    #[arg(long)]
    pub keys: bool,
    /// Print the merged configuration and exit
    #[arg(long)]
    pub print_config: bool,
    /// Check the configuration and the data, print the layer table and exit
    #[arg(long)]
    pub dry_run: bool,
    /// Draw no figures
    #[arg(long)]
    pub no_figures: bool,
    /// Share each batch among these devices, as in `wgpu:0,wgpu:1` or `flex,flex`: a process for each (with --features mpi; docs/scale.md says when
    /// that pays)
    #[arg(add = completion::devices(), long, value_name = "DEVICES", value_delimiter = ',', conflicts_with = "device")]
    pub devices: Vec<String>,
    /// Print the line that has Slurm train on so many machines, with the devices of --devices on each, and exit (with --features mpi)
    #[arg(long, value_name = "K")]
    pub nodes: Option<NonZeroUsize>,
}

impl RunFlags {
    /// Those of no run in particular.
    pub fn none() -> Self {
        Self {
            out: PathBuf::from("runs"),
            name: None,
            resume: None,
            presets: false,
            keys: false,
            print_config: false,
            dry_run: false,
            no_figures: false,
            devices: Vec::new(),
            nodes: None,
        }
    }
}

impl TrainArgs {
    /// The flags that were given, as a table of the configuration.
    pub fn table(&self) -> anyhow::Result<Table> {
        let mut model = section(&self.model)?;
        if let Some(list) = &self.model.layers {
            model.insert("layers".into(), layers(list)?);
        }
        let augment = self.augment.augment.as_deref().map(augment_section);
        let sections = [
            ("data", section(&self.data)?),
            ("model", model),
            ("objective", section(&self.objective)?),
            ("noise", section(&self.noise)?),
            ("augment", augment.transpose()?.unwrap_or_default()),
            ("train", section(&self.train)?),
        ];
        let given = sections.into_iter().filter(|(_, table)| !table.is_empty());
        Ok(given
            .map(|(name, table)| (name.to_owned(), Value::Table(table)))
            .collect())
    }
}

/// A section as its table; a flag that was not given leaves no key, because TOML has no null.
fn section(flags: &impl Serialize) -> anyhow::Result<Table> {
    Table::try_from(flags).map_err(|error| too_large(flags).unwrap_or_else(|| error.into()))
}

/// The error that names the flag whose whole number is beyond those of TOML, which are signed.
fn too_large(flags: &impl Serialize) -> Option<anyhow::Error> {
    let flags = serde_json::to_value(flags).ok()?;
    let mut beyond = flags
        .as_object()?
        .iter()
        .filter(|(_, value)| value.is_u64() && !value.is_i64());
    let (key, _) = beyond.next()?;
    Some(usage(
        format!("`--{}` is too large", key.replace('_', "-")),
        format!("expected at most {}", i64::MAX),
    ))
}

/// The flag that sets a key of the configuration, as in `--lr` for `train.learning_rate`; of a list the value that is meant, too.
pub fn flag_of(key: &str) -> String {
    let (key, place) = match key.split_once('[') {
        Some((key, place)) => (key, place.trim_end_matches(']').parse::<usize>().ok()),
        None => (key, None),
    };
    let flag = match key {
        "data.name" => "data".to_owned(),
        "data.directory" => "data-dir".to_owned(),
        "model.kind" => "model".to_owned(),
        "noise.kind" => "noise".to_owned(),
        "train.learning_rate" => "lr".to_owned(),
        key if key.starts_with("augment.") => "augment".to_owned(),
        _ => key.rsplit('.').next().unwrap_or(key).replace('_', "-"),
    };
    match place {
        Some(place) => format!("`--{flag}`, value {}", place + 1),
        None => format!("`--{flag}`"),
    }
}

/// The steps in `25`, `35,25,2,25,35` or `20,bn,10,bn`; an empty list for none.
fn layers(list: &str) -> anyhow::Result<Value> {
    let steps = list
        .split(',')
        .map(str::trim)
        .filter(|step| !step.is_empty());
    let steps = steps.map(|step| match step.parse::<i64>() {
        Ok(size) => Ok(Value::Integer(size)),
        Err(_) if step.parse::<DenseStep>().is_ok() => Ok(Value::String(step.to_owned())),
        Err(_) => Err(usage(
            format!("`--layers {list}`: `{step}` is not a size"),
            "give whole numbers with commas, as in `--layers 35,25,2,25,35`; `noise:16` may stand among them; a classifier or regressor takes `bn`, `dropout:.5` and `concat`, too",
        )),
    });
    Ok(Value::Array(steps.collect::<anyhow::Result<_>>()?))
}

/// The name of a data set; of a folder or file its absolute path, so that a run can be used from anywhere.
pub fn data_name(name: &str) -> String {
    if let Some(set) = espejo_data::set_named(name) {
        return set.name.to_owned();
    }
    // A misspelt name leads nowhere and must be told as it was typed.
    if !name.contains(std::path::is_separator) && !Path::new(name).exists() {
        return name.to_owned();
    }
    absolute(Path::new(name))
}

/// The absolute path where there is one, else the path as it was given.
fn absolute(path: &Path) -> String {
    let path = std::fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned());
    path.to_string_lossy().into_owned()
}

// Serde wants these signatures.
fn data_name_of<S: Serializer>(name: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    name.as_deref().map(data_name).serialize(serializer)
}

fn absolute_of<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_deref().map(absolute).serialize(serializer)
}

/// A whole number as such, all else as the word that it is.
fn number_or_word<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    match text.as_ref().map(|text| (text.parse::<i64>(), text)) {
        Some((Ok(number), _)) => number.serialize(serializer),
        Some((Err(_), word)) => word.serialize(serializer),
        None => serializer.serialize_none(),
    }
}

fn is_off(switch: &bool) -> bool {
    !switch
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};
    use espejo_train::RunConfig;

    use super::*;

    fn command() -> Command {
        TrainArgs::augment_args(Command::new("train"))
    }

    fn table(words: &[&str]) -> anyhow::Result<Table> {
        let words = [&["train"][..], words].concat();
        let matches = command().try_get_matches_from(words)?;
        TrainArgs::from_arg_matches(&matches)?.table()
    }

    #[test]
    fn flags_that_are_not_given_leave_no_key() {
        assert_eq!(table(&[]).expect("valid"), Table::new());
    }

    #[test]
    fn flags_become_keys_of_their_section() {
        let words = "--data fonts --layers 35,2,35 --lr .5 --batch-norm --noise flip:.1 --seed 7";
        let words: Vec<&str> = words.split(' ').collect();
        let expected = "data.name = 'fonts'\nnoise.kind = 'flip:.1'\n[model]\nlayers = [35, 2, 35]\nbatch_norm = true\n[train]\nlearning_rate = 0.5\nseed = 7";
        let expected: Table = expected.parse().expect("valid TOML");
        assert_eq!(table(&words).expect("valid"), expected);
    }

    #[test]
    fn every_key_that_a_flag_sets_is_told_by_its_flag() {
        let words = "--data fonts --data-dir . --first 1 --model vae --conv 4 --kernel 3 --loss mse --kl-warmup 2 --noise flip:.1 --lr .5 \
                     --batch-size 3 --samples-every 2 --test-fraction .2 --pixel-range 0,16 --drop a";
        let words: Vec<&str> = words.split_whitespace().collect();
        let table = table(&words).expect("valid");
        let keys = table.iter().flat_map(|(section, inner)| {
            let inner = inner.as_table().expect("a section");
            inner.keys().map(move |key| format!("{section}.{key}"))
        });
        let mut flags: Vec<String> = keys.map(|key| flag_of(&key).replace('`', "")).collect();
        let mut expected: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| word.starts_with("--"))
            .collect();
        flags.sort_unstable();
        expected.sort_unstable();
        assert_eq!(flags, expected);
        assert_eq!(flag_of("model.layers[1]"), "`--layers`, value 2");
    }

    #[test]
    fn a_number_beyond_toml_names_its_flag() {
        let error = table(&["--device-memory", "9223372036854775808"]).expect_err("too large");
        assert_eq!(error.to_string(), "`--device-memory` is too large");
    }

    #[test]
    fn help_states_the_defaults_of_the_configuration() {
        let RunConfig {
            model,
            objective,
            noise,
            train,
            ..
        } = RunConfig::default();
        let defaults = [
            ("model", model.kind.name().to_owned()),
            ("kernel", model.kernel.to_string()),
            ("beta", objective.beta.to_string()),
            ("kl_warmup", objective.kl_warmup.to_string()),
            ("copies", noise.copies.to_string()),
            ("gradient", train.gradient.name().to_owned()),
            ("device_memory", train.device_memory.to_string()),
            ("seed", train.seed.to_string()),
            ("device", train.device),
        ];
        let command = command();
        for (id, value) in defaults {
            let mut arguments = command.get_arguments();
            let argument = arguments.find(|argument| argument.get_id() == id);
            let help = argument.and_then(|argument| argument.get_help());
            let help = help.expect("a flag with help").to_string();
            assert!(help.ends_with(&format!("[default: {value}]")), "{help}");
        }
    }
}
