//! The page's own words: English as they stand in the sources, Spanish by this list.

use serde_json::{Map, Value};

/// The language of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// As the sources have it.
    #[default]
    English,
    /// Spanish.
    Spanish,
}

impl Language {
    /// The code of HTML, as `es`.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// English words in this language; what has no translation, as the name of a column, stays.
    pub fn say(self, words: &str) -> String {
        let found = SPANISH.iter().find(|(english, _)| *english == words);
        match (self, found) {
            (Self::Spanish, Some((_, spanish))) => (*spanish).to_owned(),
            _ => words.to_owned(),
        }
    }

    /// A sentence with these values in place of its `{}`, in order.
    pub fn fill(self, words: &str, values: &[&str]) -> String {
        let said = self.say(words);
        let mut parts = said.split("{}");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for (place, part) in parts.enumerate() {
            text += values.get(place).copied().unwrap_or_default();
            text += part;
        }
        text
    }

    /// A number with the decimal sign of this language.
    pub fn number(self, number: &str) -> String {
        match self {
            Self::English => number.to_owned(),
            Self::Spanish => number.replace('.', ","),
        }
    }

    /// What stands between thousands.
    pub fn thousands(self) -> &'static str {
        match self {
            Self::English => ",",
            // A narrow space that does not break.
            Self::Spanish => "\u{202f}",
        }
    }

    /// All words for the script.
    pub(crate) fn words(self) -> Value {
        let words: Map<String, Value> = match self {
            Self::English => Map::new(),
            Self::Spanish => SPANISH
                .iter()
                .map(|(english, spanish)| ((*english).to_owned(), (*spanish).into()))
                .collect(),
        };
        words.into()
    }
}

