//! A configuration with its data loaded, its sizes known and its device found: ready to train, nothing written yet.

use espejo_data::{Images, Selection};

use crate::Error;
use crate::batch::Resident;
use crate::config::{Kind, RunConfig};
use crate::device::{self, Chosen};
use crate::seed::{Purpose, stream};
use crate::spec::{Spec, check_copies};

/// Noisy test pictures of a denoising model are drawn until there are about this many, so that the measure is steady.
const NOISY_TEST_PICTURES: usize = 1000;

/// Everything that a run needs before it starts.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The configuration.
    pub config: RunConfig,
    /// The same, made concrete for the data.
    pub spec: Spec,
    /// The training pictures.
    pub train: Images,
    /// The test pictures.
    pub test: Images,
    /// Whether the test pictures were kept out of training; the fonts have no such split, there the course tests what was
    /// learned.
    pub held_out: bool,
    /// The device.
    pub chosen: Chosen,
}

/// Loads the data, checks the configuration against it and finds the device.
///
/// # Errors
///
/// For each of these that fails, in this order: data, configuration, device.
pub fn prepare(config: RunConfig) -> Result<Prepared, Error> {
    let selection = Selection {
        letters: config.data.letters.clone(),
        first: config.data.first,
        fraction: config.data.fraction,
    };
    let images = espejo_data::load(&config.data.name, &selection)?;
    let spec = Spec::new(&config, images.shape().pixels())?;
    check_copies(
        "noise.copies",
        config.noise.copies,
        images.len(),
        images.shape().pixels(),
    )?;
    let chosen = device::choose(&config.train.device)?;
    Ok(Prepared {
        config,
        spec,
        train: images.clone(),
        test: images,
        held_out: false,
        chosen,
    })
}

impl Prepared {
    /// The pictures to learn from, on the device.
    pub(crate) fn training_data(&self) -> Resident {
        let resident = Resident::upload(&self.train, self.spec.range, &self.chosen.device);
        match self.config.noise.copies {
            0 => resident,
            copies => resident.with_noise(
                self.spec.noise,
                copies,
                self.spec.range,
                self.seed(Purpose::Copies),
            ),
        }
    }

    /// `images` as they are measured: a denoising model gets noisy copies drawn from the stream of `purpose`.
    pub(crate) fn measured_data(&self, images: &Images, purpose: Purpose) -> Resident {
        let resident = Resident::upload(images, self.spec.range, &self.chosen.device);
        if self.spec.kind != Kind::Dae {
            return resident;
        }
        let copies = NOISY_TEST_PICTURES.div_ceil(images.len());
        resident.with_noise(self.spec.noise, copies, self.spec.range, self.seed(purpose))
    }

    fn seed(&self, purpose: Purpose) -> u64 {
        stream(self.config.train.seed, 0, purpose)
    }
}
