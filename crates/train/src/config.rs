//! A run as a value: everything that changes its result, as it stands in `config.toml`.

use std::path::PathBuf;

use espejo_data::{FillKind, FitKind, ScalingKind, TextForm};
use espejo_nets::{Activation, DenseStep, Initializer, Range};
use serde::{Deserialize, Serialize};

use crate::windows::WindowLength;

/// The configuration of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Version of the rules by which a run reads and draws its data: 2, or 1 for runs of before, which keep numbers in single
    /// precision and find the parts that they drew.
    pub version: u32,
    /// What to learn from.
    #[serde(default)]
    pub data: DataConfig,
    /// What to train.
    #[serde(default)]
    pub model: ModelConfig,
    /// What to minimise.
    #[serde(default)]
    pub objective: ObjectiveConfig,
    /// How images are corrupted for a denoising model.
    #[serde(default)]
    pub noise: NoiseConfig,
    /// How images are changed anew in every epoch of training.
    #[serde(default, skip_serializing_if = "AugmentConfig::is_off")]
    pub augment: AugmentConfig,
    /// How to train.
    #[serde(default)]
    pub train: TrainConfig,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            version: 2,
            data: DataConfig::default(),
            model: ModelConfig::default(),
            objective: ObjectiveConfig::default(),
            noise: NoiseConfig::default(),
            augment: AugmentConfig::default(),
            train: TrainConfig::default(),
        }
    }
}

/// `[data]`: what to learn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// Name of the data set, e.g. `fonts` or `fashion`; a folder of images or texts, or a `.csv`, `.npy` or `.npz` file;
    /// `.parquet` and `.arrow` too (with --features parquet / arrow).
    pub name: String,
    /// The data directory, where it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// Only these glyphs, in this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub letters: Option<String>,
    /// Only the first so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<usize>,
    /// Only this part of them, in (0, 1].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction: Option<f64>,
    /// Only these classes; all where the list is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Only this subject, of `yale`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// At most so many samples of the training part and of the test part, drawn by the seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The part kept out of training, of sets without an official test part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_fraction: Option<f64>,
    /// The fold kept out of training in place of such a part, e.g. `2/5` for the second of five.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<String>,
    /// Folds of a cross-validation: a net is trained without each of them, and the model of the run on all samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<usize>,
    /// How often the samples are dealt out to folds anew; once where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<usize>,
    /// Height and width to bring images to, e.g. `50x37`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// How images of another form are brought to that size: `crop`, `pad` or `stretch`, which is what is meant where it is left out.
    #[serde(skip_serializing_if = "is_stretch")]
    pub fit: FitKind,
    /// Whether colour becomes grey.
    #[serde(skip_serializing_if = "is_false")]
    pub grey: bool,
    /// The column of a table that holds the labels, by its name or its number counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The column of a table that a classifier or regressor learns to give, by its name or its number counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// How many of the most frequent words of the training texts a model sees, or of sequences how many tokens; 10,000 where it is left out, and
    /// 1,000 of the table that `imdb` is without `text_as`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<usize>,
    /// The column of a table that holds texts, by its name or its number counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How texts become numbers: `counts`, which is what is meant of texts where it is left out, `binary` or `sequence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_as: Option<TextForm>,
    /// Tokens of a sequence; 500 where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_length: Option<usize>,
    /// The columns of a table to learn from, by name or number counted from 1; all where the list is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The columns of a table to leave out, by name or number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// The column of a table that names its rows, such as an identity or a time; it is no input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// The column of a table whose rows of one value are kept together when a part is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The columns of a table whose words are dates, by name or number: they become days since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<String>,
    /// Whether the first row of a text holds the names of its columns; where it is not said, its look decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// Words or numbers that stand for a missing cell of a table, beside the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The columns of a table in which those stand for a missing cell, by name or number; every column where the list is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_in: Vec<String>,
    /// What stands for a missing cell of an input, by the statistics of the training part.
    #[serde(skip_serializing_if = "is_unfilled")]
    pub fill: FillKind,
    /// Whether a model sees which cells of a row are missing, beside the row: 1 for each that is, 0 for each that is not.
    #[serde(skip_serializing_if = "is_false")]
    pub missing_mask: bool,
    /// The numbers of image files that become black and white, e.g. 0 and 16; where it is left out, the files say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pixel_range: Option<[f64; 2]>,
    /// The image that each row of a table is, e.g. `28x28`, or `28x28x3` where the channels of a pixel stand side by side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
    /// How the test part is taken: `random`, or `time` for the last rows.
    #[serde(skip_serializing_if = "is_random")]
    pub split: SplitKind,
    /// Whether the values of every sample change places, all in the same way, drawn from the seed: a net that knows of
    /// neighbours loses them.
    #[serde(skip_serializing_if = "is_false")]
    pub permute: bool,
    /// How the columns of a table are scaled, by the statistics of its training part.
    #[serde(skip_serializing_if = "is_none")]
    pub scale: ScalingKind,
    /// Rows of a table that make one sample, which are then a series: a number, or `auto` for their period. Without it each row is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowLength>,
    /// Rows from the start of one window to that of the next; 1 where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// Rows of a series that a regressor or classifier sees, to give the target of the row behind them; without it each row is a sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lags: Option<usize>,
    /// Whether samples that cannot be read are left out.
    #[serde(skip_serializing_if = "is_false")]
    pub skip_bad: bool,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            name: "fonts".into(),
            directory: None,
            letters: None,
            first: None,
            fraction: None,
            classes: Vec::new(),
            subject: None,
            limit: None,
            test_fraction: None,
            fold: None,
            folds: None,
            repeats: None,
            size: None,
            fit: FitKind::Stretch,
            grey: false,
            label: None,
            target: None,
            words: None,
            text: None,
            text_as: None,
            text_length: None,
            columns: Vec::new(),
            drop: Vec::new(),
            index: None,
            group: None,
            dates: Vec::new(),
            header: None,
            missing: Vec::new(),
            missing_in: Vec::new(),
            fill: FillKind::None,
            missing_mask: false,
            pixel_range: None,
            shape: None,
            split: SplitKind::Random,
            permute: false,
            scale: ScalingKind::None,
            window: None,
            stride: None,
            lags: None,
            skip_bad: false,
        }
    }
}

