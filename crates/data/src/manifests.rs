//! The files of the data sets: their names, sizes, checksums and official addresses.

use std::path::Path;

use crate::named_sets;
use crate::yale::EXPRESSIONS;

/// The files of a data set, and where they come from.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// The set's folder in the data directory.
    pub(crate) folder: String,
    /// The page of its publisher.
    pub(crate) page: &'static str,
    /// The files that belong into the folder.
    pub(crate) files: Vec<DataFile>,
    /// Where they can be fetched, the best first; none where the publisher hands them out by hand.
    pub(crate) places: Vec<Place>,
}

/// A file of a data set.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    /// The name of the file.
    pub(crate) name: String,
    /// The length in bytes, where it is on record.
    pub(crate) bytes: Option<u64>,
    /// The SHA-256, where it is on record.
    pub(crate) sha256: Option<String>,
}

/// A place that has the files of a set.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A folder with every file under its own name; the address ends in a slash.
    Folder(String),
    /// An archive that holds them all.
    Archive(Archive),
}

/// An archive at an address.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    /// The archive itself, named as it is kept while it is fetched.
    pub(crate) file: DataFile,
    /// The address of the archive.
    pub(crate) address: String,
    /// How it is packed.
    pub(crate) packing: Packing,
}

/// How an archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Zip,
    TarGz,
}

impl Manifest {
    /// All files by name, for messages.
    pub(crate) fn listed(&self) -> String {
        match &self.files[..] {
            [first, .., last] if self.files.len() > 12 => {
                format!(
                    "{} files, `{}` to `{}`",
                    self.files.len(),
                    first.name,
                    last.name
                )
            }
            files => {
                let names: Vec<_> = files
                    .iter()
                    .map(|file| format!("`{}`", file.name))
                    .collect();
                names.join(", ")
            }
        }
    }
}

/// The files of a data set as they lie in a data directory: of `imdb` the labelled reviews alone, where they are there in place of the
/// official archive.
pub(crate) fn manifest_in(set: &str, directory: &Path) -> Option<Manifest> {
    let mut manifest = manifest(set)?;
    let folder = directory.join(&manifest.folder);
    let is_there = |(name, ..): &Record| folder.join(name).is_file();
    if set == "imdb" && !is_there(&IMDB[0]) && is_there(&IMDB_LABELLED[0]) {
        manifest.files = recorded(&IMDB_LABELLED);
    }
    Some(manifest)
}

/// The files of a data set by its name; none for what is built in, and for unknown names.
pub(crate) fn manifest(set: &str) -> Option<Manifest> {
    let set = match set {
        "fashion-mnist" => "fashion",
        set => set,
    };
    let known = named_sets::names().iter().find(|known| known.name == set)?;
    let (page, files, places) = match set {
        "mnist" => (MNIST_PAGE, recorded(&MNIST), folders(&MNIST_PLACES)),
        "fashion" => (FASHION_PAGE, recorded(&FASHION), folders(&FASHION_PLACES)),
        "cifar10" => (CIFAR_PAGE, recorded(&CIFAR), vec![cifar_archive()]),
        "cifar100" => (CIFAR_PAGE, recorded(&CIFAR_100), vec![cifar_100_archive()]),
        "stl10" => (STL_PAGE, unrecorded(&STL), Vec::new()),
        "satimage" => (SATIMAGE_PAGE, recorded(&SATIMAGE), satimage_places()),
        "boston" => (BOSTON_PAGE, recorded(&BOSTON), Vec::new()),
        "pima" => (PIMA_PAGE, recorded(&PIMA), Vec::new()),
        "imdb" => (IMDB_PAGE, recorded(&IMDB), folders(&[IMDB_PAGE])),
        "yale" => (YALE_PAGE, yale_files(), Vec::new()),
        _ => (EMNIST_PAGE, emnist_files(set), vec![emnist_archive()]),
    };
    Some(Manifest {
        folder: known.folder?.to_owned(),
        page,
        files,
        places,
    })
}

/// A file on record: name, bytes, SHA-256.
type Record = (&'static str, u64, &'static str);

