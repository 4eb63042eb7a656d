//! The command line: the commands and what all of them share. The arguments of a command stand in its own file.

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::choose_samples::PartedArgs;
use crate::commands::animate::AnimateArgs;
use crate::commands::cluster::ClusterArgs;
use crate::commands::compare::CompareArgs;
use crate::commands::data::DataArgs;
use crate::commands::decode::DecodeArgs;
use crate::commands::denoise::DenoiseArgs;
use crate::commands::doctor::DoctorArgs;
use crate::commands::encode::EncodeArgs;
use crate::commands::eval::EvalArgs;
use crate::commands::export::ExportArgs;
use crate::commands::forecast::ForecastArgs;
use crate::commands::generate::GenerateArgs;
use crate::commands::hash::HashArgs;
use crate::commands::impute::ImputeArgs;
use crate::commands::inspect::InspectArgs;
use crate::commands::latent::LatentArgs;
use crate::commands::morph::MorphArgs;
use crate::commands::neighbours::NeighboursArgs;
use crate::commands::reconstruct::ReconstructArgs;
use crate::commands::report::ReportArgs;
use crate::commands::reproduce::ReproduceArgs;
use crate::commands::runs::RunsArgs;
use crate::commands::score::ScoreArgs;
use crate::commands::sweep::SweepArgs;
use crate::commands::train::TrainArgs;

