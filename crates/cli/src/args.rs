//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use clap_complete::Shell;
use espejo_train::{Part, Which};

/// Train, look into and use autoencoders.
#[derive(Parser)]
#[command(name = "espejo", version, about, arg_required_else_help = true)]
#[command(after_help = "A bare `espejo train` learns the built-in letters in seconds.")]
pub struct Args {
    /// Write results as one JSON object
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Train a model into a new run folder
    #[command(
        after_help = "Examples:\n  espejo train\n  espejo train fashion --model vae --conv 32,64 --latent 10\n  espejo train my-pictures/ --size 64x64 --grey\n  espejo train measured.csv --label class --test-fraction .2\n  espejo train --data fonts:all --seed 7\n  espejo train --model vae --latent 2 --beta 0.5\n  espejo train --model dae --noise flip:.1 --layers 35,12,35\n  espejo train fonts --optimizer bfgs --max-evaluations 2000\n  espejo train --resume last"
    )]
    Train(Box<TrainArgs>),
    /// Measure a run again, beside its baselines, and draw its pictures again
    #[command(after_help = "Example:\n  espejo eval last")]
    Eval(RunArgs),
    /// Draw pictures beside their reconstructions
    #[command(after_help = "Example:\n  espejo reconstruct last --letters ABC")]
    Reconstruct(SampleArgs),
    /// Add noise to pictures, clean them, and measure it
    #[command(after_help = "Example:\n  espejo denoise last --noise salt-pepper:.15 --copies 100")]
    Denoise(DenoiseArgs),
    /// Write the code of each picture as CSV
    #[command(after_help = "Example:\n  espejo encode last > codes.csv")]
    Encode(EncodeArgs),
    /// Decode new codes
    #[command(
        after_help = "Examples:\n  espejo generate last --count 24 --seed 1\n  espejo generate last --at 0.5,-1.2"
    )]
    Generate(GenerateArgs),
    /// Draw the map of the codes and the grid of decoded codes
    #[command(after_help = "Example:\n  espejo latent last --grid 20x20 --range=-2,2")]
    Latent(LatentArgs),
    /// Draw the path from one picture to another
    #[command(after_help = "Example:\n  espejo morph last A B --steps 11")]
    Morph(MorphArgs),
    /// Animate: how the map of the codes formed, or a walk through the codes, as GIF and APNG
    #[command(
        after_help = "Examples:\n  espejo animate last --fps 12\n  espejo animate last --walk loop\n  espejo animate last --walk spiral --frames 225 --fps 5"
    )]
    Animate(AnimateArgs),
    /// Run the documents' experiments over several seeds, beside their published numbers
    #[command(
        after_help = "Examples:\n  espejo reproduce S10\n  espejo reproduce all --quick\n  espejo reproduce all --page docs/reproduction.md"
    )]
    Reproduce(ReproduceArgs),
    /// Show what a run is made of and what came of it
    #[command(after_help = "Example:\n  espejo inspect last")]
    Inspect(RunArgs),
    /// Show the devices, try each, and say which one `auto` takes
    #[command(after_help = "Example:\n  espejo doctor")]
    Doctor,
    /// Show the data sets
    #[command(after_help = "Examples:\n  espejo data list\n  espejo data show fonts")]
    Data(DataArgs),
    /// Write a completion script for a shell
    #[command(
        after_help = "Example:\n  espejo completions bash > ~/.local/share/bash-completion/completions/espejo"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(ClapArgs)]
#[command(allow_negative_numbers = true)]
pub struct TrainArgs {
    /// A preset (`espejo train --presets` lists them), a data set, a folder of pictures, or a table
    pub preset: Option<String>,
    /// A configuration file, as a run's `config.toml`
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set any key of the configuration, e.g. `train.clip_norm=1`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,

