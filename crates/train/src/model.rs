//! The families of models: what each can do, how each is made, and one type for all of them.
//!
//! Together with [`task`](crate::task) this is the only place that asks which family a model is of. Everything else asks
//! what it can do: whether there is a code ([`AnyModel::autoencoder`]), whether codes can be drawn ([`AnyModel::prior`]).

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use espejo_ae::{Ae, AeConfig};
use espejo_dae::{Dae, DaeConfig};
use espejo_data::TargetKind;
use espejo_nets::{
    Autoencoder, Batch, Hidden, LayerInfo, LayersConfig, Loss, Model, Penalties, Prior, seeded,
};
use espejo_supervised::{Network, NetworkConfig};
use espejo_vae::{Vae, VaeConfig};

use crate::architecture::{Mirror, Stacks};
use crate::config::{ModelKind, ObjectiveConfig, RunConfig};
use crate::preset::DataForm;
use crate::seed::{Purpose, stream};
use crate::spec::Spec;

impl ModelKind {
    /// Every family, in the order in which messages list them.
    pub const ALL: [Self; 5] = [
        Self::Ae,
        Self::Dae,
        Self::Vae,
        Self::Classifier,
        Self::Regressor,
    ];

    /// The name in configurations and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ae => "ae",
            Self::Dae => "dae",
            Self::Vae => "vae",
            Self::Classifier => "classifier",
            Self::Regressor => "regressor",
            #[cfg(test)]
            Self::Dummy => "dummy",
        }
    }

    /// The name in full.
    pub fn title(self) -> &'static str {
        match self {
            Self::Ae => "autoencoder",
            Self::Dae => "denoising autoencoder",
            Self::Vae => "variational autoencoder",
            Self::Classifier => "classifier",
            Self::Regressor => "regressor",
            #[cfg(test)]
            Self::Dummy => "dummy",
        }
    }

    /// The preset that suits this family and a data set of this form.
    pub(crate) fn preset(self, form: DataForm) -> &'static str {
        match (self, form) {
            (Self::Classifier, DataForm::Texts) => "texts",
            (Self::Classifier, DataForm::Table) => "classifier-table",
            (Self::Classifier, _) => "classifier",
            (Self::Regressor, _) => "regressor",
            (_, DataForm::Table | DataForm::Texts) => "table",
            (Self::Dae, DataForm::Font | DataForm::AllFonts) => "letters-dae",
            (Self::Vae, DataForm::Font | DataForm::AllFonts) => "letters-vae",
            (Self::Ae, DataForm::AllFonts) => "glyphs",
            (Self::Ae, DataForm::Font) => "letters",
            (Self::Dae, DataForm::Images) => "pictures-dae",
            (Self::Vae, DataForm::Images) => "pictures-vae",
            (Self::Ae, DataForm::Images) => "pictures",
            #[cfg(test)]
            (Self::Dummy, _) => "letters",
        }
    }

    /// Whether there is a latent code between an encoder and a decoder; the others are one chain of layers.
    pub fn has_code(self) -> bool {
        match self {
            Self::Ae | Self::Dae | Self::Vae => true,
            Self::Classifier | Self::Regressor => false,
            #[cfg(test)]
            Self::Dummy => true,
        }
    }

    /// What is learned beside the samples: classes or numbers.
    pub fn target(self) -> Option<TargetKind> {
        match self {
            Self::Ae | Self::Dae | Self::Vae => None,
            Self::Classifier => Some(TargetKind::Classes),
            Self::Regressor => Some(TargetKind::Numbers),
            #[cfg(test)]
            Self::Dummy => None,
        }
    }

    /// Whether it learns to take noise away.
    pub fn denoises(self) -> bool {
        self == Self::Dae
    }

    /// Whether the loss is that of the reconstruction, with penalties where they are asked for, and nothing else.
    pub fn only_reconstructs(self) -> bool {
        match self {
            Self::Ae | Self::Dae => true,
            Self::Vae | Self::Classifier | Self::Regressor => false,
            #[cfg(test)]
            Self::Dummy => false,
        }
    }

    /// Whether the encoder ends in two heads, the mean and the log-variance of a posterior, from which codes are drawn.
    pub fn has_posterior(self) -> bool {
        match self {
            Self::Vae => true,
            Self::Ae | Self::Dae | Self::Classifier | Self::Regressor => false,
            #[cfg(test)]
            Self::Dummy => false,
        }
    }
}

