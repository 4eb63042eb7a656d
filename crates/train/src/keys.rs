//! Every key of a configuration, with what it accepts, its default and what it means.
//!
//! What a key accepts is asked of its type, so that a new variant is there by itself; a line of [`KEYS`] says what the type
//! cannot. A test holds the lines against the types.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;
use toml::Value;

use crate::config::{
    AugmentConfig, DataConfig, ModelConfig, NoiseConfig, ObjectiveConfig, RunConfig, TrainConfig,
};

/// What is said of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The section that it stands in.
    pub section: &'static str,
    /// Name within the section.
    pub name: &'static str,
    /// What it means, in one line.
    pub meaning: &'static str,
    /// What it accepts, where its type does not say enough.
    accepts: &'static str,
    /// What holds where it is left out, where the configuration does not say it.
    unset: &'static str,
}

/// What a key accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// One of these words.
    Words(&'static [&'static str]),
    /// What the text says.
    Text(String),
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => f.write_str(&words.join(", ")),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// A line: section, name, meaning, what is accepted, what holds where it is left out.
const fn key(
    section: &'static str,
    name: &'static str,
    meaning: &'static str,
    accepts: &'static str,
    unset: &'static str,
) -> Key {
    Key {
        section,
        name,
        meaning,
        accepts,
        unset,
    }
}

const ALL: &str = "all of them";
const NONE: &str = "none";
const OFF: &str = "false";

