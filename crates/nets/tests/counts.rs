//! How many numbers the nets of document 004 have to learn, as Keras counted them.

use burn::module::Module;
use burn::tensor::Device;
use espejo_nets::{
    Activation, Common, ConvChain, DenseStep, Initializer, Join, LayerConfig, LayersConfig, seeded,
};

const RELU: Activation = Activation::Relu;

/// Holds numbers of a net, and how many of them are not trained, against the expected: counted before it is there, in it, and in
/// its table.
fn check(layers: &LayersConfig, parameters: usize, non_trainable: usize) {
    layers.check().expect("it can be built");
    assert_eq!(layers.parameters(), parameters, "before it is there");
    let net = layers.init(Initializer::Glorot, &mut seeded(1), &Device::flex());
    assert_eq!(net.num_params(), parameters, "in the net");
    let table = net.table();
    let sum = table.iter().map(|row| row.parameters).sum::<usize>();
    assert_eq!(sum, parameters, "in the table");
    let sum = table.iter().map(|row| row.non_trainable).sum::<usize>();
    assert_eq!(sum, non_trainable, "non-trainable");
}

fn dense(steps: &str) -> Vec<DenseStep> {
    let steps = steps.split(',').map(str::parse);
    steps.collect::<Result<_, _>>().expect("steps")
}

/// A chain of convolutions on maps of shape `input`, then dense layers.
fn conv(input: [usize; 3], chain: &str, head: &str) -> LayersConfig {
    let common = Common {
        kernel: 3,
        activation: RELU,
        batch_norm: false,
    };
    let chain: ConvChain = chain.parse().expect(chain);
    let mut layers = chain.layers(input, common).expect("it fits");
    layers.push_steps(&dense(head), RELU);
    layers
}

fn embedding(vocabulary: usize, dimension: usize, length: usize) -> LayersConfig {
    let mut layers = LayersConfig::new([length, 1, 1]);
    let table = LayerConfig::Embedding {
        vocabulary,
        dimension,
        length,
    };
    layers.layers.push((table, Activation::Linear));
    layers
}

#[test]
fn the_dense_digit_classifier_has_16_140_of_which_60_are_non_trainable() {
    let mut layers = LayersConfig::new([784, 1, 1]);
    layers.push_steps(&dense("20,bn,10,bn,10"), RELU);
    check(&layers, 16_140, 60);
}

#[test]
fn the_convolutional_digit_classifier_has_12_986_of_which_96_are_non_trainable() {
    let layers = conv([1, 28, 28], "32,pool,bn,16,pool,bn", "10");
    check(&layers, 12_986, 96);
}

#[test]
fn the_smaller_alexnet_has_5_744_964_of_which_4_800_are_non_trainable() {
    let chain = "96k4s2v,pool3s1v,bn,256s2v,pool2s1v,bn,384,bn,384,bn,256,pool2s1v,bn";
    let layers = conv(
        [3, 32, 32],
        chain,
        "512,dropout:.5,bn,512,dropout:.5,bn,100",
    );
    let maps: Vec<[usize; 3]> = layers
        .layers
        .iter()
        .filter(|(layer, _)| matches!(layer, LayerConfig::MaxPool { .. }))
        .map(|(layer, _)| layer.output())
        .collect();
    assert_eq!(maps, [[96, 13, 13], [256, 5, 5], [256, 4, 4]]);
    check(&layers, 5_744_964, 4_800);
}

#[test]
fn the_smaller_vgg16_has_5_799_440_of_which_4_486_are_non_trainable() {
    let chain = "bn,32,bn,32,pool,bn,64,bn,64,pool2s1v,bn,128,bn,128,bn,128,pool2s1v,bn,256,bn,256,bn,256,pool2s1v,bn,\
                 256,bn,256,bn,128,pool2s1v";
    let head = "128,dropout:.5,bn,128,dropout:.5,bn,128,dropout:.5,bn,100";
    let layers = conv([3, 32, 32], chain, head);
    // 2 (3 + 2 x 32 + 2 x 64 + 3 x 128 + 5 x 256 + 3 x 128) are non-trainable.
    check(&layers, 5_799_440, 4_486);
}

#[test]
fn the_dense_review_classifier_has_1_937_121_and_a_way_around_its_hidden_layers() {
    let mut layers = embedding(10_000, 32, 500);
    let mut inner = LayersConfig::new(layers.output());
    inner.push_steps(&dense("100,dropout:.5,10,dropout:.5"), RELU);
    let inner = Box::new(inner);
    let join = Join::Concat;
    let skip = LayerConfig::Skip { inner, join };
    assert_eq!(skip.output(), [16_010, 1, 1]);
    layers.layers.push((skip, Activation::Linear));
    layers.push_linear(1, Activation::Linear);
    check(&layers, 1_937_121, 0);
}

#[test]
fn the_convolutional_review_classifier_has_172_305_of_which_192_are_non_trainable() {
    let mut layers = embedding(10_000, 16, 500);
    layers.append(conv(
        layers.output(),
        "bn,16,pool,bn,64,pool,bn,dropout:.5",
        "1",
    ));
    check(&layers, 172_305, 192);
}

#[test]
fn the_diabetes_classifier_has_673_of_which_72_are_non_trainable() {
    let mut layers = LayersConfig::new([8, 1, 1]);
    layers.push_steps(&dense("24,bn,12,bn,1"), RELU);
    check(&layers, 673, 72);
}