    /// A data set (`espejo data list`), a folder of pictures, or a .csv, .npy or .npz file
    #[arg(long, help_heading = "Data")]
    pub data: Option<String>,
    /// The folder that holds the data sets; else ESPEJO_DATA, else the usual place
    #[arg(long, value_name = "DIR", help_heading = "Data")]
    pub data_dir: Option<PathBuf>,
    /// Only these glyphs, in this order
    #[arg(long, help_heading = "Data", allow_hyphen_values = true)]
    pub letters: Option<String>,
    /// Only the first so many
    #[arg(long, value_name = "N", help_heading = "Data")]
    pub first: Option<usize>,
    /// Only this part, from 0 to 1
    #[arg(long, value_name = "PART", help_heading = "Data")]
    pub fraction: Option<f64>,
    /// Only these classes, e.g. `Sneaker,Bag`
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        help_heading = "Data"
    )]
    pub classes: Vec<String>,
    /// Only this subject, of `yale`
    #[arg(long, value_name = "N", help_heading = "Data")]
    pub subject: Option<String>,
    /// At most so many samples for training, and for testing, drawn by the seed
    #[arg(long, value_name = "N", help_heading = "Data")]
    pub limit: Option<usize>,
    /// Keep this part out of training, where the set has no test part of its own
    #[arg(long, value_name = "PART", help_heading = "Data")]
    pub test_fraction: Option<f64>,
    /// Bring pictures to this size, e.g. `50x37`
    #[arg(long, value_name = "HxW", help_heading = "Data")]
    pub size: Option<String>,
    /// Make colour pictures grey
    #[arg(long, help_heading = "Data")]
    pub grey: bool,
    /// The column of a table that holds the labels, by name or number
    #[arg(long, value_name = "COLUMN", help_heading = "Data")]
    pub label: Option<String>,
    /// Scale the columns of a table: none, standardise or min-max
    #[arg(long, value_name = "HOW", help_heading = "Data")]
    pub scale: Option<String>,
    /// Leave out what cannot be read, and say how much
    #[arg(long, help_heading = "Data")]
    pub skip_bad: bool,

    /// ae, dae or vae
    #[arg(long, help_heading = "Model")]
    pub model: Option<String>,
    /// Hidden sizes, mirrored (`--layers 25`), or the whole list (`--layers 35,25,2,25,35`)
    #[arg(long, value_name = "SIZES", help_heading = "Model")]
    pub layers: Option<String>,
    /// Convolutions: channels of each level (`--conv 32,16`), or every step with `/` at the code
    /// (`--conv 32,pool,16,pool/16,up,32,up,1`)
    #[arg(long, value_name = "STEPS", help_heading = "Model")]
    pub conv: Option<String>,
    /// Side of their kernels, odd
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub kernel: Option<usize>,
    /// How a level halves: pool or stride
    #[arg(long, value_name = "HOW", help_heading = "Model")]
    pub down: Option<String>,
    /// How a level doubles: upsample or transpose
    #[arg(long, value_name = "HOW", help_heading = "Model")]
    pub up: Option<String>,
    /// Batch normalisation after each hidden convolution
    #[arg(long, help_heading = "Model")]
    pub batch_norm: bool,
    /// Size of the code; with `--conv`, 0 for no dense waist
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub latent: Option<usize>,
    /// Of hidden layers: linear, relu, leaky-relu, elu, gelu, silu, tanh or sigmoid
    #[arg(long, help_heading = "Model")]
    pub activation: Option<String>,

    /// bce, mse, mae, log-cosh, correntropy or entropic
    #[arg(long, help_heading = "Objective")]
    pub loss: Option<String>,
    /// For `dae`: KIND:STRENGTH with salt-pepper, flip, mask, ones, gaussian, uniform or cauchy
    #[arg(long, help_heading = "Objective")]
    pub noise: Option<String>,
    /// Noisy copies of each picture, drawn once; 0 draws fresh noise every time
    #[arg(long, value_name = "N", help_heading = "Objective")]
    pub copies: Option<usize>,
    /// Weight of the Kullback-Leibler term of `vae`
    #[arg(long, help_heading = "Objective")]
    pub beta: Option<f64>,
    /// Epochs over which that weight rises from 0
    #[arg(long, value_name = "EPOCHS", help_heading = "Objective")]
    pub kl_warmup: Option<usize>,

    /// Passes over the data
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub epochs: Option<usize>,
    /// Pictures a step; 0 for all
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub batch_size: Option<usize>,
    /// Learning rate
    #[arg(long, value_name = "RATE", help_heading = "Training")]
    pub lr: Option<f64>,
    /// adam, adamw, rmsprop, sgd or momentum; in double precision adaptive, rprop, cg, bfgs, lbfgs, truncated-newton, powell or
    /// nelder-mead
    #[arg(long, help_heading = "Training")]
    pub optimizer: Option<String>,
    /// single or double; double takes adam, sgd and momentum to the processor
    #[arg(long, value_name = "HOW", help_heading = "Training")]
    pub precision: Option<String>,
    /// In double precision: evaluations of the loss, at most
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub max_evaluations: Option<usize>,
    /// In double precision: iterations, at most; as many as epochs when left out
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub max_iterations: Option<usize>,
    /// In double precision: gradients exact, or finite from differences of the loss
    #[arg(long, value_name = "HOW", help_heading = "Training")]
    pub gradient: Option<String>,
    /// constant, cosine, step or plateau
    #[arg(long, help_heading = "Training")]
    pub schedule: Option<String>,
    /// Evaluations without a better test loss before training stops
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub patience: Option<usize>,
    /// Stop at this test loss
    #[arg(long, value_name = "LOSS", help_heading = "Training")]
    pub target_loss: Option<f64>,
    /// Epochs from one picture of fixed samples to the next; 0 for none
    #[arg(long, value_name = "EPOCHS", help_heading = "Training")]
    pub samples_every: Option<usize>,
    /// Device memory for the data in MiB; a larger set streams in from the disk
    #[arg(long, value_name = "MIB", help_heading = "Training")]
    pub device_memory: Option<usize>,
    /// Seed of everything random
    #[arg(long, help_heading = "Training")]
    pub seed: Option<u64>,
    /// auto, gpu, cpu, wgpu, wgpu:N, flex, ndarray or cuda; double precision trains on the processor, and measures here
    #[arg(long, help_heading = "Training")]
    pub device: Option<String>,

    /// The folder above the run folder
    #[arg(long, value_name = "DIR", default_value = "runs", help_heading = "Run")]
    pub out: PathBuf,
    /// Name of the run folder
    #[arg(long, help_heading = "Run", conflicts_with = "resume")]
    pub name: Option<String>,
    /// Go on with a run: its folder, its name, or `last`
    #[arg(long, value_name = "RUN", help_heading = "Run", conflicts_with_all = ["preset", "config", "sets"])]
    pub resume: Option<String>,
    /// List the presets and stop
    #[arg(long, help_heading = "Run")]
    pub presets: bool,
    /// Show the whole merged configuration and stop
    #[arg(long, help_heading = "Run")]
    pub print_config: bool,
    /// Check everything, show the layer table and stop
    #[arg(long, help_heading = "Run")]
    pub dry_run: bool,
    /// Draw no pictures
    #[arg(long, help_heading = "Run")]
    pub no_figures: bool,
}

