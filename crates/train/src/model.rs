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
    Autoencoder, Batch, LayerInfo, LayersConfig, Loss, Model, Penalties, Prior, seeded,
};
use espejo_supervised::{Network, NetworkConfig};
use espejo_vae::{Vae, VaeConfig};

use crate::architecture::{Mirror, Stacks};
use crate::config::{ModelKind, RunConfig};
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
        }
    }

    /// The preset that suits this family and a data set of this form.
    pub(crate) fn preset(self, form: DataForm) -> &'static str {
        match (self, form) {
            (Self::Classifier, DataForm::Table) => "classifier-table",
            (Self::Classifier, _) => "classifier",
            (Self::Regressor, _) => "regressor",
            (_, DataForm::Table) => "table",
            (Self::Dae, DataForm::Font | DataForm::AllFonts) => "letters-dae",
            (Self::Vae, DataForm::Font | DataForm::AllFonts) => "letters-vae",
            (Self::Ae, DataForm::AllFonts) => "glyphs",
            (Self::Ae, DataForm::Font) => "letters",
            (Self::Dae, DataForm::Images) => "pictures-dae",
            (Self::Vae, DataForm::Images) => "pictures-vae",
            (Self::Ae, DataForm::Images) => "pictures",
        }
    }

    /// Whether there is a latent code between an encoder and a decoder; the others are one chain of layers.
    pub fn has_code(self) -> bool {
        match self {
            Self::Ae | Self::Dae | Self::Vae => true,
            Self::Classifier | Self::Regressor => false,
        }
    }

    /// What is learned beside the samples: classes or numbers.
    pub fn target(self) -> Option<TargetKind> {
        match self {
            Self::Ae | Self::Dae | Self::Vae => None,
            Self::Classifier => Some(TargetKind::Classes),
            Self::Regressor => Some(TargetKind::Numbers),
        }
    }

    /// Whether the encoder ends in two heads, the mean and the log-variance of a posterior, from which codes are drawn.
    pub fn has_posterior(self) -> bool {
        match self {
            Self::Vae => true,
            Self::Ae | Self::Dae | Self::Classifier | Self::Regressor => false,
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
}

macro_rules! each {
    ($self:expr, $model:ident => $call:expr) => {
        match $self {
            AnyModel::Ae($model) => $call,
            AnyModel::Dae($model) => $call,
            AnyModel::Vae($model) => $call,
            AnyModel::Network($model) => $call,
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
        }
    }

    /// The distribution from which codes can be drawn, where training shapes one.
    pub fn prior(&self) -> Option<Prior> {
        self.autoencoder().and_then(Autoencoder::prior)
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
            criterion: spec.criterion,
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
        criterion: spec.criterion,
        penalties: Penalties {
            l1: objective.l1,
            sparsity: objective.sparsity,
            sparsity_target: objective.sparsity_target,
            contractive: objective.contractive,
            weight_decay: objective.weight_decay,
        },
    };
    match spec.kind {
        ModelKind::Dae => AnyModel::Dae(DaeConfig { autoencoder }.init(&mut rng, device)),
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
        criterion: spec.criterion,
        weight_decay: config.objective.weight_decay,
    };
    network.init(&mut rng, device)
}