/// How a test part is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitKind {
    /// Drawn by the seed.
    #[default]
    Random,
    /// The last samples, as for rows in the order of time.
    Time,
}

fn is_random(split: &SplitKind) -> bool {
    *split == SplitKind::Random
}

pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

fn is_none_at_all(count: &usize) -> bool {
    *count == 0
}

fn is_stretch(fit: &FitKind) -> bool {
    *fit == FitKind::Stretch
}

fn is_unfilled(fill: &FillKind) -> bool {
    *fill == FillKind::None
}

fn is_none(scale: &ScalingKind) -> bool {
    *scale == ScalingKind::None
}

/// Which family of models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// The autoencoder.
    #[default]
    Ae,
    /// The denoising autoencoder.
    Dae,
    /// The variational autoencoder.
    Vae,
    /// A net whose targets are classes.
    Classifier,
    /// A net whose targets are numbers.
    Regressor,
    /// A family that exists in tests alone: what it can do is seen, who it is nobody may ask.
    #[cfg(test)]
    Dummy,
}

/// `[model]`: what to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// `ae`, `dae`, `vae`, `classifier` or `regressor`.
    pub kind: ModelKind,
    /// Hidden sizes from the sample down to the code, mirrored on the way up; or the whole list, the size of a sample first and
    /// last. Among hidden sizes `noise:SD` may stand, Gaussian noise on the way down while training. Of a classifier or regressor its
    /// hidden layers in order, among which `bn`, `dropout:RATE` and `concat` may stand, too: what came to the first of them, beside what is there.
    pub layers: Vec<DenseStep>,
    /// Convolutions, as in `32,16` or `32,pool,16,pool/16,up,32,up,1`; `layers` are then the dense layers between them and
    /// the code. Of a classifier or regressor a chain without a way back: `32,pool,bn,16,pool,bn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conv: Option<String>,
    /// Values of the learned vector of each token, of sequences; 32 where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding: Option<usize>,
    /// Height and width of their kernels, odd.
    pub kernel: usize,
    /// How a level of `conv` halves the image.
    pub down: DownKind,
    /// How a level of `conv` doubles it again.
    pub up: UpKind,
    /// Whether batch normalisation follows each hidden convolution.
    pub batch_norm: bool,
    /// Size of the code; 2 unless `layers` is a whole list, whose narrowest layer it then is. With `conv`, 0 leaves the dense bottleneck
    /// out, as a whole list of steps does by itself: the last map is the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latent: Option<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Activation of the code, for `ae` and `dae`.
    pub latent_activation: Activation,
    /// Standard deviation of the Gaussian noise that is added to a code before its activation while training, for `ae` and `dae`:
    /// sigmoid codes become binary. 0 for none.
    #[serde(skip_serializing_if = "is_zero")]
    pub code_noise: f64,
    /// Activation of the output; by the loss where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_activation: Option<Activation>,
    /// The ends of the pixel values that the net sees, `unit` or `signed`; by the output where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// How first weights are drawn.
    pub initializer: Initializer,
    /// The run whose encoder a classifier or regressor starts from: a folder with `config.toml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_from: Option<PathBuf>,
    /// Whether that encoder keeps its weights.
    #[serde(skip_serializing_if = "is_false")]
    pub freeze: bool,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            kind: ModelKind::Ae,
            layers: vec![DenseStep::Size(25)],
            conv: None,
            embedding: None,
            kernel: 3,
            down: DownKind::Pool,
            up: UpKind::Upsample,
            batch_norm: false,
            latent: None,
            activation: Activation::Tanh,
            latent_activation: Activation::Linear,
            code_noise: 0.0,
            output_activation: None,
            range: None,
            initializer: Initializer::Glorot,
            init_from: None,
            freeze: false,
        }
    }
}