/// Every key, in the order of the sections and within them as the file has them.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key("data", "name", "The data set, a folder of images or texts, or a file of a table or of arrays", "a name or a path", ""),
    key("data", "directory", "The directory of the data sets", "a path", "$ESPEJO_DATA, else the platform's data directory"),
    key("data", "letters", "Use only these glyphs, in this order", "", ALL),
    key("data", "first", "Use only the first so many samples", "", ALL),
    key("data", "fraction", "Use only this fraction of the samples", "a number above 0, up to 1", ALL),
    key("data", "classes", "Use only these classes", "a list of names", ALL),
    key("data", "subject", "Use only this subject of the data set `yale`", "", ALL),
    key("data", "limit", "At most so many samples for training and as many for testing, drawn by the seed", "", ALL),
    key("data", "test_fraction", "The fraction held out for testing, where the data set has no test set of its own", "a number in 0 to 1", "nothing is held out"),
    key("data", "fold", "The fold held out for testing, each class in its proportion", "such as \"2/5\", the second of five", NONE),
    key("data", "folds", "Folds of a cross-validation: a net is trained without each of them, and the model of the run on all samples", "a whole number of 2 or more", NONE),
    key("data", "repeats", "How often the samples are dealt out to `folds` anew", "a whole number of 1 or more", "1"),
    key("data", "fit", "How `size` treats images of another form: the middle cut out, black bars added, or distorted", "", "crop in new runs, stretch in presets and files"),
    key("data", "size", "The height and width that images are resized to", "such as \"50x37\"", "as they are"),
    key("data", "grey", "Convert colour images to grey", "", OFF),
    key("data", "label", "The column of a table that holds the class labels", "a name or a number", NONE),
    key("data", "target", "The column of a table that a classifier or regressor learns to predict", "a name or a number", NONE),
    key("data", "words", "How many of the most frequent words of the training texts the model sees, or tokens of a sequence", "", "10000; 1000 columns of `imdb` without `text_as`"),
    key("data", "text", "The column of a table that holds texts", "a name or a number", NONE),
    key("data", "text_as", "How texts become numbers: which words they have, how often, or all in order", "", "counts, of texts"),
    key("data", "text_length", "Tokens of a sequence: a longer text loses its start, a shorter one is padded in front", "a whole number above 0", "500"),
    key("data", "columns", "Learn only from these columns of a table", "a list of names or numbers", ALL),
    key("data", "drop", "Leave these columns of a table out", "a list of names or numbers", NONE),
    key("data", "index", "The column of a table that names its rows, such as an identity or a time; it is no input", "a name or a number", NONE),
    key("data", "group", "Rows of a table that share a value in this column stay together when a test part is drawn", "a name or a number", NONE),
    key("data", "dates", "The columns of a table whose words are dates: they become days since 1970-01-01 UTC", "a list of names or numbers", NONE),
    key("data", "header", "Whether the first row of a text file holds the names of the columns", "", "its look decides"),
    key("data", "missing", "Words or numbers that stand for a missing cell, beside the usual ones", "a list of words", NONE),
    key("data", "missing_in", "The columns in which `missing` stands for a missing cell", "a list of names or numbers", "every column"),
    key("data", "fill", "What stands for a missing cell of an input: 0 after scaling, or the mean of the training part, for a classifier or regressor", "", "none"),
    key("data", "missing_mask", "Show the model which cells of a row are missing, as a second input beside the row", "", OFF),
    key("data", "shape", "The image that each row of a table is", "such as \"28x28\" or \"28x28x3\"", NONE),
    key("data", "split", "How the test part is taken: drawn by the seed, or the last rows", "", "random"),
    key("data", "pixel_range", "The numbers of image files that become black and white", "two numbers, as [0, 16]", "as the files say"),
    key("data", "permute", "Permute the values of every sample, all in the same way, drawn by the seed", "", OFF),
    key("data", "scale", "How the columns of a table are scaled, by the statistics of its training part", "", "none"),
    key("data", "window", "Rows of a table that make one sample, which is then a window over a series", "a whole number, or \"auto\" for the period of the columns", "each row is a sample"),
    key("data", "stride", "Rows from the start of one window to that of the next", "", "1"),
    key("data", "lags", "Rows of a series that a regressor or classifier sees, to predict the target of the row behind them", "a whole number above 0", "each row is a sample"),
    key("data", "skip_bad", "Skip samples that cannot be read", "", OFF),

    key("model", "kind", "Plain, denoising or variational autoencoder; or a net that learns a target", "", ""),
    key("model", "layers", "Sizes of the hidden dense layers, mirrored in the decoder; or of all layers; with `noise:SD`, of a classifier or regressor `bn`, `dropout:RATE` and `concat`, among them", "a list of sizes, such as [25] or [35, 25, 2, 25, 35]", ""),
    key("model", "conv", "Convolutional layers: channels per level, or every step with `/` at the latent code", "such as \"32,16\" or \"32,pool,16,pool/16,up,32,up,1\"", "dense layers alone"),
    key("model", "embedding", "Values of the learned vector of each token of a sequence", "a whole number above 0", "32"),
    key("model", "kernel", "Kernel size of the convolutions", "an odd number", ""),
    key("model", "down", "Downsampling per level of `conv`: max pooling, or strided convolution", "", ""),
    key("model", "up", "Upsampling per level of `conv`: repeating values, or transposed convolution", "", ""),
    key("model", "batch_norm", "Batch normalization after each hidden convolution", "", ""),
    key("model", "latent", "Dimensions of the latent code; with `conv`, 0 is no dense bottleneck", "", "2, or what `layers` says"),
    key("model", "activation", "Activation of the hidden layers", "", ""),
    key("model", "latent_activation", "Activation of the latent code of an `ae` or `dae`", "", ""),
    key("model", "code_noise", "Binary codes for `espejo hash`: standard deviation of Gaussian noise on the code before its activation, while training an `ae` or `dae`", "a number of 0 or more", "0.0"),
    key("model", "output_activation", "Activation of the output", "", "by the loss"),
    key("model", "range", "The pixel values that the net sees: 0 to 1, or -1 to 1", "", "by the output"),
    key("model", "initializer", "How the first weights are drawn", "", ""),
    key("model", "init_from", "The run whose encoder a classifier or regressor starts from", "a run folder", NONE),
    key("model", "freeze", "Whether that encoder keeps its weights", "", OFF),

    key("objective", "loss", "Loss between outputs and targets", "", ""),
    key("objective", "correntropy_width", "Robust autoencoder: kernel width of the loss `correntropy`, in pixel values", "a number above 0", ""),
    key("objective", "beta", "Weight of the KL divergence of a `vae`; 0.1 where rows of a table are trained without a preset", "a number of 0 or more", ""),
    key("objective", "kl_warmup", "Epochs over which that weight rises from 0", "", ""),
    key("objective", "free_bits", "Nats of KL divergence per dimension of the code of a `vae` that cost nothing", "a number of 0 or more", ""),
    key("objective", "l1", "Sparse autoencoder: weight of the absolute values of the code", "a number of 0 or more", ""),
    key("objective", "sparsity", "Sparse autoencoder: weight of the KL divergence between the mean activity of the code and `sparsity_target`; needs sigmoid codes", "a number of 0 or more", ""),
    key("objective", "sparsity_target", "Mean activity of the code that `sparsity` asks for", "a number between 0 and 1", ""),
    key("objective", "contractive", "Contractive autoencoder: weight of the squared norm of the encoder's Jacobian", "a number of 0 or more", ""),
    key("objective", "weight_decay", "Weight of half the sum of the squared weights", "a number of 0 or more", ""),
    key("objective", "label_smoothing", "The part of each target of a classifier that is shared out evenly over all classes, while training", "a number of 0 or more, below 1", "0.0"),

    key("noise", "kind", "Noise on the inputs of a `dae`, with its strength", "such as \"salt-pepper:0.1\" or \"gaussian:0.2\"", "for a `dae` salt-pepper:0.1, on a table gaussian:0.1"),
    key("noise", "copies", "Noisy copies of each sample, drawn once; 0 is fresh noise for every batch", "", ""),

    key("augment", "shift", "Shift images at random, at most by this part of their height and width", "a number of 0 or more, below 1", "0.0"),
    key("augment", "rotate", "Turn images at random, at most by so many degrees", "a number in 0 to 180", "0.0"),
    key("augment", "flip", "Mirror half of the images left to right, at random", "", OFF),
    key("augment", "cutout", "Cut a square of this side, in pixels, out of each image", "", "0"),
    key("augment", "mixup", "Mix two images and their targets in shares drawn from Beta(α, α), of this α; 0 is none", "a number in 0 to 2", "0.0"),

    key("train", "epochs", "Passes over the training samples; iterations in double precision", "", ""),
    key("train", "batch_size", "Samples per step; 0 is all of them", "", ""),
    key("train", "optimizer", "The optimizer; `adaptive` and those after it train in double precision", "", ""),
    key("train", "precision", "32 bits on the device, 64 bits on the CPU, or 32 with products of 16 in dense layers on a GPU", "", "by the optimizer"),
    key("train", "max_evaluations", "Evaluations of the loss in double precision, at most", "", "no limit"),
    key("train", "max_iterations", "Iterations in double precision, at most", "", "`epochs`"),
    key("train", "gradient", "Gradients in double precision: exact, or by finite differences of the loss", "", "exact"),
    key("train", "epsilon_inside", "Whether ε of `rmsprop` stands under the root, as in Keras, not beside it, as in PyTorch", "", OFF),
    key("train", "learning_rate", "Learning rate of the optimizer", "a number above 0", ""),
    key("train", "momentum", "Momentum of `momentum` and `adaptive`", "a number of 0 or more, below 1", ""),
    key("train", "adaptive_raise", "What `adaptive` adds to the learning rate when the loss fell", "a number of 0 or more", "0.0001"),
    key("train", "adaptive_after", "Epochs in a row in which the loss has to fall before `adaptive` raises the learning rate", "", "3"),
    key("train", "adaptive_lower", "The fraction of the learning rate that `adaptive` takes off when the loss rose", "a number of 0 or more, below 1", "0.00001"),
    key("train", "decay", "Decoupled weight decay of `adamw`", "a number of 0 or more", ""),
    key("train", "schedule", "How the learning rate changes", "", ""),
    key("train", "schedule_epochs", "Epochs of the schedules `step` and `plateau`", "a whole number above 0", ""),
    key("train", "schedule_factor", "Factor of the schedules `step` and `plateau`", "a number between 0 and 1", ""),
    key("train", "warmup", "Epochs over whose steps the learning rate rises from 0 to what the schedule says", "", "0"),
    key("train", "ema", "Decay of a running average of the weights, which is evaluated and saved in their place; 0 is none", "a number of 0 or more, below 1", "0.0"),
    key("train", "clip_norm", "Gradient clipping: largest norm of the whole gradient; 0 is none", "a number of 0 or more", ""),
    key("train", "patience", "Early stopping: evaluations without a lower test loss before training stops; 0 is never", "", ""),
    key("train", "target_loss", "Training stops when the test loss reaches this value", "", NONE),
    key("train", "eval_every", "Epochs from one evaluation on the test samples to the next", "a whole number above 0", ""),
    key("train", "checkpoint_every", "Epochs from one kept checkpoint to the next; 0 keeps the best and the last alone", "", ""),
    key("train", "checkpoint_seconds", "Seconds of training after which the best and the last checkpoint are written again", "a number of 0 or more", ""),
    key("train", "samples_every", "Epochs from one figure of fixed samples to the next; 0 is none", "", ""),
    key("train", "device_memory", "Device memory for the data, in MiB; a larger data set is read from disk during training", "", ""),
    key("train", "vector_width", "Bits of the vectors that Espejo's own code works with on a processor, for the same bytes on machines with wider ones; 0 is the widest that the machine has", "0, 128, 256 or 512", ""),
    key("train", "seed", "Seed of all random numbers", "", ""),
    key("train", "device", "The device to train on", "auto, gpu, cpu, wgpu, wgpu:N, flex, ndarray, cuda", ""),
];

