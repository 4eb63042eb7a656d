//! Configurations that are built into the program.

use toml::Table;

use crate::suggest::hint;
use crate::{Error, merge};

/// A built-in configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The word on the command line.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Its TOML.
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

/// The presets, in the order in which they are listed.
pub const PRESETS: [Preset; 6] = [
    preset!(
        "letters",
        "autoencoder, 32 letters through 2 numbers, every pixel back"
    ),
    preset!(
        "glyphs",
        "autoencoder, all 96 glyphs through 2 numbers, every pixel back"
    ),
    preset!(
        "letters-dae",
        "denoising autoencoder on 32 letters, fresh noise"
    ),
    preset!("letters-vae", "variational autoencoder on 32 letters"),
    preset!(
        "s5",
        "document 000, denoising autoencoder 35-12-35 on 8 letters"
    ),
    preset!(
        "s6",
        "document 000, variational autoencoder 35-16-2-16-35 on 29 letters"
    ),
];

impl Preset {
    /// The preset of this name.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] listing the presets when there is none.
    pub fn find(name: &str) -> Result<Self, Error> {
        let found = PRESETS.into_iter().find(|preset| preset.name == name);
        found.ok_or_else(|| {
            let sets = espejo_data::names().iter().map(|set| set.name);
            let names: Vec<&str> = PRESETS
                .iter()
                .map(|preset| preset.name)
                .chain(sets)
                .collect();
            Error::config(
                format!("no preset or data set `{name}`"),
                hint(name, &names),
            )
        })
    }

    /// What suits a data set and a model when no preset is named.
    pub fn suited(data: &str, kind: &str) -> Self {
        let name = match (kind, data) {
            ("dae", _) => "letters-dae",
            ("vae", _) => "letters-vae",
            (_, "fonts:all") => "glyphs",
            _ => "letters",
        };
        Self::find(name).expect("a built-in name")
    }

    /// Its table.
    pub fn table(&self) -> Table {
        merge::parse(self.text, self.name).expect("presets are tested")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::prepare;

    #[test]
    fn every_preset_can_be_run() {
        for preset in PRESETS {
            let mut config = merge::into_config(preset.table(), preset.name).expect(preset.name);
            // Any backend will do here, and no adapter need be there.
            config.train.device = "cpu".into();
            if let Err(error) = prepare(config) {
                assert_eq!(error.exit_code(), 4, "{}: {error}", preset.name);
            }
        }
    }
}