/// How a convolutional level halves the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DownKind {
    /// By 2x2 max pooling after the convolution.
    #[default]
    Pool,
    /// By the stride of the convolution.
    Stride,
}

/// How a convolutional level doubles the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpKind {
    /// By repeating each value after a convolution.
    #[default]
    Upsample,
    /// By a transposed convolution.
    Transpose,
}

/// Which loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossKind {
    /// Bernoulli cross-entropy from logits.
    #[default]
    Bce,
    /// Half the squared error.
    Mse,
    /// Absolute error.
    Mae,
    /// Log-cosh.
    LogCosh,
    /// Correntropy-induced loss.
    Correntropy,
    /// Entropic cost for -1/+1 pixels.
    Entropic,
    /// Categorical cross-entropy of a classifier.
    CrossEntropy,
    /// Half the squared error of the numbers of a table, and the categorical cross-entropy of each of its categories; `mse` where there
    /// is no category.
    Mixed,
}

/// `[objective]`: what to minimise, in nats (or squared error) a image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObjectiveConfig {
    /// The loss between outputs and targets.
    pub loss: LossKind,
    /// Kernel width of the correntropy loss, in pixel values.
    pub correntropy_width: f64,
    /// Weight of the Kullback-Leibler term of `vae`.
    pub beta: f64,
    /// Epochs over which that weight rises linearly from 0.
    pub kl_warmup: usize,
    /// Nats a code dimension that cost nothing.
    pub free_bits: f64,
    /// Weight of the absolute code.
    pub l1: f64,
    /// Weight of the Kullback-Leibler sparsity of the code.
    pub sparsity: f64,
    /// Mean activity that it wants, in (0, 1).
    pub sparsity_target: f64,
    /// Weight of the encoder's squared Jacobian norm.
    pub contractive: f64,
    /// Weight of half the squared weights.
    pub weight_decay: f64,
    /// The part of each target of a classifier that is shared out evenly over all classes, in [0, 1).
    #[serde(skip_serializing_if = "is_zero")]
    pub label_smoothing: f64,
}