impl Key {
    /// The name with its section, as `--set` takes it.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }
}

/// What a key accepts: the words of its type, or a text.
pub fn accepted_by(key: &Key) -> Accepted {
    match of_type(key) {
        Some(Probed::Words(words)) => Accepted::Words(words),
        _ if !key.accepts.is_empty() => Accepted::Text(key.accepts.to_owned()),
        Some(probed) => Accepted::Text(probed.name().to_owned()),
        None => Accepted::Text(String::new()),
    }
}

/// The value of a key in a configuration as TOML writes it, and where it is left out what holds then.
pub fn default_of(key: &Key, config: &RunConfig) -> String {
    let table: toml::Table =
        toml::Table::try_from(config).expect("a configuration is plain values");
    let section = table.get(key.section).and_then(Value::as_table);
    match section.and_then(|section| section.get(key.name)) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => key.unset.to_owned(),
    }
}

/// What a type asks its deserializer for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probed {
    Whole,
    Number,
    Switch,
    Word,
    List,
    Words(&'static [&'static str]),
}

impl Probed {
    fn name(self) -> &'static str {
        match self {
            Self::Whole => "a whole number of 0 or more",
            Self::Number => "a number",
            Self::Switch => "true, false",
            Self::Word => "a word",
            Self::List => "a list",
            Self::Words(_) => "a word of a list",
        }
    }
}