#[derive(ClapArgs)]
pub struct ReproduceArgs {
    /// Rows of the table, e.g. `S10 S12`, or `all`; all when left out
    #[arg(value_name = "ID")]
    pub rows: Vec<String>,
    /// Fewer seeds and thinner sweeps: a minute, to see that it runs
    #[arg(long)]
    pub quick: bool,
    /// Forget what was done before
    #[arg(long)]
    pub fresh: bool,
    /// List the rows and stop
    #[arg(long)]
    pub list: bool,
    /// The folder above that of the reproduction
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Name of its folder, else `reproduction` or `reproduction-quick`
    #[arg(long)]
    pub name: Option<String>,
    /// Write the report to this file as well, its pictures into a folder of the same name beside it
    #[arg(long, value_name = "FILE")]
    pub page: Option<PathBuf>,
}

/// A run and how to open it.
#[derive(ClapArgs)]
pub struct RunArgs {
    /// A run folder, a run's name, or `last`
    pub run: String,
    /// The folder above the run folders
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Which weights: `best` (lowest test loss), `last`, or an epoch that was kept
    #[arg(long, default_value = "best")]
    pub checkpoint: Which,
    /// Use this device in place of the one it was trained on
    #[arg(long)]
    pub device: Option<String>,
    /// The folder that holds the data sets, where it is another than when the run was trained
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

#[derive(ClapArgs)]
pub struct SampleArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Other data than the run's: a data set, a folder of pictures, or a table
    #[arg(long)]
    pub data: Option<String>,
    /// `test` or `train`: which part of the data
    #[arg(long, default_value = "test")]
    pub part: Part,
    /// Only these glyphs
    #[arg(long, allow_hyphen_values = true)]
    pub letters: Option<String>,
    /// Only these classes
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub classes: Vec<String>,
    /// Only the first so many
    #[arg(long, value_name = "N")]
    pub first: Option<usize>,
}

