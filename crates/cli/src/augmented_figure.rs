//! What a training with `--augment` sees of a few images.

use espejo_pictures::{Figure, Sheet, sheet};
use espejo_train::Prepared;

use crate::figures::tile;
use crate::titles::data_name_of;

/// Images on the sheet, and epochs.
const IMAGES: usize = 8;
const EPOCHS: usize = 3;

/// Some training images as they are and as the first epochs have them; none where nothing is changed.
pub fn augmented(prepared: &Prepared) -> anyhow::Result<Option<Figure>> {
    let config = &prepared.config;
    if config.augment == Default::default() {
        return Ok(None);
    }
    let (train, ink) = (&prepared.train, prepared.train.two_valued());
    let places =
        (0..IMAGES.min(train.len())).map(|place| place * train.len() / IMAGES.min(train.len()));
    let places: Vec<usize> = places.collect();
    let row = |image: &dyn Fn(usize) -> Result<Vec<f32>, espejo_train::Error>| {
        let tiles = places.iter().map(|place| {
            let image = image(*place)?;
            Ok(Some(tile(&image, train.shape(), ink)))
        });
        tiles.collect::<anyhow::Result<Vec<_>>>()
    };
    let original = |place: usize| {
        let mut values = Vec::new();
        train.read(place..place + 1, 0.0, &mut values)?;
        Ok(values)
    };
    let mut rows = vec![("original".to_owned(), row(&original)?)];
    for epoch in 1..=EPOCHS.min(config.train.epochs) {
        let tiles = row(&|place| prepared.augmented(place, epoch))?;
        rows.push((format!("epoch {epoch}"), tiles));
    }
    let key = match config.augment.mixup > 0.0 {
        true => "Each is then mixed with another image of its batch, which is left out here",
        false => "",
    };
    Ok(Some(sheet(&Sheet {
        title: format!("What training sees, {}", data_name_of(config)),
        captions: places
            .iter()
            .map(|place| train.caption(*place).to_owned())
            .collect(),
        rows,
        key: key.to_owned(),
        ..Sheet::default()
    })))
}