/// What the type of a key asks for; none where it takes anything.
fn of_type(key: &Key) -> Option<Probed> {
    static PROBED: OnceLock<HashMap<(&str, &str), Option<Probed>>> = OnceLock::new();
    let all = PROBED.get_or_init(|| {
        KEYS.iter()
            .map(|key| ((key.section, key.name), probe(key)))
            .collect()
    });
    all.get(&(key.section, key.name)).copied().flatten()
}

fn probe(key: &Key) -> Option<Probed> {
    match key.section {
        "data" => field::<DataConfig>(key.name),
        "model" => field::<ModelConfig>(key.name),
        "objective" => field::<ObjectiveConfig>(key.name),
        "noise" => field::<NoiseConfig>(key.name),
        "augment" => field::<AugmentConfig>(key.name),
        "train" => field::<TrainConfig>(key.name),
        _ => None,
    }
}

/// What the field `name` of a section asks for.
fn field<T: DeserializeOwned>(name: &'static str) -> Option<Probed> {
    let mut found = None;
    // The answer is in what is asked for, not in what comes back.
    let _ = T::deserialize(Section {
        name: Some(name),
        found: &mut found,
    });
    found
}

/// A section with one key, whose value is a question.
struct Section<'a> {
    name: Option<&'static str>,
    found: &'a mut Option<Probed>,
}

