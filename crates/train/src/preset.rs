//! Configurations that are built into the program.

use toml::Table;

use crate::config::ModelKind;
use crate::suggest::hint;
use crate::{Error, merge};

/// A built-in configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The word on the command line.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// The configuration as TOML.
    pub text: &'static str,
}

macro_rules! preset {
    ($name:literal, $about:literal) => {
        Preset {
            name: $name,
            about: $about,
            text: include_str!(concat!("../presets/", $name, ".toml")),
        }
    };
}

/// What a data set is, as far as the defaults of a model depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataForm {
    /// One of the built-in fonts.
    Font,
    /// All of them.
    AllFonts,
    /// Any other images.
    Images,
    /// Rows of numbers.
    Table,
    /// Texts.
    Texts,
}

/// The presets, in the order in which they are listed.
pub const PRESETS: [Preset; 57] = [
    preset!(
        "letters",
        "autoencoder of 32 letters with a 2-dimensional code, every pixel reconstructed"
    ),
    preset!(
        "glyphs",
        "autoencoder of all 96 glyphs with a 2-dimensional code, every pixel reconstructed"
    ),
    preset!(
        "letters-dae",
        "denoising autoencoder of 32 letters, fresh noise in every batch"
    ),
    preset!("letters-vae", "variational autoencoder of 32 letters"),
    preset!("s2", "document 000, four letters, adaptive learning rate"),
    preset!("s3", "document 000, the steps of its optimisation"),
    preset!(
        "s4",
        "document 000, autoencoder of 24 letters with a 2-dimensional code"
    ),
    preset!(
        "s5",
        "document 000, denoising autoencoder 35-12-35 of 8 letters"
    ),
    preset!(
        "s6",
        "document 000, variational autoencoder 35-16-2-16-35 of 29 letters"
    ),
    preset!("s10", "document 001, tanh autoencoder with 3,197 weights"),
    preset!("s12", "document 001, L-BFGS with gradients by differences"),
    preset!("s13", "document 001, BFGS with gradients by differences"),
    preset!("s14", "document 001, Powell's method"),
    preset!("s15", "document 001, conjugate gradients by differences"),
    preset!("s17", "document 001, its ten best letters"),
    preset!("s18", "document 001, denoiser of its ten best letters"),
    preset!("race", "the optimiser race: 35-25-2-25-35 with sigmoids"),
    preset!(
        "denoising",
        "denoiser of 32 letters, wide enough for all of them"
    ),
    preset!(
        "capacity",
        "how many glyphs a bottleneck of a given size can hold"
    ),
    preset!(
        "pictures",
        "autoencoder of any grey or colour images, with a 2-dimensional code"
    ),
    preset!(
        "pictures-dae",
        "convolutional denoising autoencoder of any grey or colour images"
    ),
    preset!(
        "pictures-vae",
        "variational autoencoder of any grey or colour images, with a 2-dimensional code"
    ),
    preset!(
        "table",
        "autoencoder of the standardised columns of a table, with a 2-dimensional code"
    ),
    preset!(
        "s7",
        "document 000, variational autoencoder 784-256-2 of EMNIST letters"
    ),
    preset!(
        "s8",
        "document 000, variational autoencoder of six expressions of one face"
    ),
    preset!(
        "s22",
        "document 001, variational autoencoder 784-256-2 of Fashion-MNIST"
    ),
    preset!("s27", "document 002, convolutional denoiser of CIFAR-10"),
    preset!(
        "s33",
        "document 004, convolutional denoiser of MNIST with 32, 32, 8, 8 and 1 channels"
    ),
    preset!(
        "s33b",
        "the same denoiser with 8, 8, 32, 32 and 1 channels, which has as many parameters as s33"
    ),
    preset!(
        "fashion-vae",
        "variational autoencoder of Fashion-MNIST, 20-dimensional code, dense"
    ),
    preset!(
        "fashion-conv-vae",
        "variational autoencoder of Fashion-MNIST, 20-dimensional code, convolutional"
    ),
    preset!("fashion-dae", "convolutional denoiser of Fashion-MNIST"),
    preset!(
        "emnist-vae",
        "variational autoencoder of EMNIST letters, 20-dimensional code, dense"
    ),
    preset!(
        "emnist-conv-vae",
        "variational autoencoder of EMNIST letters, 20-dimensional code, convolutional"
    ),
    preset!(
        "faces-vae",
        "variational autoencoder of all Yale faces, for moving between them"
    ),
    preset!("classifier", "classifier of images, dense"),
    preset!("classifier-table", "classifier of the rows of a table"),
    preset!(
        "regressor",
        "regressor: numbers that belong to the rows of a table"
    ),
    preset!(
        "texts",
        "classifier of texts by how often they have each word"
    ),
    preset!(
        "s26",
        "document 002, the Landsat table in two dimensions, sparse"
    ),
    preset!("s28", "document 002, anomalies of the Lorenz system"),
    preset!("s29", "document 002, film reviews hashed to 10 bits"),
    preset!(
        "s30",
        "document 002, an encoder for a classifier with few labels"
    ),
    preset!(
        "s34-dense",
        "document 004, digits with two small dense layers and batch norm"
    ),
    preset!(
        "s34-conv",
        "document 004, digits with two convolutions and batch norm"
    ),
    preset!(
        "s35-dense",
        "document 004, the dense net on pixels that changed places"
    ),
    preset!(
        "s35-conv",
        "document 004, the convolutional net on pixels that changed places"
    ),
    preset!(
        "s36-alexnet",
        "document 004, small colour photographs of 100 classes with an AlexNet, augmented"
    ),
    preset!("s36-vgg", "document 004, the same with a VGG16"),
    preset!(
        "s37",
        "document 004, diabetes by a small net with batch norm, 5 folds dealt out 3 times"
    ),
    preset!("s38", "document 004, the logistic map by its last value"),
    preset!(
        "s39-bow",
        "document 004, film reviews as counts of 10,000 words"
    ),
    preset!(
        "s39-bow-dropout",
        "document 004, counts of words with dropout"
    ),
    preset!(
        "s39-bow-batchnorm",
        "document 004, counts of words with batch norm"
    ),
    preset!(
        "s39-embedding",
        "document 004, film reviews as 500 words with learned vectors"
    ),
    preset!(
        "s39-conv",
        "document 004, learned vectors of words and two convolutions"
    ),
    preset!("s40", "document 004, homes in Boston by a linear function"),
];