/// English and Spanish.
const SPANISH: &[(&str, &str)] = &[
    // Sentences at the top.
    ("An autoencoder", "Un autocodificador"),
    (
        "A variational autoencoder",
        "Un autocodificador variacional",
    ),
    (
        "A denoising autoencoder",
        "Un autocodificador que quita ruido",
    ),
    ("A classifier", "Un clasificador"),
    ("A regressor", "Un regresor"),
    (
        "{} with {} weights ({}) learned {} of {} in {} epochs, which took {}.",
        "{} con {} pesos ({}) aprendió {} de {} en {} épocas, que llevaron {}.",
    ),
    (
        "{} with {} weights ({}) learned {} of {} in {} iterations, which took {}.",
        "{} con {} pesos ({}) aprendió {} de {} en {} iteraciones, que llevaron {}.",
    ),
    (
        "Its training is not complete ({}), so that nothing was measured.",
        "Su entrenamiento no está completo ({}), así que no se midió nada.",
    ),
    (
        "Over {} folds that it had not seen",
        "En {} pliegues que no había visto",
    ),
    ("On {} that it had not seen", "En {} que no había visto"),
    ("On the {} that it learned", "En las {} que aprendió"),
    ("{}, its {} is {}", "{}, su {} es {}"),
    ("; without a net one gets: {}.", "; sin red se obtiene: {}."),
    (
        "It is better than each of these.",
        "Es mejor que todas ellas.",
    ),
    (
        "It is better than none of these.",
        "No es mejor que ninguna de ellas.",
    ),
    (
        "It is better than some of these.",
        "Es mejor que algunas de ellas.",
    ),
    ("image", "imagen"),
    ("images", "imágenes"),
    ("row", "fila"),
    ("rows", "filas"),
    ("window", "ventana"),
    ("windows", "ventanas"),
    ("text", "texto"),
    ("texts", "textos"),
    ("running", "en curso"),
    ("completed", "completo"),
    ("stopped", "detenido"),
    ("failed", "fallido"),
    // Facts.
    ("learned", "aprendió"),
    ("tested", "probado en"),
    ("measured", "medido en"),
    ("weights", "pesos"),
    ("numbers of a code", "números de un código"),
    ("epochs", "épocas"),
    ("{} (best: {})", "{} (mejor: {})"),
    ("time", "tiempo"),
    ("device", "dispositivo"),
    ("seed", "semilla"),
    // Measures and baselines.
    ("accuracy", "exactitud"),
    ("cross-entropy, nats", "entropía cruzada, nats"),
    ("RMSE", "RECM"),
    ("squared error", "error cuadrático"),
    ("reconstruction loss", "pérdida de reconstrucción"),
    ("wrong pixels", "píxeles erróneos"),
    ("ROC area", "área ROC"),
    ("average precision", "precisión media"),
    ("recall", "sensibilidad"),
    ("precision", "precisión"),
    ("mean image", "imagen media"),
    ("mean row", "fila media"),
    ("mean window", "ventana media"),
    ("nearest image", "imagen más cercana"),
    ("nearest row", "fila más cercana"),
    ("nearest window", "ventana más cercana"),
    ("nearest text", "texto más cercano"),
    ("noisy input", "entrada con ruido"),
    ("median 3x3", "mediana 3x3"),
    ("largest class", "clase mayor"),
    ("mean of the target", "media del objetivo"),
    ("linear model", "modelo lineal"),
    ("naive Bayes, logistic", "Bayes ingenuo, logístico"),
    ("last known value", "último valor conocido"),
    // Sections.
    ("Contents", "Contenido"),
    ("Alive", "En vivo"),
    ("The latent space, alive", "El espacio latente, en vivo"),
    ("The net, alive", "La red, en vivo"),
    ("How well", "Qué tan bien"),
    ("the model", "el modelo"),
    (
        "the model on what it learned",
        "el modelo en lo que aprendió",
    ),
    (
        "Nothing was measured: the training did not complete.",
        "No se midió nada: el entrenamiento no se completó.",
    ),
    (
        "The accuracy's 95 % interval goes from {} to {}.",
        "El intervalo del 95 % de la exactitud va de {} a {}.",
    ),
    (
        "The code's divergence from the prior is {} nats; {} of {} dimensions are in use.",
        "La divergencia del código respecto del prior es de {} nats; {} de {} dimensiones están en uso.",
    ),
    ("By class", "Por clase"),
    ("class", "clase"),
    ("samples", "muestras"),
    ("The course of the training", "El curso del entrenamiento"),
    ("epoch", "época"),
    ("evaluations", "evaluaciones"),
    ("loss", "pérdida"),
    ("train", "entrenamiento"),
    ("test", "prueba"),
    ("reconstruction", "reconstrucción"),
    (
        "KL divergence from the prior",
        "divergencia KL respecto del prior",
    ),
    ("weight decay", "decaimiento de pesos"),
    (
        "a term of the loss, unweighted",
        "un término de la pérdida, sin peso",
    ),
    ("root mean squared error", "raíz del error cuadrático medio"),
    ("nats per sample", "nats por muestra"),
    (
        "½ squared error per sample",
        "½ error cuadrático por muestra",
    ),
    (
        "½ squared error and nats per sample",
        "½ error cuadrático y nats por muestra",
    ),
    ("absolute error per sample", "error absoluto por muestra"),
    ("log-cosh per sample", "log-cosh por muestra"),
    (
        "correntropy loss per sample",
        "pérdida de correntropía por muestra",
    ),
    ("share of the samples", "parte de las muestras"),
    ("units of the target", "unidades del objetivo"),
    ("per image", "por imagen"),
    ("per row", "por fila"),
    ("per window", "por ventana"),
    ("per text", "por texto"),
    ("‖x − x̂‖² per image", "‖x − x̂‖² por imagen"),
    ("‖x − x̂‖² per row", "‖x − x̂‖² por fila"),
    ("‖x − x̂‖² per window", "‖x − x̂‖² por ventana"),
    (
        "train: mean over the batches of an epoch, while the weights change",
        "entrenamiento: media sobre los lotes de una época, mientras los pesos cambian",
    ),
    (
        "test: measured after the epoch, so that it can lie below train",
        "prueba: medida después de la época, de modo que puede quedar por debajo",
    ),
    (
        "no part was held out: all curves are of the training set",
        "no se apartó ninguna parte: todas las curvas son del conjunto de entrenamiento",
    ),
    (
        "the loss is the mean over the batches of an epoch, while the weights change",
        "la pérdida es la media sobre los lotes de una época, mientras los pesos cambian",
    ),
    ("Cross-validation", "Validación cruzada"),
    (
        "Mean ± standard deviation over {} folds in {} repeats: each fold is measured by a net that has not seen it.",
        "Media ± desviación estándar sobre {} pliegues en {} repeticiones: cada pliegue lo mide una red que no lo ha visto.",
    ),
    ("The layers", "Las capas"),
    ("part", "parte"),
    ("layer", "capa"),
    ("output", "salida"),
    ("parameters", "parámetros"),
    ("together", "en total"),
    ("encoder", "codificador"),
    ("decoder", "decodificador"),
    ("How to repeat it", "Cómo repetirlo"),
    (
        "The same version on the same kind of device gives the same numbers again, with this command:",
        "La misma versión en el mismo tipo de dispositivo vuelve a dar los mismos números, con esta orden:",
    ),
    ("started", "comenzó"),
    ("data", "datos"),
    (
        "SHA-256 of the training samples",
        "SHA-256 de las muestras de entrenamiento",
    ),
    (
        "SHA-256 of the test samples",
        "SHA-256 de las muestras de prueba",
    ),
    ("The whole configuration", "La configuración completa"),
    ("Samples and what comes back", "Muestras y lo que vuelve"),
    (
        "Above the sample, below it a noisy copy, then what the net makes of that.",
        "Arriba la muestra, debajo una copia con ruido y luego lo que la red hace de ella.",
    ),
    (
        "Above the sample, below what comes back; the number says how many pixels are wrong.",
        "Arriba la muestra, abajo lo que vuelve; el número dice cuántos píxeles son erróneos.",
    ),
    (
        "Above the sample, below what comes back; the number is the peak signal-to-noise ratio in decibels, of which more is better.",
        "Arriba la muestra, abajo lo que vuelve; el número es la relación señal-ruido de pico en decibelios: cuanto más, mejor.",
    ),
    (
        "Each cell: what the row has, and what comes back.",
        "Cada celda: lo que tiene la fila y lo que vuelve.",
    ),
    (
        "{} more columns are in `espejo reconstruct --csv`.",
        "Hay {} columnas más en `espejo reconstruct --csv`.",
    ),
    (
        "A window in the middle of the test part.",
        "Una ventana del medio de la parte de prueba.",
    ),
    ("row of the window", "fila de la ventana"),
    ("Unusual samples", "Muestras inusuales"),
    (
        "These have the highest scores, by `{}`.",
        "Estas tienen los puntajes más altos, según `{}`.",
    ),
    (
        "`espejo score` sets a limit above which samples are flagged.",
        "`espejo score` fija un límite por encima del cual se marcan las muestras.",
    ),
    (
        "{} of {} are above the limit {}.",
        "{} de {} están por encima del límite {}.",
    ),
    ("sample", "muestra"),
    ("score", "puntaje"),
    ("most of it from", "la mayor parte viene de"),
    ("limit", "límite"),
    ("What is taken for what", "Qué se toma por qué"),
    (
        "A row is a class, a column what the net took its samples for.",
        "Una fila es una clase; una columna, aquello por lo que la red tomó sus muestras.",
    ),
    ("taken for", "tomada por"),
    ("Mistakes", "Errores"),
    (
        "The most confident of {} mistakes: the class, what it was taken for, how sure the net was.",
        "Los más seguros de {} errores: la clase, por cuál se tomó y cuán segura estaba la red.",
    ),
    ("how sure", "cuán segura"),
    ("Predictions", "Predicciones"),
    ("The furthest off", "Las más alejadas"),
    ("what it is", "lo que es"),
    ("what was predicted", "lo que se predijo"),
    (
        "Written by Espejo {}: one file, which fetches nothing.",
        "Escrito por Espejo {}: un solo archivo, que no busca nada en la red.",
    ),
    (
        "Curves and the latent space need JavaScript; everything else is here without it.",
        "Las curvas y el espacio latente necesitan JavaScript; todo lo demás está aquí sin él.",
    ),
    // The live part.
    (
        "Drag the ring anywhere, or click a sample: what stands there is computed in this page. The wheel zooms, dragging the map moves it.",
        "Arrastre el anillo a cualquier lugar o elija una muestra: lo que hay allí se calcula en esta página. La rueda acerca; arrastrar el mapa lo mueve.",
    ),
    (
        "Texts are no points that could be moved, so that this page shows no live map of them.",
        "Los textos no son puntos que se puedan mover, así que esta página no muestra un mapa vivo.",
    ),
    (
        "A net that reads windows of a series has no code to move, so that this page shows no live map.",
        "Una red que lee ventanas de una serie no tiene un código que mover, así que esta página no muestra un mapa vivo.",
    ),
    (
        "The net has {} weights, and a page holds {}: it has no live map. `espejo latent` and `espejo morph` draw it.",
        "La red tiene {} pesos y una página admite {}: no hay mapa vivo. `espejo latent` y `espejo morph` lo dibujan.",
    ),
    (
        "The map has {} of {} samples, evenly spread.",
        "El mapa tiene {} de {} muestras, repartidas por igual.",
    ),
    (
        "The samples' own values are too many for this page: it shows what is decoded alone.",
        "Los valores de las muestras son demasiados para esta página: solo muestra lo decodificado.",
    ),
    (
        "{} of the {} samples have their pictures in this page.",
        "{} de las {} muestras tienen su imagen en esta página.",
    ),
    (
        "The samples' pictures on the map are in {} steps of brightness; everything else on this page is exact.",
        "Las imágenes de las muestras en el mapa están en {} niveles de brillo; todo lo demás en esta página es exacto.",
    ),
    (
        "The weights in this page are those of the run (f32).",
        "Los pesos en esta página son los del entrenamiento (f32).",
    ),
    (
        "The weights in this page are rounded to 16 bits (f16), which changes its results by at most {} of the range.",
        "Los pesos en esta página están redondeados a 16 bits (f16), lo que cambia sus resultados a lo sumo en {} del rango.",
    ),
    (
        "Checked when this page was opened: on {} codes the net in this page differs from Espejo by at most {} of the range.",
        "Comprobado al abrir esta página: en {} códigos la red de esta página difiere de Espejo a lo sumo en {} del rango.",
    ),
    (
        "Map of the samples. Arrows move the ring, Shift and arrows the map, plus and minus zoom, n and p go from sample to sample, Enter picks the nearest.",
        "Mapa de las muestras. Las flechas mueven el anillo; Mayúsculas y flechas, el mapa; más y menos acercan y alejan; n y p van de muestra en muestra; Intro elige la más cercana.",
    ),
    (
        "Keys on the map: arrows move the ring, Shift and arrows the map, + and − zoom, n and p go from sample to sample, Enter picks the nearest.",
        "Teclas en el mapa: las flechas mueven el anillo; Mayúsculas y flechas, el mapa; + y − acercan y alejan; n y p van de muestra en muestra; Intro elige la más cercana.",
    ),
    ("Zoom in", "Acercar"),
    ("Zoom out", "Alejar"),
    ("Show all", "Mostrar todo"),
    ("How samples are shown", "Cómo se muestran las muestras"),
    ("pictures when zoomed in", "imágenes al acercar"),
    ("pictures", "imágenes"),
    ("dots", "puntos"),
    ("Dimension across", "Dimensión horizontal"),
    ("Dimension up", "Dimensión vertical"),
    ("Classes that are shown", "Clases que se muestran"),
    ("all", "todas"),
    ("none", "ninguna"),
    ("decoded at the ring", "decodificado en el anillo"),
    ("its reconstruction", "su reconstrucción"),
    ("the row at the ring", "la fila en el anillo"),
    ("as the net sees it", "como la ve la red"),
    ("the sample at the ring", "la muestra en el anillo"),
    ("of principal components", "de componentes principales"),
    ("What the net says here", "Lo que dice la red aquí"),
    ("What the net predicts here", "Lo que predice la red aquí"),
    ("Each number of the code", "Cada número del código"),
    (
        "and {} more dimensions without a slider",
        "y {} dimensiones más sin control",
    ),
    ("A walk between two samples", "Un paseo entre dos muestras"),
    ("A is here", "A está aquí"),
    ("B is here", "B está aquí"),
    ("Way from A to B", "Camino de A a B"),
    ("walk", "pasear"),
    ("taken for {}", "tomada por {}"),
    (
        "its picture is not in this page",
        "su imagen no está en esta página",
    ),
    (
        "The live part does not run in this browser",
        "La parte viva no funciona en este navegador",
    ),
    // Comparisons.
    ("Comparison of runs", "Comparación de entrenamientos"),
    (
        "{} settings, {} runs",
        "{} configuraciones, {} entrenamientos",
    ),
    (
        "What differs and what came of it",
        "Qué difiere y qué resultó",
    ),
    (
        "Numbers are means over the seeds of a setting, with 95 % intervals by Student's t where there are several.",
        "Los números son medias sobre las semillas de una configuración, con intervalos del 95 % según la t de Student donde hay varias.",
    ),
    ("Courses over each other", "Cursos superpuestos"),
    ("runs", "entrenamientos"),
    ("seconds", "segundos"),
    (
        "The same samples by each",
        "Las mismas muestras según cada uno",
    ),
    ("Codes side by side", "Códigos lado a lado"),
    (
        "Above the sample, then what comes back of it, in the order of the table.",
        "Arriba la muestra; luego lo que vuelve de ella, en el orden de la tabla.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_keep_the_places_of_their_values() {
        for (english, spanish) in SPANISH {
            let places = |text: &str| text.matches("{}").count();
            assert_eq!(places(english), places(spanish), "{english}");
        }
        let said = Language::Spanish.fill("{} (best: {})", &["50", "{}"]);
        assert_eq!(said, "50 (mejor: {})");
    }

    #[test]
    fn no_words_are_translated_twice() {
        let mut all: Vec<&str> = SPANISH.iter().map(|(english, _)| *english).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), SPANISH.len());
    }

    #[test]
    fn every_word_of_the_script_has_its_translation() {
        let sources = [include_str!("js/explorer.js"), include_str!("js/main.js")];
        for source in sources {
            for start in source.split("say(\"").skip(1) {
                let words = start.split('"').next().expect("a literal");
                let known = SPANISH.iter().any(|(english, _)| *english == words);
                assert!(known, "`{words}` has no translation");
            }
        }
    }
}