impl<'de> Deserializer<'de> for Section<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Section<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.name.take() else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, Error> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Question(self.found))
    }
}

/// Takes down what it is asked for, and gives nothing.
struct Question<'a>(&'a mut Option<Probed>);

impl Question<'_> {
    fn note<T>(self, probed: Probed) -> Result<T, Error> {
        *self.0 = Some(probed);
        Err(Error::custom("there is nothing to read"))
    }
}

/// Methods that note one thing.
macro_rules! noted {
    ($($method:ident)* => $probed:expr) => {
        $(fn $method<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
            self.note($probed)
        })*
    };
}

impl<'de> Deserializer<'de> for Question<'_> {
    type Error = Error;

    noted!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 => Probed::Whole);
    noted!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 => Probed::Whole);
    noted!(deserialize_f32 deserialize_f64 => Probed::Number);
    noted!(deserialize_bool => Probed::Switch);
    noted!(deserialize_char deserialize_str deserialize_string => Probed::Word);
    noted!(deserialize_seq => Probed::List);

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        _visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(Probed::List)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(Probed::Words(variants))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("it takes anything"))
    }

    forward_to_deserialize_any! {
        bytes byte_buf unit unit_struct newtype_struct tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::sections;

    fn key_of(path: &str) -> &'static Key {
        let found = KEYS.iter().find(|key| key.path() == path);
        found.expect(path)
    }

    #[test]
    fn every_key_of_the_types_has_its_line_and_no_other_has_one() {
        let mut expected: Vec<String> = Vec::new();
        for (section, names) in sections() {
            expected.extend(names.iter().map(|name| format!("{section}.{name}")));
        }
        let mut found: Vec<String> = KEYS.iter().map(Key::path).collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_line_says_what_is_accepted_what_holds_and_what_it_means() {
        let config = RunConfig::default();
        for key in KEYS {
            let path = key.path();
            assert!(
                !key.meaning.is_empty() && !key.meaning.contains('\n'),
                "{path}"
            );
            assert!(!accepted_by(key).to_string().is_empty(), "{path}");
            assert!(!default_of(key, &config).is_empty(), "{path}");
        }
    }

    #[test]
    fn what_a_key_accepts_is_asked_of_its_type() {
        for (path, expected) in [
            ("objective.contractive", "a number of 0 or more"),
            ("train.epochs", "a whole number of 0 or more"),
            ("data.grey", "true, false"),
            ("model.down", "pool, stride"),
            ("train.precision", "single, double, half"),
            (
                "train.schedule",
                "constant, cosine, step, plateau, one-cycle",
            ),
            ("train.target_loss", "a number"),
        ] {
            assert_eq!(accepted_by(key_of(path)).to_string(), expected, "{path}");
        }
    }

    #[test]
    fn what_the_lines_say_is_left_out_is_what_the_configuration_leaves_out() {
        let default = RunConfig::default();
        assert_eq!(default_of(key_of("objective.contractive"), &default), "0.0");
        assert_eq!(default_of(key_of("objective.loss"), &default), "bce");
        assert_eq!(default_of(key_of("data.split"), &default), "random");
        assert_eq!(
            default_of(key_of("train.gradient"), &default),
            default.train.gradient.name()
        );
        assert_eq!(default_of(key_of("data.scale"), &default), "none");
        assert_eq!(default_of(key_of("model.code_noise"), &default), "0.0");
    }

    #[test]
    fn the_devices_are_those_of_the_flag() {
        let accepted = accepted_by(key_of("train.device")).to_string();
        assert_eq!(accepted, crate::device::NAMES.join(", "));
    }
}