impl Default for ObjectiveConfig {
    fn default() -> Self {
        Self {
            loss: LossKind::Bce,
            correntropy_width: 0.5,
            beta: 1.0,
            kl_warmup: 0,
            free_bits: 0.0,
            l1: 0.0,
            sparsity: 0.0,
            sparsity_target: 0.1,
            contractive: 0.0,
            weight_decay: 0.0,
            label_smoothing: 0.0,
        }
    }
}

/// `[noise]`: how images are corrupted for a denoising model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoiseConfig {
    /// Kind and strength, e.g. `salt-pepper:0.1`; `dae` where it is left out: `salt-pepper:0.1`, for a table `gaussian:0.1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Noisy copies of each image, drawn once; 0 draws fresh noise for every batch.
    pub copies: usize,
}

/// `[augment]`: how images are changed anew in every epoch of training; what is measured stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AugmentConfig {
    /// The largest shift, as a part of the height and of the width, in [0, 1).
    pub shift: f64,
    /// The largest angle of a turn, in degrees, in [0, 180].
    pub rotate: f64,
    /// Whether half of the images, drawn by the seed, are mirrored left to right.
    pub flip: bool,
    /// The side of the square that is cut out of each image, in pixels.
    pub cutout: usize,
    /// α of the Beta(α, α) distribution of the shares in which two images and their targets are mixed, in [0, 2]; 0 for none.
    pub mixup: f64,
}

/// Which optimiser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Adam.
    #[default]
    Adam,
    /// Adam with decoupled weight decay.
    Adamw,
    /// RMSprop.
    Rmsprop,
    /// Gradient descent.
    Sgd,
    /// Gradient descent with momentum.
    Momentum,
    /// Gradient descent with momentum and a learning rate that follows the loss, in double precision, as all that follow.
    Adaptive,
    /// Rprop: each weight has a step of its own, by the signs of its slope over all images.
    Rprop,
    /// Conjugate gradients (Polak-Ribière+).
    Cg,
    /// BFGS.
    Bfgs,
    /// L-BFGS.
    Lbfgs,
    /// Truncated Newton.
    TruncatedNewton,
    /// Powell's direction set, without gradients.
    Powell,
    /// Nelder and Mead's simplex, without gradients.
    NelderMead,
}

/// In which numbers a net is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 32 bits, on the device.
    Single,
    /// 64 bits, on the processor.
    Double,
    /// 32 bits, on a graphics card, with products of 16 in dense layers.
    Half,
}

impl Precision {
    /// The name in configurations and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Double => "double",
            Self::Half => "half",
        }
    }
}

/// Where the gradients of a training in double precision come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GradientSource {
    /// From the net itself.
    #[default]
    Exact,
    /// From differences of losses, one evaluation a weight.
    Finite,
}

impl GradientSource {
    /// The name in configurations and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Finite => "finite",
        }
    }

    fn is_exact(&self) -> bool {
        *self == Self::Exact
    }
}

/// How the learning rate changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleKind {
    /// The learning rate stays as it is.
    #[default]
    Constant,
    /// Half a cosine, from the learning rate down to zero at the last epoch.
    Cosine,
    /// Times `schedule_factor` every `schedule_epochs` epochs.
    Step,
    /// Times `schedule_factor` after `schedule_epochs` epochs without a better test loss.
    Plateau,
    /// From a 25th of the learning rate up to it over the first 30 % of all steps, then down to nearly 0, both along half a cosine.
    OneCycle,
}