/// Train, inspect and use autoencoders
#[derive(Parser)]
#[command(name = "espejo", version, about, arg_required_else_help = true)]
#[command(
    after_help = "`espejo train` without arguments trains an autoencoder on the built-in letters in seconds."
)]
pub struct Args {
    /// Print the result as one JSON object
    #[arg(long, global = true)]
    pub json: bool,
    /// Leave cells of CSV that begin like a formula as they are
    #[arg(long, global = true)]
    pub raw_csv: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Train a model into a new run folder
    #[command(
        after_help = "Defaults that depend on the data and the model are printed by `--print-config`, with all others.\nKeys without a flag, such as the penalties of sparse and contractive autoencoders, are set with `--set`, as in `--set objective.contractive=0.1`; `--keys` lists all.\n\nExamples:\n  espejo train\n  espejo train fashion --model vae --conv 32,64 --latent 10\n  espejo train my-pictures/ --size 64x64 --grey\n  espejo train measured.csv --label class --test-fraction .2\n  espejo train measured.csv --model classifier --target class --test-fraction .2\n  espejo train series.csv --time when --window 25 --test-fraction .2 --split time\n  espejo train --data fonts:all --seed 7\n  espejo train --model vae --latent 2 --beta 0.5\n  espejo train --model dae --noise flip:.1 --layers 35,12,35\n  espejo train fonts --optimizer bfgs --max-evaluations 2000\n  espejo train --resume last"
    )]
    Train(Box<TrainArgs>),
    /// Evaluate a run again, or on other samples: metrics, baselines, the error of each class, figures
    #[command(
        after_help = "Figures are drawn again where the samples are the run's own test part.\n\nExamples:\n  espejo eval last\n  espejo eval last --data new.csv"
    )]
    Eval(EvalArgs),
    /// Reconstruct samples, measure the errors, and draw images beside their reconstructions or write the rows of a table
    #[command(
        after_help = "Examples:\n  espejo reconstruct last --letters ABC\n  espejo reconstruct last --part all --csv reconstructed.csv"
    )]
    Reconstruct(ReconstructArgs),
    /// Add noise to samples, denoise them and measure the errors beside those of baselines
    #[command(after_help = "Example:\n  espejo denoise last --noise salt-pepper:.15 --copies 100")]
    Denoise(DenoiseArgs),
    /// Predict the class or the numbers of each sample, as CSV
    #[command(
        after_help = "Examples:\n  espejo predict last > predictions.csv\n  espejo predict last --data new.csv > predictions.csv"
    )]
    Predict(PartedArgs),
    /// Forecast a series beyond its last row, as CSV, or measure how far forecasts leave the rows that came
    #[command(
        after_help = "The run learned a series by its own past: `espejo train sales.csv --model regressor --target sales --lags 12`.\n\nExamples:\n  espejo forecast last --steps 24 > next.csv\n  espejo forecast last --evaluate"
    )]
    Forecast(ForecastArgs),
    /// Print the latent code of each sample as CSV
    #[command(after_help = "Example:\n  espejo encode last > codes.csv")]
    Encode(EncodeArgs),
    /// Decode latent codes, as `encode` prints them: rows of a table as CSV, images as a figure
    #[command(
        after_help = "Examples:\n  espejo encode last | espejo decode last\n  espejo decode last --codes codes.csv --to images.npy"
    )]
    Decode(DecodeArgs),
    /// Write a run as one HTML page that opens by double click: results, curves, samples, and the latent space alive
    #[command(
        after_help = "The page is one file, which fetches nothing: the decoder of the run is in it, and decodes whatever place of the latent space is pointed at. It can be read in light and dark, on a phone, on paper, and with the keyboard alone. docs/report.md says what is on it.\n\nExamples:\n  espejo report last --open\n  espejo report last --lang es --to informe.html"
    )]
    Report(ReportArgs),
    /// Write a model for other programs: as ONNX, as a PyTorch module, as JSON, or half of it as a folder that `espejo` opens
    #[command(
        after_help = "With `onnx`, `torch` and `json` the folder has the model, test samples and Espejo's own results for them as .npy files, and `certificate.json`; for `onnx` and `torch` also `check.py`, whose results `--check` compares with ours: exit code 6 where they differ by more than 1e-5. docs/export.md says what goes in and what comes out.\nA half (`safetensors`) needs no data to be opened. `encode` takes an encoder, with `--data`; `decode` takes a decoder.\n\nExamples:\n  espejo export last --format onnx --to my-model\n  python3 my-model/check.py && espejo export last --to my-model --check my-model/outputs\n  espejo export last --part encoder --format torch --to my-module\n  espejo export last --part encoder --to my-encoder\n  espejo encode my-encoder --data new.csv > codes.csv\n  espejo export last --part decoder --to my-decoder\n  espejo decode my-decoder < codes.csv"
    )]
    Export(ExportArgs),
    /// Score how unusual each sample is, and flag those above a limit, as CSV
    #[command(
        after_help = "Examples:\n  espejo score last --data new.csv > scores.csv\n  espejo score last --data new.csv --threshold conformal:.05 --top 20 --explain\n  espejo score last --data labelled.csv --label class --outliers fault --fdr .1"
    )]
    Score(ScoreArgs),
    /// Fill the missing cells of a table, and leave everything else of its file as it is
    #[command(
        after_help = "Intervals hold the share of true numbers that --level asks for, by known cells of the held-out part.\n\nExamples:\n  espejo impute last --data holes.csv > filled.csv\n  espejo impute last --data holes.csv --to filled.csv --intervals intervals.csv\n  espejo impute last --evaluate"
    )]
    Impute(ImputeArgs),
    /// List the training samples whose latent codes are nearest to each sample's, as CSV
    #[command(
        visible_alias = "neighbors",
        after_help = "Where classes are known, stderr has how well the nearest vote for them, by codes and by all values.\n\nExamples:\n  espejo neighbours last -k 3\n  espejo neighbours last --data new.csv"
    )]
    Neighbours(NeighboursArgs),
    /// Group samples by their latent codes, and decode the centres of the groups
    #[command(
        after_help = "Examples:\n  espejo cluster last -k 6 > clusters.csv\n  espejo cluster last --mixture --centres centres.csv"
    )]
    Cluster(ClusterArgs),
    /// Print the latent code of each sample as bits, or the training samples within a few bits of it, as CSV
    #[command(
        after_help = "Bits are packed as numpy.packbits does it: the first is the highest of the first byte.\n\nExamples:\n  espejo train s29 && espejo hash last > hashes.csv\n  espejo hash last --to hashes.npy\n  espejo hash last --near 25000 --radius 1"
    )]
    Hash(HashArgs),
    /// Generate new samples by decoding random or given latent codes
    #[command(
        after_help = "Examples:\n  espejo generate last --count 24 --seed 1\n  espejo generate last --at 0.5,-1.2\n  espejo generate last --csv --count 1000 --report report.json > synthetic.csv"
    )]
    Generate(GenerateArgs),
    /// Plot the latent space and a grid of images decoded from it, or each dimension of the code by itself
    #[command(
        after_help = "Examples:\n  espejo latent last --grid 20x20 --range=-2,2\n  espejo latent last --traverse --steps 11"
    )]
    Latent(LatentArgs),
    /// Draw the interpolation between two images in the latent space
    #[command(
        after_help = "Examples:\n  espejo morph last A B --steps 11\n  espejo morph last '#0' '#7' --data my-pictures/"
    )]
    Morph(MorphArgs),
    /// Animate the latent space during training, or a walk through it, as GIF and APNG
    #[command(
        after_help = "Examples:\n  espejo animate last --fps 12\n  espejo animate last --walk loop\n  espejo animate last --walk spiral --frames 225 --fps 5"
    )]
    Animate(AnimateArgs),
    /// Repeat the documents' experiments over several seeds and compare with the published values
    #[command(
        after_help = "Examples:\n  espejo reproduce S10\n  espejo reproduce all --quick\n  espejo reproduce all --page docs/reproduction.md"
    )]
    Reproduce(ReproduceArgs),
    /// Train a model with some of its settings varied, each combination over several seeds, on all cores or a cluster
    #[command(
        after_help = "The same command goes on with a sweep that was interrupted. `espejo sweep` takes the flags of `espejo train` for what all tasks share.\n\nExamples:\n  espejo sweep letters --vary model.latent=1,2,4 --seeds 5\n  espejo sweep fashion --model vae --vary objective.beta=.1,1 --vary model.latent=2,8,32 --out runs/betas\n  espejo sweep letters --vary train.learning_rate=log:1e-4..1e-1 --random 27 --halving 3\n  espejo sweep my-sweep.toml --on slurm:8 --submit\n  espejo sweep status runs/betas"
    )]
    Sweep(Box<SweepArgs>),
    /// List the runs, the newest first: status, data, model, and the test result beside a baseline
    #[command(
        after_help = "Wherever a command takes a RUN: `last` is the first of this list, `last~1` the second, and so on; or a part of a name.\n\nExamples:\n  espejo runs\n  espejo runs --csv > runs.csv\n  espejo latent last~1"
    )]
    Runs(RunsArgs),
    /// Hold runs against each other: what differs in their configurations, their measures with intervals over seeds, their cost
    #[command(
        after_help = "Runs that differ by their seed alone stand together. Differences are taken seed by seed where seeds are shared, with 95 % intervals by Student's t; runs on other samples and other losses are not held against each other.\n\nExamples:\n  espejo compare last last~1\n  espejo compare runs/betas\n  espejo compare runs/betas --csv > betas.csv"
    )]
    Compare(CompareArgs),
    /// Show a run's layers, configuration and metrics
    #[command(after_help = "Examples:\n  espejo inspect last\n  espejo inspect last --config")]
    Inspect(InspectArgs),
    /// List and test the devices, and show which one `auto` selects
    #[command(
        after_help = "Each device computes sums that are known and trains the letters for half a second, two seconds in all. A device that computes wrong is refused by every command. A software adapter is not trained on: its first step takes minutes.\n\nExamples:\n  espejo doctor\n  espejo doctor --bench"
    )]
    Doctor(DoctorArgs),
    /// List, download, verify and show data sets
    #[command(after_help = "Examples:\n  espejo data list\n  espejo data show fonts")]
    Data(DataArgs),
    /// Print a completion script for a shell
    #[command(
        after_help = "The script asks the program for what fits: options, presets, data sets, runs, and the words that an option accepts. Make it anew when the program is renewed, or let the shell ask for it whenever it starts.\n\nExamples:\n  espejo completions bash > ~/.local/share/bash-completion/completions/espejo\n  echo 'source <(espejo completions bash)' >> ~/.bashrc\n  echo 'source <(espejo completions zsh)' >> ~/.zshrc\n  echo 'espejo completions fish | source' >> ~/.config/fish/config.fish\n  echo 'eval (espejo completions elvish | slurp)' >> ~/.config/elvish/rc.elv\n  echo 'espejo completions powershell | Out-String | Invoke-Expression' >> $PROFILE"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
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