/// Any of the models; which one is a value, so that everything past this file is written once.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one model in a run")]
pub enum AnyModel {
    /// The autoencoder.
    Ae(Ae),
    /// The denoising autoencoder.
    Dae(Dae),
    /// The variational autoencoder.
    Vae(Vae),
    /// A net with targets.
    Network(Network),
    /// A family that exists in tests alone.
    #[cfg(test)]
    Dummy(tests::Dummy),
}

macro_rules! each {
    ($self:expr, $model:ident => $call:expr) => {
        match $self {
            AnyModel::Ae($model) => $call,
            AnyModel::Dae($model) => $call,
            AnyModel::Vae($model) => $call,
            AnyModel::Network($model) => $call,
            #[cfg(test)]
            AnyModel::Dummy($model) => $call,
        }
    };
}

impl Model for AnyModel {
    fn output(&self, inputs: Tensor<2>) -> Tensor<2> {
        each!(self, model => model.output(inputs)) // [batch, outputs]
    }

    fn loss(&self, batch: &Batch) -> Loss {
        each!(self, model => model.loss(batch))
    }

    fn table(&self) -> Vec<(&'static str, LayerInfo)> {
        each!(self, model => model.table())
    }

    fn hidden(&self, inputs: Tensor<2>) -> Vec<(&'static str, Hidden)> {
        each!(self, model => model.hidden(inputs))
    }
}

impl AnyModel {
    /// A model with first weights from the seed of the configuration, the same on every device.
    pub(crate) fn init(spec: &Spec, config: &RunConfig, device: &Device) -> Self {
        match &spec.architecture.stacks {
            Stacks::Mirror(mirror) => autoencoder(spec, mirror, config, device),
            Stacks::Chain(layers) => Self::Network(network(spec, layers, config, device)),
        }
    }

    /// The model as an encoder and a decoder; none where there is no code.
    pub fn autoencoder(&self) -> Option<&dyn Autoencoder> {
        match self {
            Self::Ae(model) => Some(model),
            Self::Dae(model) => Some(model),
            Self::Vae(model) => Some(model),
            Self::Network(_) => None,
            #[cfg(test)]
            Self::Dummy(model) => Some(model),
        }
    }

    /// The distribution from which codes can be drawn, where training shapes one.
    pub fn prior(&self) -> Option<Prior> {
        self.autoencoder().and_then(Autoencoder::prior)
    }
}

/// What an objective adds to the loss of an autoencoder without heads.
pub(crate) fn penalties(objective: &ObjectiveConfig) -> Penalties {
    Penalties {
        l1: objective.l1,
        sparsity: objective.sparsity,
        sparsity_target: objective.sparsity_target,
        contractive: objective.contractive,
        weight_decay: objective.weight_decay,
    }
}

fn autoencoder(spec: &Spec, mirror: &Mirror, config: &RunConfig, device: &Device) -> AnyModel {
    let mut rng = seeded(stream(config.train.seed, 0, Purpose::Weights));
    let (initializer, objective) = (config.model.initializer, &config.objective);
    let (encoder, decoder) = (mirror.encoder.clone(), mirror.decoder.clone());
    if let Some(head) = &mirror.head {
        let vae = VaeConfig {
            encoder,
            head: head.clone(),
            decoder,
            initializer,
            criterion: spec.criterion.clone(),
            beta: objective.beta,
            free_bits: objective.free_bits,
            weight_decay: objective.weight_decay,
        };
        return AnyModel::Vae(vae.init(&mut rng, device));
    }
    let autoencoder = AeConfig {
        encoder,
        decoder,
        initializer,
        criterion: spec.criterion.clone(),
        penalties: penalties(objective),
    };
    match spec.kind {
        ModelKind::Dae => AnyModel::Dae(DaeConfig { autoencoder }.init(&mut rng, device)),
        #[cfg(test)]
        ModelKind::Dummy => AnyModel::Dummy(tests::Dummy {
            autoencoder: autoencoder.init(&mut rng, device),
        }),
        _ => AnyModel::Ae(autoencoder.init(&mut rng, device)),
    }
}