/// `[train]`: how to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Passes over the training images; in double precision iterations, which are passes for those that descend by batches.
    pub epochs: usize,
    /// Images a step; 0 for all of them.
    pub batch_size: usize,
    /// The optimiser.
    pub optimizer: OptimizerKind,
    /// `single`, `double` or `half`; where it is left out, what the optimiser has: `adaptive` and all after it train dense nets in
    /// double precision, and `sgd`, `momentum` and `adam` can. `half` rounds what dense layers multiply in training to 16 bits, where the device has
    /// such floats; weights, sums, convolutions and every evaluation keep 32.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    /// Evaluations of the loss, at most, of a training in double precision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_evaluations: Option<usize>,
    /// Iterations of a training in double precision, at most; `epochs` where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_iterations: Option<usize>,
    /// Where the gradients of a training in double precision come from.
    #[serde(skip_serializing_if = "GradientSource::is_exact")]
    pub gradient: GradientSource,
    /// Whether the guard ε of `rmsprop` stands under the root, as in Keras and optax, not beside it, as in PyTorch.
    #[serde(skip_serializing_if = "is_false")]
    pub epsilon_inside: bool,
    /// Learning rate of the optimiser.
    pub learning_rate: f64,
    /// Momentum of `momentum` and `adaptive`, in [0, 1).
    pub momentum: f64,
    /// What `adaptive` adds to the learning rate when the loss fell; 1e-4 where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adaptive_raise: Option<f64>,
    /// Epochs in a row in which the loss has to fall before `adaptive` raises the learning rate; 3 where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adaptive_after: Option<usize>,
    /// The part of the learning rate that `adaptive` takes off when the loss rose, in [0, 1); 1e-5 where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adaptive_lower: Option<f64>,
    /// Decoupled weight decay of `adamw`.
    pub decay: f64,
    /// How the learning rate changes.
    pub schedule: ScheduleKind,
    /// Epochs of `step` and `plateau`.
    pub schedule_epochs: usize,
    /// Factor of `step` and `plateau`, in (0, 1).
    pub schedule_factor: f64,
    /// Epochs over whose steps the learning rate rises linearly from 0 to what the schedule says.
    #[serde(skip_serializing_if = "is_none_at_all")]
    pub warmup: usize,
    /// Decay of the running average of the weights that is evaluated and saved in their place, in [0, 1); 0 for none.
    #[serde(skip_serializing_if = "is_zero")]
    pub ema: f64,
    /// Largest norm of the whole gradient; 0 for no clipping.
    pub clip_norm: f64,
    /// Evaluations without a better test loss before training stops; 0 to go on.
    pub patience: usize,
    /// Training stops when the test loss is at or under this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_loss: Option<f64>,
    /// Epochs from one evaluation to the next; in double precision every row of the log is measured.
    pub eval_every: usize,
    /// Epochs from one kept checkpoint to the next; 0 keeps only `best` and `last`.
    pub checkpoint_every: usize,
    /// Seconds of training after which `last` and `best` are written again; 0 writes them after every epoch. A run that is
    /// killed repeats at most this much, to the same numbers.
    pub checkpoint_seconds: f64,
    /// Epochs from one image of fixed samples to the next; 0 for none.
    pub samples_every: usize,
    /// MiB of the device that the data may take; a larger set streams in from the disk while training.
    pub device_memory: usize,
    /// Bits of the vectors that Espejo's own code works with on a processor: 128, 256 or 512; 0 is the widest that the machine has. Sums go by
    /// it in their last bits.
    pub vector_width: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// `auto`, `gpu`, `cpu`, `wgpu`, `wgpu:N`, `flex`, `ndarray` or `cuda`. Training in double precision is on the processor; the
    /// device measures what came of it, and `auto` then means the processor.
    pub device: String,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 50,
            batch_size: 128,
            optimizer: OptimizerKind::Adam,
            precision: None,
            max_evaluations: None,
            max_iterations: None,
            gradient: GradientSource::Exact,
            epsilon_inside: false,
            learning_rate: 1e-3,
            momentum: 0.9,
            adaptive_raise: None,
            adaptive_after: None,
            adaptive_lower: None,
            decay: 0.01,
            schedule: ScheduleKind::Constant,
            schedule_epochs: 10,
            schedule_factor: 0.1,
            warmup: 0,
            ema: 0.0,
            clip_norm: 0.0,
            patience: 0,
            target_loss: None,
            eval_every: 1,
            checkpoint_every: 0,
            checkpoint_seconds: 2.0,
            samples_every: 0,
            device_memory: 1024,
            vector_width: 0,
            seed: 42,
            device: "auto".into(),
        }
    }
}