#[derive(ClapArgs)]
pub struct DenoiseArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    /// KIND:STRENGTH; the noise of the run when left out
    #[arg(long)]
    pub noise: Option<String>,
    /// Noisy copies of each picture to measure with; by default up to 100, for some thousands in all
    #[arg(long, value_name = "N")]
    pub copies: Option<usize>,
    /// Seed of the noise
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(ClapArgs)]
pub struct EncodeArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    /// Draw from the posterior of a `vae` in place of its mean
    #[arg(long)]
    pub sample: bool,
    /// Seed of these draws
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(ClapArgs)]
pub struct GenerateArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 24, conflicts_with = "at")]
    pub count: usize,
    /// Seed of the random codes
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Decode this code, e.g. `0.5,-1.2`; may be repeated
    #[arg(long, value_name = "CODE", allow_hyphen_values = true)]
    pub at: Vec<String>,
}

#[derive(ClapArgs)]
pub struct LatentArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Rows and columns of the decoded grid
    #[arg(long, value_name = "RxC", default_value = "15x15")]
    pub grid: String,
    /// Ends of both axes of the grid, e.g. `-2,2`; quantiles of the prior for `vae`, else the span of the codes
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    pub range: Option<String>,
}

#[derive(ClapArgs)]
pub struct MorphArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// The first picture, by its caption (`A`) or number (`#0`)
    #[arg(allow_hyphen_values = true)]
    pub from: String,
    /// The last picture
    #[arg(allow_hyphen_values = true)]
    pub to: String,
    /// Pictures on the way, both ends included
    #[arg(long, value_name = "N", default_value_t = 11)]
    pub steps: usize,
}

#[derive(ClapArgs)]
pub struct AnimateArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Frames a second
    #[arg(long, default_value_t = 12.0)]
    pub fps: f64,
    /// Walk through the codes: `loop` (closed, smooth) or `spiral` (inwards, over the whole plane)
    #[arg(long, value_name = "WAY")]
    pub walk: Option<Way>,
    /// Frames of a walk
    #[arg(long, value_name = "N", default_value_t = 120)]
    pub frames: usize,
}

/// A way through the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Way {
    /// A closed curve around the middle of the codes.
    Loop,
    /// From the edge of the plane inwards, over all of it.
    Spiral,
}

#[derive(ClapArgs)]
pub struct DataArgs {
    #[command(subcommand)]
    pub command: DataCommand,
}

#[derive(Subcommand)]
pub enum DataCommand {
    /// List the data sets
    List,
    /// Get the official files of a data set
    #[command(after_help = "Example:\n  espejo data fetch fashion")]
    Fetch {
        /// Its name, as in `espejo data list`
        name: String,
        /// The folder that holds the data sets; else ESPEJO_DATA, else the usual place
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
        /// Try this address first, laid out like the data folder; may be repeated (else ESPEJO_MIRROR)
        #[arg(long, value_name = "URL")]
        mirror: Vec<String>,
    },
    /// Check the files of data sets against their official checksums
    #[command(after_help = "Example:\n  espejo data verify fashion")]
    Verify {
        /// Their names; all that are there when left out
        names: Vec<String>,
        /// The folder that holds the data sets; else ESPEJO_DATA, else the usual place
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
    },
    /// Show the pictures of a data set, as text in the terminal or as a PNG sheet; of a table its columns
    Show(ShowArgs),
}

#[derive(ClapArgs)]
pub struct ShowArgs {
    /// Its name, e.g. `fonts`; a folder of pictures, or a table
    pub name: String,
    /// The folder that holds the data sets; else ESPEJO_DATA, else the usual place
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Only these glyphs
    #[arg(long, allow_hyphen_values = true)]
    pub letters: Option<String>,
    /// Only these classes
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub classes: Vec<String>,
    /// Only this subject, of `yale`
    #[arg(long, value_name = "N")]
    pub subject: Option<String>,
    /// Only the first so many
    #[arg(long, value_name = "N")]
    pub first: Option<usize>,
    /// Only this part, from 0 to 1
    #[arg(long, value_name = "PART")]
    pub fraction: Option<f64>,
    /// Bring pictures to this size, e.g. `50x37`
    #[arg(long, value_name = "HxW")]
    pub size: Option<String>,
    /// The column of a table that holds the labels, by name or number
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// Write a sheet to this file instead
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }
}