fn network(spec: &Spec, layers: &LayersConfig, config: &RunConfig, device: &Device) -> Network {
    let mut rng = seeded(stream(config.train.seed, 0, Purpose::Weights));
    let network = NetworkConfig {
        layers: layers.clone(),
        frozen: match config.model.freeze {
            true => spec.architecture.body,
            false => 0,
        },
        initializer: config.model.initializer,
        criterion: spec.criterion.clone(),
        weight_decay: config.objective.weight_decay,
        label_smoothing: config.objective.label_smoothing,
    };
    network.init(&mut rng, device)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::{Error, Folder, fit, prepare};

    /// An autoencoder whose codes can be drawn, though no posterior is trained: what no real family is.
    #[derive(Module, Debug)]
    pub struct Dummy {
        pub autoencoder: Ae,
    }

    impl Model for Dummy {
        fn output(&self, inputs: Tensor<2>) -> Tensor<2> {
            self.autoencoder.output(inputs) // [batch, values]
        }

        fn loss(&self, batch: &Batch) -> Loss {
            self.autoencoder.loss(batch)
        }

        fn table(&self) -> Vec<(&'static str, LayerInfo)> {
            self.autoencoder.table()
        }
    }

    impl Autoencoder for Dummy {
        fn encode(&self, samples: Tensor<2>) -> Tensor<2> {
            self.autoencoder.encode(samples) // [batch, latent]
        }

        fn decode(&self, codes: Tensor<2>) -> Tensor<2> {
            self.autoencoder.decode(codes) // [batch, values]
        }

        fn loss_per_value(&self, codes: Tensor<2>, targets: Tensor<2>) -> Tensor<2> {
            self.autoencoder.loss_per_value(codes, targets) // [batch, values]
        }

        fn prior(&self) -> Option<Prior> {
            Some(Prior::StandardNormal)
        }
    }

    /// A family of models is trained, measured and used by what it can do: this one has a code and a prior.
    #[test]
    fn a_new_family_is_trained_by_what_it_can_do() -> Result<(), Error> {
        let mut config = RunConfig::default();
        config.model.kind = ModelKind::Dummy;
        config.train.epochs = 3;
        config.train.device = "cpu".into();
        if crate::device::choose("cpu").is_err() {
            return Ok(()); // a build with wgpu alone
        }
        let out = tempfile::tempdir().expect("a folder");
        let prepared = prepare(config)?;
        let folder = Folder::create(out.path(), Some("dummy"), &prepared.config)?;
        let stop = AtomicBool::new(false);
        let outcome = fit(&prepared, &folder, "test", &stop, &mut |_| ())?;
        let results = outcome.results.expect("it ran to its end");
        assert!(results.test.get("squared_error").is_some());
        // Who has a prior has dimensions in use, and codes of standard normal numbers.
        assert!(results.test.get("active_units").is_some());
        let codes = outcome.trained.random_codes(2000, 1)?;
        let mean = codes.iter().map(|code| code[0]).sum::<f32>() / 2000.0;
        let square = codes.iter().map(|code| code[0] * code[0]).sum::<f32>() / 2000.0;
        assert!(
            mean.abs() < 0.1 && (square - 1.0).abs() < 0.2,
            "{mean} {square}"
        );
        assert_eq!(folder.report()?.model.kind, "dummy");
        Ok(())
    }

    /// The Rust files below a folder.
    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("it is there").flatten();
        let below = |path: PathBuf| match path.is_dir() {
            true => sources(&path),
            false => vec![path],
        };
        let paths = entries.flat_map(|entry| below(entry.path()));
        paths
            .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
            .collect()
    }

    /// The lines of a file that name a family, its tests left out.
    fn naming_a_family(path: &Path) -> Vec<String> {
        let text = fs::read_to_string(path).expect("it reads");
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
        let names = ["Ae", "Dae", "Vae", "Classifier", "Regressor", "Network"];
        let is_named = |line: &&str| {
            let named = |owner: &str| {
                let found = line.split(owner).skip(1);
                found.into_iter().any(|rest| {
                    let word = rest.split(|c: char| !c.is_alphanumeric()).next();
                    word.is_some_and(|word| names.contains(&word))
                })
            };
            named("ModelKind::") || named("AnyModel::")
        };
        let lines = code.lines().filter(is_named);
        lines
            .map(|line| format!("{}: {line}", path.display()))
            .collect()
    }

    /// Which family a model is of is asked here and in `task.rs` alone; `config.rs` says which is the default.
    #[test]
    fn no_other_file_asks_which_family_a_model_is_of() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let asking = ["train/src", "cli/src", "reproduce/src"]
            .iter()
            .flat_map(|folder| sources(&crates.join(folder)))
            .filter(|path| {
                !["model.rs", "task.rs", "config.rs", "tests.rs"]
                    .iter()
                    .any(|own| path.ends_with(own))
            })
            .flat_map(|path| naming_a_family(&path));
        assert_eq!(asking.collect::<Vec<_>>(), Vec::<String>::new());
        let own = naming_a_family(&crates.join("train/src/task.rs"));
        assert!(!own.is_empty(), "the search finds what is there");
    }
}