fn recorded(records: &[Record]) -> Vec<DataFile> {
    let file = |&(name, bytes, sha256): &Record| DataFile {
        name: name.to_owned(),
        bytes: Some(bytes),
        sha256: Some(sha256.to_owned()),
    };
    records.iter().map(file).collect()
}

/// Files without a checksum on record, which are not fetched.
fn unrecorded(files: &[(&str, u64)]) -> Vec<DataFile> {
    let file = |&(name, bytes): &(&str, u64)| DataFile {
        name: name.to_owned(),
        bytes: Some(bytes),
        sha256: None,
    };
    files.iter().map(file).collect()
}

fn folders(addresses: &[&str]) -> Vec<Place> {
    let place = |&address: &&str| Place::Folder(address.to_owned());
    addresses.iter().map(place).collect()
}

const MNIST_PAGE: &str = "http://yann.lecun.com/exdb/mnist/";
/// The publisher's page no longer hands the files out; these are the copies that the large libraries use.
const MNIST_PLACES: [&str; 2] = [
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
];
const MNIST: [Record; 4] = [
    (
        "train-images-idx3-ubyte.gz",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    (
        "train-labels-idx1-ubyte.gz",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    (
        "t10k-images-idx3-ubyte.gz",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    (
        "t10k-labels-idx1-ubyte.gz",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
];

const FASHION_PAGE: &str = "https://github.com/zalandoresearch/fashion-mnist";
/// The second has no encryption; the checksum vouches for what it sends.
const FASHION_PLACES: [&str; 2] = [
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
];
const FASHION: [Record; 4] = [
    (
        "train-images-idx3-ubyte.gz",
        26_421_880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    (
        "train-labels-idx1-ubyte.gz",
        29_515,
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    (
        "t10k-images-idx3-ubyte.gz",
        4_422_102,
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    (
        "t10k-labels-idx1-ubyte.gz",
        5_148,
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
];

const CIFAR_PAGE: &str = "https://www.cs.toronto.edu/~kriz/cifar.html";
const CIFAR: [Record; 6] = [
    (
        "data_batch_1.bin",
        30_730_000,
        "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    ),
    (
        "data_batch_2.bin",
        30_730_000,
        "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    ),
    (
        "data_batch_3.bin",
        30_730_000,
        "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    ),
    (
        "data_batch_4.bin",
        30_730_000,
        "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    ),
    (
        "data_batch_5.bin",
        30_730_000,
        "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    ),
    (
        "test_batch.bin",
        30_730_000,
        "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    ),
];

const CIFAR_100: [Record; 2] = [
    (
        "train.bin",
        153_700_000,
        "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
    ),
    (
        "test.bin",
        30_740_000,
        "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
    ),
];

const STL_PAGE: &str = "https://cs.stanford.edu/~acoates/stl10/";
const STL: [(&str, u64); 4] = [
    ("train_X.bin", 138_240_000),
    ("train_y.bin", 5_000),
    ("test_X.bin", 221_184_000),
    ("test_y.bin", 8_000),
];

fn cifar_archive() -> Place {
    toronto_archive(
        "cifar-10-binary.tar.gz",
        170_052_171,
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    )
}

fn cifar_100_archive() -> Place {
    toronto_archive(
        "cifar-100-binary.tar.gz",
        168_513_733,
        "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    )
}

fn toronto_archive(name: &str, bytes: u64, sha256: &str) -> Place {
    Place::Archive(Archive {
        file: DataFile {
            name: name.to_owned(),
            bytes: Some(bytes),
            sha256: Some(sha256.to_owned()),
        },
        address: format!("https://www.cs.toronto.edu/~kriz/{name}"),
        packing: Packing::TarGz,
    })
}

const SATIMAGE_PAGE: &str = "https://archive.ics.uci.edu/dataset/146/statlog+landsat+satellite";
const SATIMAGE: [Record; 2] = [
    (
        "sat.trn",
        525_830,
        "e896dc88a960fa2404160fc4c3cb3dc53fcf4afd80ba920bf2d261bd42d12613",
    ),
    (
        "sat.tst",
        236_745,
        "4b9167b8a92baafafed7c8809aef86d0683a5e685c19d98d119fa6974f0f2479",
    ),
];

/// The archive has no checksum on record: those of its files vouch for it.
fn satimage_places() -> Vec<Place> {
    let archive = Archive {
        file: DataFile {
            name: "statlog+landsat+satellite.zip".to_owned(),
            bytes: None,
            sha256: None,
        },
        address: "https://archive.ics.uci.edu/static/public/146/statlog+landsat+satellite.zip"
            .to_owned(),
        packing: Packing::Zip,
    };
    let mut places = vec![Place::Archive(archive)];
    places.extend(folders(&[
        "https://archive.ics.uci.edu/ml/machine-learning-databases/statlog/satimage/",
    ]));
    places
}

/// The publisher's own file is laid out otherwise; this is the form that UCI had, until it withdrew the set.
const BOSTON_PAGE: &str = "https://lib.stat.cmu.edu/datasets/boston";
const BOSTON: [Record; 1] = [(
    "housing.data",
    49_081,
    "e3e36f7b9e5435f9eb8320e106aebad00031fefa3064527da0c71dec59e49b76",
)];

/// UCI, which published it, has withdrawn it.
const PIMA_PAGE: &str = "https://www.openml.org/d/37";
const PIMA: [Record; 1] = [(
    "pima-indians-diabetes.data.csv",
    23_278,
    "6bfe5d0f379d17a0e0819b996407e3c09bf80febd4287f2ed212190dfff154af",
)];

const IMDB_PAGE: &str = "https://ai.stanford.edu/~amaas/data/sentiment/";
const IMDB: [Record; 1] = [(
    "aclImdb_v1.tar.gz",
    84_125_825,
    "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
)];
/// The same reviews without the unlabelled ones, packed anew.
const IMDB_LABELLED: [Record; 1] = [(
    "aclImdb_labelled.tar.gz",
    28_536_328,
    "24cc229c3f88e69908616b364e3e6a280aea4b834b9c30bfa617bf60883691ef",
)];

const YALE_PAGE: &str = "http://vision.ucsd.edu/content/yale-face-database";

/// The faces have no checksum of their publisher.
fn yale_files() -> Vec<DataFile> {
    let subject = |number| {
        EXPRESSIONS.map(|expression| DataFile {
            name: format!("subject{number:02}.{expression}"),
            bytes: None,
            sha256: None,
        })
    };
    (1..=15).flat_map(subject).collect()
}

const EMNIST_PAGE: &str = "https://www.nist.gov/itl/products-and-services/emnist-dataset";

/// One archive has all splits.
fn emnist_archive() -> Place {
    Place::Archive(Archive {
        file: DataFile {
            name: "emnist-gzip.zip".to_owned(),
            bytes: Some(561_753_746),
            sha256: Some(
                "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e".to_owned(),
            ),
        },
        address: "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip".to_owned(),
        packing: Packing::Zip,
    })
}

/// The four files of a split. Those of `emnist-bymerge` are not on record one by one; the archive's checksum vouches for them.
fn emnist_files(set: &str) -> Vec<DataFile> {
    let files = [
        "train-images-idx3",
        "train-labels-idx1",
        "test-images-idx3",
        "test-labels-idx1",
    ];
    let known = EMNIST.iter().find(|(name, _)| *name == set);
    let file = |place: usize| {
        let record = known.map(|(_, records)| records[place]);
        DataFile {
            name: format!("{set}-{}-ubyte.gz", files[place]),
            bytes: record.map(|(bytes, _)| bytes),
            sha256: record.map(|(_, sha256)| sha256.to_owned()),
        }
    };
    (0..files.len()).map(file).collect()
}

/// A split and its files: images and labels of the training part, then of the test part.
type Split = (&'static str, [(u64, &'static str); 4]);

const EMNIST: [Split; 5] = [
    (
        "emnist-letters",
        [
            (
                30_804_864,
                "6288f418a917e007bf5fddb823a2dc7a5c6a35031401b93292a539cb12bd881f",
            ),
            (
                79_283,
                "9759af91ea6bccdf07a6040fd085861f2ec88e37f7c3f5760f6feb57106fbe5c",
            ),
            (
                5_039_157,
                "50f0e93d75b99b463e9760b8345866f22587fa2c2fba472730a5ba09c693412d",
            ),
            (
                144,
                "924955c31fe7fd809b7303b5c0141282955f4b8390c74cdfd5d80435e0f4b4cb",
            ),
        ],
    ),
    (
        "emnist-balanced",
        [
            (
                28_207_740,
                "74295e75e4e9fa2c102147460ee7eb763653d5132d883a84fb88932bfb8d2db4",
            ),
            (
                80_618,
                "b46d41e5156a0a8aaaa4d18979fdd1588850fa8571018acffd5d93b325a7d6ed",
            ),
            (
                4_714_707,
                "117fc12b015e37ea98bfb2cbba3f77c3782c056cdbd219b87abfc8661d7135db",
            ),
            (
                13_504,
                "a67cac948379b67270b9a4d0a01c8ec661598accf2f2b1964340b7c83cb175cd",
            ),
        ],
    ),
    (
        "emnist-byclass",
        [
            (
                173_367_313,
                "9e21987f03a6eb8b870187e785883ddad96947299587908f1a7ec2ca0f4be5f0",
            ),
            (
                491_603,
                "f7ef403d48dc18a89dae0d83d11ee69cecb6e1c12c3a961d03712e495c02a8fa",
            ),
            (
                28_908_322,
                "5ec835bd5d5b1a66378a132e727fef20fe994b3cc666899befcca5ac766f50cd",
            ),
            (
                81_839,
                "501e305eeeacb093b162592d80e8a2632040872360fa6d85cfcb2200d91ca92a",
            ),
        ],
    ),
    (
        "emnist-digits",
        [
            (
                59_515_779,
                "f7c95004d14d81af89522e67d8f0c781dfb3bd544181c81bfe1eb6b41c35b726",
            ),
            (
                113_859,
                "6638a6ff5fe2eefd9cca2471995b46c82986b8e4b2a70d2f5ce8e05d7edb319e",
            ),
            (
                9_908_519,
                "20ebe43509264f7639d37c835a3f0b009e90b29e00a099a03101abe1644a3f63",
            ),
            (
                19_960,
                "bad1834c45d5988e270b99d43b13edc3fd898f658ffbc2caf2846ef27f7b05b0",
            ),
        ],
    ),
    (
        "emnist-mnist",
        [
            (
                14_873_795,
                "5f9942f441031c0f1f2e4d162059fd6e19ea808b34c328b6d16cab0ed24c78f2",
            ),
            (
                29_480,
                "00c6d3c2342fdffb1711e0b5656cac4ce5862d2826399d383a9bac07d612e9f8",
            ),
            (
                2_484_884,
                "b25640fa9e356c618132f5df347c95ef5bae6d9c2596be1de40f7e0ae1c3eac6",
            ),
            (
                5_144,
                "bcc5385d38f083dba046f5f756e99b32f5ea7fad122c6243c71c2239873065ca",
            ),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_that_is_not_built_in_has_its_files() {
        for set in named_sets::names() {
            let Some(manifest) = manifest(set.name) else {
                assert_eq!(set.folder, None, "{}", set.name);
                continue;
            };
            assert_eq!(Some(&*manifest.folder), set.folder);
            assert!(!manifest.files.is_empty());
            for file in &manifest.files {
                let digest = file.sha256.as_deref().unwrap_or_default();
                assert!(digest.is_empty() || digest.len() == 64, "{}", file.name);
                assert!(
                    digest
                        .bytes()
                        .all(|byte| b"0123456789abcdef".contains(&byte))
                );
            }
            for place in &manifest.places {
                let Place::Folder(address) = place else {
                    continue;
                };
                assert!(address.ends_with('/'), "{address}");
            }
        }
        assert!(manifest("cats").is_none());
        let yale = manifest("yale").expect("it is a set");
        assert_eq!(
            yale.listed(),
            "165 files, `subject01.centerlight` to `subject15.wink`"
        );
        let satimage = manifest("satimage").expect("it is a set");
        assert_eq!(satimage.listed(), "`sat.trn`, `sat.tst`");
    }
}