impl Preset {
    /// The preset of this name.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] listing the presets when there is none.
    pub fn find(name: &str) -> Result<Self, Error> {
        Self::named(name).ok_or_else(|| {
            let sets = espejo_data::names().iter().map(|set| set.name);
            let names: Vec<&str> = PRESETS
                .iter()
                .map(|preset| preset.name)
                .chain(sets)
                .collect();
            if std::path::Path::new(name).exists() {
                // It is there, and the reader says why it cannot be taken.
                if let Err(error) = espejo_data::check_source(name) {
                    return error.into();
                }
            }
            Error::config(
                format!("no preset, data set, folder or file `{name}`"),
                hint(name, &names),
            )
        })
    }

    /// The preset of this name; none where there is no such preset, whatever else has the name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        PRESETS.into_iter().find(|preset| preset.name == name)
    }

    /// What suits a data set and a family of models when no preset is named.
    pub fn suited(data: &str, kind: ModelKind) -> Self {
        let form = match data {
            "fonts:all" => DataForm::AllFonts,
            _ if data.starts_with("fonts") => DataForm::Font,
            _ if espejo_data::is_text_folder(data) => DataForm::Texts,
            _ if espejo_data::is_table(data) => DataForm::Table,
            _ => DataForm::Images,
        };
        Self::find(kind.preset(form)).expect("a built-in name")
    }

    /// The preset of a kind for images, whatever file they come in.
    ///
    /// # Panics
    ///
    /// Never: each kind has one.
    pub fn for_images(kind: ModelKind) -> Self {
        Self::find(kind.preset(DataForm::Images)).expect("a built-in name")
    }

    /// The preset of a kind for texts, whatever file they come in.
    ///
    /// # Panics
    ///
    /// Never: each kind has one.
    pub fn for_texts(kind: ModelKind) -> Self {
        Self::find(kind.preset(DataForm::Texts)).expect("a built-in name")
    }

    /// The configuration as a table.
    pub fn table(&self) -> Table {
        merge::parse(self.text, self.name).expect("presets are tested")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::prepare;

    /// The number of letters or glyphs that a preset says it learns, in digits or as a word.
    fn promised(about: &str) -> Option<usize> {
        let words: Vec<&str> = about.split([' ', ',']).collect();
        let place = words
            .iter()
            .position(|word| ["letters", "glyphs"].contains(word))?;
        match *words.get(place.checked_sub(1)?)? {
            "four" => Some(4),
            word => word.parse().ok(),
        }
    }

    #[test]
    fn a_preset_trains_as_many_letters_as_it_says() {
        let mut counted = 0;
        for preset in PRESETS {
            let Some(promised) = promised(preset.about) else {
                continue;
            };
            let config = merge::into_config(preset.table(), preset.name).expect(preset.name);
            let data = espejo_data::load(&crate::prepare::source(&config).expect(preset.name));
            assert_eq!(
                data.expect("built in").train.len(),
                promised,
                "{}",
                preset.name
            );
            counted += 1;
        }
        assert!(counted >= 7, "{counted} presets name a number of letters");
    }

    #[test]
    fn every_preset_can_be_run() {
        for preset in PRESETS {
            let mut config = merge::into_config(preset.table(), preset.name).expect(preset.name);
            // Any backend will do here, and no adapter need be there.
            config.train.device = "cpu".into();
            // Nor need the data be there.
            if let Err(error) = prepare(config) {
                let code = error.exit_code();
                // No set that is known by name has numbers to predict.
                if preset.name == "regressor" && error.to_string().contains("no numbers") {
                    continue;
                }
                assert!(code == 4 || code == 3, "{}: {error}", preset.name);
            }
        }
    }
}
